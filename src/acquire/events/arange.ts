import { VitrineError } from "../../core/index.ts";

/** Evenly spaced numbers that are computed when asked for. */
export interface Steps {
  readonly length: number;
  /** The number at an index from 0 to `length - 1`. */
  readonly at: (index: number) => number;
}

/**
 * The numbers of numpy's `arange(start, stop, step)`, with its float noise: the second is `start + step`, each later one
 * `start` plus a multiple of the difference of the first two.
 *
 * @param at  how messages call the step
 * @throws {VitrineError} range: step 0, or a count that is not finite
 */
export function arange({ start, stop, step }: Range, at: string): Steps {
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (step === 0 || !Number.isSafeInteger(length)) {
    throw new VitrineError({
      code: "range",
      at,
      expected: "a step that reaches the end",
      found: String(step),
    });
  }
  const second = start + step;
  const delta = second - start;
  return { length, at: (index) => [start, second][index] ?? start + index * delta };
}

interface Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}
