// Fourier transforms of rows and columns of arrays in memory, natural order, interleaved (re, im) float32.
// Each block of lines is gathered into a line buffer (vector.ts), transformed there, and written back: one read and one
// write of every element a pass. `buffer` is this worker's own, of linePlan's buffer elements; ranges are blocks of lines.
import { add, evenLanes, mul, oddLanes, sub, transposeTo } from "./vector";
import { lineForward, lineInverse, lineLength, linePosition } from "./lines";

/** Element of the line buffer in which sample or frequency `i` lies when its order is permuted. */
// @ts-ignore: decorator
@inline function elementOf(buffer: usize, position: usize, i: i32): usize {
  return buffer + (<usize>load<i32>(position + (<usize>i << 2)) << 5);
}
/** Row `i` of rows, or the last one: lanes without a row of their own repeat it and store the same values. */
// @ts-ignore: decorator
@inline function rowAt(base: usize, bytes: usize, i: i32, rows: i32): usize { return base + <usize>min(i, rows - 1) * bytes; }

/** Loads the complex values at a, b, c, d into one line-buffer element. */
// @ts-ignore: decorator
@inline function loadOne(a: usize, b: usize, c: usize, d: usize, element: usize): void {
  const x = v128.load64_lane(b, v128.load64_zero(a), 1), y = v128.load64_lane(d, v128.load64_zero(c), 1);
  v128.store(element, evenLanes(x, y));
  v128.store(element, oddLanes(x, y), 16);
}
/** Stores 4 complex values to a, b, c, d. */
// @ts-ignore: decorator
@inline function storeOne(re: v128, im: v128, a: usize, b: usize, c: usize, d: usize): void {
  const x = v128.shuffle<f32>(re, im, 0, 4, 1, 5), y = v128.shuffle<f32>(re, im, 2, 6, 3, 7);
  v128.store64_lane(a, x, 0);
  v128.store64_lane(b, x, 1);
  v128.store64_lane(c, y, 0);
  v128.store64_lane(d, y, 1);
}
/**
 * Blocks of 4 complex rows: (rows, n) with a stride of `sourceBytes` to (rows, n) with `targetBytes`, which may be the same
 * place. `inverse` 0 or 1; the result is multiplied by `scale`.
 */
export function complexRows(
  source: usize, sourceBytes: usize, target: usize, targetBytes: usize, rows: i32, plan: usize, inverse: i32, scale: f32,
  buffer: usize, begin: i32, end: i32,
): void {
  const n = lineLength(plan), pairs = n & ~1, position = linePosition(plan), factor = f32x4.splat(scale);
  for (let block = begin; block < end; block++) {
    const row = block << 2;
    let a = rowAt(source, sourceBytes, row, rows), b = rowAt(source, sourceBytes, row + 1, rows);
    let c = rowAt(source, sourceBytes, row + 2, rows), d = rowAt(source, sourceBytes, row + 3, rows);
    for (let x = 0; x < pairs; x += 2, a += 16, b += 16, c += 16, d += 16) {
      const p = inverse ? elementOf(buffer, position, x) : buffer + (<usize>x << 5);
      const q = inverse ? elementOf(buffer, position, x + 1) : p + 32;
      transposeTo(v128.load(a), v128.load(b), v128.load(c), v128.load(d), p, p + 16, q, q + 16);
    }
    if (n & 1) loadOne(a, b, c, d, inverse ? elementOf(buffer, position, n - 1) : buffer + (<usize>(n - 1) << 5));
    if (inverse) lineInverse(buffer, plan); else lineForward(buffer, buffer, plan, n);
    a = rowAt(target, targetBytes, row, rows); b = rowAt(target, targetBytes, row + 1, rows);
    c = rowAt(target, targetBytes, row + 2, rows); d = rowAt(target, targetBytes, row + 3, rows);
    for (let x = 0; x < pairs; x += 2, a += 16, b += 16, c += 16, d += 16) {
      const p = inverse ? buffer + (<usize>x << 5) : elementOf(buffer, position, x);
      const q = inverse ? p + 32 : elementOf(buffer, position, x + 1);
      transposeTo(
        mul(v128.load(p), factor), mul(v128.load(p, 16), factor), mul(v128.load(q), factor), mul(v128.load(q, 16), factor), a, b, c, d,
      );
    }
    if (n & 1) {
      const p = inverse ? buffer + (<usize>(n - 1) << 5) : elementOf(buffer, position, n - 1);
      storeOne(mul(v128.load(p), factor), mul(v128.load(p, 16), factor), a, b, c, d);
    }
  }
}

