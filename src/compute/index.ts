export type { FftPiece, FftPlan, FftRunOptions, FftSize } from "./fft.ts";
export { createFft, fftBytes } from "./fft.ts";
export { fft, ifft, irfft2, irfft3, rfft2, rfft3 } from "./fftOnce.ts";
export type { Region } from "./memory.ts";
export type { Pool, PoolOptions, RunOptions } from "./pool.ts";
export { createPool, defaultWorkerCount } from "./pool.ts";
