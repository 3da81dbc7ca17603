// Central slices of a half spectrum: trilinear samples on a rotated plane through the origin.
import { add, madd, mul, sub } from "../../../compute/assembly/vector";

/** Below this fraction of the sampling frequency an x frequency counts as zero (Leopard-EM's threshold, cycles per pixel). */
const NEARLY_ZERO: f32 = 1e-8;

// @ts-ignore: decorator
@inline function lane(v: v128, k: i32): i32 {
  if (k == 0) return i32x4.extract_lane(v, 0);
  if (k == 1) return i32x4.extract_lane(v, 1);
  if (k == 2) return i32x4.extract_lane(v, 2);
  return i32x4.extract_lane(v, 3);
}
// @ts-ignore: decorator
@inline function spreadLane(v: v128, k: i32): v128 {
  if (k == 0) return v128.shuffle<f32>(v, v, 0, 0, 0, 0);
  if (k == 1) return v128.shuffle<f32>(v, v, 1, 1, 1, 1);
  if (k == 2) return v128.shuffle<f32>(v, v, 2, 2, 2, 2);
  return v128.shuffle<f32>(v, v, 3, 3, 3, 3);
}

/** Lane `k`, a literal, of four samples: the eight values around it in one half of the spectrum, weighted. */
// @ts-ignore: decorator
@inline function storeSample(
  volume: usize, planeBytes: usize, rowBytes: usize, x0: v128, ya: v128, yb: v128, za: v128, zb: v128,
  w00: v128, w01: v128, w10: v128, w11: v128, fx: v128, inside: v128, sign: v128, k: i32, out: usize,
): void {
  const at = volume + (<usize>lane(x0, k) << 3);
  const a = at + <usize>lane(za, k) * planeBytes, b = at + <usize>lane(zb, k) * planeBytes;
  const p = <usize>lane(ya, k) * rowBytes, q = <usize>lane(yb, k) * rowBytes;
  // (re, im) at x and at x + 1
  let sum = mul(v128.load(a + p), spreadLane(w00, k));
  sum = madd(v128.load(a + q), spreadLane(w01, k), sum);
  sum = madd(v128.load(b + p), spreadLane(w10, k), sum);
  sum = madd(v128.load(b + q), spreadLane(w11, k), sum);
  const next = v128.shuffle<f32>(sum, sum, 2, 3, 2, 3);
  sum = madd(sub(next, sum), spreadLane(fx, k), sum);
  sum = v128.and(sum, spreadLane(inside, k));
  sum = mul(sum, v128.shuffle<f32>(f32x4.splat(1), spreadLane(sign, k), 0, 4, 0, 4));
  v128.store64_lane(out + (<usize>k << 3), sum, 0);
}

/**
 * Rows begin..end of a central slice (n x (n/2+1), natural order, rows of `sliceStride` complex values, a multiple of 4)
 * through the half spectrum of a cube (natural order, rows of `rowBytes` bytes). The frequency (kx, ky) of the slice is
 * the frequency R (kx, ky, 0) of the volume, R given by its first two columns; negative x frequencies are read from the
 * conjugate half. Outside the sampled cube the value is 0; nothing wraps around. An x frequency that rounding has put just
 * below 0 lies outside too, as in Leopard-EM, unless `exact`.
 * `side` is the cube's: n, or more where it was padded before its transform.
 */
