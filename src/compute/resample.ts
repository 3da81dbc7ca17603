import { elementCount, requireKnownOptions, type Shape2, type Shape3, VitrineError } from "../core/index.ts";
import { type FftSize, fftPlan, WasmFft } from "./fft.ts";
import { RUN_KEYS, type RunOptions } from "./job.ts";
import { phasesJob } from "./phases.ts";
import type { Backend, Plan, PlanArray, PlanKind, PlanTypes } from "./plan.ts";
import type { WorkerPool } from "./workerPool.ts";

/**
 * Resamples real images (batch, ...from) to (batch, ...to) over the same field of view, by cutting or padding their spectra: the
 * pixel size along an axis becomes pixel size x from / to (see {@link rescaledShape}). Means are kept; edges are cyclic, so an
 * image whose opposite edges differ rings there. The first pixel stays where it is.
 *
 * Each value is that of the trigonometric polynomial through the old pixels, without the frequencies that the new grid cannot
 * hold. Where the shorter length is even, its highest frequency is one cosine on both sides: enlarging and shrinking back is exact.
 *
 * @param images float32 (batch, ...from); the batch follows from the length
 * @returns      float32 (batch, ...to)
 * @throws {VitrineError} shape: not a whole number of images, or a length below 1; aborted: by `signal`
 *
 * Accuracy: |error| < 1e-6 |result| in the 2-norm (resample.test.ts).
 */
export async function resampleImages(
  backend: Backend,
  images: Float32Array,
  shapes: { readonly from: Shape2; readonly to: Shape2 },
  options?: RunOptions,
): Promise<Float32Array> {
  requireKnownOptions("resampleImages", options, RUN_KEYS);
  const batch = batchOf(images.length, shapes.from);
  const size = (shape: Shape2) => ({ kind: "real2d", shape, batch }) as const;
  return resample(backend, images, { from: size(shapes.from), to: size(shapes.to) }, options);
}

/** Resamples real volumes, float32 (batch, ...from), to (batch, ...to); as {@link resampleImages}. */
export async function resampleVolumes(
  backend: Backend,
  volumes: Float32Array,
  shapes: { readonly from: Shape3; readonly to: Shape3 },
  options?: RunOptions,
): Promise<Float32Array> {
  requireKnownOptions("resampleVolumes", options, RUN_KEYS);
  const batch = batchOf(volumes.length, shapes.from);
  const size = (shape: Shape3) => ({ kind: "real3d", shape, batch }) as const;
  return resample(backend, volumes, { from: size(shapes.from), to: size(shapes.to) }, options);
}

/**
 * The shape whose pixel size is nearest to `targetA` over the same field of view, and the pixel sizes that it really has: lengths
 * are whole numbers, so they differ a little from `targetA` and from axis to axis.
 *
 * @throws {VitrineError} range: a pixel size that is not above 0
 */
export function rescaledShape<Shape extends readonly number[]>(
  shape: Shape,
  pixelSizeA: number,
  targetA: number,
): { shape: { -readonly [Axis in keyof Shape]: number }; pixelSizesA: number[] } {
  if (!(pixelSizeA > 0 && targetA > 0 && Number.isFinite(pixelSizeA) && Number.isFinite(targetA))) {
    const found = `${pixelSizeA} and ${targetA}`;
    throw new VitrineError({ code: "range", at: "rescaledShape", expected: "pixel sizes above 0 Å", found });
  }
  const lengths = shape.map((length) => Math.max(1, Math.round((length * pixelSizeA) / targetA)));
  const pixelSizesA = shape.map((length, axis) => (length * pixelSizeA) / lengths[axis]);
  return { shape: lengths as { -readonly [Axis in keyof Shape]: number }, pixelSizesA };
}

/** What a resampling is made for: as many arrays of one shape as of the other. */
export interface ResampleSize {
  readonly from: FftSize;
  readonly to: FftSize;
}

/** The words of a resampling. Progress counts passes of the transform that is under way. */
export interface ResampleTypes extends PlanTypes {
  /** (batch, ...from), its first axis being rows as of an FFT plan. */
  readonly input: "original";
  /** (batch, ...to) */
  readonly output: "resampled";
  readonly work: undefined;
  readonly outcome: undefined;
}

/** The kind of plan behind {@link resampleImages} and {@link resampleVolumes}. */
export const resamplePlan: PlanKind<ResampleSize, Plan<ResampleTypes>> = {
  name: "compute/resample",
  wasm: {
    bytes: ({ from, to }, workers) => fftPlan.wasm.bytes(from, workers) + fftPlan.wasm.bytes(to, workers),
    create: (pool, size) => new WasmResample(pool, size),
  },
};

/** Two transforms, and a kernel that copies what both spectra have from one to the other. */
class WasmResample implements Plan<ResampleTypes> {
  readonly bytes: number;
  readonly #pool: WorkerPool;
  readonly #from: WasmFft;
  readonly #to: WasmFft;

  constructor(pool: WorkerPool, { from, to }: ResampleSize) {
    this.#pool = pool;
    this.#from = new WasmFft(pool, from);
    try {
      this.#to = new WasmFft(pool, to);
    } catch (error) {
      this.#from.dispose();
      throw error;
    }
    this.bytes = this.#from.bytes + this.#to.bytes;
  }

  set(_: "original", data: PlanArray, at = 0): void {
    this.#from.set("real", data, at);
  }

  async run(_: undefined, options: RunOptions = {}): Promise<undefined> {
    await this.#from.run("forward", options);
    await this.#copySpectrum(options);
    await this.#to.run("inverse", options);
  }

  async #copySpectrum(options: RunOptions): Promise<void> {
    const [from, to] = [this.#from, this.#to];
    const [source, target] = [from.size.shape, to.size.shape];
    const lengths = [source, target].flatMap((shape) => (shape.length === 2 ? [1, ...shape] : shape));
    const args = [from.address, to.address, ...lengths, elementCount(target) / elementCount(source)];
    const step = Math.max(1, Math.floor(2 ** 17 / to.rowBytes));
    await this.#pool.run(phasesJob, [{ kernel: "resampleSpectrum", args, count: to.rows, step }], options);
    to.assume("spectrum");
  }

  read(_: "resampled", into: PlanArray, at = 0): void {
    this.#to.read("real", into, at);
  }

  dispose(): void {
    this.#from.dispose();
    this.#to.dispose();
  }
}

async function resample(
  backend: Backend,
  data: Float32Array,
  size: ResampleSize,
  options?: RunOptions,
): Promise<Float32Array> {
  const plan = backend.plan(resamplePlan, size);
  try {
    plan.set("original", data);
    await plan.run(undefined, options);
    const result = new Float32Array(elementCount(size.to.shape) * (size.to.batch ?? 1));
    plan.read("resampled", result);
    return result;
  } finally {
    plan.dispose();
  }
}

function batchOf(length: number, shape: readonly number[]): number {
  const batch = length / elementCount(shape);
  if (Number.isInteger(batch) && batch > 0) return batch;
  const expected = `a multiple of ${elementCount(shape)} values for [${shape}]`;
  throw new VitrineError({ code: "shape", at: "resample", expected, found: `${length}` });
}
