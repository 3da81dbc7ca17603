// Fourier transforms of 4 lines at once (see vector.ts for the layout), any length.
//
// forward: decimation in frequency, natural order in, permuted order out: position p holds frequency order[p].
// inverse: decimation in time, permuted order in, natural order out; unnormalised. No bit reversal anywhere.
// Lengths with a prime factor above 7 use Bluestein's algorithm and keep the natural order on both sides.
//
// A line plan is a block of 32-bit words that the host writes (linePlan.ts holds its only other description):
//   0 length n   1 stages   2 buffer elements   3 Bluestein's inner plan or 0   4 chirp   5 chirp spectrum
//   6 order (i32[n])   7 position (i32[n], the inverse of order)   8.. per stage: radix, block length L, twiddles
// Twiddles of a stage: for j in 0..L/radix-1, for k in 1..radix-1: exp(-2 pi i j k / L) as two f32.
import { add, clear, madd, mul, nmadd, sub } from "./vector";

const STAGES: usize = 32;
const STAGE_BYTES: usize = 12;
/** Blocks of this many elements are transformed to the end before the next, so that they stay in the first-level cache. */
const NEAR: i32 = 512;

// @ts-ignore: decorator
@inline export function lineLength(plan: usize): i32 { return load<i32>(plan); }
// @ts-ignore: decorator
@inline export function lineOrder(plan: usize): usize { return load<u32>(plan, 24); }
// @ts-ignore: decorator
@inline export function linePosition(plan: usize): usize { return load<u32>(plan, 28); }
// @ts-ignore: decorator
@inline function stageCount(plan: usize): i32 { return load<i32>(plan, 4); }
// @ts-ignore: decorator
@inline function radixOf(plan: usize, s: i32): i32 { return load<i32>(plan + STAGES + <usize>s * STAGE_BYTES); }
// @ts-ignore: decorator
@inline function blockOf(plan: usize, s: i32): i32 { return load<i32>(plan + STAGES + <usize>s * STAGE_BYTES, 4); }
// @ts-ignore: decorator
@inline function twiddlesOf(plan: usize, s: i32): usize { return load<u32>(plan + STAGES + <usize>s * STAGE_BYTES, 8); }

const R3: f32 = 0.86602540378443864676; // sin(2 pi / 3)
const C51: f32 = 0.30901699437494742410, C52: f32 = -0.80901699437494742410; // cos(2 pi k / 5)
const S51: f32 = 0.95105651629515357212, S52: f32 = 0.58778525229247312917;
const C71: f32 = 0.62348980185873353053, C72: f32 = -0.22252093395631440429, C73: f32 = -0.90096886790241912624;
const S71: f32 = 0.78183148246802980871, S72: f32 = 0.97492791218182360702, S73: f32 = 0.43388373911755812048;

/** Stores (re, im) times the twiddle at t. */
// @ts-ignore: decorator
@inline function put(dst: usize, re: v128, im: v128, t: usize): void {
  const wr = v128.load32_splat(t), wi = v128.load32_splat(t, 4);
  v128.store(dst, nmadd(im, wi, mul(re, wr)));
  v128.store(dst, madd(im, wr, mul(re, wi)), 16);
}
/** Real part of the element at p times the conjugate of the twiddle at t. */
// @ts-ignore: decorator
@inline function getRe(p: usize, t: usize): v128 {
  return madd(v128.load(p, 16), v128.load32_splat(t, 4), mul(v128.load(p), v128.load32_splat(t)));
}
// @ts-ignore: decorator
@inline function getIm(p: usize, t: usize): v128 {
  return nmadd(v128.load(p), v128.load32_splat(t, 4), mul(v128.load(p, 16), v128.load32_splat(t)));
}