/** Loads rows row..row+3 of (rows, n) floats into the real (part 0) or imaginary (part 16) halves of the buffer. */
function loadReal(source: usize, bytes: usize, row: i32, rows: i32, n: i32, part: usize): void {
  let a = rowAt(source, bytes, row, rows), b = rowAt(source, bytes, row + 1, rows);
  let c = rowAt(source, bytes, row + 2, rows), d = rowAt(source, bytes, row + 3, rows), p = part;
  for (const e = p + (<usize>(n >> 2) << 7); p < e; p += 128, a += 16, b += 16, c += 16, d += 16) {
    transposeTo(v128.load(a), v128.load(b), v128.load(c), v128.load(d), p, p + 32, p + 64, p + 96);
  }
  for (let x = n & ~3; x < n; x++, p += 32, a += 4, b += 4, c += 4, d += 4) {
    let v = v128.load32_lane(b, v128.load32_zero(a), 1);
    v = v128.load32_lane(c, v, 2);
    v128.store(p, v128.load32_lane(d, v, 3));
  }
}

/** The reverse of loadReal: what lies at `part`, times `factor`. */
function storeReal(part: usize, factor: v128, n: i32, target: usize, bytes: usize, row: i32, rows: i32): void {
  let a = rowAt(target, bytes, row, rows), b = rowAt(target, bytes, row + 1, rows);
  let c = rowAt(target, bytes, row + 2, rows), d = rowAt(target, bytes, row + 3, rows), p = part;
  for (const e = p + (<usize>(n >> 2) << 7); p < e; p += 128, a += 16, b += 16, c += 16, d += 16) {
    transposeTo(
      mul(v128.load(p), factor), mul(v128.load(p, 32), factor), mul(v128.load(p, 64), factor), mul(v128.load(p, 96), factor), a, b, c, d,
    );
  }
  for (let x = n & ~3; x < n; x++, p += 32, a += 4, b += 4, c += 4, d += 4) {
    const v = mul(v128.load(p), factor);
    v128.store32_lane(a, v, 0);
    v128.store32_lane(b, v, 1);
    v128.store32_lane(c, v, 2);
    v128.store32_lane(d, v, 3);
  }
}

/**
 * Blocks of 8 real rows: (rows, n) to half spectra (rows, n/2+1), which may be the same place if `sourceBytes` leaves room.
 * Rows j and j + 4 are the real and imaginary part of line j: X = (Z[k] + conj Z[-k]) / 2, Y = (Z[k] - conj Z[-k]) / 2i.
 */
export function realRows(
  source: usize, sourceBytes: usize, target: usize, targetBytes: usize, rows: i32, plan: usize, buffer: usize, begin: i32, end: i32,
): void {
  const n = lineLength(plan), position = linePosition(plan);
  for (let block = begin; block < end; block++) {
    const row = block << 3;
    loadReal(source, sourceBytes, row, rows, n, buffer);
    loadReal(source, sourceBytes, row + 4, rows, n, buffer + 16);
    lineForward(buffer, buffer, plan, n);
    storeHalves(buffer, position, n, target, targetBytes, row, rows);
  }
}

function storeHalves(buffer: usize, position: usize, n: i32, target: usize, bytes: usize, row: i32, rows: i32): void {
  const half = f32x4.splat(0.5), count = (n >> 1) + 1;
  let a = rowAt(target, bytes, row, rows), b = rowAt(target, bytes, row + 1, rows);
  let c = rowAt(target, bytes, row + 2, rows), d = rowAt(target, bytes, row + 3, rows);
  let e = rowAt(target, bytes, row + 4, rows), f = rowAt(target, bytes, row + 5, rows);
  let g = rowAt(target, bytes, row + 6, rows), h = rowAt(target, bytes, row + 7, rows);
  let k = 0;
  for (; k + 1 < count; k += 2) {
    let p = elementOf(buffer, position, k), q = elementOf(buffer, position, k == 0 ? 0 : n - k);
    let pr = mul(v128.load(p), half), pi = mul(v128.load(p, 16), half), qr = mul(v128.load(q), half), qi = mul(v128.load(q, 16), half);
    const xr = add(pr, qr), xi = sub(pi, qi), yr = add(pi, qi), yi = sub(qr, pr);
    p = elementOf(buffer, position, k + 1); q = elementOf(buffer, position, n - k - 1);
    pr = mul(v128.load(p), half); pi = mul(v128.load(p, 16), half); qr = mul(v128.load(q), half); qi = mul(v128.load(q, 16), half);
    transposeTo(xr, xi, add(pr, qr), sub(pi, qi), a, b, c, d);
    transposeTo(yr, yi, add(pi, qi), sub(qr, pr), e, f, g, h);
    a += 16; b += 16; c += 16; d += 16; e += 16; f += 16; g += 16; h += 16;
  }
  if (k < count) {
    const p = elementOf(buffer, position, k), q = elementOf(buffer, position, k == 0 ? 0 : n - k);
    const pr = mul(v128.load(p), half), pi = mul(v128.load(p, 16), half), qr = mul(v128.load(q), half), qi = mul(v128.load(q, 16), half);
    storeOne(add(pr, qr), sub(pi, qi), a, b, c, d);
    storeOne(add(pi, qi), sub(qr, pr), e, f, g, h);
  }
}

