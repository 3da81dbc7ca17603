import type { Axes, ImageLayout, PixelArray, PixelImage, PixelType } from "../../core/index.ts";
import { imageBytes, pixelTypeOf, pixelView, VitrineError } from "../../core/index.ts";
import { indicesWithin } from "../dataset/arrayPlan.ts";
import { BaseDataset } from "../dataset/baseDataset.ts";
import type { Dataset, JsonObject } from "../dataset/dataset.ts";
import { givenPixels, type ReadImageOptions } from "../dataset/readImage.ts";
import type { MrcHeader } from "../mrc.ts";
import { toZyx, zyxShape } from "../mrcAxes.ts";
import { type MrcFile, openMrc } from "../mrcFile.ts";
import { NPY_PIXEL_TYPES, type NpyData, type NpyHeader, npyFromBytes } from "../npy.ts";
import { type NpyFile, openNpy } from "../npyFile.ts";

const UM_PER_A = 1e-4;

/** Sections of a file as images: what a file of one array is as a dataset. */
export interface Sections {
  readonly name: string;
  layoutAt(index: number): ImageLayout;
  /** Axes of each section, in the order of the file. */
  readonly axes: readonly Axes[];
  readonly summaryMetadata: JsonObject;
  read(index: number): Promise<PixelArray>;
  close(): Promise<void>;
}

/** A file of images one after the other as a dataset. */
export class SectionDataset extends BaseDataset<number> {
  readonly #sections: Sections;

  constructor(sections: Sections) {
    super(sections.name, sections.summaryMetadata);
    this.#sections = sections;
    for (const [index, axes] of sections.axes.entries()) this.addImage(axes, index);
    this.markFinished();
  }

  imageLayout(axes: Axes): ImageLayout {
    return this.#sections.layoutAt(this.entryOf(axes));
  }

  async readImage(axes: Axes, options?: ReadImageOptions): Promise<PixelImage> {
    const index = this.entryOf(axes);
    const layout = this.#sections.layoutAt(index);
    const { width, height, channels } = layout;
    const into = givenPixels(layout, options, this.name);
    const data = await this.#sections.read(index);
    into?.set(data);
    return { data: into ?? data, width, height, channels };
  }

  async readMetadata(axes: Axes): Promise<JsonObject> {
    this.entryOf(axes);
    return {};
  }

  protected release(): Promise<void> {
    return this.#sections.close();
  }
}

/** Types that hold the values of each mode exactly; complex values have none. */
const MRC_TYPES: Readonly<Record<number, PixelType>> = {
  0: "int8",
  1: "int16",
  2: "float32",
  6: "uint16",
  12: "float32",
  101: "uint8",
};

/**
 * An MRC file as a dataset: sections of a volume along `z`, those of a stack along `time`, volumes of a stack of volumes along
 * both. Pixel sizes are in the summary metadata.
 *
 * @throws {VitrineError} unsupported: complex values; and the errors of `openMrc`
 */