/** First stages of a line whose samples from `filled` <= L / radix on are zero: every branch is a twiddled copy. */
function spread(src: usize, dst: usize, length: i32, L: i32, radix: i32, tw: usize, filled: i32): void {
  const q = <usize>(L / radix) << 5, stride = <usize>(radix - 1) << 3;
  for (let b: usize = 0, e = <usize>length << 5; b < e; b += <usize>L << 5) {
    for (let j = 0; j < filled; j++) {
      const o = b + (<usize>j << 5), t = tw + <usize>j * stride;
      const re = v128.load(src + o), im = v128.load(src + o, 16);
      v128.store(dst + o, re);
      v128.store(dst + o, im, 16);
      for (let k = 1; k < radix; k++) put(dst + o + <usize>k * q, re, im, t + (<usize>(k - 1) << 3));
    }
  }
}

function dif2(src: usize, dst: usize, length: i32, L: i32, tw: usize): void {
  const q = <usize>(L >> 1) << 5;
  for (let b: usize = 0, e = <usize>length << 5; b < e; b += 2 * q) {
    for (let o = b, t = tw; o < b + q; o += 32, t += 8) {
      const s = src + o, d = dst + o;
      const ar = v128.load(s), ai = v128.load(s, 16), br = v128.load(s + q), bi = v128.load(s + q, 16);
      v128.store(d, add(ar, br));
      v128.store(d, add(ai, bi), 16);
      put(d + q, sub(ar, br), sub(ai, bi), t);
    }
  }
}
function dit2(buf: usize, length: i32, L: i32, tw: usize): void {
  const q = <usize>(L >> 1) << 5;
  for (let b: usize = 0, e = <usize>length << 5; b < e; b += 2 * q) {
    for (let d = buf + b, t = tw, end = buf + b + q; d < end; d += 32, t += 8) {
      const ar = v128.load(d), ai = v128.load(d, 16), br = getRe(d + q, t), bi = getIm(d + q, t);
      v128.store(d, add(ar, br));
      v128.store(d, add(ai, bi), 16);
      v128.store(d + q, sub(ar, br));
      v128.store(d + q, sub(ai, bi), 16);
    }
  }
}

function dif3(src: usize, dst: usize, length: i32, L: i32, tw: usize): void {
  const q = <usize>(L / 3) << 5;
  const half = f32x4.splat(-0.5), sine = f32x4.splat(R3);
  for (let b: usize = 0, e = <usize>length << 5; b < e; b += 3 * q) {
    for (let o = b, t = tw; o < b + q; o += 32, t += 16) {
      const s = src + o, d = dst + o;
      const ar = v128.load(s), ai = v128.load(s, 16);
      const br = v128.load(s + q), bi = v128.load(s + q, 16), cr = v128.load(s + 2 * q), ci = v128.load(s + 2 * q, 16);
      const pr = add(br, cr), pi = add(bi, ci), mr = mul(sub(br, cr), sine), mi = mul(sub(bi, ci), sine);
      const hr = madd(pr, half, ar), hi = madd(pi, half, ai);
      v128.store(d, add(ar, pr));
      v128.store(d, add(ai, pi), 16);
      put(d + q, add(hr, mi), sub(hi, mr), t);
      put(d + 2 * q, sub(hr, mi), add(hi, mr), t + 8);
    }
  }
}
function dit3(buf: usize, length: i32, L: i32, tw: usize): void {
  const q = <usize>(L / 3) << 5;
  const half = f32x4.splat(-0.5), sine = f32x4.splat(R3);
  for (let b: usize = 0, e = <usize>length << 5; b < e; b += 3 * q) {
    for (let d = buf + b, t = tw, end = buf + b + q; d < end; d += 32, t += 16) {
      const ar = v128.load(d), ai = v128.load(d, 16);
      const br = getRe(d + q, t), bi = getIm(d + q, t), cr = getRe(d + 2 * q, t + 8), ci = getIm(d + 2 * q, t + 8);
      const pr = add(br, cr), pi = add(bi, ci), mr = mul(sub(br, cr), sine), mi = mul(sub(bi, ci), sine);
      const hr = madd(pr, half, ar), hi = madd(pi, half, ai);
      v128.store(d, add(ar, pr));
      v128.store(d, add(ai, pi), 16);
      v128.store(d + q, sub(hr, mi));
      v128.store(d + q, add(hi, mr), 16);
      v128.store(d + 2 * q, add(hr, mi));
      v128.store(d + 2 * q, sub(hi, mr), 16);
    }
  }
}

