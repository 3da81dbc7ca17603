import {
  type Backend,
  type BackendSizes,
  createFft,
  type FftPlan,
  fftPlan,
  RUN_KEYS,
  type RunOptions,
} from "../../compute/index.ts";
import {
  type OptionKeys,
  requireKnownOptions,
  requireNotAborted,
  type Shape2,
  VitrineError,
} from "../../core/index.ts";
import {
  hasOddAberrations,
  magnifiedFrequency,
  type OpticsParameters,
  romaRotationMatrices,
  rotationMatrices,
} from "../../optics/index.ts";
import { type MatchSettings, type SearchSpace, searchSpace } from "../config/config.ts";
import {
  type BlockRange,
  type CorrelationPlan,
  type CorrelationSize,
  correlationPlan,
  createCorrelation,
  type HitOptions,
} from "../kernels/index.ts";
import { type PreparedMicrograph, preprocessSearched, templateFilters } from "./searchFilters.ts";
import {
  preparedTemplate,
  requireFinite,
  type SearchInputs,
  SLICE_KEYS,
  type SliceOptions,
  type TemplateSource,
  withoutContrast,
} from "./searchInputs.ts";
import { type FoundParticle, findParticles, type ParticleOptions } from "./searchParticles.ts";
import { kernelsOf } from "./searchState.ts";

export type { SliceOptions };

/** Choices of a search that are not in the configuration file. */
export interface SearchOptions extends SliceOptions {
  readonly signal?: AbortSignal;
  /** Keep correlations above a threshold one by one; see `correlationTable`. */
  readonly hits?: HitOptions;
}

/** Keys of {@link SearchOptions}. */
export const SEARCH_KEYS: OptionKeys<SearchOptions> = { ...SLICE_KEYS, signal: true, hits: true };

/** How much a search has to do. */
export interface SearchCounts {
  readonly orientations: number;
  readonly defocusValues: number;
  readonly pixelSizes: number;
  /** Orientations x defocus values x pixel sizes. */
  readonly correlations: number;
  /** Rows and columns of the maps. */
  readonly mapShape: Shape2;
}

/** How much a search has to do, and the memory that it needs. */
export interface SearchSize extends SearchCounts {
  readonly bytes: number;
}

/** A micrograph that is filtered already, and what it is searched for. */
export interface PreparedInputs {
  readonly prepared: PreparedMicrograph;
  /** Of the micrograph. */
  readonly shape: Shape2;
  readonly template: TemplateSource;
  readonly settings: MatchSettings;
  /** What is visited; default what the settings ask for. */
  readonly space?: SearchSpace;
}

/** Sections of the template that are read at a time: 16 MiB of a 512³ map. */
const SECTIONS = 16;

/**
 * A template search that is ready to run: the filtered micrograph, the template's spectrum, filters and rotations lie in
 * the backend's memory. Work is counted in blocks of `BLOCK_TEMPLATES` correlations; any division into ranges of blocks gives the
 * same maps.
 */
export class TemplateSearch {
  readonly settings: MatchSettings;
  readonly space: SearchSpace;
  readonly size: SearchSize;
  readonly templateSize: number;
  /** What computes, see `kernelsOf`. */
  readonly kernels: string;
  readonly #volume: FftPlan;
  readonly #plan: CorrelationPlan;

  private constructor(parts: {
    settings: MatchSettings;
    space: SearchSpace;
    size: SearchSize;
    templateSize: number;
    kernels: string;
    volume: FftPlan;
    plan: CorrelationPlan;
  }) {
    this.settings = parts.settings;
    this.space = parts.space;
    this.size = parts.size;
    this.templateSize = parts.templateSize;
    this.kernels = parts.kernels;
    this.#volume = parts.volume;
    this.#plan = parts.plan;
  }

  /**
   * Filters the micrograph, transforms the template and sets everything up.
   *
   * @throws {VitrineError} shape: a template that does not fit; range: NaN, or more memory than there can be
   */
  static async create(
    backend: Backend,
    inputs: SearchInputs & { settings: MatchSettings },
    options: SearchOptions = {},
  ): Promise<TemplateSearch> {
    requireKnownOptions("TemplateSearch.create", options, SEARCH_KEYS);
    const { micrograph, template, settings } = inputs;
    requireFitting(micrograph.shape, template);
    const prepared = await preprocessSearched(backend, micrograph, settings.filters);
    const { shape } = micrograph;
    return TemplateSearch.fromPrepared(backend, { prepared, shape, template, settings }, options);
  }

