import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { rfft2 } from "../../test/support/dft.ts";
import { goldenMrc, goldenNpy, relativeError } from "../../test/support/npy.ts";
import { type Shape2, seededRandom, VitrineError } from "../core/index.ts";
import { bandPassFilter, combineFilters, evaluateRadialCurve } from "./filters.ts";
import { preprocessImage } from "./preprocess.ts";
import { whiteningCurve } from "./whitening.ts";

const IMAGE: Shape2 = [256, 320];
const TEMPLATE: Shape2 = [48, 48];
// The filters of search2_config.yaml, which the unit vectors were made with too.
const BAND = { lowFreqCutoff: 0.03, highFreqCutoff: 0.36, falloff: 0.04 };
const CURVE = { frequencies: [0, 0.1, 0.25, 0.5], gains: [0.2, 1, 0.8, 0.3] };

const rfft = Float32Array.from(rfft2(goldenMrc("micrograph.mrc").data, IMAGE));
const power = whiteningCurve(rfft, IMAGE);
const amplitude = whiteningCurve(rfft, IMAGE, { numFreqBins: 200, maxFreq: 0.45, doPowerSpectrum: false });

function search2Filter(shape: Shape2): Float32Array {
  const curves = [evaluateRadialCurve(amplitude, shape), evaluateRadialCurve(CURVE, shape)];
  return combineFilters([...curves, bandPassFilter(BAND, shape)], shape);
}

// torch-fourier-filter sums spectra of 41,216 coefficients in float32, which costs it 1e-5.
test.each([
  ["unit/whitening_power_image.npy", () => evaluateRadialCurve(power, IMAGE)],
  ["unit/whitening_power_template.npy", () => evaluateRadialCurve(power, TEMPLATE)],
  ["search1_whitening_filter_template.npy", () => evaluateRadialCurve(power, TEMPLATE)],
  ["unit/whitening_amp_bins200_max045_template.npy", () => evaluateRadialCurve(amplitude, TEMPLATE)],
  ["unit/bandpass_image.npy", () => bandPassFilter(BAND, IMAGE)],
  ["unit/bandpass_template_nofalloff.npy", () => bandPassFilter({ ...BAND, falloff: 0 }, TEMPLATE)],
  ["unit/curve_template.npy", () => evaluateRadialCurve(CURVE, TEMPLATE)],
  ["search2_filter_template.npy", () => search2Filter(TEMPLATE)],
])("%s is reproduced", (path, compute) => {
  expect(relativeError(compute(), goldenNpy(path).data)).toBeLessThan(3e-5);
});

// The goal of 5e-5 allows for torch-fourier-filter's float32 transform and spectrum.
test.each([
  ["search1_image_preprocessed_rfft.npy", () => ({ filter: evaluateRadialCurve(power, IMAGE) })],
  [
    "search2_image_preprocessed_rfft.npy",
    () => ({ filter: search2Filter(IMAGE), bandPass: bandPassFilter(BAND, IMAGE) }),
  ],
])("%s is reproduced", (path, options) => {
  const before = rfft.slice(0, 400);
  const found = preprocessImage(rfft, IMAGE, options());
  expect(relativeError(found, goldenNpy(path).data)).toBeLessThan(5e-5);
  expect(rfft.subarray(0, 400)).toEqual(before);
});

test("without filters only the mean and the variance change", () => {
  const golden = goldenNpy("unit/preprocess_image_out_nofilter.npy").data;
  const found = preprocessImage(rfft, IMAGE, { filter: combineFilters([], IMAGE) });
  expect(relativeError(found.subarray(0, golden.length), golden)).toBeLessThan(2e-6);
});

const side = fc.integer({ min: 4, max: 24 });

/** Half transform of seeded white noise. */
function noise(shape: Shape2, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from(rfft2(Float64Array.from({ length: shape[0] * shape[1] }, random.normal), shape));
}

/** Sum of |X|² over the full plane, coefficient by coefficient. */
function fullPower(half: Float32Array, [height, width]: Shape2): number {
  const columns = Math.floor(width / 2) + 1;
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const mirrored = x >= columns;
      const at = 2 * ((mirrored ? (height - y) % height : y) * columns + (mirrored ? width - x : x));
      sum += half[at] ** 2 + half[at + 1] ** 2;
    }
  }
  return sum;
}

test("a preprocessed image has the power of white noise, for odd widths too", () => {
  fc.assert(
    fc.property(side, side, fc.integer(), (height, width, seed) => {
      const shape = [height, width] as const;
      const out = preprocessImage(noise(shape, seed), shape, { filter: combineFilters([], shape) });
      // Float32 results: 6e-8 a coefficient.
      expect(fullPower(out, shape) / (height * width)).toBeCloseTo(1, 5);
      expect([out[0], out[1]]).toEqual([0, 0]);
    }),
    { numRuns: 60 },
  );
});

test("a smaller box raises the variance by the ratio of areas", () => {
  const shape = [12, 15] as const;
  const filter = combineFilters([], shape);
  const whole = preprocessImage(noise(shape, 3), shape, { filter });
  const boxed = preprocessImage(noise(shape, 3), shape, { filter, boxArea: 20 });
  expect(
    relativeError(
      boxed,
      whole.map((v) => v * Math.sqrt(180 / 20)),
    ),
  ).toBeLessThan(1e-6);
});

test("whitening flattens the spectrum: a second curve is near one", () => {
  const filter = evaluateRadialCurve(power, IMAGE);
  const whitened = preprocessImage(rfft, IMAGE, { filter });
  const spread = (half: Float32Array) => {
    const gains = Array.from(whiteningCurve(half, IMAGE, { numFreqBins: 40 }).gains).slice(1, 27);
    return Math.max(...gains) / Math.min(...gains);
  };
  // The bins below maxFreq; what is left comes from averaging in fewer bins than the filter has.
  expect([spread(rfft) > 4, spread(whitened) < 1.01]).toEqual([true, true]);
});