/**
 * Blocks of 8 half spectra (rows, n/2+1) to real rows (rows, n), which may be the same place, times `scale`. Imaginary parts of
 * frequency 0 and, for even n, n/2 are ignored.
 */
export function realRowsInverse(
  source: usize, sourceBytes: usize, target: usize, targetBytes: usize, rows: i32, plan: usize, scale: f32,
  buffer: usize, begin: i32, end: i32,
): void {
  const n = lineLength(plan), position = linePosition(plan), factor = f32x4.splat(scale);
  for (let block = begin; block < end; block++) {
    const row = block << 3;
    loadHalves(buffer, position, n, source, sourceBytes, row, rows);
    lineInverse(buffer, plan);
    storeReal(buffer, factor, n, target, targetBytes, row, rows);
    storeReal(buffer + 16, factor, n, target, targetBytes, row + 4, rows);
  }
}

/** Z = X + i Y of all frequencies from the half spectra of X (4 rows) and Y (the next 4). */
function loadHalves(buffer: usize, position: usize, n: i32, source: usize, bytes: usize, row: i32, rows: i32): void {
  let a = rowAt(source, bytes, row, rows), b = rowAt(source, bytes, row + 1, rows);
  let c = rowAt(source, bytes, row + 2, rows), d = rowAt(source, bytes, row + 3, rows);
  let e = rowAt(source, bytes, row + 4, rows), f = rowAt(source, bytes, row + 5, rows);
  let g = rowAt(source, bytes, row + 6, rows), h = rowAt(source, bytes, row + 7, rows);
  loadOwn(buffer, a, b, c, d, e, f, g, h);
  const paired = (n - 1) >> 1;
  let o: usize = 8, k = 1;
  for (; k < paired; k += 2, o += 16) {
    const xa = v128.load(a + o), xb = v128.load(b + o), xc = v128.load(c + o), xd = v128.load(d + o);
    const ya = v128.load(e + o), yb = v128.load(f + o), yc = v128.load(g + o), yd = v128.load(h + o);
    const xab = v128.shuffle<f32>(xa, xb, 0, 4, 1, 5), xcd = v128.shuffle<f32>(xc, xd, 0, 4, 1, 5);
    const yab = v128.shuffle<f32>(ya, yb, 0, 4, 1, 5), ycd = v128.shuffle<f32>(yc, yd, 0, 4, 1, 5);
    storeBoth(buffer, position, n, k, low(xab, xcd), high(xab, xcd), low(yab, ycd), high(yab, ycd));
    const xAB = v128.shuffle<f32>(xa, xb, 2, 6, 3, 7), xCD = v128.shuffle<f32>(xc, xd, 2, 6, 3, 7);
    const yAB = v128.shuffle<f32>(ya, yb, 2, 6, 3, 7), yCD = v128.shuffle<f32>(yc, yd, 2, 6, 3, 7);
    storeBoth(buffer, position, n, k + 1, low(xAB, xCD), high(xAB, xCD), low(yAB, yCD), high(yAB, yCD));
  }
  if (k <= paired) {
    const xab = v128.load64_lane(b + o, v128.load64_zero(a + o), 1), xcd = v128.load64_lane(d + o, v128.load64_zero(c + o), 1);
    const yab = v128.load64_lane(f + o, v128.load64_zero(e + o), 1), ycd = v128.load64_lane(h + o, v128.load64_zero(g + o), 1);
    storeBoth(buffer, position, n, k, evenLanes(xab, xcd), oddLanes(xab, xcd), evenLanes(yab, ycd), oddLanes(yab, ycd));
    o += 8;
  }
  if (n & 1) return;
  loadOwn(elementOf(buffer, position, n >> 1), a + o, b + o, c + o, d + o, e + o, f + o, g + o, h + o);
}
// @ts-ignore: decorator
@inline function low(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 0, 1, 4, 5); }
// @ts-ignore: decorator
@inline function high(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 2, 3, 6, 7); }
/** Z[k] = X + i Y and Z[-k] = conj X + i conj Y. */
// @ts-ignore: decorator
@inline function storeBoth(buffer: usize, position: usize, n: i32, k: i32, xr: v128, xi: v128, yr: v128, yi: v128): void {
  const p = elementOf(buffer, position, k), q = elementOf(buffer, position, n - k);
  v128.store(p, sub(xr, yi));
  v128.store(p, add(xi, yr), 16);
  v128.store(q, add(xr, yi));
  v128.store(q, sub(yr, xi), 16);
}
/** A frequency that is its own negative: only real parts count. */
// @ts-ignore: decorator
@inline function loadOwn(element: usize, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize, g: usize, h: usize): void {
  let x = v128.load32_lane(b, v128.load32_zero(a), 1), y = v128.load32_lane(f, v128.load32_zero(e), 1);
  x = v128.load32_lane(c, x, 2); y = v128.load32_lane(g, y, 2);
  v128.store(element, v128.load32_lane(d, x, 3));
  v128.store(element, v128.load32_lane(h, y, 3), 16);
}

