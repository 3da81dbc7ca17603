import fc from "fast-check";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import {
  dftAxis,
  irfft2 as irfft2Reference,
  rfft2 as rfft2Reference,
  rfft3 as rfft3Reference,
} from "../../test/support/dft.ts";
import { noise } from "../../test/support/noise.ts";
import { elementCount, type VitrineError } from "../core/index.ts";
import { createFft, type FftSize, fftPlan, WasmFft } from "./fft.ts";
import { fft, ifft, irfft2, irfft3, rfft2, rfft3 } from "./fftOnce.ts";
import { linePlanBytes, writeLinePlan } from "./linePlan.ts";
import { phasesJob } from "./phases.ts";
import { createThreadPool, type ThreadPool } from "./pool.ts";
import { createRegions } from "./regions.ts";

/** Float32 rounds to 6e-8 and a transform has up to 13 stages of random errors: 3e-7 at most was seen, over all lengths. */
const NORM_TOLERANCE = 5e-7;
/** The largest of n errors is a few standard deviations, as the largest of the values is. */
const PEAK_TOLERANCE = 1e-6;

let pool: ThreadPool;
beforeAll(async () => {
  pool = await createThreadPool({ workers: 2 });
});
afterAll(() => pool.dispose());

/** The worse of |error| / |reference| over NORM_TOLERANCE and max |error| / max |reference| over PEAK_TOLERANCE: 1 is the limit. */
function excess(result: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (result.length !== reference.length) return Number.POSITIVE_INFINITY;
  let [error, norm, worst, peak] = [0, 0, 0, 0];
  for (let i = 0; i < reference.length; i++) {
    const difference = Math.abs(result[i] - reference[i]);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    error += difference ** 2;
    norm += reference[i] ** 2;
    worst = Math.max(worst, difference);
    peak = Math.max(peak, Math.abs(reference[i]));
  }
  return Math.max(Math.sqrt(error / norm) / NORM_TOLERANCE, worst / peak / PEAK_TOLERANCE);
}

/** The sum that defines a transform of one complex line, as {@link dftAxis} but several times faster: sums stay in registers. */
function lineDft(line: Float32Array, sign: 1 | -1): Float64Array {
  const n = line.length / 2;
  const angles = Float64Array.from({ length: n }, (_, t) => (2 * Math.PI * t) / n);
  const [cosines, sines] = [angles.map(Math.cos), angles.map((angle) => sign * Math.sin(angle))];
  const out = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    let [re, im] = [0, 0];
    for (let j = 0, t = 0; j < n; j++) {
      re += line[2 * j] * cosines[t] - line[2 * j + 1] * sines[t];
      im += line[2 * j] * sines[t] + line[2 * j + 1] * cosines[t];
      t += k;
      if (t >= n) t -= n;
    }
    out[2 * k] = re;
    out[2 * k + 1] = im;
  }
  return out;
}

/** Lengths, from `lengths`, whose forward or inverse transform of `batch` complex lines is not accurate in the first or last line. */
async function inaccurate(lengths: readonly number[], batch: number): Promise<string[]> {
  const found: string[] = [];
  for (const length of lengths) {
    const data = noise(2 * length * batch, length);
    const forward = await fft(pool, data, length);
    const inverse = await ifft(pool, data, length);
    for (const row of new Set([0, batch - 1])) {
      const ofRow = (lines: Float32Array) => lines.subarray(2 * row * length, 2 * (row + 1) * length);
      const truth = lineDft(ofRow(data), 1).map((value) => value / length);
      const worst = [excess(ofRow(forward), lineDft(ofRow(data), -1)), excess(ofRow(inverse), truth)];
      if (Math.max(...worst) > 1) found.push(`${length}, line ${row}: ${worst}`);
    }
  }
  return found;
}

test("complex lines of every length from 1 to 600 agree with the sum that defines them", async () => {
  // 5 lines: a full block of 4 and one that is not
  const lengths = Array.from({ length: 600 }, (_, i) => i + 1);
  expect(await inaccurate(lengths, 5)).toEqual([]);
});

