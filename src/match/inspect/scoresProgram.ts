import { type EulerZyz, progressTeller, VitrineError } from "../../core/index.ts";
import { type OptionKeys, refuseOtherEnding, requireKnownOptions, type TiffRows } from "../../io/index.ts";
import { uniformOrientations } from "../../optics/index.ts";
import { PROGRAM_KEYS, type ProgramOptions, runProgram } from "../../program/index.ts";
import {
  FOREIGN_KEYS,
  type ForeignTableOptions,
  foreignOptions,
  type ParticleStack,
} from "../particles/particleStack.ts";
import { type PlannedRefine, planRefine, warnOfRefine, withTask } from "../refine/refineProgram.ts";
import { changedAngles, offsetRotations } from "../refine/refineRotations.ts";
import type { SliceOptions } from "../search/searchInputs.ts";
import { SLICE_KEYS } from "../search/searchInputs.ts";
import { scoreCount, scorePoses } from "./poseScores.ts";
import { type PoseScores, readPoseScores, writePoseScores } from "./scoresFile.ts";

/** How all poses of particles are scored. Progress counts scores. */
export interface InspectParticlesOptions extends SliceOptions, ForeignTableOptions, ProgramOptions {
  /** `.npz` of all scores, with Leopard-EM's names; default `peak_scores.npz`. */
  readonly scoresPath?: string;
  /** Default "cross_correlation". */
  readonly mode?: PoseScores["mode"];
  /** Score each frame of the configuration's movie by itself, not their sum. */
  readonly perFrame?: boolean;
  readonly overwrite?: boolean;
  readonly tiffRows?: TiffRows;
}

const KEYS: OptionKeys<InspectParticlesOptions> = {
  ...SLICE_KEYS,
  ...FOREIGN_KEYS,
  ...PROGRAM_KEYS,
  scoresPath: true,
  mode: true,
  perFrame: true,
  overwrite: true,
  tiffRows: true,
};

/** The best pose of a particle among all that were tried; angles in degrees. */
export interface PoseReport extends EulerZyz {
  /** Of the particle in its table; its row where that has none. */
  readonly particle: number;
  /** Correlation, or mean of ring correlations up to Nyquist. */
  readonly score: number;
  /** The same of the pose that the table has; null where it is not among those tried. */
  readonly given: number | null;
  readonly defocusOffsetA: number;
  readonly pixelSizeOffsetA: number;
  /** From the middle of the positions, pixels; null of ring correlations. */
  readonly shiftPx: readonly [y: number, x: number] | null;
  /** The score of this pose and position in each frame; null where frames are not apart. The score is then their sum, or the mean of rings'. */
  readonly frames: readonly number[] | null;
}

/** What is in a file of scores. */
export interface InspectParticlesReport {
  readonly mode: PoseScores["mode"];
  readonly shape: readonly number[];
  readonly isPerFrame: boolean;
  readonly particles: readonly PoseReport[];
  readonly files: readonly string[];
}

/**
 * Scores every pose of a refinement's configuration on every particle of its table and keeps all of them: Leopard-EM 1.3's `inspect_peaks` and,
 * with `perFrame`, `frame_inspection`, whose files have the same arrays.
 *
 * @throws {VitrineError} as `runRefine` and `scorePoses`
 */