function dif4(src: usize, dst: usize, length: i32, L: i32, tw: usize): void {
  const q = <usize>(L >> 2) << 5;
  for (let b: usize = 0, e = <usize>length << 5; b < e; b += 4 * q) {
    for (let o = b, t = tw; o < b + q; o += 32, t += 24) {
      const s = src + o, d = dst + o;
      const ar = v128.load(s), ai = v128.load(s, 16), br = v128.load(s + q), bi = v128.load(s + q, 16);
      const cr = v128.load(s + 2 * q), ci = v128.load(s + 2 * q, 16), er = v128.load(s + 3 * q), ei = v128.load(s + 3 * q, 16);
      const s0r = add(ar, cr), s0i = add(ai, ci), d0r = sub(ar, cr), d0i = sub(ai, ci);
      const s1r = add(br, er), s1i = add(bi, ei), d1r = sub(br, er), d1i = sub(bi, ei);
      v128.store(d, add(s0r, s1r));
      v128.store(d, add(s0i, s1i), 16);
      put(d + q, add(d0r, d1i), sub(d0i, d1r), t);
      put(d + 2 * q, sub(s0r, s1r), sub(s0i, s1i), t + 8);
      put(d + 3 * q, sub(d0r, d1i), add(d0i, d1r), t + 16);
    }
  }
}
/** The stage of L = 4, where every twiddle is 1: the last forward one, or with outputs 1 and 3 exchanged the first inverse one. */
// @ts-ignore: decorator
@inline function plain4(src: usize, dst: usize, length: i32, one: usize, three: usize): void {
  for (let o: usize = 0, e = <usize>length << 5; o < e; o += 128) {
    const s = src + o, d = dst + o;
    const ar = v128.load(s), ai = v128.load(s, 16), br = v128.load(s, 32), bi = v128.load(s, 48);
    const cr = v128.load(s, 64), ci = v128.load(s, 80), er = v128.load(s, 96), ei = v128.load(s, 112);
    const s0r = add(ar, cr), s0i = add(ai, ci), d0r = sub(ar, cr), d0i = sub(ai, ci);
    const s1r = add(br, er), s1i = add(bi, ei), d1r = sub(br, er), d1i = sub(bi, ei);
    v128.store(d, add(s0r, s1r));
    v128.store(d, add(s0i, s1i), 16);
    v128.store(d + one, add(d0r, d1i));
    v128.store(d + one, sub(d0i, d1r), 16);
    v128.store(d, sub(s0r, s1r), 64);
    v128.store(d, sub(s0i, s1i), 80);
    v128.store(d + three, sub(d0r, d1i));
    v128.store(d + three, add(d0i, d1r), 16);
  }
}
function dif4last(src: usize, dst: usize, length: i32): void { plain4(src, dst, length, 32, 96); }
function dit4first(src: usize, dst: usize, length: i32): void { plain4(src, dst, length, 96, 32); }
function dit4(buf: usize, length: i32, L: i32, tw: usize): void {
  const q = <usize>(L >> 2) << 5;
  for (let b: usize = 0, e = <usize>length << 5; b < e; b += 4 * q) {
    for (let d = buf + b, t = tw, end = buf + b + q; d < end; d += 32, t += 24) {
      const ar = v128.load(d), ai = v128.load(d, 16), br = getRe(d + q, t), bi = getIm(d + q, t);
      const cr = getRe(d + 2 * q, t + 8), ci = getIm(d + 2 * q, t + 8), er = getRe(d + 3 * q, t + 16), ei = getIm(d + 3 * q, t + 16);
      const s0r = add(ar, cr), s0i = add(ai, ci), d0r = sub(ar, cr), d0i = sub(ai, ci);
      const s1r = add(br, er), s1i = add(bi, ei), d1r = sub(br, er), d1i = sub(bi, ei);
      v128.store(d, add(s0r, s1r));
      v128.store(d, add(s0i, s1i), 16);
      v128.store(d + q, sub(d0r, d1i));
      v128.store(d + q, add(d0i, d1r), 16);
      v128.store(d + 2 * q, sub(s0r, s1r));
      v128.store(d + 2 * q, sub(s0i, s1i), 16);
      v128.store(d + 3 * q, add(d0r, d1i));
      v128.store(d + 3 * q, sub(d0i, d1r), 16);
    }
  }
}

