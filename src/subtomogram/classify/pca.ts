import { loadDecompositions } from "../../compute/index.ts";
import { seededRandom, VitrineError } from "../../core/index.ts";

/** Rows in the directions in which they differ most. */
export interface PrincipalComponents {
  /** (rows, components). */
  readonly projections: Float64Array;
  /** (components, width), of length 1, the most telling first. */
  readonly components: Float32Array;
  /** Share of the rows' variance that each component has. */
  readonly explained: Float64Array;
}

/** Rows that components are found from: the decomposition's time grows with their cube. */
const MOST_ROWS = 400;

/**
 * Principal components of rows, less their mean. Of more than 400 rows so many, drawn at random, decide the components; all are then
 * projected.
 *
 * @param rows  (n, width)
 * @throws {VitrineError} range: not from 1 component to the number of rows
 */
export async function principalComponents(
  rows: Float32Array,
  { width, components, seed }: { readonly width: number; readonly components: number; readonly seed: number },
): Promise<PrincipalComponents> {
  const count = rows.length / width;
  if (!Number.isInteger(components) || components < 1 || components > Math.min(count, MOST_ROWS)) {
    const expected = `a whole number from 1 to ${Math.min(count, MOST_ROWS)}, no more than molecules`;
    throw new VitrineError({ code: "range", at: "components", expected, found: `${components}` });
  }
  const { centred, chosen } = centre(rows, { width, seed });
  const axes = await eigenvectors(centred, { chosen, width });
  const directions = new Float32Array(components * width);
  for (let k = 0; k < components; k++)
    directions.set(directionOf(centred, { weights: axes.vectors[k], chosen, width }), k * width);
  const projections = new Float64Array(count * components);
  for (let i = 0; i < count; i++)
    for (let k = 0; k < components; k++)
      projections[i * components + k] = dot(centred, i * width, { b: directions, at: k * width, width });
  const total = axes.values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const explained = Float64Array.from({ length: components }, (_, k) =>
    total > 0 ? Math.max(0, axes.values[k]) / total : 0,
  );
  return { projections, components: directions, explained };
}

function centre(rows: Float32Array, { width, seed }: { readonly width: number; readonly seed: number }) {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < rows.length; i++) mean[i % width] += rows[i] / count;
  const random = seededRandom(seed);
  const left = Array.from({ length: count }, (_, i) => i);
  const chosen =
    count <= MOST_ROWS
      ? left
      : Array.from(
          { length: MOST_ROWS },
          () => left.splice(Math.floor(random.uniform() * left.length), 1)[0],
        );
  return { centred: rows.map((value, i) => value - mean[i % width]), chosen };
}

/** Eigenvectors of the rows' products with each other, largest first. */
async function eigenvectors(
  rows: Float32Array,
  { chosen, width }: { readonly chosen: readonly number[]; readonly width: number },
): Promise<{ readonly values: readonly number[]; readonly vectors: readonly Float64Array[] }> {
  const n = chosen.length;
  const products = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++)
      products[i * n + j] = dot(rows, chosen[i] * width, { b: rows, at: chosen[j] * width, width });
  const { symmetricEigen } = await loadDecompositions();
  const { values, vectors } = symmetricEigen(products, n);
  const order = Array.from({ length: n }, (_, k) => n - 1 - k);
  return {
    values: order.map((k) => values[k]),
    vectors: order.map((k) => vectors.subarray(k * n, (k + 1) * n)),
  };
}

/** The rows' sum by these weights, of length 1, its largest value positive so that signs are the same everywhere. */
function directionOf(
  rows: Float32Array,
  {
    weights,
    chosen,
    width,
  }: { readonly weights: Float64Array; readonly chosen: readonly number[]; readonly width: number },
): Float32Array {
  const sum = new Float64Array(width);
  chosen.forEach((row, i) => {
    for (let j = 0; j < width; j++) sum[j] += weights[i] * rows[row * width + j];
  });
  const length = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
  const largest = sum.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  const scale = length > 0 ? Math.sign(largest) / length : 0;
  return Float32Array.from(sum, (value) => value * scale);
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
