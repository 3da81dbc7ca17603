import type { Backend } from "../../compute/index.ts";
import {
  matrixFromZyz,
  multiplyMatrices,
  type OptionKeys,
  requireKnownOptions,
  VitrineError,
} from "../../core/index.ts";
import { createPoses, type PoseOptimum, type PosePlan, type PoseStart, poseBytes } from "../kernels/index.ts";
import { DEFAULT_BOXES } from "../leopard/boxes.ts";
import { opticalSize, type SliceOptions, withTemplateSpectrum } from "../search/search.ts";
import { SLICE_KEYS } from "../search/searchInputs.ts";
import { cornerOf, cutBoxes, type PreparedBox } from "./boxStack.ts";
import { poseFilters } from "./gradientFilters.ts";
import { meanPixelSizeA, type RefinedParticle, type RefineTask, requireAlike } from "./refine.ts";
import { refinedAngles } from "./refineRotations.ts";
import { rowsOf } from "./refineTask.ts";

export const GRADIENT_KEYS: OptionKeys<GradientOptions> = {
  range: true,
  signal: true,
  onProgress: true,
  onResult: true,
  ...SLICE_KEYS,
};

/** How far a particle may go from where it begins; what has a range of 0 is not refined. */
export interface GradientRange {
  /** Angle of the whole turn, about any axis. */
  readonly angleDeg: number;
  /** Along each axis; a pixel or so, since the window stays. */
  readonly shiftPx: number;
  readonly defocusA: number;
}

/** How a refinement by gradient is done. */
export interface GradientOptions extends SliceOptions {
  readonly range: GradientRange;
  readonly signal?: AbortSignal;
  /** Gets the particles that are done. */
  readonly onProgress?: (done: number) => void;
  /** As that of a refinement on a grid. */
  readonly onResult?: (row: number, result: GradientParticle) => void;
}

/** What a refinement by gradient found for a particle; shifts and defocus are not those of a grid any more. */
export interface GradientParticle extends RefinedParticle {
  /** What was added to the z-score of the start; not below 0. */
  readonly zScoreGain: number;
  /** Poses that were tried. */
  readonly evaluations: number;
}

/** Slices of a template that is padded to twice its side and corrected for the interpolation, whole: what gradients are best taken of. */
export const GRADIENT_SLICES = { templatePadding: 2, sincCorrection: true, exactSlices: true } as const;

/**
 * Optimises each particle's pose: the best z-score near it in orientation, shift and defocus together, by the score's own derivatives.
 *
 * The objective is the z-score of {@link refineParticles} (with `exactSlices`), continued between its positions: the template moved by a fraction of
 * a pixel, between its offsets and between its defocus values. Mean and deviation are those of the position that it begins at, and the
 * pixel size stays. A magnification bends the plane on which slices are taken, where the grid resamples the slices.
 *
 * Derivatives are those of trilinear slices, constant in each cell of the spectrum; their sums are smooth enough for steps to end at the top. The
 * interpolation moves the top itself, by 0.07° in the bench; with {@link GRADIENT_SLICES} by 0.007°. The default is as everywhere, no padding.
 *
 * @param starts  what {@link refineParticles} found for the task
 * @returns       one result a row, in their order; never below its start
 * @throws {VitrineError} shape: as many starts as rows; range: a range that is not a number of at least 0; aborted
 */
export async function refineByGradient(
  backend: Backend,
  task: RefineTask,
  starts: readonly RefinedParticle[],
  options: GradientOptions,
): Promise<GradientParticle[]> {
  requireKnownOptions("refineByGradient", options, GRADIENT_KEYS);
  requireStarts(task, starts);
  requireRange(options.range);
  if (starts.length === 0) return [];
  requireAlike(task.particles);
  return withTemplateSpectrum(backend, { ...options, template: task.template }, async (spectrum) => {
    const plan = createPoses(backend, planSize(task), { spectrum });
    try {
      return await new GradientRefinement(plan, { task, starts, options }).run(backend);
    } finally {
      plan.dispose();
    }
  });
}

/** Windows, and filters, in memory at a time take at most so much each. */
const BUDGET = 128 * 2 ** 20;

function planSize(task: RefineTask) {
  const { particles, template, boxSize } = task;
  const count = rowsOf(task).length;
  const { complexFilters = false, magnification } = opticalSize(particles[0].optics);
  const size = { n: template.size, image: boxSize, complexFilters, ...(magnification && { magnification }) };
  const bytes = poseBytes(size);
  const fitting = (each: number) => Math.max(1, Math.min(count, Math.floor(BUDGET / each)));
  return { ...size, windows: fitting(bytes.window), filterSets: fitting(bytes.filterSet) };
}

/** A particle whose window waits in the plan, with mean and deviation of the correlations where it begins. */
interface WaitingParticle {
  readonly index: number;
  readonly mean: number;
  readonly deviation: number;
}

/** Fills the plan with windows, runs it when it is full, and gives the results in the order of the rows. */
class GradientRefinement {
  readonly #plan: PosePlan;
  readonly #task: RefineTask;
  /** By row. */
  readonly #before: readonly RefinedParticle[];
  readonly #options: GradientOptions;
  readonly #pixelSizeA: number;
  readonly #results = new Map<number, GradientParticle>();
  #starts: PoseStart[] = [];
  #waiting: WaitingParticle[] = [];
  readonly #sets = new Map<string, number>();
  #done = 0;

