import { VitrineError } from "../../core/index.ts";
import type { RefineSettings } from "../config/refineConfig.ts";
import type { GradientRange } from "./gradient.ts";

/** When a program refines by gradient: after the grid of the configuration, or in its stead. */
export type GradientMode = "after" | "only";

/** The place of a particle within a pixel, with room for the grid's having found a neighbour. */
const SHIFT_PX = 1;

/**
 * How far a configuration lets particles go: as far as its grid reaches, and at least one of its steps. What its sections do not
 * enable stays.
 */
export function gradientRange({
  orientations,
  defocus,
}: Pick<RefineSettings, "orientations" | "defocus">): GradientRange {
  const angles =
    orientations === null
      ? [0]
      : [
          ...[orientations.thetaRangeDeg[1], orientations.psiRangeDeg[1]],
          ...[orientations.thetaStepDeg, orientations.psiStepDeg],
        ];
  const offsets = defocus === null ? [0] : [Math.abs(defocus.min), Math.abs(defocus.max), defocus.step];
  return { angleDeg: Math.max(...angles), shiftPx: SHIFT_PX, defocusA: Math.max(...offsets) };
}

/** The only offsets where there is no grid. */
export const NO_GRID = {
  offsets: [[1, 0, 0, 0, 1, 0, 0, 0, 1]],
  defocusOffsetsA: new Float64Array(1),
} as const;

/** @throws {VitrineError} unsupported: `compatBatch` with a gradient, since Leopard-EM has nothing like it */
export function requireNoCompat(compatBatch: number | undefined): void {
  if (compatBatch === undefined) return;
  throw new VitrineError({
    code: "unsupported",
    at: "runRefine gradient",
    expected: "no compatBatch",
    found: String(compatBatch),
    hint: "Refine as Leopard-EM does, or by gradient",
  });
}
