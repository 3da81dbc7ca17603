import * as zarr from "zarrita";
import { z } from "zod";
import type { Axes, ImageLayout, PixelImage, PixelType } from "../../core/index.ts";
import { describeAxes, imageBytes, pixelView, VitrineError } from "../../core/index.ts";
import { indicesWithin } from "../dataset/arrayPlan.ts";
import { BaseDataset } from "../dataset/baseDataset.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import { givenPixels, type ReadImageOptions } from "../dataset/readImage.ts";
import { allocate } from "../files.ts";
import { parseWithSchema } from "../schema.ts";
import { parseZarrArray, type ZarrArrayFacts } from "../source/zarr/arrayMetadata.ts";
import { zarrChunks } from "../source/zarr/chunks.ts";
import { childFolder, readNode } from "../source/zarr/node.ts";
import type { OmeZarrReader } from "./dataset.ts";
import { type ForeignImageMetadata, parseImage } from "./foreignMetadata.ts";
import { type ChunkReader, chunkReader } from "./planeReader.ts";
import { type FolderStore, folderStore } from "./store.ts";

/** More are taken for a damaged shape. */
const MOST_PLANES = 1e7;

/** An array of level 0, and what its dimensions mean. */
interface ForeignImage {
  readonly metadata: ForeignImageMetadata;
  readonly shape: readonly number[];
  readonly layout: ImageLayout;
  readonly reader: ChunkReader;
}

interface ForeignEntry {
  readonly image: ForeignImage;
  readonly indices: readonly number[];
}

/** Opens a store that another program wrote; {@link openOmeZarr} says how it is understood. */
export async function openForeign(folder: string): Promise<OmeZarrReader> {
  const root = zarr.root(folderStore(folder));
  const attributes = await attributesOf(root, folder);
  const paths = await imagePaths(root, attributes, folder);
  const images: ForeignImage[] = [];
  for (const path of paths) images.push(await openImage(path === "" ? root : root.resolve(path), folder));
  return new ForeignDataset(folder, images, paths);
}

class ForeignDataset extends BaseDataset<ForeignEntry> implements OmeZarrReader {
  readonly lostImages: readonly Axes[] = [];

  constructor(folder: string, images: readonly ForeignImage[], paths: readonly string[]) {
    super(folder, images[0]?.metadata.facts ?? {});
    const numbered = paths.every((path, i) => path === String(i));
    for (const [i, image] of images.entries()) {
      const position = numbered ? i : paths[i];
      const whole = image.shape.slice(0, -2).map((to) => ({ from: 0, to }));
      for (const indices of indicesWithin(whole)) {
        const axes = axesOf(image.metadata, indices);
        this.addImage(images.length === 1 ? axes : { position, ...axes }, { image, indices });
      }
    }
    this.markFinished();
  }

  imageLayout(axes: Axes): ImageLayout {
    return this.entryOf(axes).image.layout;
  }

  imageBitDepth(axes: Axes): undefined {
    this.entryOf(axes);
  }

  async readImage(axes: Axes, options?: ReadImageOptions): Promise<PixelImage> {
    const { image, indices } = this.entryOf(axes);
    const { layout } = image;
    const bytes = imageBytes(layout);
    const fresh = () =>
      pixelView(
        layout,
        allocate(() => new ArrayBuffer(bytes), bytes, this.name),
      );
    const data = givenPixels(layout, options, this.name) ?? fresh();
    await wrapped(`${this.name} at ${describeAxes(axes)}`, () => image.reader(indices, data));
    return { data, width: layout.width, height: layout.height, channels: 1 };
  }

  /** Such stores have no metadata of single images. */
  async readMetadata(axes: Axes): Promise<JsonObject> {
    this.entryOf(axes);
    return {};
  }

  /** Nobody tells whether such a store grows. */
  async refresh(): Promise<void> {}

  protected async release(): Promise<void> {}
}

type ZarrLocation = zarr.Location<FolderStore>;

const rootSchema = z.object({
  multiscales: z.unknown().optional(),
  plate: z.unknown().optional(),
  "bioformats2raw.layout": z.unknown().optional(),
});

/** Paths of the image groups; the root itself is "". */
async function imagePaths(root: ZarrLocation, attributes: unknown, at: string): Promise<readonly string[]> {
  const found = parseWithSchema(attributes, rootSchema, at);
  if (found.multiscales !== undefined) return [""];
  if (found.plate === undefined && found["bioformats2raw.layout"] !== undefined) return seriesOf(root, at);
  throw new VitrineError({
    code: found.plate === undefined ? "format" : "unsupported",
    at,
    expected: "an OME-Zarr image, or images in the bioformats2raw layout",
    found: found.plate === undefined ? "neither multiscales nor bioformats2raw.layout" : "a plate",
    ...(found.plate !== undefined && { hint: "Open the image of one field, as PLATE/A/1/0" }),
  });
}

