import { loadDecompositions } from "../../compute/index.ts";
import { createYield, requireNotAborted, seededRandom } from "../../core/index.ts";

/** How components are found. */
export interface ComponentOptions {
  /** Values of a row. */
  readonly width: number;
  readonly components: number;
  /** Of the first guess, where there are many rows. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** Largest eigenvalues of XᵀX, with their vectors. */
interface Eigenvectors {
  readonly values: Float64Array;
  /** Of length 1. */
  readonly vectors: readonly Float64Array[];
}

/** Residuals of vectors, in parts of the largest eigenvalue; and what of the trace may be left where all of it is found. */
const TOLERANCE = 1e-10;

/** Below this part of the largest eigenvalue a new direction is rounding: the ones before hold everything that they lead to. */
const NOTHING_NEW = 1e-13;

/**
 * The largest eigenvectors of the products of columns of rows X, (n, width), without those products: Lanczos' steps, each made orthogonal to all
 * before, until the vectors that are wanted no longer change. A step reads all rows once.
 *
 * Source: Lanczos 1950, J. Res. Natl. Bur. Stand. 45:255; Paige 1972, J. Inst. Math. Appl. 10:373 (residuals).
 */
export async function largestEigenvectors(
  rows: Float32Array,
  { width, components, seed, signal }: ComponentOptions,
): Promise<Eigenvectors> {
  const random = seededRandom(seed);
  const pause = createYield();
  const trace = rows.reduce((sum, value) => sum + value * value, 0);
  const most = Math.min(width, rows.length / width);
  const basis: Float64Array[] = [];
  const [diagonal, beside]: [number[], number[]] = [[], []];
  let next: Float64Array = Float64Array.from({ length: width }, () => random.normal());
  let test = components + 8;
  for (;;) {
    await pause();
    requireNotAborted(signal, "classify");
    normalize(next);
    basis.push(next);
    const product = productOf(rows, next);
    diagonal.push(dot(product, next));
    orthogonalize(product, basis);
    let length = Math.sqrt(dot(product, product));
    const isDone = basis.length === most;
    const isNew = length > NOTHING_NEW * Math.max(...diagonal);
    if (!isNew) length = 0;
    if (isDone || basis.length >= test) {
      const found = await ritzVectors(diagonal, beside, components);
      const explained = diagonal.reduce((sum, value) => sum + value, 0);
      const isSettled =
        isNew && found.last.every((part) => length * Math.abs(part) <= TOLERANCE * found.values[0]);
      if (isDone || isSettled || explained >= (1 - TOLERANCE) * trace)
        return { values: found.values, vectors: found.weights.map((weights) => combined(basis, weights)) };
      test = Math.ceil(1.2 * basis.length);
    }
    beside.push(length);
    next = isNew ? product : Float64Array.from({ length: width }, () => random.normal());
    if (!isNew) orthogonalize(next, basis);
  }
}

/** Eigenvectors of the tridiagonal matrix of the steps, by their parts of each step. */
async function ritzVectors(diagonal: readonly number[], beside: readonly number[], wanted: number) {
  const n = diagonal.length;
  const matrix = new Float64Array(n * n);
  diagonal.forEach((value, i) => {
    matrix[i * n + i] = value;
    if (i > 0) matrix[i * n + i - 1] = beside[i - 1];
  });
  const { symmetricEigen } = await loadDecompositions();
  const { values, vectors } = symmetricEigen(matrix, n);
  const order = Array.from({ length: wanted }, (_, k) => n - 1 - k);
  return {
    values: Float64Array.from(order, (k) => values[k]),
    weights: order.map((k) => vectors.subarray(k * n, (k + 1) * n)),
    last: order.map((k) => vectors[(k + 1) * n - 1]),
  };
}

/** XᵀX v, four rows at a time, so that sums do not wait for each other. */
function productOf(rows: Float32Array, vector: Float64Array): Float64Array {
  const width = vector.length;
  const product = new Float64Array(width);
  const fours = rows.length - (rows.length % (4 * width));
  for (let a = 0; a < fours; a += 4 * width) {
    const [b, c, d] = [a + width, a + 2 * width, a + 3 * width];
    let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0];
    for (let j = 0; j < width; j++) {
      const value = vector[j];
      sumA += rows[a + j] * value;
      sumB += rows[b + j] * value;
      sumC += rows[c + j] * value;
      sumD += rows[d + j] * value;
    }
    for (let j = 0; j < width; j++)
      product[j] += sumA * rows[a + j] + sumB * rows[b + j] + sumC * rows[c + j] + sumD * rows[d + j];
  }
  for (let at = fours; at < rows.length; at += width) {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += rows[at + j] * vector[j];
    for (let j = 0; j < width; j++) product[j] += sum * rows[at + j];
  }
  return product;
}

/** Twice, since the first time leaves its rounding. */
function orthogonalize(vector: Float64Array, basis: readonly Float64Array[]): void {
  for (let pass = 0; pass < 2; pass++)
    for (const other of basis) {
      const share = dot(vector, other);
      for (let j = 0; j < vector.length; j++) vector[j] -= share * other[j];
    }
}

function normalize(vector: Float64Array): void {
  const length = Math.sqrt(dot(vector, vector));
  for (let j = 0; j < vector.length; j++) vector[j] /= length;
}

function combined(basis: readonly Float64Array[], weights: Float64Array): Float64Array {
  const sum = new Float64Array(basis[0].length);
  basis.forEach((vector, i) => {
    for (let j = 0; j < sum.length; j++) sum[j] += weights[i] * vector[j];
  });
  return sum;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}
