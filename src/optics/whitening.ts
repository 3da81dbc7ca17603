import { requireKnownOptions, type Shape2, VitrineError } from "../core/index.ts";
import type { RadialCurve } from "./filters.ts";
import { forEachFrequency, requireLength, requireNumber, requireShape, rfftWidth } from "./frequencies.ts";

/** How the spectrum of an image is measured. Frequencies in cycles/pixel. */
export interface WhiteningOptions {
  /** Points of the curve from 0 to sqrt(2)/2; where absent, about one a Fourier pixel (see `whiteningCurve`). */
  readonly numFreqBins?: number;
  /** The gain is scaled to a maximum of 1 up to here and is 1 beyond; 0.5 where absent. */
  readonly maxFreq?: number;
  /** Average |D|² and take the root (default), or average |D|. */
  readonly doPowerSpectrum?: boolean;
}

/**
 * The radial gain that makes the spectrum of an image flat: 1 over its rotational average amplitude.
 *
 * Every coefficient of the half plane counts once (no doubling) and is shared linearly between its two neighbouring
 * bins. The default number of bins is floor((floor(max(H, floor(W/2) + 1) / 2) + 1) sqrt(2) + 1): it takes the width
 * of the half transform, as Leopard-EM does. The mean of the image (the first coefficient) is taken as 0. A bin
 * without power has gain 0.
 *
 * @param rfft  (H, floor(W/2) + 1) half transform, complex interleaved, rows not shifted
 * @param shape [H, W] of the image in real space, even or odd
 * @returns     gains at frequencies of equal distance, 0 to sqrt(2)/2 cycles/pixel
 * @throws {VitrineError} shape: an array of another length; range: fewer than 2 bins, maxFreq not above 0, or a
 * spectrum that is empty or not finite
 * Source: Lucas et al. 2021, eLife 10:e68946 (whitening in 2DTM); binning as in torch-fourier-filter.
 */
export function whiteningCurve(
  rfft: Float32Array,
  shape: Shape2,
  options: WhiteningOptions = {},
): RadialCurve {
  requireKnownOptions("whiteningCurve", options, { numFreqBins: true, maxFreq: true, doPowerSpectrum: true });
  const { numFreqBins, maxFreq = 0.5, doPowerSpectrum = true } = options;
  requireShape(shape, "whiteningCurve shape");
  requireLength(rfft, 2 * shape[0] * rfftWidth(shape[1]), "whiteningCurve rfft");
  const count = numFreqBins ?? defaultBinCount(shape);
  const wholeAbove1 = { at: "whiteningCurve numFreqBins", expected: "a whole number above 1" };
  requireNumber(count, Number.isInteger(count) && count > 1, wholeAbove1);
  requireNumber(maxFreq, maxFreq > 0, { at: "whiteningCurve maxFreq", expected: "cycles/pixel above 0" });
  const amplitudes = radialAmplitudes(rfft, shape, { count, doPowerSpectrum });
  const frequencies = Float64Array.from(amplitudes, (_, i) => (Math.SQRT1_2 * i) / (count - 1));
  return { frequencies, gains: invert(amplitudes, frequencies, maxFreq) };
}

function defaultBinCount([height, width]: Shape2): number {
  return Math.floor((Math.floor(Math.max(height, rfftWidth(width)) / 2) + 1) * Math.SQRT2 + 1);
}

/** Rotational average of |D| (root mean square of it for the power spectrum) in `count` bins up to sqrt(2)/2. */
function radialAmplitudes(
  rfft: Float32Array,
  shape: Shape2,
  { count, doPowerSpectrum }: { count: number; doPowerSpectrum: boolean },
): Float64Array {
  const [sums, weights] = [new Float64Array(count), new Float64Array(count)];
  const binsPerCycle = (count - 1) / Math.SQRT1_2;
  forEachFrequency(shape, (i, fy, fx) => {
    const power = i === 0 ? 0 : rfft[2 * i] * rfft[2 * i] + rfft[2 * i + 1] * rfft[2 * i + 1];
    const value = doPowerSpectrum ? power : Math.sqrt(power);
    const position = Math.sqrt(fy * fy + fx * fx) * binsPerCycle;
    // Rounding may put the corner of the plane just beyond the last bin.
    const left = Math.min(Math.floor(position), count - 2);
    const share = Math.min(position - left, 1);
    sums[left] += (1 - share) * value;
    weights[left] += 1 - share;
    sums[left + 1] += share * value;
    weights[left + 1] += share;
  });
  return sums.map((sum, bin) => {
    const mean = weights[bin] > 0 ? sum / weights[bin] : 0;
    return doPowerSpectrum ? Math.sqrt(mean) : mean;
  });
}

function invert(amplitudes: Float64Array, frequencies: Float64Array, maxFreq: number): Float64Array {
  const gains = amplitudes.map((amplitude) => (amplitude > 0 ? 1 / amplitude : 0));
  const largest = gains.reduce((max, gain, i) => (frequencies[i] <= maxFreq ? Math.max(max, gain) : max), 0);
  if (amplitudes.some((amplitude) => !Number.isFinite(amplitude)) || largest === 0)
    throw emptySpectrum(largest);
  return gains.map((gain, i) => (frequencies[i] <= maxFreq ? gain / largest : 1));
}

function emptySpectrum(largest: number): VitrineError {
  const found = largest === 0 ? "no power at all" : "values that are not finite";
  const hint = "Check the micrograph: it may be constant or contain NaN";
  return new VitrineError({ code: "range", at: "whiteningCurve rfft", expected: "a spectrum", found, hint });
}