/** Pair sums of the symmetric prime butterflies: y_k = a + sum_m c_km p_m -+ i sum_m s_km m_m. */
function dif5(src: usize, dst: usize, length: i32, L: i32, tw: usize): void {
  const q = <usize>(L / 5) << 5;
  const c1 = f32x4.splat(C51), c2 = f32x4.splat(C52), s1 = f32x4.splat(S51), s2 = f32x4.splat(S52);
  for (let b: usize = 0, e = <usize>length << 5; b < e; b += 5 * q) {
    for (let o = b, t = tw; o < b + q; o += 32, t += 32) {
      const s = src + o, d = dst + o;
      const ar = v128.load(s), ai = v128.load(s, 16);
      let xr = v128.load(s + q), xi = v128.load(s + q, 16), yr = v128.load(s + 4 * q), yi = v128.load(s + 4 * q, 16);
      const p1r = add(xr, yr), p1i = add(xi, yi), m1r = sub(xr, yr), m1i = sub(xi, yi);
      xr = v128.load(s + 2 * q); xi = v128.load(s + 2 * q, 16); yr = v128.load(s + 3 * q); yi = v128.load(s + 3 * q, 16);
      const p2r = add(xr, yr), p2i = add(xi, yi), m2r = sub(xr, yr), m2i = sub(xi, yi);
      v128.store(d, add(ar, add(p1r, p2r)));
      v128.store(d, add(ai, add(p1i, p2i)), 16);
      const ur = madd(p2r, c2, madd(p1r, c1, ar)), ui = madd(p2i, c2, madd(p1i, c1, ai));
      const vr = madd(m2r, s2, mul(m1r, s1)), vi = madd(m2i, s2, mul(m1i, s1));
      put(d + q, add(ur, vi), sub(ui, vr), t);
      put(d + 4 * q, sub(ur, vi), add(ui, vr), t + 24);
      const wr = madd(p2r, c1, madd(p1r, c2, ar)), wi = madd(p2i, c1, madd(p1i, c2, ai));
      const zr = nmadd(m2r, s1, mul(m1r, s2)), zi = nmadd(m2i, s1, mul(m1i, s2));
      put(d + 2 * q, add(wr, zi), sub(wi, zr), t + 8);
      put(d + 3 * q, sub(wr, zi), add(wi, zr), t + 16);
    }
  }
}
function dit5(buf: usize, length: i32, L: i32, tw: usize): void {
  const q = <usize>(L / 5) << 5;
  const c1 = f32x4.splat(C51), c2 = f32x4.splat(C52), s1 = f32x4.splat(S51), s2 = f32x4.splat(S52);
  for (let b: usize = 0, e = <usize>length << 5; b < e; b += 5 * q) {
    for (let d = buf + b, t = tw, end = buf + b + q; d < end; d += 32, t += 32) {
      const ar = v128.load(d), ai = v128.load(d, 16);
      let xr = getRe(d + q, t), xi = getIm(d + q, t), yr = getRe(d + 4 * q, t + 24), yi = getIm(d + 4 * q, t + 24);
      const p1r = add(xr, yr), p1i = add(xi, yi), m1r = sub(xr, yr), m1i = sub(xi, yi);
      xr = getRe(d + 2 * q, t + 8); xi = getIm(d + 2 * q, t + 8); yr = getRe(d + 3 * q, t + 16); yi = getIm(d + 3 * q, t + 16);
      const p2r = add(xr, yr), p2i = add(xi, yi), m2r = sub(xr, yr), m2i = sub(xi, yi);
      v128.store(d, add(ar, add(p1r, p2r)));
      v128.store(d, add(ai, add(p1i, p2i)), 16);
      const ur = madd(p2r, c2, madd(p1r, c1, ar)), ui = madd(p2i, c2, madd(p1i, c1, ai));
      const vr = madd(m2r, s2, mul(m1r, s1)), vi = madd(m2i, s2, mul(m1i, s1));
      v128.store(d + q, sub(ur, vi));
      v128.store(d + q, add(ui, vr), 16);
      v128.store(d + 4 * q, add(ur, vi));
      v128.store(d + 4 * q, sub(ui, vr), 16);
      const wr = madd(p2r, c1, madd(p1r, c2, ar)), wi = madd(p2i, c1, madd(p1i, c2, ai));
      const zr = nmadd(m2r, s1, mul(m1r, s2)), zi = nmadd(m2i, s1, mul(m1i, s2));
      v128.store(d + 2 * q, sub(wr, zi));
      v128.store(d + 2 * q, add(wi, zr), 16);
      v128.store(d + 3 * q, add(wr, zi));
      v128.store(d + 3 * q, sub(wi, zr), 16);
    }
  }
}

