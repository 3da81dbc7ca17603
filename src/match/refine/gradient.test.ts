import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NEAR_FOCUS } from "../../../test/support/plantedTable.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { matrixFromZyz, multiplyMatrices, seededRandom, zyzFromMatrix } from "../../core/index.ts";
import { angleBetweenDeg } from "../../optics/index.ts";
import { templateFilters } from "../search/searchFilters.ts";
import { templateFromVolume } from "../search/searchInputs.ts";
import { type PlantedParticle, simulateMicrograph } from "../simulate/simulateMicrograph.ts";
import { simulateMolecule, volumeFromMolecule } from "../simulate/simulateMolecule.ts";
import { GRADIENT_SLICES, type GradientRange, refineByGradient } from "./gradient.ts";
import { poseFilters } from "./gradientFilters.ts";
import { type RefinedParticle, type RefineTask, refineParticles } from "./refine.ts";
import { offsetRotations } from "./refineRotations.ts";

const SIDE = 48;
const SHAPE = [280, 280] as const;
const PIXEL_SIZE_A = 2;
const RANGE: GradientRange = { angleDeg: 4, shiftPx: 1, defocusA: 300 };
const WHITENED = { whitening: {}, bandPass: null, curve: null };
const NO_FILTERS = { whitening: null, bandPass: null, curve: null };

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const molecule = simulateMolecule({ radiusA: 34, seed: 5, atomCount: 800, sigmaA: 2 });
const template = templateFromVolume(
  volumeFromMolecule(molecule, { boxSize: SIDE, voxelSizeA: PIXEL_SIZE_A }),
);

/** Nine particles in any orientation, between pixels, up to 200 Å out of the common focus. */
function plant(seed: number): PlantedParticle[] {
  const random = seededRandom(seed);
  return Array.from({ length: 9 }, (_, i) => ({
    phiDeg: 360 * random.uniform(),
    thetaDeg: (180 / Math.PI) * Math.acos(2 * random.uniform() - 1),
    psiDeg: 360 * random.uniform(),
    posX: 16 + 84 * (i % 3) + random.uniform(),
    posY: 16 + 84 * Math.floor(i / 3) + random.uniform(),
    relativeDefocusA: 400 * random.uniform() - 200,
  }));
}

/** Rotations about the axes of the template: 27 of -2, 0 and 2 degrees. */
const OFFSETS = offsetRotations(
  Float64Array.from(
    [-2, 0, 2].flatMap((turn) =>
      [...Array(9).keys()].flatMap((i) => {
        const [x, y] = [2 * (i % 3) - 2, 2 * Math.floor(i / 3) - 2];
        const direction = (Math.atan2(y, x) * 180) / Math.PI;
        return [direction, Math.hypot(x, y), turn - direction];
      }),
    ),
  ),
);

