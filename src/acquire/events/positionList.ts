import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import { parseWithSchema } from "../../io/index.ts";

/** Where one stage stands, µm: one value, or x and y. */
export interface StagePosition {
  readonly device: string;
  readonly um: readonly number[];
}

/** A place of a position list of Micro-Manager: stages by their labels. */
export interface MultiStagePosition {
  /** Empty where it has none. */
  readonly label: string;
  readonly stages: readonly StagePosition[];
  /** Labels of the XY stage and the focus drive of the microscope that the list was made on; empty where it does not say. */
  readonly xyStage: string;
  readonly zStage: string;
  /** In the grid that Micro-Manager made it of; 0 elsewhere. */
  readonly row: number;
  readonly column: number;
  /** What else Micro-Manager keeps of it. */
  readonly properties: Readonly<Record<string, unknown>>;
}

const properties = z.record(z.string(), z.unknown()).optional();

/** Micro-Manager 1.4 (`PositionList.serialize`, version 3; 2 is the same): of a stage with one axis X is the value. */
const oldSchema = z.strictObject({
  VERSION: z.number().optional(),
  ID: z.string().optional(),
  POSITIONS: z.array(
    z.strictObject({
      LABEL: z.string().optional(),
      DEVICES: z.array(
        z.strictObject({
          DEVICE: z.string(),
          AXES: z.union([z.literal(1), z.literal(2)]),
          X: z.number(),
          Y: z.number().optional(),
          Z: z.number().optional(),
        }),
      ),
      DEFAULT_XY_STAGE: z.string().optional(),
      DEFAULT_Z_STAGE: z.string().optional(),
      GRID_ROW: z.int().optional(),
      GRID_COL: z.int().optional(),
      PROPERTIES: properties,
    }),
  ),
});

const text = z.strictObject({ type: z.string().optional(), scalar: z.string() });
const whole = z.strictObject({ type: z.string().optional(), scalar: z.int() });
/** A list of maps. */
const maps = <T extends z.ZodType>(map: T) =>
  z.strictObject({ type: z.string().optional(), array: z.array(map) });

/** Micro-Manager 2: a property map. */
const newSchema = z.strictObject({
  encoding: z.string().optional(),
  format: z.string().optional(),
  major_version: z.number().optional(),
  minor_version: z.number().optional(),
  map: z.strictObject({
    StagePositions: maps(
      z.strictObject({
        Label: text.optional(),
        DevicePositions: maps(
          z.strictObject({
            Device: text,
            Position_um: z.strictObject({
              type: z.string().optional(),
              array: z.array(z.number()).min(1).max(2),
            }),
          }),
        ),
        DefaultXYStage: text.optional(),
        DefaultZStage: text.optional(),
        GridRow: whole.optional(),
        GridCol: whole.optional(),
        Properties: z.strictObject({ type: z.string().optional(), scalar: properties }).optional(),
      }),
    ),
  }),
});

/** Whether a value is a position list rather than a plan. */
export function isPositionList(value: unknown): boolean {
  // a list has a method map
  return (
    typeof value === "object" &&
    value !== null &&
    (Object.hasOwn(value, "POSITIONS") || Object.hasOwn(value, "map"))
  );
}

/**
 * The places of a position list, as Micro-Manager 1.4 or 2 saves it (`.pos`).
 *
 * @param value  what was read of the file's JSON
 * @param at     how messages call it
 * @throws {VitrineError} format: another form; missing: no place, or one without stages
 *
 * Source: Micro-Manager 1.4 `PositionList`, 2 `PositionList.toPropertyMap`.
 */
export function parsePositionList(value: unknown, at: string): readonly MultiStagePosition[] {
  if (!isPositionList(value)) {
    const expected = "a position list of Micro-Manager, with POSITIONS (1.4) or a map of StagePositions (2)";
    throw new VitrineError({ code: "format", at, expected, found: kindOf(value) });
  }
  const places = Object.hasOwn(Object(value), "map") ? newPlaces(value, at) : oldPlaces(value, at);
  if (places.length === 0) throw missing(at, "at least one position", "an empty list");
  for (const [i, { stages }] of places.entries())
    if (stages.length === 0) throw missing(`${at} position ${i}`, "at least one stage", "none");
  return places;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value !== "object" || value === null) return String(value);
  return Object.keys(value).join(", ") || "no key";
}

function oldPlaces(value: unknown, at: string): MultiStagePosition[] {
  return parseWithSchema(value, oldSchema, at).POSITIONS.map((place) => ({
    label: place.LABEL ?? "",
    stages: place.DEVICES.map(({ DEVICE: device, AXES: axes, X: x, Y: y = 0 }) => ({
      device,
      um: axes === 1 ? [x] : [x, y],
    })),
    xyStage: place.DEFAULT_XY_STAGE ?? "",
    zStage: place.DEFAULT_Z_STAGE ?? "",
    row: place.GRID_ROW ?? 0,
    column: place.GRID_COL ?? 0,
    properties: place.PROPERTIES ?? {},
  }));
}

function newPlaces(value: unknown, at: string): MultiStagePosition[] {
  return parseWithSchema(value, newSchema, at).map.StagePositions.array.map((place) => ({
    label: place.Label?.scalar ?? "",
    stages: place.DevicePositions.array.map(({ Device, Position_um: { array } }) => ({
      device: Device.scalar,
      um: array,
    })),
    xyStage: place.DefaultXYStage?.scalar ?? "",
    zStage: place.DefaultZStage?.scalar ?? "",
    row: place.GridRow?.scalar ?? 0,
    column: place.GridCol?.scalar ?? 0,
    properties: place.Properties?.scalar ?? {},
  }));
}

function missing(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "missing", at, expected, found });
}