test("long complex lines agree with the sum that defines them", async () => {
  expect(await inaccurate([720, 1000, 1023, 1024, 4092, 4096, 5760], 1)).toEqual([]);
});

const SHAPES_2D = [
  [1, 1],
  [1, 2],
  [2, 1],
  [3, 1],
  [1, 9],
  [5, 7],
  [8, 8],
  [9, 16],
  [48, 50],
  [50, 48],
  [37, 101],
  [255, 256],
  [256, 255],
  [512, 30],
] as const;

test.each(SHAPES_2D)("real images of %i x %i agree with the sum, forward and inverse", async (...shape) => {
  const image = noise(elementCount(shape));
  expect(excess(await rfft2(pool, image, shape), rfft2Reference(image, shape))).toBeLessThan(1);
  // noise is no image's spectrum: what a real image cannot have must be ignored
  const spectrum = noise(2 * shape[0] * (Math.floor(shape[1] / 2) + 1), 2);
  expect(excess(await irfft2(pool, spectrum, shape), irfft2Reference(spectrum, shape))).toBeLessThan(1);
});

const SHAPES_3D = [
  [1, 1, 1],
  [2, 1, 3],
  [1, 5, 4],
  [6, 10, 15],
  [15, 10, 6],
  [16, 1, 7],
  [31, 32, 33],
  [33, 30, 48],
] as const;

test.each(SHAPES_3D)("real volumes of %i x %i x %i agree with the sum, there and back", async (...shape) => {
  const volume = noise(elementCount(shape));
  const spectrum = await rfft3(pool, volume, shape);
  expect(excess(spectrum, rfft3Reference(volume, shape))).toBeLessThan(1);
  expect(excess(await irfft3(pool, spectrum, shape), volume)).toBeLessThan(1);
});

test("an array of a batch is transformed as if it were alone", async () => {
  const shape = [11, 18] as const;
  const images = noise(5 * 11 * 18);
  const spectra = await rfft2(pool, images, shape);
  const references = [0, 1, 2, 3, 4].flatMap((b) => [
    ...rfft2Reference(images.subarray(b * 198, (b + 1) * 198), shape),
  ]);
  expect(excess(spectra, references)).toBeLessThan(1);
  expect(excess(await irfft2(pool, spectra, shape), images)).toBeLessThan(1);
  const volumes = noise(3 * 4 * 5 * 6);
  const whole = await rfft3(pool, volumes, [4, 5, 6]);
  const second = rfft3Reference(volumes.subarray(120, 240), [4, 5, 6]);
  expect(excess(whole.subarray(whole.length / 3, (2 * whole.length) / 3), second)).toBeLessThan(1);
});

const size = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }));

test("there and back is the image, energy is kept, inputs are unchanged", async () => {
  await fc.assert(
    fc.asyncProperty(size, fc.integer(), async ([height, width], seed) => {
      const image = noise(height * width, seed);
      const copy = image.slice();
      const spectrum = await rfft2(pool, image, [height, width]);
      const kept = spectrum.slice();
      expect(excess(await irfft2(pool, spectrum, [height, width]), image)).toBeLessThan(1);
      expect(image).toEqual(copy);
      expect(spectrum).toEqual(kept);
      const energy = image.reduce((sum, value) => sum + value * value, 0);
      // Parseval, to twice the tolerance of the norm
      const error = Math.abs(halfEnergy(spectrum, width) / (height * width) / energy - 1);
      expect(error).toBeLessThan(2 * NORM_TOLERANCE);
    }),
    { numRuns: 50 },
  );
});

/** Sum of |X|² over all frequencies, each column but 0 and the Nyquist counting for its mirror image as well. */
function halfEnergy(spectrum: Float32Array, width: number): number {
  const columns = Math.floor(width / 2) + 1;
  return spectrum.reduce((sum, value, i) => {
    const k = Math.floor(i / 2) % columns;
    return sum + (k === 0 || 2 * k === width ? 1 : 2) * value * value;
  }, 0);
}

