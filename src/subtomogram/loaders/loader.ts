import { type Backend, createPool } from "../../compute/index.ts";
import { type Shape3, VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { type Classes, type ClassifyOptions, classifyVolumes } from "../classify/classify.ts";
import { type ClassifyEmOptions, classifyByExpectation, type EmStep } from "../classify/expectation.ts";
import { type FeatureRow, featureRow } from "../molecules/features.ts";
import type { Molecules } from "../molecules/molecules.ts";
import type { TiltModel } from "../tilt/tilt.ts";
import {
  type AlignMultiOptions,
  type AlignOptions,
  alignVolumes,
  type CompareOptions,
  type LandscapeStack,
  landscapeVolumes,
  scoreVolumes,
} from "./align.ts";
import { type ApplyResult, applyToVolumes, type VolumeFunction } from "./apply.ts";
import {
  type AverageOptions,
  type AverageParts,
  type AverageSplitOptions,
  averageSplitVolumes,
  averageVolumes,
} from "./averages.ts";
import { type FscCurves, type FscOptions, type FscWithHalfmaps, fscOfHalves } from "./fsc.ts";
import { type GroupKey, LoaderGroup } from "./group.ts";
import { LOADER_KEYS } from "./optionKeys.ts";
import {
  type LoadOptions,
  type RunChoice,
  requireShape,
  type Subvolumes,
  stackVolumes,
  type VolumeRequest,
} from "./subvolumes.ts";
import {
  type Mask,
  normalizeInput,
  normalizeMask,
  normalizeTemplate,
  normalizeTemplates,
  type Template,
} from "./templates.ts";

/** What a loader is made anew with. */
export interface LoaderChanges {
  readonly molecules?: Molecules;
  readonly outputShape?: Shape3 | number;
  readonly order?: 0 | 1 | 3;
}

/** @internal */
export const CHANGE_KEYS: OptionKeys<LoaderChanges> = { molecules: true, outputShape: true, order: true };

/** Many boxes one behind the other. */
export interface VolumeStack {
  readonly data: Float32Array;
  readonly shape: readonly [count: number, depth: number, height: number, width: number];
}

/**
 * Molecules with the volumes about them, each in the molecule's own axes: what all loaders can do. A loader is never changed; what
 * selects or aligns gives another. Volumes are read when they are asked for.
 */
export abstract class Loader<Self extends Loader<Self>> implements Subvolumes {
  readonly molecules: Molecules;
  /** nm/voxel. */
  readonly scale: number;
  /** Of the spline by which boxes are read: 0, 1 or 3. */
  readonly order: 0 | 1 | 3;
  /** Voxels of the boxes (z, y, x), where one is said. */
  readonly outputShape: Shape3 | undefined;
  readonly backend: Backend | undefined;

  constructor(parts: {
    readonly molecules: Molecules;
    readonly scale: number;
    readonly order: 0 | 1 | 3;
    readonly outputShape: Shape3 | undefined;
    readonly backend: Backend | undefined;
  }) {
    this.molecules = parts.molecules;
    this.scale = parts.scale;
    this.order = parts.order;
    this.outputShape = parts.outputShape;
    this.backend = parts.backend;
  }

  /** The boxes of all molecules in their order. */
  abstract readVolumes(request: VolumeRequest): AsyncIterable<Float32Array>;
  /** Which frequencies the tomogram of a molecule has. */
  abstract tiltOf(index: number): TiltModel;
  /** The same with something else in its place; whatever is not named stays. */
  abstract replace(changes: LoaderChanges): Self;
  /** Some of its molecules, by their indices. */
  abstract select(indices: readonly number[]): Self;
  /**
   * Closes the file that a loader opened itself, also for those that were made of it (`filter`, `align`, `binning` without `compute`); a file that it
   * was given stays open, and a loader without a file does nothing.
   */
  async close(): Promise<void> {}

  /** As {@link close}, at the end of the block of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Number of molecules. */
  get count(): number {
    return this.molecules.count;
  }

  /** As it is: nothing of a loader changes. */
  copy(): Self {
    return this.replace({});
  }

  /** With boxes of a template's, a mask's, or this shape. */
  reshape(shape: Shape3 | number | { readonly shape: readonly number[] }): Self {
    const given = typeof shape === "object" && "shape" in shape ? shape.shape : shape;
    return this.replace({ outputShape: toShape(given) });
  }

  /** The volume of one molecule. @throws {VitrineError} range: no such molecule, or one outside of the tomogram */
  async load(index: number, options: LoadOptions = {}): Promise<PipeImage> {
    requireKnownOptions("load", options, LOADER_KEYS.load);
    const one = this.select([index]);
    const shape = requireShape(options.outputShape ?? this.outputShape, "load");
    return { data: await stackVolumes(one, shape, options), shape };
  }

  /** The volumes of all molecules one after the other, in their order. */
  async *loadIter(options: LoadOptions = {}): AsyncGenerator<PipeImage> {
    requireKnownOptions("loadIter", options, LOADER_KEYS.load);
    const shape = requireShape(options.outputShape ?? this.outputShape, "loadIter");
    for await (const data of iterate(this, { ...options, shape })) yield { data, shape };
  }

  /** The volumes of all molecules in one array; acryo's `asnumpy`. */
  async asArray(options: LoadOptions = {}): Promise<VolumeStack> {
    requireKnownOptions("asArray", options, LOADER_KEYS.load);
    const shape = requireShape(options.outputShape ?? this.outputShape, "asArray");
    return { data: await stackVolumes(this, shape, options), shape: [this.count, ...shape] };
  }

  /** The first (default 10). */
  head(count = 10): Self {
    return this.select(indicesOf(this.count).slice(0, count));
  }

  /** The last (default 10). */
  tail(count = 10): Self {
    return this.select(indicesOf(this.count).slice(Math.max(0, this.count - count)));
  }

  /** So many, drawn without putting back; the same seed gives the same. @throws {VitrineError} range: too many */
  sample(count: number, seed = 0): Self {
    return this.select(rowsOf(this.#withRows().sample(count, seed)));
  }

  /** Those of which it holds. */
  filter(holds: (features: FeatureRow, index: number) => boolean): Self {
    const { features } = this.molecules;
    return this.select(indicesOf(this.count).filter((i) => holds(featureRow(features, i), i)));
  }

  /** Groups of one value of a feature, or one combination of several, by their first appearance. */
  groupby(by: string | readonly string[]): LoaderGroup<Self> {
    const rows = this.#withRows();
    const groups: readonly (readonly [GroupKey, Molecules])[] =
      typeof by === "string" ? rows.groupBy(by) : rows.groupBy(by);
    return new LoaderGroup(groups.map(([key, group]) => [key, this.select(rowsOf(group))]));
  }

  /** The average of the boxes. */
  async average(options: AverageOptions = {}): Promise<PipeImage> {
    requireKnownOptions("average", options, LOADER_KEYS.average);
    return averageVolumes(this, options);
  }

  /** Averages of parts, drawn at random or given: (sets, parts, depth, height, width). */
  async averageSplit(options: AverageSplitOptions = {}): Promise<AverageParts> {
    requireKnownOptions("averageSplit", options, LOADER_KEYS.averageSplit);
    return averageSplitVolumes(this, options);
  }

  /** A function of every box, as columns of features. */
  async apply(
    functions: Readonly<Record<string, VolumeFunction>>,
    options: LoadOptions = {},
  ): Promise<ApplyResult> {
    requireKnownOptions("apply", options, LOADER_KEYS.load);
    return applyToVolumes(this, functions, options);
  }

  /**
   * Molecules where the template fits best: moved, turned, with the features `score`, `align-dz` and its kin (nm) and `align-dzrot` and its
   * kin (rotation vector).
   *
   * @throws {VitrineError} shape: several templates, a mask that is no volume; range: NaN; and what reading boxes throws
   */
  async align(template: Template, options: AlignOptions = {}): Promise<Self> {
    requireKnownOptions("align", options, LOADER_KEYS.align);
    const one = await normalizeTemplate(template, this.scale);
    return this.replace({ molecules: await alignVolumes(this, one, options) });
  }

  /** As {@link align} with the average of the boxes as template. */
  async alignNoTemplate(options: AlignOptions & Pick<LoadOptions, "outputShape"> = {}): Promise<Self> {
    requireKnownOptions("alignNoTemplate", options, LOADER_KEYS.alignNoTemplate);
    const { outputShape, ...align } = options;
    const shape = requireShape(outputShape ?? this.outputShape, "alignNoTemplate");
    const { backend, signal } = options;
    const average = { outputShape: shape, ...(backend && { backend }), ...(signal && { signal }) };
    return this.align(await this.average(average), align);
  }

  /** As {@link align} with the template of several that fits best, whose number is the feature `labels`. */
  async alignMultiTemplates(
    templates: Template | readonly Template[],
    options: AlignMultiOptions = {},
  ): Promise<Self> {
    requireKnownOptions("alignMultiTemplates", options, LOADER_KEYS.alignMultiTemplates);
    const { labelName = "labels" } = options;
    return this.replace({ molecules: await alignVolumes(this, templates, { ...options, labelName }) });
  }

  /** Scores of all molecules where they are, a list a template. */
  async score(
    templates: Template | readonly Template[],
    options: CompareOptions = {},
  ): Promise<readonly Float64Array[]> {
    requireKnownOptions("score", options, LOADER_KEYS.score);
    return scoreVolumes(this, templates, options);
  }

  /** Scores of shifts about every molecule, in steps of a voxel or of `1 / upsample`. */
  async constructLandscape(
    templates: Template | readonly Template[],
    options: AlignOptions & { readonly upsample?: number } = {},
  ): Promise<LandscapeStack> {
    requireKnownOptions("constructLandscape", options, LOADER_KEYS.landscape);
    return landscapeVolumes(this, templates, options);
  }

  /** Classes by principal components of the boxes' differences from their average, as the feature `cluster`. */
  async classify(
    options: ClassifyOptions = {},
  ): Promise<{ readonly loader: Self; readonly classes: Classes }> {
    requireKnownOptions("classify", options, LOADER_KEYS.classify);
    const classes = await classifyVolumes(this, options);
    const { labelName = "cluster" } = options;
    const molecules = this.molecules.withFeatures({ [labelName]: classes.labels });
    return { loader: this.replace({ molecules }), classes };
  }

  /** Classes by expectation and maximization from first guesses; as many steps as are taken. */
  iterClassifyEm(
    templates: Template | readonly Template[],
    options: ClassifyEmOptions = {},
  ): AsyncGenerator<EmStep> {
    requireKnownOptions("iterClassifyEm", options, LOADER_KEYS.expectation);
    return classifyByExpectation(this, templates, options);
  }

  /** Agreement of halves by frequency; shells of 0.05 cycles/voxel unless said. */
  async fsc(options: FscOptions = {}): Promise<FscCurves> {
    requireKnownOptions("fsc", options, LOADER_KEYS.fsc);
    const { frequencies, curves } = await fscOfHalves(this, { dfreq: 0.05, ...options });
    return { frequencies, curves };
  }

  /** As {@link fsc}, with the average of all; shells of 1.5 Fourier voxels. */
  async fscWithAverage(options: FscOptions = {}): Promise<FscCurves & { readonly average: PipeImage }> {
    requireKnownOptions("fscWithAverage", options, LOADER_KEYS.fsc);
    const { frequencies, curves, average } = await fscOfHalves(this, options);
    return { frequencies, curves, average };
  }

  /** As {@link fsc}, with the averages of the halves and the mask; shells of 1.5 Fourier voxels. */
  async fscWithHalfmaps(options: FscOptions = {}): Promise<FscWithHalfmaps> {
    requireKnownOptions("fscWithHalfmaps", options, LOADER_KEYS.fsc);
    return fscOfHalves(this, options);
  }

  /** The template at the loader's scale. */
  normalizeTemplate(template: Template): Promise<PipeImage> {
    return normalizeTemplate(template, this.scale);
  }

  /** The mask at the loader's scale, of the shape of the templates. */
  async normalizeMask(mask: Mask | undefined, templates: Template | readonly Template[]) {
    return normalizeMask(mask, await normalizeTemplates(templates, this.scale), { scale: this.scale });
  }

  /** Both. */
  normalizeInput(template: Template, mask?: Mask) {
    return normalizeInput(template, mask, this.scale);
  }

  /** As `SubtomogramLoader(n=3, scale=0.5)`. */
  toString(): string {
    return `${this.constructor.name}(n=${this.count}, scale=${this.scale})`;
  }

  /** The molecules, each with its place in the list. */
  #withRows(): Molecules {
    return this.molecules.withFeatures({ [ROW]: indicesOf(this.count) });
  }
}

/** A feature that no table has: where a molecule stands in the list. */
const ROW = "\u0000row";

function rowsOf(molecules: Molecules): readonly number[] {
  return molecules.features[ROW].map(Number);
}

function indicesOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function toShape(shape: number | readonly number[]): Shape3 | number {
  if (typeof shape === "number") return shape;
  const [z, y, x] = shape;
  if (shape.length === 3) return [z, y, x];
  throw new VitrineError({
    code: "shape",
    at: "reshape",
    expected: "three sides (z, y, x)",
    found: `[${shape}]`,
  });
}

/** Volumes as a generator whose backend lives as long as it does. */
async function* iterate(
  set: Subvolumes,
  { shape, signal, backend = set.backend }: RunChoice & { readonly shape: Shape3 },
): AsyncGenerator<Float32Array> {
  if (backend !== undefined) {
    yield* set.readVolumes({ shape, backend, ...(signal && { signal }) });
    return;
  }
  await using pool = await createPool();
  yield* set.readVolumes({ shape, backend: pool, ...(signal && { signal }) });
}
