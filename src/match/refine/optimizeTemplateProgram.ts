import type { Pool } from "../../compute/index.ts";
import { progressTeller } from "../../core/index.ts";
import { type OptionKeys, type ResultFiles, requireKnownOptions, writeFileAtomic } from "../../io/index.ts";
import { pixelSizeOffsets } from "../../optics/index.ts";
import { type Log, runProgram } from "../../program/index.ts";
import { readConfigText } from "../config/configPrograms.ts";
import { readMtf, readMtfFile } from "../config/mtfFile.ts";
import {
  type OptimizeTemplateSettings,
  simulatorValues,
  toOptimizeTemplateSettings,
} from "../config/optimizeTemplateConfig.ts";
import { parseOptimizeTemplateConfig } from "../config/optimizeTemplateSchema.ts";
import { warnOfImplausible } from "../config/plausible.ts";
import { choiceConventions } from "../leopard/templateChoice.ts";
import { REFINE_KEYS } from "../optionKeys.ts";
import {
  foreignOptions,
  type ParticleStack,
  readParticleStack,
  stackFiles,
} from "../particles/particleStack.ts";
import type { ParticleTable } from "../particles/particles.ts";
import { sizesOfStack } from "../particles/stackSizes.ts";
import { writeParticles } from "../particles/writeParticles.ts";
import { warnOfIgnored } from "../search/configuredSearch.ts";
import { readImageOrMap } from "../search/hdf5Maps.ts";
import { warnOfParticles } from "../search/pixelSizes.ts";
import { readMapAtoms } from "../simulate/mapAtoms.ts";
import {
  bestTrial,
  type OptimizeTemplateTask,
  optimizeTemplate,
  type PixelSizeTrial,
  pixelSizeText,
  sizesAround,
  type TemplateTrial,
} from "./optimizeTemplate.ts";
import { type ParticleChoice, requireRows } from "./optimizeTemplateChoice.ts";
import type { RefineProgramOptions } from "./refineProgram.ts";
import { refinedTable } from "./refineTable.ts";

/** How a search for the template's pixel size runs. Progress counts particles, each once for every size. */
export interface OptimizeTemplateProgramOptions
  extends Omit<RefineProgramOptions, "particlesPath" | "compatBatch">,
    ParticleChoice {
  /** Text file of the best pixel size; default `optimize_template_results.txt`. That of all, `_all.csv`, goes beside it. */
  readonly resultsPath?: string;
  /** A search ends when the mean z-score has not grown this many times in a row; default 2. */
  readonly patience?: number;
  /** Write the table of particles of every pixel size too, `_pix=1.050.csv` beside the results. */
  readonly writeTables?: boolean;
  /** Leave out atoms outside the template's box; default false: an error. */
  readonly cutOutside?: boolean;
  /** Which model of the atoms' file, counted from 1, or all of them together; default the first. */
  readonly model?: number | "all";
  /** Take every atom fully, whatever occupancy the file gives it (default false). */
  readonly ignoreOccupancy?: boolean;
  /** Do as Leopard-EM 1.2: choose particles anew with every template, take the root of the standard deviation once more. */
  readonly compat?: boolean;
}

const { particlesPath: _, compatBatch: __, ...SHARED_KEYS } = REFINE_KEYS;
const KEYS: OptionKeys<OptimizeTemplateProgramOptions> = {
  ...SHARED_KEYS,
  minSnr: true,
  bestN: true,
  resultsPath: true,
  patience: true,
  writeTables: true,
  cutOutside: true,
  model: true,
  ignoreOccupancy: true,
  compat: true,
};

/** What a search for the template's pixel size found. */
export interface OptimizeTemplateReport {
  /** The best pixel size of the template, Å. */
  readonly pixelSizeA: number;
  readonly meanZScore: number;
  /** In the order in which they were tried. */
  readonly trials: readonly PixelSizeTrial[];
  /** Particles that were correlated with each. */
  readonly particles: number;
  readonly files: readonly string[];
}

