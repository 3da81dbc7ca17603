import { defineJob, type WorkerContext } from "../../compute/kernels/index.ts";
import type { CorrectionLine } from "./correctionMaps.ts";
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

/** Maps of a correction from its table. Addresses in bytes. */
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

/** A site that becomes part of a block. Addresses in bytes. */
export interface PlaceTask {
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
  /** Of 65,536 entries, for 16 bits; left out, pixels are 8 bits. */
  readonly lookup?: number;
  /** Of {@link CorrectionHead} and its table, in place of the lookup; `wide`: room for the site in 16 bits, where it has 8. */
  readonly correction?: {
    /** 0: the response to a value is the value itself. */
    readonly levels: number;
    readonly scale: number;
    readonly shift: number;
    readonly bins: number;
    readonly table: number;
    readonly wide?: number;
    /** {@link WORK_BYTES} a worker. */
    readonly work: number;
  };
  /** First pixel of the block, and its size. */
  readonly pixels: number;
  readonly height: number;
  readonly width: number;
  /** Nothing was placed before: all of the block is made black first. */
  readonly isEmpty: boolean;
  /** Where the window's first pixel belongs in the block; outside as well. */
  readonly y: number;
  readonly x: number;
}

/** Pastes what of a site's window lies within a block, in 8 bits. */
export const placeJob = defineJob<PlaceTask>("pyramid/place", (context, task) => {
  const { pixels, height, width, y, x, window, isEmpty } = task;
  if (isEmpty) clearBlock(context, { pixels, height, width });
  const [top, bottom] = [Math.max(0, -y), Math.min(window.height, height - y)];
  const [left, right] = [Math.max(0, -x), Math.min(window.width, width - x)];
  if (right <= left) return;
  const first = window.x + left;
  // where the first column that is pasted would lie in the block's row of the site's row 0
  const target = pixels + (y - window.y) * width + x + left;
  context.team.parallel(Math.max(0, bottom - top), 16, (begin, end) => {
    const rows = { begin: window.y + top + begin, end: window.y + top + end };
    pasteRows(context, task, { ...rows, first, count: right - left, target });
  });
});

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
  readonly begin: number;
  readonly end: number;
  readonly first: number;
  readonly count: number;
  readonly target: number;
}

function pasteRows({ kernels, memory, team }: WorkerContext, task: PlaceTask, rows: SiteRows): void {
  const { site, siteWidth, siteHeight, correction, lookup, width } = task;
  const { begin, end, first, count, target } = rows;
  if (correction !== undefined) {
    const { levels, scale, shift, bins, table, wide, work } = correction;
    if (wide !== undefined) kernels.widen(site, wide, begin * siteWidth, end * siteWidth);
    const from = [wide ?? site, siteWidth, siteHeight * siteWidth, first, count];
    const spare = work + team.rank * WORK_BYTES;
    kernels.correctRows(...from, levels, scale, shift, bins, table, spare, target, width, begin, end);
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
