import {
  type Canvas,
  createCanvas,
  drawScaleBar,
  drawText,
  INK,
  PAPER,
  paint,
  SOFT_INK,
  strokeCircle,
} from "../../io/render/index.ts";
import type { Molecules } from "../molecules/molecules.ts";
import type { Tomogram } from "../sampling/tomogram.ts";
import { MARGIN, rangeOf, TITLE } from "./pictures.ts";

/** Longest side of the section, pixels. */
const LONGEST = 900;
/** Molecules so near to the section are in it, parts of the tomogram's longest side. */
const NEAR = 1 / 40;
const RING = { color: [230, 120, 20], width: 2 } as const;
const RADIUS = 9;

/**
 * The section of a tomogram through its best molecule, with rings about all molecules near to it.
 *
 * @param scale  nm/voxel
 */
export async function drawPicks(tomogram: Tomogram, molecules: Molecules, scale: number): Promise<Canvas> {
  const [depth, height, width] = tomogram.shape;
  const places = Array.from({ length: molecules.count }, (_, i) =>
    molecules.place(i).map((nm) => nm / scale),
  );
  const z = sectionOf(molecules, places, depth);
  const reach = Math.max(2, NEAR * Math.max(height, width));
  const shown = places.filter(([at]) => Math.abs(at - z) <= reach);
  const section = await tomogram.read([z, 0, 0], [z + 1, height, width]);
  // Several voxels a pixel, or several pixels a voxel.
  const zoom = LONGEST / Math.max(height, width);
  const [low, high] = rangeOf({ data: section });
  const box = { x: MARGIN, y: TITLE, width: Math.round(zoom * width), height: Math.round(zoom * height) };
  const canvas = createCanvas(box.width + 2 * MARGIN, box.height + TITLE + MARGIN, PAPER);
  drawText(canvas, `${molecules.count} molecules`, { x: MARGIN, y: 32, size: 18, color: INK, isBold: true });
  const note = `${shown.length} of them within ${Math.round(reach)} voxels of section z = ${z} of ${depth}; x right, y down`;
  drawText(canvas, note, { x: MARGIN, y: 54, size: 13, color: SOFT_INK });
  paint(canvas, box, (x, y) => {
    const value = meanAt(section, { height, width, zoom }, [y, x]);
    const grey = Math.round((255 * Math.min(Math.max(value - low, 0), high - low)) / (high - low || 1));
    return [grey, grey, grey];
  });
  drawScaleBar(canvas, { box, scale: scale / zoom, unit: "nanometer" });
  for (const [, y, x] of shown)
    strokeCircle(canvas, { x: box.x + zoom * (x + 0.5), y: box.y + zoom * (y + 0.5), radius: RADIUS }, RING);
  return canvas;
}

/** Through the best molecule; without one through the middle. */
function sectionOf(molecules: Molecules, places: readonly (readonly number[])[], depth: number): number {
  const scores = molecules.features.score.map(Number);
  // Of very many a call with all of them would overflow.
  const best = scores.reduce((most, score, i) => (most < 0 || score > scores[most] ? i : most), -1);
  const z = best < 0 ? Math.floor(depth / 2) : Math.round(places[best][0]);
  return Math.min(Math.max(z, 0), depth - 1);
}

/** Mean of the voxels under a pixel. */
function meanAt(
  section: Float32Array,
  { height, width, zoom }: { readonly height: number; readonly width: number; readonly zoom: number },
  [y, x]: readonly [number, number],
): number {
  const range = (at: number, length: number) => {
    const from = Math.min(length - 1, Math.floor(at / zoom));
    return [from, Math.max(from + 1, Math.min(length, Math.floor((at + 1) / zoom)))];
  };
  const [[top, bottom], [left, right]] = [range(y, height), range(x, width)];
  let sum = 0;
  for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) sum += section[i * width + j];
  return sum / ((bottom - top) * (right - left));
}