export async function openMrcDataset(path: string): Promise<Dataset> {
  const file = await openMrc(path);
  try {
    const { header } = file;
    const dtype = header.mode === 0 && header.unsignedBytes ? "uint8" : MRC_TYPES[header.mode];
    if (dtype === undefined) throw notPixels(`${path} header.mode`, `${header.mode}`);
    const [, height, width] = zyxShape(header);
    const layout = { width, height, channels: 1, dtype };
    return new SectionDataset({
      name: path,
      layoutAt: () => layout,
      axes: mrcAxes(header),
      summaryMetadata: mrcSummary(header),
      read: mrcReader(file, layout),
      close: () => file.close(),
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Other axis orders cannot be read by sections: such a file is read whole, once. */
function mrcReader(file: MrcFile, layout: ImageLayout): (index: number) => Promise<PixelArray> {
  const { header } = file;
  const into = (values: Float32Array) => {
    const pixels = pixelView(layout, new ArrayBuffer(imageBytes(layout)));
    pixels.set(values);
    return pixels;
  };
  if (header.axes.join() === "1,2,3") return async (index) => into(await file.readSections(index, 1));
  const length = layout.width * layout.height;
  let whole: Promise<Float32Array> | undefined;
  return async (index) => {
    whole ??= file.readSections(0, header.shape[0]).then((stored) => toZyx(stored, header));
    return into((await whole).subarray(index * length, (index + 1) * length));
  };
}

function mrcAxes(header: MrcHeader): Axes[] {
  const [sections] = zyxShape(header);
  if (header.kind === "image" && sections === 1) return [{}];
  const depth = header.kind === "volumeStack" ? header.sampling[2] : sections;
  return Array.from({ length: sections }, (_, i) => {
    if (header.kind === "volume") return { z: i };
    return header.kind === "volumeStack" ? { time: Math.floor(i / depth), z: i % depth } : { time: i };
  });
}

function mrcSummary({ voxelSizeA, kind }: MrcHeader): JsonObject {
  const um = (sizeA: number) => Number((sizeA * UM_PER_A).toPrecision(9));
  const isVolume = kind === "volume" || kind === "volumeStack";
  return {
    ...(voxelSizeA[0] > 0 && { PixelSize_um: um(voxelSizeA[0]) }),
    ...(isVolume && voxelSizeA[2] > 0 && { "z-step_um": um(voxelSizeA[2]) }),
  };
}

/** Names of the dimensions before y and x. */
const NPY_AXES = ["time", "channel", "z"];

/**
 * A .npy array of 2 to 5 dimensions as a dataset, the last ones t, c, z, y, x.
 *
 * @throws {VitrineError} unsupported: other ranks, 64-bit integers, complex numbers; and the errors of `readNpy`
 */
export async function openNpyDataset(path: string): Promise<Dataset> {
  const npy = await openNpy(path);
  try {
    const { dtype, shape } = npy.header;
    const type = NPY_PIXEL_TYPES[dtype];
    if (type === undefined) throw notPixels(`${path} dtype`, dtype);
    if (shape.length < 2 || shape.length > 5 || shape.includes(0)) {
      const expected = "2 to 5 dimensions, none empty";
      throw new VitrineError({
        code: "unsupported",
        at: path,
        expected,
        found: `${shape.length}: ${shape.join(" x ")}`,
      });
    }
    const [height, width] = shape.slice(-2);
    return new SectionDataset({
      name: path,
      layoutAt: () => ({ width, height, channels: 1, dtype: type }),
      axes: npyAxes(shape.slice(0, -2)),
      summaryMetadata: {},
      read: npyReader(npy),
      close: () => npy.file.close(),
    });
  } catch (error) {
    await npy.file.close();
    throw error;
  }
}

function npyAxes(counts: readonly number[]): Axes[] {
  const names = NPY_AXES.slice(NPY_AXES.length - counts.length);
  const whole = counts.map((to) => ({ from: 0, to }));
  return [...indicesWithin(whole)].map((indices) =>
    Object.fromEntries(indices.map((index, i) => [names[i], index])),
  );
}

/** Fortran order cannot be read by sections: such a file is read whole, once. */
function npyReader({ file, header, bytes }: NpyFile): (index: number) => Promise<PixelArray> {
  const shape = header.shape.slice(-2);
  const length = shape[0] * shape[1];
  const perSection = bytes / (elementsOf(header) / length);
  if (!header.fortranOrder) {
    return async (index) => {
      const part = await file.read(header.dataOffset + index * perSection, perSection);
      return toPixels(npyFromBytes({ ...header, shape }, part).data, file.name);
    };
  }
  let whole: Promise<NpyData> | undefined;
  return async (index) => {
    whole ??= file.read(header.dataOffset, bytes).then((all) => npyFromBytes(header, all).data);
    return toPixels((await whole).slice(index * length, (index + 1) * length), file.name);
  };
}

function elementsOf({ shape }: NpyHeader): number {
  return shape.reduce((product, side) => product * side, 1);
}

function toPixels(data: NpyData, at: string): PixelArray {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) throw notPixels(at, "64-bit integers");
  pixelTypeOf(data, at);
  return data;
}

function notPixels(at: string, found: string): VitrineError {
  return new VitrineError({ code: "unsupported", at, expected: "values that are pixels", found });
}
