// Illumination correction and scaling to 8 bits in one visit. The result of a pixel only steps up where its corrected level passes one of at
// most 255 thresholds: floats find between which two it lies, and where they could be wrong, doubles decide.
import { madd } from "../../../compute/assembly/vector";

/** Offsets in the exact table, which illumination/correctionTable.ts makes and describes; its only other description. */
const FACTOR: usize = 0;
const SUMMAND: usize = 8;
const BASE: usize = 16;
const COUNT: usize = 24;
const THRESHOLDS: usize = 32;
const RESPONSE: usize = THRESHOLDS + 256 * 8;
const OFFSET: usize = RESPONSE + 65536 * 8;

/** Set in the entry of a bin in which floats do not decide. */
const OPEN: u32 = 0x100;

/** The result of a value at a pixel, from doubles: the operations and their order are those of illumination/models.ts. */
function exactly(table: usize, value: u32, pixel: usize, pixels: usize): u32 {
  const offset = load<f64>(table + OFFSET + (pixel << 3)), divisor = load<f64>(table + OFFSET + ((pixels + pixel) << 3));
  const response = load<f64>(table + RESPONSE + (<usize>value << 3));
  const level = (response - offset) / divisor * load<f64>(table + FACTOR) + load<f64>(table + SUMMAND);
  let low: i32 = 0, high = <i32>load<f64>(table + COUNT);
  // How many thresholds the level has reached; none where it is not a number.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (level >= load<f64>(table + THRESHOLDS + (<usize>middle << 3))) low = middle + 1;
    else high = middle;
  }
  return <u32>load<f64>(table + BASE) + low;
}

/** Bins of 4 values, in the low 16 bits of each lane. What is not a number has bin 0, which is open. */
// @ts-ignore: decorator
@inline function binsOf(v0: u32, v1: u32, v2: u32, v3: u32, levels: usize, scale: v128, shift: v128): v128 {
  let level = v128.load32_zero(levels + (<usize>v0 << 2));
  level = v128.load32_lane(levels + (<usize>v1 << 2), level, 1);
  level = v128.load32_lane(levels + (<usize>v2 << 2), level, 2);
  level = v128.load32_lane(levels + (<usize>v3 << 2), level, 3);
  const place = f32x4.pmin(f32x4.pmax(madd(level, scale, shift), f32x4.splat(1)), f32x4.splat(65534));
  // A float above 2^23 has no fraction: its last bits are the whole number.
  return f32x4.add(place, f32x4.splat(8388608));
}

// @ts-ignore: decorator
@inline function entry(bins: usize, bin: u32): u32 { return <u32>load<u16>(bins + (<usize>bin << 1)); }

/** Results of 4 values, the first in the lowest byte. */
// @ts-ignore: decorator
@inline function fourResults(bin: v128, values: u64, bins: usize, table: usize, at: usize, pixels: i32): u32 {
  const b0 = entry(bins, i16x8.extract_lane_u(bin, 0)), b1 = entry(bins, i16x8.extract_lane_u(bin, 2));
  const b2 = entry(bins, i16x8.extract_lane_u(bin, 4)), b3 = entry(bins, i16x8.extract_lane_u(bin, 6));
  if (((b0 | b1 | b2 | b3) & OPEN) == 0) return b0 | b1 << 8 | b2 << 16 | b3 << 24;
  return openResults(b0, b1, b2, b3, values, table, at, pixels);
}

function openResults(b0: u32, b1: u32, b2: u32, b3: u32, values: u64, table: usize, at: usize, pixels: i32): u32 {
  const all = <usize>pixels;
  if ((b0 & OPEN) != 0) b0 = exactly(table, <u32>values & 0xffff, at, all);
  if ((b1 & OPEN) != 0) b1 = exactly(table, <u32>(values >> 16) & 0xffff, at + 1, all);
  if ((b2 & OPEN) != 0) b2 = exactly(table, <u32>(values >> 32) & 0xffff, at + 2, all);
  if ((b3 & OPEN) != 0) b3 = exactly(table, <u32>(values >> 48), at + 3, all);
  return b0 | b1 << 8 | b2 << 16 | b3 << 24;
}

/**
 * Rows begin..end of a site, `count` columns from `first` on: target = scaled corrected value. `scale` and `shift` are floats a pixel that turn
 * the float of a value in `levels` into a bin of `bins` (65,536 of 16 bits), rounded; `target` is where column `first` of row 0 belongs.
 */
export function correctRows(
  site: usize, width: i32, pixels: i32, first: i32, count: i32, levels: usize, scale: usize, shift: usize,
  bins: usize, table: usize, target: usize, targetStride: i32, begin: i32, end: i32,
): void {
  for (let y = begin; y < end; y++) {
    let at = <usize>y * <usize>width + <usize>first, to = target + <usize>y * <usize>targetStride;
    const last = at + <usize>count;
    for (; at + 8 <= last; at += 8, to += 8) {
      const source = site + (at << 1), a = scale + (at << 2), b = shift + (at << 2);
      const low = load<u64>(source), high = load<u64>(source, 8);
      const l = binsOf(<u32>low & 0xffff, <u32>(low >> 16) & 0xffff, <u32>(low >> 32) & 0xffff, <u32>(low >> 48), levels, v128.load(a), v128.load(b));
      const h = binsOf(<u32>high & 0xffff, <u32>(high >> 16) & 0xffff, <u32>(high >> 32) & 0xffff, <u32>(high >> 48), levels, v128.load(a, 16), v128.load(b, 16));
      store<u32>(to, fourResults(l, low, bins, table, at, pixels));
      store<u32>(to, fourResults(h, high, bins, table, at + 4, pixels), 4);
    }
    for (; at < last; at++, to++) store<u8>(to, <u8>exactly(table, load<u16>(site + (at << 1)), at, <usize>pixels));
  }
}