export async function inspectParticles(
  configPath: string,
  options: InspectParticlesOptions = {},
): Promise<InspectParticlesReport> {
  requireKnownOptions("inspectParticles", options, KEYS);
  const { scoresPath = "peak_scores.npz", mode = "cross_correlation", perFrame = false } = options;
  refuseOtherEnding(scoresPath, /\.npz$/i, "a name that ends with .npz");
  const planned = await planRefine(configPath, refineOptions(options), { maybeAligned: true });
  if (planned.stack.particles.length === 0) {
    const at = planned.stack.path;
    throw new VitrineError({ code: "range", at, expected: "at least one particle", found: "none" });
  }
  // correlations are kept as they are: no search needs to have told their statistics
  const { statistics: _, ...plan } = planned;
  const particles = planned.stack.particles.map((particle) => ({ ...particle, correlationAveragePath: "" }));
  const { settings, inputs } = planned;
  const needs = { inputs, outputs: [scoresPath], overwrite: options.overwrite ?? false };
  return withTask({ ...plan, statistics: undefined }, async (whole) => {
    const task = { ...whole, particles };
    await warnOfRefine(planned, task);
    return runProgram(needs, options, async ({ pool, results }) => {
      const tell = progressTeller(options.onProgress, { unit: "scores" });
      const total = scoreCount(task, { isPerFrame: perFrame });
      const { signal, exactSlices, templatePadding, sincCorrection } = options;
      const found = await scorePoses(pool, task, {
        ...{ mode, isPerFrame: perFrame, onProgress: (done) => tell(done, total) },
        ...(signal && { signal }),
        ...(exactSlices !== undefined && { exactSlices }),
        ...(templatePadding !== undefined && { templatePadding }),
        ...(sincCorrection !== undefined && { sincCorrection }),
      });
      const { orientations } = settings;
      const angles = orientations === null ? new Float64Array(3) : uniformOrientations(orientations);
      const scores = { ...found, ...beside(planned.stack), eulerAngleOffsetsDeg: angles, ...offsetsOf(task) };
      const more = { ...(settings.movie && { movie_path: settings.movie.path }), program: "vitrine" };
      await results.write(scoresPath, (path) => writePoseScores(path, scores, { overwrite: true, more }));
      return reportOf(scores, [scoresPath]);
    });
  });
}

function refineOptions(options: InspectParticlesOptions) {
  const { scoresPath: _, mode: _mode, perFrame: _perFrame, ...others } = options;
  return { ...others, ...foreignOptions(options) } satisfies PlannedRefine["options"];
}

function offsetsOf(task: { defocusOffsetsA: ArrayLike<number>; pixelSizeOffsetsA: ArrayLike<number> }) {
  return {
    defocusOffsetsA: Float64Array.from(task.defocusOffsetsA),
    pixelSizeOffsetsA: Float64Array.from(task.pixelSizeOffsetsA),
  };
}

/** What a table says of its particles. */
function beside({ particles, table }: ParticleStack) {
  const numbers = Float64Array.from(table.rows, ({ particle_index: index }) => Number(index ?? Number.NaN));
  const hasIndex = numbers.every((index) => Number.isInteger(index));
  const angles = particles.flatMap(({ phiDeg, thetaDeg, psiDeg }) => [phiDeg, thetaDeg, psiDeg]);
  const defocus = particles.flatMap(({ optics, relativeDefocusA }) => [
    ...[optics.defocusUA + relativeDefocusA, optics.defocusVA + relativeDefocusA],
    optics.astigmatismAngleDeg,
  ]);
  return {
    ...{ eulerAnglesDeg: Float64Array.from(angles), defocus: Float64Array.from(defocus) },
    ...(hasIndex && { particleIndex: numbers }),
  };
}

/**
 * Says of each particle which of all poses in a file of scores is best, by how much, and what its frames say of it.
 *
 * @param path  `.npz` of {@link inspectParticles}, or of Leopard-EM 1.3's `inspect_peaks` and `frame_inspection`
 * @throws {VitrineError} as `readPoseScores`
 */
export async function inspectScores(path: string): Promise<InspectParticlesReport> {
  return reportOf(await readPoseScores(path), []);
}

function reportOf(scores: PoseScores, files: readonly string[]): InspectParticlesReport {
  const { mode, shape, isPerFrame } = scores;
  const particles = Array.from({ length: shape[0] }, (_, row) => poseReport(scores, row));
  return { mode, shape, isPerFrame, particles, files };
}

