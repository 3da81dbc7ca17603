import type { OptionKeys } from "../core/index.ts";
import { type Job, RUN_KEYS, type RunOptions } from "./job.ts";
import type { Region } from "./memory.ts";

/** Options of {@link WorkerPool.run}. */
export interface JobOptions extends RunOptions {
  /** Teams that the workers split into, 1 to their number; default 1, all workers on the same ranges. */
  readonly teams?: number;
  /**
   * For jobs that claim their work from counter 0 alone: once `signal` is raised it gives out no more, so that the job ends when what was
   * given out is done; `onPause` gets how many numbers that were, some of them beyond the job's last.
   */
  readonly pause?: { readonly signal: AbortSignal; readonly onPause: (given: number) => void };
}

/** Keys of {@link JobOptions}. */
export const JOB_KEYS: OptionKeys<JobOptions> = { ...RUN_KEYS, teams: true, pause: true };

/**
 * Worker threads over one shared memory: what a pool is to those who make plans of kernels. Plans take their memory from it and give it
 * back.
 */
export interface WorkerPool {
  /** Number of worker threads. */
  readonly workers: number;
  /** Shared by all workers. It grows: never keep a view of it, ask for a new one. */
  readonly memory: WebAssembly.Memory;
  /** Takes memory; contents are whatever was there. The caller frees it. @throws {VitrineError} range, device: see `Arena.allocate` */
  allocate(bytes: number): Region;
  /** Gives memory back. */
  free(region: Region): void;
  /** A fresh view of `count` floats at `address`. */
  f32(address: number, count: number): Float32Array;
  /** A fresh view of `count` doubles at `address`. */
  f64(address: number, count: number): Float64Array;
  /** A fresh view of `count` 32-bit integers at `address`. */
  i32(address: number, count: number): Int32Array;
  /** A fresh view of `count` bytes at `address`. */
  u8(address: number, count: number): Uint8Array;
  /**
   * Runs one job on all workers. Jobs run one at a time in the order of their calls.
   *
   * @throws {VitrineError} aborted: by `signal` (its reason is the cause) or since the pool was disposed of, once every worker has stopped;
   *   worker: a kernel trapped (the pool stays usable) or a thread died (it does not); range: `teams`; else what the job throws
   */
  run<Parameters>(job: Job<Parameters>, parameters: Parameters, options?: JobOptions): Promise<void>;
}
