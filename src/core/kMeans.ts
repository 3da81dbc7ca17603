import { VitrineError } from "./error.ts";
import { requireKnownOptions } from "./knownKeys.ts";
import { type Random, seededRandom } from "./random.ts";

/** Points in groups. */
export interface KMeans {
  /** The group of each point, the largest group first. */
  readonly groupOf: Int32Array;
  /** (clusters, dimensions). */
  readonly centers: Float64Array;
  /** Points of each group; 0 only where there are fewer different points than clusters. */
  readonly sizes: Uint32Array;
  /** Sum of squared distances to the centres. */
  readonly inertia: number;
}

/** Points, and how they are grouped. */
export interface KMeansOptions {
  /** (n, dimensions). */
  readonly points: Float64Array;
  readonly dimensions: number;
  /** At most as many as there are points. */
  readonly clusters: number;
  readonly seed: number;
  /** Starts, of which the one with the least inertia counts (default 4). */
  readonly starts?: number;
}

/** Lloyd's rounds end by themselves long before. */
const MOST_ROUNDS = 300;

/**
 * Groups points about their means by Lloyd's rounds from seeded starts; the same seed gives the same groups.
 *
 * @throws {VitrineError} range: no whole number of clusters from 1 to the number of points, or no start
 *
 * Source: Lloyd 1982, IEEE Trans. Inf. Theory 28:129; starts by Arthur & Vassilvitskii 2007 (greedy k-means++, as scikit-learn's).
 */
export function kMeans(options: KMeansOptions): KMeans {
  requireKnownOptions("kMeans", options, {
    points: true,
    dimensions: true,
    clusters: true,
    seed: true,
    starts: true,
  });
  const { starts = 4, points, dimensions, clusters } = options;
  requireWhole("clusters", clusters, points.length / dimensions);
  requireWhole("starts", starts, Number.POSITIVE_INFINITY);
  const random = seededRandom(options.seed);
  let best = oneStart(options, random);
  for (let start = 1; start < starts; start++) {
    const next = oneStart(options, random);
    if (next.inertia < best.inertia) best = next;
  }
  return bySize(best, dimensions);
}

function requireWhole(at: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  const expected = Number.isFinite(most)
    ? `a whole number from 1 to ${most}, the points`
    : "a whole number from 1";
  throw new VitrineError({ code: "range", at: `kMeans ${at}`, expected, found: `${value}` });
}

function oneStart(options: KMeansOptions, random: Random): KMeans {
  const { points, dimensions, clusters } = options;
  const centers = firstCenters(options, random);
  const count = points.length / dimensions;
  const groups = { groupOf: new Int32Array(count).fill(-1), distances: new Float64Array(count) };
  const sizes = new Uint32Array(clusters);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const moved = assign(centers, options, groups);
    sizes.fill(0);
    for (const group of groups.groupOf) sizes[group]++;
    if (moved === 0 && !(sizes.includes(0) && groups.distances.some((distance) => distance > 0))) break;
    moveCenters(centers, options, { ...groups, sizes });
  }
  const inertia = groups.distances.reduce((sum, distance) => sum + distance, 0);
  return { groupOf: groups.groupOf, centers, sizes, inertia };
}

/**
 * Each next one a point, the likelier the farther it lies from those that are there: of a few such points the one that leaves the others
 * nearest.
 */
function firstCenters({ points, dimensions, clusters }: KMeansOptions, random: Random): Float64Array {
  const count = points.length / dimensions;
  const trials = 2 + Math.floor(Math.log(clusters));
  const between = squaredDistances(dimensions);
  const centers = new Float64Array(clusters * dimensions);
  let distances = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  let sum = Number.POSITIVE_INFINITY;
  for (let cluster = 0; cluster < clusters; cluster++) {
    let best = { point: 0, distances, sum: Number.POSITIVE_INFINITY };
    for (let trial = 0; trial < (cluster === 0 ? 1 : trials); trial++) {
      // all distances are 0 where there are fewer different points than clusters
      const isFirst = cluster === 0 || sum === 0;
      const point = isFirst
        ? Math.floor(random.uniform() * count)
        : drawnBy(distances, random.uniform() * sum);
      const next = distances.map((distance, i) => {
        return Math.min(distance, between(points, i * dimensions, points, point * dimensions));
      });
      const left = next.reduce((total, distance) => total + distance, 0);
      if (left < best.sum) best = { point, distances: next, sum: left };
    }
    const { point } = best;
    centers.set(points.subarray(point * dimensions, (point + 1) * dimensions), cluster * dimensions);
    ({ distances, sum } = best);
  }
  return centers;
}

