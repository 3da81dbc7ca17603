import type { Backend, RunOptions } from "../../compute/index.ts";
import { elementCount, requireKnownOptions, type Shape3, VitrineError } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import {
  type AlignMethod,
  type AlignOutcome,
  type AlignPlan,
  type AlignSize,
  alignLayout,
  createAlignment,
} from "../kernels/index.ts";
import {
  IDENTITY,
  invertQuaternion,
  type Quaternion,
  quaternionMatrix,
  type Zyx,
} from "../molecules/quaternion.ts";
import { type TiltModel, toTiltModel, wedgeNormals } from "../tilt/tilt.ts";
import { withBackend } from "../withBackend.ts";
import { checkCutoff, checkSubtomograms, checkTemplates } from "./checks.ts";
import { better, searchByNeighbours } from "./coarseToFine.ts";
import { oneLandscape, readLandscape, upsampled } from "./landscapes.ts";
import { meanPose, observations } from "./meanPose.ts";
import type {
  AlignmentModel,
  AlignmentResult,
  Landscape,
  LandscapeRange,
  ModelCallOptions,
  ModelInput,
  ModelParams,
  PreparedAlignment,
  PreparedLandscapes,
  Subtomogram,
} from "./model.ts";
import { CALL_KEYS, MODEL_KEYS } from "./modelKeys.ts";
import { percentile } from "./percentile.ts";
import { areWithin, gridCounts, rotationGrid } from "./rotationGrid.ts";
import { turnedVolumes } from "./turned.ts";
import { WeightedImages } from "./weighted.ts";

/** What one of the built-in models is. */
export interface FourierMethod {
  readonly name: string;
  readonly method: AlignMethod;
  /** Whether the score of a subtomogram where it is leaves means out; alignments always do. */
  readonly scoreIsCentred: boolean;
}

/** Pairs of a molecule and a candidate that a worker aligns at a time, about, as far as their boxes fit in so many voxels. */
const PAIRS_A_WORKER = 64;
const VOXELS_A_WORKER = 1 << 20;
/** Pairs that a worker compares side by side. */
const LANES = 4;

/** What of a plan's size a call chooses. */
type PlanSize = Pick<AlignSize, "maxShiftsPx" | "batch"> &
  Partial<Pick<AlignSize, "keepsResponses" | "isCentred">> & { readonly rotations: readonly Quaternion[] };

/** Enough for all workers, little memory. */
function batchOf(
  shape: Shape3,
  { candidates, workers }: { readonly candidates: number; readonly workers: number },
): number {
  const fitting = Math.floor((VOXELS_A_WORKER * workers) / elementCount(shape));
  const least = Math.ceil((LANES * workers) / candidates);
  return Math.max(least, Math.min(Math.ceil((PAIRS_A_WORKER * workers) / candidates), fitting));
}

/** ZNCC, NCC, PCC and FSC: templates in every rotation, compared by Fourier transforms. */
export class FourierModel implements AlignmentModel {
  readonly name: string;
  readonly shape: Shape3;
  readonly templateCount: number;
  readonly rotations: readonly Quaternion[];
  readonly templates: readonly PipeImage[];
  readonly mask: PipeImage | undefined;
  readonly tilt: TiltModel;
  readonly cutoff: number | undefined;
  readonly compat: boolean;
  readonly #method: FourierMethod;
  readonly #params: ModelParams;
  readonly #takesMean: boolean;
  #observations: number | undefined;

  constructor(method: FourierMethod, { templates, mask }: ModelInput, params: ModelParams = {}) {
    requireKnownOptions("FourierModel", params, MODEL_KEYS);
    this.#method = method;
    this.#params = params;
    this.name = method.name;
    this.shape = checkTemplates(templates, mask);
    this.templates = templates;
    this.mask = mask;
    this.templateCount = templates.length;
    this.rotations = rotationGrid(params.rotations);
    this.tilt = toTiltModel(params.tilt);
    this.cutoff = checkCutoff(params.cutoff);
    this.compat = params.compat === true;
    if (params.search === "coarseToFine") gridCounts(params.rotations);
    if (params.estimate === "mean") requireCoefficients(method, params);
    this.#takesMean = takesMean(method, params);
  }

  async prepare(
    backend: Backend,
    given: { readonly maxShiftsPx: Zyx } & RunOptions,
  ): Promise<PreparedAlignment> {
    requireKnownOptions(`${this.name}.prepare`, given, CALL_KEYS.prepare);
    const { maxShiftsPx, ...options } = given;
    const candidates = this.templateCount * this.rotations.length;
    const batch = batchOf(this.shape, { candidates, workers: backend.workers });
    const plan = await this.#plan(backend, { maxShiftsPx, batch, rotations: this.rotations }, options);
    const align = async (subtomograms: readonly Subtomogram[], run: RunOptions = {}) => {
      requireKnownOptions(`${this.name}.align`, run, CALL_KEYS.run);
      return this.#alignAll(plan, { subtomograms, batch }, run);
    };
    return { bytes: plan.bytes, align, dispose: () => plan.dispose() };
  }

