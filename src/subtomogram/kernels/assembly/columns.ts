// Columns of half spectra along z: (n0, columns) elements, columns = n1 (n2/2+1). What belongs to one task alone is kept column by column,
// (columns, n0 rounded up to 4), in the order that a forward transform leaves along z: spectra complex, weights real.
import { add, madd, mul, nmadd, transposeTo } from "../../../compute/assembly/vector";
import { lineForward, lineInverse, lineLength } from "../../../compute/assembly/lines";
import { gather, laneOf, scatter } from "./lanes";

/** Values of a column, rounded up so that rows of four can be read. */
// @ts-ignore: decorator
@inline function padded(n: i32): i32 { return (n + 3) & ~3; }

/** Four tasks' own complex values of a column to a line. */
function loadSpectra(table: usize, kind: usize, offset: usize, n: i32, line: usize): void {
  const a = laneOf(table, kind, 0) + offset, b = laneOf(table, kind, 1) + offset;
  const c = laneOf(table, kind, 2) + offset, d = laneOf(table, kind, 3) + offset;
  for (let p = 0, o: usize = 0, e = line; p < n; p += 2, o += 16, e += 64) {
    transposeTo(v128.load(a + o), v128.load(b + o), v128.load(c + o), v128.load(d + o), e, e + 16, e + 32, e + 48);
  }
}

/** The reverse of loadSpectra. */
function storeSpectra(table: usize, kind: usize, offset: usize, n: i32, line: usize): void {
  const a = laneOf(table, kind, 0) + offset, b = laneOf(table, kind, 1) + offset;
  const c = laneOf(table, kind, 2) + offset, d = laneOf(table, kind, 3) + offset;
  for (let p = 0, o: usize = 0, e = line; p < n; p += 2, o += 16, e += 64) {
    transposeTo(v128.load(e), v128.load(e, 16), v128.load(e, 32), v128.load(e, 48), a + o, b + o, c + o, d + o);
  }
}

/** Multiplies a line by four tasks' own weights, whose sign tells oneSidedColumns more, and by the low pass that all share if there is one. */
function weigh(table: usize, low: usize, offset: usize, n: i32, line: usize): void {
  const a = laneOf(table, 3, 0) + offset, b = laneOf(table, 3, 1) + offset;
  const c = laneOf(table, 3, 2) + offset, d = laneOf(table, 3, 3) + offset, l = low + offset;
  for (let p = 0, o: usize = 0, e = line; p < n; p += 4, o += 16, e += 128) {
    const x0 = f32x4.abs(v128.load(a + o)), x1 = f32x4.abs(v128.load(b + o)), x2 = f32x4.abs(v128.load(c + o)), x3 = f32x4.abs(v128.load(d + o));
    const t0 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), t1 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
    const t2 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7), t3 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
    let w0 = v128.shuffle<f32>(t0, t1, 0, 1, 4, 5), w1 = v128.shuffle<f32>(t0, t1, 2, 3, 6, 7);
    let w2 = v128.shuffle<f32>(t2, t3, 0, 1, 4, 5), w3 = v128.shuffle<f32>(t2, t3, 2, 3, 6, 7);
    if (low != 0) {
      w0 = mul(w0, v128.load32_splat(l + o)); w1 = mul(w1, v128.load32_splat(l + o, 4));
      w2 = mul(w2, v128.load32_splat(l + o, 8)); w3 = mul(w3, v128.load32_splat(l + o, 12));
    }
    scale(e, w0); scale(e + 32, w1); scale(e + 64, w2); scale(e + 96, w3);
  }
}
// @ts-ignore: decorator
@inline function scale(e: usize, w: v128): void {
  v128.store(e, mul(v128.load(e), w));
  v128.store(e, mul(v128.load(e, 16), w), 16);
}

