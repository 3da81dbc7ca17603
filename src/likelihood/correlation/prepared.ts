import { type Backend, RUN_KEYS, type RunOptions } from "../../compute/index.ts";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { findBasis, sketchColumns } from "../compression/findBasis.ts";
import {
  type Basis,
  basisDepth,
  type CorrelatorOutcome,
  type CorrelatorPlan,
  type CorrelatorSize,
  correlatorPlan,
  createCorrelator,
  evenCount,
} from "../kernels/index.ts";
import type { RealArray } from "../precision.ts";
import { Collected } from "./collected.ts";
import type { Compared, Comparison } from "./comparison.ts";
import {
  displacementTable,
  type ImageSide,
  inPrecision,
  polarNorms,
  requireNorms,
  requireOnGrid,
  type TemplateSide,
  wholeCtf,
} from "./sides.ts";

/** How templates are compared. */
export interface CompareMethod {
  /** `compressed` (default in single precision) where its error is within the bound, else `exact`; `auto`: what is cheaper for as many images. */
  readonly method?: "compressed" | "exact" | "auto";
  /** With `auto`: how many images will be compared in all; default: those of the first comparison. */
  readonly nImages?: number;
  /** Largest error of any correlation that compression may make; default 1e-5. */
  readonly errorBound?: number;
  readonly precision?: "single" | "double";
  /** Templates and images that lie in memory together; by default as many as `memoryBytes` has room for. They change no result. */
  readonly nTemplatesPerBatch?: number;
  readonly nImagesPerBatch?: number;
  /** Default 1.5 GiB. */
  readonly memoryBytes?: number;
}

/** Keys of {@link CompareMethod}. */
export const METHOD_KEYS: OptionKeys<CompareMethod> = {
  method: true,
  nImages: true,
  errorBound: true,
  precision: true,
  nTemplatesPerBatch: true,
  nImagesPerBatch: true,
  memoryBytes: true,
};

/** Templates that are ready for any number of image stacks. Who makes it disposes of it. */
export interface PreparedTemplates {
  /** @throws {VitrineError} shape, range: stacks that do not fit, images that are nothing or not finite */
  compare(images: ImageSide, comparison: Comparison, options?: RunOptions): Promise<Compared>;
  /** Memory of the workers that is held. */
  readonly bytes: number;
  dispose(): void;
}

const ERROR_BOUND = 1e-5;
const MEMORY_BYTES = 1.5 * 2 ** 30;
/** Images of a batch at most, by default: their panels are read for every group of templates. */
const IMAGES = 256;
/** Values of a run that keeps everything. */
const MOST_VALUES = 2 ** 24;
/** First try of a basis: root mean square for a bound on all, some 30 times as large behind CTFs (a second search costs far more than some vectors). */
const RMS_PART = 0.025;
const TRIES = 3;
/** Of the error bound, what norms may cost. */
const NORM_PART = 0.2;

/**
 * Makes templates ready: checks them and, unless `exact`, finds the basis that they are compressed in. Transforms follow with the first images.
 *
 * @throws {VitrineError} shape, range: templates that are not on the grid, nothing, or not finite
 */
export function prepareTemplates(
  backend: Backend,
  side: TemplateSide,
  method: CompareMethod = {},
): PreparedTemplates {
  requireKnownOptions("prepareTemplates", method, METHOD_KEYS);
  requireOnGrid(side.templates, side.grid, "templates");
  const norms = polarNorms(side.templates, side.grid);
  requireNorms(norms, "template");
  return new Prepared(backend, { side, method, lengths: norms.map(Math.sqrt) });
}

interface PreparedRequest {
  readonly side: TemplateSide;
  readonly method: CompareMethod;
  readonly lengths: Float64Array;
}

/** Images that were made ready. */
interface ReadyImages {
  readonly count: number;
  readonly items: RealArray;
  readonly ctfs: RealArray;
  readonly factors: RealArray;
  readonly numbers: Float64Array;
}

/** What was found of the CTFs of images. */
type CtfFound = Pick<CorrelatorOutcome, "ctfResidual" | "largestCtf">;

