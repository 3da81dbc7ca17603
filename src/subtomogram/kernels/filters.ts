import type { AlignLayout } from "./alignLayout.ts";

/** Frequencies of the places along z and y. */
interface Orders {
  readonly z: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** The square of the frequency (cycles/voxel) of every place of an array in the form of weights; infinite where columns are filled up. */
function squaredFrequencies({ shape, columns, column }: AlignLayout, orders: Orders): Float64Array {
  const [n0, n1, n2] = shape;
  // Multiplied as numpy's fftfreq does: where a radius is whole, the last bit decides on its shell.
  const signed = (i: number, n: number) => (2 * i < n ? i : i - n) * (1 / n);
  const squares = (count: number, n: number, order: (i: number) => number) =>
    Float64Array.from({ length: count }, (_, i) => signed(order(i), n) * signed(order(i), n));
  const z = squares(n0, n0, (i) => orders.z[i]);
  const y = squares(n1, n1, (j) => orders.y[j]);
  const x = squares((n2 >> 1) + 1, n2, (k) => k);
  const out = new Float64Array(columns * column).fill(Number.POSITIVE_INFINITY);
  let at = 0;
  for (let j = 0; j < n1; j++)
    for (let k = 0; k < x.length; k++, at += column)
      for (let i = 0; i < n0; i++) out[at + i] = z[i] + y[j] + x[k];
  return out;
}

/** From the corner of the frequencies on nothing is filtered. */
export const LOW_PASS_CORNER = Math.sqrt(3) / 2;

/** Butterworth's low pass of order 2 times a scale: 1 / (1 + (f / cutoff)^4). */
export function lowPass(
  layout: AlignLayout,
  { cutoff, scale, ...orders }: Orders & { readonly cutoff: number | undefined; readonly scale: number },
): Float32Array {
  const squared = squaredFrequencies(layout, orders);
  const out = new Float32Array(squared.length);
  const isAll = cutoff === undefined || cutoff <= 0 || cutoff >= LOW_PASS_CORNER;
  const part = isAll ? 0 : 1 / (cutoff * cutoff);
  for (let i = 0; i < out.length; i++)
    if (squared[i] < Number.POSITIVE_INFINITY) out[i] = scale / (1 + (squared[i] * part) ** 2);
  return out;
}

/** Which shell of Fourier space a place belongs to: whole cycles along the shortest side. */
export function shellIndices(layout: AlignLayout, orders: Orders): Int32Array {
  const step = 1 / Math.min(...layout.shape);
  // Where columns are filled up, shell 0: their weights are 0.
  return Int32Array.from(squaredFrequencies(layout, orders), (squared) =>
    Math.floor(Math.sqrt(squared) / step),
  );
}
