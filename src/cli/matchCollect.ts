import type { Command } from "commander";
import { collectMatch } from "../match/index.ts";
import { addTemplateOption, printReport } from "./match.ts";
import {
  addResultOptions,
  addSliceOptions,
  type ResultArguments,
  type SliceArguments,
  toMatchOptions,
  toSliceOptions,
} from "./options.ts";
import { log } from "./watch.ts";

/** Adds `vitrine match-collect CONFIG.yaml`. */
export function addMatchCollect(program: Command): void {
  const command = program
    .command("match-collect")
    .description("join the parts of a search (match --part I/N) and write its maps and particles")
    .argument("<config.yaml>", "the configuration of the parts");
  addTemplateOption(addResultOptions(addSliceOptions(command))).action(
    async (config: string, args: ResultArguments & SliceArguments & { template?: string[] }) => {
      const report = await collectMatch(config, {
        ...toMatchOptions(args),
        ...toSliceOptions(args),
        ...(args.template !== undefined && { templates: args.template }),
        onLog: log,
      });
      printReport(report, args.json ?? false);
    },
  );
}
