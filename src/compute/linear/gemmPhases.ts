import type { Phase } from "../phases.ts";
import { type GemmLayout, TILE, UNIT } from "./gemmLayout.ts";

/** Words of a plan: what assembly/gemm.ts reads. */
const PLAN_WORDS = 26;
/** TILE_BYTES of assembly/gemmTile.ts: three cache lines, so that no two workers share one. */
const TILE_BYTES = 192;
/** Floats that one call may pack: below a millisecond even where each is in another cache line. */
const PACK_FLOATS = 1 << 17;
/** Multiplications and additions of one call where there is a choice: a millisecond or two. */
const CALL_FLOPS = 25e6;
/** Products of up to this (256³) are whole calls, where there are enough of them for every worker. */
const ITEM_FLOPS = 2 ** 25;
const ITEMS_A_WORKER = 2;
/** Values of C that one call may scale. */
const SCALE_VALUES = 1 << 18;

/** Pieces of memory that a plan takes. */
export type GemmPieces = Readonly<Record<"a" | "b" | "c" | "plan" | "left" | "right" | "scratch", number>>;

/** A factor of C = alpha A B + beta C. */
export type ComplexNumber = readonly [re: number, im: number];

/** Bytes of each piece. */
export function gemmPieces(layout: GemmLayout, workers: number): GemmPieces {
  const { floats, packedBytes } = layout;
  const isSplit = !runsWhole(layout, workers);
  const [left, right] = packedBytes;
  return {
    a: 4 * floats.a,
    b: 4 * floats.b,
    c: 4 * floats.c,
    plan: 4 * PLAN_WORDS,
    left: isSplit ? left : 0,
    right: isSplit ? right : 0,
    scratch: workers * scratchBytes(layout, workers),
  };
}

/** Whether each product of the batch is one worker's, from packing to the end, instead of every worker's. */
function runsWhole(layout: GemmLayout, workers: number): boolean {
  const [rows, columns, depth] = layout.lengths;
  const isBlock = rows === layout.blocks[0] && columns === layout.blocks[1];
  const flops = (layout.isComplex ? 8 : 2) * rows * columns * depth;
  return isBlock && flops <= ITEM_FLOPS && layout.batch >= ITEMS_A_WORKER * workers;
}

/** Working memory of one worker. */
function scratchBytes(layout: GemmLayout, workers: number): number {
  if (!runsWhole(layout, workers)) return TILE_BYTES;
  return 64 * Math.ceil((TILE_BYTES + leftBytes(layout) + layout.packedBytes[1]) / 64);
}

/** Bytes of the packed left factor, in whole cache lines. */
function leftBytes({ packedBytes }: GemmLayout): number {
  return 64 * Math.ceil(packedBytes[0] / 64);
}

/** Writes the block that kernels read, see assembly/gemm.ts. */
export function writeGemmPlan(buffer: ArrayBufferLike, layout: GemmLayout, places: GemmPieces): void {
  const words = new Uint32Array(buffer, places.plan, PLAN_WORDS);
  const floats = new Float32Array(buffer, places.plan, PLAN_WORDS);
  words.set([Number(layout.isComplex), ...layout.lengths, ...layout.blocks, layout.sumDepth]);
  layout.operands.forEach(({ piece, rowBytes, columnBytes, batchBytes, conjugate }, i) => {
    const at = 8 + 5 * i;
    words.set([places[piece], rowBytes, columnBytes, batchBytes], at);
    floats[at + 4] = conjugate ? -1 : 1;
  });
  words.set([places.left, places.right, leftBytes(layout)], 23);
}

/** What a run needs beside its layout. */
export interface GemmRun {
  readonly places: GemmPieces;
  readonly alpha: ComplexNumber;
  readonly beta: ComplexNumber;
  readonly workers: number;
}

/**
 * The passes of C = alpha A B + beta C. Sums over up to 256 floats of depth are added to C in their order, whoever computes
 * them.
 */
