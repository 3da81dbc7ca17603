import { loadDecompositions } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { type ComponentOptions, largestEigenvectors } from "./lanczos.ts";

/** Rows in the directions in which they differ most. */
export interface PrincipalComponents {
  /** (rows, components). */
  readonly projections: Float64Array;
  /** (components, width), of length 1, the most telling first; 0 where the rows differ in nothing more. */
  readonly components: Float32Array;
  /** Share of the rows' variance that each component has. */
  readonly explained: Float64Array;
}

/** Up to so many rows the products of all pairs are decomposed, whose time grows with their cube. */
const FEW_ROWS = 400;

/** Below this share of the variance a direction is one of rounding. */
const LEAST_SHARE = 1e-12;

/**
 * Principal components of rows, less their mean.
 *
 * @param rows  (n, width); are less their mean afterwards
 * @throws {VitrineError} range: not from 1 component to the number of rows or of their values
 *
 * Accuracy: coordinates within 1e-6 of the largest of scikit-learn's exact ones (pca.test.ts).
 */
export async function principalComponents(
  rows: Float32Array,
  { width, components, seed, signal }: ComponentOptions,
): Promise<PrincipalComponents> {
  const count = rows.length / width;
  requireComponents(components, count, width);
  subtractMean(rows, width);
  const total = rows.reduce((sum, value) => sum + value * value, 0);
  const { values, vectors } =
    count <= FEW_ROWS
      ? await fromProducts(rows, { width, components })
      : await largestEigenvectors(rows, { width, components, seed, signal });
  const explained = values.map((value) => (value > LEAST_SHARE * total ? value / total : 0));
  const directions = new Float32Array(components * width);
  explained.forEach((share, k) => {
    if (share > 0) directions.set(upright(vectors[k]), k * width);
  });
  const projections = new Float64Array(count * components);
  for (let i = 0; i < count; i++)
    for (let k = 0; k < components; k++)
      projections[i * components + k] = dot(rows, i * width, { b: directions, at: k * width, width });
  return { projections, components: directions, explained };
}

/** @throws {VitrineError} range: not from 1 to the number of rows or of their values */
export function requireComponents(components: number, count: number, width: number): void {
  const most = Math.min(count, width);
  if (Number.isInteger(components) && components >= 1 && components <= most) return;
  const expected = `a whole number from 1 to ${most}, no more than ${count <= width ? "molecules" : "voxels"}`;
  throw new VitrineError({ code: "range", at: "components", expected, found: `${components}` });
}

function subtractMean(rows: Float32Array, width: number): void {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  for (let at = 0; at < rows.length; at += width)
    for (let j = 0; j < width; j++) mean[j] += rows[at + j] / count;
  for (let at = 0; at < rows.length; at += width) for (let j = 0; j < width; j++) rows[at + j] -= mean[j];
}

/** By the eigenvectors of the rows' products with each other. */
async function fromProducts(
  rows: Float32Array,
  { width, components }: Pick<ComponentOptions, "width" | "components">,
): Promise<{ readonly values: Float64Array; readonly vectors: readonly Float64Array[] }> {
  const n = rows.length / width;
  const products = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++)
      products[i * n + j] = dot(rows, i * width, { b: rows, at: j * width, width });
  const { symmetricEigen } = await loadDecompositions();
  const { values, vectors } = symmetricEigen(products, n);
  const order = Array.from({ length: components }, (_, k) => n - 1 - k);
  return {
    values: Float64Array.from(order, (k) => values[k]),
    vectors: order.map((k) => sumOfRows(rows, vectors.subarray(k * n, (k + 1) * n), width)),
  };
}

function sumOfRows(rows: Float32Array, weights: Float64Array, width: number): Float64Array {
  const sum = new Float64Array(width);
  weights.forEach((weight, i) => {
    for (let j = 0; j < width; j++) sum[j] += weight * rows[i * width + j];
  });
  return sum;
}

/** Of length 1, its largest value positive so that signs are the same everywhere. */
function upright(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((total, value) => total + value * value, 0));
  const largest = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return vector.map((value) => (value * Math.sign(largest)) / length);
}

function dot(
  a: Float32Array,
  from: number,
  { b, at, width }: { readonly b: Float32Array; readonly at: number; readonly width: number },
): number {
  let sum = 0;
  for (let j = 0; j < width; j++) sum += a[from + j] * b[at + j];
  return sum;
}
