// Angular transforms of polar images (shells, inplanes), 4 (or 2) of them side by side: rows of shells become elements by frequency.
//
// A lines block is words that linesBlock.ts writes (its only other description):
//   0 shells   1 inplanes   2 plan of length inplanes   3 frequencies that are stored   4 their list (i32)   5 bytes between frequencies of the result
//   6 kind   7 table shared by all lanes (0: none)   8 real table of each lane (0: none)   9 bytes between those   10 weights of shells
//   11 bytes between items
// Kinds: 0 complex items; 1 squared moduli of complex items; 2 real items; 3 squares of real items; 4 complex items, the shared table real.
import { ELEMENT, lanesOf, madd, nmadd, place, splatAt, word } from "./lanes";
import { transform } from "./transform";

/** Zero in place of what is so small that products of it would be subnormal, which processors are slow at. */
// @ts-ignore: decorator
@inline function withoutTiny<T>(x: v128): v128 {
  if (sizeof<T>() == 8) return x;
  return v128.and(x, v128.gt<T>(v128.abs<T>(x), v128.splat<T>(1e-18)));
}

/** Real parts of complex numbers at the same place of all lanes, then their imaginary parts conjugated, as an element at dst. */
// @ts-ignore: decorator
@inline function gather<T>(dst: usize, p: usize, q: usize, r: usize, s: usize): void {
  if (sizeof<T>() == 4) {
    const a = v128.load64_lane(q, v128.load64_zero(p), 1), b = v128.load64_lane(s, v128.load64_zero(r), 1);
    v128.store(dst, withoutTiny<T>(v128.shuffle<f32>(a, b, 0, 2, 4, 6)));
    v128.store(dst, withoutTiny<T>(v128.neg<f32>(v128.shuffle<f32>(a, b, 1, 3, 5, 7))), 16);
  } else {
    const a = v128.load(p), b = v128.load(q);
    v128.store(dst, v128.shuffle<f64>(a, b, 0, 2));
    v128.store(dst, v128.neg<f64>(v128.shuffle<f64>(a, b, 1, 3)), 16);
  }
}

/** The number at the same place of all lanes. */
// @ts-ignore: decorator
@inline function gatherReal<T>(p: usize, q: usize, r: usize, s: usize): v128 {
  if (sizeof<T>() == 4) {
    const a = v128.load32_lane(q, v128.load32_zero(p), 1);
    return v128.load32_lane(s, v128.load32_lane(r, a, 2), 3);
  }
  return v128.load64_lane(q, v128.load64_zero(p), 1);
}

/** Lane i of `valid`; lanes beyond the last repeat it, so that they are numbers like any other. */
// @ts-ignore: decorator
@inline function itemOf(first: usize, bytes: usize, lane: i32, valid: i32): usize {
  return first + <usize>min(lane, valid - 1) * bytes;
}

/** Fills a line with one shell of complex items. */
function loadComplex<T>(dst: usize, count: i32, src: usize, bytes: usize, valid: i32): void {
  const step = 2 * sizeof<T>();
  let p = src, q = itemOf(src, bytes, 1, valid), r = itemOf(src, bytes, 2, valid), s = itemOf(src, bytes, 3, valid);
  for (let j = 0; j < count; j++, dst += ELEMENT, p += step, q += step, r += step, s += step) gather<T>(dst, p, q, r, s);
}

/** Fills a line with one shell of real items. */
function loadReal<T>(dst: usize, count: i32, src: usize, bytes: usize, valid: i32): void {
  const step = sizeof<T>();
  let p = src, q = itemOf(src, bytes, 1, valid), r = itemOf(src, bytes, 2, valid), s = itemOf(src, bytes, 3, valid);
  for (let j = 0; j < count; j++, dst += ELEMENT, p += step, q += step, r += step, s += step) {
    v128.store(dst, gatherReal<T>(p, q, r, s));
    v128.store(dst, v128.splat<T>(0), 16);
  }
}

/** Each element becomes its squared modulus. */
function squareLine<T>(dst: usize, count: i32): void {
  for (let j = 0; j < count; j++, dst += ELEMENT) {
    const re = v128.load(dst), im = v128.load(dst, 16);
    v128.store(dst, madd<T>(im, im, v128.mul<T>(re, re)));
    v128.store(dst, v128.splat<T>(0), 16);
  }
}

/** Times a complex table that all lanes share; the line is conjugated, so the table is as well. */
function timesShared<T>(dst: usize, count: i32, table: usize): void {
  for (let j = 0; j < count; j++, dst += ELEMENT, table += 2 * sizeof<T>()) {
    const c = splatAt<T>(table), s = splatAt<T>(table + sizeof<T>());
    const re = v128.load(dst), im = v128.load(dst, 16);
    v128.store(dst, madd<T>(im, s, v128.mul<T>(re, c)));
    v128.store(dst, nmadd<T>(re, s, v128.mul<T>(im, c)), 16);
  }
}