const seriesSchema = z.object({ series: z.array(z.string()).optional() });

async function seriesOf(root: ZarrLocation, at: string): Promise<readonly string[]> {
  const ome = await wrapped(at, () => groupAt(root.resolve("OME")));
  const { series } = parseWithSchema(ome === undefined ? {} : omeOf(ome.attrs), seriesSchema, `${at}/OME`);
  if (series !== undefined) return series;
  const paths: string[] = [];
  while ((await wrapped(at, () => groupAt(root.resolve(String(paths.length))))) !== undefined) {
    paths.push(String(paths.length));
  }
  return paths;
}

async function openImage(location: ZarrLocation, folder: string): Promise<ForeignImage> {
  const at = location.path === "/" ? folder : folder + location.path;
  const metadata = parseImage(await attributesOf(location, at), at);
  const level = childFolder(at, metadata.level0, at);
  const node = await readNode(level);
  if (node?.kind !== "array") throw noArray(level);
  const facts = parseZarrArray(node, level);
  checkShape(facts, metadata, level);
  const areNamed = metadata.channels.length === facts.shape[metadata.axes.indexOf("channel")];
  return {
    metadata: areNamed ? metadata : { ...metadata, channels: [] },
    shape: facts.shape,
    layout: layoutOf(facts.shape, facts.type === "float16" ? "float32" : facts.type),
    reader: chunkReader(facts, zarrChunks(level, facts)),
  };
}

function layoutOf(shape: readonly number[], dtype: PixelType): ImageLayout {
  const [height, width] = shape.slice(-2);
  return { width, height, channels: 1, dtype };
}

async function attributesOf(location: ZarrLocation, at: string): Promise<unknown> {
  const group = await wrapped(at, () => groupAt(location));
  if (group !== undefined) return omeOf(group.attrs);
  throw new VitrineError({
    code: "missing",
    at,
    expected: "a Zarr group",
    found: "neither zarr.json nor .zgroup",
    hint: "Check the path",
  });
}

/** Undefined where there is no group. */
async function groupAt(location: ZarrLocation): Promise<zarr.Group<FolderStore> | undefined> {
  try {
    return await zarr.open(location, { kind: "group" });
  } catch (error) {
    if (zarr.isZarritaError(error, "NotFoundError")) return undefined;
    throw error;
  }
}

/** Version 0.5 keeps everything below `ome`. */
function omeOf(attributes: zarr.Attributes | undefined): unknown {
  return attributes?.ome ?? attributes ?? {};
}

function axesOf({ axes, channels }: ForeignImageMetadata, indices: readonly number[]): Axes {
  const value = (name: string, i: number) =>
    name === "channel" && channels.length > 0 ? channels[indices[i]] : indices[i];
  return Object.fromEntries(axes.map((name, i) => [name, value(name, i)]));
}

/** Whatever zarrita throws as an error that says where. */
async function wrapped<T>(at: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof VitrineError) throw cause;
    const code = zarr.isZarritaError(cause, "NotFoundError") ? "missing" : "format";
    throw new VitrineError({ code, at, expected: "a valid Zarr store", found: String(cause) }, { cause });
  }
}

function noArray(at: string): VitrineError {
  return new VitrineError({
    code: "missing",
    at,
    expected: "the array of the full resolution",
    found: "none",
  });
}

/** zarrita takes shapes as they come. */
function checkShape(
  { shape, chunkShape: chunks }: Pick<ZarrArrayFacts, "shape" | "chunkShape">,
  { axes }: ForeignImageMetadata,
  at: string,
): void {
  const planes = shape.slice(0, -2).reduce((product, side) => product * side, 1);
  const whole = (side: number) => Number.isSafeInteger(side) && side > 0;
  const proper = shape.length === axes.length + 2 && shape.slice(-2).every(whole) && planes <= MOST_PLANES;
  if (proper && chunks.length === shape.length && chunks.every(whole) && planes >= 0) return;
  throw new VitrineError({
    code: "format",
    at,
    expected: `an array of the axes ${[...axes, "y", "x"].join(", ")} in chunks of at least one value`,
    found: `the shape ${shape.join(" x ")} in chunks of ${chunks.join(" x ")}`,
  });
}
