// Windows of sites, ready to be correlated: filtered, tapered, and the products of their spectra.
import { madd } from "../../../compute/assembly/vector";

/** Floats before and behind a row of the scratch, for the longest filter: 32 taps on either side. */
const MARGIN: i32 = 32;

/** i mirrored at both ends of 0..length-1, the end itself once more (b a | a b c). */
// @ts-ignore: decorator
@inline function mirrored(i: i32, length: i32): i32 {
  let at = i < 0 ? -1 - i : i;
  at = at % (2 * length);
  return at < length ? at : 2 * length - 1 - at;
}

/**
 * Rows begin..end, counted over all images: target = (smooth along y, curve along x) + (curve along y, smooth along x) of the source, times
 * a taper. The source has rows of `width` floats without gaps, `height` an image; rows of the target are `targetBytes` apart.
 *
 * @param smooth    2 radius + 1 weights, then as many of the curve
 * @param taperY    height floats an image; taperX: width an image
 * @param sums      one float a row: the sum of its squares
 * @param scratch   2 rows of width + 64 floats and 4 bytes a tap, rounded up to 16
 */
export function filterRows(
  source: usize, target: usize, targetBytes: usize, height: i32, width: i32, radius: i32, smooth: usize,
  taperY: usize, taperX: usize, sums: usize, scratch: usize, begin: i32, end: i32,
): void {
  const taps = 2 * radius + 1, curve = smooth + (<usize>taps << 2);
  const rowBytes = <usize>(width + 2 * MARGIN) << 2;
  const a = scratch + (<usize>MARGIN << 2), b = a + rowBytes, rows = scratch + 2 * rowBytes;
  for (let row = begin; row < end; row++) {
    const y = row % height, image = source + <usize>(row - y) * (<usize>width << 2);
    for (let k = 0; k < taps; k++) {
      store<u32>(rows + (<usize>k << 2), <u32>(image + <usize>mirrored(y + k - radius, height) * (<usize>width << 2)));
    }
    for (let x = 0; x < width; x += 4) {
      let first = f32x4.splat(0), second = f32x4.splat(0);
      for (let k = 0; k < taps; k++) {
        const value = v128.load(<usize>load<u32>(rows + (<usize>k << 2)) + (<usize>x << 2));
        first = madd(value, v128.load32_splat(smooth + (<usize>k << 2)), first);
        second = madd(value, v128.load32_splat(curve + (<usize>k << 2)), second);
      }
      v128.store(a + (<usize>x << 2), first);
      v128.store(b + (<usize>x << 2), second);
    }
    mirrorEnds(a, width, radius);
    mirrorEnds(b, width, radius);
    const taper = load<f32>(taperY + (<usize>row << 2)), across = taperX + (<usize>(row / height) * <usize>width << 2);
    const sum = filterAcross(a - (<usize>radius << 2), b - (<usize>radius << 2), width, taps, smooth, taper, across, target + <usize>row * targetBytes);
    store<f32>(sums + (<usize>row << 2), sum);
  }
}

function mirrorEnds(row: usize, width: i32, radius: i32): void {
  for (let i = 1; i <= radius; i++) {
    store<f32>(row - (<usize>i << 2), load<f32>(row + (<usize>mirrored(-i, width) << 2)));
    store<f32>(row + (<usize>(width - 1 + i) << 2), load<f32>(row + (<usize>mirrored(width - 1 + i, width) << 2)));
  }
}

/** One row of the target: curve over `a` and smooth over `b`, tapered; gives the sum of its squares. */
function filterAcross(a: usize, b: usize, width: i32, taps: i32, smooth: usize, taper: f32, taperX: usize, target: usize): f32 {
  const curve = smooth + (<usize>taps << 2), factor = f32x4.splat(taper);
  let squares = f32x4.splat(0), x = 0;
  for (; x + 4 <= width; x += 4) {
    const at = <usize>x << 2;
    let sum = f32x4.splat(0);
    for (let k = 0; k < taps; k++) {
      const to = <usize>k << 2;
      sum = madd(v128.load(a + at + to), v128.load32_splat(curve + to), sum);
      sum = madd(v128.load(b + at + to), v128.load32_splat(smooth + to), sum);
    }
    sum = f32x4.mul(sum, f32x4.mul(factor, v128.load(taperX + at)));
    squares = madd(sum, sum, squares);
    v128.store(target + at, sum);
  }
  let rest: f32 = 0;
  for (; x < width; x++) {
    const at = <usize>x << 2;
    let sum: f32 = 0;
    for (let k = 0; k < taps; k++) {
      const to = <usize>k << 2;
      sum += load<f32>(a + at + to) * load<f32>(curve + to) + load<f32>(b + at + to) * load<f32>(smooth + to);
    }
    sum *= taper * load<f32>(taperX + at);
    rest += sum * sum;
    store<f32>(target + at, sum);
  }
  return f32x4.extract_lane(squares, 0) + f32x4.extract_lane(squares, 1) + f32x4.extract_lane(squares, 2) + f32x4.extract_lane(squares, 3) + rest;
}

/**
 * Rows begin..end, counted over all pairs: target = a times the conjugate of b, of `values` complex values a row. Spectra of a pair follow
 * each other; all rows are `rowBytes` apart.
 */
export function crossRows(
  spectra: usize, rowBytes: usize, height: i32, values: i32, target: usize, begin: i32, end: i32,
): void {
  const sign = f32x4(1, -1, 1, -1);
  for (let row = begin; row < end; row++) {
    const a = spectra + <usize>(2 * (row / height) * height + row % height) * rowBytes;
    const b = a + <usize>height * rowBytes;
    const to = target + <usize>row * rowBytes;
    let i = 0;
    for (; i + 2 <= values; i += 2) {
      const at = <usize>i << 3;
      const p = v128.load(a + at), q = v128.load(b + at);
      const real = v128.shuffle<f32>(q, q, 0, 0, 2, 2), imaginary = v128.shuffle<f32>(q, q, 1, 1, 3, 3);
      const turned = f32x4.mul(v128.shuffle<f32>(p, p, 1, 0, 3, 2), sign);
      v128.store(to + at, madd(p, real, f32x4.mul(turned, imaginary)));
    }
    if (i < values) {
      const at = <usize>i << 3;
      const pr = load<f32>(a + at), pi = load<f32>(a + at, 4), qr = load<f32>(b + at), qi = load<f32>(b + at, 4);
      store<f32>(to + at, pr * qr + pi * qi);
      store<f32>(to + at, pi * qr - pr * qi, 4);
    }
  }
}
