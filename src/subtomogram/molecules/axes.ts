import { VitrineError } from "../../core/index.ts";
import { type RowsInput, rowsFor } from "./arrays.ts";
import { type Quaternion, quaternionFromMatrix, type Zyx } from "./quaternion.ts";

/** Two of the three axes of molecules, (n, 3) vectors (z, y, x) of any length; the third follows. */
export interface MoleculeAxes {
  readonly z?: RowsInput;
  readonly y?: RowsInput;
  readonly x?: RowsInput;
}

/**
 * Rotations that turn the axes of a volume into those of molecules. y is kept as it is, z only what of it is orthogonal to y.
 *
 * @throws {VitrineError} format: not two axes; range: an axis without length, or two that are parallel
 */
export function quaternionsFromAxes(axes: MoleculeAxes, count: number): Quaternion[] {
  const given = Object.entries(axes).filter(([, rows]) => rows !== undefined);
  if (given.length !== 2) {
    const found = given.map(([name]) => name).join(", ") || "none";
    throw new VitrineError({ code: "format", at: "fromAxes", expected: "two of the axes z, y and x", found });
  }
  const rowOf = (rows: RowsInput | undefined, name: string) => {
    if (rows === undefined) return undefined;
    const row = rowsFor(rows, { count, width: 3, at: `fromAxes ${name}` });
    return (i: number): Zyx => [row(i)[0], row(i)[1], row(i)[2]];
  };
  const [zOf, yOf, xOf] = [rowOf(axes.z, "z"), rowOf(axes.y, "y"), rowOf(axes.x, "x")];
  return Array.from({ length: count }, (_, i) => {
    const [z, y, x] = [zOf?.(i), yOf?.(i), xOf?.(i)];
    if (z !== undefined && y !== undefined) return fromZy(z, y, i);
    if (x !== undefined && y !== undefined) return fromZy(cross(x, y), y, i);
    return fromZy(z ?? [0, 0, 0], cross(z ?? [0, 0, 0], x ?? [0, 0, 0]), i);
  });
}

function fromZy(z: Zyx, y: Zyx, index: number): Quaternion {
  const unitY = unit(y, index);
  const along = dot(z, unitY);
  const unitZ = unit([z[0] - along * unitY[0], z[1] - along * unitY[1], z[2] - along * unitY[2]], index);
  const x = cross(unitY, unitZ);
  const columns = [unitZ[0], unitY[0], x[0], unitZ[1], unitY[1], x[1], unitZ[2], unitY[2], x[2]];
  return quaternionFromMatrix(columns, `fromAxes row ${index}`);
}

/** Shorter than this, a direction is rounding. */
const SHORTEST = 1e-9;

function unit(v: Zyx, index: number): Zyx {
  const length = Math.hypot(...v);
  if (length > SHORTEST) return [v[0] / length, v[1] / length, v[2] / length];
  const at = `fromAxes row ${index}`;
  throw new VitrineError({
    code: "range",
    at,
    expected: "two axes of a length, not parallel",
    found: `[${v}]`,
  });
}

function dot(a: Zyx, b: Zyx): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** The product of vectors that are right-handed as (x, y, z): of x and y it is z. */
function cross(a: Zyx, b: Zyx): Zyx {
  return [a[2] * b[1] - a[1] * b[2], a[0] * b[2] - a[2] * b[0], a[1] * b[0] - a[0] * b[1]];
}
