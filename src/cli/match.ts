import { type Command, InvalidArgumentError, Option } from "commander";
import { builtFile } from "../core/index.node.ts";
import type { Engine } from "../jobs/index.ts";
import {
  type CoarseReport,
  estimateMatch,
  type ManyReport,
  type MatchOptions,
  type MatchReport,
  matchStep,
  type Part,
  runCoarseMatch,
  runMatch,
  runMatches,
  type TemplatesReport,
} from "../match/index.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import { estimateText, type RunEstimate } from "./matchEstimate.ts";
import { addResultOptions, part, type ResultArguments, toMatchOptions } from "./matchOptions.ts";
import {
  addMicrographOptions,
  isMany,
  type MicrographArguments,
  manyText,
  targetsOf,
} from "./micrographs.ts";
import { nothingFound } from "./nothingFound.ts";
import {
  addSliceOptions,
  COMPAT_RULE,
  count,
  example,
  notNegative,
  PEAK_RULES,
  type SliceArguments,
  toSliceOptions,
} from "./options.ts";
import { type CommandTools, report } from "./report.ts";
import { addTaskOptions, engineOf, runTasks, type TaskArguments } from "./taskOptions.ts";

interface MatchArguments extends ResultArguments, SliceArguments, MicrographArguments, TaskArguments {
  readonly workers?: number;
  readonly part?: Part;
  readonly resume?: boolean;
  readonly checkpoint: number;
  readonly estimate?: boolean;
  readonly template?: string[];
  readonly coarse?: number;
  readonly coarseCandidates?: number;
  readonly coarseSamples?: number;
}

/** Adds `vitrine match CONFIG.yaml`. */
export function addMatch(cli: Command): void {
  const command = cli
    .command("match")
    .addHelpText("after", example("match config.yaml --workers 8 --picture found.png"))
    .description("search a micrograph for a template: Leopard-EM's match_template on its own configuration")
    .argument(
      "<config.yaml...>",
      "Leopard-EM configuration; its paths are relative to the working directory. Several are searched one after the other",
    )
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count)
    .option("--part <I/N>", "search only part I of N, for match-collect", part)
    .option("--resume", "continue after a run that was stopped")
    .option("--checkpoint <seconds>", "time between checkpoints", notNegative, 60)
    .option("--estimate", "print correlations, rate, hours and memory; search nothing");
  addTemplateOption(
    addResultOptions(
      addSliceOptions(addCoarseOptions(addTaskOptions(addMicrographOptions(command), { parts: true }))),
    ),
  ).action(async (configs: string[], args: MatchArguments) => {
    requireCoarse(command, args);
    const options = toOptions(args);
    const { json = false } = args;
    const [config] = configs;
    const engine = engineOf(command, args);
    const tell = ({ onLog }: CommandTools) => tellIdle(command, MATCH_RULES, { args, onLog });
    if (args.estimate)
      return report({ json, text: estimateText }, (tools) => {
        tell(tools);
        return estimate(configs, args, { ...options, ...tools, onLog: tools.onLog });
      });
    if (engine !== undefined) {
      if (args.part !== undefined) command.error("error: --engine makes the parts itself: leave out --part");
      const isSingle = !isMany(configs, args);
      return report({ json, text: manyText }, (tools) => {
        tell(tools);
        return searchInTasks(configs, args, {
          ...{ ...tools, engine, isSingle },
          options: { ...options, ...tools },
        });
      });
    }
    if (isMany(configs, args)) {
      if (args.part !== undefined) command.error(PART_OF_MANY);
      return report({ json, text: manyText }, async (tools) => {
        tell(tools);
        return runMatches(await targetsOf(configs, args, tools.onLog), {
          ...options,
          ...tools,
          ...(args.coarse !== undefined && { coarse: toCoarse(args.coarse, args) }),
        });
      });
    }
    return report({ json, text: reportText }, (tools) => {
      tell(tools);
      return search(config, { ...options, ...tools }, args);
    });
  });
}

const MATCH_RULES: readonly IdleRule<MatchArguments>[] = [...PEAK_RULES, COMPAT_RULE];

const PART_OF_MANY =
  "error: option --part takes one micrograph; --engine local or --engine slurm with --tasks makes the parts of several";

/** Templates in the place of the configuration's; the option may be repeated. */
export function addTemplateOption(command: Command): Command {
  const collect = (file: string, files: string[] = []) => [...files, file];
  const text =
    "template in the place of the configuration's; repeated, all are searched for in one micrograph";
  return command.option("--template <file>", text, collect);
}

/** The options of a coarse pass. Its parts would have to be joined before the search is at its end. */
function addCoarseOptions(command: Command): Command {
  const needed = (name: string, description: string) =>
    new Option(name, `with --coarse: ${description}`).argParser(count);
  return command
    .addOption(
      new Option(
        "--coarse <factor>",
        "search a micrograph cropped in Fourier space to this many times larger pixels, then its candidates at full resolution",
      )
        .argParser(wholeFrom2)
        .conflicts(["part", "compat"]),
    )
    .addOption(needed("--coarse-candidates <number>", "candidates expected in noise alone (default: 1000)"))
    .addOption(
      needed(
        "--coarse-samples <orientations>",
        "orientations that give mean and deviation (default: a 100th of all, at least 1000)",
      ),
    );
}

