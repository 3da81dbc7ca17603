import { type Matrix3, multiplyMatrices, transposeMatrix } from "../../core/index.ts";
import { POSE_PARAMETERS, type Pose, type PoseEvaluation } from "./poseScore.ts";

/** How far a pose may go from where it began; what has a bound of 0 stays. */
export interface PoseBounds {
  /** Angle of the whole turn, radians. */
  readonly turn: number;
  /** Along each axis, pixels. */
  readonly shiftPx: number;
  readonly defocusA: number;
}

/** Where an optimisation ended. */
export interface PoseOptimum {
  readonly pose: Pose;
  readonly score: number;
  /** Score of the pose that it began with. */
  readonly startScore: number;
  /** Poses that were tried, the first one among them. */
  readonly evaluations: number;
}

/** What is maximised: see `PoseScore`. */
export interface PoseObjective {
  evaluate(pose: Pose): PoseEvaluation;
  /** (6, 6) about minus the second derivatives where it was evaluated last; positive semidefinite. */
  curvature(): Float64Array;
}

/** Steps end when the next one promises less: correlations have noise of variance 1, so a hundredth of what noise moves the peak by. */
const TOLERANCE = 1e-4;
const MOST_EVALUATIONS = 40;
const [FIRST_DAMPING, LEAST_DAMPING] = [1e-3, 1e-6];
/** Part of the curvature along a step that has to be left for the step to change it. */
const LEAST_BEND = 0.05;

/**
 * Finds a maximum of a score near a pose. The first step is Gauss-Newton's; what each step changes of the gradient then corrects the curvature
 * (BFGS), since noise bends the score too. Steps are damped after Marquardt: ten times less after a step up, ten times more after one that
 * was none. A step is accepted only if it leads higher, so the end is never below the start.
 *
 * Source: Nocedal & Wright 2006, Numerical Optimization, chapters 6 and 10; Marquardt 1963, J. Soc. Indust. Appl. Math. 11:431.
 */
export function optimizePose(objective: PoseObjective, start: Pose, bounds: PoseBounds): PoseOptimum {
  let [pose, here] = [start, objective.evaluate(start)];
  const startScore = here.score;
  let curvature = objective.curvature();
  let damping = FIRST_DAMPING;
  let evaluations = 1;
  while (evaluations < MOST_EVALUATIONS) {
    const slope = { gradient: here.gradient, curvature };
    const step = dampedStep(slope, freeParameters(pose, here.gradient, { start, bounds }), damping);
    if (!(promise(slope, step) > TOLERANCE)) break;
    const trial = bounded(moved(pose, step), start, bounds);
    const there = objective.evaluate(trial);
    evaluations++;
    const change = here.gradient.map((value, k) => value - there.gradient[k]);
    curvature = corrected(curvature, difference(trial, pose), change);
    const isHigher = there.score > here.score;
    damping = isHigher ? Math.max(LEAST_DAMPING, damping / 10) : damping * 10;
    if (isHigher) [pose, here] = [trial, there];
  }
  return { pose, score: here.score, startScore, evaluations };
}

/** Gradient, and a model of minus the second derivatives. */
interface Slope {
  readonly gradient: Float64Array;
  readonly curvature: Float64Array;
}

/** Those with room left in the direction of the gradient. */
function freeParameters(
  pose: Pose,
  gradient: Float64Array,
  { start, bounds: { turn, shiftPx, defocusA } }: { start: Pose; bounds: PoseBounds },
): number[] {
  const rooms = [turn, turn, turn, shiftPx, shiftPx, defocusA];
  const moves = difference(pose, start);
  // turns share one bound, which `bounded` keeps
  const isStopped = (k: number) => k >= 3 && moves[k] * Math.sign(gradient[k]) >= rooms[k];
  return [...rooms.keys()].filter((k) => rooms[k] > 0 && !isStopped(k));
}

/** The step from one pose to another. */
function difference(to: Pose, from: Pose): number[] {
  const turn = vectorFromRotation(multiplyMatrices(transposeMatrix(from.rotation), to.rotation));
  return [...turn, to.shiftX - from.shiftX, to.shiftY - from.shiftY, to.defocusA - from.defocusA];
}

/** The curvature after a step that changed the gradient; as it was where the score did not bend down. */
function corrected(curvature: Float64Array, step: readonly number[], change: Float64Array): Float64Array {
  const n = POSE_PARAMETERS;
  const bent = step.map((_, a) => step.reduce((sum, value, b) => sum + curvature[n * a + b] * value, 0));
  const expected = bent.reduce((sum, value, k) => sum + value * step[k], 0);
  const found = change.reduce((sum, value, k) => sum + value * step[k], 0);
  if (!(found > LEAST_BEND * expected)) return curvature;
  return curvature.map((value, i) => {
    const [a, b] = [Math.floor(i / n), i % n];
    return value + (change[a] * change[b]) / found - (bent[a] * bent[b]) / expected;
  });
}

