import type { Command } from "commander";
import { collectMatch } from "../match/index.ts";
import { printReport } from "./match.ts";
import { addResultOptions, type ResultArguments, toMatchOptions } from "./options.ts";

/** Adds `vitrine match-collect CONFIG.yaml`. */
export function addMatchCollect(program: Command): void {
  const command = program
    .command("match-collect")
    .description("join the parts of a search (match --part I/N) and write its maps and particles")
    .argument("<config.yaml>", "the configuration of the parts")
    .option("--exact-slices", "as the parts were searched");
  addResultOptions(command).action(
    async (config: string, args: ResultArguments & { exactSlices?: boolean }) => {
      const report = await collectMatch(config, {
        ...toMatchOptions(args),
        exactSlices: args.exactSlices ?? false,
        onLog: (message) => process.stderr.write(`vitrine: ${message}\n`),
      });
      printReport(report, args.json ?? false);
    },
  );
}
