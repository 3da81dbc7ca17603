const WORD = new Uint32Array(1);
const VALUE = new Float32Array(WORD.buffer);

/** The largest magnitude that rounds to a finite 16-bit float is below this (65504 is the largest one). */
export const HALF_LIMIT = 65520;

/** The value of a 16-bit float (IEEE 754 binary16) given as its bits; exact. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  WORD[0] = ((exponent + 112) << 23) | (fraction << 13);
  return sign * VALUE[0];
}

/** The bits of the nearest 16-bit float, ties to even; magnitudes of 65520 and more become infinite. */
export function numberToHalf(value: number): number {
  VALUE[0] = value;
  const sign = (WORD[0] >>> 16) & 0x8000;
  const magnitude = WORD[0] & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(VALUE[0]) * 2 ** 24);
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
