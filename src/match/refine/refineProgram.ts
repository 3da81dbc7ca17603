import type { Pool } from "../../compute/index.ts";
import { progressTeller, VitrineError } from "../../core/index.ts";
import { requireKnownOptions, type TiffRows } from "../../io/index.ts";
import { defocusOffsets, pixelSizeOffsets, uniformOrientations } from "../../optics/index.ts";
import { type ProgramOptions, runProgram } from "../../program/index.ts";
import { readConfigText } from "../config/configPrograms.ts";
import { readMtfFile } from "../config/mtfFile.ts";
import { parseRefineSettings, type RefineSettings, type StackSettings } from "../config/refineConfig.ts";
import { REFINE_KEYS } from "../optionKeys.ts";
import type { BoxPosition } from "../particles/boxes.ts";
import { isHdf5Name } from "../particles/hdf5Particles.ts";
import { type LocalStatistics, readStackExtras } from "../particles/localStatistics.ts";
import { type MicrographCount, micrographCounts } from "../particles/micrographCounts.ts";
import { type ParticleStack, readParticleStack, stackFiles } from "../particles/particleStack.ts";
import { checkTableName, writeParticles } from "../particles/writeParticles.ts";
import { warnOfIgnored } from "../search/configuredSearch.ts";
import { readImageOrMap } from "../search/hdf5Maps.ts";
import { warnOfParticles } from "../search/pixelSizes.ts";
import { openTemplate, type TemplateSource, type TiffOptions } from "../search/searchInputs.ts";
import { GRADIENT_SLICES, type GradientParticle, type GradientRange, refineByGradient } from "./gradient.ts";
import { type GradientMode, gradientRange, NO_GRID, requireNoCompat } from "./gradientProgram.ts";
import { openParticleMovie } from "./movieShifts.ts";
import {
  type RefinedParticle,
  type RefineOptions,
  type RefineTask,
  refineCount,
  refineParticles,
} from "./refine.ts";
import { offsetRotations } from "./refineRotations.ts";
import { refinedTable } from "./refineTable.ts";

/** How a refinement program runs. Progress counts correlations of all particles, then the particles that are refined by gradient. */
export interface RefineProgramOptions extends Omit<RefineOptions, "onProgress" | "signal">, ProgramOptions {
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
}

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

/**
 * Leopard-EM's `refine_template` on its own configuration file: refines every particle of a table in orientation, defocus,
 * pixel size and position, and writes the table with the refined values.
 *
 * @throws {VitrineError} whatever is wrong with configuration, table, inputs or output, named by file and field; aborted
 */
export async function runRefine(
  configPath: string,
  { wholeDisc = false, gradient, ...given }: RunRefineOptions = {},
): Promise<RefineReport> {
  requireKnownOptions<RefineProgramOptions>("runRefine", given, REFINE_KEYS);
  if (gradient !== undefined) requireNoCompat(given.compatBatch);
  const options: RefineProgramOptions = gradient === undefined ? given : { ...GRADIENT_SLICES, ...given };
  const compat = options.compatBatch !== undefined;
  const text = await readConfigText(configPath, "refine");
  const settings = parseRefineSettings(text, configPath, { wholeDisc, compat });
  warnOfIgnored(configPath, settings, options.onLog);
  const { particlesPath = "refined_particles.csv", overwrite = false } = options;
  const stack = await readParticleStack(settings.stack.path, await readMtfFile(settings.effects));
  const statistics = await storedStatistics(stack, options.onLog);
  const inputs = [configPath, settings.templatePath, ...stackFiles(stack), ...movieFiles(settings)];
  const check = async () => checkTableName(particlesPath);
  const needs = { inputs, outputs: [particlesPath], overwrite, check };
  const range = gradient && gradientRange(settings);
  return withTask(
    { configPath, settings, stack, gradient, compat, tiff: tiffOptions(options) },
    async (opened) => {
      const task = { ...opened, ...(statistics && { statistics }) };
      const { movie } = settings;
      const movieField = (field: string) => `${configPath} movie_config.${field}`;
      const read = { particles: stack.particles, template: task.template, movie, movieField };
      await warnOfParticles(read, options.onLog);
      return runProgram(needs, options, async ({ pool, results }) => {
        const particles = await refineWith(pool, task, { ...options, ...(range && { range }) });
        const table = refinedTable(stack, particles, task);
        await results.write(particlesPath, (path) =>
          writeParticles(path, table, { name: particlesPath, overwrite: true }),
        );
        const micrographs = micrographCounts(stack);
        return { particles, correlations: refineCount(task), micrographs, files: [particlesPath] };
      });
    },
  );
}

/** Statistics that a stack of HDF5 holds; what else it holds is said to be left out. */
async function storedStatistics(
  { path, particles, hasRefinedPositions }: ParticleStack,
  onLog: RefineProgramOptions["onLog"],
): Promise<LocalStatistics | undefined> {
  if (!isHdf5Name(path)) return undefined;
  const prefix = hasRefinedPositions ? "refined_pos" : "pos";
  const extras = await readStackExtras(path, [`${prefix}_y`, `${prefix}_x`], particles.length);
  for (const line of extras.unused) onLog?.(line, "warning");
  return extras.statistics;
}

/** Opens template and movie, which are closed after `use`. */
async function withTask<Result>(
  what: {
    readonly configPath: string;
    readonly settings: RefineSettings;
    readonly stack: ParticleStack;
    readonly gradient: GradientMode | undefined;
    readonly compat: boolean;
    readonly tiff: TiffOptions;
  },
  use: (task: RefineTask) => Promise<Result>,
): Promise<Result> {
  const { configPath, settings, stack, gradient, compat, tiff } = what;
  const template = await openTemplate(settings.templatePath);
  try {
    requireTemplateSize(settings.stack, template, `${configPath} particle_stack.original_template_size`);
    const places = { particles: stack.particles, centres: centresOf(stack, settings.stack), compat };
    const movie = settings.movie && (await openParticleMovie(settings.movie, { ...places, tiff }));
    try {
      const grid = { ...trials(settings), ...(gradient === "only" && NO_GRID) };
      const task = { ...stackTask(settings, template, tiff), particles: stack.particles, ...grid };
      return await use({ ...task, ...(movie && { movie }) });
    } finally {
      await movie?.movie.close();
    }
  } finally {
    await template.close();
  }
}

function movieFiles({ movie }: RefineSettings): string[] {
  return movie === null ? [] : [movie.path, movie.motion.path];
}

/** Where particles lie in the micrograph. */
function centresOf({ particles }: ParticleStack, { templateSize }: StackSettings): BoxPosition[] {
  const [halfY, halfX] = templateSize.map((length) => Math.floor(length / 2));
  return particles.map(({ posY, posX }) => ({ y: posY + halfY, x: posX + halfX }));
}

/** Refines on the grid of a task, then by gradient where a range is given, and tells of the progress of each. */
export async function refineWith(
  pool: Pool,
  task: RefineTask,
  options: Omit<RefineProgramOptions, "workers"> & { readonly range?: GradientRange },
): Promise<RefinedParticle[]> {
  const { onProgress, range, ...others } = options;
  const [correlations, particles] = [refineCount(task), task.particles.length];
  const tell = progressTeller(onProgress, { unit: "correlations" });
  const gridOptions = { ...others, onProgress: (done: number) => tell(done, correlations) };
  const found = await refineParticles(pool, task, gridOptions);
  if (range === undefined) return found;
  const tellMore = progressTeller(onProgress, { unit: "particles" });
  return refineByGradient(pool, task, found, {
    ...others,
    range,
    onProgress: (done) => tellMore(done, particles),
  });
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