/** Columns begin..end forward, times the low pass: into what `kind` 0 or 2 of the lane table names. `weighted`: times the tasks' weights too. */
export function spectraColumns(
  half: usize, columns: i32, plan: usize, table: usize, kind: i32, low: usize, weighted: i32, buffer: usize, begin: i32, end: i32,
): void {
  const n = lineLength(plan), stride = <usize>columns << 5;
  for (let c = begin; c < end; c++) {
    const offset = <usize>(c * padded(n)) << 2;
    gather(half + (<usize>c << 5), stride, buffer, n);
    lineForward(buffer, buffer, plan, n);
    if (weighted) weigh(table, low, offset, n, buffer);
    else for (let p = 0, e = buffer, l = low + offset; p < n; p++, e += 32, l += 4) scale(e, v128.load32_splat(l));
    storeSpectra(table, kind, offset << 1, n, buffer);
  }
}

/**
 * Columns begin..end of subtomograms and templates, both weighted, transformed back along z: into `a` and `b`. Subtomograms come from `a` (half spectra
 * not yet transformed along z) or, where `spectra` is 1, from the lane table, weighted already.
 */
export function weightedColumns(
  table: usize, a: usize, b: usize, columns: i32, plan: usize, low: usize, spectra: i32, buffer: usize, begin: i32, end: i32,
): void {
  const n = lineLength(plan), stride = <usize>columns << 5;
  for (let c = begin; c < end; c++) {
    const offset = <usize>(c * padded(n)) << 2, at = <usize>c << 5;
    if (spectra) loadSpectra(table, 0, offset << 1, n, buffer);
    else {
      gather(a + at, stride, buffer, n);
      lineForward(buffer, buffer, plan, n);
      weigh(table, low, offset, n, buffer);
    }
    lineInverse(buffer, plan);
    scatter(buffer, a + at, stride, n);
    loadSpectra(table, 2, offset << 1, n, buffer);
    weigh(table, 0, offset, n, buffer);
    lineInverse(buffer, plan);
    scatter(buffer, b + at, stride, n);
  }
}

/** `a` times the conjugate of `b`, into `a`. */
function multiplyConjugate(a: usize, b: usize, n: i32): void {
  for (const end = a + (<usize>n << 5); a < end; a += 32, b += 32) {
    const ar = v128.load(a), ai = v128.load(a, 16), br = v128.load(b), bi = v128.load(b, 16);
    v128.store(a, madd(ai, bi, mul(ar, br)));
    v128.store(a, nmadd(ar, bi, mul(ai, br)), 16);
  }
}

/** Stores the shifts -reach..reach of a line, its negative ones at its end, to planes of `columns` elements. */
export function storeShifts(line: usize, n: i32, reach: i32, target: usize, stride: usize): void {
  for (let s = -reach; s <= reach; s++, target += stride) {
    const from = line + (<usize>(s < 0 ? n + s : s) << 5);
    v128.store(target, v128.load(from));
    v128.store(target, v128.load(from, 16), 16);
  }
}

/** Columns begin..end of two spectra of which `filled` planes are there, correlated along z: shifts -reach..reach of a against b. */
export function correlateColumns(
  a: usize, b: usize, target: usize, columns: i32, plan: usize, filled: i32, reach: i32, buffer: usize, bufferBytes: usize,
  begin: i32, end: i32,
): void {
  const n = lineLength(plan), stride = <usize>columns << 5, other = buffer + bufferBytes;
  for (let c = begin; c < end; c++) {
    const at = <usize>c << 5;
    gather(a + at, stride, buffer, filled);
    gather(b + at, stride, other, filled);
    lineForward(buffer, buffer, plan, filled);
    lineForward(other, other, plan, filled);
    multiplyConjugate(buffer, other, n);
    lineInverse(buffer, plan);
    storeShifts(buffer, n, reach, target + at, stride);
  }
}

/**
 * Columns begin..end of the product of subtomograms with the conjugates of templates, weighted once, and their shifts -reach..reach along z. The product
 * stays in `half` along z in the transform's order. `spectra` as in weightedColumns.
 */
export function productColumns(
  table: usize, half: usize, target: usize, columns: i32, plan: usize, low: usize, spectra: i32, reach: i32,
  buffer: usize, bufferBytes: usize, begin: i32, end: i32,
): void {
  const n = lineLength(plan), stride = <usize>columns << 5, other = buffer + bufferBytes;
  for (let c = begin; c < end; c++) {
    const offset = <usize>(c * padded(n)) << 2, at = <usize>c << 5;
    if (spectra) loadSpectra(table, 0, offset << 1, n, buffer);
    else {
      gather(half + at, stride, buffer, n);
      lineForward(buffer, buffer, plan, n);
      weigh(table, low, offset, n, buffer);
    }
    loadSpectra(table, 2, offset << 1, n, other);
    multiplyConjugate(buffer, other, n);
    scatter(buffer, half + at, stride, n);
    lineInverse(buffer, plan);
    storeShifts(buffer, n, reach, target + at, stride);
  }
}