/** Times a real table that all lanes share. */
function timesSharedReal<T>(dst: usize, count: i32, table: usize): void {
  for (let j = 0; j < count; j++, dst += ELEMENT, table += sizeof<T>()) {
    const c = splatAt<T>(table);
    v128.store(dst, v128.mul<T>(v128.load(dst), c));
    v128.store(dst, v128.mul<T>(v128.load(dst, 16), c), 16);
  }
}

/** Times a real table of each lane. */
function timesOwn<T>(dst: usize, count: i32, table: usize, bytes: usize, valid: i32): void {
  const step = sizeof<T>();
  let p = table, q = itemOf(table, bytes, 1, valid), r = itemOf(table, bytes, 2, valid), s = itemOf(table, bytes, 3, valid);
  for (let j = 0; j < count; j++, dst += ELEMENT, p += step, q += step, r += step, s += step) {
    const c = gatherReal<T>(p, q, r, s);
    v128.store(dst, v128.mul<T>(v128.load(dst), c));
    v128.store(dst, v128.mul<T>(v128.load(dst, 16), c), 16);
  }
}

/** Stores the frequencies that are asked for, times the shell's weight; conjugated, which makes the transform a forward one. */
function storeLine<T>(block: usize, line: usize, dst: usize, weight: v128): void {
  const count = word(block, 3), bins = place(block, 4), apart = place(block, 5);
  for (let i = 0; i < count; i++, dst += apart) {
    const p = line + (<usize>load<i32>(bins + (<usize>i << 2)) << 5);
    v128.store(dst, withoutTiny<T>(v128.mul<T>(v128.load(p), weight)));
    v128.store(dst, withoutTiny<T>(v128.neg<T>(v128.mul<T>(v128.load(p, 16), weight))), 16);
  }
}

/**
 * Shells begin..end of items src.. (`valid` of them, at most the lanes) to elements dst + frequency x apart + shell x 32.
 *
 * own: the lanes' tables of the first item, or 0; work: 2 lines of `inplanes` elements.
 */
function forward<T>(block: usize, src: usize, valid: i32, own: usize, dst: usize, work: usize, begin: i32, end: i32): void {
  const count = word(block, 1), kind = word(block, 6), plan = place(block, 2), spare = work + (<usize>count << 5);
  const isReal = kind == 2 || kind == 3, isTableReal = kind == 4;
  const row = <usize>count * sizeof<T>(), itemRow = isReal ? row : 2 * row;
  for (let shell = begin; shell < end; shell++) {
    const at = src + <usize>shell * itemRow;
    if (isReal) loadReal<T>(work, count, at, place(block, 11), valid);
    else loadComplex<T>(work, count, at, place(block, 11), valid);
    if (kind == 1 || kind == 3) squareLine<T>(work, count);
    const table = place(block, 7);
    if (table != 0 && isTableReal) timesSharedReal<T>(work, count, table + <usize>shell * row);
    else if (table != 0) timesShared<T>(work, count, table + <usize>shell * 2 * row);
    if (own != 0) timesOwn<T>(work, count, own + <usize>shell * row, place(block, 9), valid);
    const line = transform<T>(plan, work, spare);
    storeLine<T>(block, line, dst + (<usize>shell << 5), splatAt<T>(place(block, 10) + <usize>shell * sizeof<T>()));
  }
}

export function forward32(block: usize, src: usize, valid: i32, own: usize, dst: usize, work: usize, begin: i32, end: i32): void {
  forward<f32>(block, src, valid, own, dst, work, begin, end);
}
export function forward64(block: usize, src: usize, valid: i32, own: usize, dst: usize, work: usize, begin: i32, end: i32): void {
  forward<f64>(block, src, valid, own, dst, work, begin, end);
}

/** Adds `sign` x item (complex, `count` numbers) x table to dst: a column of a sketch (compression/sketch.ts). */
export function addTurned32(dst: usize, src: usize, table: usize, sign: f32, count: i32): void {
  const signs = f32x4.splat(sign);
  for (let j = 0; j < count; j += 2, dst += 16, src += 16, table += 16) {
    const x = v128.load(src), t = v128.load(table);
    const re = v128.shuffle<f32>(t, t, 0, 0, 2, 2), im = v128.shuffle<f32>(t, t, 1, 1, 3, 3);
    const turned = f32x4.mul(v128.shuffle<f32>(x, x, 1, 0, 3, 2), f32x4(-1, 1, -1, 1));
    const product = madd<f32>(turned, im, f32x4.mul(x, re));
    v128.store(dst, madd<f32>(product, signs, v128.load(dst)));
  }
}
