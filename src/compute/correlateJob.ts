import { VitrineError } from "../core/index.ts";
import type { WorkerContext } from "./protocol.ts";

/** A piece of a template search. */
export interface CorrelateJob {
  readonly kind: "correlate";
}

/** Runs a piece of a template search in one worker. */
export function runCorrelateJob(_context: WorkerContext, job: CorrelateJob): void {
  throw new VitrineError({
    code: "unsupported",
    at: `${job.kind} job`,
    expected: "its kernels",
    found: "none yet",
  });
}