/** Index of the value within whose part of the sum a number falls. */
function drawnBy(values: Float64Array, number: number): number {
  let left = number;
  for (let i = 0; i < values.length; i++) {
    left -= values[i];
    if (left <= 0 && values[i] > 0) return i;
  }
  return values.length - 1;
}

interface Groups {
  readonly groupOf: Int32Array;
  /** Squared, of each point from its centre. */
  readonly distances: Float64Array;
}

/** Puts points to their nearest centres; how many went to another. */
function assign(
  centers: Float64Array,
  { points, dimensions, clusters }: KMeansOptions,
  { groupOf, distances }: Groups,
): number {
  const between = squaredDistances(dimensions);
  let moved = 0;
  for (let i = 0; i < groupOf.length; i++) {
    let [group, distance] = [0, Number.POSITIVE_INFINITY];
    for (let cluster = 0; cluster < clusters; cluster++) {
      const next = between(points, i * dimensions, centers, cluster * dimensions);
      if (next < distance) [group, distance] = [cluster, next];
    }
    if (group !== groupOf[i]) moved++;
    groupOf[i] = group;
    distances[i] = distance;
  }
  return moved;
}

/** Centres become means; one without points goes to the point that lies farthest from its own centre. */
function moveCenters(
  centers: Float64Array,
  { points, dimensions }: KMeansOptions,
  { groupOf, distances, sizes }: Groups & Pick<KMeans, "sizes">,
): void {
  const left = Float64Array.from(distances);
  const members = Int32Array.from(groupOf);
  const counts = Uint32Array.from(sizes);
  counts.forEach((size, cluster) => {
    if (size > 0) return;
    const farthest = left.reduce((best, distance, i) => (distance > left[best] ? i : best), 0);
    if (left[farthest] === 0) return;
    counts[members[farthest]]--;
    [members[farthest], left[farthest], counts[cluster]] = [cluster, 0, 1];
  });
  const sums = new Float64Array(centers.length);
  members.forEach((group, i) => {
    for (let d = 0; d < dimensions; d++) sums[group * dimensions + d] += points[i * dimensions + d];
  });
  sums.forEach((sum, c) => {
    const size = counts[Math.floor(c / dimensions)];
    if (size > 0) centers[c] = sum / size;
  });
}

/** The squared distance of a point that begins at `a` of a list from one that begins at `b` of another. */
export type SquaredDistance = (points: Float64Array, a: number, others: Float64Array, b: number) => number;

/** Squared distances of points of so many coordinates. */
export function squaredDistances(dimensions: number): SquaredDistance {
  return (points, a, others, b) => {
    let sum = 0;
    for (let d = 0; d < dimensions; d++) sum += (points[a + d] - others[b + d]) ** 2;
    return sum;
  };
}

function bySize({ groupOf, centers, sizes, inertia }: KMeans, dimensions: number): KMeans {
  const order = [...sizes.keys()].sort((a, b) => sizes[b] - sizes[a] || a - b);
  const place = new Int32Array(order.length);
  for (const [to, from] of order.entries()) place[from] = to;
  return {
    groupOf: groupOf.map((group) => place[group]),
    centers: Float64Array.from(centers, (_, i) => {
      const from = order[Math.floor(i / dimensions)];
      return centers[from * dimensions + (i % dimensions)];
    }),
    sizes: Uint32Array.from(order, (from) => sizes[from]),
    inertia,
  };
}
