import type { Backend, Plan, PlanArray, PlanKind, PlanTypes, RunOptions } from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  type PlanArrayShape,
  type Regions,
  regionBytes,
  type WorkerPool,
} from "../../compute/kernels/index.ts";
import { VitrineError } from "../../core/index.ts";
import { correctionLength, correctionMaps } from "./correctionMaps.ts";
import { jpegTables, TABLE_BYTES, WORK_BYTES } from "./jpegTables.ts";
import { type TilesLayout, type TilesSize, tilesLayout } from "./tileLayout.ts";
import { placeJob, tilesJob } from "./tilesJob.ts";

/** One tile of a block as a JPEG file. */
export interface EncodedTile {
  /** 0 is full resolution. */
  readonly level: number;
  readonly row: number;
  readonly column: number;
  /** A whole grey baseline JPEG file; tiles at the right and lower end are as small as what is there, unless they are to be full. */
  readonly bytes: Uint8Array;
}

/** The words of a {@link TilesPlan}. Progress counts tiles. */
export interface TilesTypes extends PlanTypes {
  /**
   * - `pixels` (height, width): uint8 or uint16, as the size says.
   * - `lookup` (65,536): uint8, what each 16-bit value becomes; where `type` is `uint16`.
   * - `site` (height, width of a site): uint16, in place of `pixels` where the size has sites.
   * - `correction`: float64, as `correctionTable` makes it, in place of the lookup where sites are corrected.
   */
  readonly input: "pixels" | "lookup" | "site" | "correction";
  /** `last` (ceil(height / 2^(levels-1)), ceil(width / 2^(levels-1))): uint8 pixels of the last level, for those who join blocks below it. */
  readonly output: "last";
  /**
   * `quality`: makes the tiles; from 1 to 100, as libjpeg counts it. `place`: pastes the site that is set, with its first pixel at that pixel of the block
   * (outside as well), over what is there; the first after tiles were made begins a black block. It has no tiles yet.
   */
  readonly work:
    | { readonly quality: number }
    | { readonly place: { readonly y: number; readonly x: number } };
  readonly outcome: readonly EncodedTile[];
}

/**
 * Makes grey JPEG tiles of a block of pixels at several levels in one visit: 16-bit values through a table, each level from the uncompressed
 * pixels of the one above (mean of four, halves up; of what is there at an odd end), then all tiles, levels in order and tiles row by row.
 *
 * A block of sites is put together in the plan's memory, each site corrected on the way: `set("site", …)`, `run({ place })`, site by site, then
 * `run({ quality })`.
 *
 * The files are baseline JPEG with the quantiser of libjpeg at the same quality and the Huffman tables of T.81; any number of workers makes
 * the same bytes. Blocks whose sides are multiples of `tileSize` x 2^(levels-1) fit together.
 */
export interface TilesPlan extends Plan<TilesTypes> {
  readonly size: TilesSize;
}

/** The kind of plan that {@link createTiles} makes. */
export const tilesPlan: PlanKind<TilesSize, TilesPlan> = {
  name: "pyramid/tiles",
  wasm: {
    bytes: (size, workers) => regionBytes(pieces(size, workers)),
    create: (pool, size) => new WasmTiles(pool, size),
  },
};

/**
 * Makes a {@link TilesPlan}.
 *
 * @throws {VitrineError} range: sizes that cannot be, or more memory than there is
 *
 * @example
 * const tiles = createTiles(pool, { width: 4096, height: 4096, type: "uint16", levels: 5 });
 * tiles.set("lookup", scaleTable({ lower: 100, upper: 4000 }));
 * tiles.set("pixels", block);
 * for (const { level, row, column, bytes } of await tiles.run({ quality: 75 })) write(level, row, column, bytes);
 */
export function createTiles(backend: Backend, size: TilesSize): TilesPlan {
  return backend.plan(tilesPlan, size);
}

class WasmTiles implements TilesPlan {
  readonly size: TilesSize;
  readonly bytes: number;
  readonly #pool: WorkerPool;
  readonly #layout: TilesLayout;
  readonly #regions: Regions<keyof ReturnType<typeof pieces>>;
  /** No site was placed since the last tiles. */
  #isEmpty = true;

  constructor(pool: WorkerPool, size: TilesSize) {
    this.size = size;
    this.#pool = pool;
    this.#layout = tilesLayout(size);
    this.#regions = createRegions(pool, pieces(size, pool.workers));
    this.bytes = this.#regions.bytes;
  }

  set(name: TilesTypes["input"], data: PlanArray, at = 0): void {
    const shape = this.#inputOf(name);
    checkRows(`tiles ${name}`, shape, { data, at });
    const into = name === "pixels" && this.size.type === "uint16" ? "intensities" : name;
    this.#regions.set(into, data, shape.rowLength * at * data.BYTES_PER_ELEMENT);
    if (name !== "correction" || !(data instanceof Float64Array)) return;
    const { levels, bins, scale, shift } = correctionMaps(data);
    this.#regions.set("levels", levels);
    this.#regions.set("bins", bins);
    this.#regions.set("scale", scale);
    this.#regions.set("shift", shift);
  }

