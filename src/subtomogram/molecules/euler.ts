import { VitrineError } from "../../core/index.ts";
import { IDENTITY, multiplyQuaternions, type Quaternion } from "./quaternion.ts";

/**
 * Which axes three Euler angles turn about: `ZXZ` about axes that turn along (intrinsic), `zxz` about fixed ones (extrinsic).
 */
export type EulerSequence = string;

/**
 * How letters and angles are meant. `xyz`: as acryo means them by default, the rotation that brings the molecule back to the template's
 * orientation, for right-handed (x, y, z). `zyx`: the letters x, y, z are the first, second and third of (z, y, x), as scipy reads them.
 */
export type EulerOrder = "xyz" | "zyx";

/** Three angles in radians, in the order of the sequence. */
export type EulerAngles = readonly [number, number, number];

/**
 * The rotation of Euler angles, acting on (z, y, x) columns.
 *
 * @throws {VitrineError} format: no sequence
 */
export function quaternionFromEuler(
  angles: EulerAngles,
  sequence: EulerSequence,
  order: EulerOrder = "xyz",
): Quaternion {
  const { axes, isIntrinsic } = parseSequence(sequence, order);
  const turns = order === "zyx" ? angles : [angles[2], angles[1], angles[0]];
  return turns
    .map((angle, i) => elementary(axes[i], angle))
    .reduce(
      (sum, next) => (isIntrinsic ? multiplyQuaternions(sum, next) : multiplyQuaternions(next, sum)),
      IDENTITY,
    );
}

/**
 * Euler angles of a rotation: the first and third from -π to π, the second from 0 to π where the first and third axes are the same,
 * else from -π/2 to π/2. Where only a sum or difference of the outer two is determined, one of them is 0, the same as scipy's.
 *
 * @throws {VitrineError} format: no sequence
 * Source: Bernardes & Viollet 2022, PLoS ONE 17:e0276302.
 */
export function eulerFromQuaternion(
  q: Quaternion,
  sequence: EulerSequence,
  order: EulerOrder = "xyz",
): EulerAngles {
  const { axes, isIntrinsic } = parseSequence(sequence, order);
  // Angles about fixed axes a, b, c are those about turning axes c, b, a; the method is for fixed ones.
  const [i, j, last] = isIntrinsic ? [axes[2], axes[1], axes[0]] : axes;
  const isProper = i === last;
  const k = isProper ? 3 - i - j : last;
  const sign = ((i - j) * (j - k) * (k - i)) / 2;
  const w = q[3];
  const parts = isProper
    ? ([w, q[i], q[j], q[k] * sign] as const)
    : ([w - q[j], q[i] + q[k] * sign, q[j] + w, q[k] * sign - q[i]] as const);
  const [a, b, c] = anglesOf(parts, { isIntrinsic, isProper, sign });
  return order === "zyx" ? [a, b, c] : [c, b, a];
}

/** A second angle nearer to 0 or π leaves the others undetermined; scipy's. */
const SAME_ANGLE = 1e-7;

interface Kind {
  readonly isIntrinsic: boolean;
  readonly isProper: boolean;
  readonly sign: number;
}

function anglesOf(
  [a, b, c, d]: readonly [number, number, number, number],
  { isIntrinsic, isProper, sign }: Kind,
): EulerAngles {
  const [first, third] = isIntrinsic ? [2, 0] : [0, 2];
  const middle = 2 * Math.atan2(Math.hypot(c, d), Math.hypot(a, b));
  const [sum, difference] = [Math.atan2(b, a), Math.atan2(d, c)];
  const angles: [number, number, number] = [0, middle, 0];
  if (middle <= SAME_ANGLE) angles[0] = 2 * sum;
  else if (Math.PI - middle <= SAME_ANGLE) angles[0] = 2 * difference * (isIntrinsic ? 1 : -1);
  else {
    angles[first] = sum - difference;
    angles[third] = sum + difference;
  }
  if (!isProper) {
    angles[third] *= sign;
    angles[1] -= Math.PI / 2;
  }
  return [wrap(angles[0]), wrap(angles[1]), wrap(angles[2])];
}

function wrap(angle: number): number {
  if (angle > Math.PI) return angle - 2 * Math.PI;
  return angle < -Math.PI ? angle + 2 * Math.PI : angle;
}

function elementary(axis: number, angle: number): Quaternion {
  const sine = Math.sin(angle / 2);
  return [axis === 0 ? sine : 0, axis === 1 ? sine : 0, axis === 2 ? sine : 0, Math.cos(angle / 2)];
}

/** Axes as places in (z, y, x), in the order in which scipy is given them. */
function parseSequence(sequence: EulerSequence, order: EulerOrder) {
  const isIntrinsic = /^[XYZ]{3}$/.test(sequence);
  const repeats = sequence[0] === sequence[1] || sequence[1] === sequence[2];
  if (repeats || !(isIntrinsic || /^[xyz]{3}$/.test(sequence))) {
    const expected = 'three axes, no two neighbours the same: "ZXZ" (turning axes) or "zxz" (fixed ones)';
    throw new VitrineError({
      code: "format",
      at: "Euler sequence",
      expected,
      found: JSON.stringify(sequence),
    });
  }
  const letters = Array.from(sequence.toLowerCase());
  const [a, b, c] = letters.map((axis) => (order === "zyx" ? "xyz" : "zyx").indexOf(axis));
  const axes: EulerAngles = order === "zyx" ? [a, b, c] : [c, b, a];
  return { axes, isIntrinsic };
}