/** One output pair k, 7 - k of the 7-point butterfly; the cosines and sines are those of k, 2k and 3k. */
// @ts-ignore: decorator
@inline function seventh(a: v128, p1: v128, p2: v128, p3: v128, c1: f32, c2: f32, c3: f32): v128 {
  return madd(p3, f32x4.splat(c3), madd(p2, f32x4.splat(c2), madd(p1, f32x4.splat(c1), a)));
}
function dif7(src: usize, dst: usize, length: i32, L: i32, tw: usize): void {
  const q = <usize>(L / 7) << 5, none = f32x4.splat(0);
  for (let b: usize = 0, e = <usize>length << 5; b < e; b += 7 * q) {
    for (let o = b, t = tw; o < b + q; o += 32, t += 48) {
      const s = src + o, d = dst + o;
      const ar = v128.load(s), ai = v128.load(s, 16);
      let xr = v128.load(s + q), xi = v128.load(s + q, 16), yr = v128.load(s + 6 * q), yi = v128.load(s + 6 * q, 16);
      const p1r = add(xr, yr), p1i = add(xi, yi), m1r = sub(xr, yr), m1i = sub(xi, yi);
      xr = v128.load(s + 2 * q); xi = v128.load(s + 2 * q, 16); yr = v128.load(s + 5 * q); yi = v128.load(s + 5 * q, 16);
      const p2r = add(xr, yr), p2i = add(xi, yi), m2r = sub(xr, yr), m2i = sub(xi, yi);
      xr = v128.load(s + 3 * q); xi = v128.load(s + 3 * q, 16); yr = v128.load(s + 4 * q); yi = v128.load(s + 4 * q, 16);
      const p3r = add(xr, yr), p3i = add(xi, yi), m3r = sub(xr, yr), m3i = sub(xi, yi);
      v128.store(d, add(ar, add(p1r, add(p2r, p3r))));
      v128.store(d, add(ai, add(p1i, add(p2i, p3i))), 16);
      let ur = seventh(ar, p1r, p2r, p3r, C71, C72, C73), ui = seventh(ai, p1i, p2i, p3i, C71, C72, C73);
      let vr = seventh(none, m1r, m2r, m3r, S71, S72, S73), vi = seventh(none, m1i, m2i, m3i, S71, S72, S73);
      put(d + q, add(ur, vi), sub(ui, vr), t);
      put(d + 6 * q, sub(ur, vi), add(ui, vr), t + 40);
      ur = seventh(ar, p1r, p2r, p3r, C72, C73, C71); ui = seventh(ai, p1i, p2i, p3i, C72, C73, C71);
      vr = seventh(none, m1r, m2r, m3r, S72, -S73, -S71); vi = seventh(none, m1i, m2i, m3i, S72, -S73, -S71);
      put(d + 2 * q, add(ur, vi), sub(ui, vr), t + 8);
      put(d + 5 * q, sub(ur, vi), add(ui, vr), t + 32);
      ur = seventh(ar, p1r, p2r, p3r, C73, C71, C72); ui = seventh(ai, p1i, p2i, p3i, C73, C71, C72);
      vr = seventh(none, m1r, m2r, m3r, S73, -S71, S72); vi = seventh(none, m1i, m2i, m3i, S73, -S71, S72);
      put(d + 3 * q, add(ur, vi), sub(ui, vr), t + 16);
      put(d + 4 * q, sub(ur, vi), add(ui, vr), t + 24);
    }
  }
}
function dit7(buf: usize, length: i32, L: i32, tw: usize): void {
  const q = <usize>(L / 7) << 5, none = f32x4.splat(0);
  for (let b: usize = 0, e = <usize>length << 5; b < e; b += 7 * q) {
    for (let d = buf + b, t = tw, end = buf + b + q; d < end; d += 32, t += 48) {
      const ar = v128.load(d), ai = v128.load(d, 16);
      let xr = getRe(d + q, t), xi = getIm(d + q, t), yr = getRe(d + 6 * q, t + 40), yi = getIm(d + 6 * q, t + 40);
      const p1r = add(xr, yr), p1i = add(xi, yi), m1r = sub(xr, yr), m1i = sub(xi, yi);
      xr = getRe(d + 2 * q, t + 8); xi = getIm(d + 2 * q, t + 8); yr = getRe(d + 5 * q, t + 32); yi = getIm(d + 5 * q, t + 32);
      const p2r = add(xr, yr), p2i = add(xi, yi), m2r = sub(xr, yr), m2i = sub(xi, yi);
      xr = getRe(d + 3 * q, t + 16); xi = getIm(d + 3 * q, t + 16); yr = getRe(d + 4 * q, t + 24); yi = getIm(d + 4 * q, t + 24);
      const p3r = add(xr, yr), p3i = add(xi, yi), m3r = sub(xr, yr), m3i = sub(xi, yi);
      v128.store(d, add(ar, add(p1r, add(p2r, p3r))));
      v128.store(d, add(ai, add(p1i, add(p2i, p3i))), 16);
      let ur = seventh(ar, p1r, p2r, p3r, C71, C72, C73), ui = seventh(ai, p1i, p2i, p3i, C71, C72, C73);
      let vr = seventh(none, m1r, m2r, m3r, S71, S72, S73), vi = seventh(none, m1i, m2i, m3i, S71, S72, S73);
      v128.store(d + q, sub(ur, vi));
      v128.store(d + q, add(ui, vr), 16);
      v128.store(d + 6 * q, add(ur, vi));
      v128.store(d + 6 * q, sub(ui, vr), 16);
      ur = seventh(ar, p1r, p2r, p3r, C72, C73, C71); ui = seventh(ai, p1i, p2i, p3i, C72, C73, C71);
      vr = seventh(none, m1r, m2r, m3r, S72, -S73, -S71); vi = seventh(none, m1i, m2i, m3i, S72, -S73, -S71);
      v128.store(d + 2 * q, sub(ur, vi));
      v128.store(d + 2 * q, add(ui, vr), 16);
      v128.store(d + 5 * q, add(ur, vi));
      v128.store(d + 5 * q, sub(ui, vr), 16);
      ur = seventh(ar, p1r, p2r, p3r, C73, C71, C72); ui = seventh(ai, p1i, p2i, p3i, C73, C71, C72);
      vr = seventh(none, m1r, m2r, m3r, S73, -S71, S72); vi = seventh(none, m1i, m2i, m3i, S73, -S71, S72);
      v128.store(d + 3 * q, sub(ur, vi));
      v128.store(d + 3 * q, add(ui, vr), 16);
      v128.store(d + 4 * q, add(ur, vi));
      v128.store(d + 4 * q, sub(ui, vr), 16);
    }
  }
}

