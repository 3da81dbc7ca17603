/** k-means: points in groups about their means. */
import { type Random, seededRandom } from "../../core/index.ts";

/** Points in groups. */
export interface KMeans {
  /** The group of each point, the largest group first. */
  readonly groupOf: Int32Array;
  /** (clusters, dimensions). */
  readonly centers: Float64Array;
  readonly sizes: Uint32Array;
  /** Sum of squared distances to the centres. */
  readonly inertia: number;
}

/** Points, and how they are grouped. */
export interface KMeansOptions {
  readonly points: Float64Array;
  readonly dimensions: number;
  /** At most as many as there are points. */
  readonly clusters: number;
  readonly seed: number;
  /** Starts, of which the one with the least inertia counts (default 4). */
  readonly starts?: number;
}

const MOST_ROUNDS = 100;

/**
 * Groups points by Lloyd's rounds from seeded starts; the same seed gives the same groups.
 *
 * Source: Lloyd 1982, IEEE Trans. Inf. Theory 28:129; starts by Arthur & Vassilvitskii 2007 (k-means++).
 */
export function kMeans({ starts = 4, seed, ...options }: KMeansOptions): KMeans {
  const random = seededRandom(seed);
  let best: KMeans | undefined;
  for (let start = 0; start < starts; start++) {
    const next = oneStart({ ...options, random });
    if (best === undefined || next.inertia < best.inertia) best = next;
  }
  return bySize(best!, options.dimensions);
}

type StartOptions = Omit<KMeansOptions, "starts" | "seed"> & { readonly random: Random };

function oneStart(options: StartOptions): KMeans {
  const { points, dimensions, clusters } = options;
  const count = points.length / dimensions;
  const centers = firstCenters(options);
  const groupOf = new Int32Array(count).fill(-1);
  let inertia = 0;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let moved = 0;
    inertia = 0;
    for (let i = 0; i < count; i++) {
      const { group, distance } = nearest(centers, points, { at: i * dimensions, dimensions, clusters });
      if (group !== groupOf[i]) moved++;
      groupOf[i] = group;
      inertia += distance;
    }
    if (moved === 0) break;
    moveCenters(centers, { points, dimensions, groupOf });
  }
  const sizes = new Uint32Array(clusters);
  for (const group of groupOf) sizes[group]++;
  return { groupOf, centers, sizes, inertia };
}

/** Each next one a point, the likelier the farther it lies from those that are there. */
function firstCenters({ points, dimensions, clusters, random }: StartOptions): Float64Array {
  const count = points.length / dimensions;
  const centers = new Float64Array(clusters * dimensions);
  const distances = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  let chosen = Math.floor(random.uniform() * count);
  for (let cluster = 0; cluster < clusters; cluster++) {
    centers.set(points.subarray(chosen * dimensions, (chosen + 1) * dimensions), cluster * dimensions);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const place = { dimensions, a: i * dimensions, b: cluster * dimensions };
      distances[i] = Math.min(distances[i], squaredDistance(points, centers, place));
      sum += distances[i];
    }
    // all distances are 0 where there are fewer different points than clusters
    chosen = sum > 0 ? drawnBy(distances, random.uniform() * sum) : Math.floor(random.uniform() * count);
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

/** Centres become means; one without points stays where it is. */
function moveCenters(
  centers: Float64Array,
  { points, dimensions, groupOf }: Pick<KMeans, "groupOf"> & Pick<KMeansOptions, "points" | "dimensions">,
): void {
  const sums = new Float64Array(centers.length);
  const sizes = new Uint32Array(centers.length / dimensions);
  for (let i = 0; i < groupOf.length; i++) {
    sizes[groupOf[i]]++;
    for (let d = 0; d < dimensions; d++) sums[groupOf[i] * dimensions + d] += points[i * dimensions + d];
  }
  for (let c = 0; c < centers.length; c++) {
    const size = sizes[Math.floor(c / dimensions)];
    if (size > 0) centers[c] = sums[c] / size;
  }
}

function nearest(
  centers: Float64Array,
  points: Float64Array,
  {
    at,
    dimensions,
    clusters,
  }: { readonly at: number; readonly dimensions: number; readonly clusters: number },
): { readonly group: number; readonly distance: number } {
  let [group, distance] = [0, Number.POSITIVE_INFINITY];
  for (let cluster = 0; cluster < clusters; cluster++) {
    const next = squaredDistance(points, centers, { dimensions, a: at, b: cluster * dimensions });
    if (next < distance) [group, distance] = [cluster, next];
  }
  return { group, distance };
}

/** Between a point that begins at `a` and one of another list that begins at `b`. */
export function squaredDistance(
  points: Float64Array,
  others: Float64Array,
  { dimensions, a, b }: { readonly dimensions: number; readonly a: number; readonly b: number },
): number {
  let sum = 0;
  for (let d = 0; d < dimensions; d++) sum += (points[a + d] - others[b + d]) ** 2;
  return sum;
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
