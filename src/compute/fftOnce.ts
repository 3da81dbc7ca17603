import { elementCount, requireKnownOptions, type Shape2, type Shape3, VitrineError } from "../core/index.ts";
import { createFft, type FftPiece, type FftSize } from "./fft.ts";
import { RUN_KEYS, type RunOptions } from "./job.ts";
import type { Backend } from "./plan.ts";

/**
 * Forward transform of complex lines, (batch, length, 2) to (batch, length, 2); the batch follows from the data's length. This
 * and its kin copy in, run and copy out: for many transforms of one size, or data that should not exist twice, use {@link createFft}.
 *
 * @throws {VitrineError} shape: not a whole number of lines; others as {@link createFft}
 */
export function fft(backend: Backend, data: Float32Array, length: number, options?: RunOptions) {
  requireKnownOptions("fft", options, RUN_KEYS);
  return transform(backend, data, { kind: "complex1d", shape: [length], to: "spectrum", options });
}

/** Inverse of {@link fft}, divided by the length. */
export function ifft(backend: Backend, spectrum: Float32Array, length: number, options?: RunOptions) {
  requireKnownOptions("ifft", options, RUN_KEYS);
  return transform(backend, spectrum, { kind: "complex1d", shape: [length], to: "complex", options });
}

/** Forward transform of real images, (batch, height, width) to (batch, height, width/2+1, 2); see {@link fft}. */
export function rfft2(backend: Backend, images: Float32Array, shape: Shape2, options?: RunOptions) {
  requireKnownOptions("rfft2", options, RUN_KEYS);
  return transform(backend, images, { kind: "real2d", shape, to: "spectrum", options });
}

/** Inverse of {@link rfft2}, divided by height x width; `shape` is that of the images. */
export function irfft2(backend: Backend, spectra: Float32Array, shape: Shape2, options?: RunOptions) {
  requireKnownOptions("irfft2", options, RUN_KEYS);
  return transform(backend, spectra, { kind: "real2d", shape, to: "real", options });
}

/** Forward transform of real volumes, (batch, depth, height, width) to (batch, depth, height, width/2+1, 2); see {@link fft}. */
export function rfft3(backend: Backend, volumes: Float32Array, shape: Shape3, options?: RunOptions) {
  requireKnownOptions("rfft3", options, RUN_KEYS);
  return transform(backend, volumes, { kind: "real3d", shape, to: "spectrum", options });
}

/** Inverse of {@link rfft3}, divided by depth x height x width; `shape` is that of the volumes. */
export function irfft3(backend: Backend, spectra: Float32Array, shape: Shape3, options?: RunOptions) {
  requireKnownOptions("irfft3", options, RUN_KEYS);
  return transform(backend, spectra, { kind: "real3d", shape, to: "real", options });
}

type Task = FftSize & { readonly to: FftPiece; readonly options: RunOptions | undefined };

async function transform(backend: Backend, data: Float32Array, task: Task): Promise<Float32Array> {
  const isReal = task.kind !== "complex1d";
  const input: FftPiece = isReal ? "real" : "complex";
  const from = task.to === "spectrum" ? input : "spectrum";
  const batch = batchOf(data.length, floatsOf(task, from), task);
  const { to: _, options, ...size } = task;
  const plan = createFft(backend, { ...size, batch });
  try {
    plan.set(from, data);
    await plan.run(from === "spectrum" ? "inverse" : "forward", options);
    const result = new Float32Array(batch * floatsOf(task, task.to));
    plan.read(task.to, result);
    return result;
  } finally {
    plan.dispose();
  }
}

/** Floats of one array of the batch. */
function floatsOf({ kind, shape }: FftSize, piece: FftPiece): number {
  if (kind === "complex1d") return 2 * shape[0];
  if (piece === "real") return elementCount(shape);
  return 2 * elementCount(shape.slice(0, -1)) * (Math.floor(shape[shape.length - 1] / 2) + 1);
}

function batchOf(length: number, floats: number, { kind, shape }: FftSize): number {
  const batch = length / floats;
  if (Number.isInteger(batch) && batch > 0) return batch;
  const expected = `a multiple of ${floats} floats for [${shape}]`;
  throw new VitrineError({ code: "shape", at: `${kind} transform`, expected, found: `${length}` });
}