class Prepared implements PreparedTemplates {
  readonly #backend: Backend;
  readonly #side: TemplateSide;
  readonly #method: CompareMethod;
  readonly #lengths: Float64Array;
  readonly #precision: "single" | "double";
  #isCompressed: boolean;
  #isUndecided: boolean;
  #rms: number;
  #basis: Basis | undefined;
  #plan: CorrelatorPlan | undefined;
  /** First of the templates that the plan holds; -1: none. */
  #loaded = -1;
  #residual = 0;

  constructor(backend: Backend, { side, method, lengths }: PreparedRequest) {
    this.#backend = backend;
    this.#side = side;
    this.#method = method;
    this.#lengths = lengths;
    const { precision = side.templates.data instanceof Float64Array ? "double" : "single" } = method;
    this.#precision = precision;
    this.#isCompressed = method.method !== "exact" && precision === "single";
    this.#isUndecided = method.method === "auto" && precision === "single";
    this.#rms = RMS_PART * (method.errorBound ?? ERROR_BOUND);
  }

  get bytes(): number {
    return this.#plan?.bytes ?? 0;
  }

  async compare(images: ImageSide, comparison: Comparison, options: RunOptions = {}): Promise<Compared> {
    requireKnownOptions("PreparedTemplates.compare", options, RUN_KEYS);
    const { errorBound = ERROR_BOUND } = this.#method;
    const ready = this.#ready(images, comparison);
    if (this.#isUndecided) {
      this.#isUndecided = false;
      this.#isCompressed = isCompressionCheaper(this.#side, this.#method.nImages ?? ready.count);
    }
    for (let attempt = 1; ; attempt++) {
      const compared = await this.#compareOnce(ready, comparison, options);
      if (!this.#isCompressed || compared.errorBound <= errorBound) return compared;
      this.#forget();
      this.#rms *= (0.8 * errorBound) / compared.errorBound;
      if (attempt >= TRIES || !Number.isFinite(compared.errorBound)) this.#isCompressed = false;
    }
  }

  #forget(): void {
    this.#basis = undefined;
    this.#plan?.dispose();
    this.#plan = undefined;
    this.#loaded = -1;
  }

