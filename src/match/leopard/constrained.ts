import { type EulerZyz, matrixFromZyz } from "../../core/index.ts";
import type { OffsetGrid } from "../config/constrainedConfig.ts";
import { heightA, type TurnedOffsets, turnedOffsets } from "../refine/constrainedGeometry.ts";
import { leopardTurnedOffsets } from "./turnedOffsets.ts";

/** What a constrained search may do in one way or another. */
export interface ConstrainedConventions {
  /** Height of a point of the template above its centre, Å; the point in Å, xyz. */
  readonly heightA: (point: readonly [number, number, number], pose: EulerZyz) => number;
  /** Offsets turned to an axis; `kind` of their grid, undefined without one. */
  readonly turnedOffsets: (
    offsetsDeg: Float64Array,
    axis: EulerZyz,
    kind: OffsetGrid["kind"] | undefined,
  ) => TurnedOffsets;
  /** Whether slices keep the template's frequencies where the CTF's are magnified. */
  readonly keepsSlices: boolean;
  /** Whether what is found counts from the refined positions of the reference, where its table has them. */
  readonly countsFromRefined: boolean;
}

const DEFAULT_CONSTRAINED: ConstrainedConventions = {
  heightA,
  turnedOffsets,
  keepsSlices: false,
  countsFromRefined: true,
};

/** Boxes are cut at refined positions, and what is found counts from those before. */
const LEOPARD_CONSTRAINED: ConstrainedConventions = {
  heightA: leopardHeightA,
  turnedOffsets: (offsetsDeg, axis, kind) =>
    kind === undefined
      ? turnedOffsets(offsetsDeg, axis)
      : leopardTurnedOffsets(offsetsDeg, axis, { isFloat32: kind === "roll" }),
  keepsSlices: true,
  countsFromRefined: false,
};

/** @param compat  as in Leopard-EM 1.2 */
export function constrainedConventions(compat: boolean): ConstrainedConventions {
  return compat ? LEOPARD_CONSTRAINED : DEFAULT_CONSTRAINED;
}

/**
 * By the third row of the rotation, by which a turn of the image would change the height, with the particle's degrees for radians, in
 * float32.
 */
function leopardHeightA([x, y, z]: readonly [number, number, number], pose: EulerZyz): number {
  const [phiDeg, thetaDeg, psiDeg] = [pose.phiDeg, pose.thetaDeg, pose.psiDeg].map(
    (r) => r * (180 / Math.PI),
  );
  const f = Math.fround;
  const [, , , , , , a, b, c] = matrixFromZyz({ phiDeg, thetaDeg, psiDeg }).map(f);
  return f(f(f(a * f(x)) + f(b * f(y))) + f(c * f(z)));
}
