import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noise } from "../../../test/support/noise.ts";
import { smoothVolume } from "../../../test/support/searchCase.ts";
import { createFft, createPool, type Pool } from "../../compute/index.ts";
import { type Matrix3, matrixFromZyz, multiplyMatrices } from "../../core/index.ts";
import { createBoxes } from "./boxPlan.ts";
import { optimizePose, rotationFromVector, vectorFromRotation } from "./poseOptimizer.ts";
import { createPoses, type PosePlan } from "./posePlan.ts";
import { POSE_PARAMETERS, type Pose, type PoseFilters, PoseScore } from "./poseScore.ts";

const BOX = [20, 17] as const;

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

/** A volume's spectrum in the pool. */
async function templateSpectrum(side: number) {
  const plan = createFft(pool, { kind: "real3d", shape: [side, side, side] });
  plan.set("real", smoothVolume(side, 3));
  await plan.run("forward");
  return plan;
}

/** Filters that are those of no microscope, but have a quadrature and a slope. */
function filtersOf(n: number, isComplex: boolean) {
  const count = n * (Math.floor(n / 2) + 1);
  const plane = (seed: number) =>
    noise((isComplex ? 2 : 1) * count, seed).map((value, i) =>
      i < (isComplex ? 2 : 1) ? 0 : 1 + 0.3 * value,
    );
  const perDefocus = noise(count, 9).map((value) => 1e-3 * value);
  return { inPhase: plane(50), quadrature: plane(51), perDefocus, isComplex };
}

const angles = { phiDeg: 23, thetaDeg: 71, psiDeg: 130 };

/** A window from a box's filtered image, and what a search in the box found there. */
async function found(n: number, isComplex: boolean, rotation: Matrix3) {
  const volume = await templateSpectrum(n);
  const size = { image: BOX, template: n, orientations: 1, filters: 1, exactSlices: true };
  const plan = createBoxes(
    pool,
    { ...size, complexFilters: isComplex, boxes: 1, filterSets: 1 },
    { spectrum: volume },
  );
  const filters = filtersOf(n, isComplex);
  plan.set("filters", filters.inPhase);
  const image = noise(BOX[0] * BOX[1], 10).map((value) => value + 5);
  const places = (BOX[0] - n + 1) * (BOX[1] - n + 1);
  plan.set("images", image);
  plan.set("means", new Float32Array(places));
  plan.set("deviations", new Float32Array(places).fill(1));
  plan.set("rotations", Float32Array.from(rotation));
  const [best] = await plan.run({ filterSets: [0] });
  const average = image.reduce((sum, value) => sum + value, 0) / image.length;
  const window = Float32Array.from({ length: n * n }, (_, i) => {
    const [y, x] = [best.y + Math.floor(i / n), best.x + (i % n)];
    return image[y * BOX[1] + x] - average;
  });
  plan.dispose();
  return { volume, filters, window, correlation: best.correlation };
}

function setFilters(plan: PosePlan, set: number, { inPhase, quadrature, perDefocus }: PoseFilters): void {
  plan.set("inPhase", inPhase, set);
  plan.set("quadrature", quadrature, set);
  plan.set("perDefocus", perDefocus, set);
}

describe.each([
  [12, false],
  [13, false],
  [12, true],
  [13, true],
])("a template of side %i, complex filters: %s", (n, isComplex) => {
  test("without a shift the score is what the correlation kernels give", async () => {
    const rotation = matrixFromZyz(angles);
    const { volume, filters, window, correlation } = await found(n, isComplex, rotation);
    const size = { n, image: BOX, windows: 2, filterSets: 1, complexFilters: isComplex };
    const plan = createPoses(pool, size, { spectrum: volume });
    setFilters(plan, 0, filters);
    plan.set("windows", window);
    const start = { rotation, shiftX: 0, shiftY: 0, defocusA: 0 };
    const still = { turn: 0, shiftPx: 0, defocusA: 0 };
    const [result] = await plan.run({ starts: [{ pose: start, filterSet: 0 }], bounds: still });
    // both are float32 transforms of some hundred values
    expect(result.startScore / correlation).toBeCloseTo(1, 4);
    expect([result.pose, result.score]).toEqual([start, result.startScore]);
    plan.dispose();
    volume.dispose();
  });
});

