/** Particles that were found, over the micrograph. */
import type { Layer } from "@deck.gl/core";
import { ScatterplotLayer, TextLayer } from "@deck.gl/layers";
import type { FoundParticle } from "../../match/index.ts";

/** Where a particle lies, pixels, and its score. */
export type FoundMark = Pick<FoundParticle, "xPx" | "yPx" | "zScore">;

/** Scores are written beside so many particles at most: more cover each other. */
const MOST_TEXTS = 300;
const FOUND: [number, number, number] = [255, 214, 64];
const CHOSEN: [number, number, number] = [64, 224, 255];

/** Circles as large as the template, with scores. @param chosen  index of the one that is looked at */
export function foundLayers(
  particles: readonly FoundMark[],
  templateSize: number,
  chosen: number | undefined,
): Layer[] {
  const common = { updateTriggers: { getLineColor: chosen, getLineWidth: chosen, getColor: chosen } };
  const colorOf = (i: number) => (i === chosen ? CHOSEN : FOUND);
  return [
    new ScatterplotLayer<FoundMark>({
      ...common,
      id: "found",
      data: particles,
      getPosition: ({ xPx, yPx }) => [xPx + 0.5, yPx + 0.5],
      radiusUnits: "common",
      getRadius: templateSize / 2,
      radiusMinPixels: 4,
      filled: false,
      stroked: true,
      lineWidthUnits: "pixels",
      getLineWidth: (_, { index }) => (index === chosen ? 3 : 1.5),
      getLineColor: (_, { index }) => colorOf(index),
    }),
    new TextLayer<FoundMark>({
      ...common,
      id: "scores",
      data: particles.slice(0, MOST_TEXTS),
      getPosition: ({ xPx, yPx }) => [xPx + 0.5, yPx + 0.5 - templateSize / 2],
      getText: ({ zScore }) => zScore.toFixed(1),
      getColor: (_, { index }) => colorOf(index),
      getSize: 12,
      getPixelOffset: [0, -10],
      background: true,
      getBackgroundColor: [0, 0, 0, 170],
      backgroundPadding: [3, 1],
    }),
  ];
}

/** Index of the particle at a place; undefined: none. @param reach  so far from its middle, pixels */
export function foundAt(
  particles: readonly FoundMark[],
  [x, y]: readonly [number, number],
  reach: number,
): number | undefined {
  let [best, nearest] = [undefined as number | undefined, reach];
  for (const [i, { xPx, yPx }] of particles.entries()) {
    const distance = Math.hypot(xPx - x, yPx - y);
    if (distance <= nearest) [best, nearest] = [i, distance];
  }
  return best;
}
