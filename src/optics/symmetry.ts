import {
  type EulerZyz,
  type Matrix3,
  matrixFromZyz,
  multiplyMatrices,
  transposeMatrix,
  VitrineError,
} from "../core/index.ts";

const IDENTITY: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const GOLDEN = (1 + Math.sqrt(5)) / 2;
const THREE_FOLD = rotationAbout([1, 1, 1], 120);

/** Entries of two rotations of one group differ by far more than this, or by rounding. */
const SAME = 1e-6;

/**
 * The rotations of a point group, the identity first. Axes as in the orientation grids: C and D have theirs of the highest
 * order along z, D a two-fold one along x; T and I have two-fold axes and O four-fold ones along x, y and z; T, O and I
 * have a three-fold one along (1, 1, 1), and I a five-fold one in the plane of x and z.
 *
 * A map with this symmetry has V(S r) = V(r) for each S, so that S R is the same view as R.
 *
 * @param symmetry "C1", "D2", "T", "O", "I"
 * @throws {VitrineError} unsupported: another name
 */
export function symmetryRotations(symmetry: string): Matrix3[] {
  return closure(generators(symmetry));
}

function generators(symmetry: string): Matrix3[] {
  const [, group, digits] = /^(?:([CD])([1-9]\d{0,2})|[TOI])$/.exec(symmetry) ?? [];
  const alongZ = (order: number) => rotationAbout([0, 0, 1], 360 / order);
  if (group === "C") return [alongZ(Number(digits))];
  if (group === "D") return [alongZ(Number(digits)), rotationAbout([1, 0, 0], 180)];
  if (symmetry === "T") return [alongZ(2), THREE_FOLD];
  if (symmetry === "O") return [alongZ(4), THREE_FOLD];
  if (symmetry === "I") return [alongZ(2), THREE_FOLD, rotationAbout([1, 0, GOLDEN], 72)];
  throw new VitrineError({
    code: "unsupported",
    at: "symmetryRotations(symmetry)",
    expected: "C or D with its order, T, O or I",
    found: JSON.stringify(symmetry),
  });
}

/** Rodrigues' rotation about an axis of any length. */
function rotationAbout(axis: readonly [number, number, number], angleDeg: number): Matrix3 {
  const [x, y, z] = axis.map((value) => value / Math.hypot(...axis));
  const [c, s] = [Math.cos((angleDeg * Math.PI) / 180), Math.sin((angleDeg * Math.PI) / 180)];
  const t = 1 - c;
  return [
    t * x * x + c,
    t * x * y - s * z,
    t * x * z + s * y,
    t * x * y + s * z,
    t * y * y + c,
    t * y * z - s * x,
    t * x * z - s * y,
    t * y * z + s * x,
    t * z * z + c,
  ];
}

/** All products of the generators. */
function closure(generators: readonly Matrix3[]): Matrix3[] {
  const found: Matrix3[] = [IDENTITY];
  for (let i = 0; i < found.length; i++) {
    for (const generator of generators) {
      const product = multiplyMatrices(generator, found[i]);
      if (!found.some((known) => known.every((value, k) => Math.abs(value - product[k]) < SAME)))
        found.push(product);
    }
  }
  return found;
}

/**
 * The angle in degrees of the smallest rotation that brings one orientation to another, or to a view of a symmetric map that
 * looks the same.
 *
 * @param symmetry  the rotations of the map's point group, see {@link symmetryRotations}; without them no two views are alike
 */
export function angleBetweenDeg(a: EulerZyz, b: EulerZyz, symmetry: readonly Matrix3[] = [IDENTITY]): number {
  const toA = transposeMatrix(matrixFromZyz(a));
  const toB = matrixFromZyz(b);
  const cosines = symmetry.map((rotation) => {
    const between = multiplyMatrices(toA, multiplyMatrices(rotation, toB));
    return (between[0] + between[4] + between[8] - 1) / 2;
  });
  return (Math.acos(Math.min(1, Math.max(-1, ...cosines))) * 180) / Math.PI;
}
