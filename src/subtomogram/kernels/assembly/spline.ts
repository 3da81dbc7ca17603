// Cubic B-splines of volumes: their coefficients, and their values on turned grids.
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

/** Weights of the four taps of a cubic spline, t beyond the second. */
// @ts-ignore: decorator
@inline function cubicWeights(t: f32): v128 {
  const s = f32x4.splat(t);
  const a = f32x4(1.0 / 6, 4.0 / 6, 1.0 / 6, 0), b = f32x4(-0.5, 0, 0.5, 0);
  const c = f32x4(0.5, -1, 0.5, 0), d = f32x4(-1.0 / 6, 0.5, -0.5, 1.0 / 6);
  return madd(s, madd(s, madd(s, d, c), b), a);
}

// @ts-ignore: decorator
@inline function planeSum(at: usize, rowBytes: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  let sum = f32x4.mul(v128.load(at), w0);
  sum = madd(v128.load(at + rowBytes), w1, sum);
  sum = madd(v128.load(at + 2 * rowBytes), w2, sum);
  return madd(v128.load(at + 3 * rowBytes), w3, sum);
}

/** Value of the cubic spline at a place inside; `source` with its margin, so that the first tap of index i is at i. */
// @ts-ignore: decorator
@inline function cubicAt(source: usize, rowBytes: usize, planeBytes: usize, z: f64, y: f64, x: f64): f32 {
  const fz = Math.floor(z), fy = Math.floor(y), fx = Math.floor(x);
  const wz = cubicWeights(<f32>(z - fz)), wy = cubicWeights(<f32>(y - fy)), wx = cubicWeights(<f32>(x - fx));
  const at = source + <usize>(<i32>fz) * planeBytes + <usize>(<i32>fy) * rowBytes + (<usize>(<i32>fx) << 2);
  const y0 = v128.shuffle<f32>(wy, wy, 0, 0, 0, 0), y1 = v128.shuffle<f32>(wy, wy, 1, 1, 1, 1);
  const y2 = v128.shuffle<f32>(wy, wy, 2, 2, 2, 2), y3 = v128.shuffle<f32>(wy, wy, 3, 3, 3, 3);
  let sum = f32x4.mul(planeSum(at, rowBytes, y0, y1, y2, y3), v128.shuffle<f32>(wz, wz, 0, 0, 0, 0));
  sum = madd(planeSum(at + planeBytes, rowBytes, y0, y1, y2, y3), v128.shuffle<f32>(wz, wz, 1, 1, 1, 1), sum);
  sum = madd(planeSum(at + 2 * planeBytes, rowBytes, y0, y1, y2, y3), v128.shuffle<f32>(wz, wz, 2, 2, 2, 2), sum);
  sum = madd(planeSum(at + 3 * planeBytes, rowBytes, y0, y1, y2, y3), v128.shuffle<f32>(wz, wz, 3, 3, 3, 3), sum);
  sum = f32x4.mul(sum, wx);
  sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 2, 3, 0, 1));
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1);
}

// @ts-ignore: decorator
@inline function mixed(at: usize, t: f32): f32 {
  const a = load<f32>(at);
  return a + t * (load<f32>(at + 4) - a);
}

// @ts-ignore: decorator
@inline function linearAt(source: usize, rowBytes: usize, planeBytes: usize, z: f64, y: f64, x: f64): f32 {
  const fz = Math.floor(z), fy = Math.floor(y), fx = Math.floor(x);
  const tz = <f32>(z - fz), ty = <f32>(y - fy), tx = <f32>(x - fx);
  const at = source + <usize>(<i32>fz + 1) * planeBytes + <usize>(<i32>fy + 1) * rowBytes + (<usize>(<i32>fx + 1) << 2);
  const a = mixed(at, tx), b = mixed(at + rowBytes, tx), c = mixed(at + planeBytes, tx), d = mixed(at + planeBytes + rowBytes, tx);
  const near = a + ty * (b - a), far = c + ty * (d - c);
  return near + tz * (far - near);
}

// @ts-ignore: decorator
@inline function nearestAt(source: usize, rowBytes: usize, planeBytes: usize, z: f64, y: f64, x: f64): f32 {
  const iz = <usize>(<i32>Math.floor(z + 0.5) + 1), iy = <usize>(<i32>Math.floor(y + 0.5) + 1), ix = <usize>(<i32>Math.floor(x + 0.5) + 1);
  return load<f32>(source + iz * planeBytes + iy * rowBytes + (ix << 2));
}

/**
 * Rows begin..end, counted over all planes, of a box read on a grid of its own: the place of voxel g is turn * (g - (n - 1) / 2) + centre.
 *
 * @param source  the volume with its margin; of order 3 its coefficients
 * @param place   13 float64: turn (row-major, z y x), centre (voxels of the volume), the value outside of the volume
 */
export function sampleRows(
  source: usize, depth: i32, height: i32, width: i32, target: usize, boxDepth: i32, boxHeight: i32, boxWidth: i32,
  place: usize, order: i32, begin: i32, end: i32,
): void {
  const rowBytes = <usize>(width + 3) << 2, planeBytes = <usize>(height + 3) * rowBytes;
  const stepZ = load<f64>(place + 16), stepY = load<f64>(place + 40), stepX = load<f64>(place + 64);
  const outside = <f32>load<f64>(place + 96);
  const lastZ = <f64>(depth - 1), lastY = <f64>(height - 1), lastX = <f64>(width - 1);
  for (let row = begin; row < end; row++) {
    const gz = <f64>(row / boxHeight) - 0.5 * <f64>(boxDepth - 1), gy = <f64>(row % boxHeight) - 0.5 * <f64>(boxHeight - 1);
    const gx = -0.5 * <f64>(boxWidth - 1);
    const startZ = load<f64>(place) * gz + load<f64>(place + 8) * gy + stepZ * gx + load<f64>(place + 72);
    const startY = load<f64>(place + 24) * gz + load<f64>(place + 32) * gy + stepY * gx + load<f64>(place + 80);
    const startX = load<f64>(place + 48) * gz + load<f64>(place + 56) * gy + stepX * gx + load<f64>(place + 88);
    let to = target + (<usize>row * <usize>boxWidth << 2);
    for (let i = 0; i < boxWidth; i++, to += 4) {
      const z = startZ + <f64>i * stepZ, y = startY + <f64>i * stepY, x = startX + <f64>i * stepX;
      let value = outside;
      if (z >= 0 && z <= lastZ && y >= 0 && y <= lastY && x >= 0 && x <= lastX) {
        if (order == 3) value = cubicAt(source, rowBytes, planeBytes, z, y, x);
        else if (order == 1) value = linearAt(source, rowBytes, planeBytes, z, y, x);
        else value = nearestAt(source, rowBytes, planeBytes, z, y, x);
      }
      store<f32>(to, value);
    }
  }
}