test("windows can be optimised together or one by one, in one plan, and those that do not fit are refused", async () => {
  const rotation = matrixFromZyz(angles);
  const { volume, filters, window } = await found(12, false, rotation);
  const size = { n: 12, image: BOX, windows: 3, filterSets: 2, complexFilters: false };
  const plan = createPoses(pool, size, { spectrum: volume });
  setFilters(plan, 0, filters);
  setFilters(plan, 1, { ...filters, inPhase: filters.quadrature, quadrature: filters.inPhase });
  const pose = { rotation, shiftX: 0, shiftY: 0, defocusA: 0 };
  const starts = [0, 1, 0].map((filterSet) => ({ pose, filterSet }));
  const images = starts.map((_, i) => window.map((value, k) => (i === 2 ? value + 0.1 * (k % 5) : value)));
  const bounds = { turn: 0.1, shiftPx: 1, defocusA: 100 };
  const progress: number[] = [];
  for (const [i, image] of images.entries()) plan.set("windows", image, i);
  const together = await plan.run({ starts, bounds }, { onProgress: (done) => progress.push(done) });
  expect(progress.at(-1)).toBe(3);
  expect(new Set(together.map(({ score }) => score)).size).toBe(3);
  expect(await plan.run({ starts, bounds })).toEqual(together);
  for (const [i, start] of starts.entries()) {
    plan.set("windows", images[i]);
    const [alone] = await plan.run({ starts: [start], bounds });
    // other rows share a complex line of the float32 transform
    expect(alone.score / together[i].score).toBeCloseTo(1, 4);
    expect(alone.startScore / together[i].startScore).toBeCloseTo(1, 5);
  }
  expect(await plan.run({ starts: [], bounds })).toEqual([]);
  expect(() => plan.set("windows", window.subarray(1))).toThrow(/poses windows: expected whole rows of 144/);
  await expect(plan.run({ starts: [...starts, ...starts], bounds })).rejects.toMatchObject({ code: "range" });
  expect(() => plan.set("perDefocus", new Float32Array(3))).toThrow(
    /poses perDefocus: expected whole rows of 84/,
  );
  plan.dispose();
  volume.dispose();
});

/** A score over plain arrays: noise for a window. */
async function plainScore(n: number, isComplex: boolean, magnification?: [number, number, number, number]) {
  const rowFloats = 2 * (Math.floor(n / 2) + 1);
  const volume = await templateSpectrum(n);
  const data = new Float32Array(n * n * rowFloats);
  volume.read("spectrum", data);
  volume.dispose();
  const size = { n, image: BOX, ...(magnification && { magnification }) };
  const score = new PoseScore(size, { data, side: n, rowFloats });
  const spectrum = async (image: Float32Array) => {
    const plan = createFft(pool, { kind: "real2d", shape: [n, n] });
    plan.set("real", image);
    await plan.run("forward");
    const out = new Float32Array(n * rowFloats);
    plan.read("spectrum", out);
    plan.dispose();
    return out;
  };
  score.setBorder(await spectrum(noise(n * n, 4).map((value) => 0.02 * value)), rowFloats);
  score.setWindow(await spectrum(noise(n * n, 5)), rowFloats, filtersOf(n, isComplex));
  return score;
}

function moved(pose: Pose, parameter: number, by: number): Pose {
  const turn = [0, 1, 2].map((k) => (k === parameter ? by : 0)) as [number, number, number];
  return {
    rotation: multiplyMatrices(pose.rotation, rotationFromVector(turn)),
    shiftX: pose.shiftX + (parameter === 3 ? by : 0),
    shiftY: pose.shiftY + (parameter === 4 ? by : 0),
    defocusA: pose.defocusA + (parameter === 5 ? by : 0),
  };
}

