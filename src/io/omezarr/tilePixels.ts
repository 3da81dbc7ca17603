import type { PixelImage } from "../../core/index.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import { copyBox } from "../source/box.ts";
import { ChunkGrid, type Rectangle } from "./chunkGrid.ts";
import { type ChunkLayout, encodeChunks, planesOf } from "./chunks.ts";
import { chunkPaths } from "./dataset.ts";
import { type GroupPixels, type GroupPixelsOptions, storeFile } from "./groupPixels.ts";
import type { Counts, Indices, TileIndex } from "./imageGroups.ts";
import { arrayMetadata } from "./metadata.ts";
import { halvedPlanes, halvedSides, levelCount, type Sides } from "./planeLevels.ts";

/** Sides of chunks below the full resolution: a tile changes few of them, and few pixels besides its own. */
const CHUNK_SIDE = 512;

/** Whole tiles, where neighbours share pixels and the joined image has each once. */
const TILES = "tiles";

/** Pixels that neighbouring tiles share. */
export interface Overlap {
  readonly x: number;
  readonly y: number;
}

/** A part of one plane. */
interface Part {
  readonly plane: Indices;
  readonly part: Rectangle;
}

/**
 * Tiles that become one image: half of the overlap is cut from each side, a tile is a chunk of the full resolution, and goes
 * into every lower level at once. Each level is the level above halved, what is not there counts as 0. Where tiles overlap they are
 * kept whole beside, in an array of their own.
 */
