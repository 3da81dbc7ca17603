// Values of splines on turned grids, four neighbours of a row side by side.
//
// Along a row places advance by a constant: they are whole numbers of 2^-32 voxels, the upper half the voxel, the lower one where in it.
// Whether places lie inside is asked once a row, for its first and its last.
import { add, madd, mul, nmadd, sub } from "../../../compute/assembly/vector";

/** Steps of a voxel. */
const ONE: f64 = 4294967296;
/** Bytes that sampleRows needs of its own. */
export const SAMPLE_WORK: usize = 208;

/** Lane j of a vector, four times. */
// @ts-ignore: decorator
@inline function lane0(v: v128): v128 { return v128.shuffle<f32>(v, v, 0, 0, 0, 0); }
// @ts-ignore: decorator
@inline function lane1(v: v128): v128 { return v128.shuffle<f32>(v, v, 1, 1, 1, 1); }
// @ts-ignore: decorator
@inline function lane2(v: v128): v128 { return v128.shuffle<f32>(v, v, 2, 2, 2, 2); }
// @ts-ignore: decorator
@inline function lane3(v: v128): v128 { return v128.shuffle<f32>(v, v, 3, 3, 3, 3); }

/** Voxels of four places. */
// @ts-ignore: decorator
@inline function voxels(low: v128, high: v128): v128 { return v128.shuffle<i32>(low, high, 1, 3, 5, 7); }

/** How far four places lie beyond their voxels, 0 to 1. */
// @ts-ignore: decorator
@inline function beyond(low: v128, high: v128): v128 {
  const steps = i32x4.shr_u(v128.shuffle<i32>(low, high, 0, 2, 4, 6), 8);
  return mul(f32x4.convert_i32x4_s(steps), f32x4.splat(1.0 / 16777216));
}

// @ts-ignore: decorator
@inline function planeSum(at: usize, rowBytes: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  let sum = mul(v128.load(at), w0);
  sum = madd(v128.load(at + rowBytes), w1, sum);
  sum = madd(v128.load(at + 2 * rowBytes), w2, sum);
  return madd(v128.load(at + 3 * rowBytes), w3, sum);
}

/** Weight of a cubic spline's outer tap, u from the far one: u^3 / 6. */
// @ts-ignore: decorator
@inline function outer(u: v128): v128 { return mul(mul(mul(u, u), u), f32x4.splat(1.0 / 6)); }

/** Weight of an inner tap, t away: 2 / 3 - t^2 + t^3 / 2. */
// @ts-ignore: decorator
@inline function inner(t: v128): v128 {
  return nmadd(mul(t, t), nmadd(t, f32x4.splat(0.5), f32x4.splat(1)), f32x4.splat(2.0 / 3));
}

/**
 * Values of the cubic spline at four places. Their weights pass through memory: a place at a time needs few registers.
 *
 * @param source   with its margin, so that the first tap of index i is at i
 * @param offsets  of the first taps in bytes
 * @param work     SAMPLE_WORK bytes
 */
