import {
  type Box,
  type Canvas,
  createCanvas,
  drawText,
  INK,
  PAPER,
  SOFT_INK,
} from "../../io/render/index.ts";
import { drawHistogram } from "./histogram.ts";
import { wholeZoom } from "./imageDisplay.ts";
import { BAR, drawMicrograph, drawScores } from "./panels.ts";
import type { SearchPicture } from "./searchPicture.ts";
import { drawTable, tableWidth } from "./table.ts";

const PANEL_LIMIT = 1024;
const MARGIN = 44;
const HEADER = 150;
const GAP = 40;
const NOTE_LINE = 30;

/** Of the right column: the table takes what the histogram leaves. */
const HISTOGRAM = { height: 250, heading: 84, smallestTable: 250 };

/**
 * Draws a search's result side by side: the micrograph with circles at the found particles, the z-score map with its
 * colour bar, a table of the particles, and how many pixels lie above each z-score beside what noise would give. Nothing is needed
 * from the machine, neither fonts nor a graphics library.
 *
 * @returns 8-bit RGB pixels, ready for `encodePng` of `vitrine/io`
 */
export function drawSearchPicture(picture: SearchPicture): Canvas {
  const { micrograph, notes = [] } = picture;
  const zoom = wholeZoom(micrograph.shape, PANEL_LIMIT);
  const [height, width] = micrograph.shape.map((side) => Math.ceil(side * zoom));
  const body = Math.max(height, HISTOGRAM.height + HISTOGRAM.heading + HISTOGRAM.smallestTable);
  const left: Box = { x: MARGIN, y: HEADER, width, height };
  const middle: Box = { ...left, x: MARGIN + width + GAP };
  const table: Box = {
    x: middle.x + width + BAR.gap + BAR.width + BAR.labels + GAP,
    y: HEADER,
    width: tableWidth(picture),
    height: body - HISTOGRAM.height - HISTOGRAM.heading,
  };
  const histogram = { ...table, y: HEADER + body - HISTOGRAM.height, height: HISTOGRAM.height };
  const noteSpace = notes.length === 0 ? 0 : 20 + NOTE_LINE * notes.length;
  const canvas = createCanvas(table.x + table.width + MARGIN, HEADER + body + noteSpace + MARGIN, PAPER);
  drawText(canvas, picture.title, { x: MARGIN, y: 60, size: 23, color: INK, isBold: true });
  drawMicrograph(canvas, left, { picture, zoom });
  drawScores(canvas, middle, { picture, zoom });
  drawTable(canvas, table, picture);
  drawHistogram(canvas, histogram, picture);
  notes.forEach((note, i) => {
    const y = HEADER + body + 20 + NOTE_LINE * i + 14;
    drawText(canvas, note, { x: MARGIN, y, size: 13, color: SOFT_INK });
  });
  return canvas;
}
