/** Particles over the micrograph. */
import type { Layer } from "@deck.gl/core";
import { ScatterplotLayer, TextLayer } from "@deck.gl/layers";
import type { Particle } from "./api.ts";

/** What is drawn. */
interface DrawnParticles {
  readonly particles: readonly Particle[];
  /** Those above the cutoff. */
  readonly shown: readonly number[];
  readonly chosen?: number | undefined;
  /** Of the template, pixels. */
  readonly side: number;
}

const PLAIN: [number, number, number] = [255, 214, 10];
const CHOSEN: [number, number, number] = [80, 220, 255];

/** Scores are written at the best of so many particles. */
const MOST_TEXTS = 200;

/** A circle a particle as wide as half the template, which the molecule about fills, with its z-score. */
export function particleLayers({ particles, shown, chosen, side }: DrawnParticles): Layer[] {
  const isChosen = (index: number) => index === chosen;
  // one that was chosen stays, wherever the cutoff goes
  const all = chosen === undefined || shown.includes(chosen) ? shown : [...shown, chosen];
  const common = { updateTriggers: { getLineColor: chosen, getLineWidth: chosen, getColor: chosen } };
  return [
    new ScatterplotLayer<number>({
      ...common,
      id: "particles",
      data: all,
      getPosition: (index) => [particles[index].x + 0.5, particles[index].y + 0.5],
      getRadius: side / 4,
      radiusMinPixels: 4,
      stroked: true,
      filled: false,
      lineWidthUnits: "pixels",
      getLineWidth: (index) => (isChosen(index) ? 3 : 1.6),
      getLineColor: (index) => (isChosen(index) ? CHOSEN : PLAIN),
    }),
    new TextLayer<number>({
      ...common,
      id: "scores",
      data: all.length > MOST_TEXTS ? all.slice(0, MOST_TEXTS) : all,
      getPosition: (index) => [particles[index].x + 0.5 + side / 4, particles[index].y + 0.5 - side / 4],
      getText: (index) => particles[index].zScore.toFixed(1),
      getSize: 13,
      fontFamily: "system-ui, sans-serif",
      background: true,
      getBackgroundColor: [0, 0, 0, 150],
      backgroundPadding: [3, 1],
      getColor: (index) => (isChosen(index) ? CHOSEN : PLAIN),
      getTextAnchor: "start",
      getAlignmentBaseline: "bottom",
      characterSet: "-.0123456789",
    }),
  ];
}

/** Screen pixels beside a centre that still mean it. */
const NEAR = 8;

/** The particle at a place, the nearest; undefined: none. @param pixel  side of a pixel of the screen */
export function particleAt(
  { particles, shown, side }: DrawnParticles,
  [x, y]: readonly [number, number],
  pixel: number,
): number | undefined {
  let [nearest, best] = [undefined as number | undefined, Math.max(side / 4, NEAR * pixel)];
  for (const index of shown) {
    const distance = Math.hypot(particles[index].x + 0.5 - x, particles[index].y + 0.5 - y);
    if (distance > best) continue;
    [nearest, best] = [index, distance];
  }
  return nearest;
}
