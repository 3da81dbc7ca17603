import { writeFileAtomic } from "#files";
import type { PixelArray, PixelType } from "../../core/index.ts";
import { bytesPerValue, VitrineError } from "../../core/index.ts";
import { bytesOf, HOST_IS_LITTLE_ENDIAN, swapBytes } from "../byteOrder.ts";
import { indicesWithin } from "../dataset/arrayPlan.ts";
import type { Dataset, DatasetArray } from "../dataset/dataset.ts";
import { type MrcContent, type MrcWriteMode, writeMrc } from "../mrcWrite.ts";
import { type NpyDtype, npyHeader } from "../npy.ts";
import { aborted, type ConvertOptions } from "./options.ts";

const A_PER_UM = 1e4;

type ArrayOptions = ConvertOptions & { readonly overwrite: boolean };

/** What became of the array. */
export interface Written {
  /** Places without an image, written as zeros. */
  readonly filled: number;
}

const NPY_TYPES: Readonly<Record<PixelType, NpyDtype>> = {
  uint8: "u1",
  int8: "i1",
  uint16: "u2",
  int16: "i2",
  uint32: "u4",
  int32: "i4",
  float32: "f4",
  float64: "f8",
};

/** Writes a dataset as one .npy array, plane by plane; its shape is that of `asArray()`. */
export async function writeNpyArray(dataset: Dataset, path: string, options: ArrayOptions): Promise<Written> {
  const array = dataset.asArray();
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield npyHeader(NPY_TYPES[array.dtype], array.shape);
    for await (const plane of planesOf(array, options)) {
      const bytes = bytesOf(plane);
      if (!HOST_IS_LITTLE_ENDIAN) swapBytes(bytes, bytesPerValue(array.dtype));
      yield bytes;
    }
  }
  await writeFileAtomic(path, chunks(), { overwrite: options.overwrite });
  return { filled: array.missing.length };
}

/** Modes that hold the values of a type exactly; the other types have none. */
const MRC_MODES: Readonly<Partial<Record<PixelType, MrcWriteMode>>> = {
  int8: 0,
  int16: 1,
  float32: 2,
  uint8: 6,
  uint16: 6,
};

/**
 * Writes a dataset as an MRC file: a volume if `z` is its only axis and its step is the pixel size, else a stack of all its
 * images in the order of `asArray()`. The header needs the statistics of all values, so they are in memory at once.
 */
export async function writeMrcArray(dataset: Dataset, path: string, options: ArrayOptions): Promise<Written> {
  const array = dataset.asArray();
  const mode = MRC_MODES[array.dtype];
  if (mode === undefined || array.axes.includes("sample")) throw notForMrc(array, path);
  const [rows, columns] = array.shape.slice(-2);
  const sections = array.shape.slice(0, -2).reduce((product, count) => product * count, 1);
  const { data } = await array.read();
  options.onProgress?.({ done: sections, total: sections });
  await writeMrc(
    path,
    {
      data: mrcData(data),
      shape: array.axes.length === 2 ? [rows, columns] : [sections, rows, columns],
      mode,
      ...scaleOf(dataset, array),
    },
    { overwrite: options.overwrite },
  );
  return { filled: array.missing.length };
}

function mrcData(data: PixelArray): MrcContent["data"] {
  if (data instanceof Uint32Array || data instanceof Int32Array) return Float64Array.from(data);
  return data;
}

/** Pixel size, 0 where the summary metadata have none, and whether z has the same. */
export function scaleOf(dataset: Dataset, { axes }: DatasetArray): Pick<MrcContent, "voxelSizeA" | "kind"> {
  const { PixelSize_um: pixelUm, "z-step_um": stepUm = pixelUm } = dataset.summaryMetadata;
  const voxelSizeA =
    typeof pixelUm === "number" && pixelUm > 0 ? Number((pixelUm * A_PER_UM).toPrecision(9)) : 0;
  if (axes.length === 2) return { voxelSizeA, kind: "image" };
  const isVolume = axes.length === 3 && axes[0] === "z" && stepUm === pixelUm;
  return { voxelSizeA, kind: isVolume ? "volume" : "stack" };
}

/** Planes in C order, each read when it is asked for. */
export async function* planesOf(
  array: DatasetArray,
  { signal, onProgress }: ConvertOptions,
): AsyncGenerator<PixelArray> {
  const outer = array.axes.filter((name) => array.coordinates[name] !== undefined);
  const counts = outer.map((_, i) => array.shape[i]);
  const total = counts.reduce((product, count) => product * count, 1);
  let done = 0;
  for (const indices of indicesWithin(counts.map((to) => ({ from: 0, to })))) {
    if (signal?.aborted) throw aborted(signal);
    const chosen = Object.fromEntries(outer.map((name, i) => [name, indices[i]]));
    yield (await array.read(chosen)).data;
    onProgress?.({ done: ++done, total });
  }
}

function notForMrc({ dtype, axes }: DatasetArray, at: string): VitrineError {
  const colour = axes.includes("sample") ? " in colour" : "";
  return new VitrineError({
    code: "unsupported",
    at,
    expected: `grey values of ${Object.keys(MRC_MODES).join(", ")}`,
    found: `${dtype}${colour}`,
    hint: "Write .npy or .zarr instead, which hold every type",
  });
}
