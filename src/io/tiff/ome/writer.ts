import { fileExists, openWritable, removeFile, renameFile } from "#files";
import type { PixelArray, PixelType } from "../../../core/index.ts";
import {
  imageBytes,
  type OptionKeys,
  pixelTypeOf,
  pixelView,
  requireKnownOptions,
  VitrineError,
} from "../../../core/index.ts";
import { indicesWithin } from "../../dataset/arrayPlan.ts";
import type { WritableFile, WriteOptions } from "../../files.ts";
import { halveRows } from "../../omezarr/multiscale/downsample.ts";
import type { Reduction } from "../../omezarr/multiscale/plan.ts";
import { resolveRegion } from "../../source/region.ts";
import type { SourceRegion } from "../../source/source.ts";
import { packTile, type TiffCompression } from "../encode.ts";
import { formatTiffHeader, padding } from "../entries.ts";
import { type OmePageLevel, writeDirectories } from "./directories.ts";
import { type OmePlan, type OmeTiffLayout, planOmeTiff } from "./layout.ts";

/** What {@link createOmeTiff} makes. */
export interface OmeTiffOptions extends OmeTiffLayout, WriteOptions {
  readonly path: string;
  /** Default deflate. */
  readonly compression?: TiffCompression;
  /** Side of a tile, a multiple of 16 (default 512). */
  readonly tile?: number;
  /** Resolutions, each half of the one before (default: until both sides are at most 256). */
  readonly levels?: number;
  /** Default `mean`; `mode` or `nearest` for labels. */
  readonly reduction?: Reduction;
}

/** Writes an OME-TIFF file of many resolutions by blocks. */
export interface OmeTiffWriter extends AsyncDisposable {
  readonly path: string;
  /** What OME-XML cannot hold, a sentence each. */
  readonly warnings: readonly string[];
  /**
   * Takes pixels of the full resolution: whole rows, those of a plane from the first one on; planes in any order.
   *
   * @param region  by the names of axes, as a source's read
   * @param data    its values in C order, not changed
   * @throws {VitrineError} missing, range, type, shape: a region or values that do not fit, or rows out of order; storage
   */
  write(region: SourceRegion, data: PixelArray): Promise<void>;
  /** Fills what never came with 0, writes directories and OME-XML, and gives the file its name. */
  finish(): Promise<void>;
  /** Ends without `finish`: no file is left. */
  close(): Promise<void>;
}

const TILE = 512;
const SMALLEST_SIDE = 256;
/** Room for either kind of header. */
const HEADER_BYTES = 16;

/** Rows of a level of a plane that wait until they fill a row of tiles. */
interface Level extends OmePageLevel {
  /** Rows that were taken. */
  rows: number;
  /** (tile, width, samples) values. */
  band: PixelArray | undefined;
}

const KEYS: OptionKeys<OmeTiffOptions> = {
  path: true,
  compression: true,
  tile: true,
  levels: true,
  reduction: true,
  axes: true,
  shape: true,
  dtype: true,
  scale: true,
  translation: true,
  significantBits: true,
  channels: true,
  name: true,
  seriesNames: true,
  seriesTranslations: true,
  plate: true,
  metadata: true,
  overwrite: true,
  durability: true,
};

/**
 * Makes an OME-TIFF file: tiles, SubIFDs of lower resolutions made from the pixels as they come, BigTIFF where it grows beyond
 * 4 GiB, OME-XML with axes, units, channels. It is there under its name when it is whole, and not before.
 *
 * @throws {VitrineError} exists: the path is taken; shape, unsupported: axes that OME-TIFF cannot hold; range: tiles, levels
 */
export async function createOmeTiff(options: OmeTiffOptions): Promise<OmeTiffWriter> {
  requireKnownOptions("createOmeTiff", options, KEYS);
  const { path, overwrite = false, tile = TILE } = options;
  const plan = planOmeTiff(options, path);
  if (!Number.isInteger(tile) || tile < 16 || tile % 16 !== 0)
    throw new VitrineError({
      code: "range",
      at: `${path} tile`,
      expected: "a multiple of 16",
      found: `${tile}`,
    });
  const sizes = levelSizes(plan, options.levels, path);
  if (!overwrite && (await fileExists(path))) throw taken(path);
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  const file = await openWritable(temporary, { create: true });
  return new Writer({ options: { ...options, tile }, plan, sizes, file });
}

function levelSizes({ height, width }: OmePlan, levels: number | undefined, at: string): [number, number][] {
  const sizes: [number, number][] = [[height, width]];
  if (levels !== undefined && !(Number.isInteger(levels) && levels >= 1 && levels <= 32))
    throw new VitrineError({ code: "range", at: `${at} levels`, expected: "1 to 32", found: `${levels}` });
  for (;;) {
    const [rows, columns] = sizes[sizes.length - 1];
    const isSmall = levels === undefined ? Math.max(rows, columns) <= SMALLEST_SIDE : sizes.length === levels;
    if (isSmall || (rows === 1 && columns === 1)) return sizes;
    sizes.push([Math.ceil(rows / 2), Math.ceil(columns / 2)]);
  }
}

