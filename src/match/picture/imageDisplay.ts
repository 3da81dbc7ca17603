import type { Shape2 } from "../../core/index.ts";
import type { Rgb } from "../../io/render/index.ts";

/** Values for the eye: an image or map on its way to pixels. */
export interface Plane {
  readonly data: Float32Array;
  readonly shape: Shape2;
}

/**
 * Whole-number zoom that brings the longer side to at most `limit` pixels: k for k screen pixels an image pixel,
 * 1/k for k image pixels a screen pixel. Whole numbers keep noise even; a fraction would draw stripes in it.
 */
export function wholeZoom([height, width]: Shape2, limit: number): number {
  const longer = Math.max(height, width);
  return longer <= limit ? Math.floor(limit / longer) : 1 / Math.ceil(longer / limit);
}

/** Zooms out by whole blocks of `count` x `count` values, joined by mean or maximum; NaN counts as nothing. */
export function joinBlocks({ data, shape }: Plane, count: number, by: "mean" | "max"): Plane {
  const [height, width] = [Math.ceil(shape[0] / count), Math.ceil(shape[1] / count)];
  const joined = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      let max = Number.NEGATIVE_INFINITY;
      let seen = 0;
      for (let sy = y * count; sy < Math.min(shape[0], (y + 1) * count); sy++) {
        for (let sx = x * count; sx < Math.min(shape[1], (x + 1) * count); sx++) {
          const value = data[sy * shape[1] + sx];
          if (Number.isNaN(value)) continue;
          sum += value;
          max = Math.max(max, value);
          seen++;
        }
      }
      joined[y * width + x] = seen === 0 ? Number.NaN : by === "mean" ? sum / seen : max;
    }
  }
  return { data: joined, shape: [height, width] };
}

/** Gaussian blur, sigma in pixels; at the border the weights that remain are taken. */
export function blur({ data, shape: [height, width] }: Plane, sigma: number): Plane {
  const radius = Math.ceil(3 * sigma);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / (sigma || 1)) ** 2),
  );
  const pass = (source: Float32Array, length: number, { along, across }: Steps): Float32Array => {
    const result = new Float32Array(source.length);
    for (let start = 0; start < source.length / length; start++) {
      for (let i = 0; i < length; i++) {
        let sum = 0;
        let total = 0;
        for (let k = Math.max(0, i - radius); k <= Math.min(length - 1, i + radius); k++) {
          sum += weights[k - i + radius] * source[start * across + k * along];
          total += weights[k - i + radius];
        }
        result[start * across + i * along] = sum / total;
      }
    }
    return result;
  };
  const rows = pass(data, width, { along: 1, across: width });
  return { data: pass(rows, height, { along: width, across: 1 }), shape: [height, width] };
}

interface Steps {
  readonly along: number;
  readonly across: number;
}

/** The values below which the given fractions lie; NaN is left out. An empty or constant plane gives a span of 1. */
export function spanOf({ data }: Plane, low: number, high: number): readonly [number, number] {
  const stride = Math.max(1, Math.floor(data.length / 200_000)); // a sample is enough for a contrast
  const values = data.filter((value, i) => i % stride === 0 && !Number.isNaN(value)).sort();
  const at = (fraction: number) => values[Math.round(fraction * (values.length - 1))] ?? 0;
  const [from, to] = [at(low), at(high)];
  return to > from ? [from, to] : [from, from + 1];
}

/** Nine colours of even steps in lightness, from black over red to pale yellow. */
const HEAT: readonly Rgb[] = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
];

/**
 * Colour of a value from 0 to 1: dark to light evenly, readable by the colour-blind and in a grey print.
 *
 * Source: samples of matplotlib's "inferno" (N. Smith and S. van der Walt, CC0), joined by straight lines.
 */
export function heatColor(value: number): Rgb {
  const position = Math.min(1, Math.max(0, value)) * (HEAT.length - 1);
  const index = Math.min(HEAT.length - 2, Math.floor(position));
  const mix = (c: 0 | 1 | 2) => HEAT[index][c] + (position - index) * (HEAT[index + 1][c] - HEAT[index][c]);
  return [mix(0), mix(1), mix(2)];
}
