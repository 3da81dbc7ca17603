import {
  type Box,
  type Canvas,
  drawText,
  INK,
  type Rgb,
  RULE,
  SOFT_INK,
  strokeCircle,
  strokeLines,
} from "../../io/render/index.ts";
import type { FoundParticle, SearchPicture } from "./searchPicture.ts";
import { drawCross, drawHeading, FOUND } from "./style.ts";

/** Of a row, pixels. */
const ROW = 29;

interface Column {
  readonly title: string;
  /** Right end of its cells, pixels from the table's left. */
  readonly right: number;
  cell(particle: FoundParticle, index: number, picture: SearchPicture): string;
}

const angle = (valueDeg: number) => valueDeg.toFixed(1);
const centre = (corner: number, { templateSize }: SearchPicture) =>
  String(corner + Math.floor(templateSize / 2));

const COLUMNS: readonly Column[] = [
  { title: "#", right: 26, cell: (_, index) => String(index + 1) },
  { title: "z", right: 102, cell: ({ zScore }) => zScore.toFixed(2) },
  { title: "x", right: 176, cell: ({ x }, _, picture) => centre(x, picture) },
  { title: "y", right: 250, cell: ({ y }, _, picture) => centre(y, picture) },
  { title: "φ", right: 326, cell: ({ phiDeg }) => angle(phiDeg) },
  { title: "θ", right: 398, cell: ({ thetaDeg }) => angle(thetaDeg) },
  { title: "ψ", right: 470, cell: ({ psiDeg }) => angle(psiDeg) },
];
const DEFOCUS: Column = {
  title: "defocus Å",
  right: 572,
  cell: ({ relativeDefocusA = 0 }) => `${relativeDefocusA > 0 ? "+" : ""}${relativeDefocusA.toFixed(0)}`,
};

function columnsOf({ hasDefocusSearch = false }: SearchPicture): readonly Column[] {
  return hasDefocusSearch ? [...COLUMNS, DEFOCUS] : COLUMNS;
}

/** Pixels. */
export function tableWidth(picture: SearchPicture): number {
  return Math.max(...columnsOf(picture).map(({ right }) => right));
}

/** The best particles, one a row. Positions are centres, as people point at them. */
export function drawTable(canvas: Canvas, box: Box, picture: SearchPicture): void {
  const { particles, cutoff, planted, templateSize } = picture;
  const title = `Found: ${particles.length}${planted === undefined ? "" : ` (planted: ${planted.length})`}`;
  const half = Math.floor(templateSize / 2);
  drawHeading(canvas, box, {
    title,
    subtitle: `centres in px (files: corners, ${half} less), angles in degrees`,
  });
  const columns = columnsOf(picture);
  const row = (cells: readonly string[], y: number, color: Rgb) => {
    cells.forEach((cell, i) => {
      drawText(canvas, cell, { x: box.x + columns[i].right, y, align: "right", size: 13.5, color });
    });
  };
  const titles = columns.map((column) => column.title);
  row(titles, box.y + 18, SOFT_INK);
  const rule = [[[box.x, box.y + 30] as const, [box.x + box.width, box.y + 30] as const]];
  strokeLines(canvas, rule, { color: RULE, width: 1.2 });
  const first = box.y + 30 + ROW;
  const room = Math.floor((box.height - 30) / ROW) - (planted === undefined ? 1 : 2);
  const shown = particles.length > room ? particles.slice(0, room - 1) : particles;
  shown.forEach((particle, i) => {
    const cells = columns.map(({ cell }) => cell(particle, i, picture));
    row(cells, first + ROW * i, INK);
  });
  const last = lastLine(particles.length - shown.length, picture, cutoff);
  drawText(canvas, last, { x: box.x, y: first + ROW * shown.length, size: 13.5, color: SOFT_INK });
  drawLegend(canvas, { x: box.x, y: box.y + box.height - 6 }, planted !== undefined);
}

function lastLine(rest: number, { particles }: SearchPicture, cutoff: number): string {
  if (particles.length === 0) return `Nothing above z = ${cutoff.toFixed(2)}`;
  return rest > 0 ? `and ${rest} more` : "";
}

/** What the marks mean; only needed where there are two kinds. */
function drawLegend(
  canvas: Canvas,
  at: { readonly x: number; readonly y: number },
  hasPlanted: boolean,
): void {
  if (!hasPlanted) return;
  const style = { size: 13.5, color: SOFT_INK, y: at.y } as const;
  strokeCircle(canvas, { x: at.x + 9, y: at.y - 6, radius: 8 }, { color: FOUND, width: 2.4 });
  drawText(canvas, "found", { x: at.x + 26, ...style });
  drawCross(canvas, { x: at.x + 120, y: at.y - 6 }, 7);
  drawText(canvas, "planted", { x: at.x + 137, ...style });
}