/**
 * Leopard-EM's `optimize_template` on its own configuration file: makes the template from atoms with one pixel size after the
 * other and takes that with which the particles of a table have the largest mean z-score.
 *
 * @throws {VitrineError} whatever is wrong with configuration, table, inputs or outputs, named by file and field; aborted
 */
export async function runOptimizeTemplate(
  configPath: string,
  options: OptimizeTemplateProgramOptions = {},
): Promise<OptimizeTemplateReport> {
  requireKnownOptions("runOptimizeTemplate", options, KEYS);
  const { compat = false, overwrite = false, resultsPath = "optimize_template_results.txt", onLog } = options;
  const text = await readConfigText(configPath, "optimize-template");
  const config = parseOptimizeTemplateConfig(text, configPath);
  const sizes = await sizesOfStack(config.particle_stack);
  const settings = toOptimizeTemplateSettings(config, configPath, { compat, ...sizes });
  warnOfIgnored(configPath, settings, onLog);
  const [templateSize] = settings.stack.templateSize;
  const reading = { templateSize, onLog, ...foreignOptions(options) };
  const table = await readParticleStack(settings.stack.path, await readMtfFile(settings.effects), reading);
  const outputs = outputsOf(resultsPath, toScan(settings), options);
  const inputs = [configPath, ...stackFiles(table), ...simulatorInputs(settings)];
  requireRows(table);
  const warn = (text: string) => onLog?.(text, "warning");
  const stack = choiceConventions(compat).candidates(table, options, warn);
  warnOfImplausible(simulatorValues(settings.simulator, configPath), onLog);
  await warnOfParticles({ particles: stack.particles }, onLog);
  const task = await toTask(settings, stack, options);
  return runProgram({ inputs, outputs: outputs.all, overwrite }, options, async ({ pool, results }) => {
    const trials = await tryAll(pool, task, options);
    const best = bestTrial(trials);
    warnAtBorder(best, settings, onLog);
    return {
      pixelSizeA: best.pixelSizeA,
      meanZScore: best.meanZScore,
      trials: trials.map(({ search, pixelSizeA, meanZScore }) => ({ search, pixelSizeA, meanZScore })),
      particles: stack.particles.length,
      files: await writeResults(results, trials, { outputs, stack }),
    };
  });
}

function simulatorInputs({ simulator: { atomsPath, mtfPath } }: OptimizeTemplateSettings): string[] {
  return mtfPath === null ? [atomsPath] : [atomsPath, mtfPath];
}

function toScan({
  simulator,
  coarse,
  fine,
}: Pick<OptimizeTemplateSettings, "simulator" | "coarse" | "fine">) {
  return {
    pixelSizeA: simulator.pixelSizeA,
    coarseOffsetsA: coarse === null ? new Float64Array(1) : pixelSizeOffsets(coarse),
    fineOffsetsA: fine === null ? new Float64Array(0) : pixelSizeOffsets(fine),
  };
}

async function toTask(
  { simulator, stack, filters, filtersMicrographs, ...searches }: OptimizeTemplateSettings,
  { particles }: ParticleStack,
  { patience, cutOutside = false, model, ignoreOccupancy, tiffRows, onLog }: OptimizeTemplateProgramOptions,
): Promise<OptimizeTemplateTask> {
  const { atomsPath, mtfPath, pixelSizeA: _, ...map } = simulator;
  const atoms = await readMapAtoms(atomsPath, {
    ...(model !== undefined && { model }),
    ...(ignoreOccupancy !== undefined && { ignoreOccupancy }),
    onLog,
  });
  const mtf = mtfPath === null ? undefined : await readMtf(mtfPath);
  return {
    particles,
    boxSize: stack.boxSize,
    filters,
    filtersMicrographs,
    readImage: (path, map) => readImageOrMap(path, { map, tiffRows, onLog }),
    atoms,
    map: { ...map, cutOutside, ...(mtf !== undefined && { mtf }) },
    ...toScan({ simulator, ...searches }),
    ...(patience !== undefined && { patience }),
  };
}

