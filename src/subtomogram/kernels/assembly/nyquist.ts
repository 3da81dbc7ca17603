// Planes of the frequency -n/2 of even sides, where products of two real images are not always those of a real one: a missing wedge may see a frequency
// and not its opposite, of which -n/2 is its own, and between whole shifts exp(-pi i s) is not real.
import { add, mul, nmadd, sub } from "../../../compute/assembly/vector";
import { lineInverse, lineLength, linePosition } from "../../../compute/assembly/lines";
import { gather, laneOf, scatter } from "./lanes";
import { storeShifts } from "./columns";

/** Place of -n/2 in the order that a forward transform leaves; -1 where n is odd. */
// @ts-ignore: decorator
@inline function nyquistPlace(plan: usize): i32 {
  const n = lineLength(plan);
  return n & 1 ? -1 : load<i32>(linePosition(plan) + (<usize>(n >> 1) << 2));
}

/**
 * -i times what of `count` elements a wedge sees at one frequency of a pair alone: all of it where it is this one, its negative where it is the opposite one.
 * Weights of such are half of 1 and negative in the second case.
 */
function takeOneSided(table: usize, weights: usize, line: usize, count: i32): void {
  const half = f32x4.splat(0.5), zero = f32x4.splat(0);
  for (let p = 0, o = weights; p < count; p++, o += 4, line += 32) {
    let w = v128.load32_splat(laneOf(table, 3, 0) + o);
    w = f32x4.replace_lane(w, 1, load<f32>(laneOf(table, 3, 1) + o));
    w = f32x4.replace_lane(w, 2, load<f32>(laneOf(table, 3, 2) + o));
    w = f32x4.replace_lane(w, 3, load<f32>(laneOf(table, 3, 3) + o));
    const side = v128.bitselect(add(w, w), zero, f32x4.eq(f32x4.abs(w), half));
    const re = mul(v128.load(line), side);
    v128.store(line, mul(v128.load(line, 16), side));
    v128.store(line, f32x4.neg(re), 16);
  }
}

/**
 * The part of columns begin..end of products that makes their correlation complex, as the spectrum of its imaginary part: shifts -reach..reach along z into
 * `target`, or, where that is 0, the spectrum itself in place; of columns that are in no plane of -n/2 of another axis only the place of that of z.
 */
export function oneSidedColumns(
  table: usize, half: usize, target: usize, columns: i32, planZ: usize, planY: usize, planX: usize, reach: i32, buffer: usize, begin: i32, end: i32,
): void {
  const n = lineLength(planZ), width = lineLength(planX), inner = (width >> 1) + 1, stride = <usize>columns << 5, rounded = (n + 3) & ~3;
  const nyquistZ = nyquistPlace(planZ), nyquistY = nyquistPlace(planY);
  for (let c = begin; c < end; c++) {
    const at = <usize>c << 5, place = c / inner, weights = <usize>(c * rounded) << 2;
    if (place == nyquistY || 2 * (c - place * inner) == width) {
      gather(half + at, stride, buffer, n);
      takeOneSided(table, weights, buffer, n);
      if (target == 0) {
        scatter(buffer, half + at, stride, n);
        continue;
      }
      lineInverse(buffer, planZ);
      storeShifts(buffer, n, reach, target + at, stride);
      continue;
    }
    memory.fill(buffer, 0, 32);
    if (nyquistZ >= 0) {
      gather(half + at + <usize>nyquistZ * stride, stride, buffer, 1);
      takeOneSided(table, weights + (<usize>nyquistZ << 2), buffer, 1);
    }
    if (target == 0) {
      if (nyquistZ >= 0) scatter(buffer, half + at + <usize>nyquistZ * stride, stride, 1);
      continue;
    }
    const re = v128.load(buffer), im = v128.load(buffer, 16);
    for (let s = -reach, to = target + at; s <= reach; s++, to += stride) {
      v128.store(to, s & 1 ? f32x4.neg(re) : re);
      v128.store(to, s & 1 ? f32x4.neg(im) : im, 16);
    }
  }
}

/** Real values begin..end become powers, with the imaginary ones if there are any. */
export function powers(re: usize, im: usize, begin: i32, end: i32): void {
  for (let o = <usize>begin << 4; o < <usize>end << 4; o += 16) {
    const a = v128.load(re + o);
    let power = mul(a, a);
    if (im != 0) power = add(power, mul(v128.load(im + o), v128.load(im + o)));
    v128.store(re + o, power);
  }
}

/** Copies the real parts of `count` elements that lie `stride` bytes apart. */
export function realParts(source: usize, stride: usize, target: usize, count: i32): void {
  for (let i = 0; i < count; i++, source += stride, target += 16) v128.store(target, v128.load(source));
}

/**
 * A real series whose frequencies -n/2 were taken for cos(pi s), as the complex one of exp(-pi i s) = cos(pi s) - i sin(pi s).
 *
 * @param parts   (count, count, count) vectors: the real series
 * @param re, im  the complex one; `isImaginary`: i times it is added, else it is written. `re` may be `parts`
 * @param faces   the series of -n/2 of an axis alone, real: of z (y, x), of y (z, x), of x (z, y), count² vectors each; of z and y (x), of z and x (y),
 *                of y and x (z); of all three one vector
 * @param sines   (3, count) vectors: sin(pi s) of each axis, 0 of one with an odd side
 */
export function nyquistSeries(parts: usize, re: usize, im: usize, faces: usize, sines: usize, count: i32, isImaginary: i32): void {
  const row = <usize>count << 4, plane = row * <usize>count, edges = faces + 3 * plane;
  const corner = v128.load(edges + 3 * row);
  let o: usize = 0;
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 4, sz = v128.load(sines + at), yx = v128.load(edges + 2 * row + at);
    for (let j = 0; j < count; j++) {
      const sy = v128.load(sines + row + (<usize>j << 4)), x = v128.load(faces + 2 * plane + <usize>i * row + (<usize>j << 4));
      const zx = mul(sz, v128.load(edges + row + (<usize>j << 4))), syz = mul(sy, sz);
      for (let k: usize = 0; k < row; k += 16, o += 16) {
        const sx = v128.load(sines + 2 * row + k);
        let a = nmadd(syz, v128.load(edges + k), v128.load(parts + o));
        a = nmadd(sx, add(zx, mul(sy, yx)), a);
        let b = nmadd(sz, v128.load(faces + <usize>j * row + k), mul(mul(syz, sx), corner));
        b = nmadd(sy, v128.load(faces + plane + <usize>i * row + k), b);
        b = nmadd(sx, x, b);
        v128.store(re + o, isImaginary ? sub(v128.load(re + o), b) : a);
        v128.store(im + o, isImaginary ? add(v128.load(im + o), a) : b);
      }
    }
  }
}