export function sliceRows(
  volume: usize, side: i32, rowBytes: usize, slice: usize, n: i32, sliceStride: i32,
  xx: f32, yx: f32, zx: f32, xy: f32, yy: f32, zy: f32, exact: i32, begin: i32, end: i32,
): void {
  const half = side >> 1, last = f32x4.splat(<f32>(side - 1)), top = f32x4.splat(<f32>half);
  const one = f32x4.splat(1), none = f32x4.splat(0), tiny = f32x4.splat(NEARLY_ZERO);
  const spacing: f32 = 1 / <f32>n, step = f32x4.splat(spacing), sample: f32 = 1 / <f32>side;
  const interval = f32x4.splat(1 - sample), size = i32x4.splat(side), centre = i32x4.splat(half);
  // side/2 without rounding down: for an odd side frequency 0 lies at index (side - 1)/2, and x runs to side/2, beyond the last sample
  const middle = f32x4.splat((side & 1) == 0 ? 0.5 : <f32>half * sample), nyquist = f32x4.splat(<f32>side * 0.5);
  const flipsAtZero = Mathf.abs(xx) <= 1e-7 ? xy < 0 : xx < 0;
  const zeroRule = i32x4.splat(flipsAtZero ? -1 : 0);
  const planeBytes = rowBytes * <usize>side;
  const rxx = f32x4.splat(xx), ryx = f32x4.splat(yx), rzx = f32x4.splat(zx);
  for (let row = begin; row < end; row++) {
    const ky = <f32>(row < n - (n >> 1) ? row : row - n) * spacing;
    const px = f32x4.splat(xy * ky), py = f32x4.splat(yy * ky), pz = f32x4.splat(zy * ky);
    let out = slice + (<usize>row * <usize>sliceStride << 3);
    for (let column = 0; column < sliceStride; column += 4, out += 32) {
      // cycles per pixel; the operations are Leopard-EM's, one rounding each, since the last bit decides what lies inside
      const kx = mul(f32x4.add(f32x4.splat(<f32>column), f32x4(0, 1, 2, 3)), step);
      let x = add(mul(kx, rxx), px), y = add(mul(kx, ryx), py), z = add(mul(kx, rzx), pz);
      const negative = f32x4.lt(x, f32x4.neg(tiny)), nearZero = v128.and(f32x4.lt(f32x4.abs(x), tiny), zeroRule);
      const flip = v128.or(negative, nearZero);
      x = mul(mul(v128.bitselect(f32x4.neg(x), x, flip), f32x4.splat(2)), nyquist);
      y = mul(f32x4.div(add(v128.bitselect(f32x4.neg(y), y, flip), middle), interval), last);
      z = mul(f32x4.div(add(v128.bitselect(f32x4.neg(z), z, flip), middle), interval), last);
      if (exact) x = f32x4.max(x, none);
      const inside = v128.and(
        v128.and(f32x4.le(x, top), f32x4.ge(x, none)),
        v128.and(v128.and(f32x4.ge(y, none), f32x4.le(y, last)), v128.and(f32x4.ge(z, none), f32x4.le(z, last))),
      );
      if (!v128.any_true(inside)) {
        v128.store(out, none);
        v128.store(out, none, 16);
        continue;
      }
      const xf = f32x4.floor(x), yf = f32x4.floor(y), zf = f32x4.floor(z);
      const fx = sub(x, xf), fy = sub(y, yf), fz = sub(z, zf), gy = sub(one, fy), gz = sub(one, fz);
      const w00 = mul(gz, gy), w01 = mul(gz, fy), w10 = mul(fz, gy), w11 = mul(fz, fy);
      // lanes outside read index 0 and are masked at the end
      const x0 = v128.and(i32x4.trunc_sat_f32x4_s(xf), inside);
      const y0 = i32x4.sub(v128.and(i32x4.trunc_sat_f32x4_s(yf), inside), centre), y1 = i32x4.add(y0, i32x4.splat(1));
      const z0 = i32x4.sub(v128.and(i32x4.trunc_sat_f32x4_s(zf), inside), centre), z1 = i32x4.add(z0, i32x4.splat(1));
      const ya = i32x4.add(y0, v128.and(i32x4.shr_s(y0, 31), size)), yb = i32x4.add(y1, v128.and(i32x4.shr_s(y1, 31), size));
      const za = i32x4.add(z0, v128.and(i32x4.shr_s(z0, 31), size)), zb = i32x4.add(z1, v128.and(i32x4.shr_s(z1, 31), size));
      const sign = v128.bitselect(f32x4.splat(-1), one, flip);
      storeSample(volume, planeBytes, rowBytes, x0, ya, yb, za, zb, w00, w01, w10, w11, fx, inside, sign, 0, out);
      storeSample(volume, planeBytes, rowBytes, x0, ya, yb, za, zb, w00, w01, w10, w11, fx, inside, sign, 1, out);
      storeSample(volume, planeBytes, rowBytes, x0, ya, yb, za, zb, w00, w01, w10, w11, fx, inside, sign, 2, out);
      storeSample(volume, planeBytes, rowBytes, x0, ya, yb, za, zb, w00, w01, w10, w11, fx, inside, sign, 3, out);
    }
  }
}

/**
 * Rows begin..end of a slice resampled for an anisotropic magnification: the value at (ky, kx) is the bilinear sample
 * of `source` at (ayy ky + ayx kx, axy ky + axx kx), zero outside; where x is
 * negative also zero, as in Leopard-EM, unless `exact`, which takes the conjugate half. Both slices are n x (n/2+1) in natural order.
 */
export function magnifyRows(
  source: usize, n: i32, sliceStride: i32, slice: usize, ayy: f32, ayx: f32, axy: f32, axx: f32, exact: i32, begin: i32, end: i32,
): void {
  const half = n >> 1, stride = <usize>sliceStride << 3;
  for (let row = begin; row < end; row++) {
    const ky = <f32>(row < n - half ? row : row - n);
    for (let column = 0; column < sliceStride; column++) {
      const out = slice + <usize>row * stride + (<usize>column << 3);
      let y = ayy * ky + ayx * <f32>column, x = axy * ky + axx * <f32>column;
      let sign: f32 = 1;
      if (x < 0 && exact) { x = -x; y = -y; sign = -1; }
      if (column > half || x < 0 || x > <f32>half || y < <f32>-half || y > <f32>(n - 1 - half)) {
        store<u64>(out, 0);
        continue;
      }
      const xf = Mathf.floor(x), yf = Mathf.floor(y), fx = x - xf, fy = y - yf;
      const x0 = <i32>xf, x1 = min(x0 + 1, half);
      let y0 = <i32>yf, y1 = min(y0 + 1, n - 1 - half);
      if (y0 < 0) y0 += n;
      if (y1 < 0) y1 += n;
      const a = source + <usize>y0 * stride + (<usize>x0 << 3), b = source + <usize>y0 * stride + (<usize>x1 << 3);
      const c = source + <usize>y1 * stride + (<usize>x0 << 3), d = source + <usize>y1 * stride + (<usize>x1 << 3);
      const gx: f32 = 1 - fx, gy: f32 = 1 - fy, wa = gy * gx, wb = gy * fx, wc = fy * gx, wd = fy * fx;
      store<f32>(out, load<f32>(a) * wa + load<f32>(b) * wb + load<f32>(c) * wc + load<f32>(d) * wd);
      store<f32>(out, sign * (load<f32>(a, 4) * wa + load<f32>(b, 4) * wb + load<f32>(c, 4) * wc + load<f32>(d, 4) * wd), 4);
    }
  }
}
