import { listFolder, makeFolder, writeFileAtomic } from "#files";
import type { ImageLayout } from "../../core/index.ts";
import {
  axesKey,
  checkAxes,
  describeAxes,
  layoutOf,
  type OptionKeys,
  requireKnownOptions,
  VitrineError,
} from "../../core/index.ts";
import type { Dataset, DatasetImage, DatasetWriter, JsonObject } from "../dataset/dataset.ts";
import type { Durability } from "../files.ts";
import type { OmeZarrCompression } from "./chunks.ts";
import { OmeZarrDataset, type OmeZarrEntry } from "./dataset.ts";
import { type GroupPixels, PlanePixels } from "./groupPixels.ts";
import {
  type Counts,
  extended,
  type ImageGroup,
  ImageGroups,
  type Indices,
  learnFacts,
  type TileIndex,
} from "./imageGroups.ts";
import { imageMetadata, rootMetadata, seriesMetadata } from "./metadata.ts";
import { metadataJson, RECORDS, RecordsWriter } from "./records.ts";
import { TilePixels } from "./tilePixels.ts";
import { checkTiling, type OmeZarrTiling, TileRules } from "./tiling.ts";

/** Images that are saved together: as many as wait, up to this. */
const LARGEST_BATCH = 16;

/** Larger images are cut into chunks of whole rows. */
const LARGEST_CHUNK_BYTES = 2 ** 28;

/** Options of {@link createOmeZarr}. */
export interface OmeZarrOptions {
  /** The folder that becomes the store: made if it is not there, else empty. */
  readonly directory: string;
  /** Title of its images (default: the last part of `directory`). */
  readonly name?: string;
  /** Kept as it is; PixelSize_um, z-step_um, Interval_ms give the scales, GridPixelOverlapX and ...Y the overlap of tiles. */
  readonly summaryMetadata?: JsonObject;
  /** Default "none": as fast as the disk. */
  readonly compression?: OmeZarrCompression;
  /** An image of more bytes becomes several chunks (default 256 MiB). */
  readonly largestChunkBytes?: number;
  /** Default "power". */
  readonly durability?: Durability;
  /** Lowest level (its pixels are 2^n wide); 0 for none below the full resolution; default: until both sides are at most 256. */
  readonly maxLevel?: number;
  /** Images are tiles with the axes `row` and `column`, which become one image. */
  readonly tiling?: OmeZarrTiling;
}

const KEYS: OptionKeys<OmeZarrOptions> = {
  directory: true,
  name: true,
  summaryMetadata: true,
  compression: true,
  largestChunkBytes: true,
  durability: true,
  maxLevel: true,
  tiling: true,
};

/**
 * Makes an OME-Zarr 0.5 store (Zarr 3, bioformats2raw layout) that grows image by image: any pixel type, any size, colours.
 *
 * Images of one size, type, position and value of every axis other than time, channel and z share an image group with one
 * array (t, c, z, y, x) a level: each level is the one above halved, y and x, by means. An image is one chunk a level. With `tiling`,
 * tiles are joined: half of the overlap is cut from each side, as in NDTiff's pyramids, a tile is a chunk of the full resolution,
 * and goes into the lower levels at once. Whole tiles are kept beside (`tiles`) where they overlap. Whenever the program is stopped, the store is valid and holds every image whose
 * `put` has resolved: its chunks are durable before the array's metadata grow, which happens by rename, and before its record
 * (axes and metadata, `OME/vitrine.jsonl`) is written. With the durability "process" that holds for whatever ends the program, and not for
 * a power cut.
 *
 * @throws {VitrineError} exists: the folder is not empty; storage: the disk refused
 *
 * Source: ngff.openmicroscopy.org/0.5, zarr-specs.readthedocs.io (core 3.0).
 */
export async function createOmeZarr(options: OmeZarrOptions): Promise<DatasetWriter> {
  requireKnownOptions("createOmeZarr", options, KEYS);
  const { directory: folder, summaryMetadata = {} } = options;
  const name = options.name ?? folder.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "");
  checkTiling(options);
  if ((await listFolder(folder)).length > 0) throw notEmpty(folder);
  await makeFolder(`${folder}/OME`);
  const header = { vitrine: 1, name, summaryMetadata } as const;
  const records = await RecordsWriter.create(`${folder}/${RECORDS}`, header, options.durability);
  return new OmeZarrWriter({ ...options, name, summaryMetadata }, records);
}

