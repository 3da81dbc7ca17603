/** All that a pool and its workers say to each other. Both sides import this file and nothing else of the other's. */
import type { Fault } from "../core/index.ts";
import type { BoxesJob } from "./boxesJob.ts";
import type { CorrelateJob } from "./correlateJob.ts";
import type { PosesJob } from "./posesJob.ts";
import type { Team } from "./team.ts";

/** One function of the WASM module. Addresses are plain numbers; above 2 GiB they wrap to the same 32 bits. */
export type Kernel = (...args: number[]) => number | undefined;

/** The functions of the WASM module by name. */
export type Kernels = Readonly<Record<string, Kernel>>;

/** One kernel over the range 0..count. */
export interface Phase {
  readonly kernel: string;
  /** Arguments before `begin, end`. */
  readonly args: readonly number[];
  /**
   * Working memory: each member of the team has `bytes` of its own, one after the other from `address`, and the kernel
   * is called as `kernel(...args, scratch, begin, end)`. Only where one team runs the job.
   */
  readonly scratch?: { readonly address: number; readonly bytes: number };
  readonly count: number;
  /** Longest range of one call; keep a call below 10 ms so that abort is quick. */
  readonly step: number;
}

/**
 * Kernels one after the other, each spread over the team, with a barrier after each:
 * `kernel(...args, begin, end)` for ranges of at most `step` that together are 0..count.
 */
export interface PhasesJob {
  readonly kind: "phases";
  readonly phases: readonly Phase[];
}

/** The job table: everything a worker can do. */
export interface Jobs {
  readonly phases: PhasesJob;
  readonly correlate: CorrelateJob;
  readonly boxes: BoxesJob;
  readonly poses: PosesJob;
}

/** One entry of the job table. */
export type Job = Jobs[keyof Jobs];

/** What a job sees in its worker. */
export interface WorkerContext {
  readonly kernels: Kernels;
  /** Make views afresh in every job: the memory may have grown since the last. */
  readonly memory: WebAssembly.Memory;
  readonly team: Team;
  /** Number of teams that run this job. */
  readonly teams: number;
  /** The pool's words; see control.ts. */
  readonly control: Int32Array;
  /** Takes the next number, from 0, of one of 64 counters of this job that all workers share. */
  claim(slot: number): number;
  /** Adds to the progress that the owner sees; below 2³² in one job. */
  report(amount: number): void;
}

/** A worker's place in a job. */
export interface Seat {
  readonly team: number;
  readonly teams: number;
  /** Place in the team, from 0. */
  readonly rank: number;
  /** Members of the team. */
  readonly size: number;
}

/** Owner to worker. A worker answers every message with one {@link FromWorker}. */
export type ToWorker =
  | {
      readonly kind: "init";
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      readonly controlAddress: number;
      readonly worker: number;
      readonly workers: number;
      readonly countLateCalls: boolean;
    }
  | { readonly kind: "run"; readonly job: Job; readonly seat: Seat };

/** Worker to owner. `stopped`: left early since the abort flag was raised. */
export type FromWorker =
  | { readonly kind: "done" }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly fault: Fault };
