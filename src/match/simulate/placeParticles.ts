import {
  type OptionKeys,
  requireKnownOptions,
  type Shape2,
  seededRandom,
  VitrineError,
} from "../../core/index.ts";
import { noRoom, randomAngles } from "./scatterParticles.ts";
import type { PlantedParticle } from "./simulateMicrograph.ts";

export const PLACE_KEYS: OptionKeys<PlaceOptions> = {
  count: true,
  shape: true,
  boxSize: true,
  distancePx: true,
  defocusSpreadA: true,
  seed: true,
};

/** How particles are strewn over a micrograph. */
export interface PlaceOptions {
  readonly count: number;
  readonly shape: Shape2;
  /** n of the (n, n, n) map; every box lies inside the micrograph. */
  readonly boxSize: number;
  /** Smallest distance of two centres, pixels; default the box, so that particles never overlap. */
  readonly distancePx?: number;
  /** Particles differ in defocus by up to this much from the micrograph's, either way, Å; default 0. */
  readonly defocusSpreadA?: number;
  readonly seed: number;
}

/**
 * Positions, rotations and defocus values from a seed: positions uniform wherever there is room, to 0.01 pixels, rotations
 * uniform over all of them.
 *
 * @throws {VitrineError} range: an option outside its limits, not enough room
 */
export function placeParticles(options: PlaceOptions): PlantedParticle[] {
  requireKnownOptions("placeParticles", options, PLACE_KEYS);
  requireLimits(options);
  const { count, shape, boxSize, distancePx = boxSize, defocusSpreadA = 0, seed } = options;
  const random = seededRandom(seed);
  const placed: PlantedParticle[] = [];
  for (let attempt = 0; placed.length < count; attempt++) {
    if (attempt > 1000 * count) throw noRoom(placed.length, count, shape);
    const [posY, posX] = shape.map((length) => Math.floor(100 * random.uniform() * (length - boxSize)) / 100);
    if (placed.some((other) => Math.hypot(other.posX - posX, other.posY - posY) < distancePx)) continue;
    const relativeDefocusA = defocusSpreadA * (2 * random.uniform() - 1);
    placed.push({ posX, posY, ...randomAngles(random), relativeDefocusA });
  }
  return placed;
}

function requireLimits({ count, shape, boxSize, distancePx = 0, defocusSpreadA = 0 }: PlaceOptions): void {
  const limits = [
    ["count", count, Number.isInteger(count) && count >= 0, "a whole number from 0"],
    ["shape", Math.min(...shape), Math.min(...shape) >= boxSize, `at least the box, ${boxSize}`],
    ["distancePx", distancePx, distancePx >= 0, "0 or more"],
    ["defocusSpreadA", defocusSpreadA, defocusSpreadA >= 0, "0 or more"],
  ] as const;
  for (const [name, value, holds, expected] of limits) {
    if (holds && Number.isFinite(value)) continue;
    throw new VitrineError({ code: "range", at: `placeParticles().${name}`, expected, found: String(value) });
  }
}
