import { type Random, seededRandom } from "../../core/index.ts";
import type { StagePosition } from "./lattice.ts";

/** Starts that are tried, as many as scikit-learn's default was. */
const STARTS = 10;
const MOST_ROUNDS = 300;

/**
 * Centres of `n` clusters by k-means (Lloyd's rounds from k-means++ starts, the best of ten, seeded): of as many positions as clusters
 * the positions themselves.
 *
 * Sources: Lloyd 1982, IEEE Trans. Inf. Theory 28:129; Arthur & Vassilvitskii 2007, SODA 1027.
 */
export function clusterCentres(positions: readonly StagePosition[], n: number): StagePosition[] {
  if (positions.length === n) return [...positions];
  const random = seededRandom(1);
  let best: Clusters = { centres: [], cost: Number.POSITIVE_INFINITY };
  for (let start = 0; start < STARTS; start++) {
    const found = settle(positions, startCentres(positions, n, random));
    if (found.cost < best.cost) best = found;
  }
  return best.centres;
}

interface Clusters {
  readonly centres: StagePosition[];
  /** Sum of squared distances to the nearest centre. */
  readonly cost: number;
}

/** Each further centre is a position, drawn with a probability that grows with the squared distance to the nearest centre. */
function startCentres(positions: readonly StagePosition[], n: number, random: Random): StagePosition[] {
  const centres = [positions[Math.floor(random.uniform() * positions.length)]];
  while (centres.length < n) {
    const distances = positions.map((position) => nearest(position, centres).distance);
    let rest = random.uniform() * distances.reduce((sum, distance) => sum + distance, 0);
    const drawn = distances.findIndex((distance) => {
      rest -= distance;
      return rest < 0;
    });
    centres.push(positions[Math.max(drawn, 0)]);
  }
  return centres;
}

function settle(positions: readonly StagePosition[], start: readonly StagePosition[]): Clusters {
  let clusters: Clusters = { centres: [...start], cost: Number.POSITIVE_INFINITY };
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = step(positions, clusters.centres);
    if (next.cost >= clusters.cost) break;
    clusters = next;
  }
  return clusters;
}

/** Moves each centre to the mean of the positions that are nearest to it; one without any stays. */
function step(positions: readonly StagePosition[], centres: readonly StagePosition[]): Clusters {
  const sums = centres.map(() => [0, 0, 0]);
  let cost = 0;
  for (const position of positions) {
    const { index, distance } = nearest(position, centres);
    cost += distance;
    sums[index][0] += position[0];
    sums[index][1] += position[1];
    sums[index][2] += 1;
  }
  const moved = sums.map(
    ([y, x, count], i): StagePosition => (count > 0 ? [y / count, x / count] : centres[i]),
  );
  return { centres: moved, cost };
}

function nearest(
  [y, x]: StagePosition,
  centres: readonly StagePosition[],
): { index: number; distance: number } {
  let best = { index: 0, distance: Number.POSITIVE_INFINITY };
  centres.forEach((centre, index) => {
    const distance = (centre[0] - y) ** 2 + (centre[1] - x) ** 2;
    if (distance < best.distance) best = { index, distance };
  });
  return best;
}
