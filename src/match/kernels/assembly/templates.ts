// From two filtered central slices to a pair of normalised templates in one complex image z = t1 - i t2, and on to the
// padded row transforms that the correlation reads. All four steps work on ranges of blocks of 4 lines.
import { add, clear, evenLanes, madd, mul, nmadd, oddLanes, sub, transpose, transposeElements } from "../../../compute/assembly/vector";
import { lineForward, linePosition } from "../../../compute/assembly/lines";

/** Position in a permuted line of sample `shifted` of the image whose origin lies at n/2. */
// @ts-ignore: decorator
@inline function positionOf(position: usize, shifted: i32, n: i32): usize {
  let i = shifted - (n >> 1);
  if (i < 0) i += n;
  return <usize>load<i32>(position + (<usize>i << 2)) << 5;
}

/**
 * Column blocks begin..end of the inverse transform of Z = F1 S1 - i F2 S2, S being half spectra (n x n/2+1, rows of
 * `stride` complex values) and F filters of the same shape, real or complex. Both halves of Z come from one visit.
 * Re and im are kept swapped, which turns the forward line transform into the inverse. Out: rows in blocks of 4,
 * `out` + block * outBytes, element x = frequency kx. `buffer` holds two line buffers of `bufferBytes` and one element more.
 */
export function templateColumns(
  slice1: usize, slice2: usize, filter1: usize, filter2: usize, complexFilter: i32, n: i32, stride: i32,
  plan: usize, out: usize, outBytes: usize, buffer: usize, bufferBytes: usize, begin: i32, end: i32,
): void {
  const mirrored = buffer + bufferBytes, position = linePosition(plan), rowBytes = <usize>stride << 3;
  for (let block = begin; block < end; block++) {
    let o = <usize>block << 5, f = <usize>block << (complexFilter ? 5 : 4);
    for (let ky = 0; ky < n; ky++, o += rowBytes, f += complexFilter ? rowBytes : rowBytes >> 1) {
      let a = v128.load(slice1 + o), b = v128.load(slice1 + o, 16), c = v128.load(slice2 + o), d = v128.load(slice2 + o, 16);
      let ur = evenLanes(a, b), ui = oddLanes(a, b), vr = evenLanes(c, d), vi = oddLanes(c, d);
      if (complexFilter) {
        a = v128.load(filter1 + f); b = v128.load(filter1 + f, 16); c = v128.load(filter2 + f); d = v128.load(filter2 + f, 16);
        const pr = evenLanes(a, b), pi = oddLanes(a, b), qr = evenLanes(c, d), qi = oddLanes(c, d);
        const tr = nmadd(ui, pi, mul(ur, pr)), sr = nmadd(vi, qi, mul(vr, qr));
        ui = madd(ur, pi, mul(ui, pr)); vi = madd(vr, qi, mul(vi, qr));
        ur = tr; vr = sr;
      } else {
        const p = v128.load(filter1 + f), q = v128.load(filter2 + f);
        ur = mul(ur, p); ui = mul(ui, p); vr = mul(vr, q); vi = mul(vi, q);
      }
      const direct = buffer + (<usize>ky << 5), opposite = mirrored + (<usize>(ky == 0 ? 0 : n - ky) << 5);
      v128.store(direct, sub(ui, vr));
      v128.store(direct, add(ur, vi), 16);
      v128.store(opposite, f32x4.neg(add(ui, vr)));
      v128.store(opposite, sub(ur, vi), 16);
    }
    symmetrise(buffer, mirrored, n, block << 2);
    lineForward(buffer, buffer, plan, n);
    lineForward(mirrored, mirrored, plan, n);
    storeColumns(buffer, position, n, block << 2, false, out, outBytes, buffer + 2 * bufferBytes);
    storeColumns(mirrored, position, n, block << 2, true, out, outBytes, buffer + 2 * bufferBytes);
  }
}

/**
 * A real image has columns 0 and n/2 that equal their own mirror images; a slice need not. As an inverse real transform
 * does, keeps only the part that is symmetric, in the lanes of this block that hold such a column.
 */
function symmetrise(direct: usize, mirrored: usize, n: i32, column: i32): void {
  const columns = i32x4.add(i32x4.splat(column), i32x4(0, 1, 2, 3));
  const own = v128.or(i32x4.eq(columns, i32x4.splat(0)), i32x4.eq(i32x4.shl(columns, 1), i32x4.splat(n)));
  if (!v128.any_true(own)) return;
  const half = f32x4.splat(0.5), bytes = <usize>n << 5;
  for (let o: usize = 0; o < bytes; o += 16) {
    const a = v128.load(direct + o), b = v128.load(mirrored + o);
    v128.store(direct + o, v128.bitselect(mul(add(a, b), half), a, own));
  }
}