/**
 * Lines across a complex array (outer, n, inner) in place, strides `outerBytes` and `lineBytes`, inner values adjacent.
 * A block is `wide` (a multiple of 4) neighbouring inner values of one outer index, the last one what is left; each 4 have a buffer
 * of `bufferBytes`, so that a visit to a far line brings more than half a cache line. The result is multiplied by `scale`.
 */
export function complexColumns(
  base: usize, outerBytes: usize, lineBytes: usize, inner: i32, wide: i32, plan: usize, inverse: i32, scale: f32, bufferBytes: usize,
  buffer: usize, begin: i32, end: i32,
): void {
  const n = lineLength(plan), blocks = (inner + wide - 1) / wide;
  for (let block = begin; block < end; block++) {
    const outer = block / blocks, first = (block - outer * blocks) * wide, count = min(wide, inner - first);
    const at = base + <usize>outer * outerBytes + (<usize>first << 3);
    loadColumns(at, lineBytes, count, plan, inverse, buffer, bufferBytes);
    for (let c = 0, line = buffer; c < count; c += 4, line += bufferBytes) {
      if (inverse) lineInverse(line, plan); else lineForward(line, line, plan, n);
    }
    storeColumns(at, lineBytes, count, plan, inverse, scale, buffer, bufferBytes);
  }
}

function loadColumns(at: usize, lineBytes: usize, count: i32, plan: usize, inverse: i32, buffer: usize, bufferBytes: usize): void {
  const n = lineLength(plan), position = linePosition(plan), full = <usize>(count >> 2) << 5, tail = count & 3;
  for (let i = 0; i < n; i++, at += lineBytes) {
    let p = inverse ? elementOf(buffer, position, i) : buffer + (<usize>i << 5), s = at;
    for (const e = at + full; s < e; s += 32, p += bufferBytes) {
      const x = v128.load(s), y = v128.load(s, 16);
      v128.store(p, evenLanes(x, y));
      v128.store(p, oddLanes(x, y), 16);
    }
    if (tail == 0) continue;
    const x = tail == 1 ? v128.load64_zero(s) : v128.load(s), y = tail == 3 ? v128.load64_zero(s, 16) : f32x4.splat(0);
    v128.store(p, evenLanes(x, y));
    v128.store(p, oddLanes(x, y), 16);
  }
}

