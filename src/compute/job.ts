import type { OptionKeys } from "../core/index.ts";
import type { Team } from "./team.ts";

/** How a run is watched and ended. */
export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Gets what is done so far, about ten times a second and once at the end; unit: that of the work. */
  readonly onProgress?: (done: number) => void;
}

/** Keys of {@link RunOptions}. */
export const RUN_KEYS: OptionKeys<RunOptions> = { signal: true, onProgress: true };

/** One function of a WASM module. Addresses are plain numbers; above 2 GiB they wrap to the same 32 bits. */
export type Kernel = (...args: number[]) => number | undefined;

/** The functions of a WASM module by name. */
export type Kernels = Readonly<Record<string, Kernel>>;

/** What a job sees in its worker. */
export interface WorkerContext {
  /** Those of the job's domain. */
  readonly kernels: Kernels;
  /** Make views afresh in every job: the memory may have grown since the last. */
  readonly memory: WebAssembly.Memory;
  readonly team: Team;
  /** Number of teams that run this job. */
  readonly teams: number;
  /** Takes the next number, from 0, of one of 64 counters of this job that all workers share. */
  claim(slot: number): number;
  /** Adds to the progress that the owner sees; below 2³² in one job. */
  report(amount: number): void;
}

/** Something that workers can do, named `domain/what`. Its parameters travel by structured clone; its data lie in shared memory. */
export interface Job<Parameters> {
  readonly name: `${string}/${string}`;
  /** The workers' side. All members of a team make the calls of their team in the same order. */
  run(context: WorkerContext, parameters: Parameters): void;
}

/**
 * Makes a job, a value that both sides import: the owner to ask for it (`pool.run(job, parameters)`), the workers to do it. Its domain lists
 * it in a {@link Domain}.
 */
export function defineJob<Parameters>(
  name: `${string}/${string}`,
  run: (context: WorkerContext, parameters: Parameters) => void,
): Job<Parameters> {
  return { name, run };
}

/** What a domain brings to the workers: its jobs, and the files of its WASM module in the two forms that are built. */
export interface Domain {
  // Whatever their parameters: a pool hands a job only what it was called with.
  readonly jobs: readonly Job<never>[];
  readonly kernels: KernelFiles;
}

/** One module built twice: with fused multiply-add for engines that have relaxed SIMD, and without. They differ in the last bits. */
export interface KernelFiles {
  readonly plain: URL;
  readonly relaxed: URL;
}

/** The domains that a worker knows, each loaded when its first job comes. */
export type Domains = Readonly<Record<string, () => Promise<Domain>>>;
