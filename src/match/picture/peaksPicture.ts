import type { EulerZyz } from "../../core/index.ts";
import {
  type Box,
  type Canvas,
  CURVE,
  createCanvas,
  drawText,
  INK,
  PAPER,
  paint,
  type Rgb,
  RULE,
  roundStep,
  SOFT_INK,
  strokeLines,
} from "../../io/render/index.ts";
import { heatColor } from "./imageDisplay.ts";
import { drawHeading, OUTSIDE, roundTo } from "./style.ts";

const DOT = CURVE;
const BEST: Rgb = [214, 76, 46];

/** Of a peak's row of panels, pixels. */
const PANEL = { width: 360, height: 190, gap: 110, row: 330, top: 150, left: 90 };

/** Peaks that a picture has room for. */
export const PICTURED_PEAKS = 8;

/** A correlation near a peak. */
interface Near {
  readonly x: number;
  readonly y: number;
  readonly zScore: number;
  /** Of the rotation from the peak's pose. */
  readonly angleDeg: number;
  readonly relativeDefocusA: number;
}

/** A peak and what lies around it. */
export interface PicturedPeak extends EulerZyz, Omit<Near, "angleDeg"> {
  /** Its best correlation is the first. */
  readonly near: readonly Near[];
  /** The best pose that is another; null: none. */
  readonly rival: Near | null;
}

/** What the picture of a table's peaks is made of. */
export interface PeaksPicture {
  readonly title: string;
  readonly peaks: readonly PicturedPeak[];
  readonly maskRadiusPx: number;
  readonly hasDefocusSearch: boolean;
}

/**
 * Draws the best peaks, a row each: z-scores by the angle from the best pose, by defocus where several were searched, and by
 * place. A sharp peak falls off on all sides; a pseudo-symmetry stands at an angle of its own, and noise is everywhere.
 */
export function drawPeaksPicture({ title, peaks, maskRadiusPx, hasDefocusSearch }: PeaksPicture): Canvas {
  const shown = peaks.slice(0, PICTURED_PEAKS);
  const columns = hasDefocusSearch ? 3 : 2;
  const width = PANEL.left + columns * (PANEL.width + PANEL.gap);
  const canvas = createCanvas(width, PANEL.top + Math.max(1, shown.length) * PANEL.row, PAPER);
  drawText(canvas, title, { x: PANEL.left, y: 56, size: 20, color: INK, isBold: true });
  if (shown.length === 0)
    drawText(canvas, "No correlations", { x: PANEL.left, y: PANEL.top, size: 16, color: SOFT_INK });
  shown.forEach((peak, i) => {
    const box = (column: number): Box => ({
      x: PANEL.left + column * (PANEL.width + PANEL.gap),
      y: PANEL.top + i * PANEL.row,
      width: PANEL.width,
      height: PANEL.height,
    });
    drawAngles(canvas, box(0), { peak, number: i + 1 });
    drawPlaces(canvas, box(1), { peak, maskRadiusPx });
    if (hasDefocusSearch) drawDefocus(canvas, box(2), peak);
  });
  return canvas;
}

function drawAngles(
  canvas: Canvas,
  box: Box,
  { peak, number }: { readonly peak: PicturedPeak; readonly number: number },
): void {
  const { x, y, zScore, phiDeg, thetaDeg, psiDeg, near, rival } = peak;
  const angles = [phiDeg, thetaDeg, psiDeg].map((angle) => angle.toFixed(1)).join(" ");
  drawHeading(canvas, box, {
    title: `${number}  z ${zScore.toFixed(2)}  x ${x} y ${y}`,
    subtitle: `z by degrees from φ θ ψ ${angles}`,
  });
  const points = near.map(({ angleDeg, zScore: score }) => [angleDeg, score] as const);
  drawScatter(canvas, box, points, [0, Math.max(1, ...points.map(([angle]) => angle))]);
  if (rival === null) return;
  const text = `another pose: z ${rival.zScore.toFixed(2)} at ${rival.angleDeg.toFixed(0)}°`;
  const at = { x: box.x + box.width - 4, y: box.y + 16, align: "right" } as const;
  drawText(canvas, text, { ...at, size: 12.5, color: INK, halo: PAPER });
}

