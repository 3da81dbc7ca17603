// The nearest float64 of digits times a power of ten. Source: Clinger 1990, How to read floating point numbers accurately, for small ones; Lemire 2021,
// Number parsing at a gigabyte per second (doi 10.1002/spe.2984), algorithm 1, for the others, without its branches for what is too small or large.

/** 5^q for q of -64 to 64, the highest 128 bits, two words each, the higher one first. */
export const POWERS: usize = 1024;
export const LOWEST_POWER: i32 = -64, HIGHEST_POWER: i32 = 64;

/** 10^0 to 10^22 as float64, which holds them exactly; 1 before them. */
export const TENS: usize = 4096;
/** 10^0 to 10^8 as 64-bit numbers. */
export const WHOLE_TENS: usize = 4608;

const EXACT_TENS: i32 = 22;
/** Whole numbers up to here are float64, exactly. */
export const EXACT_DIGITS: u64 = 1 << 53;

/** Bits that a product has beside those of the result: 64 - 52 - 3. */
const SPARE: u64 = 9;

// @ts-ignore: decorator
@inline function highOf(a: u64, b: u64): u64 {
  const al = a & 0xffffffff, ah = a >> 32, bl = b & 0xffffffff, bh = b >> 32;
  const low = al * bl, cross = ah * bl + (low >> 32), other = al * bh + (cross & 0xffffffff);
  return ah * bh + (cross >> 32) + (other >> 32);
}

/** Digits times 10^power; NaN beyond the powers that are known here, and where the digits do not decide (never seen). */
export function decimal(digits: u64, power: i32): f64 {
  if (digits == 0) return 0;
  if (digits <= EXACT_DIGITS && power >= -EXACT_TENS && power <= EXACT_TENS) {
    const value = <f64>digits;
    return power < 0 ? value / load<f64>(TENS + (<usize>-power << 3)) : value * load<f64>(TENS + (<usize>power << 3));
  }
  if (power < LOWEST_POWER || power > HIGHEST_POWER) return NaN;
  const zeros = clz(digits), word = digits << zeros, at = POWERS + (<usize>(power - LOWEST_POWER) << 4);
  const five = load<u64>(at);
  let high = highOf(word, five), low = word * five;
  if ((high & 0x1ff) == 0x1ff) {
    const more = highOf(word, load<u64>(at, 8));
    low += more;
    if (more > low) high++;
  }
  if (low == u64.MAX_VALUE && (power < -27 || power > 55)) return NaN;
  const upper = high >> 63;
  let mantissa = high >> (upper + SPARE);
  let exponent = <u64>(((217706 * power) >> 16) + 63 + <i32>upper - <i32>zeros + 1023);
  // in the middle between two: to the even one
  if (low <= 1 && power >= -4 && power <= 23 && (mantissa & 3) == 1 && mantissa << (upper + SPARE) == high) mantissa &= ~1;
  mantissa += mantissa & 1;
  mantissa >>= 1;
  if (mantissa >= 1 << 53) {
    mantissa = 1 << 52;
    exponent++;
  }
  return reinterpret<f64>((mantissa & ~((<u64>1) << 52)) | (exponent << 52));
}
