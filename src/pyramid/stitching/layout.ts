import { VitrineError } from "../../core/index.ts";
import {
  countFrom,
  type GridCoordinate,
  type GridCounting,
  parseStitchDimensions,
  refuseOthers,
  type StitchDimensions,
} from "./dimensions.ts";

/** The orders in which a microscope visits the cells of a mosaic. */
export const STITCH_LAYOUTS = ["horizontal", "zigzag_horizontal", "vertical", "zigzag_vertical"] as const;

/** `horizontal` goes row by row, `vertical` column by column; `zigzag_` turns round at each end. All begin at the top left. */
export type StitchLayout = (typeof STITCH_LAYOUTS)[number];

/**
 * The cell of each image of a mosaic, in the order of acquisition.
 *
 * @param stitchDims  rows and columns; a mosaic without any has no cells
 * @param layout      one of {@link STITCH_LAYOUTS}
 * @returns           rows x columns pairs `[row, column]`
 * @throws {VitrineError} type: a layout that is no text, dimensions that are no whole numbers; range: another layout, dimensions below 0; format:
 *   an unknown option
 *
 * Source: TissueMAPS, tmlib.workflow.illuminati.stitch.calc_grid_coordinates_from_layout.
 */
export function calcGridCoordinatesFromLayout(
  stitchDims: StitchDimensions,
  layout: StitchLayout,
  counting: GridCounting = {},
): GridCoordinate[] {
  const at = "calcGridCoordinatesFromLayout";
  refuseOthers(counting, at, ["oneBased"]);
  checkLayout(layout, `${at} layout`);
  const [rows, columns] = parseStitchDimensions(stitchDims, `${at} stitchDims`);
  return countFrom(Array.from(visits(rows, columns, layout)), counting);
}

function* visits(rows: number, columns: number, layout: StitchLayout): Generator<GridCoordinate> {
  const byRow = layout.endsWith("horizontal");
  const zigzag = layout.startsWith("zigzag");
  const [lines, length] = byRow ? [rows, columns] : [columns, rows];
  for (let line = 0; line < lines; line++) {
    for (let step = 0; step < length; step++) {
      const along = zigzag && line % 2 === 1 ? length - 1 - step : step;
      yield byRow ? [line, along] : [along, line];
    }
  }
}

function checkLayout(layout: unknown, at: string): void {
  const expected = STITCH_LAYOUTS.map((name) => `"${name}"`).join(", ");
  const found = JSON.stringify(layout) ?? "nothing";
  if (typeof layout !== "string") throw new VitrineError({ code: "type", at, expected, found });
  if (STITCH_LAYOUTS.some((name) => name === layout)) return;
  throw new VitrineError({ code: "range", at, expected, found });
}
