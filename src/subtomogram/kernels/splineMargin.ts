import { elementCount, type Shape3 } from "../../core/index.ts";
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

/** Numbers of a volume with its margin: (n0 + 5)(n1 + 5)(n2 + 5). */
export function countWithMargin(shape: Shape3): number {
  return elementCount(longer(shape, SPLINE_MARGIN));
}

/**
 * Coefficients of a volume's cubic spline, with a margin.
 *
 * @param into  gets them: {@link countWithMargin} numbers
 */
export function splineWithMargin(
  values: Float32Array,
  { shape, ends }: { readonly shape: Shape3; readonly ends: SplineEnds },
  into: Float32Array,
): void {
  const edge = (i: number, n: number) => Math.min(Math.max(i, 0), n - 1);
  const withMargin = (i: number) => i - BEFORE;
  if (ends === "edgeUnfiltered") {
    select({ values, shape }, longer(shape, SPLINE_MARGIN), {
      place: (i, n) => edge(withMargin(i), n),
      into,
    });
    return;
  }
  const isMirrored = ends === "mirror";
  const padded = isMirrored ? shape : longer(shape, 2 * EDGE);
  const coefficients = isMirrored ? new Float64Array(values) : new Float64Array(elementCount(padded));
  if (!isMirrored)
    select({ values, shape }, padded, { place: (i, n) => edge(i - EDGE, n), into: coefficients });
  splineCoefficients(coefficients, padded);
  const place = (i: number, n: number) => (isMirrored ? mirrored(withMargin(i), n) : withMargin(i) + EDGE);
  select({ values: coefficients, shape: padded }, longer(shape, SPLINE_MARGIN), { place, into });
}

function longer(shape: Shape3, by: number): Shape3 {
  return [shape[0] + by, shape[1] + by, shape[2] + by];
}

/** Fills `into`, of a shape, with values of a volume: place `i` along each axis is `place(i, n)` of it. */
function select(
  source: { readonly values: Float32Array | Float64Array; readonly shape: Shape3 },
  shape: Shape3,
  {
    place,
    into,
  }: { readonly place: (i: number, n: number) => number; readonly into: Float32Array | Float64Array },
): void {
  const [z, y, x] = shape.map((n, axis) => Array.from({ length: n }, (_, i) => place(i, source.shape[axis])));
  let at = 0;
  for (const i of z)
    for (const j of y) {
      const row = (i * source.shape[1] + j) * source.shape[2];
      for (const k of x) into[at++] = source.values[row + k];
    }
}
