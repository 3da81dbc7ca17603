import type { Matrix3 } from "../../core/index.ts";
import { eulerFromQuaternion, quaternionFromEuler } from "../molecules/euler.ts";
import {
  type Quaternion,
  quaternionFromMatrix,
  quaternionMatrix,
  type Zyx,
} from "../molecules/quaternion.ts";
import { RADIANS } from "../molecules/rotations.ts";

/** Three Euler angles of another program, degrees, in the order in which it writes them. */
export type AnglesDeg = readonly [number, number, number];

/** RELION's rot, tilt and psi of a molecule's rotation. */
export interface RelionAngles {
  readonly rot: number;
  readonly tilt: number;
  readonly psi: number;
}

/** The rotation of RELION's angles: the transpose of Rz(rot) Ry(tilt) Rz(psi), which brings the reference into the tomogram. */
export function fromRelion({ rot, tilt, psi }: RelionAngles): Quaternion {
  return quaternionFromEuler([rot * RADIANS, tilt * RADIANS, psi * RADIANS], "ZYZ");
}

/** RELION's angles of a rotation, degrees. */
export function toRelion(q: Quaternion): RelionAngles {
  const [rot, tilt, psi] = eulerFromQuaternion(q, "ZYZ");
  return { rot: rot / RADIANS, tilt: tilt / RADIANS, psi: psi / RADIANS };
}

/** What a program's three angles are, by RELION's. */
export interface AngleConvention {
  toRelion(angles: AnglesDeg): RelionAngles;
  fromRelion(angles: RelionAngles): AnglesDeg;
}

/**
 * Dynamo's tdrot, tilt, narot: R = Rz(-tdrot) Rx(-tilt) Rz(-narot).
 *
 * Source: Castaño-Díez et al. 2012 (Dynamo); the package eulerangles, whose test it meets.
 */
export const DYNAMO: AngleConvention = {
  toRelion: ([tdrot, tilt, narot]) => ({ rot: narot - 90, tilt, psi: tdrot + 90 }),
  fromRelion: ({ rot, tilt, psi }) => [wrapDeg(psi - 90), tilt, wrapDeg(rot + 90)],
};

/** phi, psi, theta of TOM, AV3, STOPGAP and PEET, in that order: R = Rz(psi) Rx(theta) Rz(phi). Source: cryoCAT, cryomotl. */
export const AV3: AngleConvention = {
  toRelion: ([phi, psi, theta]) => ({ rot: 90 - phi, tilt: theta, psi: -90 - psi }),
  fromRelion: ({ rot, tilt, psi }) => [wrapDeg(90 - rot), wrapDeg(-90 - psi), tilt],
};

/** EMAN2's az, alt, phi. Source: the 3DEM conventions. */
export const EMAN2: AngleConvention = {
  toRelion: ([az, alt, phi]) => ({ rot: az - 90, tilt: alt, psi: phi + 90 }),
  fromRelion: ({ rot, tilt, psi }) => [wrapDeg(rot + 90), tilt, wrapDeg(psi - 90)],
};

/** From above -180 to 180. */
function wrapDeg(angle: number): number {
  const wrapped = (((angle % 360) + 540) % 360) - 180;
  return wrapped === -180 ? 180 : wrapped;
}

/** A molecule's rotation of a matrix that acts on (x, y, z) columns, reference to tomogram. @throws {VitrineError} range: no rotation */
export function fromXyzMatrix(matrix: readonly number[], at: string): Quaternion {
  return quaternionFromMatrix([...matrix].reverse(), at);
}

/** A matrix that acts on (x, y, z) columns, reference to tomogram, row-major. */
export function toXyzMatrix(q: Quaternion): Matrix3 {
  const [a, b, c, d, e, f, g, h, i] = quaternionMatrix(q);
  return [i, h, g, f, e, d, c, b, a];
}

/** nm of Å. */
const NM_PER_A = 0.1;

/** Place in nm, z y x, of voxels (x, y, z) counted from 0, at a pixel size in Å. */
export function placeOf([x, y, z]: readonly [number, number, number], pixelSizeA: number): Zyx {
  const scale = pixelSizeA * NM_PER_A;
  return [z * scale, y * scale, x * scale];
}

/** Voxels (x, y, z) counted from 0 of a place in nm, z y x. */
export function voxelsOf([z, y, x]: Zyx, pixelSizeA: number): readonly [number, number, number] {
  const scale = pixelSizeA * NM_PER_A;
  return [x / scale, y / scale, z / scale];
}

/** The value of a feature where it is a number. */
export function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
