import { VitrineError } from "../core/index.ts";

/** Row-major 2x2 matrix A of anisotropic magnification, acting on (y, x) vectors of the image. */
export type MagnificationMatrix = readonly [yy: number, yx: number, xy: number, xx: number];

/**
 * The frequency (ky, kx) that a distorted image carries at (ky, kx): (A⁻¹)ᵀ (ky, kx); unchanged without a matrix.
 *
 * @throws {VitrineError} range: a singular matrix
 * Source: Leopard-EM's `mag_matrix`, which acts on (y, x).
 */
export function magnifiedFrequency(
  matrix: MagnificationMatrix | undefined,
  ky: number,
  kx: number,
): readonly [ky: number, kx: number] {
  if (matrix === undefined) return [ky, kx];
  const [yy, yx, xy, xx] = matrix;
  const determinant = yy * xx - yx * xy;
  if (!(Math.abs(determinant) > 1e-12)) throw singularMatrix(matrix);
  return [(xx * ky - xy * kx) / determinant, (yy * kx - yx * ky) / determinant];
}

function singularMatrix(matrix: MagnificationMatrix): VitrineError {
  const expected = "an invertible 2 x 2 matrix";
  return new VitrineError({ code: "range", at: "magnificationMatrix", expected, found: matrix.join(", ") });
}
