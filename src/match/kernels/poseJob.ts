import { defineJob, type WorkerContext } from "../../compute/kernels/index.ts";
import type { Matrix3 } from "../../core/index.ts";
import { optimizePose, type PoseBounds } from "./poseOptimizer.ts";
import { type Pose, type PoseFilters, PoseScore, type PoseScoreSize } from "./poseScore.ts";

/** Float64 numbers of a pose: rotation, shift x and y, defocus. */
export const POSE_NUMBERS = 12;
/** What an optimisation leaves: its pose, the score, that of the start, and how many poses were tried. */
export const OPTIMUM_NUMBERS = POSE_NUMBERS + 3;

/** Many windows, the pose of each optimised from a start of its own; a worker takes one at a time. */
export interface PoseTask {
  readonly size: PoseScoreSize;
  readonly bounds: PoseBounds;
  readonly count: number;
  readonly volume: { readonly address: number; readonly side: number; readonly rowBytes: number };
  /** Half spectra (n, n/2+1), one after the other: the border's, then one a window. */
  readonly spectra: { readonly address: number; readonly rowBytes: number };
  /** Address of the filters of each window: in phase, quadrature, phase per Å, float32. */
  readonly filters: readonly number[];
  readonly complexFilters: boolean;
  /** {@link POSE_NUMBERS} a window. */
  readonly starts: number;
  /** {@link OPTIMUM_NUMBERS} a window. */
  readonly results: number;
}

/** Optimises in one worker, which is a team of its own; reports windows. */
export const poseJob = defineJob("match/poses", (context, job: PoseTask) => {
  const score = new PoseScore(job.size, volumeOf(context, job));
  const rowFloats = job.spectra.rowBytes / 4;
  score.setBorder(spectrumOf(context, job, 0), rowFloats);
  for (;;) {
    const window = context.team.claim(0);
    if (window >= job.count) return;
    score.setWindow(spectrumOf(context, job, window + 1), rowFloats, filtersOf(context, job, window));
    const evaluate = (pose: Pose) => {
      context.team.check();
      return score.evaluate(pose);
    };
    const objective = { evaluate, curvature: () => score.curvature() };
    const found = optimizePose(objective, readPose(context, job, window), job.bounds);
    const at = job.results + 8 * OPTIMUM_NUMBERS * window;
    const out = new Float64Array(context.memory.buffer, at, OPTIMUM_NUMBERS);
    out.set([...poseNumbers(found.pose), found.score, found.startScore, found.evaluations]);
    context.report(1);
  }
});

/** A pose as numbers, in the order of {@link POSE_NUMBERS}. */
export function poseNumbers({ rotation, shiftX, shiftY, defocusA }: Pose): number[] {
  return [...rotation, shiftX, shiftY, defocusA];
}

/** The inverse of {@link poseNumbers}. */
export function poseFromNumbers(numbers: Float64Array): Pose {
  const [a, b, c, d, e, f, g, h, i, shiftX, shiftY, defocusA] = numbers;
  const rotation: Matrix3 = [a, b, c, d, e, f, g, h, i];
  return { rotation, shiftX, shiftY, defocusA };
}

function readPose({ memory }: WorkerContext, { starts }: PoseTask, window: number): Pose {
  return poseFromNumbers(new Float64Array(memory.buffer, starts + 8 * POSE_NUMBERS * window, POSE_NUMBERS));
}

function volumeOf({ memory }: WorkerContext, { volume: { address, side, rowBytes } }: PoseTask) {
  const rowFloats = rowBytes / 4;
  return { data: new Float32Array(memory.buffer, address, side * side * rowFloats), side, rowFloats };
}

function spectrumOf({ memory }: WorkerContext, { spectra, size }: PoseTask, index: number): Float32Array {
  const bytes = size.n * spectra.rowBytes;
  return new Float32Array(memory.buffer, spectra.address + index * bytes, bytes / 4);
}

function filtersOf({ memory }: WorkerContext, job: PoseTask, window: number): PoseFilters {
  const count = job.size.n * ((job.size.n >> 1) + 1);
  const plane = job.complexFilters ? 2 * count : count;
  const view = new Float32Array(memory.buffer, job.filters[window], 2 * plane + count);
  return {
    inPhase: view.subarray(0, plane),
    quadrature: view.subarray(plane, 2 * plane),
    perDefocus: view.subarray(2 * plane),
    isComplex: job.complexFilters,
  };
}
