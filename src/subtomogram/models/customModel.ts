import type { Backend, RunOptions } from "../../compute/index.ts";
import { requireKnownOptions, requireNotAborted, type Shape3, VitrineError } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import {
  IDENTITY,
  invertQuaternion,
  type Quaternion,
  quaternionMatrix,
  type Zyx,
} from "../molecules/quaternion.ts";
import { type TiltModel, toTiltModel } from "../tilt/tilt.ts";
import { withBackend } from "../withBackend.ts";
import { checkCutoff, checkSubtomograms, checkTemplates } from "./checks.ts";
import { masked } from "./fourierModel.ts";
import { oneLandscape } from "./landscapes.ts";
import type {
  AlignmentKind,
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
import { boundParams, CALL_KEYS, MODEL_KEYS } from "./modelKeys.ts";
import { percentile } from "./percentile.ts";
import { rotationGrid } from "./rotationGrid.ts";
import { turnedVolumes } from "./turned.ts";
import { WeightedImages } from "./weighted.ts";

/** What a user's own model compares: both masked, low-passed, and without the frequencies that the tomogram lacks. */
export interface ComparedPair {
  readonly subtomogram: PipeImage;
  /** A template in one of the rotations. */
  readonly template: PipeImage;
}

/** Where the template fits the subtomogram best. */
export interface FoundShift {
  /** From the centre of the box to the density, voxels. */
  readonly shiftPx: Zyx;
  /** Of several candidates the highest counts. */
  readonly score: number;
}

/** A user's own way to compare. Templates, rotations, masks, low pass and missing wedge are taken care of. */
export interface CustomAlignment {
  readonly name: string;
  /** The best shift not beyond `maxShiftsPx`. */
  optimize(pair: ComparedPair, maxShiftsPx: Zyx): FoundShift | Promise<FoundShift>;
  /** The score where both are; left out: that of `optimize` with no shift. */
  score?(pair: ComparedPair): number | Promise<number>;
  /** Scores of whole shifts, (depth, height, width), no shift in the middle; without it there are no landscapes. */
  landscape?(pair: ComparedPair, maxShiftsPx: Zyx): PipeImage | Promise<PipeImage>;
}

/**
 * A kind of model from a function that compares two images, for loaders and all else that takes `ZnccAlignment`.
 *
 * @example
 * const Overlap = defineAlignment({
 *   name: "Overlap",
 *   optimize: ({ subtomogram, template }) => ({ shiftPx: [0, 0, 0], score: dot(subtomogram.data, template.data) }),
 * });
 */
export function defineAlignment(custom: CustomAlignment, bound: ModelParams = {}): AlignmentKind {
  requireKnownOptions("defineAlignment", bound, MODEL_KEYS);
  return {
    name: custom.name,
    create(input, params = {}) {
      requireKnownOptions(custom.name, params, MODEL_KEYS);
      return new CustomModel(custom, input, boundParams(bound, params));
    },
    withParams: (params) => defineAlignment(custom, boundParams(bound, params)),
  };
}

class CustomModel implements AlignmentModel {
  readonly name: string;
  readonly shape: Shape3;
  readonly templateCount: number;
  readonly rotations: readonly Quaternion[];
  readonly cutoff: number | undefined;
  readonly tilt: TiltModel;
  readonly compat: boolean;
  readonly #custom: CustomAlignment;
  readonly #input: ModelInput;

  constructor(custom: CustomAlignment, input: ModelInput, params: ModelParams) {
    const { rotations, cutoff, tilt, compat = false, search, estimate } = params;
    if (estimate === "mean")
      throw new VitrineError({
        code: "unsupported",
        at: `${custom.name} estimate`,
        expected: "best",
        found: estimate,
      });
    if (search === "coarseToFine")
      throw new VitrineError({
        code: "unsupported",
        at: `${custom.name} search`,
        expected: "exhaustive",
        found: search,
      });
    this.name = custom.name;
    this.shape = checkTemplates(input.templates, input.mask);
    this.templateCount = input.templates.length;
    this.rotations = rotationGrid(rotations);
    this.#custom = custom;
    this.#input = input;
    this.cutoff = checkCutoff(cutoff);
    this.compat = compat;
    this.tilt = toTiltModel(tilt);
  }

  async prepare(
    backend: Backend,
    given: { readonly maxShiftsPx: Zyx } & RunOptions,
  ): Promise<PreparedAlignment> {
    requireKnownOptions(`${this.name}.prepare`, given, CALL_KEYS.prepare);
    const { maxShiftsPx } = given;
    const pairs = await this.#pairs(backend, this.rotations);
    const align = async (subtomograms: readonly Subtomogram[], options: RunOptions = {}) => {
      requireKnownOptions(`${this.name}.align`, options, CALL_KEYS.run);
      checkSubtomograms(subtomograms, this.shape);
      const results: AlignmentResult[] = [];
      for (const subtomogram of subtomograms) {
        requireNotAborted(options.signal, this.name);
        const found = await pairs.each(subtomogram, (pair) => this.#custom.optimize(pair, maxShiftsPx));
        results.push(this.#best(found));
        options.onProgress?.(results.length);
      }
      return results;
    };
    return { bytes: 0, align, dispose: () => pairs.dispose() };
  }

  /** The first of equal scores. */
  #best(found: readonly FoundShift[]): AlignmentResult {
    let best = 0;
    found.forEach(({ score }, i) => {
      if (!Number.isFinite(score))
        throw new VitrineError({
          code: "range",
          at: `${this.name} score`,
          expected: "a finite number",
          found: `${score}`,
        });
      if (score > found[best].score) best = i;
    });
    const label = Math.floor(best / this.rotations.length);
    const rotationIndex = best - label * this.rotations.length;
    const { shiftPx, score } = found[best];
    return { label, rotationIndex, rotation: this.rotations[rotationIndex], shiftPx, score };
  }

  async score(
    subtomograms: readonly Subtomogram[],
    options: ModelCallOptions = {},
  ): Promise<readonly (readonly number[])[]> {
    requireKnownOptions(`${this.name}.score`, options, CALL_KEYS.score);
    checkSubtomograms(subtomograms, this.shape);
    const { score, optimize } = this.#custom;
    const scoreOf = async (pair: ComparedPair) =>
      score === undefined ? (await optimize(pair, [0, 0, 0])).score : score(pair);
    return this.#withPairs(options.backend, [IDENTITY], async (pairs) => {
      const scores: number[][] = [];
      for (const subtomogram of subtomograms) scores.push(await pairs.each(subtomogram, scoreOf));
      return scores;
    });
  }

  /** A user's function is given what shifts it may take. */
  requireShifts(_: Zyx): void {}

  async prepareLandscapes(backend: Backend, given: LandscapeRange & RunOptions): Promise<PreparedLandscapes> {
    requireKnownOptions(`${this.name}.prepareLandscapes`, given, CALL_KEYS.prepareLandscapes);
    const { maxShiftsPx, upsample = 1 } = given;
    const { landscape: ofPair } = this.#custom;
    if (ofPair === undefined || upsample !== 1)
      throw new VitrineError({
        code: "unsupported",
        at: `${this.name} landscape`,
        expected: "a model that has landscapes, in steps of a voxel",
        found: ofPair === undefined ? "none" : `steps of 1/${upsample}`,
      });
    const pairs = await this.#pairs(backend, this.rotations);
    const landscape = async (subtomogram: Subtomogram, options: RunOptions = {}): Promise<Landscape> => {
      requireKnownOptions(`${this.name}.landscape`, options, CALL_KEYS.run);
      requireNotAborted(options.signal, this.name);
      checkSubtomograms([subtomogram], this.shape);
      const parts = await pairs.each(subtomogram, (pair) => ofPair(pair, maxShiftsPx));
      const data = new Float32Array(parts.reduce((sum, { data: part }) => sum + part.length, 0));
      parts.forEach((part, i) => {
        data.set(part.data, i * part.data.length);
      });
      return { data, shape: [parts.length, ...parts[0].shape] };
    };
    return { landscape, dispose: () => pairs.dispose() };
  }

  async landscape(subtomogram: Subtomogram, options: LandscapeRange & ModelCallOptions): Promise<Landscape> {
    requireKnownOptions(`${this.name}.landscape`, options, CALL_KEYS.landscape);
    return oneLandscape(this, subtomogram, options);
  }

  #withPairs<Result>(
    backend: Backend | undefined,
    rotations: readonly Quaternion[],
    work: (pairs: Pairs) => Promise<Result>,
  ): Promise<Result> {
    return withBackend(backend, async (made) => {
      const pairs = await this.#pairs(made, rotations);
      try {
        return await work(pairs);
      } finally {
        pairs.dispose();
      }
    });
  }

  async #pairs(backend: Backend, rotations: readonly Quaternion[]): Promise<Pairs> {
    const { templates, mask } = this.#input;
    const isTurned = rotations.some(([z, y, x]) => Math.hypot(z, y, x) > 0);
    const turns = rotations.map((rotation) => ({ turn: quaternionMatrix(invertQuaternion(rotation)) }));
    const outside = percentile(
      templates.map(({ data }) => data),
      1,
    );
    const turnedTemplates: Float32Array[] = [];
    for (const template of templates) {
      const data = masked(template.data, mask);
      const source = { data, shape: this.shape };
      turnedTemplates.push(...(isTurned ? await turnedVolumes(backend, source, { turns, outside }) : [data]));
    }
    const masks = await this.#masks(backend, isTurned ? turns : undefined);
    const images = new WeightedImages(backend, this.shape, this.cutoff);
    return new Pairs({ shape: this.shape, tilt: this.tilt, templates: turnedTemplates, masks, images });
  }

  async #masks(
    backend: Backend,
    turns: readonly { readonly turn: ReturnType<typeof quaternionMatrix> }[] | undefined,
  ): Promise<readonly (Float32Array | undefined)[]> {
    const { mask } = this.#input;
    if (mask === undefined || turns === undefined) return [mask?.data];
    const turned = await turnedVolumes(backend, mask, { turns, outside: "edge" });
    return turned.map((values) => values.map((value) => Math.min(1, Math.max(0, value))));
  }
}