// @ts-ignore: decorator
@inline function cubicFour(source: usize, rowBytes: usize, planeBytes: usize, offsets: v128, z: v128, y: v128, x: v128, work: usize): v128 {
  const one = f32x4.splat(1), uz = sub(one, z), uy = sub(one, y), ux = sub(one, x);
  v128.store(work, outer(uz)); v128.store(work, inner(z), 16); v128.store(work, inner(uz), 32); v128.store(work, outer(z), 48);
  v128.store(work, outer(uy), 64); v128.store(work, inner(y), 80); v128.store(work, inner(uy), 96); v128.store(work, outer(y), 112);
  v128.store(work, i32x4.add(offsets, i32x4.splat(<i32>source)), 128);
  for (let j: usize = 0; j < 4; j++) {
    const own = work + (j << 2);
    const y0 = v128.load32_splat(own, 64), y1 = v128.load32_splat(own, 80), y2 = v128.load32_splat(own, 96), y3 = v128.load32_splat(own, 112);
    let at = load<u32>(own, 128), sum = f32x4.splat(0);
    for (let weight = own; weight < own + 64; weight += 16, at += planeBytes) {
      sum = madd(planeSum(at, rowBytes, y0, y1, y2, y3), v128.load32_splat(weight), sum);
    }
    v128.store(work + (j << 4), sum, 144);
  }
  const a = v128.load(work, 144), b = v128.load(work, 160), c = v128.load(work, 176), d = v128.load(work, 192);
  const lowAB = v128.shuffle<f32>(a, b, 0, 4, 1, 5), lowCD = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const highAB = v128.shuffle<f32>(a, b, 2, 6, 3, 7), highCD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  let sum = mul(v128.shuffle<f32>(lowAB, lowCD, 0, 1, 4, 5), outer(ux));
  sum = madd(v128.shuffle<f32>(lowAB, lowCD, 2, 3, 6, 7), inner(x), sum);
  sum = madd(v128.shuffle<f32>(highAB, highCD, 0, 1, 4, 5), inner(ux), sum);
  return madd(v128.shuffle<f32>(highAB, highCD, 2, 3, 6, 7), outer(x), sum);
}

/** Two rows of a plane, two values of each. */
// @ts-ignore: decorator
@inline function corners(at: usize, rowBytes: usize): v128 {
  return v128.load_lane<f64>(at + rowBytes, v128.load64_zero(at), 1);
}

/** Between two planes: two rows, two values of each. */
// @ts-ignore: decorator
@inline function between(at: usize, rowBytes: usize, planeBytes: usize, t: v128): v128 {
  const near = corners(at, rowBytes);
  return madd(t, sub(corners(at + planeBytes, rowBytes), near), near);
}

/** Values between the eight voxels around each of four places. */
// @ts-ignore: decorator
@inline function linearFour(source: usize, rowBytes: usize, planeBytes: usize, offsets: v128, z: v128, y: v128, x: v128): v128 {
  const first = source + planeBytes + rowBytes + 4;
  const a = between(first + <usize>i32x4.extract_lane(offsets, 0), rowBytes, planeBytes, lane0(z));
  const b = between(first + <usize>i32x4.extract_lane(offsets, 1), rowBytes, planeBytes, lane1(z));
  const c = between(first + <usize>i32x4.extract_lane(offsets, 2), rowBytes, planeBytes, lane2(z));
  const d = between(first + <usize>i32x4.extract_lane(offsets, 3), rowBytes, planeBytes, lane3(z));
  const nearAB = v128.shuffle<f32>(a, b, 0, 4, 1, 5), nearCD = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const farAB = v128.shuffle<f32>(a, b, 2, 6, 3, 7), farCD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  const near0 = v128.shuffle<f32>(nearAB, nearCD, 0, 1, 4, 5), near1 = v128.shuffle<f32>(nearAB, nearCD, 2, 3, 6, 7);
  const far0 = v128.shuffle<f32>(farAB, farCD, 0, 1, 4, 5), far1 = v128.shuffle<f32>(farAB, farCD, 2, 3, 6, 7);
  const near = madd(x, sub(near1, near0), near0), far = madd(x, sub(far1, far0), far0);
  return madd(y, sub(far, near), near);
}

// @ts-ignore: decorator
@inline function nearestAt(source: usize, rowBytes: usize, planeBytes: usize, z: f64, y: f64, x: f64): f32 {
  const iz = <usize>(<i32>Math.floor(z + 0.5) + 1), iy = <usize>(<i32>Math.floor(y + 0.5) + 1), ix = <usize>(<i32>Math.floor(x + 0.5) + 1);
  return load<f32>(source + iz * planeBytes + iy * rowBytes + (ix << 2));
}

/** A bound for the first place of a row that is not before 0 or beyond `last`: never behind it. */
// @ts-ignore: decorator
@inline function firstInside(start: f64, step: f64, last: f64): f64 {
  return step > 0 ? Math.floor(-start / step) : step < 0 ? Math.floor((last - start) / step) : 0;
}