  /** One subtomogram; for many take {@link prepare}. */
  async align(
    subtomogram: Subtomogram,
    given: { readonly maxShiftsPx: Zyx } & ModelCallOptions,
  ): Promise<AlignmentResult> {
    requireKnownOptions(`${this.name}.align`, given, CALL_KEYS.align);
    const { maxShiftsPx, backend, ...options } = given;
    return withBackend(backend, async (made) => {
      const prepared = await this.prepare(made, { maxShiftsPx, ...options });
      try {
        const [result] = await prepared.align([subtomogram], options);
        return result;
      } finally {
        prepared.dispose();
      }
    });
  }

  async score(
    subtomograms: readonly Subtomogram[],
    given: ModelCallOptions = {},
  ): Promise<readonly (readonly number[])[]> {
    requireKnownOptions(`${this.name}.score`, given, CALL_KEYS.score);
    const { backend, ...options } = given;
    return withBackend(backend, async (made) => {
      const batch = batchOf(this.shape, { candidates: this.templateCount, workers: made.workers });
      const size = { maxShiftsPx: [0, 0, 0] as const, batch, rotations: [IDENTITY], keepsResponses: true };
      const isCentred = this.#method.scoreIsCentred;
      const plan = await this.#plan(made, { ...size, isCentred }, options);
      try {
        return await this.#scores(plan, { subtomograms, batch }, options);
      } finally {
        plan.dispose();
      }
    });
  }

  requireShifts(maxShiftsPx: Zyx): void {
    alignLayout(this.#size({ maxShiftsPx, batch: 1, rotations: this.rotations }));
  }

  async prepareLandscapes(backend: Backend, given: LandscapeRange & RunOptions): Promise<PreparedLandscapes> {
    requireKnownOptions(`${this.name}.prepareLandscapes`, given, CALL_KEYS.prepareLandscapes);
    const { maxShiftsPx, upsample = 1, ...options } = given;
    if (!Number.isInteger(upsample) || upsample < 1)
      throw rangeError("landscape upsample", "a whole number from 1", `${upsample}`);
    // Beyond the ends, so that the spline does not feel them.
    const more = upsample > 1 ? 2 : 0;
    const shifts: Zyx = [maxShiftsPx[0] + more, maxShiftsPx[1] + more, maxShiftsPx[2] + more];
    const size = { maxShiftsPx: shifts, batch: 1, rotations: this.rotations, keepsResponses: true };
    const plan = await this.#plan(backend, size, options);
    const landscape = async (subtomogram: Subtomogram, run: RunOptions = {}) => {
      requireKnownOptions(`${this.name}.landscape`, run, CALL_KEYS.run);
      checkSubtomograms([subtomogram], this.shape);
      await this.#runBatch(plan, [subtomogram], run);
      const whole = readLandscape(plan);
      return upsample === 1 ? whole : upsampled(whole, maxShiftsPx, upsample);
    };
    return { landscape, dispose: () => plan.dispose() };
  }

  async landscape(subtomogram: Subtomogram, options: LandscapeRange & ModelCallOptions): Promise<Landscape> {
    requireKnownOptions(`${this.name}.landscape`, options, CALL_KEYS.landscape);
    return oneLandscape(this, subtomogram, options);
  }

  /**
   * What a subtomogram has more than the template where both were seen: masked, low-passed, without the missing wedge.
   *
   * @throws {VitrineError} unsupported: several templates
   */
  async maskedDifference(
    { image, rotation = IDENTITY }: Subtomogram,
    options: ModelCallOptions = {},
  ): Promise<PipeImage> {
    requireKnownOptions(`${this.name}.maskedDifference`, options, CALL_KEYS.score);
    checkSubtomograms([{ image }], this.shape);
    const [template, ...more] = this.templates;
    if (more.length > 0) {
      const found = `${this.templateCount}`;
      throw new VitrineError({
        code: "unsupported",
        at: "maskedDifference",
        expected: "one template",
        found,
      });
    }
    const difference = image.data.map((value, i) => value - template.data[i]);
    return withBackend(options.backend, async (made) => {
      const images = new WeightedImages(made, this.shape, this.cutoff);
      try {
        const data = await images.weigh(masked(difference, this.mask), { tilt: this.tilt, rotation });
        return { data, shape: this.shape };
      } finally {
        images.dispose();
      }
    });
  }

  /**
   * Moves and turns an image onto the template.
   *
   * @param options  `cval`: what lies outside of the image; default its first percentile
   */
  async fit(
    image: PipeImage,
    options: { readonly maxShiftsPx: Zyx; readonly cval?: number } & ModelCallOptions,
  ): Promise<{ readonly image: PipeImage; readonly result: AlignmentResult }> {
    requireKnownOptions(`${this.name}.fit`, options, { ...CALL_KEYS.align, cval: true });
    const { cval, ...run } = options;
    return withBackend(options.backend, async (backend) => {
      const isAcryos = this.compat && this.tilt.kind !== "none" && this.rotations.length > 1;
      const result = isAcryos
        ? await this.#alignWithTurnedWedges(image, { ...run, backend })
        : await this.align({ image }, { ...run, backend });
      const { rotation, shiftPx } = result;
      const outside = cval ?? percentile([image.data], 1);
      const turns = [{ turn: quaternionMatrix(rotation), shiftPx }];
      const [data] = await turnedVolumes(backend, image, { turns, outside });
      return { image: { data, shape: this.shape }, result };
    });
  }

  /** acryo's `fit` takes each rotation that it tries for the image's own, and turns the missing wedge with it. */
  async #alignWithTurnedWedges(
    image: PipeImage,
    {
      maxShiftsPx,
      backend,
      ...options
    }: { readonly maxShiftsPx: Zyx; readonly backend: Backend } & RunOptions,
  ): Promise<AlignmentResult> {
    checkSubtomograms([{ image }], this.shape);
    const { rotations, templates } = this;
    const plan = await this.#plan(backend, { maxShiftsPx, batch: 1, rotations }, options);
    try {
      const found: AlignOutcome[] = [];
      for (const [r, rotation] of rotations.entries()) {
        plan.set("images", image.data);
        const chosen = [templates.map((_, t) => t * rotations.length + r)];
        const normals = this.#normals([{ image, rotation }]);
        found.push(...(await plan.run({ kind: "align", count: 1, normals, compat: true, chosen }, options)));
      }
      return this.#resultOf(found.reduce(better));
    } finally {
      plan.dispose();
    }
  }