function storeColumns(
  at: usize, lineBytes: usize, count: i32, plan: usize, inverse: i32, scale: f32, buffer: usize, bufferBytes: usize,
): void {
  const n = lineLength(plan), position = linePosition(plan), full = <usize>(count >> 2) << 5, tail = count & 3, factor = f32x4.splat(scale);
  for (let i = 0; i < n; i++, at += lineBytes) {
    let p = inverse ? buffer + (<usize>i << 5) : elementOf(buffer, position, i), s = at;
    for (const e = at + full; s < e; s += 32, p += bufferBytes) {
      const re = mul(v128.load(p), factor), im = mul(v128.load(p, 16), factor);
      v128.store(s, v128.shuffle<f32>(re, im, 0, 4, 1, 5));
      v128.store(s, v128.shuffle<f32>(re, im, 2, 6, 3, 7), 16);
    }
    if (tail == 0) continue;
    const re = mul(v128.load(p), factor), im = mul(v128.load(p, 16), factor), x = v128.shuffle<f32>(re, im, 0, 4, 1, 5);
    if (tail == 1) {
      v128.store64_lane(s, x, 0);
      continue;
    }
    v128.store(s, x);
    if (tail == 3) v128.store64_lane(s, v128.shuffle<f32>(re, im, 2, 6, 3, 7), 0, 16);
  }
}

/** First source index and number of source frequencies that make frequency k of m out of n; see resampleSpectrum. */
// @ts-ignore: decorator
@inline function sourceIndex(k: i32, n: i32, m: i32): i32 {
  const f = 2 * k <= m ? k : k - m;
  return f < 0 ? f + n : f;
}
// @ts-ignore: decorator
@inline function sourceCount(k: i32, n: i32, m: i32): i32 {
  const f = 2 * (2 * k <= m ? k : m - k);
  return f > n ? 0 : m < n && f == m ? 2 : 1;
}
/** A half where the Nyquist frequency of an even n is shared between +n/2 and -n/2 of a larger m. */
// @ts-ignore: decorator
@inline function sourceWeight(k: i32, n: i32, m: i32): f32 {
  return m > n && 2 * (2 * k <= m ? k : m - k) == n ? 0.5 : 1;
}

/**
 * Rows begin..end of half spectra (batch, depth, height, width/2+1) of resampled volumes from those of another size, times `scale`.
 * Frequencies that both have are copied, others are zero. Where the smaller length is even, its Nyquist frequency is
 * halved on the way up and is the sum of + and - on the way down, so that what was one cosine stays one.
 */
export function resampleSpectrum(
  source: usize, target: usize, fromDepth: i32, fromHeight: i32, fromWidth: i32, depth: i32, height: i32, width: i32, scale: f32,
  begin: i32, end: i32,
): void {
  const sourceBytes = <usize>((fromWidth >> 1) + 1) << 3, targetBytes = <usize>((width >> 1) + 1) << 3;
  for (let row = begin; row < end; row++) {
    const plane = row / height, ky = row - plane * height, kz = plane % depth, out = target + <usize>row * targetBytes;
    const volume = source + <usize>(plane / depth * fromDepth) * fromHeight * sourceBytes;
    const planes = sourceCount(kz, fromDepth, depth), lines = sourceCount(ky, fromHeight, height);
    const weight = scale * sourceWeight(kz, fromDepth, depth) * sourceWeight(ky, fromHeight, height);
    memory.fill(out, 0, targetBytes);
    for (let a = 0; a < planes; a++) {
      const z = a == 0 ? sourceIndex(kz, fromDepth, depth) : fromDepth - kz;
      for (let b = 0; b < lines; b++) {
        const y = b == 0 ? sourceIndex(ky, fromHeight, height) : fromHeight - ky;
        const mirrorZ = z == 0 ? 0 : fromDepth - z, mirrorY = y == 0 ? 0 : fromHeight - y;
        const from = volume + (<usize>z * fromHeight + y) * sourceBytes;
        addRow(from, volume + (<usize>mirrorZ * fromHeight + mirrorY) * sourceBytes, out, fromWidth, width, weight);
      }
    }
  }
}

function addRow(from: usize, mirror: usize, out: usize, n: i32, m: i32, weight: f32): void {
  const shorter = min(n, m), bytes = <usize>((shorter + 1) >> 1) << 3, factor = f32x4.splat(weight);
  let o: usize = 0;
  for (; o + 16 <= bytes; o += 16) v128.store(out + o, add(v128.load(out + o), mul(v128.load(from + o), factor)));
  for (; o < bytes; o += 4) store<f32>(out + o, load<f32>(out + o) + load<f32>(from + o) * weight);
  if (shorter & 1) return;
  let re = load<f32>(from + o), im = load<f32>(from + o, 4);
  if (m < n) {
    re += load<f32>(mirror + o);
    im -= load<f32>(mirror + o, 4);
  } else if (m > n) {
    re *= 0.5;
    im *= 0.5;
  }
  store<f32>(out + o, load<f32>(out + o) + re * weight);
  store<f32>(out + o, load<f32>(out + o, 4) + im * weight, 4);
}
