// The highest power of a series between whole shifts, four tasks side by side.
import { add, madd, mul, sub } from "../../../compute/assembly/vector";

/** Places of the region along each axis, and the one that is the whole shift. */
const REGION: i32 = 30;
const MIDDLE: i32 = 15;

/** Value at one place: `count` parts `stride` bytes apart, in pairs of an even and an odd one, the odd ones negated left of the middle. */
// @ts-ignore: decorator
@inline function at(parts: usize, stride: usize, weights: usize, count: i32, isLeft: bool): v128 {
  let even = f32x4.splat(0), odd = even;
  for (let j = 0; j < count; j += 2, parts += 2 * stride, weights += 8) {
    even = madd(v128.load(parts), v128.load32_splat(weights), even);
    odd = madd(v128.load(parts + stride), v128.load32_splat(weights, 4), odd);
  }
  return isLeft ? sub(even, odd) : add(even, odd);
}

/** Values at all places from parts `stride` bytes apart: places `step` bytes apart. */
// @ts-ignore: decorator
@inline function along(parts: usize, stride: usize, weights: usize, count: i32, target: usize, step: usize): void {
  for (let p = 0, w = weights, left = target + <usize>MIDDLE * step, right = left; p <= MIDDLE; p++, left -= step, right += step) {
    let even = f32x4.splat(0), odd = even;
    for (let j = 0, from = parts; j < count; j += 2, from += 2 * stride, w += 8) {
      even = madd(v128.load(from), v128.load32_splat(w), even);
      odd = madd(v128.load(from + stride), v128.load32_splat(w, 4), odd);
    }
    v128.store(left, sub(even, odd));
    if (p < REGION - MIDDLE) v128.store(right, add(even, odd));
  }
}

/**
 * The highest power of a series in the region and the place of the first that has it.
 *
 * @param series     (count, count, count) vectors: along each axis pairs of an even and an odd part, as seriesColumns and seriesRows leave them
 * @param imaginary  the imaginary part of the series, likewise; 0: none
 * @param weights    (16, count) float32: of the parts at the places 0 to 15 steps from the middle
 * @param allowed    (3, 30) vectors: 0 at a task's own places along an axis, far below 0 at others
 * @param work       (count², 30 count, 30) vectors, twice where the series is complex
 * @param found      2 vectors: the powers, and their places ((z 30) + y) 30 + x as float32
 */
export function regionPeak(
  series: usize, imaginary: usize, weights: usize, count: i32, allowed: usize, work: usize, found: usize,
): void {
  const rowBytes = <usize>count << 4, rows = rowBytes * <usize>count, row = rows + <usize>REGION * rowBytes, other = work + row + (<usize>REGION << 4);
  const allowedY = allowed + (<usize>REGION << 4), allowedX = allowedY + (<usize>REGION << 4);
  let best = f32x4.splat(-f32.MAX_VALUE), place = f32x4.splat(0);
  for (let z = 0; z < REGION; z++) {
    rowsOf(series, weights, count, z, work);
    if (imaginary != 0) rowsOf(imaginary, weights, count, z, other);
    for (let y = 0; y < REGION; y++) {
      along(work + rows + <usize>y * rowBytes, 16, weights, count, work + row, 16);
      if (imaginary != 0) along(other + rows + <usize>y * rowBytes, 16, weights, count, other + row, 16);
      let highest = f32x4.splat(-f32.MAX_VALUE);
      for (let o: usize = 0; o < <usize>REGION << 4; o += 16) {
        const value = v128.load(work + row + o);
        let power = add(mul(value, value), v128.load(allowedX + o));
        if (imaginary != 0) power = madd(v128.load(other + row + o), v128.load(other + row + o), power);
        v128.store(work + row + o, power);
        highest = f32x4.pmax(highest, power);
      }
      const allowance = add(v128.load(allowed + (<usize>z << 4)), v128.load(allowedY + (<usize>y << 4)));
      if (!v128.any_true(f32x4.gt(add(highest, allowance), best))) continue;
      for (let x = 0; x < REGION; x++) {
        const power = add(v128.load(work + row + (<usize>x << 4)), allowance), isHigher = f32x4.gt(power, best);
        best = v128.bitselect(power, best, isHigher);
        place = v128.bitselect(f32x4.splat(<f32>((z * REGION + y) * REGION + x)), place, isHigher);
      }
    }
  }
  v128.store(found, best);
  v128.store(found, place, 16);
}

/** Parts of a series along x at all places along y of one along z, (30, count) vectors behind the (count, count) of that place. */
function rowsOf(series: usize, weights: usize, count: i32, z: i32, work: usize): void {
  const rowBytes = <usize>count << 4, planeBytes = rowBytes * <usize>count, isLeft = z < MIDDLE;
  const w = weights + (<usize>((isLeft ? MIDDLE - z : z - MIDDLE) * count) << 2);
  for (let i: usize = 0; i < planeBytes; i += 16) v128.store(work + i, at(series + i, planeBytes, w, count, isLeft));
  for (let x: usize = 0; x < rowBytes; x += 16) along(work + x, rowBytes, weights, count, work + planeBytes + x, rowBytes);
}