/**
 * Columns begin..end: sums over shells of Fourier space of |subtomogram|^2 and |template|^2, both weighted, (shells, 2) vectors. Weights are square
 * roots, so that powers and products have each frequency's weight once. `shells` are a column's indices (int32, as weights are kept); a column with a
 * mirror image that is not stored counts twice.
 */
export function shellPowers(
  table: usize, half: usize, columns: i32, plan: usize, low: usize, spectra: i32, shells: usize, powers: usize,
  inner: i32, width: i32, buffer: usize, bufferBytes: usize, begin: i32, end: i32,
): void {
  const n = lineLength(plan), stride = <usize>columns << 5, other = buffer + bufferBytes;
  for (let c = begin; c < end; c++) {
    const offset = <usize>(c * padded(n)) << 2, at = <usize>c << 5, k = c % inner;
    const times = f32x4.splat(k == 0 || 2 * k == width ? 1 : 2);
    if (spectra) loadSpectra(table, 0, offset << 1, n, buffer);
    else {
      gather(half + at, stride, buffer, n);
      lineForward(buffer, buffer, plan, n);
      scatter(buffer, half + at, stride, n);
      weigh(table, low, offset, n, buffer);
    }
    loadSpectra(table, 2, offset << 1, n, other);
    weigh(table, 0, offset, n, other);
    for (let p = 0, e: usize = 0; p < n; p++, e += 32) {
      const to = powers + (<usize>load<i32>(shells + offset + (<usize>p << 2)) << 5);
      const ar = v128.load(buffer + e), ai = v128.load(buffer + e, 16), br = v128.load(other + e), bi = v128.load(other + e, 16);
      v128.store(to, madd(times, madd(ai, ai, mul(ar, ar)), v128.load(to)));
      v128.store(to, madd(times, madd(bi, bi, mul(br, br)), v128.load(to, 16)), 16);
    }
  }
}

/** Columns begin..end of products each shell of which has a factor of its own (shells, a vector each), after shellPowers; shifts along z. */
export function shellColumns(
  table: usize, half: usize, target: usize, columns: i32, plan: usize, low: usize, spectra: i32, reach: i32,
  shells: usize, factors: usize, buffer: usize, bufferBytes: usize, begin: i32, end: i32,
): void {
  const n = lineLength(plan), stride = <usize>columns << 5, other = buffer + bufferBytes;
  for (let c = begin; c < end; c++) {
    const offset = <usize>(c * padded(n)) << 2, at = <usize>c << 5;
    if (spectra) loadSpectra(table, 0, offset << 1, n, buffer);
    else {
      gather(half + at, stride, buffer, n);
      weigh(table, low, offset, n, buffer);
    }
    loadSpectra(table, 2, offset << 1, n, other);
    weigh(table, 0, offset, n, other);
    multiplyConjugate(buffer, other, n);
    for (let p = 0, e = buffer; p < n; p++, e += 32) {
      scale(e, v128.load(factors + (<usize>load<i32>(shells + offset + (<usize>p << 2)) << 4)));
    }
    lineInverse(buffer, plan);
    storeShifts(buffer, n, reach, target + at, stride);
  }
}

/** Sum of products of the real parts and imaginary parts: what add and sub are for elsewhere. */
// @ts-ignore: decorator
@inline function turned(re: v128, im: v128, cr: v128, ci: v128): v128 { return nmadd(im, ci, mul(re, cr)); }

/**
 * Values of a trigonometric series along one axis at `pairs` pairs of places +c, -c around a place of each task's own: of each pair half the sum of both
 * (its even part) and half their difference (its odd part).
 *
 * @param source  (n, count) elements, `stride` bytes between the n
 * @param phases  (n) elements: what moves each task's place to 0
 * @param table   (pairs, n, 2) float32: cosines and sines of the places c
 * @param target  (2 pairs, count) elements, `targetStride` bytes between parts: even, odd, even …
 */