  #inputOf(name: TilesTypes["input"]): PlanArrayShape {
    const { width, height, type, site } = this.size;
    switch (name) {
      case "pixels": {
        if (site !== undefined) return { type: "u16", rows: 0, rowLength: width };
        return { type: type === "uint8" ? "u8" : "u16", rows: height, rowLength: width };
      }
      case "lookup":
        return {
          type: "u8",
          rows: type === "uint8" || site?.isCorrected === true ? 0 : 65_536,
          rowLength: 1,
        };
      case "site":
        return { type: "u16", rows: site?.height ?? 0, rowLength: site?.width ?? 1 };
      case "correction": {
        const rowLength = site === undefined ? 1 : correctionLength(site.height * site.width);
        return { type: "f64", rows: site?.isCorrected === true ? 1 : 0, rowLength };
      }
    }
  }

  async run(work: TilesTypes["work"], options: RunOptions = {}): Promise<EncodedTile[]> {
    if (this.size.site !== undefined && this.#isEmpty) {
      const { pixels } = this.#regions.address;
      this.#pool.u8(pixels, this.size.height * this.size.width).fill(0);
    }
    this.#isEmpty = "quality" in work;
    if ("quality" in work) return this.#encode(work.quality, options);
    await this.#place(work.place, options);
    return [];
  }

  async #place({ y, x }: { readonly y: number; readonly x: number }, options: RunOptions): Promise<void> {
    const { site: size, height, width } = this.size;
    if (size === undefined || !Number.isInteger(y) || !Number.isInteger(x)) {
      const expected = size === undefined ? "a plan with sites" : "whole pixels";
      throw new VitrineError({ code: "range", at: "tiles place", expected, found: `[${y}, ${x}]` });
    }
    const { site, lookup, pixels, correction: table, levels, bins, scale, shift } = this.#regions.address;
    const correction = size.isCorrected === true ? { correction: { levels, scale, shift, bins, table } } : {};
    const from = { site, siteHeight: size.height, siteWidth: size.width, lookup };
    await this.#pool.run(placeJob, { ...from, ...correction, pixels, height, width, y, x }, options);
  }

  async #encode(quality: number, options: RunOptions): Promise<EncodedTile[]> {
    if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
      const found = `${quality}`;
      throw new VitrineError({
        code: "range",
        at: "tiles quality",
        expected: "a whole number from 1 to 100",
        found,
      });
    }
    const { intensities, lookup, pixels, tables, work, files, lengths, padding } = this.#regions.address;
    const { levels, tileSize, room } = this.#layout;
    this.#regions.set("tables", jpegTables(quality));
    const isLookedUp = this.size.type === "uint16" && this.size.site === undefined;
    const source = isLookedUp ? { intensities: { source: intensities, table: lookup } } : {};
    const spare = this.size.areTilesFull ? { padding } : {};
    const address = { pixels, tables, work, files, lengths };
    await this.#pool.run(tilesJob, { ...address, ...source, ...spare, levels, tileSize, room }, options);
    return this.#files();
  }

  #files(): EncodedTile[] {
    const { levels, room, tiles } = this.#layout;
    const lengths = new Int32Array(tiles);
    this.#regions.read("lengths", lengths);
    return levels.flatMap(({ tileRows, tileColumns, firstTile }, level) =>
      Array.from({ length: tileRows * tileColumns }, (_, i) => {
        const bytes = new Uint8Array(lengths[firstTile + i]);
        if (bytes.length === 0) throw tooLarge(level, i, room);
        this.#regions.read("files", bytes, (firstTile + i) * room);
        return { level, row: Math.floor(i / tileColumns), column: i % tileColumns, bytes };
      }),
    );
  }

  read(_: "last", into: PlanArray, at = 0): void {
    const { width, height, offset } = this.#layout.levels[this.size.levels - 1];
    checkRows("tiles last", { type: "u8", rows: height, rowLength: width }, { data: into, at });
    this.#regions.read("pixels", into, offset + width * at);
  }

  dispose(): void {
    this.#regions.dispose();
  }
}

function tooLarge(level: number, tile: number, room: number): VitrineError {
  const at = `tiles level ${level}, tile ${tile}`;
  return new VitrineError({
    code: "range",
    at,
    expected: `a file of at most ${room} bytes`,
    found: "a larger one",
    hint: "Choose a lower quality",
  });
}

function pieces(size: TilesSize, workers: number) {
  const { pixelBytes, room, tiles, tileSize } = tilesLayout(size);
  const { type, site } = size;
  const sitePixels = site === undefined ? 0 : site.height * site.width;
  const corrected = site?.isCorrected === true ? sitePixels : 0;
  return {
    intensities: type === "uint16" && site === undefined ? 2 * size.width * size.height : 0,
    lookup: type === "uint16" && corrected === 0 ? 65_536 : 0,
    site: 2 * sitePixels,
    correction: corrected === 0 ? 0 : 8 * correctionLength(corrected),
    levels: corrected === 0 ? 0 : 4 * 65_536,
    bins: corrected === 0 ? 0 : 2 * 65_536,
    scale: 4 * corrected,
    shift: 4 * corrected,
    pixels: pixelBytes,
    tables: TABLE_BYTES,
    work: WORK_BYTES * workers,
    files: room * tiles,
    lengths: 4 * tiles,
    padding: size.areTilesFull ? workers * tileSize ** 2 : 0,
  };
}
