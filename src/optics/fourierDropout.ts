import { mersenneWords, type Shape2 } from "../core/index.ts";
import { rfftWidth } from "./frequencies.ts";

/** Which Fourier coefficients are left out at random. */
export interface FourierDropout {
  /** Of the coefficients, 0 to 1. */
  readonly fraction: number;
  /** A whole number, of which the lowest 32 bits count. */
  readonly seed: number;
}

/**
 * A filter of 0 and 1 that leaves out random coefficients: the mask that Leopard-EM 1.3 draws with torch's generator of the CPU.
 *
 * @param shape  of the image
 * @returns      the half plane (H, W/2+1)
 * Source: Leopard-EM 1.3, `RandomFourierDropoutConfig`; torch draws a float32 of the lowest 24 bits of a word of MT19937.
 */
export function fourierDropoutMask({ fraction, seed }: FourierDropout, shape: Shape2): Float32Array {
  const word = mersenneWords(seed);
  const least = Math.fround(fraction) * 2 ** 24;
  return Float32Array.from({ length: shape[0] * rfftWidth(shape[1]) }, () =>
    (word() & 0xffffff) > least ? 1 : 0,
  );
}
