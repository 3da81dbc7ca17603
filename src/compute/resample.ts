import { elementCount, type Shape2, type Shape3, VitrineError } from "../core/index.ts";
import { createFft, type FftPlan, type FftRunOptions, type FftSize } from "./fft.ts";
import type { Pool } from "./pool.ts";

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
  pool: Pool,
  images: Float32Array,
  shapes: { readonly from: Shape2; readonly to: Shape2 },
  options?: FftRunOptions,
): Promise<Float32Array> {
  const batch = batchOf(images.length, shapes.from);
  const size = (shape: Shape2) => ({ kind: "real2d", shape, batch }) as const;
  return resample(pool, images, { from: size(shapes.from), to: size(shapes.to), options });
}

/** Resamples real volumes, float32 (batch, ...from), to (batch, ...to); as {@link resampleImages}. */
export async function resampleVolumes(
  pool: Pool,
  volumes: Float32Array,
  shapes: { readonly from: Shape3; readonly to: Shape3 },
  options?: FftRunOptions,
): Promise<Float32Array> {
  const batch = batchOf(volumes.length, shapes.from);
  const size = (shape: Shape3) => ({ kind: "real3d", shape, batch }) as const;
  return resample(pool, volumes, { from: size(shapes.from), to: size(shapes.to), options });
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

interface Task {
  readonly from: FftSize;
  readonly to: FftSize;
  readonly options: FftRunOptions | undefined;
}

async function resample(pool: Pool, data: Float32Array, task: Task): Promise<Float32Array> {
  const plans: FftPlan[] = [];
  const open = (size: FftSize) => {
    const plan = createFft(pool, size);
    plans.push(plan);
    return plan;
  };
  try {
    const [from, to] = [open(task.from), open(task.to)];
    from.set("real", data);
    await from.forward(task.options);
    await copySpectrum(pool, { from, to, options: task.options });
    await to.inverse(task.options);
    const result = new Float32Array(elementCount(task.to.shape) * (task.to.batch ?? 1));
    to.read("real", result);
    return result;
  } finally {
    for (const plan of plans) plan.dispose();
  }
}

async function copySpectrum(
  pool: Pool,
  { from, to, options = {} }: { from: FftPlan; to: FftPlan; options: FftRunOptions | undefined },
): Promise<void> {
  const [source, target] = [from.size.shape, to.size.shape];
  const lengths = [source, target].flatMap((shape) => (shape.length === 2 ? [1, ...shape] : shape));
  const args = [from.address, to.address, ...lengths, elementCount(target) / elementCount(source)];
  const step = Math.max(1, Math.floor(2 ** 17 / to.rowBytes));
  const phase = { kernel: "resampleSpectrum", args, count: to.rows, step };
  await pool.run({ kind: "phases", phases: [phase] }, options);
  to.assume("spectrum");
}

function batchOf(length: number, shape: readonly number[]): number {
  const batch = length / elementCount(shape);
  if (Number.isInteger(batch) && batch > 0) return batch;
  const expected = `a multiple of ${elementCount(shape)} values for [${shape}]`;
  throw new VitrineError({ code: "shape", at: "resample", expected, found: `${length}` });
}