export class TilePixels implements GroupPixels {
  readonly array: string;
  readonly layout: ChunkLayout;
  readonly #options: GroupPixelsOptions;
  readonly #overlap: Overlap;
  /** A tile without what is cut. */
  readonly #inner: ChunkLayout;
  readonly #grids: ChunkGrid[] = [];
  /** Planes that have a tile, by their indices. */
  readonly #planes = new Map<string, Indices>();
  #rows = 0;
  #columns = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(options: GroupPixelsOptions, overlap: Overlap) {
    const { width, height } = options.layout;
    this.#options = options;
    this.#overlap = overlap;
    this.layout = { ...options.layout, chunkRows: height };
    const inner = { width: width - overlap.x, height: height - overlap.y };
    this.#inner = { ...options.layout, ...inner, chunkRows: inner.height };
    this.array = overlap.x > 0 || overlap.y > 0 ? TILES : "0";
  }

  get levels(): number {
    return Math.max(1, this.#grids.length);
  }

  /** One after another, since tiles share chunks of lower levels. */
  write(image: PixelImage, at: Indices, tile: TileIndex = [0, 0]): Promise<void> {
    const written = this.#work.then(() => this.#write(image, at, tile));
    this.#work = written.catch(() => {});
    return written;
  }

  /** Tiles of a store are alike: the later one has the place of the one before. */
  async remove(): Promise<void> {}

  arrays([t, c, z]: Counts): readonly (readonly [name: string, metadata: JsonObject])[] {
    const { channels } = this.layout;
    const shape = ({ height, width }: Sides) => [t, c * channels, z, height, width];
    const levels = Array.from({ length: this.levels }, (_, level) => {
      return [String(level), arrayMetadata(shape(this.#sides(level)), this.#chunk(level))] as const;
    });
    if (this.array !== TILES) return levels;
    const sides = { height: this.#rows * this.layout.height, width: this.#columns * this.layout.width };
    return [...levels, [TILES, arrayMetadata(shape(sides), this.layout)]];
  }

  async #write(image: PixelImage, plane: Indices, tile: TileIndex): Promise<void> {
    const data = planesOf(image, this.layout.dtype);
    if (this.array === TILES) await this.#storeTile(data, plane, tile);
    const before = { sides: this.#sides(0), levels: this.#grids.length };
    this.#grow(plane, tile);
    const { height, width } = this.#inner;
    const [top, left] = [tile[0] * height, tile[1] * width];
    const part = { top, left, bottom: top + height, right: left + width };
    await this.#grids[0].write(plane, part, this.#trimmed(data));
    await this.#raise({ plane, part }, before);
    await Promise.all(this.#grids.map((grid) => grid.flush()));
  }

  async #storeTile(data: PixelImage["data"], at: Indices, tile: TileIndex): Promise<void> {
    const { store, group: image, durability } = this.#options;
    const [path] = chunkPaths(store, { image, array: TILES, at, tile, layout: this.layout });
    for await (const bytes of encodeChunks(data, this.layout)) await storeFile(path, bytes, durability);
  }

  #trimmed(data: PixelImage["data"]): PixelImage["data"] {
    if (this.array !== TILES) return data;
    const { width, height, channels: samples } = this.#inner;
    const shape = [samples, height, width];
    const from = { data, shape: [samples, this.layout.height, this.layout.width] };
    const trimmed = data.slice(0, samples * height * width);
    const at = [0, this.#overlap.y >> 1, this.#overlap.x >> 1];
    copyBox({ ...from, at }, { data: trimmed, shape, at: [0, 0, 0] }, shape);
    return trimmed;
  }

  #grow(plane: Indices, [row, column]: TileIndex): void {
    this.#planes.set(plane.join("/"), plane);
    this.#rows = Math.max(this.#rows, row + 1);
    this.#columns = Math.max(this.#columns, column + 1);
    const { store, group, durability, maxLevel } = this.#options;
    const levels = levelCount(this.#sides(0), maxLevel);
    for (let level = this.#grids.length; level < levels; level++) {
      const folder = `${store}/${group}/${level}`;
      this.#grids.push(new ChunkGrid({ folder, chunk: this.#chunk(level), durability }));
    }
  }

  #sides(level: number): Sides {
    const { height, width } = this.#inner;
    return halvedSides({ height: this.#rows * height, width: this.#columns * width }, level);
  }

  #chunk(level: number): ChunkLayout {
    if (level === 0) return this.#inner;
    return { ...this.#inner, width: CHUNK_SIDE, height: CHUNK_SIDE, chunkRows: CHUNK_SIDE };
  }

  /** Brings what has changed into the lower levels; a new level gets all of the level above. */
  async #raise(tile: Part, before: { readonly sides: Sides; readonly levels: number }): Promise<void> {
    let parts: readonly Part[] = [tile];
    for (let level = 1; level < this.#grids.length; level++) {
      const isNew = level >= Math.max(1, before.levels);
      const old = halvedSides(before.sides, level - 1);
      const above = isNew ? this.#everything(level - 1) : [...parts, ...this.#edges(level - 1, old)];
      for (const part of above) await this.#halve(level, part);
      parts = above.map(({ plane, part }) => ({ plane, part: halved(part) }));
    }
  }

  async #halve(level: number, { plane, part }: Part): Promise<void> {
    const { height, width } = this.#sides(level - 1);
    const { top, left, bottom, right } = halved(part);
    const { channels, dtype } = this.#inner;
    const source = {
      top: 2 * top,
      left: 2 * left,
      bottom: Math.min(height, 2 * bottom),
      right: Math.min(width, 2 * right),
    };
    const sides = { height: source.bottom - source.top, width: source.right - source.left };
    const data = await this.#grids[level - 1].read(plane, source);
    const target = halvedPlanes({ ...sides, channels, dtype, data });
    await this.#grids[level].write(plane, { top, left, bottom, right }, target.data);
  }

  /** All planes of a level, in parts that fit into memory. */
  #everything(level: number): readonly Part[] {
    const { height, width } = this.#sides(level);
    const step = 4 * CHUNK_SIDE;
    const parts: Part[] = [];
    for (const plane of this.#planes.values())
      for (let top = 0; top < height; top += step)
        for (let left = 0; left < width; left += step) {
          const [bottom, right] = [Math.min(height, top + step), Math.min(width, left + step)];
          parts.push({ plane, part: { top, left, bottom, right } });
        }
    return parts;
  }

  /** Last rows and columns that stood alone, of all planes, now that the image goes on behind them. */
  #edges(level: number, old: Sides): readonly Part[] {
    const { height, width } = this.#sides(level);
    const edges: Rectangle[] = [];
    if (old.height % 2 === 1 && height > old.height)
      edges.push({ top: old.height - 1, left: 0, bottom: old.height, right: old.width });
    if (old.width % 2 === 1 && width > old.width)
      edges.push({ top: 0, left: old.width - 1, bottom: old.height, right: old.width });
    return [...this.#planes.values()].flatMap((plane) => edges.map((part) => ({ plane, part })));
  }
}

/** The pixels of the next level that a part has a share in. */
function halved({ top, left, bottom, right }: Rectangle): Rectangle {
  return { top: top >> 1, left: left >> 1, bottom: (bottom + 1) >> 1, right: (right + 1) >> 1 };
}