  #ready(side: ImageSide, { integral }: Comparison): ReadyImages {
    const { grid } = this.#side;
    const { images } = side;
    requireOnGrid(images, grid, "images");
    const norms = polarNorms(images, grid);
    requireNorms(norms, "image");
    return {
      count: images.shape[0],
      items: inPrecision(this.#precision, images.data),
      ctfs: wholeCtf(side, this.#precision),
      factors: inPrecision(
        this.#precision,
        norms.map((norm) => norm ** -0.5),
      ),
      numbers: imageNumbers(
        images,
        norms,
        integral === undefined ? undefined : weighted(integral.mask, grid.integrationWeights),
      ),
    };
  }

  async #compareOnce(ready: ReadyImages, comparison: Comparison, options: RunOptions): Promise<Compared> {
    if (this.#isCompressed && this.#basis === undefined) {
      const { signal } = options;
      const search = { tolerance: this.#rms, lengths: this.#lengths, ...(signal && { signal }) };
      this.#basis = await findBasis(this.#backend, this.#side, search);
    }
    const plan = this.#planFor(ready, comparison);
    comparison.visitor?.begin();
    const count = this.#side.templates.shape[0];
    const collected = new Collected(comparison, {
      ...this.#counts(),
      images: ready.count,
      precision: this.#precision,
    });
    let [bound, done] = [0, 0];
    const onProgress = options.onProgress;
    for (let first = 0; first < count; first += plan.size.templates) {
      const held = Math.min(plan.size.templates, count - first);
      await this.#load(plan, first, held, options.signal);
      for (let image = 0; image < ready.count; image += plan.size.images) {
        const images = Math.min(plan.size.images, ready.count - image);
        const ctf = await this.#setImages(plan, ready, { image, images, options });
        for (let from = 0; from < held; from += plan.size.results.templates) {
          const part = Math.min(plan.size.results.templates, held - from);
          const at = { image, images, held: first, first: first + from, templates: part };
          done += images * part;
          if (comparison.visitor?.wants(at) === false) continue;
          const { leastNorm, best } = await plan.run(
            {
              ...{ kind: "correlate", first: from, count: part, kept: comparison.kept },
              ...(comparison.integral && { model: comparison.integral.numbers }),
            },
            options.signal === undefined ? {} : { signal: options.signal },
          );
          requireLeast(leastNorm);
          bound = Math.max(bound, this.#boundOf(leastNorm, ctf));
          collected.take(plan, best, at);
          comparison.visitor?.take(plan, at);
          onProgress?.(done);
        }
      }
    }
    if (this.#isCompressed) collected.undoLengths(this.#lengths);
    return collected.result({ errorBound: this.#isCompressed ? bound : 0, depth: this.#depth() });
  }

  #depth(): number {
    const { nShells, nInplanes } = this.#side.grid;
    return this.#basis === undefined ? nShells * (nInplanes / 2 + 1) : basisDepth(this.#basis);
  }

  /** Cauchy-Schwarz for what is left out of templates; half the relative error of norms. */
  #boundOf(leastNorm: number, { ctfResidual, largestCtf }: CtfFound): number {
    return (this.#residual * largestCtf) / Math.sqrt(leastNorm) + ctfResidual / (2 * leastNorm);
  }

  #counts() {
    const { grid, templates, displacements } = this.#side;
    return { templates: templates.shape[0], displacements: displacements.x.length, inplanes: grid.nInplanes };
  }

  /** The plan that is there, if it is large enough and for the same results; a new one takes its place. */
  #planFor({ count }: ReadyImages, comparison: Comparison): CorrelatorPlan {
    const size = this.#sizeFor(count, comparison);
    const old = this.#plan?.size;
    const isFit =
      old !== undefined &&
      old.images >= Math.min(count, size.images) &&
      old.templates >= size.templates &&
      old.integrates === size.integrates &&
      // Where there is room for all likelihoods, there is for the best.
      (old.results.kept === size.results.kept ||
        (size.results.kept === "pose" && old.results.kept === "likelihoods"));
    if (isFit && this.#plan !== undefined) return this.#plan;
    this.#plan?.dispose();
    this.#loaded = -1;
    const plan = createCorrelator(this.#backend, size);
    this.#plan = plan;
    const { grid } = this.#side;
    plan.set("weights", inPrecision(this.#precision, grid.integrationWeights));
    plan.set("displacements", inPrecision(this.#precision, displacementTable(this.#side)));
    if (comparison.integral !== undefined)
      plan.set(
        "offset",
        inPrecision(this.#precision, weighted(comparison.integral.mask, grid.integrationWeights)),
      );
    return plan;
  }

  /** As many templates and images as there is memory for. @throws {VitrineError} range: not for one group */
  #sizeFor(imageCount: number, { kept, integral }: Comparison): CorrelatorSize {
    const { nTemplatesPerBatch, nImagesPerBatch, memoryBytes = MEMORY_BYTES } = this.#method;
    const { templates, displacements, inplanes } = this.#counts();
    const perTemplate = {
      pose: 0,
      template: 1,
      displacement: displacements,
      rotation: inplanes,
      norms: inplanes,
    };
    const isAll = kept === "everything" || kept === "likelihoods";
    const valuesOf = isAll ? displacements * inplanes : perTemplate[kept];
    const sizeOf = (held: number, images: number): CorrelatorSize => ({
      ...{ precision: this.#precision, shells: this.#side.grid.nShells, inplanes, displacements },
      ...{ templates: held, images, integrates: integral !== undefined },
      normFrequencies: evenCount(inplanes),
      ...(this.#basis && { basis: this.#basis }),
      results: { kept, templates: resultTemplates(held, images * Math.max(1, valuesOf)) },
    });
    let held = Math.min(templates, roundUp(nTemplatesPerBatch ?? templates));
    let images = Math.max(GROUP, Math.min(imageCount, nImagesPerBatch ?? IMAGES));
    const bytes = () => this.#backend.bytes(correlatorPlan, sizeOf(held, images));
    while (bytes() > memoryBytes && (held > GROUP || images > GROUP)) {
      if (held >= images && held > GROUP) held = roundUp(Math.ceil(held / 2));
      else images = Math.max(GROUP, Math.ceil(images / 2));
    }
    return sizeOf(held, images);
  }

  async #load(
    plan: CorrelatorPlan,
    first: number,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (this.#loaded === first) return;
    const { templates } = this.#side;
    const row = 2 * templates.shape[1] * templates.shape[2];
    const step = plan.size.images - (plan.size.images % GROUP);
    if (first === 0) this.#residual = 0;
    for (let from = 0; from < count; from += step) {
      const part = Math.min(step, count - from);
      const data = templates.data.subarray(row * (first + from), row * (first + from + part));
      plan.set("items", this.#scaled(inPrecision(this.#precision, data), first + from));
      const work = { kind: "templates", first: from, count: part } as const;
      const { residual } = await plan.run(work, signal === undefined ? {} : { signal });
      this.#residual = Math.max(this.#residual, residual);
    }
    this.#loaded = first;
  }

  /** Compressed templates have length 1, so that what is left out is a part of each. */
  #scaled(data: RealArray, first: number): RealArray {
    if (!this.#isCompressed) return data;
    const row = 2 * this.#side.templates.shape[1] * this.#side.templates.shape[2];
    const lengths = this.#lengths.subarray(first, first + data.length / row);
    if (lengths.every((length) => Math.abs(length - 1) < 1e-6)) return data;
    return data.map((value, i) => value / lengths[Math.floor(i / row)]);
  }

  async #setImages(
    plan: CorrelatorPlan,
    ready: ReadyImages,
    {
      image,
      images,
      options,
    }: { readonly image: number; readonly images: number; readonly options: RunOptions },
  ): Promise<CtfFound> {
    const plane = this.#side.grid.nShells * this.#side.grid.nInplanes;
    const end = image + images;
    plan.set("items", ready.items.subarray(2 * plane * image, 2 * plane * end));
    plan.set("ctfs", ready.ctfs.subarray(plane * image, plane * end));
    plan.set("imageFactors", ready.factors.subarray(image, end));
    if (plan.size.integrates) plan.set("imageNumbers", ready.numbers.subarray(2 * image, 2 * end));
    const { errorBound = ERROR_BOUND } = this.#method;
    const tolerance = this.#isCompressed ? NORM_PART * errorBound : 0;
    const work = { kind: "images", count: images, tolerance } as const;
    return await plan.run(work, options.signal === undefined ? {} : { signal: options.signal });
  }

  dispose(): void {
    this.#forget();
  }
}

/**
 * Whether as many images are worth the search of a basis and the compression of templates, by what both took of a processor's time on grids of 129 shells
 * (50 to 2,500 displaced templates, 4 to 128 images; within a third of the number of images where both take as long).
 */
export function isCompressionCheaper(
  { grid: { nShells }, templates, displacements }: TemplateSide,
  images: number,
): boolean {
  const pairs = templates.shape[0] * displacements.x.length;
  const search = (2.3 * nShells * sketchColumns(nShells, pairs)) / pairs;
  return images >= 0.2 * nShells + search;
}

/** Templates of a group of lanes in either precision. */
const GROUP = 4;

function roundUp(count: number): number {
  return GROUP * Math.ceil(count / GROUP);
}

/** Templates of one run, whose values are not above {@link MOST_VALUES}. */
function resultTemplates(held: number, valuesOfTemplate: number): number {
  const most = Math.max(GROUP, GROUP * Math.floor(MOST_VALUES / valuesOfTemplate / GROUP));
  return Math.min(held, most);
}

/** (shells, inplanes) times the weight of each shell. */
function weighted(mask: Float64Array, weights: Float64Array): Float64Array {
  const inplanes = mask.length / weights.length;
  return mask.map((value, i) => value * weights[Math.floor(i / inplanes)]);
}

/** Isy and Iyy of each image. */
function imageNumbers(
  { shape, data }: ImageSide["images"],
  norms: Float64Array,
  offset: Float64Array | undefined,
): Float64Array {
  const numbers = new Float64Array(2 * shape[0]);
  norms.forEach((norm, m) => {
    let sum = 0;
    if (offset !== undefined)
      for (let i = 0, at = 2 * m * offset.length; i < offset.length; i++, at += 2)
        sum += offset[i] * data[at];
    numbers.set([sum, norm], 2 * m);
  });
  return numbers;
}

function requireLeast(leastNorm: number): void {
  if (leastNorm > 0) return;
  throw new VitrineError({
    code: "range",
    at: "correlation",
    expected: "templates that can be seen through every CTF",
    found: "a template of which a CTF leaves nothing",
    hint: "Look for a CTF of zeros",
  });
}
