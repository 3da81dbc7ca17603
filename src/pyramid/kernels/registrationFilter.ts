/** Longest filter that the kernel has room for, in pixels on either side. */
const MOST_RADIUS = 32;

/** Largest sigma of {@link filterWeights}. */
export const MOST_SIGMA = 8;

/** Weights of a filter that is a sum of two products: smooth along one axis times curve along the other, and the other way round. */
export interface FilterWeights {
  readonly radius: number;
  /** 2 radius + 1 weights of smooth, then of curve. */
  readonly weights: Float32Array;
}

/**
 * The Laplacian of a Gaussian, weights up to 4 sigma, which a plane of one value leaves at exactly 0.
 *
 * @param sigma  pixels, above 0 to {@link MOST_SIGMA}
 */
export function filterWeights(sigma: number): FilterWeights {
  const radius = Math.min(MOST_RADIUS, Math.max(2, Math.ceil(4 * sigma)));
  const offsets = Array.from({ length: 2 * radius + 1 }, (_, i) => i - radius);
  const bell = offsets.map((x) => Math.exp((-0.5 * x * x) / sigma ** 2));
  const total = bell.reduce((sum, value) => sum + value, 0);
  const smooth = bell.map((value) => value / total);
  const curve = offsets.map((x, i) => ((x * x) / sigma ** 4 - 1 / sigma ** 2) * smooth[i]);
  const mean = curve.reduce((sum, value) => sum + value, 0) / curve.length;
  // What is cut off at 4 sigma is taken from all weights, so that the level of an image has no part in it.
  return { radius, weights: Float32Array.from([...smooth, ...curve.map((value) => value - mean)]) };
}

/** Part of a window's length over which its ends fade. */
const FADE = 0.25;

/**
 * 1 within a part of a line, falling as a cosine towards both of its ends, 0 outside: a window's content must not end at a wall.
 *
 * @param from, to  the part: its first pixel, and the one behind its last
 */
export function taper(length: number, [from, to]: readonly [from: number, to: number]): Float32Array {
  const fade = Math.max(1, FADE * (to - from));
  const line = new Float32Array(length);
  for (let i = from; i < to; i++) {
    const depth = Math.min(i - from + 0.5, to - i - 0.5) / fade;
    line[i] = depth >= 1 ? 1 : 0.5 - 0.5 * Math.cos(Math.PI * depth);
  }
  return line;
}

/** The parts of two lines of one length that show the same where the second is moved by `shift` onto the first. */
export function commonParts(
  length: number,
  shift: number,
): readonly [first: readonly [number, number], second: readonly [number, number]] {
  const [from, to] = [Math.max(0, shift), Math.min(length, length + shift)];
  return [
    [from, to],
    [from - shift, to - shift],
  ];
}