  /** As {@link create}, of a micrograph that is filtered already: for several templates it is so once. */
  static async fromPrepared(
    backend: Backend,
    inputs: PreparedInputs,
    options: SearchOptions = {},
  ): Promise<TemplateSearch> {
    requireKnownOptions("TemplateSearch.fromPrepared", options, SEARCH_KEYS);
    const { prepared, shape, template, settings, space = searchSpace(settings) } = inputs;
    const correlation = correlationSize({ shape, template, settings, space, options });
    const sizes = { shape, template: template.size, padding: options.templatePadding ?? 1 };
    const size = searchSize({ ...sizes, settings, space }, backend);
    const source = await preparedTemplate(template, options);
    const volume = await transformTemplate(backend, source, options.signal);
    const plan = createCorrelation(backend, correlation, { spectrum: volume });
    plan.set("image", prepared.image);
    const { whitening } = prepared;
    plan.set("filters", templateFilters({ settings, space, size: template.size, whitening }));
    setRotations(plan, space, options.exactSlices ?? false);
    const made = { settings, space, size, templateSize: template.size, kernels: kernelsOf(backend) };
    return new TemplateSearch({ ...made, volume, plan });
  }

  get blockCount(): number {
    return this.#plan.blockCount;
  }

  /** The plan, whose statistics the maps are made of. */
  get statistics(): Pick<CorrelationPlan, "read" | "set" | "shape" | "hits"> {
    return this.#plan;
  }

  /** Correlates all blocks, or a range of them; progress counts correlations. @throws {VitrineError} aborted, worker */
  async run(range: BlockRange = {}, options: RunOptions = {}): Promise<void> {
    requireKnownOptions("TemplateSearch.run", options, RUN_KEYS);
    requireRange(range);
    await this.#plan.run(range, options);
  }

  /**
   * As {@link run}, but once `pause` is raised no further block is begun, and the statistics stay those of whole blocks.
   *
   * @returns the first block that was not correlated: the range's end, unless it was paused
   */
  async runUntil(
    range: BlockRange & { readonly pause: AbortSignal | undefined },
    options: RunOptions = {},
  ): Promise<number> {
    requireKnownOptions("TemplateSearch.runUntil", options, RUN_KEYS);
    const { pause, ...blocks } = range;
    requireRange(blocks);
    return await this.#plan.run({ ...blocks, ...(pause && { pause }) }, options);
  }

  /** What a search found that has run over all blocks; see `findParticles`. @throws {VitrineError} as that */
  async particles(options: ParticleOptions = {}): Promise<FoundParticle[]> {
    return findParticles(this, options);
  }

  dispose(): void {
    this.#plan.dispose();
    this.#volume.dispose();
  }
}

/** A search by its sizes alone. */
export interface SearchShape {
  /** Of the micrograph. */
  readonly shape: Shape2;
  /** Side of the template, and how messages call it. */
  readonly template: number;
  readonly name?: string;
  readonly settings: MatchSettings;
  /** Default what the settings ask for. */
  readonly space?: SearchSpace;
  /** See {@link SliceOptions.templatePadding}. */
  readonly padding?: number;
  /** See {@link SearchOptions.hits}. */
  readonly hits?: HitOptions | undefined;
}

/** What a search will do, without starting it. */
export function searchCounts({
  shape,
  template,
  settings,
  space = searchSpace(settings),
}: SearchShape): SearchCounts {
  const [orientations, defocusValues, pixelSizes] = counts(space);
  return {
    orientations,
    defocusValues,
    pixelSizes,
    correlations: orientations * defocusValues * pixelSizes,
    mapShape: [shape[0] - template + 1, shape[1] - template + 1],
  };
}

/** What JavaScript's users may take for options would else be left out in silence. */
function requireRange(range: BlockRange): void {
  const found = Object.keys(range).find((key) => key !== "firstBlock" && key !== "lastBlock");
  if (found === undefined) return;
  throw new VitrineError({
    code: "type",
    at: `search.run(range).${found}`,
    expected: "firstBlock and lastBlock",
    found: "another key",
    hint: "Options come second: search.run({}, { signal, onProgress })",
  });
}

/** What a search will do and need, without starting it. @throws {VitrineError} shape: a template that does not fit */
export function searchSize(what: SearchShape, backend: BackendSizes): SearchSize {
  const {
    shape,
    template,
    name = "template",
    settings,
    space = searchSpace(settings),
    padding = 1,
    hits,
  } = what;
  const source = { size: template, name };
  const side = padding * template;
  const correlation = correlationSize({
    shape,
    template: source,
    settings,
    space,
    options: hits ? { hits } : {},
  });
  const volumeBytes = backend.bytes(fftPlan, { kind: "real3d", shape: [side, side, side] });
  return {
    ...searchCounts({ ...what, space }),
    bytes: volumeBytes + backend.bytes(correlationPlan, correlation),
  };
}

function counts(space: SearchSpace): [number, number, number] {
  return [space.eulerAnglesDeg.length / 3, space.defocusOffsetsA.length, space.pixelSizeOffsetsA.length];
}