/** Solves (H + damping diag H) step = gradient for the free parameters; the others stay. */
function dampedStep({ gradient, curvature }: Slope, free: readonly number[], damping: number): Float64Array {
  const n = free.length;
  const step = new Float64Array(POSE_PARAMETERS);
  // in units of the curvature the matrix has a diagonal of 1, whatever the parameters' units
  const unit = free.map((k) => Math.sqrt(Math.max(curvature[(POSE_PARAMETERS + 1) * k], 0)) || 1);
  const matrix = Float64Array.from({ length: n * n }, (_, i) => {
    const [a, b] = [Math.floor(i / n), i % n];
    const value = curvature[POSE_PARAMETERS * free[a] + free[b]] / (unit[a] * unit[b]);
    return a === b ? 1 + damping : value;
  });
  const solution = solveSymmetric(
    matrix,
    free.map((k, a) => gradient[k] / unit[a]),
  );
  free.forEach((k, a) => {
    step[k] = solution[a] / unit[a];
  });
  return step;
}

/** Cholesky: `matrix` (n, n) is positive definite and is overwritten. */
function solveSymmetric(matrix: Float64Array, right: readonly number[]): number[] {
  const n = right.length;
  const x = [...right];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[n * i + j];
      for (let k = 0; k < j; k++) sum -= matrix[n * i + k] * matrix[n * j + k];
      matrix[n * i + j] = i === j ? Math.sqrt(Math.max(sum, Number.EPSILON)) : sum / matrix[n * j + j];
    }
    for (let k = 0; k < i; k++) x[i] -= matrix[n * i + k] * x[k];
    x[i] /= matrix[n * i + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= matrix[n * k + i] * x[k];
    x[i] /= matrix[n * i + i];
  }
  return x;
}

/** What the quadratic model gains by a step. */
function promise({ gradient, curvature }: Slope, step: Float64Array): number {
  return step.reduce((sum, value, a) => {
    const bend = step.reduce((part, other, b) => part + curvature[POSE_PARAMETERS * a + b] * other, 0);
    return sum + value * (gradient[a] - bend / 2);
  }, 0);
}

function moved({ rotation, shiftX, shiftY, defocusA }: Pose, step: Float64Array): Pose {
  return {
    rotation: multiplyMatrices(rotation, rotationFromVector([step[0], step[1], step[2]])),
    shiftX: shiftX + step[3],
    shiftY: shiftY + step[4],
    defocusA: defocusA + step[5],
  };
}

/** The pose, or the nearest one on the bounds. */
function bounded(pose: Pose, start: Pose, { turn, shiftPx, defocusA }: PoseBounds): Pose {
  const within = (value: number, from: number, room: number) =>
    Math.min(from + room, Math.max(from - room, value));
  return {
    rotation: boundedRotation(pose.rotation, start.rotation, turn),
    shiftX: within(pose.shiftX, start.shiftX, shiftPx),
    shiftY: within(pose.shiftY, start.shiftY, shiftPx),
    defocusA: within(pose.defocusA, start.defocusA, defocusA),
  };
}

function boundedRotation(rotation: Matrix3, start: Matrix3, turn: number): Matrix3 {
  const vector = vectorFromRotation(multiplyMatrices(transposeMatrix(start), rotation));
  const angle = Math.hypot(...vector);
  if (angle <= turn) return rotation;
  const [x, y, z] = vector.map((component) => (component * turn) / angle);
  return multiplyMatrices(start, rotationFromVector([x, y, z]));
}

/** exp([w]x), w in radians. Source: Rodrigues' formula. */
export function rotationFromVector([x, y, z]: readonly [number, number, number]): Matrix3 {
  const angle = Math.hypot(x, y, z);
  const s = angle === 0 ? 1 : Math.sin(angle) / angle;
  const h = angle === 0 ? 0.5 : 2 * (Math.sin(angle / 2) / angle) ** 2;
  return [
    1 - h * (y * y + z * z),
    h * x * y - s * z,
    h * x * z + s * y,
    h * x * y + s * z,
    1 - h * (x * x + z * z),
    h * y * z - s * x,
    h * x * z - s * y,
    h * y * z + s * x,
    1 - h * (x * x + y * y),
  ];
}

/** The w of {@link rotationFromVector}, for turns below half a turn. */
export function vectorFromRotation(m: Matrix3): readonly [number, number, number] {
  const [x, y, z] = [(m[7] - m[5]) / 2, (m[2] - m[6]) / 2, (m[3] - m[1]) / 2];
  const sine = Math.hypot(x, y, z);
  const scale = sine === 0 ? 1 : Math.atan2(sine, (m[0] + m[4] + m[8] - 1) / 2) / sine;
  return [scale * x, scale * y, scale * z];
}
