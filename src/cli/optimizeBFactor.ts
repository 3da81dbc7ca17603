import { type Command, Option } from "commander";
import { B_FACTOR_METRICS, type BFactorReport, runOptimizeBFactor } from "../match/index.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import {
  addSliceOptions,
  addTiffRows,
  count,
  example,
  notNegative,
  positive,
  type SliceArguments,
  type TiffArguments,
  toSliceOptions,
  toTiffOptions,
} from "./options.ts";
import { report } from "./report.ts";

interface BFactorArguments extends SliceArguments, TiffArguments {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly metric: (typeof B_FACTOR_METRICS)[number];
  readonly count: number;
  readonly results: string;
  readonly maskRadius: number;
  readonly falsePositives: number;
  readonly zCutoff?: number;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

const RULES: readonly IdleRule<BFactorArguments>[] = [
  {
    options: ["count"],
    isIdle: ({ metric }) => metric !== "best" && metric !== "worst",
    why: "without --metric best or worst",
  },
  { options: ["falsePositives"], isIdle: ({ zCutoff }) => zCutoff !== undefined, why: "with --z-cutoff" },
];

/** Adds `vitrine optimize-b-factor CONFIG.yaml`. */
export function addOptimizeBFactor(cli: Command): void {
  const command = cli
    .command("optimize-b-factor")
    .addHelpText("after", example("optimize-b-factor config.yaml --max 150 --metric best"))
    .description("repeat a search with one B-factor after the other: Leopard-EM's optimize_b_factor")
    .argument("<config.yaml>", "configuration of a search; its maps are not written")
    .option("--min <A2>", "first B-factor", notNegative, 0)
    .option("--max <A2>", "last B-factor", notNegative, 200)
    .option("--step <A2>", "from one to the next", positive, 10)
    .addOption(
      new Option("--metric <name>", "mean z-score of all, of the best or worst, or the number of particles")
        .choices(B_FACTOR_METRICS)
        .default("mean"),
    )
    .option("--count <number>", "particles that best and worst look at", count, 10)
    .option("--results <file>", "table of B-factors and metric", "optimize_B_results.csv")
    .option("--mask-radius <pixels>", "smallest distance of two particles", notNegative, 5)
    .option("--false-positives <number>", "expected number of false particles", positive, 1)
    .option("--z-cutoff <sigma>", "z-score of a particle, instead of --false-positives", positive)
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count)
    .option("--overwrite", "replace a table that is there")
    .option("--json", "print the result as JSON");
  addTiffRows(addSliceOptions(command)).action(async (config: string, args: BFactorArguments) => {
    const options = { ...toSliceOptions(args), ...toTiffOptions(args), ...toOptions(args) };
    const { json = false, metric } = args;
    return report({ json, text: (tried: BFactorReport) => trialsText(tried, metric) }, (tools) => {
      tellIdle(command, RULES, { args, onLog: tools.onLog });
      return runOptimizeBFactor(config, { ...options, ...tools });
    });
  });
}

function toOptions(args: BFactorArguments) {
  return {
    bFactorsA2: { min: args.min, max: args.max, step: args.step },
    metric: args.metric,
    count: args.count,
    resultsPath: args.results,
    maskRadiusPx: args.maskRadius,
    falsePositives: args.falsePositives,
    overwrite: args.overwrite ?? false,
    ...(args.zCutoff !== undefined && { zCutoff: args.zCutoff }),
    ...(args.workers !== undefined && { workers: args.workers }),
  };
}

function trialsText({ trials, bestBFactorA2, files }: BFactorReport, metric: string): string {
  const lines = [
    `best B-factor ${bestBFactorA2} Å² of ${trials.length} by ${metric}`,
    ...trials.map(
      (trial) =>
        `  B ${String(trial.bFactorA2).padStart(5)}  ${metric} ${trial.metric.toFixed(4)}  ${trial.particles} particles`,
    ),
    ...files.map((file) => `wrote ${file}`),
  ];
  return `${lines.join("\n")}\n`;
}