function requireCoarse(command: Command, args: MatchArguments): void {
  if (args.coarse !== undefined && (args.tasks ?? 1) > 1)
    command.error(
      "error: --coarse takes one task a micrograph, since its pass is not divided: leave out --tasks, and give more --cores",
    );
  if (args.coarse !== undefined || (args.coarseCandidates ?? args.coarseSamples) === undefined) return;
  command.error("error: options --coarse-candidates and --coarse-samples need --coarse <factor>");
}

function wholeFrom2(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 2) return value;
  throw new InvalidArgumentError("Expected a whole number of at least 2.");
}

function search(config: string, options: MatchOptions, args: MatchArguments): Promise<AnyReport | null> {
  if (args.coarse === undefined) return runMatch(config, options);
  return runCoarseMatch(config, { ...options, ...toCoarse(args.coarse, args) });
}

/** Searches in tasks of an engine. */
async function searchInTasks(
  configs: readonly string[],
  args: MatchArguments,
  { engine, isSingle, options, ...tools }: CommandTools & TaskOptions,
): Promise<ManyReport> {
  const { part: _, micrograph: __, ...choices } = options;
  const work = await matchStep(await targetsOf(configs, args, tools.onLog), {
    ...choices,
    isSingle,
    tasks: args.tasks ?? 1,
    module: builtFile("#match-batch"),
    keepsParts: args.keepParts ?? false,
    ...(args.coarse !== undefined && { coarse: toCoarse(args.coarse, args) }),
  });
  return runTasks(work, engine, { args, tools, beside: args.particles });
}

interface TaskOptions {
  readonly engine: Engine;
  readonly isSingle: boolean;
  readonly options: MatchOptions;
}

function toCoarse(factor: number, { coarseCandidates, coarseSamples }: MatchArguments) {
  return {
    factor,
    ...(coarseCandidates !== undefined && { candidates: coarseCandidates }),
    ...(coarseSamples !== undefined && { samples: coarseSamples }),
  };
}

function toOptions(args: MatchArguments): MatchOptions {
  return {
    ...toMatchOptions(args),
    ...toSliceOptions(args),
    ...(args.workers !== undefined && { workers: args.workers }),
    ...(args.part !== undefined && { part: args.part }),
    ...(args.template !== undefined && { templates: args.template }),
    resume: args.resume ?? false,
    checkpointSeconds: args.checkpoint,
  };
}

async function estimate(
  configs: readonly string[],
  args: MatchArguments,
  options: MatchOptions & Pick<CommandTools, "onLog">,
): Promise<RunEstimate> {
  const targets = isMany(configs, args) ? await targetsOf(configs, args, options.onLog) : [];
  const { configPath = configs[0], micrograph } = targets[0] ?? {};
  const first = await estimateMatch(configPath, {
    ...options,
    ...(micrograph && { micrograph }),
    ...(args.coarse !== undefined && { coarse: toCoarse(args.coarse, args) }),
  });
  const { part, coarse, tasks = 1 } = args;
  const asked = { ...(part && { part }), ...(coarse !== undefined && { coarse }) };
  return { ...first, micrographs: Math.max(1, targets.length), tasks, ...asked };
}

type AnyReport = MatchReport | CoarseReport;

/** What was found, a line a particle. */
export function reportText(found: AnyReport | null): string {
  if (found === null) return "part done; vitrine match-collect joins the parts\n";
  const { particles, zCutoff, correlations, files } = found;
  return [
    `${particles.length} particles above z ${zCutoff.toFixed(2)} (${correlations} correlations a pixel, WASM SIMD)`,
    ...("coarse" in found ? found.coarse.map(coarseLine) : []),
    ...("templates" in found ? found.templates.map(templateLine) : []),
    ...(particles.length === 0 ? [nothingFound("bestZScore" in found ? found.bestZScore : undefined)] : []),
    ...particles.map(particleLine),
    ...files.map((file) => `wrote ${file}`),
    "",
  ].join("\n");
}

function coarseLine({ factor, candidates, zCutoff, sampled }: CoarseReport["coarse"][number]): string {
  const more = candidates === 0 ? "; --coarse-candidates lets more pass" : "";
  return `  of ${candidates} candidates above z ${zCutoff.toFixed(2)} at ${factor} times the pixel size${more}; deviations from ${sampled} orientations`;
}

function templateLine({ templatePath, particles, zCutoff }: TemplatesReport["templates"][number]): string {
  return `  ${templatePath} by itself: ${particles} above z ${zCutoff.toFixed(2)}`;
}

function particleLine(particle: AnyReport["particles"][number]): string {
  const { zScore, x, y, phiDeg, thetaDeg, psiDeg, relativeDefocusA } = particle;
  const angles = [phiDeg, thetaDeg, psiDeg].map((angle) => angle.toFixed(1).padStart(6)).join(" ");
  const template = "templatePath" in particle ? `  ${particle.templatePath}` : "";
  return `  z ${zScore.toFixed(2).padStart(6)}  x ${String(x).padStart(5)}  y ${String(y).padStart(5)}  phi theta psi ${angles}  defocus ${relativeDefocusA.toFixed(0)} Å${template}`;
}
