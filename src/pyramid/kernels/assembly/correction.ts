// Illumination correction and scaling to 8 bits in one visit. The result of a pixel only steps up where its corrected level passes one of at
// most 255 thresholds: floats find between which two it lies, and where they could be wrong, doubles decide.
import { madd } from "../../../compute/assembly/vector";

/** Offsets in the exact table, which illumination/correctionTable.ts makes and describes; its only other description. */
const FACTOR: usize = 0;
const SUMMAND: usize = 8;
const BASE: usize = 16;
const COUNT: usize = 24;
/** The offset of a pixel's response, where all have one. */
const LEVEL_OFFSET: usize = 32;
/** Which maps follow: ZSCORE: offsets and divisors, f64; FLAT: divisors, f32; FLAT_AND_DARK: offsets and divisors, f32. */
const MAPS_KIND: usize = 40;
const THRESHOLDS: usize = 48;
const RESPONSE: usize = THRESHOLDS + 256 * 8;
const MAPS: usize = RESPONSE + 65536 * 8;
const ZSCORE: f64 = 0;
const FLAT: f64 = 1;

/** Set in the entry of a bin in which floats do not decide: between the result in its low byte and the next, or, with SEARCH, between all. */
const OPEN: u32 = 0x100;
const SEARCH: u32 = 0x200;

/** The result of a value at a pixel, from doubles: the operations and their order are those of illumination/models.ts. */
function exactly(table: usize, entry: u32, value: u32, pixel: usize, pixels: usize): u32 {
  const kind = load<f64>(table + MAPS_KIND), maps = table + MAPS;
  let offset = load<f64>(table + LEVEL_OFFSET), divisor: f64;
  if (kind == ZSCORE) {
    offset = load<f64>(maps + (pixel << 3));
    divisor = load<f64>(maps + ((pixels + pixel) << 3));
  } else if (kind == FLAT) {
    divisor = <f64>load<f32>(maps + (pixel << 2));
  } else {
    offset = <f64>load<f32>(maps + (pixel << 2));
    divisor = <f64>load<f32>(maps + ((pixels + pixel) << 2));
  }
  const response = load<f64>(table + RESPONSE + (<usize>value << 3));
  const level = (response - offset) / divisor * load<f64>(table + FACTOR) + load<f64>(table + SUMMAND);
  const base = <u32>load<f64>(table + BASE);
  if ((entry & SEARCH) == 0) {
    const below = entry & 0xff;
    return below + u32(level >= load<f64>(table + THRESHOLDS + (<usize>(below - base) << 3)));
  }
  let low: i32 = 0, high = <i32>load<f64>(table + COUNT);
  // How many thresholds the level has reached; none where it is not a number.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (level >= load<f64>(table + THRESHOLDS + (<usize>middle << 3))) low = middle + 1;
    else high = middle;
  }
  return base + low;
}

/** The responses to 4 values, from a table. */
// @ts-ignore: decorator
@inline function responses(source: usize, levels: usize): v128 {
  let level = v128.load32_zero(levels + (<usize>load<u16>(source) << 2));
  level = v128.load32_lane(levels + (<usize>load<u16>(source, 2) << 2), level, 1);
  level = v128.load32_lane(levels + (<usize>load<u16>(source, 4) << 2), level, 2);
  return v128.load32_lane(levels + (<usize>load<u16>(source, 6) << 2), level, 3);
}

/** Bins of 4 places to `to`, 4 bytes each, the bin in the low 16 bits. What is not a number has bin 0, which is open. */
// @ts-ignore: decorator
@inline function storeBins(place: v128, to: usize): void {
  const within = f32x4.pmin(f32x4.pmax(place, f32x4.splat(1)), f32x4.splat(65534));
  // A float above 2^23 has no fraction: its last bits are the whole number.
  v128.store(to, f32x4.add(within, f32x4.splat(8388608)));
}

// @ts-ignore: decorator
@inline function entry(bins: usize, at: usize): u32 { return <u32>load<u16>(bins + (<usize>load<u16>(at) << 1)); }

/** Results of 4 values, the first in the lowest byte. */
// @ts-ignore: decorator
@inline function fourResults(from: usize, source: usize, bins: usize, table: usize, at: usize, pixels: i32): u32 {
  const b0 = entry(bins, from), b1 = entry(bins, from + 4);
  const b2 = entry(bins, from + 8), b3 = entry(bins, from + 12);
  if (((b0 | b1 | b2 | b3) & OPEN) == 0) return b0 | b1 << 8 | b2 << 16 | b3 << 24;
  return openResults(b0, b1, b2, b3, load<u64>(source), table, at, pixels);
}

function openResults(b0: u32, b1: u32, b2: u32, b3: u32, values: u64, table: usize, at: usize, pixels: i32): u32 {
  const all = <usize>pixels;
  if ((b0 & OPEN) != 0) b0 = exactly(table, b0, <u32>values & 0xffff, at, all);
  if ((b1 & OPEN) != 0) b1 = exactly(table, b1, <u32>(values >> 16) & 0xffff, at + 1, all);
  if ((b2 & OPEN) != 0) b2 = exactly(table, b2, <u32>(values >> 32) & 0xffff, at + 2, all);
  if ((b3 & OPEN) != 0) b3 = exactly(table, b3, <u32>(values >> 48), at + 3, all);
  return b0 | b1 << 8 | b2 << 16 | b3 << 24;
}

