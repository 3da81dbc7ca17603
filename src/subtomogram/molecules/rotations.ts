import { seededRandom } from "../../core/index.ts";
import { type OptionKeys, refuseUnknownKeys } from "../../io/index.ts";
import { type RowsInput, toRows } from "./arrays.ts";
import { type EulerOrder, type EulerSequence, quaternionFromEuler } from "./euler.ts";
import {
  normalizeQuaternion,
  type Quaternion,
  quaternionFromMatrix,
  quaternionFromRotvec,
} from "./quaternion.ts";

/** How Euler angles are written. */
export interface EulerOptions {
  /** Default `ZXZ`. */
  readonly sequence?: EulerSequence;
  /** Angles are degrees instead of radians; default false. */
  readonly degrees?: boolean;
  /** Default `xyz`. */
  readonly order?: EulerOrder;
}

const EULER_KEYS: OptionKeys<EulerOptions> = { sequence: true, degrees: true, order: true };

/** @throws {VitrineError} format: a key that is none, as scipy's `seq`, which would leave another sequence */
export function requireEulerOptions(options: EulerOptions, at: string): void {
  refuseUnknownKeys(options, { known: Object.keys(EULER_KEYS), at, others: { seq: "sequence" } });
}

/** Radians of a degree. */
export const RADIANS = Math.PI / 180;

/** Rows of four numbers as quaternions of length 1. @throws {VitrineError} range: a row of no length */
export function toQuaternionRows(input: RowsInput | readonly Quaternion[]): readonly Quaternion[] {
  return eachRow(input, 4, "quaternions").map((row, i) => normalizeQuaternion(row, `quaternions row ${i}`));
}

/** Of rotation vectors, radians. */
export function rotvecQuaternions(vectors: RowsInput): readonly Quaternion[] {
  return eachRow(vectors, 3, "rotation vectors").map(([z, y, x]) => quaternionFromRotvec([z, y, x]));
}

/** Of row-major matrices. @throws {VitrineError} range: no rotation */
export function matrixQuaternions(matrices: RowsInput): readonly Quaternion[] {
  return eachRow(matrices, 9, "matrices").map((row, i) => quaternionFromMatrix(row, `matrices row ${i}`));
}

/** Of Euler angles. @throws {VitrineError} format: no sequence */
export function eulerQuaternions(angles: RowsInput, options: EulerOptions) {
  requireEulerOptions(options, "Euler angles");
  const { sequence = "ZXZ", degrees = false, order = "xyz" } = options;
  const unit = degrees ? RADIANS : 1;
  return eachRow(angles, 3, "Euler angles").map(([a, b, c]) =>
    quaternionFromEuler([a * unit, b * unit, c * unit], sequence, order),
  );
}

/** Evenly over all rotations: four normal numbers point in an even direction. */
export function randomQuaternions(count: number, seed: number): readonly Quaternion[] {
  const random = seededRandom(seed);
  const draw = () => [random.normal(), random.normal(), random.normal(), random.normal()];
  return Array.from({ length: count }, () => normalizeQuaternion(draw(), "random rotation"));
}

function eachRow(input: RowsInput, width: number, at: string): number[][] {
  const rows = toRows(input, width, at);
  return Array.from({ length: rows.length / width }, (_, i) =>
    Array.from(rows.subarray(i * width, (i + 1) * width)),
  );
}
