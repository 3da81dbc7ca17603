import type { Box } from "../../io/render/index.ts";
import type { PixelSize } from "../geometry/levels.ts";

/** Where everything of a plate's picture lies, in its pixels. */
export interface PlateLayout extends PixelSize {
  /** Pixels of the map that become one, along each side. */
  readonly shrink: number;
  /** Of letters. */
  readonly textSize: number;
  /** Of a well's place, without what is between wells. */
  readonly cell: PixelSize;
  /** The whole plate within the picture. */
  readonly body: Box;
  /** The place of a well. */
  boxOf(well: { readonly rowIndex: number; readonly columnIndex: number }): Box;
}

const MARGIN = 12;
const HEADING_LINES = 2;

/** A plate with all its rows and columns, as large as the picture may be; wells are all as large as the largest mosaic. */
export function layOutPlate(
  { nRows, nColumns }: { readonly nRows: number; readonly nColumns: number },
  well: PixelSize,
  maxSize: number,
): PlateLayout {
  const textSize = Math.max(7, Math.round(maxSize / 120));
  const labels = 3 * textSize;
  const heading = MARGIN + Math.round(HEADING_LINES * 1.9 * textSize);
  const [left, top] = [MARGIN + labels, heading + 2 * textSize];
  const gap = Math.max(1, Math.round(maxSize / 700));
  const room = (count: number, used: number) => Math.max(count, maxSize - used - MARGIN - gap * (count + 1));
  const fill = Math.max(
    (nColumns * well.width) / room(nColumns, left),
    (nRows * well.height) / room(nRows, top),
  );
  const shrink = Math.max(1, Math.ceil(fill));
  const cell = { height: Math.ceil(well.height / shrink), width: Math.ceil(well.width / shrink) };
  const [down, across] = [cell.height + gap, cell.width + gap];
  const body = { x: left, y: top, width: nColumns * across + gap, height: nRows * down + gap };
  return {
    ...{ shrink, textSize, cell, body },
    height: top + body.height + MARGIN,
    width: left + body.width + MARGIN,
    boxOf: ({ rowIndex, columnIndex }) => ({
      x: left + gap + columnIndex * across,
      y: top + gap + rowIndex * down,
      ...cell,
    }),
  };
}
