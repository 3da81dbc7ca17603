import type { PipeImage } from "../../pipe/index.ts";
import { splineCoefficients } from "../kernels/index.ts";

/** The least and largest coefficient of a volume's spline: of order 0 and 1 they are its values. */
export function splineRange(
  { data, shape }: PipeImage,
  order: 0 | 1 | 3,
): readonly [least: number, largest: number] {
  const coefficients = Float64Array.from(data);
  if (order === 3) splineCoefficients(coefficients, shape);
  let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of coefficients) {
    least = Math.min(least, value);
    largest = Math.max(largest, value);
  }
  return [least, largest];
}
