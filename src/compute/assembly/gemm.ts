// Kernels of a product plan: C = alpha A B + beta C for a batch of matrices, real or complex, any strides.
//
// A plan is a block of 32-bit words that the host writes (linear/gemmLayout.ts has its only other description):
//   0 complex   1 rows m   2 columns n   3 depth k   4 block rows   5 block columns   6 block depth
//   8 A: address, row, column, batch stride, sign   13 B: the same   18 C: the same
//   23 packed A: address, bytes of a matrix         25 packed B: the same
// Strides are bytes. sign is -1 for a conjugate, else 1 (f32). m, n, k and blocks count values.
import { packColumns, packComplexColumns, packComplexRows, packRows } from "./gemmPack";
import { multiplyPanels, TILE_COLUMNS, TILE_ROWS } from "./gemmTile";

// @ts-ignore: decorator
@inline const A: usize = 32;
// @ts-ignore: decorator
@inline const B: usize = 52;
// @ts-ignore: decorator
@inline const C: usize = 72;
// @ts-ignore: decorator
@inline const PACKED_A: usize = 92;
// @ts-ignore: decorator
@inline const PACKED_B: usize = 100;

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
// @ts-ignore: decorator
@inline function packed(area: usize, slot: i32): usize { return <usize>load<u32>(area) + <usize>slot * <usize>load<u32>(area, 4); }
/** Columns of a panel of B. */
// @ts-ignore: decorator
@inline function panelColumns(plan: usize): i32 { return isComplex(plan) ? TILE_COLUMNS >> 1 : TILE_COLUMNS; }
// @ts-ignore: decorator
@inline function divideUp(a: i32, b: i32): i32 { return (a + b - 1) / b; }

/**
 * Packs panels begin..end of the block at (row, column, depth) of the matrices from `item` on. Each matrix has its panels of A
 * and then, with `both`, those of `alpha` B.
 */
export function gemmPack(
  plan: usize, item: i32, row: i32, column: i32, depth: i32, both: bool, alphaRe: f32, alphaIm: f32, begin: i32, end: i32,
): void {
  const rows = blockLength(plan, 0, row), columns = blockLength(plan, 1, column);
  const aPanels = divideUp(rows, TILE_ROWS), bPanels = both ? divideUp(columns, panelColumns(plan)) : 0;
  const perItem = aPanels + bPanels;
  for (let unit = begin; unit < end; ) {
    const slot = unit / perItem, panel = unit - slot * perItem;
    if (panel < aPanels) {
      const last = min(aPanels, panel + end - unit);
      packA(plan, item + slot, slot, row, depth, panel * TILE_ROWS, min(rows, last * TILE_ROWS));
      unit += last - panel;
    } else {
      const wide = panelColumns(plan), first = panel - aPanels, last = min(bPanels, first + end - unit);
      packB(plan, item + slot, slot, column, depth, first * wide, min(columns, last * wide), alphaRe, alphaIm);
      unit += last - first;
    }
  }
}

function packA(plan: usize, item: i32, slot: i32, row: i32, depth: i32, first: i32, last: i32): void {
  const steps = blockLength(plan, 2, depth), src = at(plan + A, item, row + first, depth);
  const along = rowStride(plan + A), step = columnStride(plan + A);
  const dst = packed(plan + PACKED_A, slot);
  if (isComplex(plan)) {
    packComplexRows(dst + <usize>(first * steps) * 8, src, along, step, last - first, steps, signOf(plan + A));
  } else {
    packRows(dst + <usize>(first * steps) * 4, src, along, step, last - first, steps);
  }
}

function packB(
  plan: usize, item: i32, slot: i32, column: i32, depth: i32, first: i32, last: i32, alphaRe: f32, alphaIm: f32,
): void {
  const steps = blockLength(plan, 2, depth), src = at(plan + B, item, depth, column + first);
  const along = columnStride(plan + B), step = rowStride(plan + B);
  const dst = packed(plan + PACKED_B, slot);
  if (isComplex(plan)) {
    const to = dst + <usize>(first * steps) * 16;
    packComplexColumns(to, src, along, step, last - first, steps, signOf(plan + B), alphaRe, alphaIm);
  } else {
    packColumns(dst + <usize>(first * steps) * 4, src, along, step, last - first, steps, alphaRe);
  }
}

/**
 * Multiplies what gemmPack left of the same block: with `onto` C += A B, else C = A B. A unit of begin..end is 8 x 8 tiles;
 * each matrix has its units row by row. `scratch`: TILE_BYTES.
 */
export function gemmMultiply(
  plan: usize, item: i32, row: i32, column: i32, depth: i32, onto: bool, scratch: usize, begin: i32, end: i32,
): void {
  const rows = blockLength(plan, 0, row), columns = blockLength(plan, 1, column), steps = blockLength(plan, 2, depth);
  const high = UNIT * TILE_ROWS, wide = UNIT * panelColumns(plan);
  const across = divideUp(columns, wide), perItem = across * divideUp(rows, high);
  const pairs = isComplex(plan), parts = pairs ? 2 : 1;
  for (let unit = begin; unit < end; unit++) {
    const slot = unit / perItem, inItem = unit - slot * perItem;
    const i = inItem / across * high, j = inItem % across * wide;
    multiplyPanels(
      packed(plan + PACKED_A, slot) + <usize>(i * steps * parts) * 4,
      packed(plan + PACKED_B, slot) + <usize>(j * steps * parts * parts) * 4,
      steps * parts, at(plan + C, item + slot, row + i, column + j), rowStride(plan + C), columnStride(plan + C),
      min(high, rows - i), min(wide, columns - j) * parts, pairs, onto, scratch,
    );
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