/** Transposes 4 columns into row blocks; mirrored columns kx go to n - kx. Rows beyond n repeat the last one. */
function storeColumns(
  buffer: usize, position: usize, n: i32, column: i32, mirror: bool, out: usize, outBytes: usize, spare: usize,
): void {
  const half = n >> 1;
  for (let y = 0; y < n; y += 4, out += outBytes) {
    const r0 = buffer + positionOf(position, y, n), r1 = buffer + positionOf(position, min(y + 1, n - 1), n);
    const r2 = buffer + positionOf(position, min(y + 2, n - 1), n), r3 = buffer + positionOf(position, min(y + 3, n - 1), n);
    const c0 = columnAddress(column, n, half, mirror, out, spare), c1 = columnAddress(column + 1, n, half, mirror, out, spare);
    const c2 = columnAddress(column + 2, n, half, mirror, out, spare), c3 = columnAddress(column + 3, n, half, mirror, out, spare);
    transpose(r0, r1, r2, r3, c0, c1, c2, c3);
    transpose(r0 + 16, r1 + 16, r2 + 16, r3 + 16, c0 + 16, c1 + 16, c2 + 16, c3 + 16);
  }
}
/** Where a column of the half spectrum (or its mirror image) goes; columns that do not exist go to a spare place. */
// @ts-ignore: decorator
@inline function columnAddress(column: i32, n: i32, half: i32, mirror: bool, out: usize, spare: usize): usize {
  if (mirror) return column > 0 && column < n - half ? out + (<usize>(n - column) << 5) : spare;
  return column <= half ? out + (<usize>column << 5) : spare;
}

/** Adds the 4 lanes of v to the two running float64 sums at `sum`. */
// @ts-ignore: decorator
@inline function sum64(total: v128, v: v128): v128 {
  return f64x2.add(total, f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3))));
}
// @ts-ignore: decorator
@inline function square64(total: v128, v: v128): v128 {
  const a = f64x2.promote_low_f32x4(v), b = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
  return f64x2.add(total, f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b)));
}
// @ts-ignore: decorator
@inline function storeSum(at: usize, total: v128): void {
  store<f64>(at, f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1));
}
/** 1 where the row (of 4 from `row` on) lies in [first, end), else 0. */
// @ts-ignore: decorator
@inline function rowMask(row: i32, first: i32, end: i32): v128 {
  const rows = i32x4.add(i32x4.splat(row), i32x4(0, 1, 2, 3));
  const within = v128.and(i32x4.ge_s(rows, i32x4.splat(first)), i32x4.lt_s(rows, i32x4.splat(end)));
  return v128.and(within, f32x4.splat(1));
}

/**
 * Row blocks begin..end of the inverse transform along x. Out: `out` + block * outBytes, element x = t1 of 4 rows, t2 of
 * 4 rows, origin at n/2. `sums` + block * 48 receives in float64: sum, sum of squares and border sum of t1, then of t2.
 */
export function templateRows(
  rows: usize, rowsBytes: usize, n: i32, plan: usize, out: usize, outBytes: usize, sums: usize, buffer: usize, begin: i32, end: i32,
): void {
  const position = linePosition(plan);
  for (let block = begin; block < end; block++) {
    lineForward(rows + <usize>block * rowsBytes, buffer, plan, n);
    const all = rowMask(block << 2, 0, n), border = sub(all, rowMask(block << 2, 1, n - 1));
    let s1 = f64x2.splat(0), q1 = s1, e1 = s1, s2 = s1, q2 = s1, e2 = s1;
    let d = out + <usize>block * outBytes;
    for (let x = 0; x < n; x++, d += 32) {
      const p = buffer + positionOf(position, x, n);
      const t1 = mul(v128.load(p, 16), all), t2 = mul(f32x4.neg(v128.load(p)), all);
      v128.store(d, t1);
      v128.store(d, t2, 16);
      s1 = sum64(s1, t1); q1 = square64(q1, t1);
      s2 = sum64(s2, t2); q2 = square64(q2, t2);
      const onBorder = x == 0 || x == n - 1 ? all : border;
      e1 = sum64(e1, mul(t1, onBorder));
      e2 = sum64(e2, mul(t2, onBorder));
    }
    const at = sums + <usize>block * 48;
    storeSum(at, s1); storeSum(at + 8, q1); storeSum(at + 16, e1);
    storeSum(at + 24, s2); storeSum(at + 32, q2); storeSum(at + 40, e2);
  }
}

