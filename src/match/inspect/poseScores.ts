import { type Backend, type FftPlan, rfft2 } from "../../compute/index.ts";
import { type Shape2, VitrineError } from "../../core/index.ts";
import { type CorrelationPlan, createCorrelation } from "../kernels/index.ts";
import { DEFAULT_BOXES } from "../leopard/boxes.ts";
import { cutBoxes, type PreparedBox } from "../refine/boxStack.ts";
import { cutFrameBoxes } from "../refine/frameStack.ts";
import { meanPixelSizeA, particleFilters, requireAlike } from "../refine/refine.ts";
import { changedRotations } from "../refine/refineRotations.ts";
import type { RefineTask } from "../refine/refineTask.ts";
import { opticalSize, type SliceOptions, withTemplateSpectrum } from "../search/search.ts";
import type { PoseScores } from "./scoresFile.ts";

/** What is scored, and how. */
export interface ScoreOptions extends SliceOptions {
  readonly mode: PoseScores["mode"];
  /** Each frame of the task's movie by itself. */
  readonly isPerFrame: boolean;
  readonly signal?: AbortSignal;
  /** Gets the scores that are done, of {@link scoreCount}. */
  readonly onProgress?: (done: number) => void;
}

/** Values of all scores together that fit into one array and its file. */
const MOST_VALUES = 2 ** 28;

/** Poses of a task, of all particles and frames. */
export function scoreCount(task: RefineTask, { isPerFrame }: Pick<ScoreOptions, "isPerFrame">): number {
  return task.particles.length * framesOf(task, isPerFrame) * posesOf(task);
}

function posesOf({ offsets, defocusOffsetsA, pixelSizeOffsetsA }: RefineTask): number {
  return offsets.length * defocusOffsetsA.length * pixelSizeOffsetsA.length;
}

function framesOf({ movie }: RefineTask, isPerFrame: boolean): number {
  return isPerFrame ? (movie?.movie.frames ?? 0) : 1;
}

/** The scores of every pose alone, as they are before statistics of a search make z-scores of them. */
export type ScoreTensor = Pick<PoseScores, "scores" | "shape" | "isPerFrame" | "mode" | "frequencies">;

/**
 * Tries every offset of rotation, defocus and pixel size on every particle and keeps all scores: correlations at every position of the
 * template in the box, or the Fourier ring correlation of the slice with the box. What Leopard-EM 1.3's `core_inspect_template` does.
 *
 * @throws {VitrineError} as `refineParticles`; range: more scores than an array can hold; shape: rings of boxes larger than the template;
 *   missing: no movie, for frames
 */
export async function scorePoses(
  backend: Backend,
  task: RefineTask,
  options: ScoreOptions,
): Promise<ScoreTensor> {
  requireAlike(task.particles);
  const place = placeOf(task, options);
  const { mode, isPerFrame } = options;
  const frames = framesOf(task, isPerFrame);
  const poses = [task.pixelSizeOffsetsA.length, task.defocusOffsetsA.length, task.offsets.length];
  const shape = [task.particles.length, ...(isPerFrame ? [frames] : []), ...poses, ...place];
  const scores = new Float32Array(requireRoom(shape));
  await withTemplateSpectrum(backend, { ...options, template: task.template }, async (spectrum) => {
    const scorer = new Scorer(backend, task, { ...options, spectrum });
    try {
      const each = scores.length / Math.max(1, task.particles.length * frames);
      for await (const { index, images, whitening } of boxesOf(backend, task, options))
        for (const [frame, image] of images.entries()) {
          const at = (index * frames + frame) * each;
          await scorer.score({ index, image, whitening }, scores.subarray(at, at + each));
        }
    } finally {
      scorer.dispose();
    }
  });
  const frequencies =
    mode === "frc" && Float64Array.from({ length: place[0] }, (_, i) => i / task.boxSize[1]);
  return { mode, scores, shape, isPerFrame, ...(frequencies && { frequencies }) };
}

/** The last axes: positions, or rings. */
function placeOf({ boxSize, template }: RefineTask, { mode }: ScoreOptions): readonly number[] {
  const [height, width] = boxSize.map((side) => side - template.size + 1);
  if (mode === "cross_correlation") return [height, width];
  if (height === 1 && width === 1) return [Math.floor(template.size / 2) + 1];
  throw new VitrineError({
    code: "shape",
    at: "particle_stack.extracted_box_size",
    expected: `${template.size} x ${template.size}, as the template, for ring correlations`,
    found: boxSize.join(" x "),
  });
}

function requireRoom(shape: readonly number[]): number {
  const count = shape.reduce((product, side) => product * side, 1);
  if (count <= MOST_VALUES) return count;
  throw new VitrineError({
    code: "range",
    at: "inspect-peaks",
    expected: `at most ${MOST_VALUES} scores`,
    found: `${shape.join(" x ")}`,
    hint: "Take fewer particles, or larger steps of angles and defocus",
  });
}

interface Boxes extends Pick<PreparedBox, "index" | "whitening"> {
  readonly images: readonly Float32Array[];
}