interface Parts {
  readonly options: OmeTiffOptions & { readonly tile: number };
  readonly plan: OmePlan;
  readonly sizes: readonly (readonly [number, number])[];
  readonly file: WritableFile;
}

class Writer implements OmeTiffWriter {
  readonly path: string;
  readonly warnings: readonly string[];
  readonly #parts: Parts;
  /** By the number of the plane. */
  readonly #planes: (readonly Level[])[] = [];
  #end = HEADER_BYTES;
  /** Tiles of all bands so far are in the file. */
  #stored: Promise<void> = Promise.resolve();
  /** Calls follow one another. */
  #last: Promise<void> = Promise.resolve();
  #state: "open" | "done" = "open";

  constructor(parts: Parts) {
    this.#parts = parts;
    this.path = parts.options.path;
    this.warnings = parts.plan.warnings;
  }

  write(region: SourceRegion, data: PixelArray): Promise<void> {
    return this.#next(() => this.#write(region, data));
  }

  finish(): Promise<void> {
    return this.#next(() => this.#finish());
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#stored.catch(() => {});
    if (this.#state === "done") return;
    this.#state = "done";
    await this.#parts.file.close();
    await removeFile(this.#parts.file.name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #next(work: () => Promise<void>): Promise<void> {
    const next = this.#last.then(work);
    this.#last = next;
    // who waits for it is told
    next.catch(() => {});
    return next;
  }

  async #write(region: SourceRegion, data: PixelArray): Promise<void> {
    const { axes, shape, dtype } = this.#parts.options;
    const { path } = this;
    if (this.#state === "done")
      throw new VitrineError({ code: "missing", at: path, expected: "an open file", found: "a closed one" });
    const level = { shape, chunkShape: shape, scale: shape.map(() => 1), translation: shape.map(() => 0) };
    const { spans, shape: counts } = resolveRegion({ name: path, axes, levels: [level] }, { region });
    checkData(data, {
      dtype,
      length: counts.reduce((product, count) => product * count, 1),
      at: `${path} data`,
    });
    const { outer, width, samples } = this.#parts.plan;
    const [rows, ...row] = counts.slice(outer.length);
    if (row[0] !== width || (row[1] ?? 1) !== samples) throw partialRows(path, row[0], width);
    const size = rows * width * samples;
    const first = spans[outer.length].from;
    let done = 0;
    for (const index of indicesWithin(spans.slice(0, outer.length))) {
      const plane = index.reduce((sum, at, axis) => sum * outer[axis] + at, 0);
      await this.#addRows(plane, { first, rows: data.subarray(done, done + size) });
      done += size;
    }
  }

  async #addRows(
    plane: number,
    { first, rows }: { readonly first: number; readonly rows: PixelArray },
  ): Promise<void> {
    const levels = this.#levelsOf(plane);
    if (levels[0].rows !== first)
      throw outOfOrder(this.path, { plane, expected: levels[0].rows, found: first });
    await this.#take(levels, 0, rows);
  }

  #levelsOf(plane: number): readonly Level[] {
    const before = this.#planes[plane];
    if (before !== undefined) return before;
    const levels = this.#parts.sizes.map(([height, width]) => this.#newLevel(height, width));
    this.#planes[plane] = levels;
    return levels;
  }

