// The product of packed panels (gemmPack.ts has their layout): a register tile of C at a time.
//
// A tile is 6 rows of 2 vectors: 12 sums, 2 vectors of B and one of A fill the 15 vector registers that engines give out
// on x86-64, and 12 independent sums hide the latency of two multiply-adds a cycle. The first step stands before the loop: with
// the same offsets in both, V8 computes their addresses once, and a step is 12 multiply-adds and 8 loads with nothing between.
import { add, madd, mul } from "./vector";

/** Rows of a tile, and of a panel of A. */
export const TILE_ROWS: i32 = 6;
/** Columns of a tile, and of a panel of B. */
export const TILE_COLUMNS: i32 = 8;
/** Bytes of a tile: the working memory of {@link multiplyPanels}. */
export const TILE_BYTES: usize = 192;

// @ts-ignore: decorator
@inline function store2(p: usize, left: v128, right: v128): void {
  v128.store(p, left);
  v128.store(p, right, 16);
}
// @ts-ignore: decorator
@inline function add2(p: usize, left: v128, right: v128): void {
  v128.store(p, add(v128.load(p), left));
  v128.store(p, add(v128.load(p, 16), right), 16);
}

/** One tile of c, rows `cRow` bytes apart, gets (or with `onto` adds) the product of a panel of A and one of B, `depth` deep. */
function tile(a: usize, b: usize, depth: i32, c: usize, cRow: usize, onto: bool): void {
  let left = v128.load(b), right = v128.load(b, 16), value = v128.load32_splat(a);
  let s00 = mul(value, left), s01 = mul(value, right);
  value = v128.load32_splat(a, 4);
  let s10 = mul(value, left), s11 = mul(value, right);
  value = v128.load32_splat(a, 8);
  let s20 = mul(value, left), s21 = mul(value, right);
  value = v128.load32_splat(a, 12);
  let s30 = mul(value, left), s31 = mul(value, right);
  value = v128.load32_splat(a, 16);
  let s40 = mul(value, left), s41 = mul(value, right);
  value = v128.load32_splat(a, 20);
  let s50 = mul(value, left), s51 = mul(value, right);
  const end = a + <usize>depth * 24;
  a += 24;
  b += 32;
  for (; a < end; a += 24, b += 32) {
    left = v128.load(b);
    right = v128.load(b, 16);
    value = v128.load32_splat(a);
    s00 = madd(value, left, s00);
    s01 = madd(value, right, s01);
    value = v128.load32_splat(a, 4);
    s10 = madd(value, left, s10);
    s11 = madd(value, right, s11);
    value = v128.load32_splat(a, 8);
    s20 = madd(value, left, s20);
    s21 = madd(value, right, s21);
    value = v128.load32_splat(a, 12);
    s30 = madd(value, left, s30);
    s31 = madd(value, right, s31);
    value = v128.load32_splat(a, 16);
    s40 = madd(value, left, s40);
    s41 = madd(value, right, s41);
    value = v128.load32_splat(a, 20);
    s50 = madd(value, left, s50);
    s51 = madd(value, right, s51);
  }
  const c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow, c4 = c3 + cRow, c5 = c4 + cRow;
  if (onto) {
    add2(c, s00, s01);
    add2(c1, s10, s11);
    add2(c2, s20, s21);
    add2(c3, s30, s31);
    add2(c4, s40, s41);
    add2(c5, s50, s51);
  } else {
    store2(c, s00, s01);
    store2(c1, s10, s11);
    store2(c2, s20, s21);
    store2(c3, s30, s31);
    store2(c4, s40, s41);
    store2(c5, s50, s51);
  }
}

/** Copies or adds `rows` x `columns` floats of a tile to c, whose columns are pairs `cColumn` bytes apart where it is complex. */
function putTile(src: usize, c: usize, cRow: usize, cColumn: usize, rows: i32, columns: i32, pairs: bool, onto: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = pairs ? <usize>(j >> 1) * cColumn + (<usize>(j & 1) << 2) : <usize>j * cColumn;
      const p = c + <usize>i * cRow + at;
      const value = load<f32>(src + <usize>(i * TILE_COLUMNS + j) * 4);
      store<f32>(p, onto ? load<f32>(p) + value : value);
    }
  }
}

/**
 * c (rows, columns) = or += A B for packed A (rows, depth) and B (depth, columns), in sums of float32 along depth. Of a complex
 * product (`pairs`) columns counts floats, two a value, and depth counts real and imaginary parts: twice the values.
 *
 * a, b: panels of gemmPack.ts, aPanel and bPanel bytes apart (24 and 32 times their depth, of which `depth` are summed here);
 * cRow, cColumn: bytes between rows and between columns (of values);
 * scratch: TILE_BYTES of the caller's own. Every value of c is summed in the same order, whatever part is asked for.
 */
export function multiplyPanels(
  a: usize, aPanel: usize, b: usize, bPanel: usize, depth: i32, c: usize, cRow: usize, cColumn: usize,
  rows: i32, columns: i32, pairs: bool, onto: bool, scratch: usize,
): void {
  const dense = cColumn == (pairs ? 8 : 4);
  const columnStep = pairs ? <usize>(TILE_COLUMNS >> 1) * cColumn : <usize>TILE_COLUMNS * cColumn;
  for (let j = 0; j < columns; j += TILE_COLUMNS, b += bPanel, c += columnStep) {
    const wide = min(TILE_COLUMNS, columns - j);
    for (let i = 0, panel = a, to = c; i < rows; i += TILE_ROWS, panel += aPanel, to += <usize>TILE_ROWS * cRow) {
      const high = min(TILE_ROWS, rows - i);
      if (dense && wide == TILE_COLUMNS && high == TILE_ROWS) {
        tile(panel, b, depth, to, cRow, onto);
      } else {
        tile(panel, b, depth, scratch, TILE_COLUMNS * 4, false);
        putTile(scratch, to, cRow, cColumn, high, wide, pairs, onto);
      }
    }
  }
}
