// What is prepared once: turned volumes, and weights of the missing wedge.

/** Weights of a cubic B-spline's four taps at t in [0, 1), float32. */
// @ts-ignore: decorator
@inline function taps(t: f32): v128 {
  const u: f32 = 1 - t, sixth: f32 = 1.0 / 6.0;
  let w = f32x4.splat(u * u * u * sixth);
  w = f32x4.replace_lane(w, 1, (4 - 6 * t * t + 3 * t * t * t) * sixth);
  w = f32x4.replace_lane(w, 2, (4 - 6 * u * u + 3 * u * u * u) * sixth);
  return f32x4.replace_lane(w, 3, t * t * t * sixth);
}

/**
 * Planes begin..end of a volume's spline, read at R (x - c) + c.
 *
 * @param spline   coefficients, (n0 + 5, n1 + 5, n2 + 5): two more before each axis and three behind it
 * @param rotation 9 float64, row-major, on (z, y, x)
 * @param clamp    1: beyond a voxel outside everything is as there; 0: places outside have the value `outside`
 * @param limit    1: the result is kept from 0 to 1
 */
export function turnPlanes(
  spline: usize, target: usize, n0: i32, n1: i32, n2: i32, rotation: usize, clamp: i32, outside: f32, limit: i32, begin: i32, end: i32,
): void {
  const c0 = 0.5 * <f64>(n0 - 1), c1 = 0.5 * <f64>(n1 - 1), c2 = 0.5 * <f64>(n2 - 1);
  const rowBytes = <usize>(n2 + 5) << 2, planeBytes = rowBytes * <usize>(n1 + 5);
  const rz = load<f64>(rotation, 16), ry = load<f64>(rotation, 40), rx = load<f64>(rotation, 64);
  // Rounding must not put a corner that turns onto itself outside.
  const slack = 1e-6;
  for (let z = begin; z < end; z++) {
    for (let y = 0; y < n1; y++) {
      const dz = <f64>z - c0, dy = <f64>y - c1;
      const z0 = load<f64>(rotation) * dz + load<f64>(rotation, 8) * dy + c0;
      const y0 = load<f64>(rotation, 24) * dz + load<f64>(rotation, 32) * dy + c1;
      const x0 = load<f64>(rotation, 48) * dz + load<f64>(rotation, 56) * dy + c2;
      let to = target + (<usize>((z * n1 + y) * n2) << 2);
      for (let x = 0; x < n2; x++, to += 4) {
        const dx = <f64>x - c2;
        let a = z0 + rz * dx, b = y0 + ry * dx, c = x0 + rx * dx;
        if (!clamp && (a < -slack || b < -slack || c < -slack || a > <f64>(n0 - 1) + slack || b > <f64>(n1 - 1) + slack || c > <f64>(n2 - 1) + slack)) {
          store<f32>(to, outside);
          continue;
        }
        const room = clamp ? 1.0 : 0.0;
        a = min(max(a, -room), <f64>(n0 - 1) + room);
        b = min(max(b, -room), <f64>(n1 - 1) + room);
        c = min(max(c, -room), <f64>(n2 - 1) + room);
        const i = <i32>Math.floor(a), j = <i32>Math.floor(b), k = <i32>Math.floor(c);
        const wa = taps(<f32>(a - <f64>i)), wb = taps(<f32>(b - <f64>j)), wc = taps(<f32>(c - <f64>k));
        // Coefficient i - 1 lies at i + 1: the array begins two before.
        const at = spline + <usize>(i + 1) * planeBytes + <usize>(j + 1) * rowBytes + (<usize>(k + 1) << 2);
        const b0 = f32x4.extract_lane(wb, 0), b1 = f32x4.extract_lane(wb, 1), b2 = f32x4.extract_lane(wb, 2), b3 = f32x4.extract_lane(wb, 3);
        let sum = f32x4.mul(plane(at, rowBytes, b0, b1, b2, b3), f32x4.splat(f32x4.extract_lane(wa, 0)));
        sum = f32x4.add(sum, f32x4.mul(plane(at + planeBytes, rowBytes, b0, b1, b2, b3), f32x4.splat(f32x4.extract_lane(wa, 1))));
        sum = f32x4.add(sum, f32x4.mul(plane(at + 2 * planeBytes, rowBytes, b0, b1, b2, b3), f32x4.splat(f32x4.extract_lane(wa, 2))));
        sum = f32x4.add(sum, f32x4.mul(plane(at + 3 * planeBytes, rowBytes, b0, b1, b2, b3), f32x4.splat(f32x4.extract_lane(wa, 3))));
        sum = f32x4.mul(sum, wc);
        const value = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3);
        store<f32>(to, limit ? min(max(value, <f32>0), <f32>1) : value);
      }
    }
  }
}
// @ts-ignore: decorator
@inline function plane(at: usize, rowBytes: usize, b0: f32, b1: f32, b2: f32, b3: f32): v128 {
  let sum = f32x4.mul(v128.load(at), f32x4.splat(b0));
  sum = f32x4.add(sum, f32x4.mul(v128.load(at + rowBytes), f32x4.splat(b1)));
  sum = f32x4.add(sum, f32x4.mul(v128.load(at + 2 * rowBytes), f32x4.splat(b2)));
  return f32x4.add(sum, f32x4.mul(v128.load(at + 3 * rowBytes), f32x4.splat(b3)));
}

