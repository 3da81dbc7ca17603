import { requireKnownOptions, type Shape3, VitrineError } from "../../core/index.ts";
import { invertQuaternion, type Quaternion, quaternionMatrix, type Zyx } from "../molecules/quaternion.ts";
import { planeSide } from "./planeSide.ts";

/** Lowest and highest tilt, degrees from -90 to 90. */
export type TiltRange = readonly [minDeg: number, maxDeg: number];

/** Axis that a tilt series was turned about. */
export type TiltAxis = "x" | "y";

/** One tilt series, which saw the frequencies between two planes through the tilt axis. */
export interface SingleAxisTilt {
  readonly kind: "single";
  readonly rangeDeg: TiltRange;
  readonly axis: TiltAxis;
}

/**
 * Which frequencies of a tomogram were seen: all of them; those of one tilt series; those that at least one of two saw. Plain data: a
 * model travels as JSON.
 */
export type TiltModel =
  | { readonly kind: "none" }
  | SingleAxisTilt
  | { readonly kind: "dual"; readonly rangeYDeg: TiltRange; readonly rangeXDeg: TiltRange };

/** Every frequency was seen; acryo's `no_wedge`. */
export function noWedge(): TiltModel {
  return { kind: "none" };
}

/**
 * One tilt series about an axis; acryo's `single_axis`.
 *
 * @throws {VitrineError} range: angles that do not rise, or beyond -90 to 90
 */
export function singleAxis(rangeDeg: TiltRange, axis: TiltAxis = "y"): TiltModel {
  if (axis !== "y" && axis !== "x")
    throw new VitrineError({ code: "range", at: "tilt axis", expected: '"y" or "x"', found: `${axis}` });
  return { kind: "single", rangeDeg: checkRange(rangeDeg), axis };
}

/** Two tilt series, about y and about x; acryo's `dual_axis`. @throws {VitrineError} range: as {@link singleAxis} */
export function dualAxis(rangeYDeg: TiltRange, rangeXDeg: TiltRange): TiltModel {
  return { kind: "dual", rangeYDeg: checkRange(rangeYDeg), rangeXDeg: checkRange(rangeXDeg) };
}

/** A tilt range as acryo takes one, or a model; nothing: no wedge. @throws {VitrineError} range; format: a key that models have not */
export function toTiltModel(tilt: TiltModel | TiltRange | undefined): TiltModel {
  if (tilt === undefined) return noWedge();
  if (!("kind" in tilt)) return singleAxis(tilt);
  switch (tilt.kind) {
    case "none":
      requireKnownOptions("tilt model", tilt, { kind: true });
      return tilt;
    case "single":
      requireKnownOptions("tilt model", tilt, { kind: true, rangeDeg: true, axis: true });
      return singleAxis(tilt.rangeDeg, tilt.axis);
    case "dual":
      requireKnownOptions("tilt model", tilt, { kind: true, rangeYDeg: true, rangeXDeg: true });
      return dualAxis(tilt.rangeYDeg, tilt.rangeXDeg);
    default:
      throw new VitrineError({
        code: "range",
        at: "tilt model kind",
        expected: "none, single or dual",
        found: JSON.stringify(tilt satisfies never),
      });
  }
}

function checkRange(range: TiltRange): TiltRange {
  const [min, max] = range;
  if (range.length === 2 && min >= -90 && max <= 90 && min < max) return [min, max];
  const expected = "two angles that rise, degrees from -90 to 90";
  throw new VitrineError({ code: "range", at: "tilt range", expected, found: `[${range}]` });
}

/** The two planes of a series in a molecule's own axes: a frequency was seen where the products with their normals differ in sign. */
export type WedgeNormals = readonly [lowest: Zyx, highest: Zyx];

/**
 * Normals of the planes of each tilt series, turned into the axes of a molecule.
 *
 * @param rotation  of the molecule
 * @returns         one pair a series; none where everything was seen
 */
export function wedgeNormals(tilt: TiltModel, rotation: Quaternion): readonly WedgeNormals[] {
  switch (tilt.kind) {
    case "none":
      return [];
    case "single":
      return [turnedNormals(tilt, rotation)];
    case "dual":
      return [
        turnedNormals({ kind: "single", rangeDeg: tilt.rangeYDeg, axis: "y" }, rotation),
        turnedNormals({ kind: "single", rangeDeg: tilt.rangeXDeg, axis: "x" }, rotation),
      ];
  }
}

function turnedNormals({ rangeDeg, axis }: SingleAxisTilt, rotation: Quaternion): WedgeNormals {
  const m = quaternionMatrix(invertQuaternion(rotation));
  const turn = (deg: number): Zyx => {
    const angle = Math.PI - (deg * Math.PI) / 180;
    // In single precision, as acryo has them.
    const [z, side] = [Math.fround(Math.cos(angle)), Math.fround(Math.sin(angle))];
    const [y, x] = axis === "y" ? [0, side] : [side, 0];
    return [
      exact(m[0] * z + m[1] * y + m[2] * x),
      exact(m[3] * z + m[4] * y + m[5] * x),
      exact(m[6] * z + m[7] * y + m[8] * x),
    ];
  };
  return [turn(rangeDeg[0]), turn(rangeDeg[1])];
}

/** Smaller, a component of a unit vector is the rounding of 0: tables have rotation vectors in single precision. */
const ROUNDING = 1e-6;

/** Molecules turned by right angles see the whole tilt axis, as molecules that are not turned do: its products are 0, of no sign. */
function exact(component: number): number {
  return Math.abs(component) < ROUNDING ? 0 : component;
}

/** Signed frequency index of place `i` of a transform of length n: of an even one, n/2 is -n/2. */
export function signedIndex(i: number, n: number): number {
  return 2 * i < n ? i : i - n;
}

/**
 * Which frequencies of a molecule's box were seen: 1, the others 0.
 *
 * @param rotation  of the molecule
 * @param shape     of the box, voxels; need not be a cube
 * @returns         (z, y, x) in the order of a Fourier transform, frequency 0 first, not shifted
 */
export function wedgeMask(tilt: TiltModel, rotation: Quaternion, shape: Shape3): Uint8Array {
  const mask = new Uint8Array(shape[0] * shape[1] * shape[2]);
  if (tilt.kind === "none") return mask.fill(1);
  for (const [lowest, highest] of wedgeNormals(tilt, rotation)) addSeen(mask, shape, [lowest, highest]);
  return mask;
}

function addSeen(mask: Uint8Array, shape: Shape3, [lowest, highest]: WedgeNormals): void {
  const [depth, height, width] = shape;
  const perIndex = (normal: Zyx) => normal.map((value, axis) => value / shape[axis]);
  const [a, b] = [perIndex(lowest), perIndex(highest)];
  let at = 0;
  for (let z = 0; z < depth; z++) {
    const kz = signedIndex(z, depth);
    for (let y = 0; y < height; y++) {
      const ky = signedIndex(y, height);
      for (let x = 0; x < width; x++, at++) {
        const k = [kz, ky, signedIndex(x, width)] as const;
        if (planeSide(k, a) * planeSide(k, b) <= 0) mask[at] = 1;
      }
    }
  }
}
