import type { SearchProgress } from "../match/index.ts";
import { abortOnSignals } from "./interrupt.ts";
import { createProgress } from "./progress.ts";

/** What a program that takes long is given. */
export interface Watch {
  /** Raised by Ctrl-C and a scheduler's SIGTERM. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SearchProgress) => void;
  readonly onLog: (message: string) => void;
}

/** Runs a program that can be interrupted and shows on stderr how far it is; that is over when it returns. */
export async function watched<Report>(run: (watch: Watch) => Promise<Report>): Promise<Report> {
  using interrupt = abortOnSignals();
  const progress = createProgress();
  try {
    return await run({ signal: interrupt.signal, onProgress: progress.show, onLog: log });
  } finally {
    progress.end();
  }
}

/** A line of the log. */
export function log(message: string): void {
  process.stderr.write(`vitrine: ${message}\n`);
}
