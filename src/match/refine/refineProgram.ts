import type { Pool } from "../../compute/index.ts";
import { type OptionKeys, pickOptions, progressTeller, VitrineError } from "../../core/index.ts";
import { requireKnownOptions, type TiffRows } from "../../io/index.ts";
import { defocusOffsets, pixelSizeOffsets, uniformOrientations } from "../../optics/index.ts";
import { type Log, type ProgramOptions, runProgram } from "../../program/index.ts";
import { readConfigText } from "../config/configPrograms.ts";
import { readMtfFile } from "../config/mtfFile.ts";
import {
  movieFiles,
  type RefineParsing,
  type RefineSettings,
  type StackSettings,
  toRefineSettings,
} from "../config/refineConfig.ts";
import { parseRefineConfig } from "../config/refineSchema.ts";
import { REFINE_KEYS } from "../optionKeys.ts";
import type { BoxPosition } from "../particles/boxes.ts";
import { isHdf5Name } from "../particles/hdf5Particles.ts";
import { type LocalStatistics, readStackExtras, type StoredImages } from "../particles/localStatistics.ts";
import { type MicrographCount, micrographCounts } from "../particles/micrographCounts.ts";
import type { MicrographFile } from "../particles/micrographFiles.ts";
import {
  type ForeignTableOptions,
  foreignOptions,
  type ParticleStack,
  readParticleStack,
  stackFiles,
} from "../particles/particleStack.ts";
import { sizesOfStack } from "../particles/stackSizes.ts";
import { checkTableName, writeParticles } from "../particles/writeParticles.ts";
import { warnOfIgnored } from "../search/configuredSearch.ts";
import { readImageOrMap } from "../search/hdf5Maps.ts";
import { warnOfParticles } from "../search/pixelSizes.ts";
import { openTemplate, type TemplateSource, type TiffOptions } from "../search/searchInputs.ts";
import {
  GRADIENT_KEYS,
  GRADIENT_SLICES,
  type GradientOptions,
  type GradientParticle,
  type GradientRange,
  refineByGradient,
} from "./gradient.ts";
import { type GradientMode, gradientRange, NO_GRID, requireNoCompat } from "./gradientProgram.ts";
import { openParticleMovie } from "./movieShifts.ts";
import {
  REFINE_RUN_KEYS,
  type RefinedParticle,
  type RefineOptions,
  type RefineTask,
  refineCount,
  refineParticles,
} from "./refine.ts";
import { offsetRotations } from "./refineRotations.ts";
import { refinedTable } from "./refineTable.ts";
import { rowsOf } from "./refineTask.ts";

/** How a refinement program runs. Progress counts correlations of all particles, then the particles that are refined by gradient. */
export interface RefineProgramOptions
  extends Omit<RefineOptions, "onProgress" | "signal" | "onResult">,
    ForeignTableOptions,
    ProgramOptions {
  /** Table of the refined particles; default `refined_particles.csv`. */
  readonly particlesPath?: string;
  readonly overwrite?: boolean;
  /** Whether the last row of a TIFF micrograph or movie is the first of an MRC one; default "flip", which `onLog` is told. */
  readonly tiffRows?: TiffRows;
}

/** Options of {@link runRefine}. */
export interface RunRefineOptions extends RefineProgramOptions {
  /** Tilt about every axis, not only about those near y as Leopard-EM does; see `parseRefineSettings`. */
  readonly wholeDisc?: boolean;
  /**
   * Refine by gradient too, see {@link refineByGradient}, as far as `gradientRange` says; slices are then of the padded and corrected
   * template unless told otherwise.
   */
  readonly gradient?: GradientMode;
  /** Only the particles of these micrographs of the table, wherever they lie, with the optics that they tell. */
  readonly micrographs?: readonly MicrographFile[];
}

/** Keys of {@link RunRefineOptions}. */
export const RUN_REFINE_KEYS: OptionKeys<RunRefineOptions> = {
  ...REFINE_KEYS,
  wholeDisc: true,
  gradient: true,
  micrographs: true,
};

/** What a refinement found. */
export interface RefineReport {
  /** In the order of the table. */
  readonly particles: readonly (RefinedParticle | GradientParticle)[];
  /** Of all particles together. */
  readonly correlations: number;
  /** How many of them lie in each micrograph of the table. */
  readonly micrographs: readonly MicrographCount[];
  readonly files: readonly string[];
}

