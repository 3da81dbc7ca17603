import { VitrineError } from "../../core/index.ts";
import { calcGridCoordinatesCompat, calcStitchLayoutCompat } from "./compat.ts";
import {
  countFrom,
  type GridCoordinate,
  type GridCounting,
  parseStitchDimensions,
  refuseOthers,
  type StitchDimensions,
  wholeNumber,
} from "./dimensions.ts";
import { bestLattice, type StagePosition } from "./lattice.ts";
import { calcGridCoordinatesFromLayout, STITCH_LAYOUTS, type StitchLayout } from "./layout.ts";

/** What all that is computed from stage positions knows. */
export interface PositionOptions {
  /** Do as TissueMAPS does, wrong results and errors included. Default false. */
  readonly compat?: boolean;
}

/** Which way the stage's axes run. */
export interface StageDirections {
  /** y grows upwards: the largest is row 0. Default false. */
  readonly reverseRows?: boolean;
  /** x grows to the left: the largest is column 0. Default false. */
  readonly reverseColumns?: boolean;
}

/**
 * Rows and columns of the mosaic whose images were taken at these positions. Positions may scatter, and some may be missing, as long as
 * every row and column has one: scatter is what is small beside the steps of both axes. Positions that are the same count once.
 *
 * @param positions  `[y, x]`, any unit
 * @returns          `[rows, columns]`; `[0, 0]` without positions. With `compat` every distinct number is a row or column of its own
 * @throws {VitrineError} type: positions that are not pairs of finite numbers
 *
 * Source of what it replaces: TissueMAPS, tmlib.workflow.illuminati.stitch.calc_stitch_dimensions.
 */
export function calcStitchDimensions(
  positions: readonly StagePosition[],
  options: PositionOptions = {},
): GridCoordinate {
  refuseOthers(options, "calcStitchDimensions", ["compat"]);
  const { compat = false } = options;
  checkPositions(positions, "calcStitchDimensions positions");
  if (compat) return [distinct(positions.map(([y]) => y)), distinct(positions.map(([, x]) => x))];
  const { rows, columns } = bestLattice(positions, distinct(positions.map(([y, x]) => `${y} ${x}`)));
  return [rows, columns];
}

function distinct(values: readonly (number | string)[]): number {
  return new Set(values).size;
}

/**
 * The order in which a mosaic's images were acquired, so that `calcGridCoordinatesFromLayout(stitchDims, layout)` are their cells. Where
 * several layouts are the same (one row, one column), the plain one along the longer side. Scatter is allowed; a run that stopped early
 * is too if what is there tells.
 *
 * @param stitchDims  rows and columns
 * @param positions   `[y, x]` in the order of acquisition
 * @throws {VitrineError} undeterminable: another order, or what fits several; range: more positions than cells; type: as
 *   {@link calcStitchDimensions}
 *
 * Source of what it replaces: TissueMAPS, tmlib.workflow.illuminati.stitch.calc_stitch_layout, which is right for square mosaics alone.
 */
export function calcStitchLayout(
  stitchDims: StitchDimensions,
  positions: readonly StagePosition[],
  options: PositionOptions & StageDirections = {},
): StitchLayout {
  const at = "calcStitchLayout";
  refuseOthers(options, at, ["compat", "reverseRows", "reverseColumns"]);
  const { compat = false, ...directions } = options;
  const dims = parseStitchDimensions(stitchDims, `${at} stitchDims`);
  checkPositions(positions, `${at} positions`);
  if (compat) return calcStitchLayoutCompat(dims, positions);
  const [rows, columns] = dims;
  if (positions.length > rows * columns) {
    const found = `${positions.length} positions`;
    throw new VitrineError({ code: "range", at, expected: `at most ${rows} x ${columns} positions`, found });
  }
  const fitting = fittingLayouts(dims, positions, directions);
  const isWhole = positions.length === rows * columns;
  if (fitting.length === 1 || (fitting.length > 1 && isWhole)) {
    return columns === 1 && fitting.includes("vertical") ? "vertical" : fitting[0];
  }
  throw noLayout(fitting, otherDirections(dims, positions, directions));
}

