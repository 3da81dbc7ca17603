import { listFolder, makeFolder } from "#files";
import type { PixelArray, PixelType } from "../../../core/index.ts";
import { type OptionKeys, pixelTypeOf, requireKnownOptions, VitrineError } from "../../../core/index.ts";
import { indicesWithin, type Span } from "../../dataset/arrayPlan.ts";
import type { JsonObject } from "../../dataset/dataset.ts";
import { resolveRegion } from "../../source/region.ts";
import type { SourceChannel, SourceRegion } from "../../source/source.ts";
import type { BandJob } from "./band.ts";
import { mergeChannels, pixelsOf } from "./bandJob.ts";
import { type Band, Bands, cover } from "./bands.ts";
import { channelsOf } from "./channels.ts";
import { arrayDocument, type ImageDocument, imageAttributes, writeArray, writeGroup } from "./metadata.ts";
import {
  DEFAULT_COMPRESSION,
  type MultiscaleCompression,
  type MultiscaleLayout,
  type MultiscaleVersion,
  type PlannedLevel,
  planLevels,
  type Reduction,
} from "./plan.ts";
import { BandPool, commonPool } from "./pool.ts";
import { countedRowStride, sampleStride, type ValueStatistics } from "./statistics.ts";

/** What {@link createOmeZarrImage} makes. */
export interface OmeZarrImageOptions extends MultiscaleLayout {
  /** The folder that becomes the image group: made if it is not there, else empty. */
  readonly directory: string;
  /** Default 0.5. */
  readonly version?: MultiscaleVersion;
  /** Default: the last part of `directory`. */
  readonly name?: string;
  /** Default blosc. */
  readonly compression?: MultiscaleCompression;
  /** Default `mean`. */
  readonly reduction?: Reduction;
  /** Names, colours and windows, an entry a channel; a window that is left out is made from the data's percentiles. */
  readonly channels?: readonly SourceChannel[];
  /** Bits of unsigned integers that carry something: how far the windows of channels reach, where they are not given. */
  readonly significantBits?: number;
  /** Further attributes of the group, beside those of OME-Zarr. */
  readonly attributes?: JsonObject;
  /** Threads that pack and store chunks: default as many as are useful, none for a small image; 0 for none. */
  readonly threads?: number;
  /** Memory for pixels whose chunks are not whole, or not stored yet (default 1 GiB). */
  readonly memoryBytes?: number;
}

/** Options that a caller inside this folder has beside: what makes it a label image, and threads of several images. */
export interface InnerOptions {
  readonly imageLabel?: JsonObject;
  readonly pool?: BandPool;
}

/** Writes an image of many resolutions block by block. */
export interface OmeZarrImageWriter extends AsyncDisposable {
  readonly directory: string;
  readonly levels: readonly PlannedLevel[];
  /**
   * Takes pixels of the full resolution: of any block, each pixel once. Planes, bands of rows, or tiles row by row take least
   * memory, since a chunk waits until it is whole. Resolves as soon as `data` may be changed and further blocks may come.
   *
   * @param region  by the names of axes, as a source's read
   * @param data    its values in C order
   * @throws {VitrineError} missing, range, type, shape: a region or values that do not fit; exists: a pixel a second time;
   *   range: more open than `memoryBytes`; storage: the disk refused, also for a block before
   */
  write(region: SourceRegion, data: PixelArray): Promise<void>;
  /** Stores what is left, pixels that never came as 0, and the contrast windows. A second call does nothing. */
  finish(): Promise<void>;
  /** Ends without `finish`: the image stays valid and reads as 0 where nothing was stored. */
  close(): Promise<void>;
}

/** Bands of the full resolution that may wait for threads while the next one comes. */
const WAITING_BANDS = 1;

/** Smaller images are packed faster than a thread starts. */
const SMALL_IMAGE = 2 ** 22;
const MEMORY_BYTES = 2 ** 30;