function difStage(plan: usize, s: i32, src: usize, dst: usize, length: i32): void {
  const radix = radixOf(plan, s), L = blockOf(plan, s), tw = twiddlesOf(plan, s);
  if (radix == 4) { if (L == 4) dif4last(src, dst, length); else dif4(src, dst, length, L, tw); }
  else if (radix == 2) dif2(src, dst, length, L, tw);
  else if (radix == 3) dif3(src, dst, length, L, tw);
  else if (radix == 5) dif5(src, dst, length, L, tw);
  else dif7(src, dst, length, L, tw);
}
function ditStage(plan: usize, s: i32, buf: usize, length: i32): void {
  const radix = radixOf(plan, s), L = blockOf(plan, s), tw = twiddlesOf(plan, s);
  if (radix == 4) { if (L == 4) dit4first(buf, buf, length); else dit4(buf, length, L, tw); }
  else if (radix == 2) dit2(buf, length, L, tw);
  else if (radix == 3) dit3(buf, length, L, tw);
  else if (radix == 5) dit5(buf, length, L, tw);
  else dit7(buf, length, L, tw);
}

/**
 * Stages first..last-1 of a forward transform of `length` elements at src into buf; only the leading `filled` samples
 * of src are read, the others are zero.
 */
function difStages(plan: usize, src: usize, buf: usize, filled: i32, last: i32): void {
  const n = lineLength(plan);
  let s = 0, from = src;
  while (s < last && filled <= blockOf(plan, s) / radixOf(plan, s)) {
    spread(from, buf, n, blockOf(plan, s), radixOf(plan, s), twiddlesOf(plan, s), filled);
    from = buf;
    s++;
  }
  if (s == last) {
    if (from != buf) memory.copy(buf, from, <usize>filled << 5);
    return;
  }
  const L = blockOf(plan, s);
  if (filled < L) {
    if (from != buf) memory.copy(buf, from, <usize>filled << 5);
    from = buf;
    for (let b = 0; b < n; b += L) clear(buf + (<usize>(b + filled) << 5), L - filled);
  }
  for (; s < last && blockOf(plan, s) > NEAR; s++) {
    difStage(plan, s, from, buf, n);
    from = buf;
  }
  if (s == last) return;
  const near = blockOf(plan, s);
  for (let b: usize = 0, e = <usize>n << 5; b < e; b += <usize>near << 5) {
    difStage(plan, s, from + b, buf + b, near);
    for (let t = s + 1; t < last; t++) difStage(plan, t, buf + b, buf + b, near);
  }
}

