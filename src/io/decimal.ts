const POINT = 46;
const PLUS = 43;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
/** `e` with the bit that tells cases apart. */
const EXPONENT = 101;
const LOWER = 32;

/** Digits that float64 holds exactly, and the powers of ten that it does: one multiplication or division then rounds rightly. */
const MOST_DIGITS = 15;
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * The number that a part of a text is, many times as fast as `Number` of a slice; NaN where it is none, or one that takes more than a
 * product of two exact numbers (more than 15 digits, powers beyond 22, `nan`, `inf`): callers then ask for the text.
 *
 * @param end  behind its last character
 */
export function decimalAt(text: string, start: number, end: number): number {
  let at = start;
  const sign = text.charCodeAt(at);
  if (sign === MINUS || sign === PLUS) at++;
  let value = 0;
  let digits = 0;
  let power = 0;
  let hasPoint = false;
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) {
      value = value * 10 + (code - ZERO);
      digits++;
      if (hasPoint) power--;
    } else if (code === POINT && !hasPoint) hasPoint = true;
    else break;
  }
  if (digits === 0 || digits > MOST_DIGITS) return Number.NaN;
  if (at < end) {
    if ((text.charCodeAt(at) | LOWER) !== EXPONENT) return Number.NaN;
    power += exponentAt(text, at + 1, end);
  }
  if (!(power >= -22 && power <= 22)) return Number.NaN;
  const size = power < 0 ? value / POWERS[-power] : value * POWERS[power];
  return sign === MINUS ? -size : size;
}

/** NaN for none, and beyond three digits. */
function exponentAt(text: string, start: number, end: number): number {
  const sign = text.charCodeAt(start);
  const first = sign === MINUS || sign === PLUS ? start + 1 : start;
  if (first >= end || end - first > 3) return Number.NaN;
  let value = 0;
  for (let at = first; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return Number.NaN;
    value = value * 10 + (code - ZERO);
  }
  return sign === MINUS ? -value : value;
}

/** Digits behind the first one that tell every float32 apart. */
const FLOAT32_PLACES = 8;

/** A float32 in the fewest digits that read back the same, in the form of `toExponential`. */
export function shortestFloat32(value: number): string {
  for (let places = 0; places < FLOAT32_PLACES; places++) {
    const text = value.toExponential(places);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential(FLOAT32_PLACES);
}
