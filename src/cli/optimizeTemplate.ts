import type { Command } from "commander";
import { type OptimizeTemplateReport, runOptimizeTemplate } from "../match/index.ts";
import {
  type AtomArguments,
  addAtomOptions,
  addForeignTable,
  addSliceOptions,
  addTiffRows,
  count,
  example,
  type ForeignTableArguments,
  positive,
  type SliceArguments,
  type TiffArguments,
  toAtomOptions,
  toForeignTable,
  toSliceOptions,
  toTiffOptions,
} from "./options.ts";
import { report } from "./report.ts";

interface OptimizeTemplateArguments
  extends SliceArguments,
    AtomArguments,
    TiffArguments,
    ForeignTableArguments {
  readonly results: string;
  readonly tables?: boolean;
  readonly minSnr?: number;
  readonly bestN?: number;
  readonly patience: number;
  readonly cutOutside?: boolean;
  readonly workers?: number;
  readonly compat?: boolean;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine optimize-template CONFIG.yaml`. */
export function addOptimizeTemplate(cli: Command): void {
  const command = cli
    .command("optimize-template")
    .addHelpText("after", example("optimize-template optimize.yaml --results best.txt"))
    .description(
      "find the pixel size with which a template made from atoms fits its particles best: Leopard-EM's optimize_template",
    )
    .argument("<config.yaml>", "Leopard-EM configuration; its paths are relative to the working directory")
    .option(
      "--results <file>",
      "text with the best pixel size; the table of all goes beside it, *_all.csv",
      "optimize_template_results.txt",
    )
    .option("--tables", "write the particles of every pixel size too, *_pix=1.050.csv")
    .option(
      "--min-snr <z>",
      "particles of at least this z-score in the table count; default 8, or all if none has it",
      positive,
    )
    .option("--best-n <number>", "at most so many of them, the best", count)
    .option("--patience <number>", "sizes in a row without gain that end a search", count, 2)
    .option("--cut-outside", "leave out atoms outside the box, which are an error otherwise")
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count)
    .option(
      "--compat",
      "do as Leopard-EM 1.2 does: choose particles anew with every pixel size, the root of the deviation once more",
    )
    .option("--overwrite", "replace results that are there")
    .option("--json", "print the result as JSON");
  addForeignTable(addTiffRows(addAtomOptions(addSliceOptions(command)))).action(
    async (config: string, args: OptimizeTemplateArguments) => {
      const options = {
        ...toSliceOptions(args),
        ...toTiffOptions(args),
        ...toForeignTable(args),
        ...toAtomOptions(args),
        ...toOptions(args),
      };
      const { json = false } = args;
      return report({ json, text: trialsText }, (tools) =>
        runOptimizeTemplate(config, { ...options, ...tools }),
      );
    },
  );
}

function toOptions(args: OptimizeTemplateArguments) {
  return {
    resultsPath: args.results,
    writeTables: args.tables ?? false,
    patience: args.patience,
    cutOutside: args.cutOutside ?? false,
    compat: args.compat ?? false,
    overwrite: args.overwrite ?? false,
    ...(args.minSnr !== undefined && { minSnr: args.minSnr }),
    ...(args.bestN !== undefined && { bestN: args.bestN }),
    ...(args.workers !== undefined && { workers: args.workers }),
  };
}

function trialsText(tried: OptimizeTemplateReport): string {
  const { pixelSizeA, meanZScore, trials, particles, files } = tried;
  const lines = [
    `best pixel size ${pixelSizeA} Å, mean z-score ${meanZScore.toFixed(3)} (${trials.length} sizes, ${particles} particles)`,
    ...trials.map(
      (trial) =>
        `  ${trial.search.padEnd(6)}  ${trial.pixelSizeA} Å  mean z-score ${trial.meanZScore.toFixed(3)}`,
    ),
    ...files.map((file) => `wrote ${file}`),
  ];
  return `${lines.join("\n")}\n`;
}
