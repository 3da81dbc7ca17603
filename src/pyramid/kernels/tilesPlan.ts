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
import type { PixelOffset, PixelSize } from "../geometry/levels.ts";
import { CORRECTION_HEAD, type CorrectionLine, correctionHead, correctionLength } from "./correctionMaps.ts";
import { jpegTables, TABLE_BYTES, WORK_BYTES } from "./jpegTables.ts";
import { type TilesLayout, type TilesSize, tilesLayout } from "./tileLayout.ts";
import { correctionJob, placeJob, tilesJob } from "./tilesJob.ts";

/** One tile of a block as a JPEG file. */
export interface EncodedTile {
  /** 0 is full resolution. */
  readonly level: number;
  readonly row: number;
  readonly column: number;
  /** A whole grey baseline JPEG file; tiles at the right and lower end are as small as what is there, unless they are to be full. */
  readonly bytes: Uint8Array;
}

/** Where a site goes, and which part of it. */
export interface PlaceWork {
  readonly place: PixelOffset;
  /** Default as the plan's size says. */
  readonly site?: PixelSize;
  /** In pixels of the site; default all of it. */
  readonly window?: PixelOffset & PixelSize;
}

/** The words of a {@link TilesPlan}. Progress counts tiles. */
export interface TilesTypes extends PlanTypes {
  /**
   * - `pixels` (height, width): uint8 or uint16, as the size says.
   * - `lookup` (65,536): uint8, what each 16-bit value becomes; where `type` is `uint16`.
   * - `site` (height, width of a site): in place of `pixels`, of the same type, where the size has sites. It may be set while the one before is
   *   placed, all of it anew.
   * - `correction`: float64, as `correctionTable` makes it, in place of the lookup where sites are corrected. It may come in pieces, of which the first
   *   holds all but its maps.
   */
  readonly input: "pixels" | "lookup" | "site" | "correction";
  /** `last` (ceil(height / 2^(levels-1)), ceil(width / 2^(levels-1))): uint8 pixels of the last level, for those who join blocks below it. */
  readonly output: "last";
  /**
   * `quality`: makes the tiles; from 1 to 100, as libjpeg counts it. `block`: all that follows is of a block of that size, at most the plan's (which
   * holds until then). `place`: pastes the site that is set, or its `window`, with its first pixel at that pixel of the block (outside as well), over
   * what is there; the first after tiles were made begins a black block. `site` is its size, where it is another than the plan says. These two have no
   * tiles yet.
   */
  readonly work: { readonly quality: number } | { readonly block: PixelSize } | PlaceWork;
  readonly outcome: readonly EncodedTile[];
}