/** Away from the axes, where whole lines of samples lie on the borders of cells and the interpolation has its kinks. */
const offAxis = fc.integer({ min: 1, max: 899 }).map((tenths) => 0.1 * tenths + 0.0371);
const fraction = fc.integer({ min: -100, max: 100 }).map((percent) => percent / 100);
const anyPose = fc
  .record({
    phiDeg: offAxis,
    thetaDeg: offAxis,
    psiDeg: offAxis,
    shiftX: fraction,
    shiftY: fraction,
    defocus: fraction,
  })
  .map(({ shiftX, shiftY, defocus, ...zyz }) => ({
    rotation: matrixFromZyz(zyz),
    shiftX,
    shiftY,
    defocusA: 500 * defocus,
  }));

describe("the gradient is the limit of differences of the score", () => {
  test.each([
    ["an even side", 12, false, undefined],
    ["an odd side and complex filters", 13, true, undefined],
    ["a magnification", 12, false, [1.02, 0.01, -0.02, 0.97]],
  ] as [string, number, boolean, [number, number, number, number] | undefined][])(
    "%s",
    async (_, n, isComplex, magnification) => {
      const score = await plainScore(n, isComplex, magnification);
      fc.assert(
        fc.property(anyPose, fc.integer({ min: 0, max: POSE_PARAMETERS - 1 }), (pose, parameter) => {
          const step = parameter === 5 ? 1e-2 : 1e-6;
          const up = score.evaluate(moved(pose, parameter, step)).score;
          const down = score.evaluate(moved(pose, parameter, -step)).score;
          const { gradient } = score.evaluate(pose);
          const difference = (up - down) / (2 * step);
          // the interpolation has kinks between cells: a sample that crosses one within the step, of some 80, gives a part of its own slope
          expect(Math.abs(gradient[parameter] - difference)).toBeLessThan(1e-5 * size(gradient, parameter));
        }),
        { seed: 7, numRuns: 60 },
      );
    },
  );
});

test("where the window is the template, the curvature is that of the score", async () => {
  const n = 12;
  const rowFloats = 2 * (n / 2 + 1);
  const volume = await templateSpectrum(n);
  const data = new Float32Array(n * n * rowFloats);
  volume.read("spectrum", data);
  volume.dispose();
  const filters = filtersOf(n, false);
  const score = new PoseScore({ n, image: BOX }, { data, side: n, rowFloats });
  score.setBorder(new Float32Array(n * rowFloats), rowFloats);
  // with this rotation the slice is the first section, without interpolation
  const section = data.subarray(0, n * rowFloats).map((value, i) => value * filters.inPhase[i >> 1]);
  score.setWindow(section, rowFloats, filters);
  score.evaluate(ORIGIN);
  const curvature = score.curvature();
  // turns interpolate: their second derivatives are not those of the template
  for (const a of [3, 4, 5]) {
    const step = a === 5 ? 1 : 1e-3;
    const [up, down] = [1, -1].map((sign) => score.evaluate(moved(ORIGIN, a, sign * step)).gradient);
    for (const b of [3, 4, 5]) {
      const scale = Math.sqrt(curvature[7 * a] * curvature[7 * b]);
      // differences of third order, and the Nyquist terms, whose shifted values are not those of a real image
      expect(Math.abs((down[b] - up[b]) / (2 * step) - curvature[6 * a + b]) / scale).toBeLessThan(1e-2);
    }
  }
  for (let k = 0; k < 6; k++) expect(curvature[7 * k]).toBeGreaterThan(0);
});

