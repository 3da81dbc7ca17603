import type { Shape2 } from "../../src/core/index.ts";
import type { Complex64 } from "./dft.ts";

/** A slice seen through a complex filter of its shape. */
export function filtered(slice: Complex64, filter: Complex64): Complex64 {
  const product = new Float64Array(slice.length);
  for (let i = 0; i < slice.length; i += 2) {
    product[i] = slice[i] * filter[i] - slice[i + 1] * filter[i + 1];
    product[i + 1] = slice[i] * filter[i + 1] + slice[i + 1] * filter[i];
  }
  return product;
}

/**
 * The template that is correlated: the inverse transform of a filtered slice, its origin moved to pixel n/2, normalised as Leopard-EM does for
 * an image of the given shape: see `normalizeTemplateProjection`.
 *
 * @param image (n, n)
 */
export function projection(image: Float64Array, n: number, large: Shape2): Float64Array {
  const template = centred(image, n);
  const area = n * n;
  const edge = borderMean(template, n);
  let sum = 0;
  for (let i = 0; i < area; i++) {
    template[i] -= edge;
    sum += template[i];
  }
  const ratio = area / (large[0] * large[1]);
  const m = (sum / area) * ratio * ratio;
  let squares = (large[0] - n) * (large[1] - n) * m * m;
  for (let i = 0; i < area; i++) squares += (template[i] - m) ** 2;
  const factor = Math.sqrt((large[0] * large[1]) / Math.max(squares, LEAST_VARIANCE));
  for (let i = 0; i < area; i++) template[i] *= factor;
  return template;
}

/** An empty template stays empty. */
const LEAST_VARIANCE = 1e-8;

function centred(image: Float64Array, n: number): Float64Array {
  const half = Math.floor(n / 2);
  const out = new Float64Array(n * n);
  for (let y = 0, i = 0; y < n; y++) {
    const row = ((y + n - half) % n) * n;
    for (let x = 0; x < n; x++, i++) out[i] = image[row + ((x + n - half) % n)];
  }
  return out;
}

function borderMean(template: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n - 1; i++) {
    sum += template[i] + template[n * (i + 1)] + template[n * i + n - 1] + template[n * (n - 1) + i + 1];
  }
  return sum / (4 * n - 4);
}
