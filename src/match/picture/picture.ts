import type { EulerZyz, Image } from "../../core/index.ts";
import {
  type Box,
  type Canvas,
  createCanvas,
  drawText,
  paint,
  type Rgb,
  roundStep,
  strokeCircle,
  strokeLines,
} from "../../io/render/index.ts";
import type { Peak, ScoreMap } from "../peaks/peaks.ts";
import { blur, heatColor, joinBlocks, type Plane, spanOf, wholeZoom } from "./imageDisplay.ts";

/** What {@link drawSearchPicture} shows. */
export interface SearchPicture {
  readonly title: string;
  readonly micrograph: Image;
  /** z-scores of the positions where the template lies inside the micrograph: (H - n + 1, W - n + 1). */
  readonly scaledMip: ScoreMap;
  /** n of the (n, n, n) template. */
  readonly templateSize: number;
  /** Best first; x and y are the left and top edge of the box. */
  readonly particles: readonly (Peak & EulerZyz)[];
  /** A particle is found above this z-score. */
  readonly cutoff: number;
  /** Where particles are known to be (left and top edge of their boxes); marked if given. */
  readonly planted?: readonly { readonly x: number; readonly y: number }[];
  /** Lines below the panels. */
  readonly notes?: readonly string[];
}

const PANEL_LIMIT = 1024;
const MARGIN = 44;
const HEADER = 150;
const GAP = 40;
const BAR = { gap: 14, width: 18, labels: 92 };
const TABLE = { width: 470, row: 29, smallestHeight: 300 };
const NOTE_LINE = 30;

const PAPER: Rgb = [255, 255, 255];
const INK: Rgb = [24, 26, 30];
const SOFT_INK: Rgb = [104, 110, 120];
const RULE: Rgb = [206, 210, 216];
const OUTSIDE: Rgb = [232, 234, 238];
const FOUND: Rgb = [255, 186, 8];
const PLANTED: Rgb = [64, 212, 255];

/**
 * Draws a search's result side by side: the micrograph with circles at the found particles, the z-score map with its
 * colour bar, and a table of the particles. Nothing is needed from the machine, neither fonts nor a graphics library.
 *
 * @returns 8-bit RGB pixels, ready for `encodePng` of `vitrine/io`
 */
export function drawSearchPicture(picture: SearchPicture): Canvas {
  const { micrograph, notes = [] } = picture;
  const zoom = wholeZoom(micrograph.shape, PANEL_LIMIT);
  const [height, width] = micrograph.shape.map((side) => Math.ceil(side * zoom));
  const body = Math.max(height, TABLE.smallestHeight);
  const left: Box = { x: MARGIN, y: HEADER, width, height };
  const middle: Box = { ...left, x: MARGIN + width + GAP };
  const right: Box = {
    x: middle.x + width + BAR.gap + BAR.width + BAR.labels + GAP,
    y: HEADER,
    width: TABLE.width,
    height: body,
  };
  const noteSpace = notes.length === 0 ? 0 : 20 + NOTE_LINE * notes.length;
  const canvas = createCanvas(right.x + right.width + MARGIN, HEADER + body + noteSpace + MARGIN, PAPER);
  drawText(canvas, picture.title, { x: MARGIN, y: 60, size: 23, color: INK, isBold: true });
  drawMicrograph(canvas, left, { picture, zoom });
  drawScores(canvas, middle, { picture, zoom });
  drawTable(canvas, right, picture);
  notes.forEach((note, i) => {
    const y = HEADER + body + 20 + NOTE_LINE * i + 14;
    drawText(canvas, note, { x: MARGIN, y, size: 13, color: SOFT_INK });
  });
  return canvas;
}

interface Zoomed {
  readonly picture: SearchPicture;
  readonly zoom: number;
}

function drawMicrograph(canvas: Canvas, box: Box, { picture, zoom }: Zoomed): void {
  const { micrograph, templateSize } = picture;
  const [height, width] = micrograph.shape;
  const sigma = templateSize / 48; // image pixels: hides the noise, keeps a particle
  const small = zoom < 1 ? joinBlocks(micrograph, 1 / zoom, "mean") : micrograph;
  const smooth = blur(small, sigma * Math.min(1, zoom));
  const [black, white] = spanOf(smooth, 0.003, 0.997);
  paintPlane(canvas, box, smooth, (value) => {
    const grey = 255 * Math.min(1, Math.max(0, (value - black) / (white - black)));
    return [grey, grey, grey];
  });
  const pixel = micrograph.pixelSizeA > 0 ? `, ${roundTo(micrograph.pixelSizeA, 3)} Å/px` : "";
  const blurred =
    micrograph.pixelSizeA > 0 ? `${roundTo(sigma * micrograph.pixelSizeA, 1)} Å` : `${roundTo(sigma, 1)} px`;
  const subtitle = `${width} × ${height} px${pixel}, shown with a blur of σ = ${blurred}`;
  drawHeading(canvas, box, { title: "Micrograph", subtitle });
  drawMarks(canvas, box, { picture, zoom });
  drawScaleBar(canvas, box, micrograph.pixelSizeA / zoom);
}