function fittingLayouts(
  dims: GridCoordinate,
  positions: readonly StagePosition[],
  directions: StageDirections,
): StitchLayout[] {
  const { cells } = bestLattice(turned(positions, directions), positions.length);
  return STITCH_LAYOUTS.filter((layout) => {
    const visits = calcGridCoordinatesFromLayout(dims, layout);
    return cells.every(([row, column], i) => visits[i][0] === row && visits[i][1] === column);
  });
}

/** The directions of the stage, in words, in which the positions would fit. */
function otherDirections(
  dims: GridCoordinate,
  positions: readonly StagePosition[],
  directions: StageDirections,
): string | undefined {
  for (const flips of [
    [true, false],
    [false, true],
    [true, true],
  ]) {
    const reverseRows = flips[0] !== (directions.reverseRows ?? false);
    const reverseColumns = flips[1] !== (directions.reverseColumns ?? false);
    if (fittingLayouts(dims, positions, { reverseRows, reverseColumns }).length > 0) {
      return `{ reverseRows: ${reverseRows}, reverseColumns: ${reverseColumns} }`;
    }
  }
  return undefined;
}

function noLayout(fitting: readonly StitchLayout[], other: string | undefined): VitrineError {
  const at = "calcStitchLayout positions";
  const expected = `the order of one of ${STITCH_LAYOUTS.join(", ")}`;
  const found = fitting.length > 1 ? `what fits ${fitting.join(", ")}` : "another order";
  const hint = other === undefined ? undefined : `It fits with ${other}`;
  return new VitrineError({
    code: "undeterminable",
    at,
    expected,
    found,
    ...(hint === undefined ? {} : { hint }),
  });
}

/**
 * The cell of each position in the grid on which all of them stand.
 *
 * Steps and scatter are told apart by asking for `n` different cells in as small a grid as possible, so that positions may scatter, cells
 * may be empty (their rows and columns not), and several positions may share a cell (channels with an offset).
 *
 * @param positions  `[y, x]`, any unit; at least `n`
 * @param n          number of different cells that positions have
 * @returns          `[row, column]` of each, from 0 on (`oneBased`: from 1); ascending y and x unless reversed
 * @throws {VitrineError} undeterminable: positions that no grid with `n` cells explains; range: fewer positions than `n`, n below 1;
 *   type: n no whole number, positions that are not pairs of finite numbers
 *
 * Source of what it replaces: TissueMAPS, tmlib.workflow.illuminati.stitch.calc_grid_coordinates_from_positions.
 */
export function calcGridCoordinatesFromPositions(
  positions: readonly StagePosition[],
  n: number,
  options: StageDirections & GridCounting & PositionOptions = {},
): GridCoordinate[] {
  const at = "calcGridCoordinatesFromPositions";
  refuseOthers(options, at, ["compat", "oneBased", "reverseRows", "reverseColumns"]);
  checkPositions(positions, `${at} positions`);
  if (positions.length < wholeNumber(n, `${at} n`, 1)) {
    const found = `${positions.length}`;
    throw new VitrineError({
      code: "range",
      at,
      expected: `at least ${n} positions`,
      found,
      hint: "Let n be the number of different sites that have one",
    });
  }
  const inOrder = turned(positions, options);
  return countFrom(
    options.compat === true ? calcGridCoordinatesCompat(inOrder, n) : cellsOf(inOrder, n),
    options,
  );
}

function cellsOf(positions: readonly StagePosition[], n: number): readonly GridCoordinate[] {
  const { cells, occupied, rows, columns } = bestLattice(positions, n);
  if (occupied === n) return cells;
  const at = "calcGridCoordinatesFromPositions positions";
  const found = `${occupied} cells of a grid of ${rows} x ${columns}`;
  throw new VitrineError({
    code: "undeterminable",
    at,
    expected: `positions in ${n} cells of a grid`,
    found,
  });
}

function turned(
  positions: readonly StagePosition[],
  { reverseRows = false, reverseColumns = false }: StageDirections,
): StagePosition[] {
  return positions.map(([y, x]) => [reverseRows ? -y : y, reverseColumns ? -x : x]);
}

function checkPositions(positions: readonly StagePosition[], at: string): void {
  const i = positions.findIndex((position) => position.length !== 2 || !position.every(Number.isFinite));
  if (i < 0) return;
  const found = `[${positions[i].join(", ")}]`;
  throw new VitrineError({ code: "type", at: `${at}[${i}]`, expected: "two finite numbers, y and x", found });
}