/** Subtomograms and candidates as a user's function compares them. */
class Pairs {
  readonly #parts: PairParts;

  constructor(parts: PairParts) {
    this.#parts = parts;
  }

  /** Calls `work` with every candidate in turn. */
  async each<Result>(
    { image, rotation = IDENTITY }: Subtomogram,
    work: (pair: ComparedPair) => Result | Promise<Result>,
  ): Promise<Result[]> {
    const { shape, tilt, templates, masks, images } = this.#parts;
    const seen = { tilt, rotation };
    const results: Result[] = [];
    for (const [i, template] of templates.entries()) {
      const mask = masks[i % masks.length];
      const values = mask === undefined ? image.data : image.data.map((value, k) => value * mask[k]);
      const pair = {
        subtomogram: { data: await images.weigh(values, seen), shape },
        template: { data: await images.weigh(template, seen), shape },
      };
      results.push(await work(pair));
    }
    return results;
  }

  dispose(): void {
    this.#parts.images.dispose();
  }
}

interface PairParts {
  readonly shape: Shape3;
  readonly tilt: TiltModel;
  /** Templates slowest. */
  readonly templates: readonly Float32Array[];
  /** One a rotation, or one for all. */
  readonly masks: readonly (Float32Array | undefined)[];
  readonly images: WeightedImages;
}
