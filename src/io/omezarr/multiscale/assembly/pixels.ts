// One visit of a strip of rows: the lower level's pixels and the range of the values.

// @ts-ignore: decorator
@inline function smaller(a: u32, b: u32): u32 { return a < b ? a : b; }
// @ts-ignore: decorator
@inline function larger(a: u32, b: u32): u32 { return a > b ? a : b; }

/** Whether `bytes` bytes are 0. */
export function isZero(at: usize, bytes: i32): bool {
  const end = at + <usize>bytes;
  for (; at + 64 <= end; at += 64) {
    const low = v128.or(v128.load(at), v128.load(at, 16)), high = v128.or(v128.load(at, 32), v128.load(at, 48));
    if (v128.any_true(v128.or(low, high))) return false;
  }
  for (; at < end; at++) if (load<u8>(at) != 0) return false;
  return true;
}

/**
 * Halves `rows` rows of `width` unsigned values of 16 bits, one behind the other, into rows of (width + 1) >> 1: the mean of four, halves up; at an
 * odd end of the two or one that are there.
 *
 * @returns the smallest of the values, and the largest in the upper 16 bits
 */
export function halveShorts(source: usize, width: i32, rows: i32, target: usize): u32 {
  let low = i16x8.splat(-1), high = i16x8.splat(0), min: u32 = 0xffff, max: u32 = 0;
  const bytes = <usize>width << 1, half = <usize>((width + 1) >> 1) << 1, two = i32x4.splat(2);
  for (let y = 0; y < rows; y += 2) {
    const top = source + <usize>y * bytes, bottom = y + 1 < rows ? top + bytes : top, to = target + <usize>(y >> 1) * half;
    let x: usize = 0;
    for (; x + 32 <= bytes; x += 32) {
      const a = v128.load(top + x), b = v128.load(top + x, 16), c = v128.load(bottom + x), d = v128.load(bottom + x, 16);
      low = i16x8.min_u(low, i16x8.min_u(i16x8.min_u(a, b), i16x8.min_u(c, d)));
      high = i16x8.max_u(high, i16x8.max_u(i16x8.max_u(a, b), i16x8.max_u(c, d)));
      const left = i32x4.add(i32x4.extadd_pairwise_i16x8_u(a), i32x4.extadd_pairwise_i16x8_u(c));
      const right = i32x4.add(i32x4.extadd_pairwise_i16x8_u(b), i32x4.extadd_pairwise_i16x8_u(d));
      const mean = i16x8.narrow_i32x4_u(i32x4.shr_u(i32x4.add(left, two), 2), i32x4.shr_u(i32x4.add(right, two), 2));
      v128.store(to + (x >> 1), mean);
    }
    for (; x < bytes; x += 4) {
      const next: usize = x + 2 < bytes ? x + 2 : x;
      const a = <u32>load<u16>(top + x), b = <u32>load<u16>(top + next), c = <u32>load<u16>(bottom + x), d = <u32>load<u16>(bottom + next);
      min = smaller(min, smaller(smaller(a, b), smaller(c, d)));
      max = larger(max, larger(larger(a, b), larger(c, d)));
      store<u16>(to + (x >> 1), <u16>((a + b + c + d + 2) >> 2));
    }
  }
  for (let i = 0; i < 8; i++) {
    min = smaller(min, i16x8.extract_lane_u(low, 0));
    max = larger(max, i16x8.extract_lane_u(high, 0));
    low = i8x16.shuffle(low, low, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1);
    high = i8x16.shuffle(high, high, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1);
  }
  return max << 16 | min;
}
