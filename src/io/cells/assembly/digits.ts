// Up to twenty characters as a number at once, so that one cell need not wait for the one before.
import { decimal, EXACT_DIGITS, TENS } from "./decimal";

/** 16 bytes of which the last n are kept, for n of 0 to 16; and orders of 16 bytes without the one at a place, for places of 0 to 15. */
export const KEPT: usize = 5120, WITHOUT: usize = 5632;

const POINT: u32 = 46, ZERO: u32 = 48;

/** Places of a point among sixteen characters, where there is none, and where they are no digits. */
const NO_POINT: i32 = 16, NO_DIGITS: i32 = -1;

/** Where the point was in what {@link lastDigits} read. */
let place: i32 = 0;

/** The digits among the last `length` (1 to 16) characters before `end`, with at most one point among them. */
// @ts-ignore: decorator
@inline function lastDigits(end: usize, length: usize): u64 {
  let digits = v128.and(v128.xor(v128.load(end - 16), i8x16.splat(<i8>ZERO)), v128.load(KEPT + (length << 4)));
  const others = i8x16.bitmask(i8x16.gt_u(digits, i8x16.splat(9)));
  place = NO_POINT;
  if (others != 0) {
    place = ctz(others);
    const isPoint = (others & (others - 1)) == 0 && load<u8>(end - 16 + <usize>place) == POINT;
    digits = v128.swizzle(digits, v128.load(WITHOUT + (<usize>place << 4)));
    if (!isPoint) place = NO_DIGITS;
  }
  const tens = i16x8.mul(v128.and(digits, i16x8.splat(255)), i16x8.splat(10));
  const pairs = i16x8.add(tens, i16x8.shr_u(digits, 8));
  const fours = i32x4.dot_i16x8_s(pairs, i16x8(100, 1, 100, 1, 100, 1, 100, 1));
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(fours, fours), i16x8(10000, 1, 10000, 1, 10000, 1, 10000, 1));
  return <u64>i32x4.extract_lane(eights, 0) * 100000000 + <u64>i32x4.extract_lane(eights, 1);
}

/** The number of `length` (1 to 16) characters before `end`: digits with at most one point among them. NaN for all else. */
// @ts-ignore: decorator
@inline export function shortDecimal(end: usize, length: usize): f64 {
  const digits = lastDigits(end, length);
  if (place == NO_DIGITS || (place != NO_POINT && length == 1)) return NaN;
  const decimals = place == NO_POINT ? 0 : 15 - place;
  // as {@link decimal} does it, without a call for nearly all numbers of tables
  return digits <= EXACT_DIGITS ? <f64>digits / load<f64>(TENS + (<usize>decimals << 3)) : decimal(digits, -decimals);
}

/** As {@link shortDecimal} for 17 to 20 characters of which at most 19 are digits. */
export function longDecimal(end: usize, length: usize): f64 {
  const last = lastDigits(end, 16);
  if (place == NO_DIGITS) return NaN;
  let head: u64 = 0, point = end;
  for (let at = end - length; at < end - 16; at++) {
    const code = <u32>load<u8>(at);
    if (code - ZERO < 10) head = head * 10 + <u64>(code - ZERO);
    else if (code == POINT && point == end) point = at;
    else return NaN;
  }
  if (place != NO_POINT) return point == end ? decimal(head * 1000000000000000 + last, place - 15) : NaN;
  if (point == end && length == 20) return NaN;
  return decimal(head * 10000000000000000 + last, point == end ? 0 : <i32>(point + 1 - end));
}