async function* boxesOf(backend: Backend, task: RefineTask, options: ScoreOptions): AsyncGenerator<Boxes> {
  const { signal } = options;
  const { movie } = task;
  if (!options.isPerFrame) {
    for await (const { index, image, whitening } of cutBoxes(backend, task, {
      conventions: DEFAULT_BOXES,
      signal,
    }))
      yield { index, images: [image], whitening };
    return;
  }
  if (movie === undefined) {
    const hint = "Set movie_config.enabled, movie_path and, where frames move, a table of their motion";
    const [at, expected] = ["movie_config", "a movie, to score its frames one by one"];
    throw new VitrineError({ code: "missing", at, expected, found: "none", hint });
  }
  yield* cutFrameBoxes(backend, { ...task, movie }, { conventions: DEFAULT_BOXES.movie, signal });
}

/** Scores one box at a time. */
class Scorer {
  readonly #backend: Backend;
  readonly #task: RefineTask;
  readonly #options: ScoreOptions;
  readonly #pixelSizeA: number;
  readonly #plan: CorrelationPlan;
  /** What is correlated: the box, or a single pixel, whose correlations are the template itself. */
  readonly #image: Float32Array | undefined;
  #done = 0;

  constructor(backend: Backend, task: RefineTask, options: ScoreOptions & { readonly spectrum: FftPlan }) {
    const { size } = task.template;
    const { magnification, ...others } = opticalSize(task.particles[0].optics);
    this.#backend = backend;
    this.#task = task;
    this.#options = options;
    this.#pixelSizeA = meanPixelSizeA(task.particles);
    const image = options.mode === "frc" ? ([2 * size - 1, 2 * size - 1] as const) : task.boxSize;
    this.#image = options.mode === "frc" ? pixelAt(size - 1, image) : undefined;
    this.#plan = createCorrelation(
      backend,
      {
        ...{ image, template: size, orientations: 1, filters: 1 },
        exactSlices: options.exactSlices ?? false,
        ...others,
        ...(magnification !== undefined && !task.keepsSlices && { magnification }),
      },
      options,
    );
  }

  /** @param into  (pixel sizes, defocus values, orientations, and the last axes) */
  async score({ index, image, whitening }: Omit<PreparedBox, "mean" | "deviation">, into: Float32Array) {
    const { particles, offsets } = this.#task;
    const { exactSlices = false, signal, onProgress } = this.#options;
    const pixelSizeA = this.#pixelSizeA;
    const filters = particleFilters(this.#task, particles[index], { whitening, pixelSizeA });
    const rotations = changedRotations(particles[index], offsets, { exact: exactSlices });
    const poses = posesOf(this.#task);
    const each = into.length / poses;
    const plane = (filters.length * offsets.length) / poses;
    const box = withoutMean(image);
    const spectrum = this.#image && (await rfft2(this.#backend, box, this.#task.boxSize));
    for (let pose = 0; pose < poses; pose++) {
      const [filter, orientation] = [Math.floor(pose / offsets.length), pose % offsets.length];
      this.#plan.set("filters", filters.subarray(filter * plane, (filter + 1) * plane));
      this.#plan.set("rotations", rotations.subarray(9 * orientation, 9 * orientation + 9));
      this.#plan.set("image", this.#image ?? box); // which empties the statistics: the largest of one is itself
      await this.#plan.run({}, { ...(signal && { signal }) });
      const found = into.subarray(pose * each, (pose + 1) * each);
      if (spectrum === undefined) this.#plan.read("maximum", found);
      else found.set(await this.#rings(spectrum));
      onProgress?.(++this.#done);
    }
  }

  /** Ring correlations of the template that was seen last with the box. */
  async #rings(box: Float32Array): Promise<Float64Array> {
    const { size } = this.#task.template;
    const template = new Float32Array(size * size);
    this.#plan.read("maximum", template);
    template.reverse(); // a pixel lies at p in the template whose corner is p before it
    const spectrum = await rfft2(this.#backend, template, [size, size]);
    return ringCorrelations(box, spectrum, size);
  }

  dispose(): void {
    this.#plan.dispose();
  }
}

function pixelAt(place: number, [height, width]: Shape2): Float32Array {
  const image = new Float32Array(height * width);
  image[place * width + place] = 1;
  return image;
}

function withoutMean(image: Float32Array): Float32Array {
  const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
  return image.map((value) => value - mean);
}

/** Re Σ A B* / √(Σ |A|² Σ |B|²) of rings of one Fourier pixel, from half spectra of (n, n); NaN where one has no power. */
function ringCorrelations(a: Float32Array, b: Float32Array, n: number): Float64Array {
  const [columns, rings] = [Math.floor(n / 2) + 1, Math.floor(n / 2) + 1];
  const [cross, powerA, powerB] = [0, 1, 2].map(() => new Float64Array(rings));
  for (let y = 0; y < n; y++) {
    const fy = 2 * y < n ? y : y - n;
    for (let x = 0; x < columns; x++) {
      const ring = Math.round(Math.hypot(fy, x));
      if (ring >= rings) continue;
      const at = 2 * (y * columns + x);
      const weight = x === 0 || 2 * x === n ? 1 : 2; // the other half is the conjugate
      cross[ring] += weight * (a[at] * b[at] + a[at + 1] * b[at + 1]);
      powerA[ring] += weight * (a[at] ** 2 + a[at + 1] ** 2);
      powerB[ring] += weight * (b[at] ** 2 + b[at + 1] ** 2);
    }
  }
  return cross.map((sum, ring) => sum / Math.sqrt(powerA[ring] * powerB[ring]));
}