/** One for the end of those places: never before it. */
// @ts-ignore: decorator
@inline function endInside(start: f64, step: f64, last: f64, count: f64): f64 {
  return step > 0 ? Math.ceil((last - start) / step) + 1 : step < 0 ? Math.ceil(-start / step) + 1 : count;
}

// @ts-ignore: decorator
@inline function isOutside(
  i: i32, startZ: f64, stepZ: f64, lastZ: f64, startY: f64, stepY: f64, lastY: f64, startX: f64, stepX: f64, lastX: f64,
): bool {
  const z = startZ + <f64>i * stepZ, y = startY + <f64>i * stepY, x = startX + <f64>i * stepX;
  return !(z >= 0 && z <= lastZ && y >= 0 && y <= lastY && x >= 0 && x <= lastX);
}

/** Whole steps of a row's start, such that no place of begin..end is before 0, be it by rounding. */
// @ts-ignore: decorator
@inline function startSteps(start: f64, step: i64, begin: i32, end: i32): i64 {
  const steps = <i64>Math.floor(start * ONE + 0.5);
  const lowest = steps + step * <i64>(step < 0 ? end - 1 : begin);
  return lowest < 0 ? steps - lowest : steps;
}

// @ts-ignore: decorator
@inline function pair(start: i64, step: i64, a: i32, b: i32): v128 {
  return i64x2.replace_lane(i64x2.splat(start + step * <i64>a), 1, start + step * <i64>b);
}

/** Values at places begin..end of a row, all inside; `order` 1 or 3. */
// @ts-ignore: decorator
@inline function sampleInside(
  source: usize, rowBytes: usize, planeBytes: usize, startZ: f64, startY: f64, startX: f64, stepZ: f64, stepY: f64, stepX: f64,
  order: i32, begin: i32, end: i32, target: usize, work: usize,
): void {
  const tz = <i64>Math.floor(stepZ * ONE + 0.5), ty = <i64>Math.floor(stepY * ONE + 0.5), tx = <i64>Math.floor(stepX * ONE + 0.5);
  const sz = startSteps(startZ, tz, begin, end), sy = startSteps(startY, ty, begin, end), sx = startSteps(startX, tx, begin, end);
  const rows = i32x4.splat(<i32>rowBytes), planes = i32x4.splat(<i32>planeBytes);
  const forwardZ = i64x2.splat(4 * tz), forwardY = i64x2.splat(4 * ty), forwardX = i64x2.splat(4 * tx);
  let z0 = pair(sz, tz, begin, begin + 1), y0 = pair(sy, ty, begin, begin + 1), x0 = pair(sx, tx, begin, begin + 1);
  let z1 = pair(sz, tz, begin + 2, begin + 3), y1 = pair(sy, ty, begin + 2, begin + 3), x1 = pair(sx, tx, begin + 2, begin + 3);
  let to = target + (<usize>begin << 2);
  for (let i = begin; i < end; i += 4, to += 16) {
    const count = end - i;
    if (count < 4) {
      // Lanes beyond the end repeat the last place.
      const b = i + min(1, count - 1), c = end - 1;
      z0 = pair(sz, tz, i, b); y0 = pair(sy, ty, i, b); x0 = pair(sx, tx, i, b);
      z1 = pair(sz, tz, c, c); y1 = pair(sy, ty, c, c); x1 = pair(sx, tx, c, c);
    }
    const offsets = i32x4.add(
      i32x4.add(i32x4.mul(voxels(z0, z1), planes), i32x4.mul(voxels(y0, y1), rows)), i32x4.shl(voxels(x0, x1), 2));
    const z = beyond(z0, z1), y = beyond(y0, y1), x = beyond(x0, x1);
    const values = order == 3
      ? cubicFour(source, rowBytes, planeBytes, offsets, z, y, x, work)
      : linearFour(source, rowBytes, planeBytes, offsets, z, y, x);
    if (count >= 4) v128.store(to, values);
    else {
      v128.store_lane<f32>(to, values, 0);
      if (count > 1) v128.store_lane<f32>(to + 4, values, 1);
      if (count > 2) v128.store_lane<f32>(to + 8, values, 2);
    }
    z0 = i64x2.add(z0, forwardZ); y0 = i64x2.add(y0, forwardY); x0 = i64x2.add(x0, forwardX);
    z1 = i64x2.add(z1, forwardZ); y1 = i64x2.add(y1, forwardY); x1 = i64x2.add(x1, forwardX);
  }
}