function drawDefocus(canvas: Canvas, box: Box, { near }: PicturedPeak): void {
  drawHeading(canvas, box, { title: "Defocus", subtitle: "z by Å from the micrograph's defocus" });
  const points = near.map(({ relativeDefocusA, zScore }) => [relativeDefocusA, zScore] as const);
  const offsets = points.map(([offset]) => offset);
  drawScatter(canvas, box, points, [Math.min(0, ...offsets), Math.max(1, ...offsets)]);
}

/** The best z-score of each place, as squares around the peak. */
function drawPlaces(
  canvas: Canvas,
  box: Box,
  { peak, maskRadiusPx }: { readonly peak: PicturedPeak; readonly maskRadiusPx: number },
): void {
  const reach = Math.max(1, Math.ceil(maskRadiusPx) - 1);
  const side = 2 * reach + 1;
  const best = new Float32Array(side * side).fill(Number.NaN);
  for (const { x, y, zScore } of peak.near) {
    const at = (y - peak.y + reach) * side + (x - peak.x + reach);
    if (!(best[at] >= zScore)) best[at] = zScore;
  }
  const lowest = Math.min(...peak.near.map(({ zScore }) => zScore));
  const size = Math.max(1, Math.floor(box.height / side));
  const square: Box = { ...box, width: size * side, height: size * side };
  paint(canvas, square, (px, py) => {
    const value = best[Math.floor(py / size) * side + Math.floor(px / size)];
    return Number.isNaN(value) ? OUTSIDE : heatColor((value - lowest) / (peak.zScore - lowest || 1));
  });
  const range = `${lowest.toFixed(1)} (dark) to ${peak.zScore.toFixed(1)}`;
  drawHeading(canvas, box, {
    title: "Places",
    subtitle: `best z of ${side} × ${side} px: ${range}; grey: none`,
  });
}

/** Points with z-scores upwards. */
function drawScatter(
  canvas: Canvas,
  box: Box,
  points: readonly (readonly [x: number, zScore: number])[],
  [left, right]: readonly [number, number],
): void {
  const scores = points.map(([, score]) => score);
  const [low, high] = [Math.floor(Math.min(...scores)), Math.ceil(Math.max(...scores) + 0.01)];
  const xOf = (value: number) => box.x + (box.width * (value - left)) / (right - left);
  const yOf = (score: number) => box.y + box.height * (1 - (score - low) / (high - low));
  for (const score of ticks(low, high, 5)) {
    const y = yOf(score);
    strokeLines(
      canvas,
      [
        [
          [box.x, y],
          [box.x + box.width, y],
        ],
      ],
      { color: RULE, width: 1 },
    );
    drawText(canvas, roundTo(score, 3), { x: box.x - 9, y: y + 5, align: "right", size: 12.5, color: INK });
  }
  for (const value of ticks(left, right, 6)) {
    const at = { x: xOf(value), y: box.y + box.height + 22 };
    drawText(canvas, roundTo(value, 3), { ...at, align: "center", size: 12.5, color: INK });
  }
  points
    .map(([value, score], i) => ({ x: Math.round(xOf(value)) - 2, y: Math.round(yOf(score)) - 2, i }))
    .reverse() // the best lies on top
    .forEach(({ x, y, i }) => {
      paint(canvas, { x, y, width: 4, height: 4 }, () => (i === 0 ? BEST : DOT));
    });
}

function ticks(from: number, to: number, count: number): number[] {
  const step = roundStep(to - from, count);
  const first = Math.ceil(from / step - 1e-9);
  return Array.from({ length: Math.floor(to / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}
