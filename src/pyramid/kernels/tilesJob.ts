import { defineJob, type WorkerContext } from "../../compute/kernels/index.ts";
import type { CorrectionFlat, CorrectionLine } from "./correctionMaps.ts";
import { WORK_BYTES } from "./jpegTables.ts";
import type { TileLevel } from "./tileLayout.ts";

/** What all workers do together: 8-bit pixels, lower levels, files of tiles. Addresses in bytes. */
export interface TilesTask {
  /** 16-bit pixels to look up, or nothing where the first level is there. */
  readonly intensities?: { readonly source: number; readonly table: number };
  readonly pixels: number;
  /** Nothing was placed: the first level is black. */
  readonly isEmpty: boolean;
  readonly levels: readonly TileLevel[];
  readonly tileSize: number;
  readonly tables: number;
  /** {@link WORK_BYTES} a worker. */
  readonly work: number;
  /** Files, `room` bytes each, and their lengths, 4 bytes each. */
  readonly files: number;
  readonly room: number;
  readonly lengths: number;
  /** Of one tile a worker, where tiles at the ends are full ones. */
  readonly padding?: number;
}

/** Makes the tiles of a block. All workers are one team: a level begins when the one above is whole. */
export const tilesJob = defineJob<TilesTask>("pyramid/tiles", (context, task) => {
  const { kernels, team } = context;
  const { pixels, levels, intensities, isEmpty } = task;
  if (isEmpty) clearBlock(context, { pixels, ...levels[0] });
  if (intensities !== undefined) {
    const { width, height } = levels[0];
    const { source, table } = intensities;
    team.parallel(height, 16, (begin, end) => {
      kernels.lookUp(source, table, pixels, begin * width, end * width);
    });
  }
  for (let i = 1; i < levels.length; i++) {
    const { width, height, offset } = levels[i - 1];
    team.parallel(levels[i].height, 32, (begin, end) => {
      kernels.halveRows(pixels + offset, width, height, pixels + levels[i].offset, begin, end);
    });
  }
  for (const level of levels) encodeLevel(context, task, level);
});

/** Maps of a correction by z-scores from its table. Addresses in bytes. */
export interface CorrectionTask {
  readonly table: number;
  readonly pixels: number;
  readonly line: CorrectionLine;
  readonly scale: number;
  readonly shift: number;
}

/** Makes what lets floats correct a site. */
export const correctionJob = defineJob<CorrectionTask>("pyramid/correction", ({ kernels, team }, task) => {
  const { table, pixels, scale, shift } = task;
  const { factor, binsALevel, summand, mostShift } = task.line;
  team.parallel((pixels + 1) >> 1, 2 ** 16, (begin, end) => {
    kernels.correctionLines(table, pixels, factor, binsALevel, summand, mostShift, scale, shift, begin, end);
  });
});

/** A site that becomes part of a block. */
export interface PlacedSite {
  /** Address of its pixels. */
  readonly site: number;
  readonly siteHeight: number;
  readonly siteWidth: number;
  /** The part of it that is pasted. */
  readonly window: {
    readonly y: number;
    readonly x: number;
    readonly height: number;
    readonly width: number;
  };
  /** Where the window's first pixel belongs in the block; outside as well. */
  readonly y: number;
  readonly x: number;
}

/** How pixels of sites are corrected: by z-scores or a flat field. Addresses in bytes. */
export interface CorrectionUse {
  /** The head of a correction, and its maps. */
  readonly table: number;
  readonly bins: number;
  /** Room for the site in 16 bits, where it has 8. */
  readonly wide?: number;
  /** {@link WORK_BYTES} a worker. */
  readonly work: number;
  readonly how:
    | { readonly kind: "zscore"; readonly levels: number; readonly scale: number; readonly shift: number }
    /** `darks` is 0 where all pixels have one dark. */
    | {
        readonly kind: "flat";
        readonly flat: CorrectionFlat;
        readonly darks: number;
        readonly flats: number;
      };
}

/** Sites that become parts of a block. Addresses in bytes. */
export interface PlaceTask {
  /** No pixel of the block is of two of them. */
  readonly sites: readonly PlacedSite[];
  /** Of 65,536 entries, for 16 bits; left out, pixels are 8 bits. */
  readonly lookup?: number;
  /** In place of the lookup. */
  readonly correction?: CorrectionUse;
  /** First pixel of the block, and its size. */
  readonly pixels: number;
  readonly height: number;
  readonly width: number;
  /** Nothing was placed before: all of the block is made black first. */
  readonly isEmpty: boolean;
}

/** Rows of a site that one worker takes at a time. */
const BAND = 16;

/**
 * Pastes what of the sites' windows lies within a block, in 8 bits: the same rows of all sites one after the other, since they have the same part of
 * the correction's maps, which is still near then.
 */
