import { VitrineError } from "../core/index.ts";

/** More values of one angle, and more orientations (6 GiB), than any search needs: a step is in the wrong unit. */
export const MOST_ANGLES = 1e6;
export const MOST_ORIENTATIONS = 2 ** 28;

/** @throws {VitrineError} range: more than `most` */
export function requireFewEnough(count: number, most: number, at: string): void {
  if (count <= most) return;
  throw new VitrineError({
    code: "range",
    at,
    expected: `a step that makes at most ${most}`,
    found: String(count),
  });
}

/** Equally spaced values: start, start + step, ... */
export interface Progression {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** torch's arange: start <= value < stop up to rounding, which is kept in the count. A range without extent is one value. */
export function arange([start, stop]: readonly [number, number], step: number): Progression {
  if (start >= stop) return { start, step: 0, count: 1 };
  return { start, step, count: Math.ceil((stop - start) / step) };
}

/** NumPy's arange, which rounds the step too. Empty where stop is not above start. */
export function numpyArange([start, stop]: readonly [number, number], step: number): Progression {
  return { start, step: start + step - start, count: Math.max(0, Math.ceil((stop - start) / step)) };
}

/** Value `index` of a progression. */
export function valueAt({ start, step }: Progression, index: number): number {
  return start + index * step;
}
