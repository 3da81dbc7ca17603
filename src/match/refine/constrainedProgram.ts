import { VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { rollOrientations, uniformOrientations } from "../../optics/index.ts";
import { runProgram } from "../../program/index.ts";
import { readConfigText } from "../config/configPrograms.ts";
import { type ConstrainedSettings, toConstrainedSettings } from "../config/constrainedConfig.ts";
import { readMtfFile } from "../config/mtfFile.ts";
import { parseConstrainedConfig } from "../config/refineSchema.ts";
import { type ConstrainedConventions, constrainedConventions } from "../leopard/constrained.ts";
import { REFINE_KEYS } from "../optionKeys.ts";
import { micrographCounts } from "../particles/micrographCounts.ts";
import {
  foreignOptions,
  type ParticleStack,
  readParticleStack,
  type StackParticle,
  stackFiles,
} from "../particles/particleStack.ts";
import type { ParticleTable } from "../particles/particles.ts";
import { float32Text, float64Text } from "../particles/pythonText.ts";
import { sizesOfStack } from "../particles/stackSizes.ts";
import { checkTableName, writeParticles } from "../particles/writeParticles.ts";
import { gaussianCutoff } from "../peaks/peaks.ts";
import { warnOfIgnored } from "../search/configuredSearch.ts";
import { warnOfParticles } from "../search/pixelSizes.ts";
import { openTemplate } from "../search/searchInputs.ts";
import { type RefinedParticle, type RefineTask, refineCount } from "./refine.ts";
import {
  offsetsOf,
  type RefineProgramOptions,
  type RefineReport,
  refineWith,
  requireTemplateSize,
  stackTask,
  tiffOptions,
} from "./refineProgram.ts";
import { CONSTRAINED_COLUMNS, refinedTable } from "./refineTable.ts";

/** How a constrained search runs. */
export interface ConstrainedOptions extends RefineProgramOptions {
  /** Expected number of false particles for each reference, which sets the z-score that counts; default 0.005. */
  readonly falsePositives?: number;
}

/** What a constrained search found. */
export interface ConstrainedReport extends RefineReport {
  /** z-score above which a particle counts. */
  readonly zCutoff: number;
  /** Rows of the table, from 0, that lie above it. */
  readonly found: readonly number[];
}

/**
 * Leopard-EM's `constrained_search` on its own configuration file: looks for a particle in the places and near the orientations
 * where another, to which it belongs, was found. Writes a table of all, of those above the cutoff (`_above_threshold.csv`), and
 * of the cutoff (`_parameters.csv`).
 *
 * @throws {VitrineError} whatever is wrong with configuration, tables, inputs or outputs, named by file and field; aborted
 */
export async function runConstrainedSearch(
  configPath: string,
  options: ConstrainedOptions = {},
): Promise<ConstrainedReport> {
  requireKnownOptions("runConstrainedSearch", options, { ...REFINE_KEYS, falsePositives: true });
  const { overwrite = false, falsePositives = 0.005, ...refining } = options;
  const compat = options.compatBatch !== undefined;
  const text = await readConfigText(configPath, "constrained-search");
  const config = parseConstrainedConfig(text, configPath);
  const sizes = await sizesOfStack(config.particle_stack_reference);
  const settings = toConstrainedSettings(config, configPath, { compat, ...sizes });
  const conventions = constrainedConventions(compat);
  warnOfIgnored(configPath, settings, options.onLog);
  const [stack, constrained] = await readStacks(settings, options);
  const { particlesPath = "constrained_particles.csv" } = options;
  checkTableName(particlesPath);
  const files = outputs(particlesPath);
  const inputs = [configPath, settings.templatePath, constrained.path, ...stackFiles(stack)];
  const template = await openTemplate(settings.templatePath);
  try {
    const size = `${configPath} particle_stack_reference.original_template_size`;
    requireTemplateSize(settings.reference, template, size);
    await warnOfParticles({ particles: stack.particles, template }, options.onLog);
    const heightsA = stack.particles.map((pose) => conventions.heightA(settings.centerVectorA, pose));
    const particles = expectedParticles(stack, constrained.particles[0], heightsA);
    const shared = { filters: settings.filters, stack: settings.reference, filtersMicrographs: true };
    const offsetsDeg = offsetAngles(settings.orientations);
    const tried = trials(settings, offsetsDeg, conventions);
    const task = { ...stackTask(shared, template, tiffOptions(options)), ...tried, particles };
    const { zCutoff, parameters } = threshold(task, falsePositives);
    return await runProgram({ inputs, outputs: files, overwrite }, options, async ({ pool, results }) => {
      const refined = await refineWith(pool, task, refining);
      const table = constrainedTable(stack, refined, { offsetsDeg, heightsA, settings, task, conventions });
      const found = refined.flatMap(({ zScore }, i) => (zScore > zCutoff && zScore < Infinity ? [i] : []));
      const tables = [table, parameters, { ...table, rows: found.map((i) => table.rows[i]) }];
      for (const [i, file] of files.entries())
        await results.write(file, (path) => writeParticles(path, tables[i], { name: file, overwrite: true }));
      const micrographs = micrographCounts(stack);
      return { particles: refined, correlations: refineCount(task), micrographs, files, zCutoff, found };
    });
  } finally {
    await template.close();
  }
}

function outputs(path: string): string[] {
  const stem = path.replace(/\.csv$/, "");
  return [path, `${stem}_parameters.csv`, `${stem}_above_threshold.csv`];
}

/** @throws {VitrineError} range: particles of several micrographs, whose maps one row cannot name; an empty table */
async function readStacks(
  settings: ConstrainedSettings,
  options: ConstrainedOptions,
): Promise<[ParticleStack, ParticleStack]> {
  const [templateSize] = settings.reference.templateSize;
  const reading = { templateSize, onLog: options.onLog, ...foreignOptions(options) };
  const stack = await readParticleStack(
    settings.reference.path,
    await readMtfFile(settings.effects),
    reading,
  );
  const other = stack.particles.find(
    ({ micrographPath }) => micrographPath !== stack.particles[0].micrographPath,
  );
  if (other !== undefined) {
    throw new VitrineError({
      code: "range",
      at: `${other.at} micrograph_path`,
      expected: `${stack.particles[0].micrographPath}, that of the first row`,
      found: other.micrographPath,
      hint: "Search each micrograph by itself",
    });
  }
  const constrained = await readParticleStack(settings.constrainedTablePath);
  if (constrained.particles.length > 0) return [stack, constrained];
  const hint = "The first row names the maps of mean and deviation";
  throw new VitrineError({
    code: "range",
    at: constrained.path,
    expected: "at least one row",
    found: "none",
    hint,
  });
}

/** The reference particles with the defocus that the other particle has and the maps of its search. */
function expectedParticles(
  { particles }: ParticleStack,
  { correlationAveragePath, correlationVariancePath }: StackParticle,
  heightsA: readonly number[],
): StackParticle[] {
  return particles.map((particle, i) => {
    const relativeDefocusA = particle.relativeDefocusA - heightsA[i];
    return { ...particle, relativeDefocusA, correlationAveragePath, correlationVariancePath };
  });
}

/** (n, 3) degrees. */
function offsetAngles(offsets: ConstrainedSettings["orientations"]): Float64Array {
  if (offsets === null) return new Float64Array(3);
  return offsets.kind === "roll" ? rollOrientations(offsets.grid) : uniformOrientations(offsets.grid);
}

/** Offsets are turned to the axis. */
function trials(
  { axis, defocus, orientations }: ConstrainedSettings,
  offsetsDeg: Float64Array,
  { turnedOffsets, keepsSlices }: ConstrainedConventions,
): Pick<RefineTask, "offsets" | "sliceOffsets" | "keepsSlices" | "defocusOffsetsA" | "pixelSizeOffsetsA"> {
  const turned = turnedOffsets(offsetsDeg, axis, orientations?.kind);
  return { ...turned, keepsSlices, ...offsetsOf({ defocus, pixelSizes: null }) };
}

/** The z-score that noise reaches as often as `falsePositives` for one reference, and the table that says so. */
function threshold(task: RefineTask, falsePositives: number) {
  const { boxSize, template, offsets, defocusOffsetsA } = task;
  const places = (boxSize[0] - template.size + 1) * (boxSize[1] - template.size + 1);
  const projections = offsets.length * defocusOffsetsA.length;
  const zCutoff = gaussianCutoff({ falsePositives, pixels: places, correlations: projections });
  const row = {
    "": 0,
    num_projections: projections,
    num_px: places,
    num_correlations: projections * places,
    false_positives: float64Text(falsePositives),
    threshold: float64Text(zCutoff),
  };
  return { zCutoff, parameters: { columns: Object.keys(row), rows: [row] } };
}

interface ConstrainedTableOptions {
  readonly offsetsDeg: Float64Array;
  readonly heightsA: readonly number[];
  readonly settings: ConstrainedSettings;
  readonly task: RefineTask;
  readonly conventions: ConstrainedConventions;
}

function constrainedTable(
  stack: ParticleStack,
  results: readonly RefinedParticle[],
  { offsetsDeg, heightsA, settings, task, conventions }: ConstrainedTableOptions,
): ParticleTable {
  // the grid's own numbers: float32 of roll grids and of no grid at all
  const text = settings.orientations?.kind === "ranges" ? float64Text : float32Text;
  const angle = (orientation: number, axis: number) => text(offsetsDeg[3 * orientation + axis]);
  const hasRefinedPositions = stack.hasRefinedPositions && conventions.countsFromRefined;
  return refinedTable({ ...stack, hasRefinedPositions }, results, {
    ...task,
    columns: CONSTRAINED_COLUMNS,
    more: ({ orientation, defocusOffsetA }, i) => ({
      original_offset_phi: angle(orientation, 0),
      original_offset_theta: angle(orientation, 1),
      original_offset_psi: angle(orientation, 2),
      refined_relative_defocus: float64Text(
        Math.fround(defocusOffsetA) + stack.particles[i].relativeDefocusA - heightsA[i],
      ),
      correlation_average_path: task.particles[i].correlationAveragePath,
      correlation_variance_path: task.particles[i].correlationVariancePath,
    }),
  });
}