/** Results of the 8 values at `source`, whose bins are in `work`. */
// @ts-ignore: decorator
@inline function storeResults(work: usize, source: usize, bins: usize, table: usize, at: usize, pixels: i32, to: usize): void {
  store<u32>(to, fourResults(work, source, bins, table, at, pixels));
  store<u32>(to, fourResults(work + 16, source + 8, bins, table, at + 4, pixels), 4);
}

/** Results of values `at` to `last`, by doubles alone: what is left of a row. */
function exactResults(site: usize, table: usize, at: usize, last: usize, pixels: i32, to: usize): void {
  for (; at < last; at++, to++) store<u8>(to, <u8>exactly(table, SEARCH, load<u16>(site + (at << 1)), at, <usize>pixels));
}

/**
 * Rows begin..end of a site, `count` columns from `first` on: target = scaled corrected value. `scale` and `shift` are floats a pixel that turn
 * the float of a value in `levels` into a bin of `bins` (65,536 of 16 bits), rounded; `target` is where column `first` of row 0 belongs.
 *
 * @param work  32 bytes: scalars are read from memory faster than from the lanes of a register
 */
export function correctRows(
  site: usize, width: i32, pixels: i32, first: i32, count: i32, levels: usize, scale: usize, shift: usize,
  bins: usize, table: usize, work: usize, target: usize, targetStride: i32, begin: i32, end: i32,
): void {
  for (let y = begin; y < end; y++) {
    let at = <usize>y * <usize>width + <usize>first, to = target + <usize>y * <usize>targetStride;
    const last = at + <usize>count;
    for (; at + 8 <= last; at += 8, to += 8) {
      const source = site + (at << 1), a = scale + (at << 2), b = shift + (at << 2);
      storeBins(madd(responses(source, levels), v128.load(a), v128.load(b)), work);
      storeBins(madd(responses(source + 8, levels), v128.load(a, 16), v128.load(b, 16)), work + 16);
      storeResults(work, source, bins, table, at, pixels, to);
    }
    exactResults(site, table, at, last, pixels, to);
  }
}

/**
 * The same of a flat field, `flats` floats a pixel: bin = (value - dark) / flat x slope + constant, rounded, where the dark is that of `darks`, or,
 * without such a map (0), `dark` + `darkRest`, a float and what it lacks.
 */
export function flattenRows(
  site: usize, width: i32, pixels: i32, first: i32, count: i32, darks: usize, dark: f32, darkRest: f32, flats: usize, slope: f32, constant: f32,
  bins: usize, table: usize, work: usize, target: usize, targetStride: i32, begin: i32, end: i32,
): void {
  const a = f32x4.splat(slope), b = f32x4.splat(constant);
  for (let y = begin; y < end; y++) {
    let at = <usize>y * <usize>width + <usize>first, to = target + <usize>y * <usize>targetStride;
    const last = at + <usize>count;
    for (; at + 8 <= last; at += 8, to += 8) {
      const source = site + (at << 1), flat = flats + (at << 2), values = v128.load(source);
      let low = f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(values)), high = f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(values));
      if (darks != 0) {
        low = f32x4.sub(low, v128.load(darks + (at << 2)));
        high = f32x4.sub(high, v128.load(darks + (at << 2), 16));
      } else {
        low = f32x4.sub(f32x4.sub(low, f32x4.splat(dark)), f32x4.splat(darkRest));
        high = f32x4.sub(f32x4.sub(high, f32x4.splat(dark)), f32x4.splat(darkRest));
      }
      storeBins(madd(f32x4.div(low, v128.load(flat)), a, b), work);
      storeBins(madd(f32x4.div(high, v128.load(flat, 16)), a, b), work + 16);
      storeResults(work, source, bins, table, at, pixels, to);
    }
    exactResults(site, table, at, last, pixels, to);
  }
}

/** Pairs of f64 as f32, in the lower half. */
// @ts-ignore: decorator
@inline function lineOf(offset: v128, divisor: v128, factor: f64, binsALevel: f64, summand: f64, most: f64, scale: usize, shift: usize): void {
  const slope = f64x2.mul(f64x2.div(f64x2.splat(factor), divisor), f64x2.splat(binsALevel));
  const constant = f64x2.sub(f64x2.sub(f64x2.splat(summand), f64x2.mul(offset, slope)), f64x2.splat(0.5));
  const isFine = v128.and(f64x2.lt(f64x2.abs(slope), f64x2.splat(Infinity)), f64x2.lt(f64x2.abs(constant), f64x2.splat(most)));
  const none = f64x2.splat(NaN);
  v128.store64_lane(scale, f32x4.demote_f64x2_zero(v128.bitselect(slope, none, isFine)), 0);
  v128.store64_lane(shift, f32x4.demote_f64x2_zero(v128.bitselect(constant, none, isFine)), 0);
}

/**
 * Pairs begin..end of pixels: what `correctRows` takes as `scale` and `shift`, of the f64 offsets and divisors in the table. Room for a pixel more where
 * their number is odd.
 */
export function correctionLines(
  table: usize, pixels: i32, factor: f64, binsALevel: f64, summand: f64, most: f64, scale: usize, shift: usize, begin: i32, end: i32,
): void {
  const offsets = table + MAPS, divisors = offsets + (<usize>pixels << 3);
  for (let pair = <usize>begin; pair < <usize>end; pair++) {
    const at = pair << 4, to = pair << 3;
    lineOf(v128.load(offsets + at), v128.load(divisors + at), factor, binsALevel, summand, most, scale + to, shift + to);
  }
}