// @ts-ignore: decorator
@inline function fill(target: usize, begin: i32, end: i32, value: f32): void {
  for (let i = begin; i < end; i++) store<f32>(target + (<usize>i << 2), value);
}

/**
 * Rows begin..end, counted over all planes, of a box read on a grid of its own: the place of voxel g is turn * (g - (n - 1) / 2) + centre.
 *
 * @param source  the volume with its margin; of order 3 its coefficients
 * @param place   13 float64: turn (row-major, z y x), centre (voxels of the volume), the value outside of the volume
 * @param work    {@link SAMPLE_WORK} bytes
 */
export function sampleRows(
  source: usize, depth: i32, height: i32, width: i32, target: usize, boxDepth: i32, boxHeight: i32, boxWidth: i32,
  place: usize, order: i32, begin: i32, end: i32, work: usize,
): void {
  const rowBytes = <usize>(width + 3) << 2, planeBytes = <usize>(height + 3) * rowBytes;
  const stepZ = load<f64>(place + 16), stepY = load<f64>(place + 40), stepX = load<f64>(place + 64);
  const outside = <f32>load<f64>(place + 96), count = <f64>boxWidth;
  const lastZ = <f64>(depth - 1), lastY = <f64>(height - 1), lastX = <f64>(width - 1);
  for (let row = begin; row < end; row++) {
    const gz = <f64>(row / boxHeight) - 0.5 * <f64>(boxDepth - 1), gy = <f64>(row % boxHeight) - 0.5 * <f64>(boxHeight - 1);
    const gx = -0.5 * <f64>(boxWidth - 1);
    const startZ = load<f64>(place) * gz + load<f64>(place + 8) * gy + stepZ * gx + load<f64>(place + 72);
    const startY = load<f64>(place + 24) * gz + load<f64>(place + 32) * gy + stepY * gx + load<f64>(place + 80);
    const startX = load<f64>(place + 48) * gz + load<f64>(place + 56) * gy + stepX * gx + load<f64>(place + 88);
    const lower = max(max(firstInside(startZ, stepZ, lastZ), firstInside(startY, stepY, lastY)), max(firstInside(startX, stepX, lastX), 0));
    const upper = min(
      min(endInside(startZ, stepZ, lastZ, count), endInside(startY, stepY, lastY, count)), min(endInside(startX, stepX, lastX, count), count));
    let first = <i32>min(lower, count), past = <i32>max(upper, 0);
    while (first < past && isOutside(first, startZ, stepZ, lastZ, startY, stepY, lastY, startX, stepX, lastX)) first++;
    while (first < past && isOutside(past - 1, startZ, stepZ, lastZ, startY, stepY, lastY, startX, stepX, lastX)) past--;
    if (past < first) past = first;
    const to = target + (<usize>(row * boxWidth) << 2);
    fill(to, 0, first, outside);
    fill(to, past, boxWidth, outside);
    if (order == 0) {
      for (let i = first; i < past; i++) {
        const value = nearestAt(source, rowBytes, planeBytes, startZ + <f64>i * stepZ, startY + <f64>i * stepY, startX + <f64>i * stepX);
        store<f32>(to + (<usize>i << 2), value);
      }
    } else {
      sampleInside(source, rowBytes, planeBytes, startZ, startY, startX, stepZ, stepY, stepX, order, first, past, to, work);
    }
  }
}
