import type { Backend } from "../../compute/index.ts";
import { type EulerZyz, type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { type BestInBox, type BoxPlan, type BoxSize, boxBytes, createBoxes } from "../kernels/index.ts";
import { type BoxConventions, boxConventions } from "../leopard/boxes.ts";
import type { StackParticle } from "../particles/particleStack.ts";
import { opticalSize, type SliceOptions, withTemplateSpectrum } from "../search/search.ts";
import { templateFilters } from "../search/searchFilters.ts";
import { SLICE_KEYS } from "../search/searchInputs.ts";
import { cornerOf, cutBoxes, type PreparedBox } from "./boxStack.ts";
import { changedAngles, changedRotations } from "./refineRotations.ts";
import { type RefineTask, rowsOf } from "./refineTask.ts";

export const REFINE_RUN_KEYS: OptionKeys<RefineOptions> = {
  compatBatch: true,
  signal: true,
  onProgress: true,
  onResult: true,
  ...SLICE_KEYS,
};

export type { RefineTask };

/** How a refinement is done. */
export interface RefineOptions extends SliceOptions {
  /**
   * Do as Leopard-EM 1.2 does with batches of this many orientations: take the root of the standard deviation once more, report the
   * largest correlation of the best batch, and misplace particles by a pixel where box and template differ by an odd number. Boxes of
   * a movie go round their edges, and are not filtered where micrographs are.
   */
  readonly compatBatch?: number;
  readonly signal?: AbortSignal;
  /** Gets the correlations that are done; `refineCount` says of how many. */
  readonly onProgress?: (done: number) => void;
  /** Gets results of some rows as soon as they are there, for whoever keeps them should the rest be interrupted. */
  readonly onResult?: (row: number, result: RefinedParticle) => void;
}

/** What was found for a particle. */
export interface RefinedParticle extends EulerZyz {
  /** (correlation - mean) / standard deviation of the search that found the particle. */
  readonly zScore: number;
  readonly correlation: number;
  /** Which offset, defocus and pixel size were best, by their indices in the task. */
  readonly orientation: number;
  readonly defocus: number;
  readonly pixelSize: number;
  /** Added to the particle's defocus, Å. */
  readonly defocusOffsetA: number;
  /** Added to the particle's position, pixels. */
  readonly shiftY: number;
  readonly shiftX: number;
}

/** Correlations of a refinement. */
export function refineCount(task: Omit<RefineTask, "readImage" | "template">): number {
  const { offsets, defocusOffsetsA, pixelSizeOffsetsA } = task;
  return rowsOf(task).length * offsets.length * defocusOffsetsA.length * pixelSizeOffsetsA.length;
}

/**
 * Tries offsets of rotation, defocus and pixel size on every particle, at every position where the template lies in the particle's
 * box, and keeps what has the best z-score. Leopard-EM's `core_refine_template` and what prepares it.
 *
 * @returns one result a row, in their order
 * @throws {VitrineError} shape: boxes smaller than the template, maps that do not belong to their micrograph; range: a
 *   particle whose positions have no standard deviation; unsupported: particles of unlike magnification; aborted
 */
export async function refineParticles(
  backend: Backend,
  task: RefineTask,
  options: RefineOptions = {},
): Promise<RefinedParticle[]> {
  requireKnownOptions("refineParticles", options, REFINE_RUN_KEYS);
  if (rowsOf(task).length === 0) return [];
  const size = boxCorrelationSize(task, options);
  return withTemplateSpectrum(backend, { ...options, template: task.template }, async (spectrum) => {
    const plan = createBoxes(backend, size, { spectrum });
    try {
      return await new Refinement(plan, task, options).run(backend);
    } finally {
      plan.dispose();
    }
  });
}

/** Boxes, and filters, in memory at a time take at most so much each. */
const BUDGET = 256 * 2 ** 20;

function boxCorrelationSize(task: RefineTask, options: RefineOptions): BoxSize {
  const { particles, template, boxSize, offsets, defocusOffsetsA, pixelSizeOffsetsA } = task;
  requireAlike(particles);
  if (template.size > Math.min(...boxSize)) {
    const expected = `a side of at most ${Math.min(...boxSize)}, that of a box`;
    throw new VitrineError({ code: "shape", at: template.name, expected, found: String(template.size) });
  }
  const { magnification, ...others } = opticalSize(particles[0].optics);
  const size = {
    image: boxSize,
    template: template.size,
    orientations: offsets.length,
    filters: defocusOffsetsA.length * pixelSizeOffsetsA.length,
    exactSlices: options.exactSlices ?? false,
    ...others,
    ...(magnification !== undefined && !task.keepsSlices && { magnification }),
  };
  const bytes = boxBytes(size);
  const rows = rowsOf(task);
  const sets = new Set(rows.map((row) => filterKey(task, particles[row], row))).size;
  return {
    ...size,
    boxes: Math.max(1, Math.min(rows.length, Math.floor(BUDGET / bytes.box))),
    filterSets: Math.max(1, Math.min(sets, Math.floor(BUDGET / bytes.filterSet))),
  };
}

/** Particles with the same key see the template through the same filters. */
function filterKey({ filtersMicrographs }: RefineTask, particle: StackParticle, index: number): string {
  const { optics, relativeDefocusA, micrographPath } = particle;
  return JSON.stringify([optics, relativeDefocusA, filtersMicrographs ? micrographPath : index]);
}

/** The pixel size of the CTF, one for all particles as in Leopard-EM. */
export function meanPixelSizeA(particles: readonly StackParticle[]): number {
  return particles.reduce((sum, { pixelSizeA }) => sum + pixelSizeA, 0) / particles.length;
}

/** What slices are multiplied with to be seen as a particle is: (pixel sizes, defocus values, n, n/2+1), as `templateFilters`. */
export function particleFilters(
  { filters, template, defocusOffsetsA, pixelSizeOffsetsA }: RefineTask,
  particle: StackParticle,
  { whitening, pixelSizeA }: Pick<PreparedBox, "whitening"> & { readonly pixelSizeA: number },
): Float32Array {
  const { defocusUA, defocusVA } = particle.optics;
  const optics = {
    ...particle.optics,
    label: particle.at,
    pixelSizeA,
    defocusUA: defocusUA + particle.relativeDefocusA,
    defocusVA: defocusVA + particle.relativeDefocusA,
  };
  const space = {
    defocusOffsetsA: Float64Array.from(defocusOffsetsA),
    pixelSizeOffsetsA: Float64Array.from(pixelSizeOffsetsA),
  };
  return templateFilters({ settings: { filters, optics }, space, size: template.size, whitening });
}

/** Slices are bent for all particles in one way. @throws {VitrineError} unsupported: where they would not be */
export function requireAlike(particles: readonly StackParticle[]): void {
  const first = JSON.stringify(opticalSize(particles[0].optics));
  const other = particles.find(({ optics }) => JSON.stringify(opticalSize(optics)) !== first);
  if (other === undefined) return;
  throw new VitrineError({
    code: "unsupported",
    at: other.at,
    expected: "the magnification, and odd aberrations or none, of the first row",
    found: "others",
    hint: "Refine such particles by themselves",
  });
}

/** Fills the plan with boxes, runs it when it is full, and gives the results in the order of the rows. */
class Refinement {
  readonly #plan: BoxPlan;
  readonly #task: RefineTask;
  readonly #options: RefineOptions;
  readonly #conventions: BoxConventions;
  readonly #pixelSizeA: number;
  readonly #results = new Map<number, RefinedParticle>();
  /** Particles whose boxes wait in the plan, and the set of filters of each. */
  #waiting: number[] = [];
  #filterSets: number[] = [];
  readonly #sets = new Map<string, number>();
  #done = 0;

  constructor(plan: BoxPlan, task: RefineTask, options: RefineOptions) {
    this.#plan = plan;
    this.#task = task;
    this.#options = options;
    this.#conventions = boxConventions(options.compatBatch !== undefined);
    this.#pixelSizeA = meanPixelSizeA(task.particles);
  }

  async run(backend: Backend): Promise<RefinedParticle[]> {
    const cutting = { conventions: this.#conventions, signal: this.#options.signal };
    for await (const box of cutBoxes(backend, this.#task, cutting)) await this.#add(box);
    await this.#flush();
    return rowsOf(this.#task).flatMap((row) => this.#results.get(row) ?? []);
  }

  async #add({ index, image, mean, deviation, whitening }: PreparedBox): Promise<void> {
    const { particles, offsets, sliceOffsets = offsets } = this.#task;
    const key = filterKey(this.#task, particles[index], index);
    const isNew = !this.#sets.has(key);
    const { boxes, filterSets } = this.#plan.size;
    if (this.#waiting.length === boxes || (isNew && this.#sets.size === filterSets)) await this.#flush();
    const filterSet = this.#sets.get(key) ?? this.#setFilters(key, particles[index], whitening);
    const exact = this.#options.exactSlices ?? false;
    const rotations = changedRotations(particles[index], sliceOffsets, { exact });
    const at = this.#waiting.length;
    this.#plan.set("images", image, at);
    this.#plan.set("means", mean, at);
    this.#plan.set("deviations", deviation, at);
    this.#plan.set("rotations", rotations, at);
    this.#waiting.push(index);
    this.#filterSets.push(filterSet);
  }

  #setFilters(key: string, particle: StackParticle, whitening: PreparedBox["whitening"]): number {
    const set = this.#sets.size;
    const values = particleFilters(this.#task, particle, { whitening, pixelSizeA: this.#pixelSizeA });
    this.#plan.set("filters", values, set);
    this.#sets.set(key, set);
    return set;
  }

  async #flush(): Promise<void> {
    const { compatBatch, signal, onProgress, onResult } = this.#options;
    const before = this.#done;
    const work = {
      filterSets: this.#filterSets,
      ...(compatBatch !== undefined && { batch: compatBatch }),
    };
    const best = await this.#plan.run(work, {
      ...(signal && { signal }),
      ...(onProgress && { onProgress: (done: number) => onProgress(before + done) }),
    });
    best.forEach((found, i) => {
      const row = this.#waiting[i];
      const result = this.#result(row, found);
      this.#results.set(row, result);
      onResult?.(row, result);
    });
    this.#done += (best.length * refineCount(this.#task)) / rowsOf(this.#task).length;
    this.#waiting = [];
    this.#filterSets = [];
    this.#sets.clear();
  }

  #result(index: number, found: BestInBox): RefinedParticle {
    const { particles, offsets, defocusOffsetsA, boxSize, template } = this.#task;
    if (found.template < 0) throw noPlace(particles[index]);
    const { filters } = this.#plan.size;
    const orientation = Math.floor(found.template / filters);
    const filter = found.template % filters;
    const corner = cornerOf(this.#task, index);
    const { posY, posX } = particles[index];
    const excess = boxSize.map((side) => side - template.size);
    const { shiftPx, correlation } = this.#conventions;
    return {
      ...changedAngles(particles[index], offsets[orientation]),
      zScore: found.score,
      correlation: correlation(found),
      orientation,
      defocus: filter % defocusOffsetsA.length,
      pixelSize: Math.floor(filter / defocusOffsetsA.length),
      defocusOffsetA: defocusOffsetsA[filter % defocusOffsetsA.length],
      shiftY: shiftPx(found.y, { corner: corner.y, position: posY, excess: excess[0] }),
      shiftX: shiftPx(found.x, { corner: corner.x, position: posX, excess: excess[1] }),
    };
  }
}

function noPlace({ at }: StackParticle): VitrineError {
  return new VitrineError({
    code: "range",
    at,
    expected: "a place with a standard deviation above 0 near the particle",
    found: "none",
    hint: "Check the maps that the table names",
  });
}