export function seriesColumns(
  source: usize, stride: usize, phases: usize, table: usize, n: i32, pairs: i32, target: usize, targetStride: usize,
  buffer: usize, begin: i32, end: i32,
): void {
  for (let c = begin; c < end; c++) {
    const at = <usize>c << 5;
    for (let p = 0, e = buffer, s = source + at, f = phases; p < n; p++, e += 32, s += stride, f += 32) {
      const re = v128.load(s), im = v128.load(s, 16), cr = v128.load(f), ci = v128.load(f, 16);
      v128.store(e, turned(re, im, cr, ci));
      v128.store(e, madd(re, ci, mul(im, cr)), 16);
    }
    for (let j = 0, t = table, to = target + at; j < pairs; j++, to += 2 * targetStride) {
      let ur = f32x4.splat(0), ui = ur, vr = ur, vi = ur;
      for (let p = 0, e = buffer; p < n; p++, e += 32, t += 8) {
        const re = v128.load(e), im = v128.load(e, 16), cos = v128.load32_splat(t), sin = v128.load32_splat(t, 4);
        ur = madd(re, cos, ur); ui = madd(im, cos, ui);
        vr = madd(re, sin, vr); vi = madd(im, sin, vi);
      }
      // u + i v at +c, u - i v at -c.
      v128.store(to, ur);
      v128.store(to, ui, 16);
      v128.store(to + targetStride, f32x4.neg(vi));
      v128.store(to + targetStride, vr, 16);
    }
  }
}

/** The same along the half axis of rows begin..end, (rows, n) elements: real values, (rows, 2 pairs) vectors. */
export function seriesRows(
  source: usize, phases: usize, table: usize, n: i32, width: i32, pairs: i32, target: usize, buffer: usize, begin: i32, end: i32,
): void {
  for (let row = begin; row < end; row++) {
    let s = source + (<usize>(row * n) << 5), to = target + (<usize>(row * 2 * pairs) << 4);
    for (let k = 0, e = buffer, f = phases; k < n; k++, e += 32, s += 32, f += 32) {
      const times = f32x4.splat(k == 0 || 2 * k == width ? 1 : 2);
      const re = mul(v128.load(s), times), im = mul(v128.load(s, 16), times), cr = v128.load(f), ci = v128.load(f, 16);
      v128.store(e, turned(re, im, cr, ci));
      v128.store(e, madd(re, ci, mul(im, cr)), 16);
    }
    for (let j = 0, t = table; j < pairs; j++, to += 32) {
      let u = f32x4.splat(0), v = u;
      for (let k = 0, e = buffer; k < n; k++, e += 32, t += 8) {
        u = madd(v128.load(e), v128.load32_splat(t), u);
        v = madd(v128.load(e, 16), v128.load32_splat(t, 4), v);
      }
      v128.store(to, u);
      v128.store(to, f32x4.neg(v), 16);
    }
  }
}

/** Sets vectors begin..end to 0. */
export function clearVectors(at: usize, begin: i32, end: i32): void {
  memory.fill(at + (<usize>begin << 4), 0, <usize>(end - begin) << 4);
}

/**
 * What the products of shells 0..end are multiplied with so that their sum is the mean of the shells' correlations: 1 / (sqrt(power power') shells), of
 * the shells that have any power. `begin` is 0.
 */
export function shellFactors(powers: usize, factors: usize, begin: i32, end: i32): void {
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  let count = zero;
  for (let i = begin; i < end; i++) {
    const norm = f32x4.sqrt(mul(v128.load(powers + (<usize>i << 5)), v128.load(powers + (<usize>i << 5), 16)));
    const has = f32x4.gt(norm, zero);
    count = add(count, v128.bitselect(one, zero, has));
    v128.store(factors + (<usize>i << 4), v128.bitselect(f32x4.div(one, norm), zero, has));
  }
  const share = f32x4.div(one, f32x4.max(count, one));
  for (let i = begin; i < end; i++) v128.store(factors + (<usize>i << 4), mul(v128.load(factors + (<usize>i << 4)), share));
}
