import type { Command } from "commander";
import { counted } from "../../core/index.ts";
import { openExperiment } from "../../experiment/index.ts";
import { type AlignReport, alignExperiment } from "../../pyramid/index.ts";
import { addEngineOptions, type EngineArguments, toEngine } from "../engineOptions.ts";
import { notNegative } from "../options.ts";
import { report } from "../report.ts";
import { addCommonOptions, type CommonArguments, type MethodContext } from "./common.ts";

interface AlignArguments extends CommonArguments, EngineArguments {
  readonly refCycle: number;
  readonly channel?: string;
}

/** Adds `align`. */
export function addAlign(methods: Command, context: MethodContext): void {
  const method = methods
    .command("align")
    .description("find the shifts of sites between multiplexing cycles, for --align of init")
    .option("--ref-cycle <index>", "cycle that others are moved onto, from 0", notNegative, 0)
    .option(
      "--channel <name>",
      "wavelength or name of the channel that all cycles have; default: that of the reference cycle's first",
    );
  addCommonOptions(addEngineOptions(method)).action((args: AlignArguments) =>
    report<AlignReport>({ json: args.json ?? false, text: alignText }, async (tools) => {
      const { database, refCycle: referenceCycle, channel } = args;
      await using experiment = await openExperiment(
        context.directory,
        database === undefined ? {} : { databaseUrl: database },
      );
      const { signal, onProgress, onLog } = tools;
      const options = { referenceCycle, ...(channel !== undefined && { channel }) };
      return await alignExperiment(experiment, options, {
        engine: toEngine(args),
        signal,
        onProgress,
        onLog,
      });
    }),
  );
}

function alignText({ wells, registered, modelled, largestPx }: AlignReport): string {
  return `${counted(wells, "well")}: ${counted(registered, "shift")} found, ${modelled} as the others of their well; the largest is ${counted(largestPx, "pixel")}\n`;
}
