import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import {
  type Backend,
  createFft,
  createPool,
  fft,
  ifft,
  irfft2,
  irfft3,
  type PlanKind,
  type Pool,
  resampleImages,
  resampleVolumes,
  rfft2,
  rfft3,
} from "../src/compute/index.ts";
import { elementCount } from "../src/core/index.ts";
import { parseMatchSettings } from "../src/match/config/config.ts";
import { correlationPlan, createCorrelation } from "../src/match/kernels/index.ts";
import { TemplateSearch } from "../src/match/search/search.ts";
import { templateFromVolume } from "../src/match/search/searchInputs.ts";
import { simulateMap } from "../src/match/simulate/simulateMap.ts";
import { noise } from "./support/noise.ts";
import { relativeError } from "./support/npy.ts";
import { referenceBackend } from "./support/referenceBackend/index.ts";
import { FEW_ORIENTATIONS, scratchFolder, smallConfiguration, smoothVolume } from "./support/searchCase.ts";

const scratch = scratchFolder();

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

/** What both backends make of the same. */
async function both(
  work: (backend: Backend) => Promise<Float32Array>,
): Promise<[Float32Array, Float32Array]> {
  return [await work(referenceBackend), await work(pool)];
}

describe("transforms agree with the WASM pool's", () => {
  const length = fc.integer({ min: 1, max: 40 });
  const batch = fc.integer({ min: 1, max: 3 });
  /** Largest difference over the largest value: some float32 roundings. */
  const TOLERANCE = 2e-6;

  const agree = async (work: (backend: Backend) => Promise<Float32Array>) => {
    const [found, expected] = await both(work);
    expect(found.length).toBe(expected.length);
    expect(relativeError(found, expected)).toBeLessThan(TOLERANCE);
  };

  test("complex lines of any length, and back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), batch, async (n, count) => {
        const data = noise(2 * n * count);
        await agree((backend) => fft(backend, data, n));
        await agree((backend) => ifft(backend, data, n));
      }),
      { numRuns: 40 },
    );
  });

  test("real images and volumes, and spectra that no real array has", async () => {
    await fc.assert(
      fc.asyncProperty(length, length, fc.integer({ min: 1, max: 6 }), async (height, width, depth) => {
        const [plane, solid] = [[height, width] as const, [depth, height, width] as const];
        const columns = 2 * (Math.floor(width / 2) + 1);
        await agree((backend) => rfft2(backend, noise(2 * height * width), plane));
        await agree((backend) => irfft2(backend, noise(height * columns), plane));
        await agree((backend) => rfft3(backend, noise(depth * height * width), solid));
        await agree((backend) => irfft3(backend, noise(depth * height * columns), solid));
      }),
      { numRuns: 25 },
    );
  });

  test("resampled images and volumes", async () => {
    const side = fc.integer({ min: 2, max: 24 });
    await fc.assert(
      fc.asyncProperty(fc.tuple(side, side, side), fc.tuple(side, side, side), async (from, to) => {
        const images = { from: [from[0], from[1]], to: [to[0], to[1]] } as const;
        await agree((backend) => resampleImages(backend, noise(2 * elementCount(images.from)), images));
        await agree((backend) => resampleVolumes(backend, noise(elementCount(from)), { from, to }));
      }),
      { numRuns: 25 },
    );
  });
});

test("a map simulated on a finer grid is the pool's", async () => {
  const atom = { element: "C", occupancy: 1, bFactorA2: 20 };
  const atoms = [
    { ...atom, x: 1.1, y: -2.3, z: 0.4 },
    { ...atom, x: -3, y: 2, z: 1 },
  ];
  const options = { boxSize: 16, pixelSizeA: 1.2, upsampling: 2 };
  const [found, expected] = await both(async (backend) => (await simulateMap(backend, atoms, options)).data);
  expect(relativeError(found, expected)).toBeLessThan(2e-6);
});

const SHAPE = [124, 93] as const;
const N = 22;

/** A search of 9765 correlations. */
function openSearch(backend: Backend, options = {}): Promise<TemplateSearch> {
  const configuration = smallConfiguration(scratch, {
    image: SHAPE,
    template: N,
    configuration: { orientation_search_config: { ...FEW_ORIENTATIONS, theta_step: 15, psi_step: 10 } },
  });
  const settings = parseMatchSettings(stringify(configuration), "case");
  const micrograph = { data: noise(elementCount(SHAPE)), shape: SHAPE, pixelSizeA: 2 };
  const template = templateFromVolume({ data: smoothVolume(N, 1), shape: [N, N, N], voxelSizeA: 2 });
  return TemplateSearch.create(backend, { settings, micrograph, template }, options);
}

function maximaOf({ statistics }: TemplateSearch): Float32Array {
  const maxima = new Float32Array(elementCount(statistics.shape));
  statistics.read("maximum", maxima);
  return maxima;
}