async function tryAll(
  pool: Pool,
  task: OptimizeTemplateTask,
  options: OptimizeTemplateProgramOptions,
): Promise<TemplateTrial[]> {
  const { onProgress, onLog, signal, compat = false } = options;
  const { exactSlices = false, templatePadding = 1, sincCorrection = false } = options;
  const total = task.particles.length * (task.coarseOffsetsA.length + task.fineOffsetsA.length);
  const tell = progressTeller(onProgress, { unit: "particles" });
  const warn = (text: string) => onLog?.(text, "warning");
  return optimizeTemplate(pool, task, {
    ...{ exactSlices, templatePadding, sincCorrection },
    ...choiceConventions(compat).trying(options, warn),
    ...(signal && { signal }),
    onLog: (text) => onLog?.(text, "note"),
    onProgress: (done) => tell(done, total),
  });
}

/** The best of a search that ended at its border may not be the best of all. */
function warnAtBorder(
  { pixelSizeA }: PixelSizeTrial,
  { simulator, coarse }: OptimizeTemplateSettings,
  onLog: Log | undefined,
): void {
  if (coarse === null) return;
  const isInside =
    pixelSizeA > simulator.pixelSizeA + coarse.min && pixelSizeA < simulator.pixelSizeA + coarse.max;
  if (!isInside)
    onLog?.(`${pixelSizeText(pixelSizeA)} Å lies at the border of the coarse search: widen it`, "warning");
}

interface Outputs {
  readonly best: string;
  readonly trials: string;
  /** Of the particles of one pixel size. */
  readonly table: ((pixelSizeA: number) => string) | null;
  /** Every file that may be written. */
  readonly all: readonly string[];
}

function outputsOf(
  path: string,
  { pixelSizeA, coarseOffsetsA, fineOffsetsA }: ReturnType<typeof toScan>,
  { writeTables = false }: OptimizeTemplateProgramOptions,
): Outputs {
  const stem = path.replace(/([^/\\.][^/\\]*)\.[^/\\.]*$/, "$1");
  const table = (size: number) => `${stem}_pix=${pixelSizeText(size)}.csv`;
  const coarse = sizesAround(pixelSizeA, coarseOffsetsA);
  const sizes = writeTables ? [...coarse, ...coarse.flatMap((size) => sizesAround(size, fineOffsetsA))] : [];
  const trials = `${stem}_all.csv`;
  return {
    best: path,
    trials,
    table: writeTables ? table : null,
    all: [path, trials, ...new Set(sizes.map(table))],
  };
}

/** Leopard-EM's text, its list of pixel sizes and, where they are asked for, its tables; the files that were written. */
async function writeResults(
  results: ResultFiles,
  trials: readonly TemplateTrial[],
  { outputs, stack }: { readonly outputs: Outputs; readonly stack: ParticleStack },
): Promise<string[]> {
  const { best, trials: trialsPath, table } = outputs;
  const { pixelSizeA } = bestTrial(trials);
  const text = new TextEncoder().encode(`Optimal template px: ${pixelSizeText(pixelSizeA)} Å`);
  const write = (path: string, content: ParticleTable) =>
    results.write(path, (temporary) => writeParticles(temporary, content, { overwrite: true }));
  await results.write(best, (path) => writeFileAtomic(path, text, { overwrite: true }));
  await write(trialsPath, trialTable(trials));
  if (table === null) return [best, trialsPath];
  const bySize = new Map(trials.map((trial) => [table(trial.pixelSizeA), trial.particles]));
  const offsets = { defocusOffsetsA: [0], pixelSizeOffsetsA: [0] };
  for (const [path, particles] of bySize) await write(path, refinedTable(stack, particles, offsets));
  return [best, trialsPath, ...bySize.keys()];
}

function trialTable(trials: readonly TemplateTrial[]): ParticleTable {
  const columns = ["Pixel Size (Å)", "SNR"];
  const rows = trials.map(({ pixelSizeA, meanZScore }) => ({
    [columns[0]]: pixelSizeText(pixelSizeA),
    [columns[1]]: meanZScore.toFixed(3),
  }));
  return { columns, rows };
}
