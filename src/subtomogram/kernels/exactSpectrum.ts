import type { AlignLayout } from "./alignLayout.ts";

/**
 * Spectrum of a real volume, computed in double precision: its smallest frequencies are right to single precision although the largest are a million times as
 * high. Shells of Fourier space are compared each by itself, so that elsewhere rounding would count as signal.
 *
 * @param orders  frequency of each place along z and y
 * @param low     weights, in the form of the result
 * @returns       complex values as spectra of tasks are kept, (columns, n0 rounded up to 4)
 */
export function exactSpectrum(
  volume: ArrayLike<number>,
  { shape, columns, column }: AlignLayout,
  { z, y, low }: { readonly z: Int32Array; readonly y: Int32Array; readonly low: Float32Array },
): Float32Array {
  const [n0, n1, n2] = shape;
  const inner = (n2 >> 1) + 1;
  const half = Int32Array.from({ length: inner }, (_, k) => k);
  const values = { re: Float64Array.from(volume), im: new Float64Array(volume.length) };
  // Each pass transforms the last axis and brings it to the front, so that the axes come round.
  const alongX = transformLast(values, { length: n2, order: half });
  const alongY = transformLast(alongX, { length: n1, order: y });
  const alongZ = transformLast(alongY, { length: n0, order: z });
  // (z, y, x) by then.
  const out = new Float32Array(2 * columns * column);
  for (let c = 0; c < columns; c++)
    for (let p = 0; p < n0; p++) {
      const weight = low[c * column + p];
      out[2 * (c * column + p)] = weight * alongZ.re[p * columns + c];
      out[2 * (c * column + p) + 1] = weight * alongZ.im[p * columns + c];
    }
  return out;
}

interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** (outer, length) to (frequencies, outer), by the sum itself: such boxes are small. */
function transformLast(
  { re, im }: Complex,
  { length, order }: { readonly length: number; readonly order: Int32Array },
): Complex {
  const outer = re.length / length;
  const [outRe, outIm] = [new Float64Array(order.length * outer), new Float64Array(order.length * outer)];
  const [cos, sin] = [new Float64Array(length), new Float64Array(length)];
  for (let i = 0; i < length; i++) {
    cos[i] = Math.cos((2 * Math.PI * i) / length);
    sin[i] = Math.sin((2 * Math.PI * i) / length);
  }
  for (let f = 0; f < order.length; f++)
    for (let o = 0; o < outer; o++) {
      let [a, b] = [0, 0];
      for (let i = 0, at = o * length, turn = 0; i < length; i++, at++) {
        a += re[at] * cos[turn] + im[at] * sin[turn];
        b += im[at] * cos[turn] - re[at] * sin[turn];
        turn += order[f];
        if (turn >= length) turn -= length;
      }
      outRe[f * outer + o] = a;
      outIm[f * outer + o] = b;
    }
  return { re: outRe, im: outIm };
}
