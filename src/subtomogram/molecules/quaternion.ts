import { type Matrix3, VitrineError } from "../../core/index.ts";

/** Three numbers along z, y and x. */
export type Zyx = readonly [z: number, y: number, x: number];

/**
 * A rotation of (z, y, x) columns: the vector part along z, y and x, then the scalar. acryo hands these four numbers to scipy, which
 * calls them x, y, z and w.
 */
export type Quaternion = readonly [z: number, y: number, x: number, w: number];

/** No rotation. */
export const IDENTITY: Quaternion = [0, 0, 0, 1];

/** The rotation `a` after `b`. */
export function multiplyQuaternions(a: Quaternion, b: Quaternion): Quaternion {
  return [
    a[3] * b[0] + a[0] * b[3] + a[1] * b[2] - a[2] * b[1],
    a[3] * b[1] - a[0] * b[2] + a[1] * b[3] + a[2] * b[0],
    a[3] * b[2] + a[0] * b[1] - a[1] * b[0] + a[2] * b[3],
    a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2],
  ];
}

/** The rotation back. */
export function invertQuaternion([z, y, x, w]: Quaternion): Quaternion {
  return [-z, -y, -x, w];
}

/** Of length 1. @throws {VitrineError} range: of length 0 or not finite */
export function normalizeQuaternion(q: readonly number[], at: string): Quaternion {
  const [z, y, x, w] = q;
  const length = Math.hypot(z, y, x, w);
  if (q.length === 4 && Number.isFinite(length) && length > 0)
    return [z / length, y / length, x / length, w / length];
  const expected = "four numbers, finite and not all 0";
  throw new VitrineError({ code: "range", at, expected, found: `[${q}]` });
}

/** With a scalar that is not below 0, as scipy's `canonical`: of the two that are one rotation. */
export function canonicalQuaternion(q: Quaternion): Quaternion {
  const sign = Math.sign(q[3] || q[0] || q[1] || q[2]);
  return sign < 0 ? [-q[0], -q[1], -q[2], -q[3]] : q;
}

/** A vector (z, y, x), turned. */
export function rotateVector(q: Quaternion, v: Zyx): Zyx {
  const m = quaternionMatrix(q);
  return [
    m[0] * v[0] + m[1] * v[1] + m[2] * v[2],
    m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
    m[6] * v[0] + m[7] * v[1] + m[8] * v[2],
  ];
}

/** Row-major 3 x 3 matrix acting on (z, y, x) columns; its columns are the turned z, y and x axes. */
export function quaternionMatrix([a, b, c, w]: Quaternion): Matrix3 {
  return [
    1 - 2 * (b * b + c * c),
    2 * (a * b - c * w),
    2 * (a * c + b * w),
    2 * (a * b + c * w),
    1 - 2 * (a * a + c * c),
    2 * (b * c - a * w),
    2 * (a * c - b * w),
    2 * (b * c + a * w),
    1 - 2 * (a * a + b * b),
  ];
}

/**
 * The quaternion of a rotation matrix, row-major, acting on (z, y, x) columns.
 *
 * @throws {VitrineError} range: no rotation, an entry of M Mᵀ off by more than 0.001, or a mirror
 * Source: Markley 2008, J. Guid. Control Dyn. 31:440 (the largest component first, so that nothing is divided by a small number).
 */
export function quaternionFromMatrix(m: readonly number[], at: string): Quaternion {
  requireRotation(m, at);
  const trace = m[0] + m[4] + m[8];
  const candidates = [m[0], m[4], m[8], trace];
  const largest = candidates.indexOf(Math.max(...candidates));
  if (largest === 3) return normalizeQuaternion([m[7] - m[5], m[2] - m[6], m[3] - m[1], 1 + trace], at);
  const [i, j, k] = [largest, (largest + 1) % 3, (largest + 2) % 3];
  const q = [0, 0, 0, 0];
  q[i] = 1 - trace + 2 * m[4 * i];
  q[j] = m[3 * j + i] + m[3 * i + j];
  q[k] = m[3 * k + i] + m[3 * i + k];
  q[3] = m[3 * k + j] - m[3 * j + k];
  return normalizeQuaternion(q, at);
}

/** Farther from a rotation, an entry is no rounding of a file's decimals. */
const LARGEST_ERROR = 1e-3;

function requireRotation(m: readonly number[], at: string): void {
  const dot = (a: number, b: number) =>
    m[3 * a] * m[3 * b] + m[3 * a + 1] * m[3 * b + 1] + m[3 * a + 2] * m[3 * b + 2];
  const isOrthogonal = [0, 1, 2].every((a) =>
    [0, 1, 2].every((b) => Math.abs(dot(a, b) - (a === b ? 1 : 0)) <= LARGEST_ERROR),
  );
  const determinant =
    m[0] * (m[4] * m[8] - m[5] * m[7]) -
    m[1] * (m[3] * m[8] - m[5] * m[6]) +
    m[2] * (m[3] * m[7] - m[4] * m[6]);
  if (m.length === 9 && isOrthogonal && determinant > 0) return;
  const found = m.length === 9 && isOrthogonal ? "a mirror" : `[${m}]`;
  throw new VitrineError({ code: "range", at, expected: "a rotation matrix, row-major", found });
}

/** Where sin(x/2)/x and its kin are computed as series. */
const SMALL_ANGLE = 1e-3;

/** The quaternion of a rotation vector: its direction the axis, its length the angle in radians. */
export function quaternionFromRotvec([z, y, x]: Zyx): Quaternion {
  const angle = Math.hypot(z, y, x);
  const scale = angle < SMALL_ANGLE ? 0.5 - angle ** 2 / 48 + angle ** 4 / 3840 : Math.sin(angle / 2) / angle;
  return [scale * z, scale * y, scale * x, Math.cos(angle / 2)];
}

/** The rotation vector of a quaternion, its length from 0 to π. */
export function rotvecFromQuaternion(q: Quaternion): Zyx {
  const [z, y, x, w] = canonicalQuaternion(q);
  const angle = 2 * Math.atan2(Math.hypot(z, y, x), w);
  const scale =
    angle < SMALL_ANGLE ? 2 + angle ** 2 / 12 + (7 * angle ** 4) / 2880 : angle / Math.sin(angle / 2);
  return [scale * z, scale * y, scale * x];
}
