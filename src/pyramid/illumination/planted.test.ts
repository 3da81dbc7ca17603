import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { basicModel, correctIllumination, medianModel } from "../index.ts";

/** Larger than what flat fields are found on, and not square. */
const SIZE = { height: 150, width: 210 };
const AREA = SIZE.height * SIZE.width;

/** Of y and x from 0 to 1. */
type Field = (y: number, x: number) => number;

const sampled = (field: Field) =>
  Float64Array.from({ length: AREA }, (_, i) =>
    field((Math.floor(i / SIZE.width) + 0.5) / SIZE.height, ((i % SIZE.width) + 0.5) / SIZE.width),
  );

const meanOf = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;

const rmsOf = (found: ArrayLike<number>, planted: Float64Array) =>
  Math.sqrt(meanOf(planted.map((value, i) => (found[i] - value) ** 2)));

/** Mean 1. */
function lightOf(field: Field): Float64Array {
  const values = sampled(field);
  const mean = meanOf(values);
  return values.map((value) => value / mean);
}

/** Uneven lights: how far each is from even, rms, is what it is without correction. */
const LIGHTS: readonly (readonly [name: string, field: Field])[] = [
  ["a lamp beside the axis", (y, x) => 1.2 - 0.5 * x + 0.25 * y],
  ["a vignette", (y, x) => 1 / (1 + 1.1 * ((y - 0.5) ** 2 + (x - 0.5) ** 2)) ** 2],
  [
    "a bright spot off the centre",
    (y, x) => 0.7 + 0.6 * Math.exp(-(((y - 0.3) / 0.35) ** 2) - ((x - 0.7) / 0.3) ** 2),
  ],
  ["a saddle", (y, x) => 1 + 0.9 * (y - 0.5) ** 2 - 1.1 * (x - 0.4) ** 2],
];

interface Plate {
  readonly light: Float64Array;
  readonly dark: Float64Array;
  readonly seed: number;
  readonly sites?: number;
  /** Of each site: few cells, or so many that hardly a pixel is background. */
  readonly cells?: number;
  /** Of the brightest cells. */
  readonly peak?: number;
  /** Lamp of each site, about 1. */
  readonly drift?: number;
}

/** Sites as a camera sees them: (background + cells) x lamp x light + dark, Poisson-like noise, whole numbers. */
function sitesOf({
  light,
  dark,
  seed,
  sites = 30,
  cells = 10,
  peak: most = 1500,
  drift = 0,
}: Plate): Uint16Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: sites }, () => {
    const lamp = 1 + drift * (2 * random.uniform() - 1);
    const truth = new Float64Array(AREA).fill(150);
    for (let cell = 0; cell < cells; cell++) {
      const [cy, cx, r] = [
        random.uniform() * SIZE.height,
        random.uniform() * SIZE.width,
        3 + 4 * random.uniform(),
      ];
      const peak = 60 + most * random.uniform();
      for (let y = Math.max(0, Math.floor(cy - 3 * r)); y < Math.min(SIZE.height, cy + 3 * r); y++)
        for (let x = Math.max(0, Math.floor(cx - 3 * r)); x < Math.min(SIZE.width, cx + 3 * r); x++)
          truth[y * SIZE.width + x] += peak * Math.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * r * r));
    }
    return Uint16Array.from(truth, (value, i) => {
      const signal = value * lamp * light[i];
      return Math.max(0, Math.round(dark[i] + signal + Math.sqrt(signal) * random.normal()));
    });
  });
}

const EVEN = new Float64Array(AREA).fill(1);
const OFFSET = 100;

