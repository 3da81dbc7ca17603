import { VitrineError } from "../../../core/index.ts";
import { lazyIterable } from "../lazyIterable.ts";
import { angleOf, cosSin, fusedMultiplyAdd } from "./doubleDouble.ts";
import { gridPoints } from "./grid.ts";
import type { PointsPlan } from "./gridSchema.ts";
import type { Plate, WellPlatePlan } from "./schema.ts";
import type { Point } from "./traversal.ts";
import { selectedWells, type Well } from "./wellIndex.ts";

type PlateShape = Exclude<Plate, string>;

const ROUND_WELL_PLATES: readonly (readonly [name: string, PlateShape])[] = [
  ["6-well", { rows: 2, columns: 3, well_spacing: [39.12, 39.12], well_size: [34.8, 34.8] }],
  ["12-well", { rows: 3, columns: 4, well_spacing: [26, 26], well_size: [22, 22] }],
  ["24-well", { rows: 4, columns: 6, well_spacing: [19, 19], well_size: [15.6, 15.6] }],
  ["48-well", { rows: 6, columns: 8, well_spacing: [13, 13], well_size: [11.1, 11.1] }],
  ["96-well", { rows: 8, columns: 12, well_spacing: [9, 9], well_size: [6.4, 6.4] }],
];
const SQUARE_WELL_PLATES: readonly (readonly [name: string, PlateShape])[] = [
  ["384-well", { rows: 16, columns: 24, well_spacing: [4.5, 4.5], well_size: [3.4, 3.4] }],
  ["1536-well", { rows: 32, columns: 48, well_spacing: [2.25, 2.25], well_size: [1.7, 1.7] }],
  ["coverslip-18mm-square", { rows: 1, columns: 1, well_spacing: [0, 0], well_size: [18, 18] }],
  ["coverslip-22mm-square", { rows: 1, columns: 1, well_spacing: [0, 0], well_size: [22, 22] }],
];

/** Plates by the names that useq registers; sizes in mm. */
const PLATES: ReadonlyMap<string, PlateShape> = new Map([
  ...ROUND_WELL_PLATES,
  ...SQUARE_WELL_PLATES.map(([name, shape]) => [name, { ...shape, circular_wells: false }] as const),
]);

/** A point in a well, on the stage, µm. */
export interface WellPosition {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** The well, and the point's own name or number. */
  readonly name: string;
}

/**
 * The positions of a plan: well after well, in each its points.
 *
 * @param seed  for random points without one; every well then gets its own
 * @throws {VitrineError} missing: a plate that nobody registered; as {@link selectedWells}
 * Source: useq-schema 0.9.2, `WellPlatePlan`.
 */
export function wellPositions(plan: WellPlatePlan, seed: number, at: string): Iterable<WellPosition> {
  const plate = typeof plan.plate === "string" ? registeredPlate(plan.plate, `${at} plate`) : plan.plate;
  const wells = selectedWells(plan.selected_wells, plate, `${at} selected_wells`);
  const points = pointsInWells(plan.well_points_plan ?? {}, plate, { seed, at: `${at} well_points_plan` });
  const toStage = wellToStage(plan, plate, { isSingle: wells.length === 1, at });
  return lazyIterable(function* () {
    for (const [i, well] of wells.entries()) yield* positionsIn(wellName(well), toStage(well), points(i));
  });
}

/** The points in a well, counted from its centre, and their common height and name. */
interface WellPoints {
  readonly points: Iterable<Point>;
  readonly z: number;
  readonly name?: string | null | undefined;
  readonly isSingle: boolean;
}

function* positionsIn(well: string, [x, y]: Point, inWell: WellPoints): Generator<WellPosition> {
  let i = 0;
  for (const [dx, dy] of inWell.points) {
    const suffix = inWell.isSingle ? inWell.name : String(i++).padStart(4, "0");
    yield { x: x + dx, y: y + dy, z: inWell.z, name: suffix ? `${well}_${suffix}` : well };
  }
}

