/**
 * `symmetricEigen`, `svd` and `singularValues`: decompositions of matrices up to some 512 on a side, on the calling thread. They are loaded when
 * they are asked for, so that nobody else loads the library beneath them.
 *
 * @example
 * const { symmetricEigen } = await loadDecompositions();
 * const { values, vectors } = symmetricEigen(covariance, 512); // (512), ascending, and (512, 512), a vector a row
 */
export function loadDecompositions(): Promise<typeof import("./eigen.ts")> {
  return import("./eigen.ts");
}
