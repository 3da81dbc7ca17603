import type { Command } from "commander";
import { counted } from "../../core/index.ts";
import { openExperiment } from "../../experiment/index.ts";
import { type RegisterReport, registerExperiment } from "../../pyramid/index.ts";
import { count } from "../options.ts";
import { report } from "../report.ts";
import { addCommonOptions, type CommonArguments, type MethodContext } from "./common.ts";

interface RegisterArguments extends CommonArguments {
  readonly channel?: string;
  readonly maxShift?: number;
  readonly workers?: number;
}

/** Adds `register`. */
export function addRegister(methods: Command, context: MethodContext): void {
  const method = methods
    .command("register")
    .description("find where overlapping sites lie, by their images, and store it as their places")
    .option("--channel <name>", "channel by which sites are registered; default: the first")
    .option(
      "--max-shift <pixels>",
      "largest error of the stage between neighbours; default 2.5 % of the side, at least 16",
      count,
    )
    .option("--workers <number>", "threads; default: all processors", count);
  addCommonOptions(method).action((args: RegisterArguments) =>
    report<RegisterReport>({ json: args.json ?? false, text: registerText }, async (tools) => {
      const { database, channel, maxShift: maxShiftPx, workers } = args;
      await using experiment = await openExperiment(
        context.directory,
        database === undefined ? {} : { databaseUrl: database },
      );
      const options = {
        ...(channel !== undefined && { channel }),
        ...(maxShiftPx !== undefined && { maxShiftPx }),
        ...(workers !== undefined && { workers }),
      };
      const { signal, onLog, onBackend } = tools;
      return await registerExperiment(experiment, options, { signal, onLog, onBackend });
    }),
  );
}

function registerText(found: RegisterReport): string {
  const { channel, wells, registered, modelled, overlaps, trusted, largestPx } = found;
  return (
    `${counted(wells, "well")} by ${channel}: ${trusted} of ${counted(overlaps, "overlap")} count; ${counted(registered, "site")} registered, ` +
    `${modelled} by the model of the stage; the largest move is ${largestPx.toFixed(1)} pixels\n`
  );
}