  #size(size: PlanSize): AlignSize {
    const { method } = this.#method;
    return {
      shape: this.shape,
      method,
      isCentred: size.isCentred ?? method === "zncc",
      templates: this.templateCount,
      rotations: size.rotations.length,
      masks: this.mask === undefined ? "none" : this.#isTurned(size.rotations) ? "each" : "one",
      hasWedge: this.tilt.kind !== "none",
      maxShiftsPx: size.maxShiftsPx,
      batch: size.batch,
      keepsResponses: size.keepsResponses ?? false,
    };
  }

  /** A plan with templates and masks in it. */
  async #plan(backend: Backend, size: PlanSize, options: RunOptions): Promise<AlignPlan> {
    const isTurned = this.#isTurned(size.rotations);
    const plan = createAlignment(backend, this.#size(size));
    try {
      await this.#fill(plan, { rotations: size.rotations, isTurned }, options);
    } catch (error) {
      plan.dispose();
      throw error;
    }
    return plan;
  }

  /** acryo leaves a single rotation out. */
  #isTurned(rotations: readonly Quaternion[]): boolean {
    if (rotations.length > 1) return true;
    const [z, y, x] = rotations[0];
    return !this.compat && Math.hypot(z, y, x) > 0;
  }

  async #fill(
    plan: AlignPlan,
    { rotations, isTurned }: { readonly rotations: readonly Quaternion[]; readonly isTurned: boolean },
    options: RunOptions,
  ): Promise<void> {
    this.templates.forEach((template, i) => {
      plan.set("templates", masked(template.data, this.mask), i);
    });
    if (this.mask !== undefined) plan.set("mask", this.mask.data);
    const matrices = rotations.map((rotation) => quaternionMatrix(invertQuaternion(rotation)));
    const outside = percentile(
      this.templates.map(({ data }) => data),
      1,
    );
    const { compat } = this;
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    await plan.run({ kind: "prepare", matrices, isTurned, outside, cutoff: this.cutoff, compat }, signal);
  }

  async #alignAll(
    plan: AlignPlan,
    { subtomograms, batch }: { readonly subtomograms: readonly Subtomogram[]; readonly batch: number },
    { signal, onProgress }: RunOptions,
  ): Promise<readonly AlignmentResult[]> {
    checkSubtomograms(subtomograms, this.shape);
    const results: AlignmentResult[] = [];
    const candidates = this.templateCount * this.rotations.length;
    for (let first = 0; first < subtomograms.length; first += batch) {
      const part = subtomograms.slice(first, first + batch);
      const outcomes = await this.#runBatch(plan, part, {
        ...(signal && { signal }),
        ...(onProgress && {
          onProgress: (done) => onProgress(first + Math.min(part.length, Math.floor(done / candidates))),
        }), // prettier-ignore
      });
      results.push(...outcomes.map((outcome) => this.#resultOf(outcome)));
    }
    onProgress?.(subtomograms.length);
    return results;
  }

  async #runBatch(
    plan: AlignPlan,
    subtomograms: readonly Subtomogram[],
    options: RunOptions,
  ): Promise<readonly AlignOutcome[]> {
    subtomograms.forEach(({ image }, i) => {
      plan.set("images", image.data, i);
    });
    const count = subtomograms.length;
    const { compat } = this;
    const observed = this.#takesMean && plan.layout.candidates > 1 ? this.#observed() : undefined;
    const normals = this.#normals(subtomograms);
    const work = { kind: "align", count, normals, compat, observations: observed } as const;
    if (this.#params.search !== "coarseToFine" || plan.layout.candidates === 1)
      return plan.run(work, options);
    const grid = { counts: gridCounts(this.#params.rotations), templates: this.templateCount };
    return searchByNeighbours(grid, (chosen) => plan.run({ ...work, chosen }, options), count);
  }

  /** Planes of wedges in each molecule's axes, per index of the transform. */
  #normals(subtomograms: readonly Subtomogram[]): Float64Array | undefined {
    if (this.tilt.kind === "none") return undefined;
    return Float64Array.from(
      subtomograms.flatMap(({ rotation = IDENTITY }) =>
        wedgeNormals(this.tilt, rotation).flatMap((pair) =>
          pair.flatMap((normal) => normal.map((value, axis) => value / this.shape[axis])),
        ),
      ),
    );
  }

  #resultOf({ candidate, shiftPx, score, all }: AlignOutcome): AlignmentResult {
    const label = Math.floor(candidate / this.rotations.length);
    const rotationIndex = candidate - label * this.rotations.length;
    const best = { label, rotationIndex, rotation: this.rotations[rotationIndex], shiftPx, score };
    return all === undefined ? best : { ...best, ...this.#meanOf(all, label) };
  }

  /** Mean of a template's rotations and their shifts. */
  #meanOf(all: Float64Array, label: number) {
    const poses = this.rotations.map((rotation, i) => {
      const [score, z, y, x] = all.subarray(4 * (label * this.rotations.length + i));
      return { rotation, shiftPx: [z, y, x] as const, score };
    });
    return meanPose(poses, this.#observed());
  }

  #observed(): number {
    this.#observations ??= observations(this);
    return this.#observations;
  }

  async #scores(
    plan: AlignPlan,
    { subtomograms, batch }: { readonly subtomograms: readonly Subtomogram[]; readonly batch: number },
    options: RunOptions,
  ): Promise<readonly (readonly number[])[]> {
    checkSubtomograms(subtomograms, this.shape);
    const scores: number[][] = [];
    for (let first = 0; first < subtomograms.length; first += batch) {
      const part = subtomograms.slice(first, first + batch);
      await this.#runBatch(plan, part, options.signal === undefined ? {} : { signal: options.signal });
      const { shiftCount } = plan.layout;
      const responses = new Float32Array(part.length * this.templateCount * shiftCount);
      plan.read("responses", responses);
      const middle = (shiftCount - 1) / 2;
      const scoreOf = (pair: number) => {
        const value = responses[pair * shiftCount + middle];
        return this.#method.method === "pcc" ? Math.sqrt(value) : value;
      };
      part.forEach((_, i) => {
        scores.push(this.templates.map((_template, t) => scoreOf(i * this.templateCount + t)));
      });
    }
    return scores;
  }
}