/** Stages last-1 down to 0 of an inverse transform in place; the stages from `last` on were done already. */
function ditStages(plan: usize, buf: usize, last: i32): void {
  const n = lineLength(plan);
  let s = 0;
  while (s < last && blockOf(plan, s) > NEAR) s++;
  if (s < last) {
    const near = blockOf(plan, s);
    for (let b: usize = 0, e = <usize>n << 5; b < e; b += <usize>near << 5) {
      for (let t = last - 1; t >= s; t--) ditStage(plan, t, buf + b, near);
    }
  }
  for (s--; s >= 0; s--) ditStage(plan, s, buf, n);
}

/** Multiplies `count` elements by the per-element complex factors at `table` (conjugated if `conjugate`). */
function scaleByTable(buf: usize, table: usize, count: i32, conjugate: bool): void {
  const sign: f32 = conjugate ? -1 : 1;
  for (let k = 0; k < count; k++, buf += 32, table += 8) {
    const re = v128.load(buf), im = v128.load(buf, 16);
    const wr = v128.load32_splat(table), wi = f32x4.splat(load<f32>(table, 4) * sign);
    v128.store(buf, nmadd(im, wi, mul(re, wr)));
    v128.store(buf, madd(im, wr, mul(re, wi)), 16);
  }
}

/** Bluestein 1970: the transform as a convolution with a chirp, of length M >= 2n - 1; the spectrum carries 1 / M. */
function bluestein(plan: usize, src: usize, buf: usize, filled: i32, conjugate: bool): void {
  const n = lineLength(plan), inner: usize = load<u32>(plan, 12), chirp: usize = load<u32>(plan, 16), spectrum: usize = load<u32>(plan, 20);
  if (src != buf) memory.copy(buf, src, <usize>filled << 5);
  clear(buf + (<usize>filled << 5), n - filled);
  scaleByTable(buf, chirp, n, conjugate);
  const stages = stageCount(inner);
  difStages(inner, buf, buf, n, stages);
  scaleByTable(buf, spectrum, lineLength(inner), conjugate);
  ditStages(inner, buf, stages);
  scaleByTable(buf, chirp, n, conjugate);
}

/** Forward transform of 4 lines from src (its leading `filled` elements) into buf, which may be src. */
export function lineForward(src: usize, buf: usize, plan: usize, filled: i32): void {
  if (load<u32>(plan, 12) != 0) bluestein(plan, src, buf, filled, false);
  else difStages(plan, src, buf, filled, stageCount(plan));
}

