import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from "ml-matrix";
import { firstNotFinite, VitrineError } from "../../core/index.ts";

/** Values and vectors of a symmetric matrix. */
export interface SymmetricEigen {
  /** (n): eigenvalues, smallest first. */
  readonly values: Float64Array;
  /** (n, n): row i is the vector of values[i], of length 1. The rows are orthogonal, also where values are equal. */
  readonly vectors: Float64Array;
}

/** A = sum of values[i] times column u_i times row v_i, with r = min(m, n) terms. */
export interface Svd {
  /** (r): singular values, largest first, none below 0. */
  readonly values: Float64Array;
  /** (r, m): row i is u_i, of length 1. The rows are orthogonal. */
  readonly u: Float64Array;
  /** (r, n): row i is v_i, of length 1. The rows are orthogonal. */
  readonly v: Float64Array;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, as numpy's `eigh`: `values` ascending, but vectors as rows.
 *
 * @param matrix (n, n); its lower triangle is read
 * @throws {VitrineError} shape: not n x n values, n from 1; range: a value that is not finite
 *
 * Accuracy: |A v - λ v| and |v·w| (v·v - 1) below 1e-13 √n times the largest |λ|, and 1 (eigen.test.ts). Some 1.5 s for n = 512, on
 * the calling thread.
 * Source: ml-matrix; Householder's tridiagonal form and implicit QL, Bowdler et al. 1968, Numer. Math. 11:293.
 */
export function symmetricEigen(matrix: Float32Array | Float64Array, n: number): SymmetricEigen {
  const full = matrixOf("symmetricEigen", matrix, [n, n]);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) full.set(j, i, full.get(i, j));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(full, { assumeSymmetric: true });
  return { values: Float64Array.from(realEigenvalues), vectors: columnsOf(eigenvectorMatrix, n) };
}

/**
 * Singular values of a matrix, largest first; see {@link svd}.
 *
 * @returns (min(m, n))
 */
export function singularValues(matrix: Float32Array | Float64Array, shape: readonly [m: number, n: number]) {
  return Float64Array.from(decompose("singularValues", matrix, { shape, vectors: false }).diagonal);
}

/**
 * Singular value decomposition of any (m, n) matrix: values descending, both sets of vectors as rows.
 *
 * @throws {VitrineError} shape: not m x n values, m and n from 1; range: a value that is not finite
 *
 * Accuracy: the sum of all terms is A, and vectors are orthogonal, within 1e-13 √(m + n) of the largest value and 1
 * (eigen.test.ts). Some 4 s for 512 x 512, on the calling thread.
 * Source: ml-matrix; Golub & Reinsch 1970, Numer. Math. 14:403.
 */
export function svd(matrix: Float32Array | Float64Array, shape: readonly [m: number, n: number]): Svd {
  const result = decompose("svd", matrix, { shape, vectors: true });
  const terms = Math.min(...shape);
  return {
    values: Float64Array.from(result.diagonal),
    u: columnsOf(result.leftSingularVectors, terms),
    v: columnsOf(result.rightSingularVectors, terms),
  };
}

function decompose(
  at: string,
  matrix: Float32Array | Float64Array,
  { shape, vectors }: { shape: readonly [m: number, n: number]; vectors: boolean },
): SingularValueDecomposition {
  return new SingularValueDecomposition(matrixOf(at, matrix, shape), {
    autoTranspose: true,
    computeLeftSingularVectors: vectors,
    computeRightSingularVectors: vectors,
  });
}

function matrixOf(at: string, values: Float32Array | Float64Array, shape: readonly [number, number]): Matrix {
  const [m, n] = shape;
  const isShape = shape.every((length) => Number.isSafeInteger(length) && length >= 1);
  if (!isShape || values.length !== m * n) {
    const found = `${values.length} values for ${m} x ${n}`;
    throw new VitrineError({ code: "shape", at, expected: "rows x columns values, both from 1", found });
  }
  const wrong = firstNotFinite(values);
  if (wrong < 0) return Matrix.from1DArray(m, n, values);
  throw new VitrineError({ code: "range", at, expected: "finite values", found: `${values[wrong]}` });
}

/** The first `count` columns, one after the other. */
function columnsOf(matrix: Matrix, count: number): Float64Array {
  const result = new Float64Array(count * matrix.rows);
  for (let j = 0; j < count; j++) result.set(matrix.getColumn(j), j * matrix.rows);
  return result;
}
