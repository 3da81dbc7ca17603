// Panels for multiplyPanels (gemmTile.ts). A panel of A is 6 rows, stored column by column: 6 floats a step of depth. A panel
// of B is 8 columns, stored row by row: 8 floats a step of depth. Panels follow each other; rows and columns beyond the
// matrix's last are zeros. Strides are in bytes, between neighbouring lines (rows of A, columns of B) and along depth.
//
// A complex product is a real one of twice the depth. For sums over k of (x + iy)(u + iv), a row of A is x, y, x, y, ... and
// B has the rows [u, v, ...] and [-v, u, ...] in turn, so a complex value takes 2 floats of a panel of A and 4 of one of B.
import { TILE_COLUMNS, TILE_ROWS } from "./gemmTile";
import { evenLanes, mul, oddLanes, transposeTo } from "./vector";

/** Any panel, float by float; `lines` of `width` are there. */
function packAny(dst: usize, src: usize, line: usize, step: usize, lines: i32, width: i32, depth: i32, scale: f32): void {
  for (let k = 0; k < depth; k++, src += step) {
    for (let i = 0; i < width; i++, dst += 4) {
      store<f32>(dst, i < lines ? load<f32>(src + <usize>i * line) * scale : 0);
    }
  }
}

/** A panel of 6 whole rows that lie along depth: 4 steps at a time, as many as there are; returns their number. */
function packRowsAlong(dst: usize, src: usize, row: usize, depth: i32): i32 {
  const whole = depth & ~3;
  for (let k = 0; k < whole; k += 4, src += 16, dst += 96) {
    const s4 = src + 4 * row;
    const x4 = v128.load(s4), x5 = v128.load(s4 + row);
    const low = v128.shuffle<f32>(x4, x5, 0, 4, 1, 5), high = v128.shuffle<f32>(x4, x5, 2, 6, 3, 7);
    transposeTo(
      v128.load(src), v128.load(src + row), v128.load(src + 2 * row), v128.load(src + 3 * row),
      dst, dst + 24, dst + 48, dst + 72,
    );
    v128.store64_lane(dst + 16, low, 0);
    v128.store64_lane(dst + 40, low, 1);
    v128.store64_lane(dst + 64, high, 0);
    v128.store64_lane(dst + 88, high, 1);
  }
  return whole;
}

/** A panel of 6 whole rows that lie across: a column is 6 neighbours. */
function packRowsAcross(dst: usize, src: usize, step: usize, depth: i32): void {
  for (let k = 0; k < depth; k++, src += step, dst += 24) {
    v128.store(dst, v128.load(src));
    store<u64>(dst + 16, load<u64>(src + 16));
  }
}

/** Panels of A (rows, depth), real: ceil(rows / 6) x depth x 6 floats at dst. */
export function packRows(dst: usize, src: usize, row: usize, step: usize, rows: i32, depth: i32): void {
  const panel = <usize>depth * TILE_ROWS * 4;
  for (let i = 0; i < rows; i += TILE_ROWS, src += <usize>TILE_ROWS * row, dst += panel) {
    const lines = min(TILE_ROWS, rows - i);
    if (lines == TILE_ROWS && row == 4) {
      packRowsAcross(dst, src, step, depth);
      continue;
    }
    const done = lines == TILE_ROWS && step == 4 ? packRowsAlong(dst, src, row, depth) : 0;
    packAny(dst + <usize>done * TILE_ROWS * 4, src + <usize>done * step, row, step, lines, TILE_ROWS, depth - done, 1);
  }
}

/** A panel of 8 whole columns that lie along depth: 4 steps at a time; returns the steps that were done. */
function packColumnsAlong(dst: usize, src: usize, column: usize, depth: i32, scale: v128): i32 {
  const whole = depth & ~3;
  for (let k = 0; k < whole; k += 4, src += 16, dst += 128) {
    for (let half: usize = 0, from = src; half < 32; half += 16, from += 4 * column) {
      const to = dst + half;
      transposeTo(
        mul(v128.load(from), scale), mul(v128.load(from + column), scale),
        mul(v128.load(from + 2 * column), scale), mul(v128.load(from + 3 * column), scale),
        to, to + 32, to + 64, to + 96,
      );
    }
  }
  return whole;
}

