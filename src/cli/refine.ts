import { type Command, Option } from "commander";
import { builtFile } from "../core/index.node.ts";
import {
  type RefineManyReport,
  type RefineReport,
  type RunRefineOptions,
  refineBatch,
  refineStep,
  runRefine,
} from "../match/index.ts";
import type { Log } from "../program/index.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import {
  addMicrographOptions,
  chosenMicrographs,
  type MicrographArguments,
  micrographLines,
} from "./micrographs.ts";
import {
  addRefineOptions,
  addSliceOptions,
  COMPAT_RULE,
  example,
  type RefineArguments,
  type SliceArguments,
  toRefineOptions,
  toSliceOptions,
} from "./options.ts";
import { report } from "./report.ts";
import {
  addResumeOption,
  addTaskOptions,
  resumableEngineOf,
  runHere,
  runTasks,
  type TaskArguments,
} from "./taskOptions.ts";

/** Adds `vitrine refine CONFIG.yaml`. */
export function addRefine(cli: Command): void {
  const command = cli
    .command("refine")
    .addHelpText("after", example("refine refine.yaml --particles refined.csv --gradient"))
    .description("refine found particles: Leopard-EM's refine_template on its own configuration")
    .argument(
      "<config.yaml...>",
      "Leopard-EM configuration; its paths are relative to the working directory. Several have one joint table too",
    )
    .option("--particles <file>", "table of the refined particles", "refined_particles.csv")
    .option("--whole-disc", "tilt about every axis; Leopard-EM's offsets tilt about those near y alone")
    .addOption(
      new Option(
        "--gradient",
        "after the grid, climb to the best orientation, fractional shift and defocus; implies --exact-slices, --sinc-correction and --template-padding 2",
      ).conflicts("compat"),
    )
    .addOption(
      new Option("--gradient-only", "the same in place of the grid").conflicts(["compat", "gradient"]),
    );
  addMicrographOptions(command, "only the particles of these, which lie there");
  addResumeOption(addTaskOptions(command));
  addSliceOptions(addRefineOptions(command, 32)).action(async (configs: string[], args: Arguments) => {
    const options = {
      ...toRefineOptions(args),
      ...toModeOptions(args, command),
      wholeDisc: args.wholeDisc ?? false,
    };
    const { json = false } = args;
    const engine = resumableEngineOf(command, args);
    const tell = (onLog: Log) => tellIdle(command, [COMPAT_RULE, ...MODE_RULES], { args, onLog });
    if (engine === undefined && configs.length === 1)
      return report({ json, text: refinedText }, async (tools) => {
        tell(tools.onLog);
        const { inputs, ...chosen } = await chosenMicrographs(configs, args, tools.onLog);
        return runRefine(inputs[0], { ...options, ...chosen, ...tools });
      });
    return report({ json, text: manyRefinedText }, async (tools) => {
      tell(tools.onLog);
      const { inputs, ...chosen } = await chosenMicrographs(configs, args, tools.onLog);
      const work = await toStep(inputs, { ...options, ...chosen, onLog: tools.onLog }, args);
      if (engine === undefined) return runHere(work, { refine: refineBatch }, { args, tools });
      return runTasks(work, engine, { args, tools, beside: args.particles });
    });
  });
}

interface Arguments
  extends RefineArguments,
    SliceArguments,
    ModeArguments,
    MicrographArguments,
    TaskArguments {
  readonly resume?: boolean;
}

function toStep(
  configs: readonly string[],
  options: RunRefineOptions,
  { tasks = 1, resume = false }: Arguments,
) {
  return refineStep(configs, { ...options, tasks, resume, module: builtFile("#refine-batch") });
}

interface ModeArguments {
  readonly wholeDisc?: boolean;
  readonly gradient?: boolean;
  readonly gradientOnly?: boolean;
}

const MODE_RULES: readonly IdleRule<ModeArguments & SliceArguments>[] = [
  {
    options: ["wholeDisc"],
    isIdle: ({ gradientOnly }) => gradientOnly === true,
    why: "with --gradient-only",
  },
  {
    options: ["exactSlices", "sincCorrection"],
    isIdle: ({ gradient, gradientOnly }) => gradient === true || gradientOnly === true,
    why: "with --gradient, which implies it",
  },
];

/** The gradient has defaults of its own for slices, which only a padding that was asked for replaces. */
function toModeOptions(args: ModeArguments & SliceArguments, command: Command) {
  if (!args.gradient && !args.gradientOnly) return toSliceOptions(args);
  const isGiven = command.getOptionValueSource("templatePadding") === "cli";
  const { templatePadding } = args;
  return {
    gradient: args.gradientOnly ? ("only" as const) : ("after" as const),
    ...(isGiven && { templatePadding }),
  };
}

function refinedText(refined: RefineReport): string {
  const { particles, correlations, files } = refined;
  const lines = [
    `${particles.length} particles refined (${correlations} correlations, WASM SIMD)`,
    ...micrographLines(refined.micrographs),
    ...gradientLines(refined),
    ...particles.map(particleLine),
    ...files.map((file) => `wrote ${file}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** A line a micrograph, then the tables. */
function manyRefinedText({ micrographs, particles, correlations, files }: RefineManyReport): string {
  const names = micrographs.map(({ micrographPath, configPath }) =>
    new Set(micrographs.map((one) => one.configPath)).size > 1
      ? `${micrographPath} (${configPath})`
      : micrographPath,
  );
  const width = Math.max(0, ...names.map(({ length }) => length));
  const lines = [
    `${particles} particles of ${micrographs.length} ${micrographs.length === 1 ? "micrograph" : "micrographs"} refined (${correlations} correlations, WASM SIMD)`,
    ...micrographs.map(
      ({ particles: count, meanZScore }, i) =>
        `  ${names[i].padEnd(width)}  ${String(count).padStart(5)} particles, mean z ${meanZScore.toFixed(2)}`,
    ),
    ...files.map((file) => `wrote ${file}`),
  ];
  return `${lines.join("\n")}\n`;
}

function gradientLines({ particles }: RefineReport): string[] {
  const refined = particles.filter((particle) => "zScoreGain" in particle);
  if (refined.length === 0) return [];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const gain = mean(refined.map(({ zScoreGain }) => zScoreGain)).toFixed(2);
  const poses = mean(refined.map(({ evaluations }) => evaluations)).toFixed(1);
  return [`by gradient: z-scores higher by ${gain}, ${poses} poses tried for each (means)`];
}

/** Pixels, with a fraction where there is one. */
function pixels(shift: number): string {
  return (Number.isInteger(shift) ? String(shift) : shift.toFixed(2)).padStart(3);
}

/** One particle as a line of text. */
export function particleLine(particle: RefineReport["particles"][number], index: number): string {
  const { zScore, shiftX, shiftY, phiDeg, thetaDeg, psiDeg } = particle;
  const angles = [phiDeg, thetaDeg, psiDeg].map((angle) => angle.toFixed(2).padStart(7)).join(" ");
  return `  ${String(index).padStart(4)}  z ${zScore.toFixed(2).padStart(6)}  shift x ${pixels(shiftX)} y ${pixels(shiftY)}  phi theta psi ${angles}`;
}