/** A refinement whose configuration and table have been read. */
export interface PlannedRefine {
  readonly configPath: string;
  readonly settings: RefineSettings;
  readonly stack: ParticleStack;
  readonly particlesPath: string;
  /** With what follows from the others. */
  readonly options: RunRefineOptions;
  readonly range: GradientRange | undefined;
  /** Of the particles, where their stack holds them. */
  readonly statistics: LocalStatistics | undefined;
  /** Boxes of the particles, where the stack's are taken. */
  readonly images: StoredImages | undefined;
  /** Every file that it reads. */
  readonly inputs: readonly string[];
}

/**
 * Reads the configuration of a refinement and its table.
 *
 * @throws {VitrineError} whatever is wrong with them, named by file and field
 */
export async function planRefine(
  configPath: string,
  given: RunRefineOptions = {},
  parsing: Pick<RefineParsing, "maybeAligned"> = {},
): Promise<PlannedRefine> {
  requireKnownOptions("runRefine", given, RUN_REFINE_KEYS);
  const { wholeDisc = false, gradient, micrographs, onLog } = given;
  if (gradient !== undefined) requireNoCompat(given.compatBatch);
  const options = gradient === undefined ? given : { ...GRADIENT_SLICES, ...given };
  const compat = options.compatBatch !== undefined;
  const text = await readConfigText(configPath, "refine");
  const config = parseRefineConfig(text, configPath);
  const stackSizes = await sizesOfStack(config.particle_stack);
  const settings = toRefineSettings(config, configPath, { ...parsing, ...stackSizes, wholeDisc, compat });
  warnOfIgnored(configPath, settings, onLog);
  const [templateSize] = settings.stack.templateSize;
  const reading = { templateSize, onLog, ...(micrographs && { micrographs }), ...foreignOptions(given) };
  const stack = await readParticleStack(settings.stack.path, await readMtfFile(settings.effects), reading);
  if (stack.particles.length === 0)
    onLog?.(`${stack.path} holds no particles: there is nothing to refine`, "warning");
  const { statistics, images } = await storedExtras(stack, settings, given);
  if (images !== undefined) warnOfImages(settings, configPath, onLog);
  const areNamed = stack.particles.every(({ correlationAveragePath }) => correlationAveragePath !== "");
  if (statistics === undefined && !areNamed)
    onLog?.(
      `${stack.path} names no maps of a search: z-scores are correlations, in standard deviations of white noise`,
      "warning",
    );
  const { particlesPath = "refined_particles.csv" } = options;
  const inputs = [
    configPath,
    settings.templatePath,
    ...stackFiles(stack),
    ...(settings.movie ? movieFiles(settings.movie) : []),
  ];
  const range = gradient && gradientRange(settings);
  return { configPath, settings, stack, particlesPath, options, range, statistics, images, inputs };
}

/**
 * Leopard-EM's `refine_template` on its own configuration file: refines every particle of a table in orientation, defocus,
 * pixel size and position, and writes the table with the refined values.
 *
 * @throws {VitrineError} whatever is wrong with configuration, table, inputs or output, named by file and field; aborted
 */
export async function runRefine(configPath: string, given: RunRefineOptions = {}): Promise<RefineReport> {
  const planned = await planRefine(configPath, given);
  const { inputs, particlesPath, options, stack } = planned;
  const check = async () => checkTableName(particlesPath);
  const needs = { inputs, outputs: [particlesPath], overwrite: options.overwrite ?? false, check };
  return withTask(planned, async (task) => {
    await warnOfRefine(planned, task);
    return runProgram(needs, options, async ({ pool, results }) => {
      const particles = await refineRows(pool, planned, task);
      await results.write(particlesPath, (path) => writeRefined(planned, particles, path));
      const micrographs = micrographCounts(stack);
      return { particles, correlations: refineCount(task), micrographs, files: [particlesPath] };
    });
  });
}