// @ts-ignore: decorator
@inline function signed(i: i32, n: i32): i32 { return 2 * i < n ? i : i - n; }
/** The frequency opposite, which of -n/2 is itself. */
// @ts-ignore: decorator
@inline function opposite(k: i32, n: i32): i32 { return 2 * k == -n ? k : -k; }

/** planeSide of tilt/planeSide.ts. */
// @ts-ignore: decorator
@inline function planeSide(kz: f64, ky: f64, kx: f64, normal: usize): f64 {
  const z = kz * load<f64>(normal), y = ky * load<f64>(normal, 8), x = kx * load<f64>(normal, 16), sum = z + y + x;
  if (abs(sum) > 1e-12 * (abs(z) + abs(y) + abs(x))) return sum;
  return addedProduct(kx, load<f64>(normal, 16), addedProduct(ky, load<f64>(normal, 8), z));
}
/** k value + more, rounded once; k is a whole number of a few digits. */
function addedProduct(k: f64, value: f64, more: f64): f64 {
  const product = k * value, split = 134217729.0 * value, high = split - (split - value);
  const lost = k * high - product + k * (value - high), sum = product + more, part = sum - product;
  return sum + (product - (sum - part) + (more - part) + lost);
}

/** Whether a frequency lies in one of the series' wedges: `normals` are pairs of 3 float64, per index of the transform. */
// @ts-ignore: decorator
@inline function isSeen(normals: usize, series: i32, kz: f64, ky: f64, kx: f64): bool {
  for (let i = 0, at = normals; i < series; i++, at += 48) {
    if (planeSide(kz, ky, kx, at) * planeSide(kz, ky, kx, at + 24) <= 0) return true;
  }
  return false;
}

/**
 * Columns begin..end of weights that stand for a wedge mask in a half spectrum: mean of the mask at a frequency and at its opposite, which differ where
 * an index is -n/2. `orderZ`, `orderY`: frequency of each place (int32). `hasSides`: of two of which only the opposite was seen the mean is negative.
 */
export function wedgeColumns(
  normals: usize, series: i32, target: usize, n0: i32, n1: i32, n2: i32, orderZ: usize, orderY: usize, hasSides: i32, begin: i32, end: i32,
): void {
  const inner = (n2 >> 1) + 1, rounded = (n0 + 3) & ~3;
  for (let c = begin; c < end; c++) {
    const place = c / inner, kx = signed(c - place * inner, n2), ky = signed(load<i32>(orderY + (<usize>place << 2)), n1);
    const mx = opposite(kx, n2), my = opposite(ky, n1);
    const at = target + (<usize>(c * rounded) << 2);
    for (let p = 0; p < n0; p++) {
      const kz = signed(load<i32>(orderZ + (<usize>p << 2)), n0), mz = opposite(kz, n0);
      let weight: f32 = isSeen(normals, series, <f64>kz, <f64>ky, <f64>kx) ? 1 : 0;
      // Both products change their sign with the frequency: only where an index has no opposite can the masks differ.
      if (mz == kz && kz != 0 || my == ky && ky != 0 || mx == kx && kx != 0) {
        const other: f32 = isSeen(normals, series, <f64>mz, <f64>my, <f64>mx) ? 1 : 0;
        weight = hasSides && weight < other ? -0.5 : 0.5 * (weight + other);
      }
      store<f32>(at + (<usize>p << 2), weight);
    }
  }
}
