import { makeFolder } from "#files";
import type { Axes, ImageLayout, PixelImage } from "../../core/index.ts";
import {
  describeAxes,
  layoutOf,
  type OptionKeys,
  pixelBytes,
  requireKnownOptions,
  VitrineError,
} from "../../core/index.ts";
import type { DatasetImage, JsonObject } from "../dataset/dataset.ts";
import type { NdtiffDataset } from "./dataset.ts";
import { downsampleTile, type Region, type TilePixels } from "./downsample.ts";
import { levelFolder, within } from "./format.ts";
import { DOWNSAMPLING_KEY } from "./walk.ts";
import {
  type FolderWriter,
  type NdtiffOptions,
  type NdtiffWriter,
  openFolderWriter,
  writeDisplaySettings,
} from "./writer.ts";

/** More would need 2^16 tiles along a side. */
const MOST_LEVELS = 16;

/** Options of {@link createNdtiffPyramid}. */
export interface NdtiffPyramidOptions extends NdtiffOptions {
  /** Pixels that neighbouring tiles share; half of it is cut from each side of a tile below full resolution. */
  readonly overlapPx: { readonly x: number; readonly y: number };
  /** Lowest level (its pixels are 2^n wide); by default as many as it takes until all tiles fit into one. */
  readonly maxLevel?: number;
}

const KEYS: OptionKeys<NdtiffPyramidOptions> = {
  overlapPx: true,
  maxLevel: true,
  directory: true,
  name: true,
  summaryMetadata: true,
  maxFileBytes: true,
  durability: true,
  displaySettings: true,
};

/**
 * Begins an NDTiff 3.3 pyramid of tiles with the axes `row` and `column`, whole numbers that may be negative, and any others.
 * Each tile goes into "Full resolution" and at once into the lower levels, where four tiles become one of the same size, so
 * that a viewer can look while it is written: a tile of a lower level fills as its four come.
 *
 * @throws {VitrineError} exists: a dataset in the folder; storage; range: options; from `put` also missing: no row or column,
 *   shape: a tile of another size or type than the first
 */
export async function createNdtiffPyramid(options: NdtiffPyramidOptions): Promise<NdtiffWriter> {
  requireKnownOptions("createNdtiffPyramid", options, KEYS);
  checkOptions(options);
  await makeFolder(options.directory);
  const full = await openLevel(options, 0);
  if (options.displaySettings !== undefined)
    await writeDisplaySettings(options.directory, options.displaySettings);
  return new PyramidWriter(options, full);
}

function openLevel(options: NdtiffPyramidOptions, level: number): Promise<FolderWriter> {
  const folder = within(options.directory, levelFolder(level));
  const datasetName = level === 0 ? options.directory : folder;
  return openFolderWriter({ ...options, directory: folder, datasetName, resolutionLevel: level });
}

/** A tile of one level on its way into the next. */
interface Tile {
  readonly axes: Axes;
  readonly image: PixelImage;
  readonly metadata: JsonObject;
  readonly bitDepth: number | undefined;
  /** What has changed, without what is trimmed. */
  readonly changed: Region;
}

class PyramidWriter implements NdtiffWriter {
  readonly dataset: NdtiffDataset;
  readonly #options: NdtiffPyramidOptions;
  readonly #full: FolderWriter;
  /** Level n at n - 1. */
  readonly #lower: FolderWriter[] = [];
  readonly #extent = new TileExtent();
  #first: ImageLayout | undefined;
  #merged: Promise<void> = Promise.resolve();
  #finishing: Promise<void> | undefined;

  constructor(options: NdtiffPyramidOptions, full: FolderWriter) {
    this.#options = options;
    this.#full = full;
    this.dataset = full.dataset;
  }

  get duplicates(): number {
    return this.#full.duplicates;
  }