/** Says what is odd about the particles and the files of a refinement. @throws {VitrineError} as `warnOfParticles` */
export async function warnOfRefine(
  { configPath, settings: { movie }, stack, images, options }: PlannedRefine,
  { template }: Pick<RefineTask, "template">,
): Promise<void> {
  const movieField = (field: string) => `${configPath} movie_config.${field}`;
  const read = { particles: stack.particles, template, movieField, readsMicrographs: images === undefined };
  await warnOfParticles({ ...read, movie: images === undefined ? movie : null }, options.onLog);
}

/** Writes the table of a refinement. @param path  where to, instead of its place */
export async function writeRefined(
  { settings, stack, particlesPath }: PlannedRefine,
  particles: readonly RefinedParticle[],
  path: string,
): Promise<void> {
  const table = refinedTable(stack, particles, offsetsOf(settings));
  await writeParticles(path, table, { name: particlesPath, overwrite: true });
}

/** Refines the rows of a task as a plan has it. */
export function refineRows(
  pool: Pool,
  { options, range }: PlannedRefine,
  task: RefineTask,
  kept?: KeptResults,
): Promise<RefinedParticle[]> {
  return refineWith(pool, task, { ...options, ...(range && { range }), ...(kept && { kept }) });
}

/** What a stack of HDF5 holds beside its table; what is left out is said. */
async function storedExtras(
  { path, particles, hasRefinedPositions }: ParticleStack,
  { stack: { usesStoredImages: images } }: RefineSettings,
  { micrographs, onLog }: Pick<RunRefineOptions, "micrographs" | "onLog">,
): Promise<Pick<PlannedRefine, "statistics" | "images">> {
  if (!isHdf5Name(path)) return { statistics: undefined, images: undefined };
  if (micrographs !== undefined) {
    const line = `${path} /local_stats and /image_stack are left out with --micrographs: the maps that its particles name are read`;
    onLog?.(line, "warning");
    return { statistics: undefined, images: undefined };
  }
  const prefix = hasRefinedPositions ? "refined_pos" : "pos";
  const positions = [`${prefix}_y`, `${prefix}_x`];
  const extras = await readStackExtras(path, { positions, particles: particles.length, images });
  for (const line of extras.unused) onLog?.(line, "warning");
  return { statistics: extras.statistics, images: extras.images };
}

/** Boxes of a file are all that is known: neither a movie nor the spectrum of a micrograph counts. */
function warnOfImages(
  { movie, filtersMicrographs }: RefineSettings,
  at: string,
  onLog: Log | undefined,
): void {
  if (filtersMicrographs)
    onLog?.(
      `${at} apply_global_filtering has no effect on stored boxes: each is filtered by its own spectrum`,
      "warning",
    );
  if (movie !== null) onLog?.(`${at} movie_config has no effect on stored boxes`, "warning");
}

/** Opens template and movie of a refinement, which are closed after `use`. */
export async function withTask<Result>(
  { configPath, settings, stack, statistics, images, options }: PlannedRefine,
  use: (task: RefineTask) => Promise<Result>,
): Promise<Result> {
  const tiff = tiffOptions(options);
  const template = await openTemplate(settings.templatePath);
  try {
    requireTemplateSize(settings.stack, template, `${configPath} particle_stack.original_template_size`);
    const compat = options.compatBatch !== undefined;
    const places = { particles: stack.particles, centres: centresOf(stack, settings.stack), compat };
    const taken = images === undefined ? settings.movie : null;
    const movie = taken && (await openParticleMovie(taken, { ...places, tiff }));
    try {
      const grid = { ...trials(settings), ...(options.gradient === "only" && NO_GRID) };
      const task = { ...stackTask(settings, template, tiff), particles: stack.particles, ...grid };
      const stored = {
        ...(statistics && { statistics }),
        ...(images && { images, filtersMicrographs: false }),
      };
      return await use({ ...task, ...stored, ...(movie && { movie }) });
    } finally {
      await movie?.movie.close();
    }
  } finally {
    await template.close();
  }
}

/** Where particles lie in the micrograph. */
function centresOf({ particles }: ParticleStack, { templateSize }: StackSettings): BoxPosition[] {
  const [halfY, halfX] = templateSize.map((length) => Math.floor(length / 2));
  return particles.map(({ posY, posX }) => ({ y: posY + halfY, x: posX + halfX }));
}