/** A micrograph of planted particles and a task that begins 2 degrees and up to half a pixel from them. */
function scene(signal: number, seed: number) {
  const planted = plant(seed);
  const random = seededRandom(seed + 1);
  const options = { shape: SHAPE, pixelSizeA: PIXEL_SIZE_A, boxSize: SIDE, optics: NEAR_FOCUS, signal, seed };
  const image = simulateMicrograph(molecule, planted, options);
  const particles = planted.map((particle, i) => {
    const phiDeg = 360 * random.uniform();
    const away = matrixFromZyz({ phiDeg, thetaDeg: 2, psiDeg: -phiDeg });
    return {
      ...zyzFromMatrix(multiplyMatrices(matrixFromZyz(particle), away)),
      at: `particles.csv row ${i + 1}`,
      posX: Math.round(particle.posX),
      posY: Math.round(particle.posY),
      optics: NEAR_FOCUS,
      relativeDefocusA: 0,
      pixelSizeA: PIXEL_SIZE_A,
      micrographPath: "image",
      correlationAveragePath: "mean",
      correlationVariancePath: "deviation",
    };
  });
  const shape = [SHAPE[0] - SIDE + 1, SHAPE[1] - SIDE + 1] as const;
  const map = (value: number) => ({ data: new Float32Array(shape[0] * shape[1]).fill(value), shape });
  const task: RefineTask = {
    particles,
    template,
    offsets: OFFSETS,
    defocusOffsetsA: [-150, 0, 150],
    pixelSizeOffsetsA: [0],
    boxSize: [SIDE + 8, SIDE + 8],
    filters: NO_FILTERS,
    filtersMicrographs: true,
    readImage: async (path) =>
      path === "image" ? image : { ...map(path === "mean" ? 0.1 : 1.1), pixelSizeA: PIXEL_SIZE_A },
  };
  /** Median errors of results. */
  const errors = (results: readonly RefinedParticle[]) => ({
    angleDeg: median(results.map((result, i) => angleBetweenDeg(result, planted[i]))),
    shiftPx: median(
      results.map(({ shiftX, shiftY }, i) => {
        const { posX, posY } = planted[i];
        return Math.hypot(particles[i].posX + shiftX - posX, particles[i].posY + shiftY - posY);
      }),
    ),
    defocusA: median(
      results.map(({ defocusOffsetA }, i) => Math.abs(defocusOffsetA - planted[i].relativeDefocusA)),
    ),
  });
  return { task, errors };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

describe("particles of a micrograph with hardly any noise", () => {
  const { task, errors } = scene(1e5, 4);
  let grid: RefinedParticle[];
  beforeAll(async () => {
    grid = await refineParticles(pool, task, GRADIENT_SLICES);
  });
  const climb = (range: GradientRange, slices: object = GRADIENT_SLICES) =>
    refineByGradient(pool, task, grid, { ...slices, range });

  test("are found where they were planted, where the grid is off by its steps", async () => {
    const [before, after] = [errors(grid), errors(await climb(RANGE))];
    expect(before.angleDeg).toBeGreaterThan(0.4);
    expect(before.shiftPx).toBeGreaterThan(0.2);
    // what the interpolation of slices and the atoms beyond the template's Nyquist frequency leave: 0.02°, 0.001 pixels and 1 Å
    expect(after.angleDeg).toBeLessThan(0.06);
    expect(after.shiftPx).toBeLessThan(0.005);
    expect(after.defocusA).toBeLessThan(4);
  });

  test("begin with the grid's z-score and end with a higher one, in a few evaluations", async () => {
    const results = await climb(RANGE);
    results.forEach(({ zScore, zScoreGain, evaluations }, i) => {
      // float32 transforms on both sides
      expect((zScore - zScoreGain) / grid[i].zScore).toBeCloseTo(1, 4);
      expect(zScoreGain).toBeGreaterThan(0.3);
      expect(evaluations).toBeLessThan(10);
    });
  });

  test("are found from the table's poses too, without a grid", async () => {
    const alone = { ...task, offsets: [OFFSETS[13]], defocusOffsetsA: [0] };
    const starts = await refineParticles(pool, alone, GRADIENT_SLICES);
    const results = await refineByGradient(pool, alone, starts, { ...GRADIENT_SLICES, range: RANGE });
    expect(errors(starts).angleDeg).toBeCloseTo(2, 1);
    expect(errors(results).angleDeg).toBeLessThan(0.06);
    expect(errors(results).shiftPx).toBeLessThan(0.005);
  });

  test("slices without padding and correction leave several times the error", async () => {
    const [plain, corrected] = [errors(await climb(RANGE, {})), errors(await climb(RANGE))];
    expect(plain.angleDeg).toBeGreaterThan(4 * corrected.angleDeg);
  });

  test("what has no range stays, and no range is passed", async () => {
    const shifted = await climb({ angleDeg: 0, shiftPx: 0.1, defocusA: 0 });
    shifted.forEach((result, i) => {
      expect(angleBetweenDeg(result, grid[i])).toBeLessThan(1e-4);
      expect(result.defocusOffsetA).toBeCloseTo(grid[i].defocusOffsetA, 9);
      expect(Math.abs(result.shiftX - grid[i].shiftX)).toBeLessThanOrEqual(0.1 + 1e-9);
    });
    const turned = await climb({ angleDeg: 0.2, shiftPx: 0, defocusA: 0 });
    turned.forEach((result, i) => {
      expect(angleBetweenDeg(result, grid[i])).toBeLessThan(0.2 + 1e-4);
      expect([result.shiftX, result.shiftY]).toEqual([grid[i].shiftX, grid[i].shiftY]);
    });
  });

  test("a position between pixels is where the particle is, not where its box is cut", async () => {
    const particles = task.particles.map((particle) => ({ ...particle, posX: particle.posX + 0.4 }));
    const moved = { ...task, particles };
    const starts = await refineParticles(pool, moved, GRADIENT_SLICES);
    const results = await refineByGradient(pool, moved, starts, { ...GRADIENT_SLICES, range: RANGE });
    const whole = await climb(RANGE);
    results.forEach(({ shiftX }, i) => {
      expect(starts[i].shiftX + 0.4).toBeCloseTo(grid[i].shiftX, 9);
      // steps end a little below the top
      expect(shiftX + 0.4).toBeCloseTo(whole[i].shiftX, 2);
    });
  });

  test("the result does not depend on the number of workers", async () => {
    const single = await createPool({ workers: 1 });
    const results = await refineByGradient(single, task, grid, { ...GRADIENT_SLICES, range: RANGE });
    await single.dispose();
    expect(results).toEqual(await climb(RANGE));
  });

  test("an abort ends it, before and while it climbs", async () => {
    const options = { ...GRADIENT_SLICES, range: RANGE };
    const aborted = { ...options, signal: AbortSignal.abort() };
    await expect(refineByGradient(pool, task, grid, aborted)).rejects.toMatchObject({ code: "aborted" });
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const stopped = { ...options, signal: controller.signal, onProgress };
    await expect(refineByGradient(pool, task, grid, stopped)).rejects.toMatchObject({ code: "aborted" });
  });

  test("wrong arguments are refused", async () => {
    const options = { range: RANGE };
    await expect(refineByGradient(pool, task, grid.slice(1), options)).rejects.toThrow(
      "refineByGradient starts: expected 9, one a particle, found 8.",
    );
    await expect(climb({ ...RANGE, angleDeg: -1 })).rejects.toThrow(
      "refineByGradient range.angleDeg: expected a number of at least 0, found -1.",
    );
    await expect(climb({ ...RANGE, defocusA: Number.NaN })).rejects.toThrow(/range.defocusA/);
    expect(await refineByGradient(pool, { ...task, particles: [] }, [], options)).toEqual([]);
  });
});

test.each([
  ["boxes that are filtered by themselves", { filtersMicrographs: false, filters: WHITENED }],
  ["boxes larger by other numbers", { boxSize: [SIDE + 7, SIDE + 4] as const }],
  ["pixel sizes", { pixelSizeOffsetsA: [-0.02, 0, 0.02] }],
])("%s: starts have the grid's z-scores", async (_, change) => {
  const task = { ...scene(40, 8).task, ...change };
  const grid = await refineParticles(pool, task, GRADIENT_SLICES);
  const results = await refineByGradient(pool, task, grid, { ...GRADIENT_SLICES, range: RANGE });
  results.forEach(({ zScore, zScoreGain, pixelSize }, i) => {
    expect((zScore - zScoreGain) / grid[i].zScore).toBeCloseTo(1, 4);
    expect(pixelSize).toBe(grid[i].pixelSize);
  });
});

test("in noise no z-score falls, and particles are nearer to where they were planted", async () => {
  const { task, errors } = scene(40, 6);
  const whitened = { ...task, filters: WHITENED };
  const grid = await refineParticles(pool, whitened, GRADIENT_SLICES);
  const results = await refineByGradient(pool, whitened, grid, { ...GRADIENT_SLICES, range: RANGE });
  for (const { zScoreGain } of results) expect(zScoreGain).toBeGreaterThanOrEqual(0);
  const [before, after] = [errors(grid), errors(results)];
  expect(after.shiftPx).toBeLessThan(before.shiftPx / 2);
  expect(after.angleDeg).toBeLessThan(before.angleDeg);
});

test("filters between two defocus values are those of the CTF there", () => {
  const optics = {
    ...NEAR_FOCUS,
    label: "",
    pixelSizeA: PIXEL_SIZE_A,
    phaseShiftDeg: 40,
    oddZernikes: { Z31c: 30, Z33s: -20 },
    magnificationMatrix: [1.02, 0.01, -0.02, 0.97] as const,
  };
  const what = { filters: NO_FILTERS, optics, pixelSizeOffsetA: 0.02, size: 20, whitening: null };
  const { inPhase, quadrature, perDefocus, isComplex } = poseFilters(what);
  const space = { defocusOffsetsA: Float64Array.of(730), pixelSizeOffsetsA: Float64Array.of(0.02) };
  const expected = templateFilters({
    settings: { filters: NO_FILTERS, optics },
    space,
    size: 20,
    whitening: null,
  });
  expect(isComplex).toBe(true);
  expected.forEach((value, i) => {
    const phase = 730 * perDefocus[i >> 1];
    // float32 on both sides, phases of some radians
    expect(inPhase[i] * Math.cos(phase) - quadrature[i] * Math.sin(phase)).toBeCloseTo(value, 5);
  });
});
