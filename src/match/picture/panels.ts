import {
  type Box,
  type Canvas,
  drawText,
  INK,
  PAPER,
  paint,
  type Rgb,
  roundStep,
  strokeCircle,
  strokeLines,
} from "../../io/render/index.ts";
import { blur, heatColor, joinBlocks, type Plane, spanOf } from "./imageDisplay.ts";
import type { SearchPicture } from "./searchPicture.ts";
import { drawCross, drawHeading, FOUND, OUTSIDE, roundTo } from "./style.ts";

/** Of the colour bar right of the z-scores, pixels. */
export const BAR = { gap: 14, width: 18, labels: 92 };

/** A picture and how large an image pixel is on it. */
export interface Zoomed {
  readonly picture: SearchPicture;
  readonly zoom: number;
}

/** The micrograph with circles at the particles and crosses where some are known to be. */
export function drawMicrograph(canvas: Canvas, box: Box, { picture, zoom }: Zoomed): void {
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

/** The map of z-scores with its colour bar; particles are discs of their own colour, since a peak is a few pixels wide. */
export function drawScores(canvas: Canvas, box: Box, { picture, zoom }: Zoomed): void {
  const { scaledMip, templateSize, cutoff, particles, planted, coarseFactor } = picture;
  const shown = zoom < 1 ? joinBlocks(scaledMip, 1 / zoom, "max") : scaledMip;
  const [low] = spanOf(shown, 0.02, 1);
  const [, top] = spanOf({ data: shown.data, shape: shown.shape }, 0, 1);
  const largest = Math.max(top, particles[0]?.zScore ?? top);
  // a cutoff far above all peaks does not make them dark
  const high = Math.ceil(Math.min(Math.max(largest, cutoff + 0.5), 1.2 * largest));
  const range = { low: Math.floor(low), high: Math.max(high, Math.floor(low) + 1) };
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
  const radius = Math.max(6, 0.16 * templateSize * zoom);
  // the best last: where particles lie close to each other, it is seen
  for (const [i, { x, y }] of [...centresOf(box, particles, { picture, zoom }).entries()].reverse()) {
    const color = heatColor((particles[i].zScore - range.low) / (range.high - range.low));
    strokeCircle(canvas, { x, y, radius: radius / 2 }, { color, width: radius });
    strokeCircle(canvas, { x, y, radius }, { color: PAPER, width: 1.4 });
  }
  for (const at of centresOf(box, planted ?? [], { picture, zoom }))
    drawCross(canvas, at, Math.max(4, radius / 3));
  const joined = zoom < 1 ? `, largest of each ${1 / zoom} × ${1 / zoom} px` : "";
  drawHeading(canvas, box, {
    title:
      coarseFactor === undefined
        ? "z-score"
        : `z-score of the coarse pass (pixels ${coarseFactor} times as large)`,
    subtitle: `best over all poses${joined}; discs: particles; grey: the template does not fit`,
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
function centresOf(
  box: Box,
  corners: readonly { readonly x: number; readonly y: number }[],
  { picture: { templateSize }, zoom }: Zoomed,
): { x: number; y: number }[] {
  const half = Math.floor(templateSize / 2) + 0.5; // the middle of the centre's pixel
  return corners.map(({ x, y }) => ({ x: box.x + (x + half) * zoom, y: box.y + (y + half) * zoom }));
}

const LABELLED = 60; // more numbers would hide the micrograph

function drawMarks(canvas: Canvas, box: Box, { picture, zoom }: Zoomed): void {
  const { particles, planted = [], templateSize } = picture;
  const radius = Math.max(8, 0.36 * templateSize * zoom);
  for (const at of centresOf(box, planted, { picture, zoom })) drawCross(canvas, at, Math.max(4, radius / 4));
  for (const [i, { x, y }] of [...centresOf(box, particles, { picture, zoom }).entries()].reverse()) {
    strokeCircle(canvas, { x, y, radius }, { color: INK, width: 4.4, opacity: 0.55 });
    strokeCircle(canvas, { x, y, radius }, { color: FOUND, width: 2.2 });
    if (i >= LABELLED) continue;
    const isNearRight = x + radius + 20 > box.x + box.width;
    const side = isNearRight ? -1 : 1;
    const label = { x: x + side * (0.75 * radius + 5), y: Math.max(box.y + 16, y - 0.75 * radius) };
    const style = { size: 15, color: FOUND, isBold: true, halo: INK } as const;
    drawText(canvas, String(i + 1), { ...label, ...style, align: isNearRight ? "right" : "left" });
  }
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
    if (Math.abs(y - yOf(Math.min(cutoff, high))) < 20) continue;
    drawText(canvas, `${roundTo(z, 3)}`, { x: right + 10, y: y + 7, size: 14, color: INK });
  }
  const y = yOf(Math.min(cutoff, high));
  strokeLines(canvas, [[[bar.x, y] as const, [right + 5, y] as const]], { color: PAPER, width: 4 });
  strokeLines(canvas, [[[bar.x, y] as const, [right + 5, y] as const]], { color: INK, width: 1.8 });
  drawText(canvas, `> ${cutoff.toFixed(2)}`, { x: right + 10, y: y + 7, size: 14, color: INK, isBold: true });
}
