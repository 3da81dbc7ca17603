import type { Command } from "commander";
import { collectMatch } from "../match/index.ts";
import { tellIdle } from "./idle.ts";
import { addTemplateOption, reportText } from "./match.ts";
import { addResultOptions, type ResultArguments, toMatchOptions } from "./matchOptions.ts";
import {
  addSliceOptions,
  COMPAT_RULE,
  example,
  PEAK_RULES,
  type SliceArguments,
  toSliceOptions,
} from "./options.ts";
import { report } from "./report.ts";

/** Adds `vitrine match-collect CONFIG.yaml`. */
export function addMatchCollect(cli: Command): void {
  const command = cli
    .command("match-collect")
    .addHelpText("after", example("match-collect config.yaml --particles particles.csv"))
    .description("join the parts of a search (match --part I/N) and write its maps and particles")
    .argument("<config.yaml>", "the configuration of the parts");
  addTemplateOption(addResultOptions(addSliceOptions(command))).action(
    async (config: string, args: ResultArguments & SliceArguments & { template?: string[] }) => {
      const options = {
        ...toMatchOptions(args),
        ...toSliceOptions(args),
        ...(args.template !== undefined && { templates: args.template }),
      };
      const { json = false } = args;
      return report({ json, text: reportText }, (tools) => {
        tellIdle(command, [...PEAK_RULES, COMPAT_RULE], { args, onLog: tools.onLog });
        return collectMatch(config, { ...options, ...tools });
      });
    },
  );
}