  async put(image: DatasetImage): Promise<void> {
    this.#checkTile(image);
    const saved = this.#full.put(image);
    const merged = Promise.all([saved, this.#merged]).then(() => this.#merge(image));
    this.#merged = merged.catch(() => {});
    await merged;
  }

  finish(): Promise<void> {
    this.#finishing ??= this.#finish();
    return this.#finishing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish();
  }

  /** The full resolution comes last: once it is finished, all is. */
  async #finish(): Promise<void> {
    await this.#merged;
    const lower = await Promise.allSettled(this.#lower.map((level) => level.finish()));
    await this.#full.finish();
    for (const result of lower) if (result.status === "rejected") throw result.reason;
  }

  async #merge({ axes, image, metadata, bitDepth }: DatasetImage): Promise<void> {
    this.#extent.add(tileIndex(axes, "row"), tileIndex(axes, "column"));
    let tile: Tile = { axes, image, metadata, bitDepth, changed: this.#wholeTile() };
    for (let level = 1; level <= this.#lower.length; level++) tile = await this.#mergeInto(level, tile);
    while (this.#lower.length < (this.#options.maxLevel ?? this.#extent.levels)) await this.#addLevel();
  }

  /** A new level begins with what the one above it has. */
  async #addLevel(): Promise<void> {
    const level = this.#lower.length + 1;
    const above = this.#lower.at(-1) ?? this.#full;
    const writer = await openLevel(this.#options, level);
    this.#lower.push(writer);
    this.dataset.addLevel(writer.dataset);
    for (const axes of above.dataset.imageCoordinates()) {
      const image = await above.dataset.readImage(axes);
      const metadata = await above.dataset.readMetadata(axes);
      const bitDepth = above.dataset.imageBitDepth(axes);
      await this.#mergeInto(level, { axes, image, metadata, bitDepth, changed: this.#wholeTile() });
    }
  }

  /** Brings a tile into the one that holds it a level lower, which it gives. */
  async #mergeInto(level: number, child: Tile): Promise<Tile> {
    const writer = this.#lower[level - 1];
    const [row, column] = [tileIndex(child.axes, "row"), tileIndex(child.axes, "column")];
    const axes = { ...child.axes, row: Math.floor(row / 2), column: Math.floor(column / 2) };
    const isThere = writer.dataset.hasImage(axes);
    const image = isThere ? await writer.dataset.readImage(axes) : this.#blankTile(child.image);
    const { overlapPx } = this.#options;
    const trim = level === 1 ? { x: overlapPx.x >> 1, y: overlapPx.y >> 1 } : { x: 0, y: 0 };
    const quadrant = { x: Math.abs(column % 2), y: Math.abs(row % 2) };
    const source = { ...child.image, data: tilePixels(child.image), trim, quadrant };
    const changed = downsampleTile(source, { ...image, data: tilePixels(image) }, child.changed);
    const metadata = { ...child.metadata, ...sizeTags(image), Axes: axes, [DOWNSAMPLING_KEY]: 2 ** level };
    const { bitDepth } = child;
    if (isThere) await writer.overwriteRows(axes, rowsOf(image, changed), changed.top);
    else
      await writer.put(
        bitDepth === undefined ? { axes, image, metadata } : { axes, image, metadata, bitDepth },
      );
    // with an odd side, quadrants share pixels: all of a tile counts as new, as in Micro-Manager's writer
    const isOdd = image.width % 2 === 1 || image.height % 2 === 1;
    return { axes, image, metadata, bitDepth, changed: isOdd ? this.#wholeTile() : changed };
  }

  #checkTile({ axes, image }: DatasetImage): void {
    const at = `${this.dataset.name} tile at ${describeAxes(axes)}`;
    tileIndex(axes, "row", at);
    tileIndex(axes, "column", at);
    const layout = layoutOf(image, at);
    const { x, y } = this.#options.overlapPx;
    if (x >= layout.width || y >= layout.height)
      throw wrongShape(at, `more than the overlap of ${x} x ${y} pixels`, layout);
    this.#first ??= layout;
    if (describeLayout(layout) !== describeLayout(this.#first))
      throw wrongShape(at, `${describeLayout(this.#first)}, as the first tile`, layout);
  }

  #tileSize(): { readonly width: number; readonly height: number } {
    const { width, height } = this.#first ?? { width: 0, height: 0 };
    return { width: width - this.#options.overlapPx.x, height: height - this.#options.overlapPx.y };
  }

  #wholeTile(): Region {
    const { width, height } = this.#tileSize();
    return { left: 0, top: 0, right: width, bottom: height };
  }

  #blankTile({ data, channels }: PixelImage): PixelImage {
    const { width, height } = this.#tileSize();
    const length = width * height * channels;
    return {
      data: data instanceof Uint8Array ? new Uint8Array(length) : new Uint16Array(length),
      width,
      height,
      channels,
    };
  }
}

/** Rows and columns that there are. */
class TileExtent {
  readonly #rows = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  readonly #columns = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };

  add(row: number, column: number): void {
    for (const [range, value] of [
      [this.#rows, row],
      [this.#columns, column],
    ] as const) {
      range.first = Math.min(range.first, value);
      range.last = Math.max(range.last, value);
    }
  }

  /** Levels until one tile is as wide as all of them together. */
  get levels(): number {
    const sides = [this.#rows, this.#columns].map(({ first, last }) => last - first + 1);
    return Math.ceil(Math.log2(Math.max(1, ...sides)));
  }
}

function tileIndex(axes: Axes, name: "row" | "column", at = "tile"): number {
  const value = axes[name];
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new VitrineError({
    code: "missing",
    at: `${at} axes.${name}`,
    expected: "a whole number",
    found: value === undefined ? "none" : JSON.stringify(value),
    hint: "Tiles of a pyramid have the axes row and column",
  });
}

function tilePixels({ data }: PixelImage): TilePixels {
  if (data instanceof Uint8Array || data instanceof Uint16Array) return data;
  throw new VitrineError({
    code: "type",
    at: "tile data",
    expected: "uint8 or uint16",
    found: data.constructor.name,
  });
}

function rowsOf({ data, height }: PixelImage, { top, bottom }: Region): Uint8Array {
  const bytes = pixelBytes(data);
  const rowBytes = bytes.length / height;
  return bytes.subarray(top * rowBytes, bottom * rowBytes);
}

function sizeTags({ width, height }: PixelImage): JsonObject {
  return { Width: width, Height: height };
}

function describeLayout({ width, height, channels, dtype }: ImageLayout): string {
  return `${width} x ${height} x ${channels} ${dtype}`;
}

function wrongShape(at: string, expected: string, layout: ImageLayout): VitrineError {
  return new VitrineError({ code: "shape", at, expected, found: describeLayout(layout) });
}

function checkOptions({ overlapPx: { x, y }, maxLevel = 0 }: NdtiffPyramidOptions): void {
  for (const [name, value] of Object.entries({ "overlapPx.x": x, "overlapPx.y": y, maxLevel }))
    if (!Number.isSafeInteger(value) || value < 0 || (name === "maxLevel" && value > MOST_LEVELS))
      throw new VitrineError({
        code: "range",
        at: `createNdtiffPyramid ${name}`,
        expected:
          name === "maxLevel" ? `a whole number from 0 to ${MOST_LEVELS}` : "a whole number, 0 or more",
        found: String(value),
      });
}