test("the transform is linear", async () => {
  await fc.assert(
    fc.asyncProperty(size, fc.double({ min: -2, max: 2, noNaN: true }), async ([height, width], factor) => {
      const [a, b] = [noise(height * width, 3), noise(height * width, 4)];
      const sum = a.map((value, i) => value + factor * b[i]);
      const [fa, fb] = [await rfft2(pool, a, [height, width]), await rfft2(pool, b, [height, width])];
      const expected = fa.map((value, i) => value + factor * fb[i]);
      // three transforms and the rounding of the sum; b may cancel a in a single-pixel image
      const scale = Math.hypot(...fa) + Math.abs(factor) * Math.hypot(...fb);
      const actual = await rfft2(pool, sum, [height, width]);
      expect(Math.hypot(...actual.map((value, i) => value - expected[i])) / scale).toBeLessThan(
        NORM_TOLERANCE,
      );
    }),
    { numRuns: 30 },
  );
});

test("a cyclic shift turns phases", async () => {
  await fc.assert(
    fc.asyncProperty(size, fc.nat(100), fc.nat(100), async ([height, width], dy, dx) => {
      const image = noise(height * width);
      const shifted = image.map((_, i) => {
        const [y, x] = [Math.floor(i / width), i % width];
        return image[((y + dy) % height) * width + ((x + dx) % width)];
      });
      const expected = Float64Array.from(await rfft2(pool, image, [height, width]));
      const columns = Math.floor(width / 2) + 1;
      for (let i = 0; i < expected.length; i += 2) {
        const [ky, kx] = [Math.floor(i / 2 / columns), (i / 2) % columns];
        const angle = 2 * Math.PI * ((ky * dy) / height + (kx * dx) / width);
        const [re, im, c, s] = [expected[i], expected[i + 1], Math.cos(angle), Math.sin(angle)];
        [expected[i], expected[i + 1]] = [re * c - im * s, re * s + im * c];
      }
      expect(excess(await rfft2(pool, shifted, [height, width]), expected)).toBeLessThan(1);
    }),
    { numRuns: 30 },
  );
});

test("any number of workers gives the same bytes", async () => {
  const sizes: FftSize[] = [
    { kind: "complex1d", shape: [360], batch: 1001 },
    { kind: "real2d", shape: [210, 301], batch: 3 },
    { kind: "real3d", shape: [40, 50, 60] },
  ];
  const results: Float32Array[][] = [];
  for (const workers of [1, 2, 3]) {
    const own = await createThreadPool({ workers });
    onTestFinished(() => own.dispose());
    const each: Float32Array[] = [];
    for (const task of sizes) each.push(...(await thereAndBack(own, task)));
    results.push(each);
  }
  for (const other of results.slice(1)) {
    other.forEach((result, i) => {
      expect(Buffer.from(result.buffer).equals(Buffer.from(results[0][i].buffer))).toBe(true);
    });
  }
});

async function thereAndBack(on: ThreadPool, task: FftSize): Promise<Float32Array[]> {
  const plan = new WasmFft(on, task);
  const [input, row] = task.kind === "complex1d" ? (["complex", 2] as const) : (["real", 1] as const);
  const width = task.shape[task.shape.length - 1];
  const back = noise(plan.rows * row * width);
  const spectrum = new Float32Array((plan.rows * plan.rowBytes) / 4);
  plan.set(input, back);
  await plan.run("forward");
  plan.read("spectrum", spectrum);
  await plan.run("inverse");
  plan.read(input, back);
  plan.dispose();
  return [spectrum, back];
}

test("set and read in parts are set and read at once", async () => {
  const [depth, height, width] = [5, 7, 9];
  const volume = noise(depth * height * width);
  const whole = await rfft3(pool, volume, [depth, height, width]);
  const cut = fc.nat(depth * height);
  await fc.assert(
    fc.asyncProperty(cut, cut, async (a, b) => {
      const plan = new WasmFft(pool, { kind: "real3d", shape: [depth, height, width] });
      onTestFinished(() => plan.dispose());
      const cuts = [0, Math.min(a, b), Math.max(a, b), depth * height];
      for (const i of [2, 0, 1]) {
        plan.set("real", volume.subarray(cuts[i] * width, cuts[i + 1] * width), cuts[i]);
      }
      await plan.run("forward");
      const floats = plan.rowBytes / 4;
      const spectrum = new Float32Array(whole.length);
      for (const i of [0, 1, 2]) {
        plan.read("spectrum", spectrum.subarray(cuts[i] * floats, cuts[i + 1] * floats), cuts[i]);
      }
      expect(spectrum).toEqual(whole);
      const copy = new Float32Array(volume.length);
      plan.set("real", volume);
      for (const i of [0, 1, 2]) {
        plan.read("real", copy.subarray(cuts[i] * width, cuts[i + 1] * width), cuts[i]);
      }
      expect(copy).toEqual(volume);
    }),
    { numRuns: 20 },
  );
});