describe.each(LIGHTS)("%s", (_, field) => {
  const light = lightOf(field);
  const dark = new Float64Array(AREA).fill(OFFSET);
  const uncorrected = rmsOf(EVEN, light);

  test.each([17, 19])("is found by median and BaSiC from 30 sites, seed %i, lamps that drift", (seed) => {
    const sites = sitesOf({ light, dark, seed, drift: 0.3 });
    expect(uncorrected).toBeGreaterThan(0.08);
    // what is wanted of 30 sites, whose plain mean is off by 0.1 and more
    expect(rmsOf(medianModel(SIZE, sites, { dark: OFFSET }).flat, light)).toBeLessThan(0.025);
    const { flat } = basicModel(SIZE, sites, { dark: OFFSET });
    expect(rmsOf(flat, light)).toBeLessThan(0.0125);
    expect(Math.min(...flat)).toBeGreaterThan(0);
    expect(meanOf(flat)).toBeCloseTo(1, 4);
  });

  test("an offset that is left in makes the field too flat by about what it is of the light", () => {
    const sites = sitesOf({ light, dark, seed: 23 });
    for (const make of [medianModel, basicModel]) {
      const [without, given] = [0, OFFSET].map((level) =>
        rmsOf(make(SIZE, sites, { dark: level }).flat, light),
      );
      // of a background of 150 on 100, two fifths of the unevenness are lost
      expect(without).toBeGreaterThan(0.2 * uncorrected);
      expect(given).toBeLessThan(without / 2);
    }
  });
});

test("a dark image with a pattern of its own is subtracted as it is; its mean alone leaves the pattern in the field", () => {
  const light = lightOf(LIGHTS[1][1]);
  const dark = sampled((y, x) => 60 + 80 * x + (y > 0.5 ? 40 : 0));
  const sites = sitesOf({ light, dark, seed: 31 });
  for (const make of [medianModel, basicModel]) {
    const asImage = rmsOf(make(SIZE, sites, { dark: Float32Array.from(dark) }).flat, light);
    const asNumber = rmsOf(make(SIZE, sites, { dark: meanOf(dark) }).flat, light);
    expect(asImage).toBeLessThan(0.025);
    expect(asNumber).toBeGreaterThan(3 * asImage);
  }
});

test("confluent wells: BaSiC finds the light to half the error of the mean over sites, which is all that is left of others", () => {
  const light = lightOf(LIGHTS[2][1]);
  const dark = new Float64Array(AREA).fill(OFFSET);
  for (const seed of [41, 42]) {
    const sites = sitesOf({ light, dark, seed, sites: 40, cells: 60, peak: 300 });
    const sums = Float64Array.from({ length: AREA }, (_, i) => meanOf(sites.map((site) => site[i] - OFFSET)));
    const mean = meanOf(sums);
    const ofMean = rmsOf(
      sums.map((value) => value / mean),
      light,
    );
    // weighed against the sum over sites, smoothness would be too little: 0.062 beside 0.074 of the mean
    expect(rmsOf(basicModel(SIZE, sites, { dark: OFFSET }).flat, light)).toBeLessThan(0.65 * ofMean);
  }
});

test("more sites find it better, few find it roughly", () => {
  const light = lightOf(LIGHTS[0][1]);
  const dark = new Float64Array(AREA).fill(OFFSET);
  const errors = [8, 100].map((sites) => {
    const seen = sitesOf({ light, dark, seed: 53, sites });
    return [medianModel, basicModel].map((make) => rmsOf(make(SIZE, seen, { dark: OFFSET }).flat, light));
  });
  const [[medianOf8, basicOf8], [medianOf100, basicOf100]] = errors;
  expect([medianOf8 < 0.05, basicOf8 < 0.03, medianOf100 < 0.015, basicOf100 < 0.0075]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([medianOf100 < medianOf8, basicOf100 < basicOf8 / 2]).toEqual([true, true]);
});

test.each([
  ["median", medianModel],
  ["BaSiC", basicModel],
])(
  "once corrected by %s, an even slide is even and the same cell is as bright in every corner",
  (_, make) => {
    const light = lightOf(LIGHTS[3][1]);
    const dark = new Float64Array(AREA).fill(OFFSET);
    const model = make(SIZE, sitesOf({ light, dark, seed: 61, sites: 60 }), { dark: OFFSET });
    for (const level of [50, 1000, 20_000]) {
      const slide = Uint16Array.from(light, (value) => Math.round(OFFSET + level * value));
      const corrected = correctIllumination(slide, model);
      // rounding of the camera's numbers is half a grey value
      const tolerance = 0.05 * level + 1;
      for (const value of corrected)
        if (Math.abs(value - level) > tolerance) throw new Error(`${level}: ${value}`);
      expect(Math.abs(meanOf(corrected) / level - 1)).toBeLessThan(0.02);
    }
  },
);
