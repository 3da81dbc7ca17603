import { type EulerZyz, matrixFromZyz, multiplyMatrices, transposeMatrix } from "../core/index.ts";
import type { PlantedParticle, SearchReport } from "../match/index.ts";

type Found = SearchReport["particles"][number];

/** A planted particle and what was found there. */
export interface Match {
  readonly planted: PlantedParticle;
  readonly found: Found;
  readonly distancePx: number;
  /** Angle of the rotation between both poses. */
  readonly angleDeg: number;
}

/** What was found against what was planted. */
export interface Comparison {
  readonly matches: readonly Match[];
  readonly missed: readonly PlantedParticle[];
  /** Found where nothing was planted. */
  readonly extra: readonly Found[];
}

/** A particle counts as found within this many pixels. */
const NEAR_PX = 3;

/** Pairs every planted particle with the nearest one found. */
export function compareWithPlanted(found: readonly Found[], planted: readonly PlantedParticle[]): Comparison {
  const left = new Set(found);
  const matches: Match[] = [];
  const missed: PlantedParticle[] = [];
  for (const particle of planted) {
    const distance = ({ x, y }: Found) => Math.hypot(x - particle.posX, y - particle.posY);
    const [nearest] = [...left].sort((a, b) => distance(a) - distance(b));
    if (nearest === undefined || distance(nearest) > NEAR_PX) {
      missed.push(particle);
      continue;
    }
    left.delete(nearest);
    const angleDeg = rotationBetween(particle, nearest);
    matches.push({ planted: particle, found: nearest, distancePx: distance(nearest), angleDeg });
  }
  return { matches, missed, extra: [...left] };
}

function rotationBetween(a: EulerZyz, b: EulerZyz): number {
  const between = multiplyMatrices(transposeMatrix(matrixFromZyz(a)), matrixFromZyz(b));
  const cosine = (between[0] + between[4] + between[8] - 1) / 2;
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}
