import { z } from "zod";

const um = z.number();

/** Properties of devices: device, property, value. */
export const propertiesSchema = z.array(z.tuple([z.string(), z.string(), z.unknown()])).nullish();

/** An index that useq's own files carry along; it changes nothing. */
export const indexSchema = z.int().nullish();

/** What any position may carry. */
export const positionShape = {
  name: z.string().nullish(),
  properties: propertiesSchema,
  plate_row: indexSchema,
  plate_col: indexSchema,
  grid_row: indexSchema,
  grid_col: indexSchema,
  row: indexSchema,
  col: indexSchema,
};

const fov = { fov_width: z.number().nullish(), fov_height: z.number().nullish() };
const relativePosition = z.strictObject({
  ...positionShape,
  ...fov,
  x: um.optional(),
  y: um.optional(),
  z: um.optional(),
  sequence: z.null().optional(),
});

const gridBase = {
  ...fov,
  overlap: z
    .union([
      z.number().transform((part): [number, number] => [part, part]),
      z.tuple([z.number(), z.number()]),
    ])
    .optional(),
  mode: z.enum(["row_wise", "column_wise", "row_wise_snake", "column_wise_snake", "spiral"]).optional(),
};
const relativeTo = { relative_to: z.enum(["center", "top_left"]).optional() };
const rowsColumns = z.strictObject({
  ...gridBase,
  ...relativeTo,
  rows: z.int().positive(),
  columns: z.int().positive(),
});
const widthHeight = z.strictObject({
  ...gridBase,
  ...relativeTo,
  width: z.number().positive(),
  height: z.number().positive(),
});
const edges = z.strictObject({ ...gridBase, top: um, left: um, bottom: um, right: um });
const polygon = z.strictObject({
  ...gridBase,
  vertices: z.array(z.tuple([um, um])).min(3),
  convex_hull: z.boolean().nullish(),
  offset: um.nullish(),
});
const random = z.strictObject({
  ...fov,
  num_points: z.int().positive(),
  max_width: z.number().positive().optional(),
  max_height: z.number().positive().optional(),
  shape: z.enum(["ellipse", "rectangle"]).optional(),
  random_seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .nullish(),
  allow_overlap: z.boolean().optional(),
  order: z.enum(["nearest_neighbor", "two_opt", "random"]).nullish(),
  start_at: z.union([z.int().nonnegative(), relativePosition]).optional(),
});
const gridKeys = [rowsColumns, widthHeight, edges, polygon, random].flatMap((plan) =>
  Object.keys(plan.shape),
);
const onlyGridKeys = gridKeys.filter((key) => !Object.hasOwn(relativePosition.shape, key));

/** Every key of a position may be left out, so that without this a misspelt grid would be taken for a misspelt position. */
const singlePosition = z.preprocess((value, context) => {
  if (typeof value === "object" && value !== null && onlyGridKeys.some((key) => Object.hasOwn(value, key))) {
    context.issues.push({ code: "invalid_type", expected: "object", input: value });
  }
  return value;
}, relativePosition);

/** Points around a position: those of a well. */
export const pointsSchema = z.union([rowsColumns, widthHeight, random, singlePosition]);
/** Points of a sequence's axis g. */
export const gridSchema = z.union([rowsColumns, edges, widthHeight, polygon, random, singlePosition]);

export type GridPlan = z.output<typeof gridSchema>;
export type TiledPlan = Extract<GridPlan, { mode?: unknown }>;
export type PolygonPlan = z.output<typeof polygon>;
export type RandomPlan = z.output<typeof random>;
export type PointsPlan = z.output<typeof pointsSchema>;
