import type { Backend, Plan, PlanArray, PlanKind, PlanTypes, RunOptions } from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  type PlanArrayShape,
  type Regions,
  regionBytes,
  type WorkerPool,
} from "../../compute/kernels/index.ts";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { PixelSize } from "../geometry/levels.ts";
import {
  CORRECTION_HEAD,
  CORRECTION_MAPS,
  type CorrectionHead,
  type CorrectionKind,
  correctionBytes,
  correctionHead,
} from "./correctionMaps.ts";
import { jpegTables, TABLE_BYTES, WORK_BYTES } from "./jpegTables.ts";
import { apart, checkPlace, type PlaceWork } from "./placeWork.ts";
import type { SiteRooms } from "./siteRooms.ts";
import { type TilesLayout, type TilesSize, tilesLayout } from "./tileLayout.ts";
import { type CorrectionUse, correctionJob, type PlacedSite, placeJob, tilesJob } from "./tilesJob.ts";

/** One tile of a block as a JPEG file. */
export interface EncodedTile {
  /** 0 is full resolution. */
  readonly level: number;
  readonly row: number;
  readonly column: number;
  /** A whole grey baseline JPEG file; tiles at the right and lower end are as small as what is there, unless they are to be full. */
  readonly bytes: Uint8Array;
}

/** A site in the pool's memory, and where it goes. */
export interface RoomWork extends PlaceWork {
  /** Pixels of the plan's type, in one of its rooms. */
  readonly data: PlanArray;
}

/** What a plan of tiles works on beside its own memory. */
export interface TilesUses {
  /** Those of sites that are placed where they lie. */
  readonly rooms?: SiteRooms;
}

/** The words of a {@link TilesPlan}. Progress counts tiles. */
export interface TilesTypes extends PlanTypes {
  /**
   * - `pixels` (height, width): uint8 or uint16, as the size says.
   * - `lookup` (65,536): uint8, what each 16-bit value becomes; where `type` is `uint16`.
   * - `site` (height, width of a site): in place of `pixels`, of the same type, where the size has sites. It may be set while the one before is
   *   placed, all of it anew.
   * - `correction`: float64, the head that `correctionTable` makes, in one piece, in place of the lookup where sites are corrected; `offset` and `divisor`
   *   (height and width of a site): its maps, float64 for z-scores, else float32. An offset that all pixels have is in the head.
   */
  readonly input: "pixels" | "lookup" | "site" | "correction" | "offset" | "divisor";
  /** `last` (ceil(height / 2^(levels-1)), ceil(width / 2^(levels-1))): uint8 pixels of the last level, for those who join blocks below it. */
  readonly output: "last";
  /**
   * `quality`: makes the tiles; from 1 to 100, as libjpeg counts it. `block`: all that follows is of a block of that size, at most the plan's (which
   * holds until then). `place`: pastes the site that is set, or its `window`, with its first pixel at that pixel of the block (outside as well), over
   * what is there; the first after tiles were made begins a black block. `site` is its size, where it is another than the plan says. `sites`: the same
   * of several that lie in rooms, the later on top; together they are faster. These have no tiles yet.
   */
  readonly work:
    | { readonly quality: number }
    | { readonly block: PixelSize }
    | PlaceWork
    | { readonly sites: readonly RoomWork[] };
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
export const tilesPlan: PlanKind<TilesSize, TilesPlan, TilesUses> = {
  name: "pyramid/tiles",
  wasm: {
    bytes: (size, workers) => regionBytes(pieces(size, workers)),
    create: (pool, { rooms, ...size }) => new WasmTiles(pool, size, rooms),
  },
};

const KEYS: OptionKeys<TilesSize & TilesUses> = {
  width: true,
  height: true,
  type: true,
  levels: true,
  tileSize: true,
  areTilesFull: true,
  site: true,
  rooms: true,
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
export function createTiles(backend: Backend, size: TilesSize & TilesUses): TilesPlan {
  requireKnownOptions("createTiles", size, KEYS);
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
  readonly #rooms: SiteRooms | undefined;
  /** Of the correction whose tables are there. */
  #head: Pick<CorrectionHead, "line" | "flat"> | undefined;
  /** The float maps are not those of the correction. */
  #areMapsOld: boolean;

  constructor(pool: WorkerPool, size: TilesSize, rooms: SiteRooms | undefined) {
    this.size = size;
    this.#pool = pool;
    this.#rooms = rooms;
    this.#areMapsOld = size.site?.correction === "zscore";
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
        if (data instanceof Float64Array) this.#setHead(data);
        return;
      case "offset":
      case "divisor":
        this.#regions.set("correction", data, this.#mapOffset(name) + offset);
        this.#areMapsOld = this.size.site?.correction === "zscore";
    }
  }

  #setHead(data: Float64Array): void {
    if (data.length < CORRECTION_HEAD) {
      const [expected, found] = [`${CORRECTION_HEAD} numbers in one piece`, `${data.length}`];
      throw new VitrineError({ code: "range", at: "tiles correction", expected, found });
    }
    const { levels, bins, line, flat } = correctionHead(data);
    const isZscore = this.size.site?.correction === "zscore";
    if (isZscore) this.#regions.set("levels", levels);
    this.#regions.set("bins", bins);
    this.#regions.set("correction", data);
    this.#head = { line, flat };
    this.#areMapsOld = isZscore;
  }