/** An image that waits, and its caller. */
interface Pending {
  readonly image: DatasetImage;
  readonly layout: ImageLayout;
  readonly metadataJson: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Placed extends Pending {
  readonly group: ImageGroup;
  readonly at: Indices;
  readonly tile?: TileIndex | undefined;
  readonly pixels: GroupPixels;
}

/** What the store says of a group: its metadata are written again where that changes. */
interface Published {
  readonly counts: Counts;
  readonly arrays: string;
  readonly levels: number;
}

class OmeZarrWriter implements DatasetWriter {
  readonly #options: OmeZarrOptions & { readonly name: string };
  readonly #records: RecordsWriter;
  readonly #groups: ImageGroups;
  readonly #dataset: OmeZarrDataset;
  readonly #tiles: TileRules | undefined;
  readonly #pixels = new Map<string, GroupPixels>();
  /** Lengths of the arrays in the store, by image group, in order of appearance. */
  readonly #published = new Map<ImageGroup, Published>();
  /** Image groups in the list of images. */
  #listed = 0;
  #waiting: Pending[] = [];
  #work: Promise<void> | undefined;
  #duplicates = 0;
  #isFinished = false;

  constructor(
    options: OmeZarrOptions & { readonly name: string; readonly summaryMetadata: JsonObject },
    records: RecordsWriter,
  ) {
    this.#options = options;
    this.#records = records;
    this.#tiles = options.tiling && new TileRules(options.directory, options.tiling);
    this.#groups = new ImageGroups(options.summaryMetadata, this.#tiles?.axes);
    this.#dataset = new OmeZarrDataset(options.directory, options.summaryMetadata, records);
  }

  get #durability(): Durability {
    return this.#options.durability ?? "power";
  }

