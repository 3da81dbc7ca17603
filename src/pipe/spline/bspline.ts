/** How an image goes on outside itself: `reflect` d c b a | a b c d | d c b a, `mirror` d c b | a b c d | c b a. */
export type SplineBoundary = "reflect" | "mirror" | "wrap";

/** Order of a spline: 0 nearest voxel, 1 linear, 2 quadratic, 3 cubic. */
export type SplineOrder = 0 | 1 | 2 | 3;

/** Off-diagonal and diagonal of the equations for coefficients: the spline's values at whole numbers. */
const SAMPLES: Readonly<Record<2 | 3, readonly [side: number, centre: number]>> = {
  2: [1 / 8, 6 / 8],
  3: [1 / 6, 4 / 6],
};

/**
 * Coefficients whose B-spline of order 2 or 3 passes through the values: a tridiagonal system solved exactly, along one axis of
 * an array in float64 that is changed in place.
 *
 * @param data    C order, (outer, length, inner)
 * Source: Unser, Aldroubi & Eden 1993, IEEE Trans. Signal Process. 41:821, whose recursive filters give the same.
 */
export function splineCoefficients(
  data: Float64Array,
  axis: { readonly length: number; readonly inner: number },
  { order, boundary }: { readonly order: SplineOrder; readonly boundary: SplineBoundary },
): void {
  const { length, inner } = axis;
  if (order < 2 || length === 1) return;
  const solve = lineSolver(length, SAMPLES[order === 2 ? 2 : 3], boundary);
  const line = new Float64Array(length);
  const outer = data.length / (length * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const start = o * length * inner + i;
      for (let k = 0; k < length; k++) line[k] = data[start + k * inner];
      solve(line);
      for (let k = 0; k < length; k++) data[start + k * inner] = line[k];
    }
}

/** Solves the equations of one line in place; what does not depend on the values is computed once. */
function lineSolver(
  length: number,
  [side, centre]: readonly [number, number],
  boundary: SplineBoundary,
): (line: Float64Array) => void {
  const diagonal = new Float64Array(length).fill(centre);
  const upper = new Float64Array(length).fill(side);
  const lower = new Float64Array(length).fill(side);
  if (boundary === "wrap") return wrappedSolver(diagonal, side);
  if (boundary === "reflect") {
    diagonal[0] += side;
    diagonal[length - 1] += side;
  } else {
    upper[0] = 2 * side;
    lower[length - 1] = 2 * side;
  }
  return tridiagonalSolver(lower, diagonal, upper);
}

/** Thomas' algorithm; the systems are diagonally dominant, so no pivots are needed. */
function tridiagonalSolver(lower: Float64Array, diagonal: Float64Array, upper: Float64Array) {
  const { length } = diagonal;
  const pivots = new Float64Array(length);
  const factors = new Float64Array(length);
  pivots[0] = diagonal[0];
  for (let k = 1; k < length; k++) {
    factors[k] = lower[k] / pivots[k - 1];
    pivots[k] = diagonal[k] - factors[k] * upper[k - 1];
  }
  return (line: Float64Array) => {
    for (let k = 1; k < length; k++) line[k] -= factors[k] * line[k - 1];
    line[length - 1] /= pivots[length - 1];
    for (let k = length - 2; k >= 0; k--) line[k] = (line[k] - upper[k] * line[k + 1]) / pivots[k];
  };
}

/** A cyclic system, by the formula of Sherman and Morrison: the corners are a product of two vectors. */
function wrappedSolver(diagonal: Float64Array, side: number) {
  const { length } = diagonal;
  if (length === 2)
    return tridiagonalSolver(Float64Array.of(0, 2 * side), diagonal, Float64Array.of(2 * side, 0));
  const gamma = -diagonal[0];
  const changed = diagonal.slice();
  changed[0] -= gamma;
  changed[length - 1] -= (side * side) / gamma;
  const sides = new Float64Array(length).fill(side);
  const solve = tridiagonalSolver(sides, changed, sides);
  const corner = new Float64Array(length);
  corner[0] = gamma;
  corner[length - 1] = side;
  solve(corner);
  const ratio = side / gamma;
  const scale = 1 / (1 + corner[0] + ratio * corner[length - 1]);
  return (line: Float64Array) => {
    solve(line);
    const share = scale * (line[0] + ratio * line[length - 1]);
    for (let k = 0; k < length; k++) line[k] -= share * corner[k];
  };
}

/** Where a spline is read along one axis: for each output the first tap's index (possibly outside) and its weights. */
export interface SplineTaps {
  readonly order: SplineOrder;
  readonly first: Int32Array;
  /** (outputs, order + 1) */
  readonly weights: Float64Array;
}

/** Taps at these coordinates; each output reads `order + 1` coefficients from `first` on. */
export function splineTaps(coordinates: ArrayLike<number>, order: SplineOrder): SplineTaps {
  const first = new Int32Array(coordinates.length);
  const weights = new Float64Array(coordinates.length * (order + 1));
  for (let i = 0; i < coordinates.length; i++) {
    const x = coordinates[i];
    // Even orders are centred on the nearest sample, odd ones between two.
    const base = order % 2 === 0 ? Math.floor(x + 0.5) : Math.floor(x);
    first[i] = base - Math.floor(order / 2);
    weights.set(splineWeights(order, x - base), i * (order + 1));
  }
  return { order, first, weights };
}

function splineWeights(order: SplineOrder, t: number): readonly number[] {
  switch (order) {
    case 0:
      return [1];
    case 1:
      return [1 - t, t];
    case 2:
      return [(0.5 - t) ** 2 / 2, 0.75 - t * t, (0.5 + t) ** 2 / 2];
    case 3: {
      const u = 1 - t;
      return [u ** 3 / 6, (4 - 6 * t * t + 3 * t ** 3) / 6, (4 - 6 * u * u + 3 * u ** 3) / 6, t ** 3 / 6];
    }
  }
}

/** Index inside an axis that stands for one outside. */
export function boundaryIndex(index: number, length: number, boundary: SplineBoundary): number {
  if (index >= 0 && index < length) return index;
  if (length === 1) return 0;
  const period = boundary === "wrap" ? length : boundary === "reflect" ? 2 * length : 2 * length - 2;
  const inside = ((index % period) + period) % period;
  if (inside < length) return inside;
  return boundary === "reflect" ? period - 1 - inside : period - inside;
}