/** The border mean of one template, and by what its difference from it is multiplied: Leopard-EM's normalisation. */
// @ts-ignore: decorator
@inline function sumOver(sums: usize, blocks: i32): f64 {
  let total: f64 = 0;
  for (let b = 0; b < blocks; b++) total += load<f64>(sums + <usize>b * 48);
  return total;
}
function borderMean(sums: usize, blocks: i32, n: i32): f64 {
  return sumOver(sums + 16, blocks) / <f64>(4 * n - 4);
}
function normalisation(sums: usize, blocks: i32, n: i32, height: i32, width: i32, mean: f64): f64 {
  return normaliser(sumOver(sums, blocks), sumOver(sums + 8, blocks), mean, n, height, width);
}
/** The same from a template's sum `raw`, sum of `squares` and border mean. */
export function normaliser(raw: f64, squares: f64, mean: f64, n: i32, height: i32, width: i32): f64 {
  const area = <f64>n * <f64>n, large = <f64>height * <f64>width, ratio = area / large;
  const sum = raw - area * mean, square = squares - 2 * mean * raw + area * mean * mean;
  const m = (sum / area) * ratio * ratio; // the ratio enters twice, as in Leopard-EM
  const variance = square - 2 * m * sum + area * m * m + <f64>(height - n) * <f64>(width - n) * m * m;
  return Math.sqrt(large) / Math.sqrt(max(variance, 1e-8));
}

/**
 * Row blocks begin..end: the templates normalised for an image of height x width, transformed along x padded with zeros to the length
 * of `plan`. Out: `out` + (position / 4) * outBytes, element y; ready for columns. `single` leaves t2 zero.
 */
export function templatePad(
  rows: usize, rowsBytes: usize, n: i32, sums: usize, height: i32, width: i32, single: i32,
  plan: usize, out: usize, outBytes: usize, buffer: usize, begin: i32, end: i32,
): void {
  const blocks = (n + 3) >> 2, length = load<i32>(plan);
  const mean1 = borderMean(sums, blocks, n), mean2 = borderMean(sums + 24, blocks, n);
  const e1 = f32x4.splat(<f32>mean1), e2 = f32x4.splat(<f32>mean2);
  const k1 = f32x4.splat(<f32>normalisation(sums, blocks, n, height, width, mean1));
  const k2 = f32x4.splat(single ? 0 : <f32>-normalisation(sums + 24, blocks, n, height, width, mean2));
  for (let block = begin; block < end; block++) {
    const mask = rowMask(block << 2, 0, n), m1 = mul(mask, k1), m2 = mul(mask, k2);
    let s = rows + <usize>block * rowsBytes, d = buffer;
    for (let x = 0; x < n; x++, s += 32, d += 32) {
      v128.store(d, mul(sub(v128.load(s), e1), m1));
      v128.store(d, mul(sub(v128.load(s, 16), e2), m2), 16);
    }
    lineForward(buffer, buffer, plan, n);
    const at = out + (<usize>block << 7);
    for (let p = 0; p < length; p += 4) {
      const o = at + <usize>(p >> 2) * outBytes;
      transposeElements(buffer + (<usize>p << 5), o, o + 32, o + 64, o + 96);
    }
  }
}

/** Row blocks begin..end of a real image (rows of `width` floats), transformed along x padded to the plan's length. */
export function imageRows(
  image: usize, height: i32, width: i32, plan: usize, out: usize, outBytes: usize, buffer: usize, begin: i32, end: i32,
): void {
  const length = load<i32>(plan), none = f32x4.splat(0), stride = <usize>width << 2;
  for (let block = begin; block < end; block++) {
    const y = block << 2, rows = height - y;
    clear(buffer, width);
    for (let r = 0; r < min(4, rows); r++) {
      const s = image + <usize>(y + r) * stride, d = buffer + (<usize>r << 2);
      for (let x = 0; x < width; x++) store<f32>(d + (<usize>x << 5), load<f32>(s + (<usize>x << 2)));
    }
    if (rows > 0) lineForward(buffer, buffer, plan, width);
    const at = out + (<usize>block << 7);
    for (let p = 0; p < length; p += 4) {
      const o = at + <usize>(p >> 2) * outBytes;
      if (rows > 0) transposeElements(buffer + (<usize>p << 5), o, o + 32, o + 64, o + 96);
      else for (let e: usize = 0; e < 128; e += 16) v128.store(o + e, none);
    }
  }
}

/** Column blocks begin..end of the image's spectrum in place, times `scale`. */
export function imageColumns(spectrum: usize, columnBytes: usize, plan: usize, scale: f32, begin: i32, end: i32): void {
  const length = load<i32>(plan), factor = f32x4.splat(scale);
  for (let block = begin; block < end; block++) {
    const line = spectrum + <usize>block * columnBytes;
    lineForward(line, line, plan, length);
    for (let p = line, e = line + (<usize>length << 5); p < e; p += 16) v128.store(p, mul(v128.load(p), factor));
  }
}
