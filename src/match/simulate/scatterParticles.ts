import {
  type EulerZyz,
  type OptionKeys,
  type Random,
  requireKnownOptions,
  type Shape2,
  seededRandom,
  VitrineError,
} from "../../core/index.ts";
import type { PlantedParticle } from "./simulateMicrograph.ts";

const SCATTER_PARTICLES_KEYS: OptionKeys<Parameters<typeof scatterParticles>[0]> = {
  count: true,
  shape: true,
  boxSize: true,
  seed: true,
  eulerAnglesDeg: true,
  jitterDeg: true,
};

/**
 * Positions and random rotations for a demonstration: the first box touches the left edge, the next two lie half a box
 * apart and overlap, and all others keep 1.1 boxes from each other.
 *
 * @param options  eulerAnglesDeg: (rotations, 3) phi, theta, psi to choose from, each angle then changed by at most
 *   jitterDeg, as a coarse search grid needs to find them; without it rotations are uniform
 * @throws {VitrineError} range: not enough room
 */
export function scatterParticles(options: {
  readonly count: number;
  readonly shape: Shape2;
  readonly boxSize: number;
  readonly seed: number;
  readonly eulerAnglesDeg?: ArrayLike<number>;
  readonly jitterDeg?: number;
}): PlantedParticle[] {
  requireKnownOptions("scatterParticles", options, SCATTER_PARTICLES_KEYS);
  const { count, shape, boxSize, seed, eulerAnglesDeg, jitterDeg = 0 } = options;
  const random = seededRandom(seed);
  const [lastY, lastX] = [shape[0] - boxSize, shape[1] - boxSize];
  const placed: PlantedParticle[] = [];
  for (let attempt = 0; placed.length < count; attempt++) {
    if (attempt > 1000 * count) throw noRoom(placed.length, count, shape);
    const index = placed.length;
    const candidate = {
      posX: index === 0 ? 0 : Math.round(random.uniform() * lastX),
      posY: Math.round(random.uniform() * lastY),
    };
    if (index === 2) {
      const angle = 2 * Math.PI * random.uniform();
      candidate.posX = Math.round(placed[1].posX + 0.5 * boxSize * Math.cos(angle));
      candidate.posY = Math.round(placed[1].posY + 0.5 * boxSize * Math.sin(angle));
    }
    const others = index === 2 ? [placed[0]] : placed;
    const isFree = others.every(
      ({ posX, posY }) => Math.hypot(posX - candidate.posX, posY - candidate.posY) > 1.1 * boxSize,
    );
    const isInside =
      candidate.posX >= 0 && candidate.posX <= lastX && candidate.posY >= 0 && candidate.posY <= lastY;
    if (!isFree || !isInside) continue;
    const angles =
      eulerAnglesDeg === undefined ? randomAngles(random) : nearAngles(eulerAnglesDeg, jitterDeg, random);
    placed.push({ ...candidate, ...angles, relativeDefocusA: 0 });
  }
  return placed;
}

/** One of the given rotations, a little changed. */
function nearAngles(eulerAnglesDeg: ArrayLike<number>, jitterDeg: number, random: Random): EulerZyz {
  const first = 3 * Math.floor((random.uniform() * eulerAnglesDeg.length) / 3);
  const near = (i: number) => eulerAnglesDeg[first + i] + jitterDeg * (2 * random.uniform() - 1);
  return { phiDeg: near(0), thetaDeg: near(1), psiDeg: near(2) };
}

/** Uniform over all rotations. */
export function randomAngles(random: Random): EulerZyz {
  return {
    phiDeg: 360 * random.uniform(),
    thetaDeg: (Math.acos(1 - 2 * random.uniform()) * 180) / Math.PI,
    psiDeg: 360 * random.uniform(),
  };
}

/** The error of a micrograph that is full. */
export function noRoom(placed: number, count: number, shape: Shape2): VitrineError {
  return new VitrineError({
    code: "range",
    at: "particles",
    expected: `room for ${count} particles in ${shape.join(" x ")}`,
    found: `room for ${placed}`,
    hint: "Take a larger micrograph or fewer particles",
  });
}
