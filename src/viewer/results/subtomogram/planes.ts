/** Three planes of a volume through one voxel, and what of it each shows. */
import type { Zyx } from "./api.ts";

/** An axis of a volume. */
export type Axis = "z" | "y" | "x";

/** Places of axes in a vector. */
export const AXES = ["z", "y", "x"] as const;

/** A plane: the axis that it is across, and those that run down and to the right on the screen. */
export interface PlaneFacts {
  readonly axis: Axis;
  readonly down: Axis;
  readonly right: Axis;
  /** Whether the server's section has rows to the right: z runs right beside y. */
  readonly isTurned: boolean;
}

/** Across z as the microscope sees it; beside it across x, below it across y: axes of neighbours meet. */
export const PLANES: readonly PlaneFacts[] = [
  { axis: "z", down: "y", right: "x", isTurned: false },
  { axis: "x", down: "y", right: "z", isTurned: true },
  { axis: "y", down: "z", right: "x", isTurned: false },
];

/** A part of the volume, voxels: from, to. */
export type Window = readonly [
  z: readonly [number, number],
  y: readonly [number, number],
  x: readonly [number, number],
];

/** The part about a voxel, of a side at most; undefined: the whole. */
export function windowAbout(shape: Zyx, [z, y, x]: Zyx, side: number | undefined): Window {
  const about = (at: number, length: number): readonly [number, number] => {
    if (side === undefined || side >= length) return [0, length];
    const from = Math.min(length - side, Math.max(0, Math.round(at - side / 2)));
    return [from, from + side];
  };
  return [about(z, shape[0]), about(y, shape[1]), about(x, shape[2])];
}

/** Where an axis stands in a vector. */
export function placeOfAxis(axis: Axis): 0 | 1 | 2 {
  return AXES.indexOf(axis) as 0 | 1 | 2;
}

/** A vector with another part along an axis. */
export function withPart(vector: Zyx, axis: Axis, value: number): Zyx {
  const [z, y, x] = vector;
  return axis === "z" ? [value, y, x] : axis === "y" ? [z, value, x] : [z, y, value];
}
