// Up to twenty characters as a number at once, so that one cell need not wait for the one before.
import { decimal, TENS } from "./decimal";

/** 16 bytes of which the last n are kept, for n of 0 to 16; and orders of 16 bytes without the one at a place, for places of 0 to 15. */
export const KEPT: usize = 5120, WITHOUT: usize = 5632;

const POINT: u32 = 46, ZERO: u32 = 48;

/** What the higher eight digits may be for sixteen to be float64, exactly: 2^53 is 9007199254740992. */
const EXACT_HIGH: u32 = 90071991;

/** The digits among the last `length` (1 to 16) characters before `end`, as numbers of a byte each, zeros before them. */
// @ts-ignore: decorator
@inline function lastBytes(end: usize, length: usize): v128 {
  return v128.and(v128.xor(v128.load(end - 16), i8x16.splat(<i8>ZERO)), v128.load(KEPT + (length << 4)));
}

/** Which of sixteen are no digits, a bit each: of ASCII, which is below 128, only those reach the sign bit. */
// @ts-ignore: decorator
@inline function othersOf(digits: v128): i32 { return i8x16.bitmask(i8x16.add(digits, i8x16.splat(118))); }

/** Whether others than digits are one point alone. */
// @ts-ignore: decorator
@inline function isPoint(others: i32, end: usize): bool {
  return (others & (others - 1)) == 0 && <u32>load<u8>(end - 16 + <usize>ctz(others)) == POINT;
}

/** Digits without the one at a place. */
// @ts-ignore: decorator
@inline function without(digits: v128, place: i32): v128 { return v128.swizzle(digits, v128.load(WITHOUT + (<usize>place << 4))); }

/** Sixteen digits as two numbers of 32 bits, the higher eight first. */
// @ts-ignore: decorator
@inline function eightsOf(digits: v128): v128 {
  const tens = i16x8.mul(v128.and(digits, i16x8.splat(255)), i16x8.splat(10));
  const pairs = i16x8.add(tens, i16x8.shr_u(digits, 8));
  const fours = i32x4.dot_i16x8_s(pairs, i16x8(100, 1, 100, 1, 100, 1, 100, 1));
  return i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(fours, fours), i16x8(10000, 1, 10000, 1, 10000, 1, 10000, 1));
}

/** Both as one float64, exact where the higher one is no more than EXACT_HIGH. */
// @ts-ignore: decorator
@inline function joined(eights: v128): f64 {
  const parts = f64x2.mul(f64x2.convert_low_i32x4_s(eights), f64x2(1e8, 1));
  return f64x2.extract_lane(parts, 0) + f64x2.extract_lane(parts, 1);
}

// @ts-ignore: decorator
@inline function wholeOf(eights: v128): u64 {
  return <u64>i32x4.extract_lane(eights, 0) * 100000000 + <u64>i32x4.extract_lane(eights, 1);
}

/** The number of `length` (1 to 16) characters before `end`: digits with at most one point among them. NaN for all else. */
// @ts-ignore: decorator
@inline export function shortDecimal(end: usize, length: usize): f64 {
  let digits = lastBytes(end, length);
  const others = othersOf(digits);
  let decimals: i32 = 0;
  if (others != 0) {
    if (length == 1 || !isPoint(others, end)) return NaN;
    const place = ctz(others);
    digits = without(digits, place);
    decimals = 15 - place;
  }
  const eights = eightsOf(digits), high = i32x4.extract_lane(eights, 0);
  // as {@link decimal} does it, without a call for nearly all numbers of tables; signed, which is one instruction
  return <u32>high <= EXACT_HIGH
    ? joined(eights) / load<f64>(TENS + (<usize>decimals << 3))
    : decimal(wholeOf(eights), -decimals);
}

/** As {@link shortDecimal} for 17 to 20 characters of which at most 19 are digits. */
export function longDecimal(end: usize, length: usize): f64 {
  let digits = lastBytes(end, 16);
  const others = othersOf(digits);
  if (others != 0 && !isPoint(others, end)) return NaN;
  const place = ctz(others);
  if (others != 0) digits = without(digits, place);
  const last = wholeOf(eightsOf(digits));
  let head: u64 = 0, point = end;
  for (let at = end - length; at < end - 16; at++) {
    const code = <u32>load<u8>(at);
    if (code - ZERO < 10) head = head * 10 + <u64>(code - ZERO);
    else if (code == POINT && point == end) point = at;
    else return NaN;
  }
  if (others != 0) return point == end ? decimal(head * 1000000000000000 + last, place - 15) : NaN;
  if (point == end && length == 20) return NaN;
  return decimal(head * 10000000000000000 + last, point == end ? 0 : <i32>(point + 1 - end));
}
