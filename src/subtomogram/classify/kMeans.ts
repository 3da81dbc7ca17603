import { seededRandom, VitrineError } from "../../core/index.ts";

/** Points in groups. */
export interface Clusters {
  /** The group of each point, numbered by the groups' sizes: 0 is the largest. */
  readonly labels: Int32Array;
  /** (clusters, width). */
  readonly centres: Float64Array;
  /** Sum of squared distances of points from their centres. */
  readonly inertia: number;
}

/** Tries with other first centres, of which the best is kept. */
const TRIES = 10;
const MOST_STEPS = 300;

/**
 * Divides points into groups about their means; of ten tries the one whose points are nearest.
 *
 * @param points  (n, width)
 * @throws {VitrineError} range: no whole number of clusters from 1 to n
 * Source: Lloyd 1982, IEEE Trans. Inf. Theory 28:129; Arthur & Vassilvitskii 2007 (first centres).
 */
export function kMeans(
  points: Float64Array,
  { clusters, width, seed }: { readonly clusters: number; readonly width: number; readonly seed: number },
): Clusters {
  const count = points.length / width;
  if (!Number.isInteger(clusters) || clusters < 1 || clusters > count) {
    const expected = `a whole number from 1 to ${count}, the molecules`;
    throw new VitrineError({ code: "range", at: "clusters", expected, found: `${clusters}` });
  }
  const random = seededRandom(seed);
  let best: Clusters | undefined;
  for (let i = 0; i < TRIES; i++) {
    const found = lloyd(points, firstCentres(points, { clusters, width, uniform: random.uniform }), width);
    if (best === undefined || found.inertia < best.inertia) best = found;
  }
  return bySize(best ?? { labels: new Int32Array(0), centres: new Float64Array(0), inertia: 0 }, width);
}

/** Each next centre is a point, the more likely the farther from those before. */
function firstCentres(
  points: Float64Array,
  {
    clusters,
    width,
    uniform,
  }: { readonly clusters: number; readonly width: number; readonly uniform: () => number },
): Float64Array {
  const count = points.length / width;
  const centres = new Float64Array(clusters * width);
  const distances = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  let chosen = Math.floor(uniform() * count);
  for (let k = 0; k < clusters; k++) {
    const centre = points.subarray(chosen * width, (chosen + 1) * width);
    centres.set(centre, k * width);
    for (let i = 0; i < count; i++) distances[i] = Math.min(distances[i], squared(points, i, centre));
    let rest = uniform() * distances.reduce((sum, value) => sum + value, 0);
    chosen = distances.findIndex((value) => {
      rest -= value;
      return rest < 0;
    });
    if (chosen < 0) chosen = count - 1;
  }
  return centres;
}

function lloyd(points: Float64Array, centres: Float64Array, width: number): Clusters {
  const labels = new Int32Array(points.length / width).fill(-1);
  let inertia = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    const before = labels.slice();
    inertia = assign(points, { centres, labels, width });
    if (labels.every((label, i) => label === before[i])) break;
    moveCentres(points, { centres, labels, width });
  }
  return { labels, centres, inertia };
}

interface Groups {
  readonly centres: Float64Array;
  readonly labels: Int32Array;
  readonly width: number;
}

function assign(points: Float64Array, { centres, labels, width }: Groups): number {
  let inertia = 0;
  for (let i = 0; i < labels.length; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < centres.length / width; k++) {
      const distance = squared(points, i, centres.subarray(k * width, (k + 1) * width));
      if (distance < least) [least, labels[i]] = [distance, k];
    }
    inertia += least;
  }
  return inertia;
}

/** A group that lost all its points keeps its centre. */
function moveCentres(points: Float64Array, { centres, labels, width }: Groups): void {
  const sums = new Float64Array(centres.length);
  const counts = new Float64Array(centres.length / width);
  labels.forEach((label, i) => {
    counts[label]++;
    for (let j = 0; j < width; j++) sums[label * width + j] += points[i * width + j];
  });
  counts.forEach((count, k) => {
    if (count > 0) for (let j = 0; j < width; j++) centres[k * width + j] = sums[k * width + j] / count;
  });
}

function squared(points: Float64Array, index: number, centre: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < centre.length; j++) sum += (points[index * centre.length + j] - centre[j]) ** 2;
  return sum;
}

function bySize({ labels, centres, inertia }: Clusters, width: number): Clusters {
  const sizes = new Float64Array(centres.length / width);
  for (const label of labels) sizes[label]++;
  const order = Array.from(sizes, (_, k) => k).sort((a, b) => sizes[b] - sizes[a] || a - b);
  const place = new Int32Array(order.length);
  order.forEach((from, to) => {
    place[from] = to;
  });
  return {
    labels: labels.map((label) => place[label]),
    centres: Float64Array.from(
      order.flatMap((k) => Array.from(centres.subarray(k * width, (k + 1) * width))),
    ),
    inertia,
  };
}
