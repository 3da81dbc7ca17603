import type { Shape3 } from "../../core/index.ts";
import { splineCoefficients } from "./peak.ts";

/**
 * A volume mirrored at its ends, with one voxel before and two behind it along each axis, so that all taps of a spline inside it are there.
 *
 * @param filtered  coefficients of the cubic spline through the values, else the values themselves
 * @returns         (n0 + 3, n1 + 3, n2 + 3)
 */
export function splineWithMargin(values: Float32Array, shape: Shape3, filtered: boolean): Float32Array {
  const coefficients = Float64Array.from(values);
  if (filtered) splineCoefficients(coefficients, shape);
  const [z, y, x] = shape.map((n) => Array.from({ length: n + 3 }, (_, i) => mirrored(i - 1, n)));
  const out = new Float32Array(z.length * y.length * x.length);
  let at = 0;
  for (const i of z)
    for (const j of y) {
      const row = (i * shape[1] + j) * shape[2];
      for (const k of x) out[at++] = coefficients[row + k];
    }
  return out;
}

function mirrored(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * length - 2;
  const inside = ((index % period) + period) % period;
  return inside < length ? inside : period - inside;
}