/** Keys of {@link OmeZarrImageOptions}. */
export const IMAGE_KEYS: OptionKeys<OmeZarrImageOptions> = {
  directory: true,
  version: true,
  name: true,
  compression: true,
  reduction: true,
  channels: true,
  significantBits: true,
  attributes: true,
  threads: true,
  memoryBytes: true,
  axes: true,
  shape: true,
  dtype: true,
  scale: true,
  translation: true,
  chunkShape: true,
  shardShape: true,
  levels: true,
};

const { directory: _, version: __, threads: ___, ...ownKeys } = IMAGE_KEYS;

/** Those of one image of a store of several, which has the others. */
export const OWN_IMAGE_KEYS = ownKeys;

/**
 * Makes an OME-Zarr image with all its levels, which come from the pixels in one pass: each pixel of a lower level is the mean
 * (or what `reduction` says) of the up to four above it.
 *
 * The image is valid from the moment when this resolves, whenever the program is stopped: metadata of arrays are there before
 * those of the image, every chunk appears whole by rename, and what is not there reads as 0.
 *
 * @throws {VitrineError} exists: the folder is not empty; shape, range, unsupported: a layout that OME-Zarr cannot hold; storage
 *
 * Source: ngff.openmicroscopy.org 0.4 and 0.5; zarr-specs.readthedocs.io (2.0, core 3.0, sharding-indexed 1.0).
 */
export function createOmeZarrImage(options: OmeZarrImageOptions): Promise<OmeZarrImageWriter> {
  requireKnownOptions("createOmeZarrImage", options, IMAGE_KEYS);
  return startImage(options, {});
}

/** As {@link createOmeZarrImage}, for plates, labels and collections. */
export async function startImage(
  options: OmeZarrImageOptions,
  inner: InnerOptions,
): Promise<OmeZarrImageWriter> {
  const { directory, version = "0.5", axes, dtype, compression = DEFAULT_COMPRESSION } = options;
  const levels = planLevels(options, directory);
  if (version === "0.4" && options.shardShape !== undefined) throw noShards(directory);
  if ((await listFolder(directory)).length > 0) throw notEmpty(directory);
  for (const level of levels) {
    await makeFolder(`${directory}/${level.path}`);
    const document = arrayDocument(level, { version, axes, dtype, compression });
    await writeArray(`${directory}/${level.path}`, version, document);
  }
  const writer = new ImageWriter(options, levels, inner);
  await writer.writeAttributes();
  return writer;
}

class ImageWriter implements OmeZarrImageWriter {
  readonly directory: string;
  readonly levels: readonly PlannedLevel[];
  readonly #options: OmeZarrImageOptions;
  readonly #inner: InnerOptions;
  readonly #pool: BandPool;
  readonly #ownPool: BandPool | undefined;
  readonly #bands: Bands;
  readonly #statistics = new Map<number, ValueStatistics>();
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;
  #isFinished = false;

  constructor(options: OmeZarrImageOptions, levels: readonly PlannedLevel[], inner: InnerOptions) {
    const { directory, dtype, shape, threads, memoryBytes: mostBytes = MEMORY_BYTES } = options;
    this.directory = directory;
    this.levels = levels;
    this.#options = options;
    this.#inner = inner;
    const isSmall = shape.reduce((product, side) => product * side, 1) < SMALL_IMAGE;
    this.#ownPool =
      inner.pool === undefined && (threads !== undefined || isSmall) ? new BandPool(threads ?? 0) : undefined;
    this.#pool = this.#ownPool ?? inner.pool ?? commonPool();
    this.#bands = new Bands(levels, { dtype, at: directory, mostBytes });
  }