/** A panel of 8 whole columns that lie across: a row is 8 neighbours. */
function packColumnsAcross(dst: usize, src: usize, step: usize, depth: i32, scale: v128): void {
  for (let k = 0; k < depth; k++, src += step, dst += 32) {
    v128.store(dst, mul(v128.load(src), scale));
    v128.store(dst, mul(v128.load(src, 16), scale), 16);
  }
}

/** Panels of `alpha` B (depth, columns), real: ceil(columns / 8) x depth x 8 floats at dst. */
export function packColumns(dst: usize, src: usize, column: usize, step: usize, columns: i32, depth: i32, alpha: f32): void {
  const panel = <usize>depth * TILE_COLUMNS * 4;
  const scale = f32x4.splat(alpha);
  for (let j = 0; j < columns; j += TILE_COLUMNS, src += <usize>TILE_COLUMNS * column, dst += panel) {
    const lines = min(TILE_COLUMNS, columns - j);
    if (lines == TILE_COLUMNS && column == 4) {
      packColumnsAcross(dst, src, step, depth, scale);
      continue;
    }
    const done = lines == TILE_COLUMNS && step == 4 ? packColumnsAlong(dst, src, column, depth, scale) : 0;
    const to = dst + <usize>done * TILE_COLUMNS * 4;
    packAny(to, src + <usize>done * step, column, step, lines, TILE_COLUMNS, depth - done, alpha);
  }
}

/** Two complex values, the second one `line` bytes after the first; zeros where they are not among the `lines` that are left. */
// @ts-ignore: decorator
@inline function pairOf(src: usize, line: usize, lines: i32): v128 {
  if (lines > 1) return v128.load64_lane(src + line, v128.load64_zero(src), 1);
  if (lines > 0) return v128.load64_zero(src);
  return f32x4.splat(0);
}

/** Panels of A (rows, depth), complex: ceil(rows / 6) x 2 depth x 6 floats at dst; `sign` -1 conjugates. */
export function packComplexRows(
  dst: usize, src: usize, row: usize, step: usize, rows: i32, depth: i32, sign: f32,
): void {
  const signs = f32x4.splat(sign);
  for (let i = 0; i < rows; i += TILE_ROWS, src += <usize>TILE_ROWS * row) {
    const lines = rows - i;
    for (let k = 0, from = src; k < depth; k++, from += step, dst += 48) {
      const x = pairOf(from, row, lines), y = pairOf(from + 2 * row, row, lines - 2);
      const z = pairOf(from + 4 * row, row, lines - 4);
      v128.store(dst, evenLanes(x, y));
      v128.store64_lane(dst + 16, evenLanes(z, z), 0);
      v128.store(dst + 24, mul(oddLanes(x, y), signs));
      v128.store64_lane(dst + 40, mul(oddLanes(z, z), signs), 0);
    }
  }
}

/** [-v, u] of [u, v], twice. */
// @ts-ignore: decorator
@inline function timesI(x: v128): v128 {
  return mul(v128.shuffle<f32>(x, x, 1, 0, 3, 2), f32x4(-1, 1, -1, 1));
}

/** Panels of `alpha` B (depth, columns), complex: ceil(columns / 4) x 2 depth x 8 floats at dst; `sign` -1 conjugates B. */
export function packComplexColumns(
  dst: usize, src: usize, column: usize, step: usize, columns: i32, depth: i32, sign: f32, alphaRe: f32, alphaIm: f32,
): void {
  const wide = TILE_COLUMNS >> 1;
  const signs = f32x4(1, sign, 1, sign), re = f32x4.splat(alphaRe), im = f32x4.splat(alphaIm);
  for (let j = 0; j < columns; j += wide, src += <usize>wide * column) {
    const lines = columns - j;
    for (let k = 0, from = src; k < depth; k++, from += step, dst += 64) {
      let x = mul(pairOf(from, column, lines), signs);
      let y = mul(pairOf(from + 2 * column, column, lines - 2), signs);
      // Where alpha is real, an infinity must not meet a zero.
      x = alphaIm == 0 ? mul(x, re) : f32x4.add(mul(x, re), mul(timesI(x), im));
      y = alphaIm == 0 ? mul(y, re) : f32x4.add(mul(y, re), mul(timesI(y), im));
      v128.store(dst, x);
      v128.store(dst, y, 16);
      v128.store(dst, timesI(x), 32);
      v128.store(dst, timesI(y), 48);
    }
  }
}