function drawScores(canvas: Canvas, box: Box, { picture, zoom }: Zoomed): void {
  const { scaledMip, templateSize, cutoff, particles } = picture;
  const shown = zoom < 1 ? joinBlocks(scaledMip, 1 / zoom, "max") : scaledMip;
  const [low] = spanOf(shown, 0.02, 1);
  const [, top] = spanOf({ data: shown.data, shape: shown.shape }, 0, 1);
  const largest = Math.max(top, particles[0]?.zScore ?? top);
  const range = { low: Math.floor(low), high: Math.ceil(Math.max(largest, cutoff + 0.5)) };
  paint(canvas, box, () => OUTSIDE);
  const shift = Math.round(Math.floor(templateSize / 2) * zoom);
  const inside: Box = {
    x: box.x + shift,
    y: box.y + shift,
    width: Math.min(box.width - shift, Math.ceil(scaledMip.shape[1] * zoom)),
    height: Math.min(box.height - shift, Math.ceil(scaledMip.shape[0] * zoom)),
  };
  paintPlane(canvas, inside, shown, (value) =>
    Number.isNaN(value) ? OUTSIDE : heatColor((value - range.low) / (range.high - range.low)),
  );
  for (const { x, y } of circlesOf(box, particles, { picture, zoom }))
    strokeCircle(
      canvas,
      { x, y, radius: Math.max(9, 0.16 * templateSize * zoom) },
      { color: PAPER, width: 1.2, opacity: 0.65 },
    );
  const joined = zoom < 1 ? `, largest of each ${1 / zoom} × ${1 / zoom} px` : "";
  drawHeading(canvas, box, {
    title: "z-score",
    subtitle: `best over all poses${joined}; grey: the template does not fit`,
  });
  const bar = { x: box.x + box.width + BAR.gap, y: box.y, width: BAR.width, height: box.height };
  drawColorBar(canvas, bar, { ...range, cutoff });
}

/** Fills a box with a plane, each value as a square of whole pixels. */
function paintPlane(
  canvas: Canvas,
  box: Box,
  { data, shape: [height, width] }: Plane,
  color: (value: number) => Rgb,
): void {
  const size = Math.max(1, Math.round(box.width / width));
  paint(canvas, box, (x, y) => {
    const column = Math.min(width - 1, Math.floor(x / size));
    return color(data[Math.min(height - 1, Math.floor(y / size)) * width + column]);
  });
}

/** Middles of boxes on a panel. */
function circlesOf(
  box: Box,
  corners: readonly { readonly x: number; readonly y: number }[],
  { picture: { templateSize }, zoom }: Zoomed,
): { x: number; y: number }[] {
  const half = Math.floor(templateSize / 2) + 0.5;
  return corners.map(({ x, y }) => ({ x: box.x + (x + half) * zoom, y: box.y + (y + half) * zoom }));
}

const LABELLED = 60; // more numbers would hide the micrograph

function drawMarks(canvas: Canvas, box: Box, { picture, zoom }: Zoomed): void {
  const { particles, planted = [], templateSize } = picture;
  const radius = Math.max(8, 0.36 * templateSize * zoom);
  for (const { x, y } of circlesOf(box, planted, { picture, zoom })) {
    const arm = Math.max(4, radius / 4);
    const cross = [
      [[x - arm, y] as const, [x + arm, y] as const],
      [[x, y - arm] as const, [x, y + arm] as const],
    ];
    strokeLines(canvas, cross, { color: INK, width: 4, opacity: 0.6 });
    strokeLines(canvas, cross, { color: PLANTED, width: 1.8 });
  }
  circlesOf(box, particles, { picture, zoom }).forEach(({ x, y }, i) => {
    strokeCircle(canvas, { x, y, radius }, { color: INK, width: 4.4, opacity: 0.55 });
    strokeCircle(canvas, { x, y, radius }, { color: FOUND, width: 2.2 });
    if (i >= LABELLED) return;
    const isNearRight = x + radius + 20 > box.x + box.width;
    const side = isNearRight ? -1 : 1;
    const label = { x: x + side * (0.75 * radius + 5), y: Math.max(box.y + 16, y - 0.75 * radius) };
    const style = { size: 15, color: FOUND, isBold: true, halo: INK } as const;
    drawText(canvas, String(i + 1), { ...label, ...style, align: isNearRight ? "right" : "left" });
  });
}