  #newLevel(height: number, width: number): Level {
    const { tile } = this.#parts.options;
    const tiles = Math.ceil(height / tile) * Math.ceil(width / tile);
    return {
      height,
      width,
      offsets: new Float64Array(tiles),
      byteCounts: new Float64Array(tiles),
      rows: 0,
      band: undefined,
    };
  }

  /** Copies rows into the band of a level; one that is full is stored, and halved into the next level. */
  async #take(levels: readonly Level[], at: number, rows: PixelArray): Promise<void> {
    const level = levels[at];
    const { tile, dtype } = this.#parts.options;
    const row = level.width * this.#parts.plan.samples;
    for (let done = 0; done < rows.length; ) {
      level.band ??= newPixels(tile * row, dtype);
      const filled = level.rows % tile;
      const count = Math.min(tile - filled, (rows.length - done) / row);
      level.band.set(rows.subarray(done, done + count * row), filled * row);
      level.rows += count;
      done += count * row;
      if (filled + count === tile || level.rows === level.height)
        await this.#storeBand(levels, at, filled + count);
    }
  }

  async #storeBand(levels: readonly Level[], at: number, rows: number): Promise<void> {
    const level = levels[at];
    const { band } = level;
    if (band === undefined) return;
    const next = levels[at + 1];
    if (next !== undefined) await this.#take(levels, at + 1, this.#halved(band, { rows, level, next }));
    await this.#storeTiles(level, band, rows);
    if (level.rows === level.height) level.band = undefined;
  }

  #halved(
    band: PixelArray,
    { rows, level, next }: { readonly rows: number; readonly level: Level; readonly next: Level },
  ): PixelArray {
    const { dtype, reduction = "mean" } = this.#parts.options;
    const { samples } = this.#parts.plan;
    const target = newPixels(Math.ceil(rows / 2) * next.width * samples, dtype);
    const common = {
      offset: 0,
      width: level.width,
      rows,
      from: 0,
      to: level.width,
      targetOffset: 0,
      targetWidth: next.width,
    };
    if (samples === 1) {
      halveRows({ ...common, source: band, target }, reduction, dtype);
      return target;
    }
    // colours one by one
    const [source, half] = [newPixels(rows * level.width, dtype), newPixels(target.length / samples, dtype)];
    for (let sample = 0; sample < samples; sample++) {
      for (let i = 0; i < source.length; i++) source[i] = band[i * samples + sample];
      halveRows({ ...common, source, target: half }, reduction, dtype);
      for (let i = 0; i < half.length; i++) target[i * samples + sample] = half[i];
    }
    return target;
  }

  /** Tiles are whole: beyond the image they repeat nothing and are 0. One band is packed while the next one comes. */
  async #storeTiles(level: Level, band: PixelArray, rows: number): Promise<void> {
    const { tile, dtype, compression = "deflate" } = this.#parts.options;
    const { samples } = this.#parts.plan;
    const across = Math.ceil(level.width / tile);
    const first = Math.floor((level.rows - 1) / tile) * across;
    const packing = Promise.all(
      Array.from({ length: across }, (_, column) => {
        const pixels = newPixels(tile * tile * samples, dtype);
        const left = column * tile;
        const count = Math.min(tile, level.width - left) * samples;
        for (let y = 0; y < rows; y++) {
          const from = (y * level.width + left) * samples;
          pixels.set(band.subarray(from, from + count), y * tile * samples);
        }
        return packTile(pixels, { width: tile, samples, compression });
      }),
    );
    const before = this.#stored;
    const stored = before.then(async () => {
      for (const [column, bytes] of (await packing).entries()) {
        level.offsets[first + column] = this.#end;
        level.byteCounts[first + column] = bytes.length;
        await this.#append(bytes);
      }
    });
    // who waits for it, at the next band or at the end, is told
    for (const promise of [packing, stored]) promise.catch(() => {});
    this.#stored = stored;
    await before;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    await this.#parts.file.write([bytes], this.#end);
    // every directory and tile begins at a multiple of 8
    this.#end += bytes.length + padding(bytes.length);
  }

  async #finish(): Promise<void> {
    if (this.#state === "done") return;
    const { options, plan, file } = this.#parts;
    const { tile, dtype, compression = "deflate" } = options;
    const count = plan.outer.reduce((product, side) => product * side, 1);
    const planes: (readonly OmePageLevel[])[] = [];
    for (let plane = 0; plane < count; plane++) {
      const levels = this.#levelsOf(plane);
      const [{ rows, height, width }] = levels;
      // a plane that never came has no tiles: they read as 0
      if (rows > 0 && rows < height) {
        const missing = newPixels((height - rows) * width * plan.samples, dtype);
        await this.#take(levels, 0, missing);
      }
      planes.push(levels);
    }
    await this.#stored;
    const { pieces, firstOffset, isBig } = writeDirectories(planes, {
      plan,
      tile,
      compression,
      end: this.#end,
    });
    for (const bytes of pieces) await this.#append(bytes);
    await file.resize(this.#end);
    await file.write([formatTiffHeader(isBig, firstOffset)], 0);
    await file.sync();
    await file.close();
    this.#state = "done";
    if (!options.overwrite && (await fileExists(this.path))) {
      await removeFile(file.name);
      throw taken(this.path);
    }
    await renameFile(file.name, this.path);
  }
}

function newPixels(length: number, dtype: PixelType): PixelArray {
  const layout = { width: length, height: 1, channels: 1, dtype };
  return pixelView(layout, new ArrayBuffer(imageBytes(layout)));
}

function checkData(
  data: PixelArray,
  { dtype, length, at }: { readonly dtype: PixelType; readonly length: number; readonly at: string },
): void {
  const found = pixelTypeOf(data, at);
  if (found !== dtype) throw new VitrineError({ code: "type", at, expected: dtype, found });
  if (data.length === length) return;
  throw new VitrineError({ code: "shape", at, expected: `${length} values`, found: `${data.length}` });
}

function partialRows(at: string, found: number, width: number): VitrineError {
  const expected = `whole rows of ${width} pixels`;
  return new VitrineError({
    code: "shape",
    at: `${at} region`,
    expected,
    found: `${found}`,
    hint: "Write bands of rows or planes",
  });
}

function outOfOrder(
  at: string,
  { plane, expected, found }: { readonly plane: number; readonly expected: number; readonly found: number },
): VitrineError {
  const where = `${at} plane ${plane}`;
  const hint = "Write the rows of a plane one after another";
  return new VitrineError({
    code: "range",
    at: where,
    expected: `row ${expected} next`,
    found: `${found}`,
    hint,
  });
}

function taken(at: string): VitrineError {
  const hint = "Remove it, choose another name, or pass overwrite: true";
  return new VitrineError({ code: "exists", at, expected: "no file of this name", found: "one", hint });
}
