import type { Backend } from "../../compute/index.ts";
import { type Shape3, VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import { isProvider } from "../../pipe/index.ts";
import { featureColumn } from "../molecules/features.ts";
import { Molecules } from "../molecules/molecules.ts";
import type { TomogramInput } from "../sampling/tomogram.ts";
import type { TiltModel } from "../tilt/tilt.ts";
import type { AlignMultiOptions, AlignOptions, CompareOptions } from "./align.ts";
import { CHANGE_KEYS, Loader, type LoaderChanges } from "./loader.ts";
import { LOADER_KEYS } from "./optionKeys.ts";
import { requireOrder, SubtomogramLoader, type SubtomogramLoaderOptions } from "./subtomogramLoader.ts";
import { requireShape, type VolumeRequest } from "./subvolumes.ts";
import type { Template } from "./templates.ts";

/** The feature that says which tomogram a molecule is of. */
export const IMAGE_ID = "image-id";

/** How boxes are read of all tomograms. */
export interface BatchLoaderOptions {
  readonly order?: 0 | 1 | 3;
  readonly outputShape?: Shape3 | number;
  readonly backend?: Backend;
}

const KEYS: OptionKeys<BatchLoaderOptions> = { order: true, outputShape: true, backend: true };

/** What is in a batch already. */
interface BatchParts {
  readonly images?: ReadonlyMap<string, SubtomogramLoader>;
  readonly molecules?: Molecules;
}

/** Scales that differ by a smaller share are one. */
const SAME_SCALE = 0.01;

/**
 * Molecules of several tomograms, each with its own missing wedge; which is which says the feature `image-id`. Tomograms of different voxel sizes
 * are aligned and scored together, a template's provider being asked once for each voxel size; their boxes are not averaged. Never changed: what adds
 * a tomogram gives another.
 *
 * @example
 * const batch = new BatchLoader({ outputShape: 32 }).addTomogram(first, molecules, { scale: 0.5 }).addTomogram(second, others, { scale: 0.5 });
 * const aligned = await batch.align(template);
 * aligned.loaders["1"].molecules; // of the second
 */
export class BatchLoader extends Loader<BatchLoader> {
  /** Of each tomogram a loader, without molecules, by the id. */
  readonly #images: ReadonlyMap<string, SubtomogramLoader>;

  /** @throws {VitrineError} range: another order; missing: a molecule of no tomogram */
  constructor(options: BatchLoaderOptions = {}, parts: BatchParts = {}) {
    requireKnownOptions("BatchLoader", options, KEYS);
    requireKnownOptions("BatchLoader parts", parts, { images: true, molecules: true });
    const { images = new Map<string, SubtomogramLoader>(), molecules = Molecules.empty([IMAGE_ID]) } = parts;
    super({
      molecules,
      scale: firstScale(images, molecules),
      order: requireOrder(options.order ?? 3),
      outputShape:
        options.outputShape === undefined ? undefined : requireShape(options.outputShape, "BatchLoader"),
      backend: options.backend,
    });
    this.#images = images;
    for (const id of featureColumn(molecules.features, IMAGE_ID)) this.#imageOf(String(id));
  }

  /** Of several loaders, in their order, with ids from 0 on. */
  static fromLoaders(loaders: readonly SubtomogramLoader[], options: BatchLoaderOptions = {}): BatchLoader {
    requireKnownOptions("BatchLoader.fromLoaders", options, KEYS);
    return loaders.reduce((batch, loader) => batch.addLoader(loader), new BatchLoader(options));
  }

  /** Ids of the tomograms, in the order in which they were added. */
  get imageIds(): readonly string[] {
    return [...this.#images.keys()];
  }

  /** Each tomogram with its molecules. */
  get loaders(): Readonly<Record<string, SubtomogramLoader>> {
    const ids = featureColumn(this.molecules.features, IMAGE_ID);
    const of = (id: string) => this.molecules.filter((_, i) => String(ids[i]) === id);
    return Object.fromEntries(
      Array.from(this.#images, ([id, loader]) => [id, this.#settings(loader).replace({ molecules: of(id) })]),
    );
  }

  /**
   * With another tomogram and its molecules.
   *
   * @param options  as of a `SubtomogramLoader`, and `id`: default the number of tomograms before
   * @throws {VitrineError} exists: an id that is taken
   */
  addTomogram(
    image: TomogramInput,
    molecules: Molecules,
    { id, ...options }: SubtomogramLoaderOptions & { readonly id?: string } = {},
  ): BatchLoader {
    return this.addLoader(new SubtomogramLoader(image, molecules, options), id);
  }

  /** With the tomogram and the molecules of a loader. */
  addLoader(loader: SubtomogramLoader, id = `${this.#images.size}`): BatchLoader {
    if (this.#images.has(id))
      throw new VitrineError({
        code: "exists",
        at: "BatchLoader",
        expected: "an id that no tomogram has",
        found: id,
      });
    const marked = loader.molecules.withFeatures({ [IMAGE_ID]: new Array<string>(loader.count).fill(id) });
    const molecules = this.count === 0 ? marked : this.molecules.concatWith(marked);
    const images = new Map([...this.#images, [id, loader.replace({ molecules: Molecules.empty() })]]);
    return new BatchLoader(this.#options(), { images, molecules });
  }

  /** With each tomogram binned, as {@link SubtomogramLoader.binning}. @throws {VitrineError} range: not a whole number from 1, or larger than a tomogram */
  async binning(
    binSize = 2,
    options: { readonly compute?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<BatchLoader> {
    requireKnownOptions("binning", options, { compute: true, signal: true });
    const images = new Map<string, SubtomogramLoader>();
    for (const [id, loader] of this.#images) images.set(id, await loader.binning(binSize, options));
    const shifts = featureColumn(this.molecules.features, IMAGE_ID).map((id) => {
      const shift = (-(binSize - 1) / 2) * this.#imageOf(String(id)).scale;
      return [shift, shift, shift];
    });
    return new BatchLoader(this.#options(), { images, molecules: this.molecules.translate(shifts) });
  }

  override async align(template: Template, options: AlignOptions = {}): Promise<BatchLoader> {
    requireKnownOptions("align", options, LOADER_KEYS.align);
    if (this.#byScale().length <= 1) return super.align(template, options);
    requireProviders([template]);
    return this.#eachScale((part) => part.align(template, options));
  }

  override async alignMultiTemplates(
    templates: Template | readonly Template[],
    options: AlignMultiOptions = {},
  ): Promise<BatchLoader> {
    requireKnownOptions("alignMultiTemplates", options, LOADER_KEYS.alignMultiTemplates);
    if (this.#byScale().length <= 1) return super.alignMultiTemplates(templates, options);
    requireProviders(Array.isArray(templates) ? templates : [templates]);
    return this.#eachScale((part) => part.alignMultiTemplates(templates, options));
  }

  override async score(
    templates: Template | readonly Template[],
    options: CompareOptions = {},
  ): Promise<readonly Float64Array[]> {
    requireKnownOptions("score", options, LOADER_KEYS.score);
    const parts = this.#byScale();
    if (parts.length <= 1) return super.score(templates, options);
    requireProviders(Array.isArray(templates) ? templates : [templates]);
    const scores: Float64Array[] = [];
    for (const rows of parts)
      (await this.select(rows).score(templates, options)).forEach((found, template) => {
        scores[template] ??= new Float64Array(this.count);
        for (const [i, row] of rows.entries()) scores[template][row] = found[i];
      });
    return scores;
  }

  /** Works on the molecules of one voxel size after the other, and puts the results in the order of the molecules. */
  async #eachScale(work: (part: BatchLoader) => Promise<BatchLoader>): Promise<BatchLoader> {
    const parts = this.#byScale();
    const done: Molecules[] = [];
    for (const rows of parts) done.push((await work(this.select(rows))).molecules);
    const order = parts.flat();
    const back = new Array<number>(order.length);
    order.forEach((row, at) => {
      back[row] = at;
    });
    return this.replace({ molecules: Molecules.concat(done).subset(back) });
  }

  /** Rows of the molecules of each voxel size. */
  #byScale(): readonly (readonly number[])[] {
    const parts: { readonly scale: number; readonly rows: number[] }[] = [];
    for (const [row, id] of featureColumn(this.molecules.features, IMAGE_ID).entries()) {
      const { scale } = this.#imageOf(String(id));
      const part = parts.find((one) => Math.abs(scale / one.scale - 1) <= SAME_SCALE);
      if (part === undefined) parts.push({ scale, rows: [row] });
      else part.rows.push(row);
    }
    return parts.map(({ rows }) => rows);
  }

  override async *readVolumes(request: VolumeRequest): AsyncGenerator<Float32Array> {
    requireOneScale(this.#images, this.molecules);
    const readers = new Map(
      Object.entries(this.loaders).map(([id, loader]) => [
        id,
        loader.readVolumes(request)[Symbol.asyncIterator](),
      ]),
    );
    try {
      for (const id of featureColumn(this.molecules.features, IMAGE_ID)) {
        const next = await readers.get(String(id))?.next();
        if (next === undefined || next.done === true) return;
        yield next.value;
      }
    } finally {
      for (const reader of readers.values()) await reader.return?.();
    }
  }

  override tiltOf(index: number): TiltModel {
    return this.#imageOf(String(this.molecules.features[IMAGE_ID][index])).tiltModel;
  }

  /** As of its loaders: files that `imread` opened. */
  override async close(): Promise<void> {
    for (const loader of this.#images.values()) await loader.close();
  }

  override replace(changes: LoaderChanges): BatchLoader {
    requireKnownOptions("replace", changes, CHANGE_KEYS);
    const { molecules = this.molecules, ...others } = changes;
    return new BatchLoader({ ...this.#options(), ...others }, { images: this.#images, molecules });
  }

  override select(indices: readonly number[]): BatchLoader {
    return this.replace({ molecules: this.molecules.subset(indices) });
  }

  #options(): BatchLoaderOptions {
    const { order, outputShape, backend } = this;
    return {
      order,
      ...(outputShape !== undefined && { outputShape }),
      ...(backend !== undefined && { backend }),
    };
  }

  #settings(loader: SubtomogramLoader): SubtomogramLoader {
    const { order, outputShape } = this;
    return loader.replace({ order, ...(outputShape !== undefined && { outputShape }) });
  }

  #imageOf(id: string): SubtomogramLoader {
    const image = this.#images.get(id);
    if (image !== undefined) return image;
    const expected = `one of the tomograms ${this.imageIds.join(", ")}`;
    throw new VitrineError({ code: "missing", at: `molecules ${IMAGE_ID}`, expected, found: id });
  }
}

/** Images that have molecules, or all where there are none yet. */
function usedImages(
  images: ReadonlyMap<string, SubtomogramLoader>,
  molecules: Molecules,
): readonly SubtomogramLoader[] {
  const ids = new Set(featureColumn(molecules.features, IMAGE_ID).map(String));
  return [...images].filter(([id]) => ids.size === 0 || ids.has(id)).map(([, loader]) => loader);
}

function firstScale(images: ReadonlyMap<string, SubtomogramLoader>, molecules: Molecules): number {
  return usedImages(images, molecules)[0]?.scale ?? 1;
}

function requireOneScale(images: ReadonlyMap<string, SubtomogramLoader>, molecules: Molecules): void {
  const [first, ...others] = usedImages(images, molecules);
  const other = others.find(({ scale }) => Math.abs(scale / first.scale - 1) > SAME_SCALE);
  if (other === undefined) return;
  throw new VitrineError({
    code: "range",
    at: `BatchLoader ${other.tomogram.name}`,
    expected: `the voxel size of the others, ${first.scale} nm`,
    found: `${other.scale} nm`,
    hint: "Boxes of different voxel sizes are aligned and scored together, not averaged: take those of one, or bin the finer one",
  });
}

/** An array has one voxel size. */
function requireProviders(templates: readonly Template[]): void {
  if (templates.every((template) => isProvider(template))) return;
  throw new VitrineError({
    code: "range",
    at: "BatchLoader template",
    expected: "what provides a volume for each voxel size of the tomograms",
    found: "an array",
    hint: "Make one with fromFile or fromArray",
  });
}