/**
 * Makes grey JPEG tiles of a block of pixels at several levels in one visit: 16-bit values through a table, each level from the uncompressed
 * pixels of the one above (mean of four, halves up; of what is there at an odd end), then all tiles, levels in order and tiles row by row.
 *
 * A block of sites is put together in the plan's memory, each site looked up or corrected on the way: `set("site", …)`, `run({ place })`, site by
 * site, then `run({ quality })`.
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
  #layout: TilesLayout;
  /** Of the block that is made: the plan's own, or a smaller one. */
  #block: PixelSize;
  readonly #regions: Regions<keyof ReturnType<typeof pieces>>;
  /** Whose tables are there. */
  #quality: number | undefined;
  /** No site was placed since the last tiles. */
  #isEmpty = true;
  /** Where the site lies that was set last: of two places, since one may be placed while the next is set. */
  #site: "site" | "nextSite" = "site";
  #isPlaced = false;
  #line: CorrectionLine | undefined;
  /** The response of a pixel is its value. */
  #isLinear = false;
  #areMapsOld: boolean;

  constructor(pool: WorkerPool, size: TilesSize) {
    this.size = size;
    this.#pool = pool;
    this.#areMapsOld = size.site?.isCorrected === true;
    this.#layout = tilesLayout(size);
    this.#block = size;
    this.#regions = createRegions(pool, pieces(size, pool.workers));
    this.bytes = this.#regions.bytes;
  }

  set(name: TilesTypes["input"], data: PlanArray, at = 0): void {
    const shape = this.#inputOf(name);
    checkRows(`tiles ${name}`, shape, { data, at });
    const offset = shape.rowLength * at * data.BYTES_PER_ELEMENT;
    switch (name) {
      case "pixels":
        this.#regions.set(this.size.type === "uint16" ? "intensities" : "pixels", data, offset);
        return;
      case "lookup":
        this.#regions.set("lookup", data, offset);
        return;
      case "site":
        if (this.#isPlaced) this.#site = this.#site === "site" ? "nextSite" : "site";
        this.#isPlaced = false;
        this.#regions.set(this.#site, data, offset);
        return;
      case "correction":
        if (data instanceof Float64Array) this.#setCorrection(data, at);
    }
  }

  #setCorrection(data: Float64Array, at: number): void {
    if (at < CORRECTION_HEAD) {
      const found = `numbers ${at} to ${at + data.length}`;
      const expected = `numbers 0 to ${CORRECTION_HEAD} in one piece`;
      if (at > 0 || data.length < CORRECTION_HEAD)
        throw new VitrineError({ code: "range", at: "tiles correction", expected, found });
      const { levels, bins, line } = correctionHead(data);
      this.#isLinear = levels === undefined;
      if (levels !== undefined) this.#regions.set("levels", levels);
      this.#regions.set("bins", bins);
      this.#line = line;
    }
    this.#regions.set("correction", data, 8 * at);
    this.#areMapsOld = true;
  }

  #inputOf(name: TilesTypes["input"]): PlanArrayShape {
    const { site } = this.size;
    const { width, height } = this.#block;
    const type = this.size.type === "uint8" ? "u8" : "u16";
    switch (name) {
      case "pixels":
        return { type, rows: site === undefined ? height : 0, rowLength: width };
      case "lookup":
        return {
          type: "u8",
          rows: type === "u8" || site?.isCorrected === true ? 0 : 65_536,
          rowLength: 1,
        };
      case "site":
        return { type, rows: site === undefined ? 0 : site.height * site.width, rowLength: 1 };
      case "correction": {
        const rows = site?.isCorrected === true ? correctionLength(site.height * site.width) : 0;
        return { type: "f64", rows, rowLength: 1 };
      }
    }
  }

  async run(work: TilesTypes["work"], options: RunOptions = {}): Promise<EncodedTile[]> {
    if ("block" in work) {
      this.#begin(work.block);
      return [];
    }
    const isEmpty = this.size.site !== undefined && this.#isEmpty;
    this.#isEmpty = "quality" in work;
    if ("quality" in work) return this.#encode(work.quality, isEmpty, options);
    await this.#place(work, isEmpty, options);
    return [];
  }

  #begin({ height, width }: PixelSize): void {
    const { height: most, width: widest } = this.size;
    if (!(height <= most && width <= widest)) {
      const [expected, found] = [`at most ${most} x ${widest} pixels`, `${height} x ${width}`];
      throw new VitrineError({ code: "range", at: "tiles block", expected, found });
    }
    this.#layout = tilesLayout({ ...this.size, height, width });
    this.#block = { height, width };
    this.#isEmpty = true;
  }

  async #place(part: PlaceWork, isEmpty: boolean, options: RunOptions): Promise<void> {
    const { height, width } = this.#block;
    const place = checkPlace(this.size, part);
    const { wide, lookup, pixels, correction: table } = this.#regions.address;
    const site = this.#regions.address[this.#site];
    this.#isPlaced = true;
    const { bins, scale, shift, work } = this.#regions.address;
    const levels = this.#isLinear ? 0 : this.#regions.address.levels;
    const isBytes = this.size.type === "uint8";
    const how =
      this.size.site?.isCorrected === true
        ? { correction: { levels, scale, shift, bins, table, work, ...(isBytes && { wide }) } }
        : isBytes
          ? {}
          : { lookup };
    if (this.#areMapsOld) await this.#map(options);
    await this.#pool.run(placeJob, { site, ...place, ...how, pixels, height, width, isEmpty }, options);
  }

  async #map(options: RunOptions): Promise<void> {
    const { correction: table, scale, shift } = this.#regions.address;
    const { height, width } = this.size.site ?? { height: 0, width: 0 };
    const line = this.#line;
    if (line === undefined) {
      const [expected, found] = ["a correction that is set", "none"];
      throw new VitrineError({ code: "missing", at: "tiles place", expected, found });
    }
    await this.#pool.run(correctionJob, { table, pixels: height * width, line, scale, shift }, options);
    this.#areMapsOld = false;
  }

  async #encode(quality: number, isEmpty: boolean, options: RunOptions): Promise<EncodedTile[]> {
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
    if (this.#quality !== quality) this.#regions.set("tables", jpegTables(quality));
    this.#quality = quality;
    const isLookedUp = this.size.type === "uint16" && this.size.site === undefined;
    const source = isLookedUp ? { intensities: { source: intensities, table: lookup } } : {};
    const spare = this.size.areTilesFull ? { padding } : {};
    const address = { pixels, tables, work, files, lengths, isEmpty };
    await this.#pool.run(tilesJob, { ...address, ...source, ...spare, levels, tileSize, room }, options);
    return this.#files();
  }

  #files(): EncodedTile[] {
    const { levels, room, tiles } = this.#layout;
    const lengths = new Int32Array(tiles);
    this.#regions.read("lengths", lengths);
    // one array for all files: one for each would keep the collector busy
    const files = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
    let end = 0;
    return levels.flatMap(({ tileRows, tileColumns, firstTile }, level) =>
      Array.from({ length: tileRows * tileColumns }, (_, i) => {
        const bytes = files.subarray(end, end + lengths[firstTile + i]);
        end += bytes.length;
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

/** Where which part of a site goes. @throws {VitrineError} range: no sites, no whole pixels, or more than the plan has room or a correction for */
function checkPlace({ site: largest }: TilesSize, { place, site = largest, window }: PlaceWork) {
  const { y, x } = place;
  const refuse = (expected: string, found: string) =>
    new VitrineError({ code: "range", at: "tiles place", expected, found });
  if (largest === undefined || site === undefined) throw refuse("a plan with sites", `[${y}, ${x}]`);
  if (!Number.isInteger(y) || !Number.isInteger(x)) throw refuse("whole pixels", `[${y}, ${x}]`);
  const { height, width } = site;
  const fits =
    largest.isCorrected === true
      ? height === largest.height && width === largest.width
      : height * width <= largest.height * largest.width;
  if (!fits) {
    const most = `${largest.height} x ${largest.width} pixels`;
    throw refuse(largest.isCorrected === true ? most : `at most ${most}`, `${height} x ${width}`);
  }
  const part = window ?? { y: 0, x: 0, height, width };
  if (!(part.y >= 0 && part.x >= 0 && part.y + part.height <= height && part.x + part.width <= width))
    throw refuse(`a window within ${height} x ${width} pixels`, JSON.stringify(part));
  return { siteHeight: height, siteWidth: width, window: part, y, x };
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
    site: (type === "uint8" ? 1 : 2) * sitePixels,
    nextSite: (type === "uint8" ? 1 : 2) * sitePixels,
    wide: type === "uint8" ? 2 * corrected : 0,
    correction: corrected === 0 ? 0 : 8 * correctionLength(corrected),
    levels: corrected === 0 ? 0 : 4 * 65_536,
    bins: corrected === 0 ? 0 : 2 * 65_536,
    scale: 8 * Math.ceil(corrected / 2),
    shift: 8 * Math.ceil(corrected / 2),
    pixels: pixelBytes,
    tables: TABLE_BYTES,
    work: WORK_BYTES * workers,
    files: room * tiles,
    lengths: 4 * tiles,
    padding: size.areTilesFull ? workers * tileSize ** 2 : 0,
  };
}
