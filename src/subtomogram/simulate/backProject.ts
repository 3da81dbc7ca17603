import type { Shape3 } from "../../core/index.ts";

/** Projections of a box at several tilts, (tilts, along the axis, across it). */
export interface Projections {
  readonly data: Float32Array;
  readonly anglesDeg: readonly number[];
  /** Lines along the axis, and values of each. */
  readonly lines: number;
  readonly length: number;
}

/**
 * Filtered back-projection of a box that was turned about its y axis: each line is filtered by a ramp that a Hamming window ends, and read at
 * each voxel by the cubic spline through its values, 0 outside.
 *
 * @param shape  (z, y, x) of the box; y is `lines`
 * Source: acryo 0.9.1 (from scikit-image's iradon); Kak & Slaney 1988.
 */
export function backProject(
  { data, anglesDeg, lines, length }: Projections,
  shape: Shape3,
  { compat }: { readonly compat: boolean },
): Float32Array {
  const [depth, height, width] = shape;
  const box = new Float32Array(depth * height * width);
  const kernel = rampKernel(length, compat ? peerDistances(length) : circularDistances(length));
  // of the axis along lines, and of the box along z and x: acryo counts from n / 2 without its half
  const middle = (side: number) => (compat ? Math.floor(side / 2) : (side - 1) / 2);
  const scale = Math.PI / (2 * anglesDeg.length);
  for (const [t, degrees] of anglesDeg.entries()) {
    const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    for (let y = 0; y < lines; y++) {
      const from = (t * lines + y) * length;
      const at = cubicThrough(convolved(data.subarray(from, from + length), kernel));
      for (let z = 0; z < depth; z++)
        for (let x = 0; x < width; x++) {
          const place = (x - middle(width)) * c - (z - middle(depth)) * s + middle(length);
          box[(z * height + y) * width + x] += scale * at(place);
        }
    }
  }
  return box;
}

/** Of each place of a circle of n from its first one. */
function circularDistances(n: number): number[] {
  return Array.from({ length: n }, (_, k) => Math.min(k, n - k));
}

/** As acryo 0.9.1 has them at odd places: where n is no multiple of four, those behind the middle are of other places (scikit-image pads lines to powers of two). */
function peerDistances(n: number): number[] {
  const rising = Math.ceil(n / 4);
  return Array.from({ length: n }, (_, k) => {
    const i = (k - 1) / 2;
    return i < rising ? k : Math.trunc(n / 2 - 1) - 2 * (i - rising);
  });
}

/** The filter in real space, circular: |f| sampled as a kernel, times a window that falls to 0.08 at the highest frequency. */
function rampKernel(n: number, distances: readonly number[]): Float64Array {
  const ramp = Float64Array.from({ length: n }, (_, k) =>
    k === 0 ? 0.25 : k % 2 === 0 ? 0 : -1 / (Math.PI * distances[k]) ** 2,
  );
  const half = n - Math.floor(n / 2);
  const gains = Float64Array.from({ length: n }, (_, j) => {
    const sum = ramp.reduce((total, value, k) => total + value * Math.cos((2 * Math.PI * j * k) / n), 0);
    const place = (j + half) % n;
    return 2 * sum * (0.54 - 0.46 * Math.cos((2 * Math.PI * place) / (n - 1)));
  });
  return Float64Array.from(
    { length: n },
    (_, k) => gains.reduce((total, gain, j) => total + gain * Math.cos((2 * Math.PI * j * k) / n), 0) / n,
  );
}

function convolved(line: Float32Array, kernel: Float64Array): Float64Array {
  const n = line.length;
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += line[k] * kernel[(i - k + n) % n];
    return sum;
  });
}

/** The cubic spline through values one apart whose third derivative is continuous next to both ends; 0 outside. */
function cubicThrough(values: Float64Array): (place: number) => number {
  const n = values.length;
  const bends = secondDerivatives(values);
  return (place) => {
    if (!(place >= 0 && place <= n - 1)) return 0;
    const i = Math.min(Math.floor(place), n - 2);
    const [b, a] = [place - i, 1 - (place - i)];
    const curved = (a * a * a - a) * bends[i] + (b * b * b - b) * bends[i + 1];
    return a * values[i] + b * values[i + 1] + curved / 6;
  };
}

function secondDerivatives(y: Float64Array): Float64Array {
  const n = y.length;
  const bends = new Float64Array(n);
  if (n < 4) return bends;
  const bend = (i: number) => y[i - 1] - 2 * y[i] + y[i + 1];
  bends[1] = bend(1);
  bends[n - 2] = bend(n - 2);
  // Thomas' algorithm for what lies between.
  const ratio = new Float64Array(n);
  for (let i = 2; i <= n - 3; i++) {
    const below = i === 2 ? 0 : 1;
    const pivot = 4 - below * ratio[i - 1];
    const known = 6 * bend(i) - (i === 2 ? bends[1] : 0) - (i === n - 3 ? bends[n - 2] : 0);
    ratio[i] = 1 / pivot;
    bends[i] = (known - below * bends[i - 1]) / pivot;
  }
  for (let i = n - 4; i >= 2; i--) bends[i] -= ratio[i] * bends[i + 1];
  bends[0] = 2 * bends[1] - bends[2];
  bends[n - 1] = 2 * bends[n - 2] - bends[n - 3];
  return bends;
}