function poseReport(scores: PoseScores, row: number): PoseReport {
  const { shape, mode, isPerFrame, eulerAnglesDeg, eulerAngleOffsetsDeg, particleIndex } = scores;
  const frames = isPerFrame ? shape[1] : 1;
  const each = scores.scores.length / (shape[0] * frames);
  const of = Array.from({ length: frames }, (_, frame) => {
    const at = (row * frames + frame) * each;
    return valuesOf(scores, scores.scores.subarray(at, at + each));
  });
  const total = of[0].map((_, i) => of.reduce((sum, frame) => sum + frame[i], 0));
  if (mode === "frc") for (const [i, sum] of total.entries()) total[i] = sum / frames;
  const best = total.reduce((top, value, i) => (value > total[top] || Number.isNaN(total[top]) ? i : top), 0);
  const [height, width] = mode === "frc" ? [1, 1] : shape.slice(-2);
  const pose = Math.floor(best / (height * width));
  const { orientation, defocus, pixelSize } = partsOf(scores, pose);
  const [phiDeg, thetaDeg, psiDeg] = eulerAnglesDeg.subarray(3 * row, 3 * row + 3);
  const offset = offsetRotations(eulerAngleOffsetsDeg.slice(3 * orientation, 3 * orientation + 3))[0];
  const place = best % (height * width);
  const middle = (length: number) => (length - 1) >> 1;
  const shiftPx = [Math.floor(place / width) - middle(height), (place % width) - middle(width)] as const;
  return {
    particle: particleIndex?.[row] ?? row,
    ...changedAngles({ phiDeg, thetaDeg, psiDeg }, offset),
    score: total[best],
    given: givenScore(scores, total),
    defocusOffsetA: scores.defocusOffsetsA[defocus],
    pixelSizeOffsetA: scores.pixelSizeOffsetsA[pixelSize],
    shiftPx: mode === "frc" ? null : shiftPx,
    frames: isPerFrame ? of.map((frame) => frame[best]) : null,
  };
}

/** The scores of one box by which poses are compared: correlations, or means of rings but for the first one. */
function valuesOf({ mode, shape }: PoseScores, scores: Float32Array): Float64Array {
  if (mode === "cross_correlation") return Float64Array.from(scores);
  const rings = shape[shape.length - 1];
  return Float64Array.from({ length: scores.length / rings }, (_, pose) => {
    const known = scores.slice(pose * rings + 1, (pose + 1) * rings).filter((value) => !Number.isNaN(value));
    return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  });
}

function partsOf({ eulerAngleOffsetsDeg, defocusOffsetsA }: PoseScores, pose: number) {
  const orientations = eulerAngleOffsetsDeg.length / 3;
  const filter = Math.floor(pose / orientations);
  return {
    orientation: pose % orientations,
    defocus: filter % defocusOffsetsA.length,
    pixelSize: Math.floor(filter / defocusOffsetsA.length),
  };
}

/** The best score of the pose without offsets. */
function givenScore(scores: PoseScores, total: Float64Array): number | null {
  const { eulerAngleOffsetsDeg: angles, defocusOffsetsA, pixelSizeOffsetsA } = scores;
  const near = (value: number) => Math.abs(value) < 1e-6;
  const isNone = (i: number) => near(angles[3 * i + 1]) && near((angles[3 * i] + angles[3 * i + 2]) % 360);
  const orientation = Array.from({ length: angles.length / 3 }, (_, i) => i).findIndex(isNone);
  const [defocus, pixelSize] = [defocusOffsetsA.findIndex(near), pixelSizeOffsetsA.findIndex(near)];
  if (orientation < 0 || defocus < 0 || pixelSize < 0) return null;
  const pose = (pixelSize * defocusOffsetsA.length + defocus) * (angles.length / 3) + orientation;
  const places = total.length / ((angles.length / 3) * defocusOffsetsA.length * pixelSizeOffsetsA.length);
  return total.slice(pose * places, (pose + 1) * places).reduce((top, value) => Math.max(top, value));
}
