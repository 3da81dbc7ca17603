// Kernels of a product plan: C = alpha A B + beta C for a batch of matrices, real or complex, any strides.
//
// A plan is a block of 32-bit words that the host writes (linear/gemmPhases.ts has its only other description):
//   0 complex   1 rows m   2 columns n   3 depth k   4 block rows   5 block columns   6 block depth   7 depth of one sum
//   8 A: address, row, column, batch stride, sign   13 B: the same   18 C: the same
//   23 packed A   24 packed B   25 bytes of packed A
// Strides are bytes. sign is -1 for a conjugate, else 1 (f32). Lengths count values; a block is a whole number of sums deep.
import { packColumns, packComplexColumns, packComplexRows, packRows } from "./gemmPack";
import { multiplyPanels, TILE_BYTES, TILE_COLUMNS, TILE_ROWS } from "./gemmTile";

// @ts-ignore: decorator
@inline const A: usize = 32;
// @ts-ignore: decorator
@inline const B: usize = 52;
// @ts-ignore: decorator
@inline const C: usize = 72;
// @ts-ignore: decorator
@inline const PACKED: usize = 92;

/** Tiles of a unit of work: 8 by 8, so that its panels stay in the second-level cache. */
const UNIT: i32 = 8;

// @ts-ignore: decorator
@inline function isComplex(plan: usize): bool { return load<i32>(plan) != 0; }
/** Length of a block that begins at `at` along axis 0 (rows), 1 (columns) or 2 (depth). */
// @ts-ignore: decorator
@inline function blockLength(plan: usize, axis: usize, at: i32): i32 {
  return min(load<i32>(plan + (axis << 2), 16), load<i32>(plan + (axis << 2), 4) - at);
}
// @ts-ignore: decorator
@inline function rowStride(matrix: usize): usize { return load<u32>(matrix, 4); }
// @ts-ignore: decorator
@inline function columnStride(matrix: usize): usize { return load<u32>(matrix, 8); }
// @ts-ignore: decorator
@inline function signOf(matrix: usize): f32 { return load<f32>(matrix, 16); }
/** Address of the value at (item, row, column). */
// @ts-ignore: decorator
@inline function at(matrix: usize, item: i32, row: i32, column: i32): usize {
  return <usize>load<u32>(matrix) + <usize>item * <usize>load<u32>(matrix, 12)
    + <usize>row * rowStride(matrix) + <usize>column * columnStride(matrix);
}
/** Columns of a panel of B. */
// @ts-ignore: decorator
@inline function panelColumns(plan: usize): i32 { return isComplex(plan) ? TILE_COLUMNS >> 1 : TILE_COLUMNS; }
// @ts-ignore: decorator
@inline function divideUp(a: i32, b: i32): i32 { return (a + b - 1) / b; }

// @ts-ignore: decorator
@inline function aPanelsOf(plan: usize, row: i32): i32 { return divideUp(blockLength(plan, 0, row), TILE_ROWS); }
// @ts-ignore: decorator
@inline function bPanelsOf(plan: usize, column: i32): i32 { return divideUp(blockLength(plan, 1, column), panelColumns(plan)); }

/** Panels first..last of A's block at (row, depth), to their places behind `dst`. */
function packLeft(plan: usize, item: i32, row: i32, depth: i32, dst: usize, first: i32, last: i32): void {
  const steps = blockLength(plan, 2, depth), skip = first * TILE_ROWS;
  const rows = min(last * TILE_ROWS, blockLength(plan, 0, row)) - skip;
  const src = at(plan + A, item, row + skip, depth), along = rowStride(plan + A), step = columnStride(plan + A);
  if (isComplex(plan)) {
    packComplexRows(dst + <usize>(skip * steps) * 8, src, along, step, rows, steps, signOf(plan + A));
  } else {
    packRows(dst + <usize>(skip * steps) * 4, src, along, step, rows, steps);
  }
}

/** Panels first..last of `alpha` B's block at (column, depth), to their places behind `dst`. */
function packRight(
  plan: usize, item: i32, column: i32, depth: i32, alphaRe: f32, alphaIm: f32, dst: usize, first: i32, last: i32,
): void {
  const steps = blockLength(plan, 2, depth), skip = first * panelColumns(plan);
  const columns = min(last * panelColumns(plan), blockLength(plan, 1, column)) - skip;
  const src = at(plan + B, item, depth, column + skip), along = columnStride(plan + B), step = rowStride(plan + B);
  if (isComplex(plan)) {
    const to = dst + <usize>(skip * steps) * 16;
    packComplexColumns(to, src, along, step, columns, steps, signOf(plan + B), alphaRe, alphaIm);
  } else {
    packColumns(dst + <usize>(skip * steps) * 4, src, along, step, columns, steps, alphaRe);
  }
}