  get dataset(): Dataset {
    return this.#dataset;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  async put(image: DatasetImage): Promise<void> {
    const at = `${this.#options.directory} at ${describeAxes(image.axes)}`;
    if (this.#isFinished) throw afterEnd(at);
    checkAxes(image.axes, this.#options.directory);
    const [layout, json] = [layoutOf(image.image, at), metadataJson(image.metadata, at)];
    this.#tiles?.check(image.axes, layout, at);
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ image, layout, metadataJson: json, resolve, reject });
      this.#work ??= this.#writeAll();
    });
  }

  async finish(): Promise<void> {
    this.#isFinished = true;
    await this.#work;
    try {
      await this.#records.close();
    } finally {
      this.#dataset.finish();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeBatch(this.#nextBatch());
    this.#work = undefined;
  }

  /** In order; two images of equal axes never share a batch, since the later one must win. */
  #nextBatch(): Pending[] {
    const keys = new Set<string>();
    for (const { image } of this.#waiting.slice(0, LARGEST_BATCH)) {
      const key = axesKey(image.axes);
      if (keys.has(key)) break;
      keys.add(key);
    }
    return this.#waiting.splice(0, keys.size);
  }

  /** Settles every image: what can no longer be published fails together. */
  async #writeBatch(batch: readonly Pending[]): Promise<void> {
    try {
      const whole = await this.#writePixels(batch.map((pending) => this.#place(pending)));
      await this.#publish(whole);
      for (const { resolve } of whole) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** Gives the images whose chunks are durable; the others fail alone. */
  async #writePixels(placed: readonly Placed[]): Promise<readonly Placed[]> {
    const written = await Promise.allSettled(
      placed.map(({ image, at, tile, pixels }) => pixels.write(image.image, at, tile)),
    );
    return placed.filter(({ reject }, i) => {
      const result = written[i];
      if (result.status === "rejected") reject(result.reason);
      return result.status === "fulfilled";
    });
  }

  #place(pending: Pending): Placed {
    const { layout, image } = pending;
    const place = this.#groups.place(image.axes, layout);
    const { path } = place.group;
    const pixels = this.#pixels.get(path) ?? this.#newPixels(path, layout);
    this.#pixels.set(path, pixels);
    return { ...pending, ...place, pixels, ...(this.#tiles && { tile: this.#tiles.indexOf(image.axes) }) };
  }

  #newPixels(group: string, layout: ImageLayout): GroupPixels {
    const { directory: store, compression = "none", largestChunkBytes = LARGEST_CHUNK_BYTES } = this.#options;
    const { tiling, maxLevel } = this.#options;
    const chunks = { ...layout, chunkRows: layout.height, compression };
    const durability = this.#durability;
    const options = { store, group, layout: chunks, largestChunkBytes, durability, maxLevel };
    return tiling === undefined ? new PlanePixels(options) : new TilePixels(options, tiling.overlapPx);
  }

  /** Array, image group, list of images, root: each names only what is there. Records come last: they promise everything. */
  async #publish(images: readonly Placed[]): Promise<void> {
    if (images.length === 0) return;
    for (const group of new Set(images.map(({ group }) => group))) {
      await this.#growGroup(
        group,
        images.filter((image) => image.group === group),
      );
    }
    if (this.#published.size > this.#listed) await this.#listGroups();
    const places = await this.#records.append(
      images.map(({ image, group, at, tile, pixels, metadataJson }) => ({
        axes: image.axes,
        image: group.path,
        at,
        tile,
        array: pixels.array === "0" ? undefined : pixels.array,
        bitDepth: image.bitDepth,
        metadataJson,
      })),
    );
    for (const [i, placed] of images.entries()) await this.#acknowledge(placed, places[i]);
  }

  async #growGroup(group: ImageGroup, images: readonly Placed[]): Promise<void> {
    const { pixels } = images[0];
    const published = this.#published.get(group) ?? { counts: [0, 0, 0], arrays: "", levels: 0 };
    const counts = images.reduce((lengths, { at }) => extended(lengths, at), published.counts);
    const learnt = images.map(({ image: { metadata, bitDepth }, at }) =>
      learnFacts(group, { metadata, bitDepth, at }),
    );
    const arrays = pixels.arrays(counts);
    const { levels } = pixels;
    const described = JSON.stringify(arrays);
    // no level is ever longer than the one above it
    if (described !== published.arrays)
      for (const [array, metadata] of arrays) await this.#writeJson(`${group.path}/${array}`, metadata);
    if (counts[1] > published.counts[1] || levels > published.levels || learnt.includes(true)) {
      const channels = this.#groups.listed("channel");
      const { name } = this.#options;
      const origin = this.#tiles?.originOf(group.layout);
      const description = { name, counts, channels, levels, ...(origin && { origin }) };
      await this.#writeJson(group.path, imageMetadata(group, description));
    }
    this.#published.set(group, { counts, arrays: described, levels });
  }

  async #listGroups(): Promise<void> {
    const paths = [...this.#published.keys()].map(({ path }) => path);
    await this.#writeJson("OME", seriesMetadata(paths));
    if (this.#listed === 0) await this.#writeJson("", rootMetadata());
    this.#listed = paths.length;
  }

  async #acknowledge({ image, group, at, tile, pixels }: Placed, line: OmeZarrEntry["line"]): Promise<void> {
    const { axes, bitDepth } = image;
    const { layout, array } = pixels;
    const before = this.#dataset.add(
      { ...axes },
      { image: group.path, at, tile, array, layout, bitDepth, line },
    );
    if (before === undefined) return;
    this.#duplicates++;
    if (before.image === group.path) return;
    // an image of another size replaced it: no other program shall see both
    await this.#pixels.get(before.image)?.remove(before.at, before.tile);
  }

  async #writeJson(path: string, value: JsonObject): Promise<void> {
    const folder = path === "" ? this.#options.directory : `${this.#options.directory}/${path}`;
    const text = `${JSON.stringify(value, null, 2)}\n`;
    await writeFileAtomic(`${folder}/zarr.json`, new TextEncoder().encode(text), {
      overwrite: true,
      durability: this.#durability,
    });
  }
}

function notEmpty(at: string): VitrineError {
  const hint = "Remove it or choose another name";
  return new VitrineError({
    code: "exists",
    at,
    expected: "no such folder, or an empty one",
    found: "files in it",
    hint,
  });
}

function afterEnd(at: string): VitrineError {
  return new VitrineError({
    code: "missing",
    at,
    expected: "an image before finish()",
    found: "one after it",
  });
}
