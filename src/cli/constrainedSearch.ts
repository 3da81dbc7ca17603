import type { Command } from "commander";
import { type ConstrainedReport, runConstrainedSearch } from "../match/index.ts";
import { tellIdle } from "./idle.ts";
import {
  addRefineOptions,
  addSliceOptions,
  COMPAT_RULE,
  example,
  positive,
  type RefineArguments,
  type SliceArguments,
  toRefineOptions,
  toSliceOptions,
} from "./options.ts";
import { particleLine } from "./refine.ts";
import { report } from "./report.ts";

/** Adds `vitrine constrained-search CONFIG.yaml`. */
export function addConstrainedSearch(cli: Command): void {
  const command = cli
    .command("constrained-search")
    .addHelpText("after", example("constrained-search constrained.yaml --false-positives 0.01"))
    .description("look for a particle where another was found: Leopard-EM's constrained_search")
    .argument("<config.yaml>", "Leopard-EM configuration; its paths are relative to the working directory")
    .option(
      "--particles <file>",
      "table of all places; those above the cutoff and the cutoff go beside it",
      "constrained_particles.csv",
    )
    .option("--false-positives <number>", "expected number of false particles a place", positive, 0.005);
  addSliceOptions(addRefineOptions(command, 64)).action(
    async (config: string, args: RefineArguments & SliceArguments & { falsePositives: number }) => {
      const options = { ...toRefineOptions(args), ...toSliceOptions(args) };
      const { falsePositives, json = false } = args;
      return report({ json, text: constrainedText }, (tools) => {
        tellIdle(command, [COMPAT_RULE], { args, onLog: tools.onLog });
        return runConstrainedSearch(config, { ...options, falsePositives, ...tools });
      });
    },
  );
}

function constrainedText(searched: ConstrainedReport): string {
  const { particles, correlations, files, zCutoff, found } = searched;
  const lines = [
    `${found.length} of ${particles.length} places above z ${zCutoff.toFixed(2)} (${correlations} correlations, WASM SIMD)`,
    ...found.map((i) => particleLine(particles[i], i)),
    ...files.map((file) => `wrote ${file}`),
  ];
  return `${lines.join("\n")}\n`;
}
