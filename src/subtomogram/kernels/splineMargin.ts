import type { Shape3 } from "../../core/index.ts";
import { mirrored, splineCoefficients } from "./peak.ts";

/**
 * What lies beyond the ends of a volume: it goes on mirrored (scipy's `constant`, whose spline is that of the mirrored image), or as its edge
 * (`nearest`); `edgeUnfiltered`: the edge too, the values themselves taken for coefficients.
 */
export type SplineEnds = "mirror" | "edge" | "edgeUnfiltered";

/** What of an edge a cubic spline still feels in single precision: 0.268^12. */
const EDGE = 12;

/** Voxels more along each axis: two before and three behind, so that places up to one outside have all their taps. */
export const SPLINE_MARGIN = 5;
const BEFORE = 2;

/**
 * Coefficients of a volume's cubic spline, with a margin.
 *
 * @returns  (n0 + 5, n1 + 5, n2 + 5)
 */
export function splineWithMargin(values: Float32Array, shape: Shape3, ends: SplineEnds): Float32Array {
  const edge = (i: number, n: number) => Math.min(Math.max(i, 0), n - 1);
  if (ends === "edgeUnfiltered") return select({ values, shape }, shape, edge);
  const isMirrored = ends === "mirror";
  const padded = isMirrored ? shape : longer(shape, 2 * EDGE);
  const padding = (i: number, n: number) => edge(i - EDGE + BEFORE, n);
  const coefficients = new Float64Array(isMirrored ? values : select({ values, shape }, padded, padding, 0));
  splineCoefficients(coefficients, padded);
  return select({ values: coefficients, shape: padded }, shape, isMirrored ? mirrored : (i) => i + EDGE);
}

function longer(shape: Shape3, by: number): Shape3 {
  return [shape[0] + by, shape[1] + by, shape[2] + by];
}

/** (shape + margin) values of a volume: place `i - 2` along each axis lies at `place(i - 1, n)` of it. */
function select(
  source: { readonly values: ArrayLike<number>; readonly shape: Shape3 },
  shape: Shape3,
  place: (i: number, n: number) => number,
  margin = SPLINE_MARGIN,
): Float32Array {
  const [z, y, x] = shape.map((n, axis) =>
    Array.from({ length: n + margin }, (_, i) => place(i - BEFORE, source.shape[axis])),
  );
  const out = new Float32Array(z.length * y.length * x.length);
  let at = 0;
  for (const i of z)
    for (const j of y) {
      const row = (i * source.shape[1] + j) * source.shape[2];
      for (const k of x) out[at++] = source.values[row + k];
    }
  return out;
}
