import type { RunOptions } from "../../../src/compute/index.ts";
import { VitrineError } from "../../../src/core/index.ts";

/** Time between two looks at the signal, and two words of progress. */
const TURN_MS = 100;

/**
 * Runs work that says after each step how much it has done. Others get a turn in between; a signal ends it there.
 *
 * @returns what the work returns
 * @throws {VitrineError} aborted: by `signal`, with its reason as cause
 */
export async function runSteps<Result>(
  at: string,
  work: Generator<number, Result>,
  { signal, onProgress }: RunOptions = {},
): Promise<Result> {
  let done = 0;
  let told = performance.now();
  requireNotAborted(at, signal);
  for (;;) {
    const step = work.next();
    if (step.done) {
      onProgress?.(done);
      return step.value;
    }
    done += step.value;
    if (performance.now() - told < TURN_MS) continue;
    told = performance.now();
    onProgress?.(done);
    await new Promise(setImmediate);
    requireNotAborted(at, signal);
  }
}

function requireNotAborted(at: string, signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  const fault = { code: "aborted", at, expected: "to finish", found: "an abort" } as const;
  throw new VitrineError(fault, { cause: signal.reason });
}

/** Yields a number of units whenever the work comes up for air. */
export function* counted<Result>(work: Generator<void, Result>, units = 1): Generator<number, Result> {
  for (;;) {
    const { done, value } = work.next();
    if (done) {
      yield units;
      return value;
    }
    yield units;
  }
}
