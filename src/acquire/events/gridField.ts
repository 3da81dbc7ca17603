import { VitrineError } from "../../core/index.ts";

/** The camera's field of view in the specimen, µm. */
export type FieldUm = readonly [width: number, height: number];

type Group = Readonly<Record<string, unknown>>;

/** Whether a useq plan has a grid that does not say how large its tiles are, at any depth. */
export function lacksField(plan: unknown): boolean {
  return missingFields(plan, "").length > 0;
}

/**
 * A useq plan whose grids know the size of their tiles: that of the camera's field where they say nothing, as pymmcore-plus does it.
 *
 * @throws {VitrineError} undeterminable: a grid without a size, and no field
 */
export function withField(plan: unknown, field: FieldUm | undefined, at: string): unknown {
  const [missing] = missingFields(plan, at);
  if (missing === undefined) return plan;
  if (field === undefined) throw unknownField(missing);
  return filled(plan, field);
}

function filled(value: unknown, field: FieldUm): unknown {
  if (Array.isArray(value)) return value.map((inner) => filled(inner, field));
  if (!isGroup(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    const grid = filled(inner, field);
    return [key, isGridKey(key) && isGroup(grid) && needsField(grid) ? sized(grid, field) : grid];
  });
  return Object.fromEntries(entries);
}

function sized(grid: Group, [width, height]: FieldUm): Group {
  return { ...grid, fov_width: grid.fov_width || width, fov_height: grid.fov_height || height };
}

/** Places of grids without a size. */
function missingFields(value: unknown, at: string): string[] {
  if (Array.isArray(value)) return value.flatMap((inner, i) => missingFields(inner, `${at}[${i}]`));
  if (!isGroup(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const where = `${at} ${key}`;
    const own = isGridKey(key) && isGroup(inner) && needsField(inner) ? [where] : [];
    return [...own, ...missingFields(inner, where)];
  });
}

function isGridKey(key: string): boolean {
  return key === "grid_plan" || key === "well_points_plan";
}

/** A grid of one tile, and points that may overlap, lie where they lie whatever the camera sees. */
function needsField(grid: Group): boolean {
  if (grid.fov_width && grid.fov_height) return false;
  if ("num_points" in grid) return grid.allow_overlap === false;
  if ("rows" in grid || "columns" in grid) return grid.rows !== 1 || grid.columns !== 1;
  return ["width", "height", "top", "bottom", "left", "right", "vertices"].some((key) => key in grid);
}

function isGroup(value: unknown): value is Group {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownField(at: string): VitrineError {
  return new VitrineError({
    code: "undeterminable",
    at,
    expected: "fov_width and fov_height, or a camera whose field of view is known",
    found: "neither",
    hint: "Add fov_width and fov_height, µm",
  });
}
