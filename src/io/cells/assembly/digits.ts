// Up to twenty characters as a number at once, so that one cell need not wait for the one before.
import { decimal, TENS } from "./decimal";

/** 16 bytes of which the last n are kept, for n of 0 to 16; and orders of 16 bytes without the one at a place, for places of 0 to 16, which is none of them. */
export const KEPT: usize = 5120, WITHOUT: usize = 5632;

const MINUS: u32 = 45, POINT: u32 = 46, ZERO: u32 = 48;

// @ts-ignore: decorator
@inline function byte(at: usize): u32 { return <u32>load<u8>(at); }

/** What the higher eight digits may be for sixteen to be float64, exactly: 2^53 is 9007199254740992. */
const EXACT_HIGH: u32 = 90071991;

/**
 * Vectors that loops load once: V8 makes a constant again, in three instructions, wherever it is used. Zero's code; what lifts all but digits to the sign
 * bit; factors that join digits, twos, fours and eights, the higher ones first.
 */
export const ZEROS: usize = 4736, LIFT: usize = 4752, JOIN_DIGITS: usize = 4768, JOIN_TWOS: usize = 4784, JOIN_FOURS: usize = 4800, JOIN_EIGHTS: usize = 4816;

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

/** Sixteen digits as four numbers of 32 bits, the higher ones first. */
// @ts-ignore: decorator
@inline function foursOf(digits: v128): v128 {
  const tens = i16x8.mul(v128.and(digits, i16x8.splat(255)), i16x8.splat(10));
  return i32x4.dot_i16x8_s(i16x8.add(tens, i16x8.shr_u(digits, 8)), i16x8(100, 1, 100, 1, 100, 1, 100, 1));
}

/** Two times four numbers as two each, the higher eight digits first. */
// @ts-ignore: decorator
@inline function joinedFours(fours: v128, others: v128): v128 {
  return i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(fours, others), i16x8(10000, 1, 10000, 1, 10000, 1, 10000, 1));
}

/** Sixteen digits as two numbers of 32 bits, the higher eight first. */
// @ts-ignore: decorator
@inline function eightsOf(digits: v128): v128 {
  const fours = foursOf(digits);
  return joinedFours(fours, fours);
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

/** The place of the first other than a digit; 16 where there is none, where all bytes are kept and decimals are -1. */
// @ts-ignore: decorator
@inline function placeOf(others: i32): i32 { return ctz(others | 1 << 16); }

// @ts-ignore: decorator
@inline function isNumber(others: i32, end: usize): bool { return others == 0 || isPoint(others, end); }

/** What divides digits with a point at a place. */
// @ts-ignore: decorator
@inline function tensAt(place: i32): usize { return TENS + (<usize>(15 - place) << 3); }

// @ts-ignore: decorator
@inline function signBit(code: u32): u64 { return <u64>(code == MINUS) << 63; }

/**
 * Two neighbours at once, which takes a fifth less than one by one: cells of 2 to 16 digits and points, with a minus or none, which end at `end` and `next`.
 * Their numbers go to `to` and as far behind it as `stride`; false, and nothing there, where one of them is not such. The vectors are those from {@link ZEROS} on.
 */
// @ts-ignore: decorator
@inline export function twoDecimals(
  at: usize, end: usize, next: usize, to: usize, stride: usize,
  zeros: v128, lift: v128, joinDigits: v128, joinTwos: v128, joinFours: v128, joinEights: v128,
): bool {
  const sign = byte(at), nextSign = byte(end + 1);
  const length = end - at - <usize>(sign == MINUS), nextLength = next - end - 1 - <usize>(nextSign == MINUS);
  if (<i32>((length - 2) | (16 - length) | (nextLength - 2) | (16 - nextLength)) < 0) return false;
  const digits = v128.and(v128.xor(v128.load(end - 16), zeros), v128.load(KEPT + (length << 4)));
  const nextDigits = v128.and(v128.xor(v128.load(next - 16), zeros), v128.load(KEPT + (nextLength << 4)));
  const others = i8x16.bitmask(i8x16.add(digits, lift)), nextOthers = i8x16.bitmask(i8x16.add(nextDigits, lift));
  if (!isNumber(others, end) || !isNumber(nextOthers, next)) return false;
  const place = placeOf(others), nextPlace = placeOf(nextOthers);
  const twos = i16x8.shr_u(i16x8.mul(without(digits, place), joinDigits), 8), nextTwos = i16x8.shr_u(i16x8.mul(without(nextDigits, nextPlace), joinDigits), 8);
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(i32x4.dot_i16x8_s(twos, joinTwos), i32x4.dot_i16x8_s(nextTwos, joinTwos)), joinFours);
  // both at once: no more than 2^26, which is below EXACT_HIGH
  if ((i32x4.extract_lane(eights, 0) | i32x4.extract_lane(eights, 2)) >> 26 != 0) return false;
  const high = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(eights, eights, 0, 2, 0, 2));
  const low = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(eights, eights, 1, 3, 1, 3));
  const tens = v128.load64_lane(tensAt(nextPlace), v128.load64_zero(tensAt(place)), 1);
  const signs = i64x2.replace_lane(i64x2.splat(signBit(sign)), 1, signBit(nextSign));
  const values = v128.or(f64x2.div(f64x2.add(f64x2.mul(high, joinEights), low), tens), signs);
  v128.store64_lane(to, values, 0);
  v128.store64_lane(to + stride, values, 1);
  return true;
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
