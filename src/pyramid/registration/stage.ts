import type { PixelOffset } from "../geometry/levels.ts";

/**
 * What a stage does wrong in the same way everywhere: the camera is turned or its pixel size is wrong (a 2 x 2 matrix), and a site lies elsewhere
 * when the stage came from the other side (backlash).
 */
export interface StageModel {
  /** True step = matrix x nominal step, [[yy, yx], [xy, xx]]. */
  readonly matrix: readonly [readonly [number, number], readonly [number, number]];
  /** Pixels by which a site lies further on where the stage moved towards higher y, and lower where it came back; and the same of x. */
  readonly backlash: readonly [readonly [number, number], readonly [number, number]];
}

/** A stage that is right. */
export const RIGHT_STAGE: StageModel = {
  matrix: [
    [1, 0],
    [0, 1],
  ],
  backlash: [
    [0, 0],
    [0, 0],
  ],
};

/** A site as the model sees it: where the stage says it is, and from where the stage came, -1, 0 or 1. */
export interface StagePlace extends PixelOffset {
  readonly cameFromY: number;
  readonly cameFromX: number;
}

/** A step between two sites as it was found. */
export interface StageStep extends PixelOffset {
  readonly first: number;
  readonly second: number;
  readonly weight: number;
}

/** What the model is thought to be before anything is known: a matrix within 1 % of the identity, backlash within 20 pixels. */
const PRIOR_MATRIX = 0.01;
const PRIOR_BACKLASH = 20;
/** Moves shorter than that part of the longest are no moves. */
const LEAST_MOVE = 0.25;
/** Rounds in which steps that do not fit lose their weight. */
const ROUNDS = 10;

/** Where the stage came from at each site, if it visited them in their order; what did not move keeps what it was. */
export function stagePlaces(nominal: readonly PixelOffset[]): StagePlace[] {
  const directions = (of: (place: PixelOffset) => number): number[] => {
    const moves = nominal.map((place, i) => (i === 0 ? 0 : of(place) - of(nominal[i - 1])));
    const least = LEAST_MOVE * median(moves.map(Math.abs).filter((move) => move > 0));
    let last = 0;
    return moves.map((move) => {
      if (Math.abs(move) > least) last = Math.sign(move);
      return last;
    });
  };
  const y = toldApart(directions((place) => place.y));
  const x = toldApart(directions((place) => place.x));
  return nominal.map((place, i) => ({ y: place.y, x: place.x, cameFromY: y[i], cameFromX: x[i] }));
}

/** Sites that were come to from either side, at least: with fewer, a site's own error would be taken for backlash. */
const LEAST_SIDES = 3;

function toldApart(directions: readonly number[]): number[] {
  const count = (sign: number) => directions.filter((direction) => direction === sign).length;
  return Math.min(count(1), count(-1)) < LEAST_SIDES ? directions.map(() => 0) : [...directions];
}

/** Middle value, the lower of two; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[(sorted.length - 1) >> 1];
}

/** Where a site lies by the model, up to one shift for all. */
export function placeBy({ matrix, backlash }: StageModel, place: StagePlace): PixelOffset {
  const of = (row: 0 | 1) =>
    matrix[row][0] * place.y +
    matrix[row][1] * place.x +
    backlash[row][0] * place.cameFromY +
    backlash[row][1] * place.cameFromX;
  return { y: of(0), x: of(1) };
}

/** By how much a step is another one than the model says. */
export function stepResidual(model: StageModel, places: readonly StagePlace[], step: StageStep): PixelOffset {
  const [from, to] = [placeBy(model, places[step.first]), placeBy(model, places[step.second])];
  return { y: step.y - (to.y - from.y), x: step.x - (to.x - from.x) };
}

/** The model that fits the steps best; those that are far from the others' count little. Without steps the stage is right. */
export function fitStage(places: readonly StagePlace[], steps: readonly StageStep[]): StageModel {
  let model = RIGHT_STAGE;
  if (steps.length === 0) return model;
  let weights = steps.map(({ weight }) => weight);
  for (let round = 0; round < ROUNDS; round++) {
    model = fitOnce(places, steps, weights);
    const distances = steps.map((step) => {
      const { y, x } = stepResidual(model, places, step);
      return Math.hypot(y, x);
    });
    const scale = Math.max(0.5, 1.5 * median(distances));
    weights = steps.map(({ weight }, i) => weight / Math.max(1, distances[i] / scale));
  }
  return model;
}

function fitOnce(
  places: readonly StagePlace[],
  steps: readonly StageStep[],
  weights: readonly number[],
): StageModel {
  const features = steps.map(({ first, second }) => {
    const [a, b] = [places[first], places[second]];
    return [b.y - a.y, b.x - a.x, b.cameFromY - a.cameFromY, b.cameFromX - a.cameFromX];
  });
  const prior = [PRIOR_MATRIX, PRIOR_MATRIX, PRIOR_BACKLASH, PRIOR_BACKLASH].map((sigma) => 1 / sigma ** 2);
  const solved = (value: (step: StageStep, i: number) => number) => {
    const matrix = prior.map((own, i) =>
      prior.map((_, j) => (i === j ? own : 0) + sumOf(features, (f, k) => weights[k] * f[i] * f[j])),
    );
    const right = prior.map((_, i) => sumOf(features, (f, k) => weights[k] * f[i] * value(steps[k], k)));
    return solveSymmetric(matrix, right);
  };
  const y = solved((step, k) => step.y - features[k][0]);
  const x = solved((step, k) => step.x - features[k][1]);
  return {
    matrix: [
      [1 + y[0], y[1]],
      [x[0], 1 + x[1]],
    ],
    backlash: [
      [y[2], y[3]],
      [x[2], x[3]],
    ],
  };
}

function sumOf<Item>(items: readonly Item[], value: (item: Item, i: number) => number): number {
  return items.reduce((sum, item, i) => sum + value(item, i), 0);
}

/** Solves a small positive definite system by Cholesky's factors. */
export function solveSymmetric(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const factor = matrix.map((row) => [...row]);
  const result = [...right];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i][j];
      for (let k = 0; k < j; k++) sum -= factor[i][k] * factor[j][k];
      factor[i][j] = i === j ? Math.sqrt(sum) : sum / factor[j][j];
    }
    for (let k = 0; k < i; k++) result[i] -= factor[i][k] * result[k];
    result[i] /= factor[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) result[i] -= factor[k][i] * result[k];
    result[i] /= factor[i][i];
  }
  return result;
}
