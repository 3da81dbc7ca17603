// Cubic B-splines of volumes: their coefficients. `sample.ts` has their values on turned grids.
//
// A volume lies within a margin of one float before and two behind along every axis: its rows are `width + 3` floats apart, its planes
// `height + 3` rows. Vectors of four lines may therefore run over the end of a volume; the margin is filled afterwards.
import { madd } from "../../../compute/assembly/vector";

/** sqrt(3) - 2: the pole of the cubic spline's filter. */
const POLE: f32 = -0.2679491924311227;
/** The pole's power beyond which single precision sees nothing. */
const HORIZON: i32 = 16;

// @ts-ignore: decorator
@inline function mirrored(i: i32, length: i32): i32 {
  if (length == 1) return 0;
  const period = 2 * length - 2;
  let at = i % period;
  if (at < 0) at += period;
  return at < length ? at : period - at;
}

// @ts-ignore: decorator
@inline function powerOf(base: f32, n: i32): f32 {
  let power: f32 = 1;
  for (let i = 0; i < n; i++) power *= base;
  return power;
}

/** Four lines side by side: element k of all of them is the vector at `line + k * stride`. */
function filterColumns(line: usize, length: i32, stride: usize): void {
  const period = 2 * length - 2, terms = min(HORIZON, period);
  let sum = f32x4.splat(0), power: f32 = 1;
  for (let k = 0; k < terms; k++) {
    sum = madd(v128.load(line + <usize>mirrored(k, length) * stride), f32x4.splat(power), sum);
    power *= POLE;
  }
  if (period < HORIZON) sum = f32x4.mul(sum, f32x4.splat(1 / (1 - powerOf(POLE, period))));
  const pole = f32x4.splat(POLE), gain = f32x4.splat(6);
  let before = f32x4.mul(gain, sum);
  v128.store(line, before);
  let at = line;
  for (let k = 1; k < length; k++) {
    at += stride;
    before = madd(pole, before, f32x4.mul(gain, v128.load(at)));
    v128.store(at, before);
  }
  const last = madd(pole, v128.load(at - stride), v128.load(at));
  let after = f32x4.mul(last, f32x4.splat(POLE / (POLE * POLE - 1)));
  v128.store(at, after);
  for (let k = length - 2; k >= 0; k--) {
    at -= stride;
    after = f32x4.mul(pole, f32x4.sub(after, v128.load(at)));
    v128.store(at, after);
  }
}

// @ts-ignore: decorator
@inline function gather(at: usize, rowBytes: usize): v128 {
  let v = v128.load32_splat(at);
  v = v128.load_lane<f32>(at + rowBytes, v, 1);
  v = v128.load_lane<f32>(at + 2 * rowBytes, v, 2);
  return v128.load_lane<f32>(at + 3 * rowBytes, v, 3);
}

// @ts-ignore: decorator
@inline function scatter(at: usize, rowBytes: usize, v: v128): void {
  v128.store_lane<f32>(at, v, 0);
  v128.store_lane<f32>(at + rowBytes, v, 1);
  v128.store_lane<f32>(at + 2 * rowBytes, v, 2);
  v128.store_lane<f32>(at + 3 * rowBytes, v, 3);
}

/** Four rows one below the other. */
function filterRows(line: usize, length: i32, rowBytes: usize): void {
  const period = 2 * length - 2, terms = min(HORIZON, period);
  let sum = f32x4.splat(0), power: f32 = 1;
  for (let k = 0; k < terms; k++) {
    sum = madd(gather(line + (<usize>mirrored(k, length) << 2), rowBytes), f32x4.splat(power), sum);
    power *= POLE;
  }
  if (period < HORIZON) sum = f32x4.mul(sum, f32x4.splat(1 / (1 - powerOf(POLE, period))));
  const pole = f32x4.splat(POLE), gain = f32x4.splat(6);
  let before = f32x4.mul(gain, sum), previous = before;
  scatter(line, rowBytes, before);
  let at = line;
  for (let k = 1; k < length; k++) {
    at += 4;
    previous = before;
    before = madd(pole, before, f32x4.mul(gain, gather(at, rowBytes)));
    scatter(at, rowBytes, before);
  }
  let after = f32x4.mul(madd(pole, previous, before), f32x4.splat(POLE / (POLE * POLE - 1)));
  scatter(at, rowBytes, after);
  for (let k = length - 2; k >= 0; k--) {
    at -= 4;
    after = f32x4.mul(pole, f32x4.sub(after, gather(at, rowBytes)));
    scatter(at, rowBytes, after);
  }
}

