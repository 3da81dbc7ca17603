/** Places and weights of a quadrature, places ascending. */
export interface Quadrature {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** More never come: the first guesses lie closer to their root than to any other. */
const MOST_STEPS = 50;

/**
 * Gauss-Jacobi quadrature of ∫ (1 + x)^beta f(x) dx over [-1, 1]; beta 0 is Gauss-Legendre. Exact for polynomials below degree 2n.
 *
 * Source: NIST Digital Library of Mathematical Functions 3.5.22 (weights), 18.9.2 (recurrence), 18.16.8 (first guesses).
 */
export function gaussJacobi(n: number, beta: 0 | 1 | 2): Quadrature {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const x = jacobiRoot(n, beta, Math.cos(((n - i - 0.25) * Math.PI) / (n + (beta + 1) / 2)));
    const { derivative } = jacobi(n, beta, x);
    nodes[i] = x;
    weights[i] = 2 ** (beta + 1) / ((1 - x) * (1 + x) * derivative * derivative);
  }
  return { nodes, weights };
}

/** Newton's steps from a guess. */
function jacobiRoot(n: number, beta: number, guess: number): number {
  let x = guess;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { value, derivative } = jacobi(n, beta, x);
    const next = x - value / derivative;
    if (Math.abs(next - x) <= 2 ** -53) return next;
    x = next;
  }
  return x;
}

/** The Jacobi polynomial of degree n with alpha 0, and its derivative. */
function jacobi(n: number, beta: number, x: number): { readonly value: number; readonly derivative: number } {
  let last = 1;
  let value = (x * (beta + 2) - beta) / 2;
  for (let k = 2; k <= n; k++) {
    const c = 2 * k + beta;
    const next =
      ((c - 1) * (c * (c - 2) * x - beta * beta) * value - 2 * (k - 1) * (k + beta - 1) * c * last) /
      (2 * k * (k + beta) * (c - 2));
    last = value;
    value = next;
  }
  if (n === 0) return { value: 1, derivative: 0 };
  const c = 2 * n + beta;
  const derivative = (n * (-beta - c * x) * value + 2 * n * (n + beta) * last) / (c * (1 - x) * (1 + x));
  return { value, derivative };
}

/**
 * Weights with which a sum over any places in [0, 1] is ∫ r f(r) dr for every polynomial that the places determine.
 *
 * @param radii  all different, in any order
 *
 * Source: Berrut & Trefethen 2004, SIAM Review 46:501 (barycentric interpolation), integrated by Gauss-Jacobi quadrature.
 */
export function interpolatoryWeights(radii: Float64Array): Float64Array {
  const n = radii.length;
  const logs = radii.map((r, i) =>
    radii.reduce((sum, other, j) => (i === j ? sum : sum - Math.log(Math.abs(r - other))), 0),
  );
  const largest = logs.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const signs = radii.map((r) =>
    radii.reduce((count, other) => count + (other > r ? 1 : 0), 0) % 2 === 0 ? 1 : -1,
  );
  const barycentric = logs.map((value, i) => signs[i] * Math.exp(value - largest));
  const exact = gaussJacobi(n, 1);
  const result = new Float64Array(n);
  for (let q = 0; q < n; q++) {
    const r = (exact.nodes[q] + 1) / 2;
    addBasis(radii, barycentric, { r, weight: exact.weights[q] / 4, result });
  }
  return result;
}

/** Adds the Lagrange polynomials of all places at `r`. */
function addBasis(
  radii: Float64Array,
  barycentric: Float64Array,
  { r, weight, result }: { readonly r: number; readonly weight: number; readonly result: Float64Array },
): void {
  const same = radii.indexOf(r);
  if (same >= 0) {
    result[same] += weight;
    return;
  }
  const terms = barycentric.map((value, i) => value / (r - radii[i]));
  const sum = terms.reduce((total, value) => total + value, 0);
  for (const [i, term] of terms.entries()) result[i] += (weight * term) / sum;
}
