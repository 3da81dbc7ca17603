import { VitrineError } from "../../core/index.ts";
import { refuseUnknownKeys } from "../../io/index.ts";

/** Rows and columns of a mosaic, in either of the two forms that callers have. */
export type StitchDimensions =
  | readonly [rows: number, columns: number]
  | { readonly nRows: number; readonly nCols: number };

/** A place in a mosaic: row (y) and column (x), from 0 on unless `oneBased` was asked for. */
export type GridCoordinate = [row: number, column: number];

/** Which sides of a mosaic are the longer ones: `vertical` has at least as many rows as columns. */
export type StitchMajorAxis = "vertical" | "horizontal";

/** How coordinates are counted. */
export interface GridCounting {
  /** Count rows and columns from 1 on, as OME does. Default false. */
  readonly oneBased?: boolean;
}

/** Keys of all options of stitching: each function knows some. @throws {VitrineError} format: another */
export function refuseOthers(options: object, at: string, known: readonly (keyof StitchOptions)[]): void {
  refuseUnknownKeys(options, { known, at: `${at} options` });
}

/** What the functions of stitching take, all together. */
interface StitchOptions extends GridCounting {
  readonly compat?: boolean;
  readonly reverseRows?: boolean;
  readonly reverseColumns?: boolean;
}

/** Coordinates of a mosaic's cells, counted as asked for. */
export function countFrom(
  coordinates: readonly GridCoordinate[],
  { oneBased = false }: GridCounting,
): GridCoordinate[] {
  const first = oneBased ? 1 : 0;
  return coordinates.map(([row, column]) => [row + first, column + first]);
}

/** Both forms as `[rows, columns]`. @throws {VitrineError} type: not whole numbers; range: below 0 */
export function parseStitchDimensions(stitchDims: StitchDimensions, at: string): GridCoordinate {
  const { nRows, nCols } =
    "nRows" in stitchDims ? stitchDims : { nRows: stitchDims[0], nCols: stitchDims[1] };
  return [wholeNumber(nRows, `${at} rows`, 0), wholeNumber(nCols, `${at} columns`, 0)];
}

/** @throws {VitrineError} type: not a whole number; range: below `least` */
export function wholeNumber(value: number, at: string, least: number): number {
  if (!Number.isSafeInteger(value)) {
    throw new VitrineError({
      code: "type",
      at,
      expected: "a whole number",
      found: JSON.stringify(value) ?? "nothing",
    });
  }
  if (value >= least) return value;
  throw new VitrineError({ code: "range", at, expected: `${least} or more`, found: `${value}` });
}

/**
 * Guesses rows and columns of a mosaic of `nSites` images: the rectangle with the fewest cells that holds them, no side longer than twice
 * the square root. Among equals a square, else the longest: 22 sites are (8, 3).
 *
 * @param nSites     1 or more
 * @param majorAxis  `vertical` (default) gives more rows, `horizontal` more columns
 * @returns          `[rows, columns]`
 * @throws {VitrineError} range: another axis, no site at all; type: not a whole number
 *
 * Source: TissueMAPS, tmlib.workflow.illuminati.stitch.guess_stitch_dimensions.
 */
export function guessStitchDimensions(
  nSites: number,
  majorAxis: StitchMajorAxis = "vertical",
): GridCoordinate {
  const at = "guessStitchDimensions";
  if (majorAxis !== "vertical" && majorAxis !== "horizontal") {
    const found = JSON.stringify(majorAxis) ?? "nothing";
    throw new VitrineError({
      code: "range",
      at: `${at} majorAxis`,
      expected: '"vertical" or "horizontal"',
      found,
    });
  }
  const [short, long] = smallestRectangle(wholeNumber(nSites, `${at} nSites`, 1));
  return majorAxis === "vertical" ? [long, short] : [short, long];
}

function smallestRectangle(nSites: number): GridCoordinate {
  const longest = nSites < 4 ? 4 : 2 * Math.floor(Math.sqrt(nSites));
  let best: GridCoordinate = [longest, longest];
  for (let short = 1; (short - 1) ** 2 < nSites; short++) {
    const long = Math.max(short, Math.ceil(nSites / short));
    if (long > longest) continue;
    const fewer = best[0] * best[1] - short * long;
    if (fewer > 0 || (fewer === 0 && short === long)) best = [short, long];
  }
  return best;
}