export const placeJob = defineJob<PlaceTask>("pyramid/place", (context, task) => {
  const { pixels, height, width, isEmpty } = task;
  if (isEmpty) clearBlock(context, { pixels, height, width });
  const all = task.sites.map((site) => rowsWithin(site, task)).filter(({ count }) => count > 0);
  const rows = all.reduce((most, { end }) => Math.max(most, end), 0);
  context.team.parallel(rows, BAND, (from, to) => {
    for (const one of all) {
      const [begin, end] = [Math.max(from, one.begin), Math.min(to, one.end)];
      if (begin < end) pasteRows(context, task, { ...one, begin, end });
    }
  });
});

/** What of a site lies within the block. */
function rowsWithin(placed: PlacedSite, { pixels, height, width }: PlaceTask): SiteRows {
  const { y, x, window } = placed;
  const [top, bottom] = [Math.max(0, -y), Math.min(window.height, height - y)];
  const [left, right] = [Math.max(0, -x), Math.min(window.width, width - x)];
  // where the first column that is pasted would lie in the block's row of the site's row 0
  const target = pixels + (y - window.y) * width + x + left;
  const rows = { begin: window.y + top, end: window.y + bottom };
  return { placed, ...rows, first: window.x + left, count: right - left, target };
}

function clearBlock(
  { kernels, team }: WorkerContext,
  { pixels, height, width }: { readonly pixels: number; readonly height: number; readonly width: number },
): void {
  team.parallel(height, 256, (begin, end) => {
    kernels.clear(pixels, begin * width, end * width);
  });
}

/** Rows of a site, `count` columns of each from `first` on. */
interface SiteRows {
  readonly placed: PlacedSite;
  readonly begin: number;
  readonly end: number;
  readonly first: number;
  readonly count: number;
  readonly target: number;
}

function pasteRows({ kernels, memory, team }: WorkerContext, task: PlaceTask, rows: SiteRows): void {
  const { correction, lookup, width } = task;
  const { placed, begin, end, first, count, target } = rows;
  const { site, siteWidth, siteHeight } = placed;
  if (correction !== undefined) {
    const { bins, table, wide, work, how } = correction;
    if (wide !== undefined) kernels.widen(site, wide, begin * siteWidth, end * siteWidth);
    const from = [wide ?? site, siteWidth, siteHeight * siteWidth, first, count];
    const to = [bins, table, work + team.rank * WORK_BYTES, target, width, begin, end];
    if (how.kind === "zscore") kernels.correctRows(...from, how.levels, how.scale, how.shift, ...to);
    else {
      const { dark, darkRest, slope, constant } = how.flat;
      kernels.flattenRows(...from, how.darks, dark, darkRest, how.flats, slope, constant, ...to);
    }
    return;
  }
  const bytes = new Uint8Array(memory.buffer);
  for (let row = begin; row < end; row++) {
    const [from, to] = [row * siteWidth + first, target + row * width];
    if (lookup === undefined) bytes.copyWithin(to, site + from, site + from + count);
    else kernels.lookUp(site + 2 * from, lookup, to, 0, count);
  }
}

function encodeLevel(
  { kernels, memory, team, report }: WorkerContext,
  task: TilesTask,
  level: TileLevel,
): void {
  const { tileSize: side, room, padding } = task;
  const spare = padding === undefined ? undefined : padding + team.rank * side * side;
  const work = task.work + team.rank * WORK_BYTES;
  team.parallel(level.tileRows * level.tileColumns, 1, (begin, end) => {
    for (let i = begin; i < end; i++) {
      const y = Math.floor(i / level.tileColumns) * side;
      const x = (i % level.tileColumns) * side;
      const source = task.pixels + level.offset + y * level.width + x;
      const [width, height] = [Math.min(side, level.width - x), Math.min(side, level.height - y)];
      const tile = level.firstTile + i;
      const to = task.files + tile * room;
      const isPart = spare !== undefined && width * height < side * side;
      if (isPart) padTile(memory, { source, stride: level.width, width, height, side }, spare);
      const length = isPart
        ? kernels.encodeTile(spare, side, side, side, task.tables, work, to, room)
        : kernels.encodeTile(source, level.width, width, height, task.tables, work, to, room);
      new Int32Array(memory.buffer, task.lengths, tile + 1)[tile] = length ?? 0;
    }
    report(end - begin);
  });
}

interface PartOfTile {
  readonly source: number;
  readonly stride: number;
  readonly width: number;
  readonly height: number;
  readonly side: number;
}

/** Copies what there is of a tile into a black one. */
function padTile(
  { buffer }: WebAssembly.Memory,
  { source, stride, width, height, side }: PartOfTile,
  to: number,
): void {
  const tile = new Uint8Array(buffer, to, side * side).fill(0);
  for (let y = 0; y < height; y++) tile.set(new Uint8Array(buffer, source + y * stride, width), y * side);
}
