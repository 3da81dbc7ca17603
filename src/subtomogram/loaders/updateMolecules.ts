import { roundHalfEven } from "../kernels/index.ts";
import type { AlignmentResult } from "../models/model.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { rotvecFromQuaternion, type Zyx } from "../molecules/quaternion.ts";

/** Features of shifts and rotations, as acryo calls them. */
const SHIFTS = ["align-dz", "align-dy", "align-dx"];
const TURNS = ["align-dzrot", "align-dyrot", "align-dxrot"];

/**
 * Molecules where an alignment found them: moved along their own axes by the shift, then turned by the rotation, with the features
 * `score`, `align-dz` and its kin (nm, 2 decimals), `align-dzrot` and its kin (rotation vector in radians, 5 decimals).
 *
 * @param labelName  the feature of the template that fits best, where several were tried
 */
export function alignedMolecules(
  molecules: Molecules,
  results: readonly AlignmentResult[],
  { scale, labelName }: { readonly scale: number; readonly labelName?: string | undefined },
): Molecules {
  const shifts = results.map(({ shiftPx }) => shiftPx.map((shift) => shift * scale));
  const turns = results.map(({ rotation }) => rotvecFromQuaternion(rotation));
  if (molecules.count === 0) return molecules;
  const moved = molecules.translateInternal(shifts).rotateByRotvecInternal(turns);
  return moved.withFeatures({
    score: results.map(({ score }) => score),
    ...columns(SHIFTS, shifts, 2),
    ...columns(TURNS, turns, 5),
    ...(labelName !== undefined && { [labelName]: results.map(({ label }) => label) }),
  });
}

function columns(names: readonly string[], rows: readonly (readonly number[] | Zyx)[], decimals: number) {
  const unit = 10 ** decimals;
  return Object.fromEntries(
    names.map((name, axis) => [name, rows.map((row) => roundHalfEven(row[axis] * unit) / unit)]),
  );
}