/** A bar of a round length in Å, at most a quarter of the panel, at its lower left. */
function drawScaleBar(canvas: Canvas, box: Box, angstromPerPixel: number): void {
  if (!(angstromPerPixel > 0)) return;
  const lengthA = roundStep(box.width * angstromPerPixel, 8);
  const [x, y] = [box.x + 22, box.y + box.height - 24];
  const line = [[[x, y] as const, [x + lengthA / angstromPerPixel, y] as const]];
  strokeLines(canvas, line, { color: INK, width: 9, opacity: 0.75 });
  strokeLines(canvas, line, { color: PAPER, width: 5 });
  const middle = x + lengthA / angstromPerPixel / 2;
  const style = { align: "center", size: 15, color: PAPER, halo: INK } as const;
  drawText(canvas, `${lengthA} Å`, { x: middle, y: y - 12, ...style });
}

function drawHeading(
  canvas: Canvas,
  box: Box,
  { title, subtitle }: { title: string; subtitle: string },
): void {
  drawText(canvas, title, { x: box.x, y: box.y - 42, size: 18, color: INK, isBold: true });
  drawText(canvas, subtitle, { x: box.x, y: box.y - 15, size: 12.5, color: SOFT_INK });
}

function drawColorBar(
  canvas: Canvas,
  bar: Box,
  { low, high, cutoff }: { readonly low: number; readonly high: number; readonly cutoff: number },
): void {
  const yOf = (z: number) => bar.y + bar.height * (1 - (z - low) / (high - low));
  paint(canvas, bar, (_, y) => heatColor(1 - y / (bar.height - 1)));
  const right = bar.x + bar.width;
  const step = roundStep(high - low, 10);
  for (let z = Math.ceil(low / step) * step; z <= high + step / 1e6; z += step) {
    const y = yOf(z);
    strokeLines(canvas, [[[right, y] as const, [right + 5, y] as const]], { color: INK, width: 1.4 });
    if (Math.abs(y - yOf(cutoff)) < 20) continue;
    drawText(canvas, `${roundTo(z, 3)}`, { x: right + 10, y: y + 7, size: 14, color: INK });
  }
  const y = yOf(cutoff);
  strokeLines(canvas, [[[bar.x, y] as const, [right + 5, y] as const]], { color: PAPER, width: 4 });
  strokeLines(canvas, [[[bar.x, y] as const, [right + 5, y] as const]], { color: INK, width: 1.8 });
  drawText(canvas, `> ${cutoff.toFixed(2)}`, { x: right + 10, y: y + 7, size: 14, color: INK, isBold: true });
}

const COLUMNS = [
  { title: "#", right: 26 },
  { title: "z", right: 102 },
  { title: "x", right: 176 },
  { title: "y", right: 250 },
  { title: "φ", right: 326 },
  { title: "θ", right: 398 },
  { title: "ψ", right: 470 },
];

function drawTable(canvas: Canvas, box: Box, { particles, cutoff, planted }: SearchPicture): void {
  const title = `Found: ${particles.length}${planted === undefined ? "" : ` (planted: ${planted.length})`}`;
  drawHeading(canvas, box, { title, subtitle: "box corner in px, angles in degrees" });
  const row = (cells: readonly string[], y: number, color: Rgb) => {
    cells.forEach((cell, i) => {
      const x = box.x + COLUMNS[i].right;
      drawText(canvas, cell, { x, y, align: "right", size: 13.5, color });
    });
  };
  row(
    COLUMNS.map((column) => column.title),
    box.y + 18,
    SOFT_INK,
  );
  const rule = [[[box.x, box.y + 30] as const, [box.x + box.width, box.y + 30] as const]];
  strokeLines(canvas, rule, { color: RULE, width: 1.2 });
  const first = box.y + 30 + TABLE.row;
  const room = Math.floor((box.height - 30) / TABLE.row) - 1;
  const shown = particles.length > room + 1 ? particles.slice(0, room) : particles;
  shown.forEach(({ zScore, x, y, phiDeg, thetaDeg, psiDeg }, i) => {
    const angles = [phiDeg, thetaDeg, psiDeg].map((angle) => angle.toFixed(1));
    row([String(i + 1), zScore.toFixed(2), String(x), String(y), ...angles], first + TABLE.row * i, INK);
  });
  const rest = particles.length - shown.length;
  const last =
    particles.length === 0 ? `Nothing above z = ${cutoff.toFixed(2)}` : rest > 0 ? `and ${rest} more` : "";
  drawText(canvas, last, { x: box.x, y: first + TABLE.row * shown.length, size: 13.5, color: SOFT_INK });
  drawLegend(canvas, { x: box.x, y: box.y + box.height - 6 }, planted !== undefined);
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
  const [x, y] = [at.x + 120, at.y - 6];
  const cross = [
    [[x - 7, y] as const, [x + 7, y] as const],
    [[x, y - 7] as const, [x, y + 7] as const],
  ];
  strokeLines(canvas, cross, { color: PLANTED, width: 2.4 });
  drawText(canvas, "planted", { x: at.x + 137, ...style });
}

function roundTo(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