/** Of a parameter's derivative, roughly: those of turns and shifts are alike. */
function size(gradient: Float64Array, parameter: number): number {
  const alike = parameter < 3 ? [0, 1, 2] : parameter < 5 ? [3, 4] : [5];
  return Math.max(1e-3, ...alike.map((k) => Math.abs(gradient[k])));
}

test("a rotation vector and its rotation are each other's", () => {
  const component = fc.double({ min: -1.5, max: 1.5, noNaN: true });
  fc.assert(
    fc.property(fc.tuple(component, component, component), (vector) => {
      const back = vectorFromRotation(rotationFromVector(vector));
      back.forEach((value, i) => {
        expect(value).toBeCloseTo(vector[i], 9);
      });
    }),
    { seed: 3 },
  );
});

const diagonal = (values: readonly number[]) => {
  const matrix = new Float64Array(36);
  values.forEach((value, k) => {
    matrix[7 * k] = value;
  });
  return matrix;
};

/** A paraboloid with its top at a turn, shift and defocus; what it says of its curvature is wrong by a factor. */
function paraboloid(top: readonly number[], widths: readonly number[], factor = 1) {
  const evaluate = (pose: Pose) => {
    const at = [...vectorFromRotation(pose.rotation), pose.shiftX, pose.shiftY, pose.defocusA];
    const away = at.map((value, k) => (value - top[k]) / widths[k]);
    const score = 10 - away.reduce((sum, value) => sum + value * value, 0) / 2;
    return { score, gradient: Float64Array.from(away, (value, k) => -value / widths[k]) };
  };
  return { evaluate, curvature: () => diagonal(widths.map((width) => factor / width ** 2)) };
}

const ORIGIN: Pose = { rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1], shiftX: 0, shiftY: 0, defocusA: 0 };
const WIDE = { turn: 0.2, shiftPx: 1, defocusA: 300 };

describe("an optimisation", () => {
  const top = [0.02, -0.03, 0.05, 0.4, -0.6, 120];
  const widths = [0.05, 0.05, 0.08, 0.5, 0.5, 400];

  test.each([1, 2.5, 0.4])("ends at the top in a few steps, with a curvature %d times its own", (factor) => {
    const { pose, score, startScore, evaluations } = optimizePose(
      paraboloid(top, widths, factor),
      ORIGIN,
      WIDE,
    );
    // 1e-4 below the top is where steps end
    expect(score).toBeCloseTo(10, 3);
    expect(startScore).toBeLessThan(score - 1);
    expect(evaluations).toBeLessThan(factor === 1 ? 4 : 12);
    const found = [...vectorFromRotation(pose.rotation), pose.shiftX, pose.shiftY, pose.defocusA];
    // which is 0.014 of a width away
    found.forEach((value, k) => {
      expect(Math.abs(value - top[k]) / widths[k]).toBeLessThan(0.03);
    });
  });

  test("stays within its bounds, and what has none stays", () => {
    const { pose } = optimizePose(paraboloid(top, widths), ORIGIN, { turn: 0.01, shiftPx: 0.5, defocusA: 0 });
    expect(Math.hypot(...vectorFromRotation(pose.rotation))).toBeCloseTo(0.01, 9);
    expect([pose.shiftX, pose.shiftY, pose.defocusA]).toEqual([expect.closeTo(0.4, 2), -0.5, 0]);
  });

  test("is never below its start, whatever gradient and curvature say", () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: -5, max: 5, noNaN: true })), (stream) => {
        const next = () => stream.next().value as number;
        const evaluate = () => ({ score: next(), gradient: Float64Array.from({ length: 6 }, next) });
        const curvature = () => diagonal(Array.from({ length: 6 }, () => next() ** 2));
        const { score, startScore, evaluations } = optimizePose({ evaluate, curvature }, ORIGIN, WIDE);
        expect(score).toBeGreaterThanOrEqual(startScore);
        expect(evaluations).toBeLessThanOrEqual(40);
      }),
      { seed: 11, numRuns: 50 },
    );
  });
});