/**
 * Values to coefficients, in place, the volume mirrored at its ends (c b | a b c): along z rows begin..end of the first plane.
 *
 * @param source  the volume with its margin
 */
export function splineAlongZ(source: usize, depth: i32, height: i32, width: i32, begin: i32, end: i32): void {
  if (depth == 1) return;
  const rowBytes = <usize>(width + 3) << 2, planeBytes = <usize>(height + 3) * rowBytes;
  const origin = source + planeBytes + rowBytes + 4;
  for (let y = begin; y < end; y++) {
    for (let x = 0; x < width; x += 4) {
      filterColumns(origin + <usize>y * rowBytes + (<usize>x << 2), depth, planeBytes);
    }
  }
}

/** As {@link splineAlongZ}, along y and x: planes begin..end. */
export function splineInPlanes(source: usize, depth: i32, height: i32, width: i32, begin: i32, end: i32): void {
  const rowBytes = <usize>(width + 3) << 2, planeBytes = <usize>(height + 3) * rowBytes;
  for (let z = begin; z < end; z++) {
    const origin = source + <usize>(z + 1) * planeBytes + rowBytes + 4;
    if (height > 1) {
      for (let x = 0; x < width; x += 4) filterColumns(origin + (<usize>x << 2), height, rowBytes);
    }
    if (width > 1) {
      for (let y = 0; y < height; y += 4) filterRows(origin + <usize>y * rowBytes, width, rowBytes);
    }
  }
}

/**
 * Cuts a volume with its margin, which is not filled, out of a larger one.
 *
 * @param source  the first voxel; rows are `wholeWidth` floats apart, planes `wholeHeight` rows
 */
export function cutRegion(
  source: usize, wholeHeight: i32, wholeWidth: i32, target: usize, depth: i32, height: i32, width: i32,
): void {
  const rowBytes = <usize>(width + 3) << 2, planeBytes = <usize>(height + 3) * rowBytes;
  const origin = target + planeBytes + rowBytes + 4;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const from = source + (<usize>(z * wholeHeight + y) * <usize>wholeWidth << 2);
      const to = origin + <usize>z * planeBytes + <usize>y * rowBytes;
      for (let x: usize = 0; x < <usize>width << 2; x += 16) v128.store(to + x, v128.load(from + x));
    }
  }
}

/** Fills the margin with the mirrored volume. */
export function fillMargin(source: usize, depth: i32, height: i32, width: i32): void {
  const rowBytes = <usize>(width + 3) << 2, planeBytes = <usize>(height + 3) * rowBytes;
  for (let z = 0; z < depth; z++) {
    const plane = source + <usize>(z + 1) * planeBytes;
    for (let y = 0; y < height; y++) {
      const row = plane + <usize>(y + 1) * rowBytes;
      store<f32>(row, load<f32>(row + 4 + (<usize>mirrored(-1, width) << 2)));
      for (let i = width; i < width + 2; i++) {
        store<f32>(row + 4 + (<usize>i << 2), load<f32>(row + 4 + (<usize>mirrored(i, width) << 2)));
      }
    }
    memory.copy(plane, plane + <usize>(mirrored(-1, height) + 1) * rowBytes, rowBytes);
    for (let i = height; i < height + 2; i++) {
      memory.copy(plane + <usize>(i + 1) * rowBytes, plane + <usize>(mirrored(i, height) + 1) * rowBytes, rowBytes);
    }
  }
  memory.copy(source, source + <usize>(mirrored(-1, depth) + 1) * planeBytes, planeBytes);
  for (let i = depth; i < depth + 2; i++) {
    memory.copy(source + <usize>(i + 1) * planeBytes, source + <usize>(mirrored(i, depth) + 1) * planeBytes, planeBytes);
  }
}

/** Mean of a volume's values without its margin, in double precision, to `target` (float64). */
export function regionMean(source: usize, depth: i32, height: i32, width: i32, target: usize): void {
  const rowBytes = <usize>(width + 3) << 2, whole = width & ~3;
  let low = f64x2.splat(0), high = low, rest: f64 = 0;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = source + <usize>((z + 1) * (height + 3) + y + 1) * rowBytes + 4;
      for (let x = 0; x < whole; x += 4) {
        const values = v128.load(row + (<usize>x << 2));
        low = f64x2.add(low, f64x2.promote_low_f32x4(values));
        high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(values, values, 2, 3, 2, 3)));
      }
      for (let x = whole; x < width; x++) rest += load<f32>(row + (<usize>x << 2));
    }
  }
  const sum = f64x2.add(low, high);
  store<f64>(target, (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1) + rest) / <f64>(depth * height * width));
}