function correlationSize(what: {
  shape: Shape2;
  template: Pick<TemplateSource, "size" | "name">;
  settings: MatchSettings;
  space: SearchSpace;
  options: SearchOptions;
}): CorrelationSize {
  const { shape, template, settings, space, options } = what;
  requireFitting(shape, template);
  const [orientations, defocusValues, pixelSizes] = counts(space);
  if (orientations * defocusValues * pixelSizes >= 2 ** 31) {
    throw new VitrineError({
      code: "range",
      at: "search",
      expected: "fewer than 2147483648 correlations",
      found: `${orientations} orientations x ${defocusValues} defocus values x ${pixelSizes} pixel sizes`,
      hint: "Search in several runs with angle ranges",
    });
  }
  return {
    image: shape,
    template: template.size,
    orientations,
    filters: defocusValues * pixelSizes,
    exactSlices: options.exactSlices ?? false,
    ...(options.hits && { hits: options.hits }),
    ...opticalSize(settings.optics),
  };
}

function requireFitting(shape: Shape2, { size, name }: Pick<TemplateSource, "size" | "name">): void {
  if (size <= Math.min(...shape) && size >= 4) return;
  const expected = `a side from 4 to ${Math.min(...shape)}, that of the micrograph`;
  throw new VitrineError({ code: "shape", at: name, expected, found: `${size}` });
}

/** What the microscope asks of a correlation. */
export function opticalSize(
  optics: OpticsParameters,
): Pick<CorrelationSize, "complexFilters" | "magnification"> {
  const { magnificationMatrix } = optics;
  const [yy, xy] = magnifiedFrequency(magnificationMatrix, 1, 0);
  const [yx, xx] = magnifiedFrequency(magnificationMatrix, 0, 1);
  return {
    complexFilters: hasOddAberrations(optics),
    ...(magnificationMatrix !== undefined && { magnification: [yy, yx, xy, xx] as const }),
  };
}

/**
 * Gives `use` the spectrum of a template, padded and corrected as the options say; afterwards its memory is free again.
 *
 * @throws {VitrineError} as {@link transformTemplate}
 */
export async function withTemplateSpectrum<Result>(
  backend: Backend,
  {
    template,
    ...options
  }: { readonly template: TemplateSource; readonly signal?: AbortSignal } & SliceOptions,
  use: (spectrum: FftPlan) => Promise<Result>,
): Promise<Result> {
  const source = await preparedTemplate(template, options);
  const volume = await transformTemplate(backend, source, options.signal);
  try {
    return await use(volume);
  } finally {
    volume.dispose();
  }
}

/**
 * A plan that holds the template's half spectrum, its origin moved from voxel n/2 to 0.
 *
 * @throws {VitrineError} range: NaN or infinity, or voxels that are all alike; aborted
 */
export async function transformTemplate(
  backend: Backend,
  template: TemplateSource,
  signal?: AbortSignal,
): Promise<FftPlan> {
  const n = template.size;
  const plan = createFft(backend, { kind: "real3d", shape: [n, n, n] });
  try {
    const rolledSection = new Float32Array(n * n);
    let first = Number.NaN;
    let differs = false;
    for await (const { z, sections } of readAhead(template)) {
      requireNotAborted(signal, "template search");
      requireFinite(sections, `${template.name} section ${z}…`, n);
      if (z === 0) first = sections[0];
      differs ||= sections.some((value) => value !== first);
      for (let k = 0; k < sections.length / (n * n); k++) {
        rollSection(sections.subarray(k * n * n, (k + 1) * n * n), n, rolledSection);
        plan.set("real", rolledSection, rolled(z + k, n) * n);
      }
    }
    if (!differs) throw withoutContrast(template.name, { unit: "voxels", count: n ** 3, value: first });
    await plan.run("forward", signal === undefined ? {} : { signal });
    return plan;
  } catch (error) {
    plan.dispose();
    throw error;
  }
}

/** Sections, {@link SECTIONS} at a time; the next are read while these are worked on. */
async function* readAhead(template: TemplateSource) {
  const read = (z: number) => template.readSections(z, Math.min(SECTIONS, template.size - z));
  let coming = read(0);
  for (let z = 0; z < template.size; z += SECTIONS) {
    const sections = await coming;
    if (z + SECTIONS < template.size) {
      coming = read(z + SECTIONS);
      coming.catch(() => {}); // thrown where it is awaited, if it ever is
    }
    yield { z, sections };
  }
}

/** Where index i comes to lie when n/2 goes to 0. */
function rolled(i: number, n: number): number {
  return (i + n - Math.floor(n / 2)) % n;
}

function rollSection(section: Float32Array, n: number, out: Float32Array): void {
  const half = Math.floor(n / 2);
  for (let y = 0; y < n; y++) {
    const row = section.subarray(y * n, (y + 1) * n);
    out.set(row.subarray(half), rolled(y, n) * n);
    out.set(row.subarray(0, half), rolled(y, n) * n + n - half);
  }
}

/** Rotations are made and copied in pieces: a million of them is 36 MB. */
function setRotations(plan: CorrelationPlan, { eulerAnglesDeg }: SearchSpace, exact: boolean): void {
  const piece = 3 * 65_536;
  for (let at = 0; at < eulerAnglesDeg.length; at += piece) {
    const angles = eulerAnglesDeg.subarray(at, at + piece);
    plan.set("rotations", exact ? rotationMatrices(angles) : romaRotationMatrices(angles), at / 3);
  }
}