  /** Where a map begins behind the head, in bytes: offsets, where there are such, then divisors. */
  #mapOffset(name: "offset" | "divisor"): number {
    const { bytes, maps } = CORRECTION_MAPS[this.size.site?.correction ?? "flat"];
    return 8 * CORRECTION_HEAD + (name === "divisor" ? (maps - 1) * bytes * sitePixels(this.size) : 0);
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
          rows: type === "u8" || site?.correction !== undefined ? 0 : 65_536,
          rowLength: 1,
        };
      case "site":
        return { type, rows: site === undefined ? 0 : site.height * site.width, rowLength: 1 };
      case "correction":
        return { type: "f64", rows: site?.correction === undefined ? 0 : CORRECTION_HEAD, rowLength: 1 };
      case "offset":
      case "divisor":
        return mapShape(this.size, name);
    }
  }

  async run(work: TilesTypes["work"], options: RunOptions = {}): Promise<EncodedTile[]> {
    if ("block" in work) {
      this.#begin(work.block);
      return [];
    }
    if ("sites" in work && work.sites.length === 0) return [];
    const isEmpty = this.size.site !== undefined && this.#isEmpty;
    this.#isEmpty = "quality" in work;
    if ("quality" in work) return this.#encode(work.quality, isEmpty, options);
    if ("sites" in work) await this.#placeRooms(work.sites, isEmpty, options);
    else {
      const site = this.#regions.address[this.#site];
      const placed = { site, ...checkPlace(this.size, work) };
      this.#isPlaced = true;
      await this.#place([placed], isEmpty, options);
    }
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

  async #placeRooms(sites: readonly RoomWork[], isEmpty: boolean, options: RunOptions): Promise<void> {
    const type = this.size.type === "uint8" ? "u8" : "u16";
    const placed = sites.map(({ data, ...work }): PlacedSite => {
      const place = checkPlace(this.size, work);
      const rows = place.siteHeight * place.siteWidth;
      checkRows("tiles sites", { type, rows, rowLength: 1 }, { data, at: 0 });
      const site = this.#rooms?.addressOf(data);
      if (site !== undefined && data.length === rows) return { site, ...place };
      const [expected, found] = [`${rows} values in a room of this plan`, `${data.length} values`];
      throw new VitrineError({ code: "range", at: "tiles sites", expected, found });
    });
    for (const [i, group] of apart(placed).entries()) await this.#place(group, isEmpty && i === 0, options);
  }

  async #place(sites: readonly PlacedSite[], isEmpty: boolean, options: RunOptions): Promise<void> {
    const { height, width } = this.#block;
    const { lookup, pixels } = this.#regions.address;
    const { correction } = this.size.site ?? {};
    const isBytes = this.size.type === "uint8";
    const how =
      correction === undefined ? (isBytes ? {} : { lookup }) : { correction: this.#correction(correction) };
    if (this.#areMapsOld) await this.#map(options);
    await this.#pool.run(placeJob, { sites, ...how, pixels, height, width, isEmpty }, options);
  }

  #correction(kind: CorrectionKind): CorrectionUse {
    const { correction: table, bins, work, wide, levels, scale, shift } = this.#regions.address;
    const common = { table, bins, work, ...(this.size.type === "uint8" && { wide }) };
    if (kind === "zscore") return { ...common, how: { kind, levels, scale, shift } };
    const [flats, first] = [table + this.#mapOffset("divisor"), table + this.#mapOffset("offset")];
    const darks = kind === "flatAndDark" ? first : 0;
    return { ...common, how: { kind: "flat", flat: this.#requireHead().flat, darks, flats } };
  }

  /** @throws {VitrineError} missing: none was set */
  #requireHead(): Pick<CorrectionHead, "line" | "flat"> {
    if (this.#head !== undefined) return this.#head;
    const [expected, found] = ["a correction that is set", "none"];
    throw new VitrineError({ code: "missing", at: "tiles place", expected, found });
  }

  async #map(options: RunOptions): Promise<void> {
    const { correction, scale, shift } = this.#regions.address;
    const table = correction;
    const { line } = this.#requireHead();
    const pixels = sitePixels(this.size);
    await this.#pool.run(correctionJob, { table, pixels, line, scale, shift }, options);
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

function sitePixels({ site }: TilesSize): number {
  return site === undefined ? 0 : site.height * site.width;
}

function mapShape(size: TilesSize, name: "offset" | "divisor"): PlanArrayShape {
  const kind = size.site?.correction;
  const { type, maps } = CORRECTION_MAPS[kind ?? "flat"];
  const isThere = kind !== undefined && (name === "divisor" || maps === 2);
  return { type, rows: isThere ? sitePixels(size) : 0, rowLength: 1 };
}

function pieces(size: TilesSize, workers: number) {
  const { pixelBytes, room, tiles, tileSize } = tilesLayout(size);
  const { type, site } = size;
  const ofSite = sitePixels(size);
  const correction = site?.correction;
  const isCorrected = correction !== undefined;
  const ofZscore = correction === "zscore" ? ofSite : 0;
  return {
    intensities: type === "uint16" && site === undefined ? 2 * size.width * size.height : 0,
    lookup: type === "uint16" && !isCorrected ? 65_536 : 0,
    site: (type === "uint8" ? 1 : 2) * ofSite,
    nextSite: (type === "uint8" ? 1 : 2) * ofSite,
    wide: type === "uint8" && isCorrected ? 2 * ofSite : 0,
    correction: isCorrected ? correctionBytes(correction, ofSite) : 0,
    levels: ofZscore === 0 ? 0 : 4 * 65_536,
    bins: isCorrected ? 2 * 65_536 : 0,
    scale: 8 * Math.ceil(ofZscore / 2),
    shift: 8 * Math.ceil(ofZscore / 2),
    pixels: pixelBytes,
    tables: TABLE_BYTES,
    work: WORK_BYTES * workers,
    files: room * tiles,
    lengths: 4 * tiles,
    padding: size.areTilesFull ? workers * tileSize ** 2 : 0,
  };
}
