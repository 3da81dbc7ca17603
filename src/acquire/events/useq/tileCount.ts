import { VitrineError } from "../../../core/index.ts";

/** What tiles have to cover along one axis, µm. */
interface Coverage {
  readonly span: number;
  /** A tile's own size; left out: tiles are points. */
  readonly fov: number | null | undefined;
  /** From tile to tile. */
  readonly step: number;
}

/**
 * How many tiles cover a span; without a field of view, one at each end of every step.
 *
 * @throws {VitrineError} range: a step of 0
 * Source: useq-schema 0.9.2, `GridFromEdges`.
 */
export function tilesAcross({ span, fov, step }: Coverage, at: string): number {
  if (fov == null) return countSteps(span + step, step, at);
  return span <= fov ? 1 : countSteps(span - fov, step, at) + 1;
}

/** How many steps, the last one cut, make a span, µm. @throws {VitrineError} range: a step of 0 */
export function countSteps(span: number, step: number, at: string): number {
  if (step !== 0) return Math.ceil(span / step);
  throw new VitrineError({
    code: "range",
    at: `${at} overlap`,
    expected: "tiles that overlap by less than 100 %",
    found: "100 %",
  });
}
