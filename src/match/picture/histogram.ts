import {
  type Box,
  type Canvas,
  CURVE,
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
import { countsAbove, noiseAbove } from "../peaks/survival.ts";
import { spanOf } from "./imageDisplay.ts";
import type { SearchPicture } from "./searchPicture.ts";
import { drawHeading } from "./style.ts";

const MAP = CURVE;
const NOISE: Rgb = [214, 76, 46];
const CUTOFF: Rgb = [130, 136, 146];

/** Room for the numbers at the axes, pixels. */
const AXES = { left: 58, bottom: 30 };
const STEPS = 240;
const PIECE = 6;

/**
 * How many pixels of the map have a z-score above each value, and how many noise alone would have: the largest of N correlations of
 * Gaussian noise stays below z with probability Φ(z)^N. Neighbouring orientations are not independent, so the curve of noise lies a
 * little to the right of what a map without particles shows.
 *
 * Source: the survival histogram of cisTEM (Lucas et al. 2021, eLife 10:e68946); Rickgauer, Grigorieff & Denk 2017, eLife 6:e25648.
 */
export function drawHistogram(canvas: Canvas, box: Box, picture: SearchPicture): void {
  const { cutoff, correlations, particles } = picture;
  const [low, best] = spanOf(picture.scaledMip, 0.5, 1); // the rise to all pixels says nothing; the tail does
  const largest = picture.scaledMip.data.reduce((most, value) => (value > most ? value : most), best);
  const plot: Plot = {
    box: { x: box.x + AXES.left, y: box.y, width: box.width - AXES.left, height: box.height - AXES.bottom },
    low: Math.floor(low),
    high: Math.ceil(Math.max(cutoff + 1, largest, particles[0]?.zScore ?? largest) + 0.25),
    decades: Math.max(1, Math.ceil(Math.log10(picture.scaledMip.data.length))),
  };
  const each = (picture.coarseFactor ?? 1) ** 2;
  const counts = countsAbove(picture.scaledMip.data, { ...plot, steps: STEPS, each });
  drawHeading(canvas, box, {
    title: picture.coarseFactor === undefined ? "Pixels above a z-score" : "Coarse pixels above a z-score",
    subtitle: "blue: this map; red: expected of noise; grey: cutoff",
  });
  drawAxes(canvas, plot);
  const top = plot.box.y;
  const x = xOf(plot, cutoff);
  strokeLines(canvas, [[[x, top] as const, [x, top + plot.box.height] as const]], {
    color: CUTOFF,
    width: 2,
  });
  drawText(canvas, cutoff.toFixed(2), { x: x + 7, y: top + 18, size: 13, color: SOFT_INK, halo: PAPER });
  drawCurve(canvas, plot, {
    color: NOISE,
    count: (i) => counts.total * noiseAbove(zOf(plot, i), correlations),
  });
  drawCurve(canvas, plot, { color: MAP, count: (i) => counts.above[i] });
}

interface Plot {
  readonly box: Box;
  /** z-scores at the left and right end. */
  readonly low: number;
  readonly high: number;
  /** The counts at the upper end are ten to this power; at the lower end 1/2, so that single pixels show. */
  readonly decades: number;
}

const LOWEST = Math.log10(0.5);

function xOf({ box, low, high }: Plot, z: number): number {
  return box.x + (box.width * (z - low)) / (high - low);
}

function yOf({ box, decades }: Plot, count: number): number {
  return box.y + box.height * (1 - (Math.log10(count) - LOWEST) / (decades - LOWEST));
}

function drawAxes(canvas: Canvas, plot: Plot): void {
  const { box, low, high, decades } = plot;
  const bottom = box.y + box.height;
  for (let decade = 0; decade <= decades; decade++) {
    const y = yOf(plot, 10 ** decade);
    strokeLines(canvas, [[[box.x, y] as const, [box.x + box.width, y] as const]], { color: RULE, width: 1 });
    const text = decade < 4 ? String(10 ** decade) : `1e${decade}`;
    drawText(canvas, text, { x: box.x - 9, y: y + 5, align: "right", size: 12.5, color: INK });
  }
  const step = roundStep(high - low, 8);
  for (let z = Math.ceil(low / step) * step; z <= high; z += step) {
    const x = xOf(plot, z);
    strokeLines(canvas, [[[x, bottom] as const, [x, bottom + 5] as const]], { color: INK, width: 1.4 });
    const text = String(Number(z.toFixed(3)));
    drawText(canvas, text, { x, y: bottom + 24, align: "center", size: 12.5, color: INK });
  }
  paint(canvas, { x: box.x, y: Math.round(bottom), width: box.width, height: 1 }, () => INK);
}

function zOf({ low, high }: Plot, step: number): number {
  return low + ((high - low) * step) / STEPS;
}

/** Draws a count at every step as far as there is one. */
function drawCurve(
  canvas: Canvas,
  plot: Plot,
  { color, count }: { readonly color: Rgb; readonly count: (step: number) => number },
): void {
  const line = Array.from({ length: STEPS + 1 }, (_, i) => ({ z: zOf(plot, i), count: count(i) }))
    .filter((point) => point.count >= 0.5)
    .map((point) => [xOf(plot, point.z), yOf(plot, point.count)] as const);
  // piece by piece: a pen looks at every pixel of the rectangle around its line
  for (let i = 0; i < line.length; i += PIECE)
    strokeLines(canvas, [line.slice(i, i + PIECE + 1)], { color, width: 2.4 });
}
