export type { FftDirection, FftPiece, FftPlan, FftSize } from "./fft.ts";
export { createFft, fftPlan } from "./fft.ts";
export { fft, ifft, irfft2, irfft3, rfft2, rfft3 } from "./fftOnce.ts";
export type { RunOptions } from "./job.ts";
export { MEMORY_LIMIT } from "./memory.ts";
export type { Backend, BackendSizes, Plan, PlanArray, PlanKind, PlanTypes } from "./plan.ts";
export type { Pool, PoolOptions } from "./pool.ts";
export { createPool, defaultWorkerCount, poolSizes } from "./pool.ts";
export { resampleImages, resamplePlan, resampleVolumes, rescaledShape } from "./resample.ts";