describe("a search on the reference backend", () => {
  test("ends by its signal, before and while it runs, and can be run again", async () => {
    const search = await openSearch(referenceBackend);
    const reason = new Error("enough");
    await expect(search.run({}, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: "aborted",
      cause: reason,
    });
    const controller = new AbortController();
    const told: number[] = [];
    const onProgress = (done: number) => {
      told.push(done);
      controller.abort(reason);
    };
    const run = search.run({}, { signal: controller.signal, onProgress });
    await expect(run).rejects.toMatchObject({ code: "aborted", cause: reason });
    expect(told).toHaveLength(1);
    expect(told[0]).toBeLessThan(search.size.correlations);
    await search.run({ firstBlock: 0, lastBlock: 1 }, { onProgress: (done) => told.push(done) });
    expect(told.at(-1)).toBe(64);
  });

  test("gives the same in pieces, its statistics carried from one search to another", async () => {
    const whole = await openSearch(referenceBackend, { templatePadding: 2 });
    await whole.run({ firstBlock: 0, lastBlock: 2 });
    const first = await openSearch(referenceBackend, { templatePadding: 2 });
    await first.run({ firstBlock: 0, lastBlock: 1 });
    const second = await openSearch(referenceBackend, { templatePadding: 2 });
    const count = elementCount(first.statistics.shape);
    const carried = {
      maximum: new Float32Array(count),
      index: new Int32Array(count),
      sum: new Float64Array(count),
      squaredSum: new Float64Array(count),
    };
    for (const name of ["maximum", "index", "sum", "squaredSum"] as const) {
      first.statistics.read(name, carried[name]);
      second.statistics.set(name, carried[name]);
    }
    await second.run({ firstBlock: 1, lastBlock: 2 });
    expect(maximaOf(second)).toEqual(maximaOf(whole));
    const [sums, expected] = [new Float64Array(count), new Float64Array(count)];
    second.statistics.read("squaredSum", sums);
    whole.statistics.read("squaredSum", expected);
    expect(sums).toEqual(expected);
  });

  test("of a padded template is the pool's", async () => {
    const [found, expected] = await both(async (backend) => {
      const search = await openSearch(backend, {
        templatePadding: 2,
        sincCorrection: true,
        exactSlices: true,
      });
      await search.run({ firstBlock: 0, lastBlock: 4 });
      const maxima = maximaOf(search);
      search.dispose();
      return maxima;
    });
    expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(1e-4);
  });
});

describe("plans of the reference backend keep the contract", () => {
  test("bytes are declared before a plan is made", () => {
    const size = { image: [64, 48], template: 16, orientations: 3, filters: 2 } as const;
    const volume = createFft(referenceBackend, { kind: "real3d", shape: [16, 16, 16] });
    volume.set("spectrum", new Float32Array(16 * 16 * 18));
    const plan = createCorrelation(referenceBackend, size, { spectrum: volume });
    expect(plan.bytes).toBe(referenceBackend.bytes(correlationPlan, size));
    // the image, and four statistics, at the least
    expect(plan.bytes).toBeGreaterThan(4 * 64 * 48 + 24 * 49 * 33);
  });

  test("what is not there, too much, or of another backend is refused in the same words as by the pool", async () => {
    const refusals = async (backend: Backend, other: Backend) => {
      const plan = createFft(backend, { kind: "real2d", shape: [4, 6] });
      const volume = createFft(other, { kind: "real3d", shape: [4, 4, 4] });
      const size = { image: [8, 8], template: 4, orientations: 1, filters: 1 } as const;
      const empty = createFft(backend, { kind: "real3d", shape: [4, 4, 4] });
      const faults = [
        () => plan.read("real", new Float32Array(24)),
        () => plan.set("complex", new Float32Array(24)),
        () => plan.set("real", new Float32Array(25)),
        () => plan.set("real", new Float32Array(24), 1),
        () => createFft(backend, { kind: "real2d", shape: [0, 6] }),
        () => createCorrelation(backend, { ...size, template: 9 }, { spectrum: empty }),
        () => createCorrelation(backend, size, { spectrum: empty }),
        () => createCorrelation(backend, size, { spectrum: volume }),
      ];
      return faults.map((fault) => {
        try {
          fault();
        } catch (error) {
          return (error as { code: string }).code;
        }
        return "no error";
      });
    };
    const codes = ["missing", "type", "shape", "range", "shape", "shape", "missing", "type"];
    expect(await refusals(referenceBackend, pool)).toEqual(codes);
    expect(await refusals(pool, referenceBackend)).toEqual(codes);
  });

  test("a kind that it does not know is refused by name", () => {
    const unknown: PlanKind<object, never> = {
      name: "plates/blur",
      wasm: { bytes: () => 0, create: () => expect.fail("made by the pool") },
    };
    expect(() => referenceBackend.plan(unknown, {})).toThrow(/plates\/blur.*match\/correlation/);
    expect(() => referenceBackend.bytes(unknown, {})).toThrow(/plates\/blur/);
  });
});
