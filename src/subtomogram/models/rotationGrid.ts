import { VitrineError } from "../../core/index.ts";
import type { Log } from "../../program/index.ts";
import { quaternionFromEuler } from "../molecules/euler.ts";
import { IDENTITY, normalizeQuaternion, type Quaternion } from "../molecules/quaternion.ts";
import { RADIANS } from "../molecules/rotations.ts";

/** Largest angle to both sides and the step between angles, degrees; a step of 0: only the angle 0. */
export type RotationRange = readonly [maxDeg: number, stepDeg: number];

/**
 * Rotations that a model tries: one range for all three axes, one each for z, y and x, or quaternions. Left out: none but the
 * template as it is.
 */
export type RotationsInput =
  | RotationRange
  | readonly [z: RotationRange, y: RotationRange, x: RotationRange]
  | readonly Quaternion[];

/**
 * Rotations as quaternions, acryo's `normalize_rotations`: angles from -max to max about z, y and x, z changing slowest; the rotation is
 * the molecule's, relative to where it is.
 *
 * @throws {VitrineError} shape: neither ranges nor quaternions; range: none, steps below 0, or not finite
 */
export function rotationGrid(rotations: RotationsInput | undefined): readonly Quaternion[] {
  if (rotations === undefined) return [IDENTITY];
  const rows = toRows(rotations);
  if (rows.length === 0)
    throw new VitrineError({ code: "range", at: "rotations", expected: "at least one", found: "none" });
  if (rows.every((row) => row.length === 4))
    return rows.map((row, i) => normalizeQuaternion(row, `rotations ${i}`));
  if (rows.length !== 3 || rows.some((row) => row.length !== 2)) throw shapeError(rotations);
  const [z, y, x] = rows.map((row, axis) => anglesOf(row, "zyx"[axis]));
  return z.flatMap((a) => y.flatMap((b) => x.map((c) => rotationOf([a, b, c]))));
}

/** Says that ranges have a step above their largest angle, or none: 0 alone is tried. */
export function warnOfSteps(rotations: RotationsInput | undefined, onLog: Log | undefined): void {
  if (rotations === undefined) return;
  const rows = toRows(rotations);
  if (rows.length !== 3 || rows.some((row) => row.length !== 2)) return;
  const axes = new Map<string, string[]>();
  for (const [axis, [max, step]] of rows.entries())
    if (max > 0 && (step === 0 || step > max)) {
      const range = `a step of ${step}° in a range of ${max}°`;
      axes.set(range, [...(axes.get(range) ?? []), "zyx"[axis]]);
    }
  for (const [range, names] of axes)
    onLog?.(`rotations about ${names.join(", ")}: ${range} tries 0 alone (--rotations MAX:STEP)`, "warning");
}

/**
 * Numbers of angles about z, y and x of rotations that are given as ranges.
 *
 * @throws {VitrineError} range: given as quaternions, which have no neighbours
 */
export function gridCounts(rotations: RotationsInput | undefined): readonly [number, number, number] {
  if (rotations === undefined) return [1, 1, 1];
  const rows = toRows(rotations);
  if (rows.length !== 3 || rows.some((row) => row.length !== 2)) {
    const expected = "ranges, for a search from coarse to fine";
    throw new VitrineError({ code: "range", at: "rotations", expected, found: `${rows.length} quaternions` });
  }
  const [z, y, x] = rows.map((row, axis) => anglesOf(row, "zyx"[axis]).length);
  return [z, y, x];
}

/** Whether rotations are ranges of no more than so many degrees, so that their mean lies among them. */
export function areWithin(rotations: RotationsInput | undefined, mostDeg: number): boolean {
  if (rotations === undefined) return false;
  const rows = toRows(rotations);
  return rows.length === 3 && rows.every((row) => row.length === 2 && row[0] <= mostDeg);
}

function toRows(rotations: RotationsInput): readonly (readonly number[])[] {
  const given: readonly unknown[] = rotations;
  const [max, step] = given;
  if (given.length === 2 && typeof max === "number" && typeof step === "number") {
    const range = [max, step];
    return [range, range, range];
  }
  return given.map((row) => {
    if (!Array.isArray(row) || !row.every((value) => typeof value === "number")) throw shapeError(rotations);
    return row;
  });
}

function shapeError(rotations: RotationsInput): VitrineError {
  const expected = "[max, step] in degrees, three of them (z, y, x), or quaternions of four numbers";
  return new VitrineError({ code: "shape", at: "rotations", expected, found: JSON.stringify(rotations) });
}

/** Above this many steps a grid is a mistake: it would have more rotations than memory has room for. */
const MOST_STEPS = 180;

function anglesOf([max, step]: readonly number[], axis: string): readonly number[] {
  const count = step === 0 ? 0 : Math.trunc(max / step);
  if (!(Number.isFinite(max) && step >= 0 && max >= 0 && count <= MOST_STEPS)) {
    const expected = `max and step not below 0, at most ${MOST_STEPS} steps to a side`;
    throw new VitrineError({
      code: "range",
      at: `rotations ${axis}`,
      expected,
      found: `[${[max, step].join(", ")}]`,
    });
  }
  return Array.from({ length: 2 * count + 1 }, (_, i) => (i - count) * step);
}

function rotationOf([z, y, x]: readonly [number, number, number]): Quaternion {
  return quaternionFromEuler([z * RADIANS, y * RADIANS, x * RADIANS], "zyx");
}