test("kernels read and write through strides, from one place to another, and touch nothing between", async () => {
  const [rows, width, sourceFloats, targetFloats] = [13, 10, 11, 17];
  const data = noise(rows * sourceFloats);
  const regions = createRegions(pool, {
    source: data.byteLength,
    target: 4 * (rows + 1) * targetFloats,
    plan: linePlanBytes(width),
    scratch: 2 * 32 * width,
  });
  onTestFinished(() => regions.dispose());
  const { source, target, plan, scratch } = regions.address;
  writeLinePlan(pool.memory.buffer, plan, width);
  regions.set("source", data);
  pool.f32(target, (rows + 1) * targetFloats).fill(7);
  const args = [source, 4 * sourceFloats, target, 4 * targetFloats, rows, plan];
  const phase = { kernel: "realRows", args, scratch: { address: scratch, bytes: 32 * width } };
  await pool.run(phasesJob, [{ ...phase, count: 2, step: 1 }]);
  const packed = data.filter((_, i) => i % sourceFloats < width);
  const truth = dftAxis(
    Float64Array.from({ length: 2 * packed.length }, (_, i) => (i % 2 ? 0 : packed[i / 2])),
    { outer: rows, length: width, inner: 1, keep: width / 2 + 1 },
  );
  const out = pool.f32(target, (rows + 1) * targetFloats).slice();
  const isResult = (i: number) => i < rows * targetFloats && i % targetFloats < width + 2;
  expect(
    excess(
      out.filter((_, i) => isResult(i)),
      truth,
    ),
  ).toBeLessThan(1);
  expect(out.every((value, i) => isResult(i) || value === 7)).toBe(true);
  expect(pool.f32(source, data.length).slice()).toEqual(data);
});

test("a plan takes the bytes that it declares and gives them back", () => {
  const allocate = vi.spyOn(pool, "allocate");
  const free = vi.spyOn(pool, "free");
  const task: FftSize = { kind: "real3d", shape: [20, 22, 11], batch: 2 };
  const plan = createFft(pool, task);
  plan.dispose();
  plan.dispose();
  expect([plan.bytes, pool.bytes(fftPlan, task)]).toEqual(allocate.mock.calls.flat().concat(plan.bytes));
  expect(allocate).toHaveBeenCalledTimes(1);
  expect(free.mock.calls).toEqual([[allocate.mock.results[0].value]]);
  vi.restoreAllMocks();
});

/** The error of work that must fail. */
async function failure(work: () => unknown): Promise<VitrineError> {
  try {
    await work();
  } catch (error) {
    return error as VitrineError;
  }
  return expect.fail("it did not fail");
}

