import { requireKnownOptions } from "./knownKeys.ts";

/** How far something is that takes long. */
export interface Progress {
  /** Of {@link unit}, what was done by an earlier run that this one continues included. */
  readonly done: number;
  /** Infinity where nobody knows yet. */
  readonly total: number;
  /** What is counted, in the plural: `correlations`, `particles`, `images`. */
  readonly unit: string;
  /** Per second of this run; 0 at its very start. */
  readonly rate: number;
}

/**
 * Tells of progress, with the rate since now.
 *
 * @param options  `before`: what is done already: it counts as done, not for the rate
 * @returns        gets what is done since now, and what there is in all
 */
export function progressTeller(
  onProgress: ((progress: Progress) => void) | undefined,
  options: { readonly unit: string; readonly before?: number },
): (done: number, total: number) => void {
  requireKnownOptions("progressTeller", options, { unit: true, before: true });
  const { unit, before = 0 } = options;
  const began = performance.now();
  return (done, total) => {
    const seconds = (performance.now() - began) / 1000;
    onProgress?.({ done: before + done, total, unit, rate: seconds > 0 ? done / seconds : 0 });
  };
}
