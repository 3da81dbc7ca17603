import type { PixelOffset } from "../geometry/levels.ts";
import { median, type StageStep } from "./stage.ts";

/** Sites that steps connect, and where each lies relative to the others. */
export interface Network {
  /** Sites by component, the largest first; a site without any step is alone. */
  readonly components: readonly (readonly number[])[];
  /** Pixels, up to one shift a component. */
  readonly positions: readonly PixelOffset[];
  /** By how much each step is another one than between the positions, pixels. */
  readonly residuals: readonly number[];
  /** Steps that contradict the others, by their number. */
  readonly contradicting: ReadonlySet<number>;
}

/** Rounds of weighing. */
const ROUNDS = 15;
/** Tukey's constant: a step that is as many scales off counts nothing. */
const TUKEY = 4.685;
/** Least scale: what registration itself may miss, pixels. */
const LEAST_SCALE = 0.25;
/** Steps that are less off never contradict, pixels. */
const LEAST_CONTRADICTION = 1.5;

/**
 * Positions that fit all steps best, by least squares in which steps that contradict the others count nothing (Tukey's weights), begun
 * from the tree of the best steps.
 *
 * @param count  of sites
 * @param steps  `weight`: how well each is known
 *
 * Source: Preibisch et al. 2009, Bioinformatics 25:1463 (global optimisation); Muhlich et al. 2022, Bioinformatics 38:4613 (the tree).
 */
export function placeNetwork(count: number, steps: readonly StageStep[]): Network {
  const tree = spanningTree(count, steps);
  const components = componentsOf(
    count,
    tree.map((i) => steps[i]),
  );
  let positions = walk(
    components,
    tree.map((i) => steps[i]),
    count,
  );
  let residuals = residualsOf(positions, steps);
  let scale = LEAST_SCALE;
  for (let round = 0; round < ROUNDS; round++) {
    scale = Math.max(LEAST_SCALE, 1.4826 * median(tellingResiduals(residuals, tree)));
    const weights = steps.map(({ weight }, i) => weight * tukey(residuals[i] / (TUKEY * scale)));
    positions = leastSquares(positions, steps, weights);
    residuals = residualsOf(positions, steps);
  }
  const limit = Math.max(LEAST_CONTRADICTION, TUKEY * scale);
  const contradicting = new Set(residuals.flatMap((residual, i) => (residual > limit ? [i] : [])));
  return { components, positions, residuals, contradicting };
}

const tukey = (t: number) => (Math.abs(t) >= 1 ? 0 : (1 - t * t) ** 2);

/** A tree's own steps fit by themselves at first: they tell no scale. */
function tellingResiduals(residuals: readonly number[], tree: readonly number[]): number[] {
  const own = new Set(tree);
  return residuals.filter((_, i) => !own.has(i));
}

function residualsOf(positions: readonly PixelOffset[], steps: readonly StageStep[]): number[] {
  return steps.map(({ first, second, y, x }) => {
    const [a, b] = [positions[first], positions[second]];
    return Math.hypot(b.y - a.y - y, b.x - a.x - x);
  });
}

/** Numbers of the steps of the tree with the highest weights (Kruskal). */
function spanningTree(count: number, steps: readonly StageStep[]): number[] {
  const parent = Array.from({ length: count }, (_, i) => i);
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  };
  const order = steps.map((_, i) => i).sort((a, b) => steps[b].weight - steps[a].weight || a - b);
  return order.filter((i) => {
    const [a, b] = [root(steps[i].first), root(steps[i].second)];
    parent[a] = b;
    return a !== b;
  });
}

/** Neighbours of each site with the step to them. */
function neighboursOf(
  count: number,
  steps: readonly StageStep[],
): { site: number; y: number; x: number }[][] {
  const lists: { site: number; y: number; x: number }[][] = Array.from({ length: count }, () => []);
  for (const { first, second, y, x } of steps) {
    lists[first].push({ site: second, y, x });
    lists[second].push({ site: first, y: -y, x: -x });
  }
  return lists;
}

function componentsOf(count: number, tree: readonly StageStep[]): number[][] {
  const neighbours = neighboursOf(count, tree);
  const seen = new Uint8Array(count);
  const components: number[][] = [];
  for (let start = 0; start < count; start++) {
    if (seen[start] === 1) continue;
    const found = [start];
    seen[start] = 1;
    for (const site of found) {
      for (const next of neighbours[site]) {
        if (seen[next.site] === 1) continue;
        seen[next.site] = 1;
        found.push(next.site);
      }
    }
    components.push(found);
  }
  return components.sort((a, b) => b.length - a.length);
}

/** Positions along the tree; each component begins at 0. */
function walk(
  components: readonly (readonly number[])[],
  tree: readonly StageStep[],
  count: number,
): PixelOffset[] {
  const neighbours = neighboursOf(count, tree);
  const positions: (PixelOffset | undefined)[] = Array.from({ length: count });
  for (const component of components) {
    positions[component[0]] = { y: 0, x: 0 };
    for (const site of component) {
      const from = positions[site] ?? { y: 0, x: 0 };
      for (const next of neighbours[site])
        positions[next.site] ??= { y: from.y + next.y, x: from.x + next.x };
    }
  }
  return positions.map((position) => position ?? { y: 0, x: 0 });
}

/** Weighted least squares by conjugate gradients from where the sites are; a component keeps its mean. */
function leastSquares(
  positions: readonly PixelOffset[],
  steps: readonly StageStep[],
  weights: readonly number[],
): PixelOffset[] {
  const axis = (of: (place: PixelOffset) => number) =>
    conjugateGradients(Float64Array.from(positions, of), {
      steps,
      weights,
      wanted: Float64Array.from(steps, of),
    });
  const y = axis((place) => place.y);
  const x = axis((place) => place.x);
  return positions.map((_, i) => ({ y: y[i], x: x[i] }));
}

interface System {
  readonly steps: readonly StageStep[];
  readonly weights: readonly number[];
  readonly wanted: Float64Array;
}

const MOST_ITERATIONS = 2000;

function conjugateGradients(start: Float64Array, { steps, weights, wanted }: System): Float64Array {
  const solution = start.slice();
  const residual = new Float64Array(start.length);
  steps.forEach(({ first, second }, k) => {
    const missed = weights[k] * (wanted[k] - (solution[second] - solution[first]));
    residual[second] += missed;
    residual[first] -= missed;
  });
  const apply = (vector: Float64Array) => {
    const result = new Float64Array(vector.length);
    steps.forEach(({ first, second }, k) => {
      const part = weights[k] * (vector[second] - vector[first]);
      result[second] += part;
      result[first] -= part;
    });
    return result;
  };
  let direction = residual.slice();
  let norm = dot(residual, residual);
  const goal = 1e-18 * Math.max(norm, 1e-12);
  for (let i = 0; i < MOST_ITERATIONS && norm > goal; i++) {
    const image = apply(direction);
    const length = norm / dot(direction, image);
    for (let j = 0; j < solution.length; j++) {
      solution[j] += length * direction[j];
      residual[j] -= length * image[j];
    }
    const next = dot(residual, residual);
    const turn = next / norm;
    direction = direction.map((value, j) => residual[j] + turn * value);
    norm = next;
  }
  return solution;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