/** Inverse transform (unnormalised) of 4 lines in place. */
export function lineInverse(buf: usize, plan: usize): void {
  if (load<u32>(plan, 12) != 0) bluestein(plan, buf, buf, lineLength(plan), true);
  else ditStages(plan, buf, stageCount(plan));
}

/** Inverse transform of 4 lines whose input lies elsewhere. */
export function lineInverseFrom(src: usize, buf: usize, plan: usize): void {
  const last = stageCount(plan) - 1;
  if (load<u32>(plan, 12) == 0 && last >= 0 && blockOf(plan, last) == 4 && radixOf(plan, last) == 4) {
    dit4first(src, buf, lineLength(plan));
    ditStages(plan, buf, last);
  } else {
    memory.copy(buf, src, <usize>lineLength(plan) << 5);
    lineInverse(buf, plan);
  }
}

/** The last forward stage (radix 4), times the factors at `spectrum` as factor * conj(value), and the first inverse stage. */
function middle4(buf: usize, spectrum: usize, length: i32): void {
  for (let o: usize = 0, e = <usize>length << 5; o < e; o += 128) {
    const p = buf + o, g = spectrum + o;
    const ar = v128.load(p), ai = v128.load(p, 16), br = v128.load(p, 32), bi = v128.load(p, 48);
    const cr = v128.load(p, 64), ci = v128.load(p, 80), er = v128.load(p, 96), ei = v128.load(p, 112);
    const s0r = add(ar, cr), s0i = add(ai, ci), d0r = sub(ar, cr), d0i = sub(ai, ci);
    const s1r = add(br, er), s1i = add(bi, ei), d1r = sub(br, er), d1i = sub(bi, ei);
    let zr = add(s0r, s1r), zi = add(s0i, s1i), gr = v128.load(g), gi = v128.load(g, 16);
    const Ar = madd(gi, zi, mul(gr, zr)), Ai = nmadd(gr, zi, mul(gi, zr));
    zr = add(d0r, d1i); zi = sub(d0i, d1r); gr = v128.load(g, 32); gi = v128.load(g, 48);
    const Br = madd(gi, zi, mul(gr, zr)), Bi = nmadd(gr, zi, mul(gi, zr));
    zr = sub(s0r, s1r); zi = sub(s0i, s1i); gr = v128.load(g, 64); gi = v128.load(g, 80);
    const Cr = madd(gi, zi, mul(gr, zr)), Ci = nmadd(gr, zi, mul(gi, zr));
    zr = sub(d0r, d1i); zi = add(d0i, d1r); gr = v128.load(g, 96); gi = v128.load(g, 112);
    const Er = madd(gi, zi, mul(gr, zr)), Ei = nmadd(gr, zi, mul(gi, zr));
    const t0r = add(Ar, Cr), t0i = add(Ai, Ci), u0r = sub(Ar, Cr), u0i = sub(Ai, Ci);
    const t1r = add(Br, Er), t1i = add(Bi, Ei), u1r = sub(Br, Er), u1i = sub(Bi, Ei);
    v128.store(p, add(t0r, t1r));
    v128.store(p, add(t0i, t1i), 16);
    v128.store(p, sub(u0r, u1i), 32);
    v128.store(p, add(u0i, u1r), 48);
    v128.store(p, sub(t0r, t1r), 64);
    v128.store(p, sub(t0i, t1i), 80);
    v128.store(p, add(u0r, u1i), 96);
    v128.store(p, sub(u0i, u1r), 112);
  }
}

/**
 * Forward transform of 4 lines, multiplication spectrum * conj(line), inverse transform (unnormalised), all in one
 * visit. The length must end in a stage of radix 4 (every `fastLength` does).
 */
export function lineCorrelate(src: usize, buf: usize, plan: usize, filled: i32, spectrum: usize): void {
  const last = stageCount(plan) - 1;
  difStages(plan, src, buf, filled, last);
  middle4(buf, spectrum, lineLength(plan));
  ditStages(plan, buf, last);
}