/** Units of a block: 8 x 8 tiles each, row by row. */
// @ts-ignore: decorator
@inline function unitsAcross(plan: usize, column: i32): i32 { return divideUp(bPanelsOf(plan, column), UNIT); }
// @ts-ignore: decorator
@inline function unitsOf(plan: usize, row: i32, column: i32): i32 {
  return unitsAcross(plan, column) * divideUp(aPanelsOf(plan, row), UNIT);
}

/** One unit of a block, from the packed block at `left` and `right`. */
function multiplyUnit(
  plan: usize, item: i32, row: i32, column: i32, depth: i32, onto: bool,
  left: usize, right: usize, scratch: usize, unit: i32,
): void {
  const parts = isComplex(plan) ? 2 : 1;
  const steps = blockLength(plan, 2, depth) * parts, sum = load<i32>(plan, 28) * parts;
  const across = unitsAcross(plan, column), high = UNIT * TILE_ROWS, wide = UNIT * panelColumns(plan);
  const i = unit / across * high, j = unit % across * wide;
  const rows = min(high, blockLength(plan, 0, row) - i), columns = min(wide, blockLength(plan, 1, column) - j);
  const c = at(plan + C, item, row + i, column + j);
  const a = left + <usize>(i * steps) * 4, b = right + <usize>(j * parts * steps) * 4;
  for (let k = 0; k < steps; k += sum) {
    multiplyPanels(
      a + <usize>(k * TILE_ROWS) * 4, <usize>(steps * TILE_ROWS) * 4,
      b + <usize>(k * TILE_COLUMNS) * 4, <usize>(steps * TILE_COLUMNS) * 4, min(sum, steps - k),
      c, rowStride(plan + C), columnStride(plan + C), rows, columns * parts, parts == 2, onto || k > 0, scratch,
    );
  }
}

/**
 * Packs panels begin..end of the block at (row, column, depth) of matrix `item`: those of A and then, where B is wanted, those
 * of `alpha` B.
 */
export function gemmPack(
  plan: usize, item: i32, row: i32, column: i32, depth: i32, alphaRe: f32, alphaIm: f32, begin: i32, end: i32,
): void {
  const aPanels = aPanelsOf(plan, row);
  if (begin < aPanels) packLeft(plan, item, row, depth, load<u32>(plan + PACKED), begin, min(end, aPanels));
  if (end <= aPanels) return;
  const right: usize = load<u32>(plan + PACKED, 4), first = max(begin - aPanels, 0);
  packRight(plan, item, column, depth, alphaRe, alphaIm, right, first, end - aPanels);
}

/** Multiplies units begin..end of the block that gemmPack left: with `onto` C += A B, else C = A B. `scratch`: TILE_BYTES. */
export function gemmMultiply(
  plan: usize, item: i32, row: i32, column: i32, depth: i32, onto: bool, scratch: usize, begin: i32, end: i32,
): void {
  const left: usize = load<u32>(plan + PACKED), right: usize = load<u32>(plan + PACKED, 4);
  for (let unit = begin; unit < end; unit++) {
    multiplyUnit(plan, item, row, column, depth, onto, left, right, scratch, unit);
  }
}

/** Whole products begin..end of the batch, for small matrices of one block: `scratch` holds a tile and the packed factors. */
export function gemmItems(
  plan: usize, onto: bool, alphaRe: f32, alphaIm: f32, scratch: usize, begin: i32, end: i32,
): void {
  const left = scratch + TILE_BYTES, right = left + <usize>load<u32>(plan + PACKED, 8);
  const depths = load<i32>(plan, 12), block = load<i32>(plan, 24), units = unitsOf(plan, 0, 0);
  for (let item = begin; item < end; item++) {
    for (let depth = 0; depth < depths; depth += block) {
      packLeft(plan, item, 0, depth, left, 0, aPanelsOf(plan, 0));
      packRight(plan, item, 0, depth, alphaRe, alphaIm, right, 0, bPanelsOf(plan, 0));
      for (let unit = 0; unit < units; unit++) {
        multiplyUnit(plan, item, 0, 0, depth, onto || depth > 0, left, right, scratch, unit);
      }
    }
  }
}

/** C *= beta in rows begin..end of the whole batch; beta 0 writes zeros over anything. */
export function gemmScale(plan: usize, betaRe: f32, betaIm: f32, begin: i32, end: i32): void {
  const rows = load<i32>(plan, 4), columns = load<i32>(plan, 8), step = columnStride(plan + C);
  const clears = betaRe == 0 && betaIm == 0;
  for (let index = begin; index < end; index++) {
    let p = at(plan + C, index / rows, index % rows, 0);
    for (let j = 0; j < columns; j++, p += step) {
      const re = load<f32>(p);
      if (!isComplex(plan)) {
        store<f32>(p, clears ? 0 : re * betaRe);
        continue;
      }
      const im = load<f32>(p, 4);
      store<f32>(p, clears ? 0 : betaIm == 0 ? re * betaRe : re * betaRe - im * betaIm);
      store<f32>(p, clears ? 0 : betaIm == 0 ? im * betaRe : re * betaIm + im * betaRe, 4);
    }
  }
}