  async write(region: SourceRegion, data: PixelArray): Promise<void> {
    const { dtype, axes } = this.#options;
    const { directory: name, levels } = this;
    const { spans, shape } = resolveRegion({ name, axes, levels }, { region });
    checkValues(data, shape, { dtype, at: name });
    if (this.#isFinished) throw afterEnd(name);
    const area = shape.slice(-2).reduce((product, side) => product * side, 1);
    let plane = 0;
    for (const outer of indicesWithin(spans.slice(0, -2))) {
      await this.#writePlane(outer, spans, data.subarray(plane, plane + area));
      plane += area;
    }
  }

  async finish(): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    try {
      await this.#settle(0);
      // lower levels may get further pixels from the band before them: one after another
      for (let band = this.#bands.unfinished.at(0); band !== undefined; band = this.#bands.unfinished.at(0)) {
        this.#bands.blank(band);
        this.#submit(band);
        await this.#settle(0);
      }
      await this.writeAttributes();
    } finally {
      await this.#closePool();
    }
  }

  async close(): Promise<void> {
    this.#isFinished = true;
    await Promise.allSettled(this.#running);
    await this.#closePool();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The image group as far as it is known. */
  async writeAttributes(): Promise<void> {
    const { version = "0.5", attributes } = this.#options;
    await writeGroup(this.directory, version, { ome: imageAttributes(this.#document()), attributes });
  }

  #document(): ImageDocument {
    const { directory, version = "0.5", axes, reduction = "mean" } = this.#options;
    const { imageLabel } = this.#inner;
    const channels = imageLabel === undefined ? channelsOf(this.#options, this.#statistics) : undefined;
    return {
      version,
      name: this.#options.name ?? directory.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, ""),
      axes,
      levels: this.levels,
      type: reduction,
      ...(channels !== undefined && { channels }),
      ...(imageLabel !== undefined && { imageLabel }),
    };
  }

  /** Puts a plane's part into bands; those that are whole go on. */
  async #writePlane(outer: readonly number[], spans: readonly Span[], data: PixelArray): Promise<void> {
    const [{ from: top, to: bottom }, { from: left, to: right }] = spans.slice(-2);
    for (let row = top; row < bottom; ) {
      const band = this.#bands.at(0, outer, row);
      const end = Math.min(bottom, band.firstRow + band.pixels.rows);
      const values = data.subarray((row - top) * (right - left), (end - top) * (right - left));
      this.#fill(band, { outer, row, left, right, end }, values);
      if (band.missing === 0) this.#submit(band);
      await this.#settle(WAITING_BANDS);
      row = end;
    }
  }

  #fill(
    band: Band,
    part: { outer: readonly number[]; row: number; end: number; left: number; right: number },
    values: PixelArray,
  ): void {
    const { left, right } = part;
    const { rows, width } = band.pixels;
    const plane = part.outer.reduce((at, index, i) => at * band.outer[i] + index - band.outerStart[i], 0);
    const top = part.row - band.firstRow;
    cover(band, plane, { left, right, top, bottom: part.end - band.firstRow }, this.directory);
    const pixels = pixelsOf(band.pixels, this.#options.dtype);
    const first = (plane * rows + top) * width;
    if (right - left === width) {
      pixels.set(values, first);
      return;
    }
    for (let y = 0; y < part.end - part.row; y++) {
      pixels.set(values.subarray(y * (right - left), (y + 1) * (right - left)), first + y * width + left);
    }
  }

  /** Waits until no more than so many bands are on their way. @throws {VitrineError} whatever went wrong with one of them */
  async #settle(most: number): Promise<void> {
    while (this.#running.size > most) await Promise.race(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #submit(band: Band): void {
    this.#bands.finish(band);
    const running = this.#process(band)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Packs a band in parts, gives the next level its rows, and goes on there if they were the last ones. */
  async #process(band: Band): Promise<void> {
    const { outerStart, firstRow, pixels, level } = band;
    const next =
      level + 1 < this.levels.length ? this.#bands.at(level + 1, outerStart, firstRow >> 1) : undefined;
    const found = await Promise.all(this.#jobs(band, next).map((job) => this.#pool.run(job)));
    for (const statistics of found) mergeChannels(this.#statistics, statistics, this.#options.dtype);
    this.#bands.release(band);
    if (next === undefined) return;
    const top = (firstRow >> 1) - next.firstRow;
    const rows = { left: 0, right: next.pixels.width, top, bottom: top + Math.ceil(pixels.rows / 2) };
    for (let plane = 0; plane < pixels.planes; plane++) cover(next, plane, rows, this.directory);
    if (next.missing > 0) return;
    this.#bands.finish(next);
    await this.#process(next);
  }

  #jobs(band: Band, next: Band | undefined): readonly BandJob[] {
    const { compression = DEFAULT_COMPRESSION, reduction = "mean", dtype, version } = this.#options;
    const { path, chunkShape, shardShape } = this.levels[band.level];
    const unit = shardShape ?? chunkShape;
    const job = {
      band: band.pixels,
      outer: band.outer,
      origin: [...band.outerStart, band.firstRow].map((start, i) => start / unit[i]),
      storage: {
        prefix: `${this.directory}/${path}/${version === "0.4" ? "" : "c/"}`,
        dtype,
        chunkShape,
        shardShape,
        compression,
      },
      ...(next !== undefined && {
        next: { band: next.pixels, row: (band.firstRow >> 1) - next.firstRow, reduction },
      }),
      ...(this.#isCounted(band) && { count: this.#countOf(band) }),
    };
    return columnParts(band.pixels.width, unit[unit.length - 1], this.#pool.parts).map((columns) => ({
      ...job,
      columns,
    }));
  }

  #isCounted({ level }: Band): boolean {
    return level === 0 && this.#inner.imageLabel === undefined;
  }

  #countOf({ outer, outerStart, firstRow }: Band): NonNullable<BandJob["count"]> {
    const { axes, shape } = this.#options;
    const axis = axes.findIndex(({ kind }) => kind === "channel");
    const spans = outer.map((length, i) => ({ from: outerStart[i], to: outerStart[i] + length }));
    const channels = [...indicesWithin(spans)].map((indices) => (axis < 0 ? 0 : indices[axis]));
    const values = shape.reduce((product, side) => product * side, 1) / (axis < 0 ? 1 : shape[axis]);
    return { channels, firstRow, stride: sampleStride(values), rowStride: countedRowStride(values) };
  }

  async #closePool(): Promise<void> {
    await this.#ownPool?.close();
  }
}

/** @throws {VitrineError} type, shape: not as many values of this type as the block has */
function checkValues(
  data: PixelArray,
  shape: readonly number[],
  { dtype, at }: { readonly dtype: PixelType; readonly at: string },
): void {
  const found = pixelTypeOf(data, `${at} data`);
  if (found !== dtype) throw new VitrineError({ code: "type", at: `${at} data`, expected: dtype, found });
  if (data.length === shape.reduce((product, side) => product * side, 1)) return;
  const expected = `${shape.join(" x ")} values`;
  throw new VitrineError({ code: "shape", at: `${at} data`, expected, found: String(data.length) });
}

/** Columns in as many parts, cut where a chunk or shard begins and a pair of columns does not end. */
function columnParts(width: number, unit: number, parts: number): readonly (readonly [number, number])[] {
  const step = unit % 2 === 0 ? unit : 2 * unit;
  const columns = Math.ceil(Math.ceil(width / step) / parts) * step;
  const count = Math.ceil(width / columns);
  return Array.from({ length: count }, (_, i) => [i * columns, Math.min(width, (i + 1) * columns)] as const);
}

/** @throws {VitrineError} always, for a folder that holds something */
export function notEmpty(at: string): VitrineError {
  return new VitrineError({
    code: "exists",
    at,
    expected: "no such folder, or an empty one",
    found: "files in it",
    hint: "Remove it or choose another name",
  });
}

function noShards(at: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: `${at} shardShape`,
    expected: "OME-Zarr 0.5",
    found: "0.4, which has no shards",
    hint: "Leave out shardShape, or write 0.5",
  });
}

function afterEnd(at: string): VitrineError {
  return new VitrineError({
    code: "missing",
    at,
    expected: "pixels before finish()",
    found: "some after it",
  });
}