test("wrong sizes, pieces and orders are errors that say so", async () => {
  const plan = createFft(pool, { kind: "real2d", shape: [4, 6] });
  onTestFinished(() => plan.dispose());
  expect((await failure(() => plan.run("forward"))).message).toMatchInlineSnapshot(
    `"fft plan real2d: expected a plan that holds "real", found one that holds nothing. Set it, or await the transform that makes it."`,
  );
  expect((await failure(() => plan.set("real", new Float32Array(7)))).message).toMatchInlineSnapshot(
    `"fft plan real2d "real": expected whole rows of 6 values, found 7 values."`,
  );
  expect((await failure(() => plan.set("real", new Float32Array(12), 3))).message).toMatchInlineSnapshot(
    `"fft plan real2d "real": expected rows 0 to 4, found rows 3 to 5."`,
  );
  expect((await failure(() => plan.set("complex", new Float32Array(6)))).message).toMatchInlineSnapshot(
    `"fft plan real2d: expected "real" or "spectrum", found "complex"."`,
  );
  plan.set("real", new Float32Array(24));
  expect((await failure(() => plan.run("inverse"))).message).toMatchInlineSnapshot(
    `"fft plan real2d: expected a plan that holds "spectrum", found "real". Set it, or await the transform that makes it."`,
  );
  expect((await failure(() => plan.read("spectrum", new Float32Array(8)))).code).toBe("missing");
  for (const shape of [
    [0, 4],
    [2.5, 4],
    [4, Number.NaN],
  ] as const) {
    expect((await failure(() => createFft(pool, { kind: "real2d", shape }))).code).toBe("shape");
  }
  expect((await failure(() => rfft2(pool, new Float32Array(10), [4, 6]))).message).toMatchInlineSnapshot(
    `"real2d transform: expected a multiple of 24 floats for [4,6], found 10."`,
  );
});

test("an aborted transform leaves nothing that could be taken for a result; the plan can be used again", async () => {
  const plan = createFft(pool, { kind: "real2d", shape: [4, 6] });
  onTestFinished(() => plan.dispose());
  const image = noise(24);
  plan.set("real", image);
  const signal = AbortSignal.abort();
  expect((await failure(() => plan.run("forward", { signal }))).code).toBe("aborted");
  expect(plan.holds).toBeUndefined();
  plan.set("real", image);
  const done: number[] = [];
  await plan.run("forward", { onProgress: (passes) => done.push(passes) });
  expect(done.at(-1)).toBe(2);
  const spectrum = new Float32Array(32);
  plan.read("spectrum", spectrum);
  expect(excess(spectrum, rfft2Reference(image, [4, 6]))).toBeLessThan(1);
});

test("a transform that runs is stopped by its signal", async () => {
  const size: FftSize = { kind: "real2d", shape: [2039, 2039], batch: 4 }; // a prime: a second or more
  const plan = new WasmFft(pool, size);
  onTestFinished(() => plan.dispose());
  plan.assume("real");
  const controller = new AbortController();
  const running = failure(() => plan.run("forward", { signal: controller.signal }));
  setTimeout(() => controller.abort(), 20);
  expect((await running).code).toBe("aborted");
  expect(plan.holds).toBeUndefined();
});

test("addresses above 2 GiB are as good as those below", async () => {
  const own = await createThreadPool({ workers: 2 });
  onTestFinished(() => own.dispose());
  const images = noise(2 * 30 * 41);
  const below = await rfft2(own, images, [30, 41]);
  own.allocate(2 ** 31); // never touched, so it costs addresses only
  const above = new WasmFft(own, { kind: "real2d", shape: [30, 41], batch: 2 });
  expect(above.address).toBeGreaterThan(2 ** 31);
  above.set("real", images);
  await above.run("forward");
  const spectrum = new Float32Array(below.length);
  above.read("spectrum", spectrum);
  expect(spectrum).toEqual(below);
});

test("kernels that wrote into a plan's memory say what they wrote", async () => {
  const plan = new WasmFft(pool, { kind: "complex1d", shape: [8] });
  onTestFinished(() => plan.dispose());
  pool.f32(plan.address, 16).fill(0);
  pool.f32(plan.address, 16)[0] = 8;
  plan.assume("spectrum");
  await plan.run("inverse");
  const line = new Float32Array(16);
  plan.read("complex", line);
  expect([...line]).toEqual(Array.from({ length: 16 }, (_, i) => 1 - (i % 2)));
});

test("working memory is refused where several teams would write to it", async () => {
  const scratch = { address: 0, bytes: 64 };
  const phase = { kernel: "complexRows", args: [0], count: 1, step: 1, scratch };
  const error = await failure(() => pool.run(phasesJob, [phase], { teams: 2 }));
  expect(error.message).toMatchInlineSnapshot(
    `"phases[0].scratch: expected one team, found 2 that would share it."`,
  );
});
