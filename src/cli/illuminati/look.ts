import { type Command, Option } from "commander";
import { VitrineError } from "../../core/index.ts";
import { formatYaml, readText } from "../../io/index.ts";
import { type StepInfo, stepInfo, stepLog } from "../../jobs/index.ts";
import { count } from "../options.ts";
import type { MethodContext } from "./common.ts";
import { addCommonOptions, type CommonArguments, jobsText, logFile, withBuilder } from "./common.ts";

interface LookArguments extends CommonArguments {
  readonly phase?: "collect" | "init" | "run";
  readonly job?: number;
}

/** Adds `info`. */
export function addInfo(methods: Command, context: MethodContext): void {
  const method = methods
    .command("info")
    .description("how far jobs are; with --phase the description of a job")
    .addOption(
      new Option("-p, --phase <phase>", "phase to which the job belongs").choices(["collect", "run"]),
    )
    .option("-j, --job <id>", "with --phase run: number of the job", count);
  addCommonOptions(method).action((args: LookArguments) => {
    requireJob(method, args);
    if (args.phase === undefined)
      return withBuilder<StepInfo>(context, { args, text: jobsText }, async (builder) => {
        await builder.placeOf(1);
        return stepInfo(builder.stepPath);
      });
    return withBuilder<object>(context, { args, text: formatYaml }, async (builder) =>
      args.job === undefined ? await builder.readCollectBatch() : await builder.readBatch(args.job),
    );
  });
}

/** Adds `log`. */
export function addLog(methods: Command, context: MethodContext): void {
  const method = methods
    .command("log")
    .description("print the log output of a job")
    .addOption(
      new Option("-p, --phase <phase>", "phase to which the job belongs")
        .choices(["collect", "init", "run"])
        .makeOptionMandatory(),
    )
    .option("-j, --job <id>", "with --phase run: number of the job", count);
  addCommonOptions(method).action((args: LookArguments) => {
    requireJob(method, args);
    return withBuilder<{ readonly log: string }>(
      context,
      { args, text: ({ log }) => log },
      async (builder) => {
        if (args.job !== undefined)
          return { log: await jobLog(builder.stepPath, await builder.placeOf(args.job)) };
        const phase = args.phase === "init" ? "init" : "collect";
        return { log: await phaseLog(context.directory, phase) };
      },
    );
  });
}

async function jobLog(path: string, place: Parameters<typeof stepLog>[1]): Promise<string> {
  return (await stepLog(path, place)) || "it has not begun\n";
}

async function phaseLog(directory: string, phase: "init" | "collect"): Promise<string> {
  try {
    return await readText(logFile(directory, phase));
  } catch (error) {
    if (error instanceof VitrineError && error.code === "missing") return "it has not run\n";
    throw error;
  }
}

/** A job has a number in the phase run, and only there. */
function requireJob(method: Command, { phase, job }: LookArguments): void {
  if (phase === "run" && job === undefined) method.error("error: --phase run needs --job <id>");
  if (phase !== "run" && job !== undefined) method.error("error: option --job needs --phase run");
}