test("the default number of bins uses the width of the half transform", () => {
  const bins = (shape: Shape2) => whiteningCurve(noise(shape, 1), shape).gains.length;
  expect(power.gains.length).toBe(183);
  expect([bins([16, 64]), bins([16, 65]), bins([64, 16])]).toEqual([25, 25, 47]);
});

test("filters have the true width of odd images, and gains between the curve's", () => {
  fc.assert(
    fc.property(side, side, (height, width) => {
      const filter = evaluateRadialCurve(CURVE, [height, width]);
      expect(filter.length).toBe(height * (Math.floor(width / 2) + 1));
      expect(filter[0]).toBeCloseTo(0.2, 6);
      expect(Math.max(...filter)).toBeLessThanOrEqual(1);
      const lastColumn = Math.floor(width / 2) / width;
      if (lastColumn < 0.5) {
        const left = CURVE.gains[2] + ((lastColumn - 0.25) / 0.25) * (CURVE.gains[3] - CURVE.gains[2]);
        expect(filter[Math.floor(width / 2)]).toBeCloseTo(left, 6);
      }
    }),
    { numRuns: 60 },
  );
});

test("a band-pass without an edge keeps low < f <= high", () => {
  const row = bandPassFilter({ lowFreqCutoff: 0.125, highFreqCutoff: 0.375 }, [1, 16]);
  expect(Array.from(row)).toEqual([0, 0, 0, 1, 1, 1, 1, 0, 0]);
  expect(Array.from(bandPassFilter({}, [1, 4]))).toEqual([0, 1, 1]);
});

type EdgeCase = { readonly shape: Shape2; readonly gains: readonly number[] } & (
  | { readonly low: number; readonly high: number; readonly falloff: number }
  | { readonly frequencies: readonly number[]; readonly amplitudes: readonly number[] }
);

test("edges on the frequencies of samples take those that torch-fourier-filter's float32 takes", () => {
  const path = new URL("../../test/golden/match-extra/filters/filters.json", import.meta.url);
  const cases: EdgeCase[] = JSON.parse(readFileSync(path, "utf8"));
  for (const { shape, gains, ...edge } of cases) {
    const expected = unpack(gains);
    const found = "low" in edge ? bandOf(edge, shape) : twoRows(edge, shape);
    expect(found.length).toBe(expected.length);
    // gains are float32; a cosine edge amplifies their frequencies' rounding
    const error = Math.max(...expected.map((gain, i) => Math.abs(found[i] - gain)));
    expect([shape, edge, error < 2e-6]).toEqual([shape, edge, true]);
  }
});

const unpack = (runs: readonly number[]) =>
  runs.flatMap((gain, i) => (i % 2 === 0 ? Array<number>(runs[i + 1]).fill(gain) : []));

function bandOf({ low, high, falloff }: { low: number; high: number; falloff: number }, shape: Shape2) {
  return bandPassFilter({ lowFreqCutoff: low, highFreqCutoff: high, falloff }, shape);
}

/** Rows 0 and floor(H / 2). */
function twoRows(
  { frequencies, amplitudes }: { frequencies: readonly number[]; amplitudes: readonly number[] },
  shape: Shape2,
): number[] {
  const filter = evaluateRadialCurve({ frequencies, gains: amplitudes }, shape);
  const columns = shape[1] / 2 + 1;
  return [0, Math.floor(shape[0] / 2)].flatMap((y) => [...filter.subarray(y * columns, (y + 1) * columns)]);
}

test.each([
  [() => whiteningCurve(new Float32Array(4), [4, 4]), "shape", "whiteningCurve rfft"],
  [() => whiteningCurve(new Float32Array(24), [4, 4]), "range", "whiteningCurve rfft"],
  [() => whiteningCurve(new Float32Array(24).fill(Number.NaN), [4, 4]), "range", "whiteningCurve rfft"],
  [() => whiteningCurve(rfft, IMAGE, { numFreqBins: 1 }), "range", "whiteningCurve numFreqBins"],
  [() => whiteningCurve(rfft, IMAGE, { maxFreq: 0 }), "range", "whiteningCurve maxFreq"],
  [
    () => bandPassFilter({ lowFreqCutoff: 0.3, highFreqCutoff: 0.2 }, TEMPLATE),
    "range",
    "bandPassFilter highFreqCutoff",
  ],
  [() => bandPassFilter({ falloff: -1 }, TEMPLATE), "range", "bandPassFilter falloff"],
  [
    () => evaluateRadialCurve({ frequencies: [0, 0], gains: [1, 1] }, TEMPLATE),
    "range",
    "curve frequencies[1]",
  ],
  [() => evaluateRadialCurve({ frequencies: [0, 1], gains: [1] }, TEMPLATE), "shape", "curve gains"],
  [() => combineFilters([new Float32Array(3)], TEMPLATE), "shape", "combineFilters filters[0]"],
  [
    () => preprocessImage(new Float32Array(8), [2, 2], { filter: new Float32Array(4) }),
    "range",
    "preprocessImage rfft",
  ],
  [
    () => preprocessImage(new Float32Array(8), [2, 2], { filter: new Float32Array(5) }),
    "shape",
    "preprocessImage filter",
  ],
])("a fault is named: case %#", (act, code, at) => {
  let found: unknown;
  try {
    act();
  } catch (error) {
    found = error;
  }
  expect(found).toBeInstanceOf(VitrineError);
  expect((found as VitrineError).fault).toMatchObject({ code, at });
});
