import { VitrineError } from "../../core/index.ts";
import { gaussJacobi } from "../grid/quadrature.ts";

/** The function that spreads a point over the cells of a grid twice as fine as its modes. */
export interface Spreading {
  /** Cells along each axis, even. */
  readonly width: number;
  /** Of each cell's piece a polynomial in the place within the cell: (width, degree + 1), highest power first. */
  readonly degree: number;
  readonly coefficients: Float64Array;
  /**
   * Writes the function's values at the cells of a point.
   *
   * @param first  of the cells, `Math.ceil(at - width / 2)`
   * @param at     the point, in cells
   */
  values(first: number, at: number, into: Float64Array, offset: number): void;
  /** By what each of `n` modes, from -floor(n / 2) on, is multiplied, on a grid of `cells` cells. */
  corrections(n: number, cells: number): Float64Array;
}

const LEAST_EPS = 1e-14;

/** Of the kernel's exponent, in widths: the best for a grid twice as fine. */
const BETA = 2.3;

/**
 * The exponential of a semicircle, exp(β (√(1 - z²) - 1)), as wide as an accuracy takes it.
 *
 * @param eps  relative accuracy, from 1e-1 down to 1e-14
 * @throws {VitrineError} range: another accuracy
 *
 * Source: Barnett, Magland & af Klinteberg 2019, SIAM J. Sci. Comput. 41:C479.
 */
export function createSpreading(eps: number): Spreading {
  if (!(eps >= LEAST_EPS && eps <= 0.1))
    throw new VitrineError({
      code: "range",
      at: "nufft eps",
      expected: "an accuracy from 1e-14 to 0.1",
      found: `${eps}`,
    });
  // a cell or two more than the estimate of the paper, for the last digit and to be even
  const width = 2 * Math.ceil((Math.ceil(-Math.log10(eps)) + 2) / 2);
  const beta = BETA * width;
  const { degree, coefficients } = fitPieces(width, beta);
  return {
    ...{ width, degree, coefficients },
    values(first, at, into, offset) {
      // the same place within its cell for all pieces, from -1 to 1
      const t = 2 * (first + width / 2 - at) - 1;
      for (let piece = 0; piece < width; piece++) {
        let c = piece * (degree + 1);
        let value = coefficients[c];
        for (let d = 0; d < degree; d++) value = value * t + coefficients[++c];
        into[offset + piece] = value;
      }
    },
    corrections: (n, cells) => correctionsOf(n, cells, { width, beta }),
  };
}

function kernel(z: number, beta: number): number {
  return Math.abs(z) >= 1 ? 0 : Math.exp(beta * (Math.sqrt(1 - z * z) - 1));
}

/** Of each cell's piece of the kernel a polynomial in the place within the cell, highest power first; through Chebyshev's points. */
function fitPieces(
  width: number,
  beta: number,
): { readonly degree: number; readonly coefficients: Float64Array } {
  const degree = width + 4;
  const n = degree + 1;
  const coefficients = new Float64Array(width * n);
  for (let piece = 0; piece < width; piece++) {
    const series = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      const angle = (Math.PI * (j + 0.5)) / n;
      const z = (2 * (piece + (Math.cos(angle) + 1) / 2)) / width - 1;
      const value = kernel(z, beta);
      for (let k = 0; k < n; k++) series[k] += ((k === 0 ? 1 : 2) / n) * value * Math.cos(k * angle);
    }
    coefficients.set(monomials(series).reverse(), piece * n);
  }
  return { degree, coefficients };
}

/** The coefficients of powers, lowest first, of a series of Chebyshev polynomials. */
function monomials(series: Float64Array): Float64Array {
  const n = series.length;
  const sum = new Float64Array(n);
  let [last, current] = [new Float64Array(n), new Float64Array(n)];
  last[0] = 1;
  if (n > 1) current[1] = 1;
  for (let k = 0; k < n; k++) {
    for (let p = 0; p < n; p++) sum[p] += series[k] * last[p];
    const next = Float64Array.from({ length: n }, (_, p) => (p > 0 ? 2 * current[p - 1] : 0) - last[p]);
    [last, current] = [current, next];
  }
  return sum;
}

/** (2 / width) over the kernel's own transform, which a quadrature gives. */
function correctionsOf(
  n: number,
  cells: number,
  { width, beta }: { readonly width: number; readonly beta: number },
): Float64Array {
  const { nodes, weights } = gaussJacobi(4 * width + 40, 0);
  const values = nodes.map((z, i) => weights[i] * kernel(z, beta));
  return Float64Array.from({ length: n }, (_, i) => {
    const angle = (Math.PI * width * (i - Math.floor(n / 2))) / cells;
    const transform = nodes.reduce((sum, z, q) => sum + values[q] * Math.cos(angle * z), 0);
    return 2 / (width * transform);
  });
}