/** Results that an interrupted refinement left, by row, to which those that come are added. */
export interface KeptResults {
  readonly grid: Map<number, RefinedParticle>;
  readonly gradient: Map<number, GradientParticle>;
}

/** Refines on the grid of a task, then by gradient where a range is given, and tells of the progress of each. */
export async function refineWith(
  pool: Pool,
  task: RefineTask,
  options: Omit<RefineProgramOptions, "workers"> & {
    readonly range?: GradientRange;
    readonly kept?: KeptResults;
  },
): Promise<RefinedParticle[]> {
  const { onProgress, range, kept = { grid: new Map(), gradient: new Map() }, ...others } = options;
  const rows = rowsOf(task);
  const found = await untilAll(rows, kept.grid, (missing, onResult) => {
    const part = { ...task, rows: missing };
    const tell = progressTeller(onProgress, { unit: "correlations" });
    const total = refineCount(part);
    return refineParticles(pool, part, {
      ...pickOptions<RefineOptions>(others, REFINE_RUN_KEYS),
      onResult,
      onProgress: (done) => tell(done, total),
    });
  });
  if (range === undefined) return found;
  return untilAll(rows, kept.gradient, (missing, onResult) => {
    const part = { ...task, rows: missing };
    const tell = progressTeller(onProgress, { unit: "particles" });
    const starts = missing.flatMap((row) => kept.grid.get(row) ?? []);
    return refineByGradient(pool, part, starts, {
      ...pickOptions<Omit<GradientOptions, "range">>(others, GRADIENT_KEYS),
      range,
      onResult,
      onProgress: (done) => tell(done, missing.length),
    });
  });
}

/** Results of all rows, of which only those that are missing are worked for. */
async function untilAll<Result>(
  rows: readonly number[],
  kept: Map<number, Result>,
  work: (
    missing: readonly number[],
    onResult: (row: number, result: Result) => void,
  ) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const missing = rows.filter((row) => !kept.has(row));
  if (missing.length > 0) await work(missing, (row, result) => void kept.set(row, result));
  return rows.flatMap((row) => kept.get(row) ?? []);
}

/** What of a program's options the reading of TIFF needs. */
export function tiffOptions({ tiffRows, onLog }: TiffOptions): TiffOptions {
  return { tiffRows, onLog };
}

/** What a task takes from settings and files alone. */
export function stackTask(
  { filters, stack, filtersMicrographs }: Pick<RefineSettings, "filters" | "stack" | "filtersMicrographs">,
  template: TemplateSource,
  tiff: TiffOptions = {},
): Pick<RefineTask, "template" | "boxSize" | "filters" | "filtersMicrographs" | "readImage"> {
  const readImage: RefineTask["readImage"] = (path, map) => readImageOrMap(path, { ...tiff, map });
  return { template, boxSize: stack.boxSize, filters, filtersMicrographs, readImage };
}

function trials({ orientations, wholeDisc, ...searches }: RefineSettings) {
  const angles = orientations === null ? new Float64Array(3) : uniformOrientations(orientations);
  // a tilt about an axis at phi + 90° is Rz(phi) Ry(theta) Rz(-phi): without the last turn it would be far from the particle's pose
  if (wholeDisc) for (let i = 0; i < angles.length; i += 3) angles[i + 2] -= angles[i];
  return { offsets: offsetRotations(angles), ...offsetsOf(searches) };
}

/** The offsets of defocus and pixel size that searches visit; only 0 where there is none. */
export function offsetsOf({ defocus, pixelSizes }: Pick<RefineSettings, "defocus" | "pixelSizes">) {
  return {
    defocusOffsetsA: defocus === null ? new Float64Array(1) : defocusOffsets(defocus),
    pixelSizeOffsetsA: pixelSizes === null ? new Float64Array(1) : pixelSizeOffsets(pixelSizes),
  };
}

/** @throws {VitrineError} shape: the file's template is another than the table's */
export function requireTemplateSize(
  { templateSize }: StackSettings,
  template: TemplateSource,
  at: string,
): void {
  if (templateSize.every((length) => length === template.size)) return;
  throw new VitrineError({
    code: "shape",
    at,
    expected: `${template.size} x ${template.size}, the size of ${template.name}`,
    found: templateSize.join(" x "),
  });
}