function pointsInWells(
  plan: PointsPlan,
  plate: PlateShape,
  { seed, at }: { seed: number; at: string },
): (wellNumber: number) => WellPoints {
  if ("num_points" in plan) {
    const shape = plan.shape ?? (plate.circular_wells === false ? "rectangle" : "ellipse");
    const pointsOf = (ownSeed: number) => ({
      ...gridPoints({ ...plan, shape }, ownSeed, at),
      z: 0,
      isSingle: false,
    });
    const made = new Map<number, WellPoints>();
    return (well) => {
      const key = plan.random_seed == null ? well : 0;
      const points = made.get(key) ?? pointsOf((seed + key) >>> 0);
      made.set(key, points);
      return points;
    };
  }
  const { points } = gridPoints(plan, seed, at);
  const isTiled = "rows" in plan || "width" in plan;
  const all: WellPoints = isTiled
    ? { points, z: 0, isSingle: false }
    : { points, z: plan.z ?? 0, name: plan.name, isSingle: true };
  return () => all;
}

function registeredPlate(name: string, at: string): PlateShape {
  const plate = PLATES.get(name);
  if (plate !== undefined) return plate;
  throw new VitrineError({
    code: "missing",
    at,
    expected: `one of ${[...PLATES.keys()].join(", ")}`,
    found: JSON.stringify(name),
    hint: "Or describe the plate: rows, columns, well_spacing and well_size",
  });
}

/** From a well to its centre on the stage, µm: scaled to the spacing, turned, moved to A1. Rows go down, the stage's y up. */
function wellToStage(
  { a1_center_xy: a1, rotation }: WellPlatePlan,
  plate: PlateShape,
  { isSingle, at }: { isSingle: boolean; at: string },
): (well: Well) => Point {
  const degrees = rotation == null ? undefined : rotationDegrees(rotation, `${at} rotation`);
  const [cos, sin] = degrees === undefined ? [1, 0] : cosSin(degrees * (Math.PI / 180));
  const [spacingX, spacingY] = plate.well_spacing;
  const [x0, y0] = [a1[0] / 1000, a1[1] / 1000];
  // numpy's product of matrices rounds only one of the two products: the column's for a single well, else the row's.
  const along = ([row, column]: Well, [perRow, perColumn]: Point) =>
    isSingle
      ? fusedMultiplyAdd(row, perRow, column * perColumn)
      : fusedMultiplyAdd(column, perColumn, row * perRow);
  return (well) => {
    const y = along(well, [cos * -spacingY, sin * spacingX]) + y0;
    const x = along(well, [-sin * -spacingY, cos * spacingX]) + x0;
    return [x * 1000, y * 1000];
  };
}

/** Degrees from a number, from text with a unit, or from a rotation matrix (cos, -sin, sin, cos). */
function rotationDegrees(rotation: NonNullable<WellPlatePlan["rotation"]>, at: string): number {
  if (typeof rotation === "number") return rotation;
  if (typeof rotation !== "string") {
    const [cos, , sin] = rotation.flat();
    return angleOf(cos, sin) * (180 / Math.PI);
  }
  const isRadians = rotation.includes("rad");
  const text = rotation.replaceAll(/rad|deg|[°˚]/g, "").trim();
  const value = text === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) {
    throw new VitrineError({
      code: "format",
      at,
      expected: 'an angle such as 5, "5°" or "0.1 rad"',
      found: rotation,
    });
  }
  return isRadians ? value * (180 / Math.PI) : value;
}

/** A1 is the well of the first row and column; after row Z come AA, AB ... */
function wellName([row, column]: Well): string {
  let letters = "";
  for (let i = row; i >= 0; i = Math.floor(i / 26) - 1)
    letters = String.fromCharCode(65 + (i % 26)) + letters;
  return `${letters}${column + 1}`;
}