/** Rotations farther apart are no neighbours whose mean means something. */
const MOST_MEAN_DEG = 30;

function takesMean({ method }: FourierMethod, { estimate, search, compat, rotations }: ModelParams): boolean {
  if (estimate !== undefined) return estimate === "mean";
  const areAll = method === "zncc" && search !== "coarseToFine" && compat !== true;
  return areAll && areWithin(rotations, MOST_MEAN_DEG);
}

/** @throws {VitrineError} unsupported: a mean of scores that are no coefficients, or of some of the rotations */
function requireCoefficients({ name, method }: FourierMethod, { search, compat }: ModelParams): void {
  const found = method !== "zncc" ? name : search === "coarseToFine" ? search : compat ? "compat" : undefined;
  if (found === undefined) return;
  const expected = "ZnccAlignment or NccAlignment, an exhaustive search and no compat";
  throw new VitrineError({ code: "unsupported", at: "estimate mean", expected, found });
}

function rangeError(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "range", at, expected, found });
}

/** A volume times the mask, if there is one. */
export function masked(values: Float32Array, mask: PipeImage | undefined): Float32Array {
  if (mask === undefined) return values;
  const product = new Float32Array(values.length);
  for (let i = 0; i < product.length; i++) product[i] = values[i] * mask.data[i];
  return product;
}
