import type { ProgramOptions } from "../program/index.ts";
import { abortOnSignals } from "./interrupt.ts";
import { createProgress } from "./progress.ts";

/** What the work of a command is given. */
export interface CommandTools extends Required<Pick<ProgramOptions, "onProgress" | "onLog" | "onBackend">> {
  /** Raised by Ctrl-C and a scheduler's SIGTERM. */
  readonly signal: AbortSignal;
}

/** What computes where no pool does. */
const NO_POOL = "main thread";

/**
 * The frame of every command: runs its work, which can be interrupted and shows on stderr how far it is and what a user should know, and
 * prints what came of it.
 *
 * With `json` one line: `results`, `warnings` (whatever was left out, guessed, or has no effect), `backend` (what computed), `seconds` (of
 * all of it); the fields of an object of results stand beside them as well, for those who read them there.
 *
 * @param text  of the results, where no JSON is asked for, with a line feed at its end
 */
export async function report<Results extends object | null>(
  { json = false, text }: { readonly json?: boolean; readonly text: (results: Results) => string },
  work: (tools: CommandTools) => Promise<Results>,
): Promise<void> {
  let interrupt: ReturnType<typeof abortOnSignals> | undefined;
  const progress = createProgress();
  const began = performance.now();
  const warnings: string[] = [];
  let backend = NO_POOL;
  const tools: CommandTools = {
    // who never asks for it ends as the system has it
    get signal() {
      interrupt ??= abortOnSignals();
      return interrupt.signal;
    },
    onProgress: progress.show,
    onLog(message, kind) {
      // what holds for each of many micrographs is said once
      if (kind === "warning" && warnings.includes(message)) return;
      if (kind === "warning") warnings.push(message);
      log(message);
    },
    onBackend(name) {
      backend = name;
    },
  };
  // also where the work fails before it gives a promise
  const results = await new Promise<Results>((resolve) => resolve(work(tools))).finally(() => {
    progress.end();
    interrupt?.[Symbol.dispose]();
  });
  const seconds = (performance.now() - began) / 1000;
  const whole = { ...results, results, warnings, backend, seconds };
  process.stdout.write(json ? `${JSON.stringify(whole)}\n` : text(results));
}

/** A line of the log. */
export function log(message: string): void {
  process.stderr.write(`vitrine: ${message}\n`);
}
