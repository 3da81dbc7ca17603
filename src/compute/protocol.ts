/** All that a pool and its workers say to each other. Both sides import this file and nothing else of the other's. */
import type { Fault } from "../core/index.ts";

/** A worker's place in a job. */
export interface Member {
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
      readonly memory: WebAssembly.Memory;
      readonly controlAddress: number;
      readonly worker: number;
      readonly workers: number;
      /** Which of the two modules of a domain: one for all threads of a pool. */
      readonly relaxedSimd: boolean;
      readonly countLateCalls: boolean;
      /** Those that are loaded before the first job comes. */
      readonly domains: readonly string[];
    }
  | { readonly kind: "run"; readonly job: string; readonly parameters: unknown; readonly member: Member };

/** Worker to owner. `stopped`: left early since the abort flag was raised. */
export type FromWorker =
  | { readonly kind: "done" }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly fault: Fault };