export function gemmPhases(layout: GemmLayout, run: GemmRun): Phase[] {
  const { alpha, beta, workers } = run;
  const keepsC = !isNumber(beta, 0);
  const multiplies = !isNumber(alpha, 0);
  const phases: Phase[] = [];
  if (!isNumber(beta, 1) && (keepsC || !multiplies)) phases.push(scalePhase(layout, run));
  if (!multiplies) return phases;
  if (runsWhole(layout, workers)) return [...phases, itemsPhase(layout, run, keepsC)];
  for (const block of blocksInOrder(layout)) {
    phases.push(packPhase(layout, run, block), multiplyPhase(layout, run, { ...block, keepsC }));
  }
  return phases;
}

function isNumber([re, im]: ComplexNumber, value: number): boolean {
  return re === value && im === 0;
}

interface Block {
  /** Which matrix of the batch. */
  readonly item: number;
  readonly row: number;
  readonly column: number;
  readonly depth: number;
}

/** Blocks that share a right factor follow each other. */
function* blocksInOrder({ batch, lengths, blocks }: GemmLayout): Generator<Block> {
  for (let item = 0; item < batch; item++)
    for (let column = 0; column < lengths[1]; column += blocks[1])
      for (let depth = 0; depth < lengths[2]; depth += blocks[2])
        for (let row = 0; row < lengths[0]; row += blocks[0]) yield { item, row, column, depth };
}

/** Rows, columns and depth of a block; columns and depth in floats. */
function floatsOf({ lengths, blocks, isComplex }: GemmLayout, { row, column, depth }: Block) {
  const floats = isComplex ? 2 : 1;
  const along = (axis: number, at: number) => Math.min(blocks[axis], lengths[axis] - at);
  return { rows: along(0, row), columns: floats * along(1, column), depth: floats * along(2, depth) };
}

function itemsPhase(layout: GemmLayout, { places, alpha, workers }: GemmRun, keepsC: boolean): Phase {
  const [rows, columns, depth] = layout.lengths;
  const quick = Math.floor(CALL_FLOPS / ((layout.isComplex ? 8 : 2) * rows * columns * depth));
  return {
    kernel: "gemmItems",
    args: [places.plan, Number(keepsC), ...alpha],
    scratch: { address: places.scratch, bytes: scratchBytes(layout, workers) },
    ...ranges(layout.batch, quick, workers),
  };
}

function packPhase(layout: GemmLayout, { places, alpha, workers }: GemmRun, block: Block): Phase {
  const { rows, columns, depth } = floatsOf(layout, block);
  const both = block.row === 0;
  const panels = Math.ceil(rows / TILE.rows) + (both ? Math.ceil(columns / TILE.columns) : 0);
  const args = [places.plan, block.item, block.row, block.column, block.depth, ...alpha];
  const quick = Math.floor(PACK_FLOATS / (TILE.columns * depth));
  return { kernel: "gemmPack", args, ...ranges(panels, quick, workers) };
}

function multiplyPhase(
  layout: GemmLayout,
  { places, workers }: GemmRun,
  block: Block & { readonly keepsC: boolean },
): Phase {
  const { rows, columns, depth } = floatsOf(layout, block);
  const units = Math.ceil(rows / UNIT.rows) * Math.ceil(columns / UNIT.columns);
  const quick = Math.floor(CALL_FLOPS / (2 * UNIT.rows * UNIT.columns * depth));
  const onto = block.keepsC || block.depth > 0;
  return {
    kernel: "gemmMultiply",
    args: [places.plan, block.item, block.row, block.column, block.depth, Number(onto)],
    scratch: { address: places.scratch, bytes: TILE_BYTES },
    ...ranges(units, quick, workers),
  };
}

function scalePhase({ batch, lengths }: GemmLayout, { places, beta, workers }: GemmRun): Phase {
  const quick = Math.floor(SCALE_VALUES / lengths[1]);
  return { kernel: "gemmScale", args: [places.plan, ...beta], ...ranges(batch * lengths[0], quick, workers) };
}

/** Ranges short enough for a quick abort and for workers that are held up to be relieved. */
function ranges(count: number, quick: number, workers: number): { count: number; step: number } {
  const fair = workers === 1 ? quick : Math.ceil(count / (8 * workers));
  return { count, step: Math.max(1, Math.min(quick, fair)) };
}