  constructor(
    plan: PosePlan,
    what: { task: RefineTask; starts: readonly RefinedParticle[]; options: GradientOptions },
  ) {
    this.#plan = plan;
    this.#task = what.task;
    const before: RefinedParticle[] = [];
    for (const [i, row] of rowsOf(what.task).entries()) before[row] = what.starts[i];
    this.#before = before;
    this.#options = what.options;
    this.#pixelSizeA = meanPixelSizeA(what.task.particles);
  }

  async run(backend: Backend): Promise<GradientParticle[]> {
    for await (const box of cutBoxes(backend, this.#task, {
      conventions: DEFAULT_BOXES,
      signal: this.#options.signal,
    })) {
      await this.#add(box);
    }
    await this.#flush();
    return rowsOf(this.#task).flatMap((row) => this.#results.get(row) ?? []);
  }

  async #add(box: PreparedBox): Promise<void> {
    const { windows, filterSets } = this.#plan.size;
    const key = this.#filterKey(box.index);
    const isNew = !this.#sets.has(key);
    if (this.#starts.length === windows || (isNew && this.#sets.size === filterSets)) await this.#flush();
    const filterSet = this.#sets.get(key) ?? this.#setFilters(key, box);
    const { particles, offsets, defocusOffsetsA, boxSize, template } = this.#task;
    const { posY, posX, relativeDefocusA, ...angles } = particles[box.index];
    const { shiftY, shiftX, orientation, defocus } = this.#before[box.index];
    const corner = cornerOf(this.#task, box.index);
    // whole but for rounding
    const [y, x] = [Math.round(posY + shiftY - corner.y), Math.round(posX + shiftX - corner.x)];
    const first = y * (boxSize[1] - template.size + 1) + x;
    const pose = {
      rotation: multiplyMatrices(offsets[orientation], matrixFromZyz(angles)),
      shiftX: 0,
      shiftY: 0,
      defocusA: relativeDefocusA + defocusOffsetsA[defocus],
    };
    this.#plan.set("windows", this.#window(box, y, x), this.#starts.length);
    this.#starts.push({ pose, filterSet });
    this.#waiting.push({ index: box.index, mean: box.mean[first], deviation: box.deviation[first] });
  }

  /** What the template covers of a box, whose mean is taken out. */
  #window({ image }: PreparedBox, y: number, x: number): Float32Array {
    const n = this.#plan.size.n;
    const width = this.#task.boxSize[1];
    const average = image.reduce((sum, value) => sum + value, 0) / image.length;
    return Float32Array.from({ length: n * n }, (_, i) => {
      return image[(y + Math.floor(i / n)) * width + x + (i % n)] - average;
    });
  }

  /** Particles with the same key see the template through the same filters, but for the defocus of each. */
  #filterKey(index: number): string {
    const { particles, filtersMicrographs } = this.#task;
    const { optics, micrographPath } = particles[index];
    const { pixelSize } = this.#before[index];
    return JSON.stringify([optics, pixelSize, filtersMicrographs ? micrographPath : index]);
  }

  #setFilters(key: string, { index, whitening }: PreparedBox): number {
    const { particles, filters, template, pixelSizeOffsetsA } = this.#task;
    const { optics, at } = particles[index];
    const set = this.#sets.size;
    const what = {
      filters,
      optics: { ...optics, label: at, pixelSizeA: this.#pixelSizeA },
      pixelSizeOffsetA: pixelSizeOffsetsA[this.#before[index].pixelSize],
      size: template.size,
      whitening,
    };
    const { inPhase, quadrature, perDefocus } = poseFilters(what);
    this.#plan.set("inPhase", inPhase, set);
    this.#plan.set("quadrature", quadrature, set);
    this.#plan.set("perDefocus", perDefocus, set);
    this.#sets.set(key, set);
    return set;
  }

  async #flush(): Promise<void> {
    const { range, signal, onProgress, onResult } = this.#options;
    const before = this.#done;
    const bounds = { ...range, turn: (range.angleDeg * Math.PI) / 180 };
    const found = await this.#plan.run(
      { starts: this.#starts, bounds },
      {
        ...(signal && { signal }),
        ...(onProgress && { onProgress: (done: number) => onProgress(before + done) }),
      },
    );
    found.forEach((optimum, i) => {
      const particle = this.#waiting[i];
      const result = this.#result(optimum, particle);
      this.#results.set(particle.index, result);
      onResult?.(particle.index, result);
    });
    this.#done += found.length;
    this.#starts = [];
    this.#waiting = [];
    this.#sets.clear();
  }

  #result(
    { pose, score, startScore, evaluations }: PoseOptimum,
    { index, mean, deviation }: WaitingParticle,
  ): GradientParticle {
    const start = this.#before[index];
    const zScore = (correlation: number) => (correlation - mean) / deviation;
    return {
      ...start,
      ...refinedAngles(pose.rotation),
      zScore: zScore(score),
      correlation: score,
      defocusOffsetA: pose.defocusA - this.#task.particles[index].relativeDefocusA,
      shiftY: start.shiftY + pose.shiftY,
      shiftX: start.shiftX + pose.shiftX,
      zScoreGain: zScore(score) - zScore(startScore),
      evaluations,
    };
  }
}

function requireStarts(task: RefineTask, starts: readonly RefinedParticle[]): void {
  const { length } = rowsOf(task);
  if (starts.length === length) return;
  throw new VitrineError({
    code: "shape",
    at: "refineByGradient starts",
    expected: `${length}, one a particle`,
    found: `${starts.length}`,
  });
}

function requireRange(range: GradientRange): void {
  for (const [name, value] of Object.entries(range)) {
    if (Number.isFinite(value) && value >= 0) continue;
    throw new VitrineError({
      code: "range",
      at: `refineByGradient range.${name}`,
      expected: "a number of at least 0",
      found: String(value),
    });
  }
}
