import type { TilesBatch } from "../tiles/batch.ts";

/** One job of a phase, as it is handed to a cluster or a machine. */
export interface RunJob {
  /** From 1 on, over all phases: what `--job` takes. */
  readonly id: number;
  /** As TissueMAPS names them, `illuminati_run-00_0000001`. */
  readonly name: string;
  readonly userName: string;
  /** What runs it: `vitrine` and these. */
  readonly arguments: readonly string[];
  /** HH:MM:SS. */
  readonly duration: string;
  /** MB. */
  readonly memory: number;
  readonly cores: number;
}

/** Jobs that may all run at once. It makes one level or, where a block of tiles holds them, several. */
export interface RunPhase {
  readonly kind: "RunPhase";
  readonly name: string;
  /** Its place among the phases. */
  readonly index: number;
  /** Which levels it makes; 0 is full resolution. */
  readonly levels: readonly number[];
  readonly jobs: readonly RunJob[];
}

/** Phases of jobs, each of which begins when the one before is done. */
export interface MultiRunPhase {
  readonly kind: "MultiRunPhase";
  readonly name: string;
  readonly submissionId: number;
  readonly parentId: number;
  readonly phases: readonly RunPhase[];
}

/** A job's description: what it makes, and where it runs. */
export type RunBatch = TilesBatch & { readonly phase: string; readonly index: number };

/** The description of the one job that joins what all others leave. */
export interface CollectBatch {
  readonly kind: "collect";
  /** Names of the layers. */
  readonly layers: readonly string[];
}

/** TissueMAPS' name of a job. */
export function jobName(phase: number, id: number): string {
  return `illuminati_run-${String(phase).padStart(2, "0")}_${String(id).padStart(7, "0")}`;
}
