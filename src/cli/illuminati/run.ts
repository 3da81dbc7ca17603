import type { Command } from "commander";
import { counted } from "../../core/index.ts";
import { stepLog } from "../../jobs/index.ts";
import type { CollectReport } from "../../pyramid/index.ts";
import { tellIdle } from "../idle.ts";
import { count } from "../options.ts";
import {
  addPlatePicture,
  PICTURE_RULES,
  type PlatePictureArguments,
  picturesText,
  type WrittenPicture,
  writePlatePictures,
} from "../platePicture.ts";
import type { MethodContext } from "./common.ts";
import { addCommonOptions, type CommonArguments, withBuilder } from "./common.ts";

interface RunArguments extends CommonArguments {
  readonly job: number;
  readonly assumeCleanState?: boolean;
}

interface RunResults {
  readonly job: number;
  readonly state: string;
  readonly jobSeconds: number;
}

/** Adds `run`. */
export function addRun(methods: Command, context: MethodContext): void {
  const method = methods
    .command("run")
    .description("run an individual batch job on the local machine")
    .requiredOption("-j, --job <id>", "number of the job", count)
    .option("--assume-clean-state", "assume that previous outputs have been cleaned up");
  const text = ({ job, state, jobSeconds }: RunResults) =>
    `job ${job}: ${state}, ${jobSeconds.toFixed(1)} s\n`;
  addCommonOptions(method).action((args: RunArguments) =>
    withBuilder<RunResults>(context, { args, text }, async (builder, tools) => {
      const { job, assumeCleanState = false } = args;
      const batch = await builder.readBatch(job);
      const { signal, onProgress, onLog } = tools;
      const { state, seconds = 0 } = await builder.runJob(batch, {
        assumeCleanState,
        signal,
        onProgress,
        onLog,
      });
      if (context.verbosity + args.verbosity > 0) onLog(await stepLog(builder.stepPath, batch), "note");
      return { job, state, jobSeconds: seconds };
    }),
  );
}

/** Adds `collect`. */
export function addCollect(methods: Command, context: MethodContext): void {
  const method = methods
    .command("collect")
    .description("join what run jobs leave to layers, and make map objects of plates, wells and sites");
  addPlatePicture(addCommonOptions(method)).action((args: CommonArguments & PlatePictureArguments) => {
    const work = { args, text: collectedText, phase: "collect" } as const;
    return withBuilder<CollectedResults>(context, work, async (builder, tools, experiment) => {
      tellIdle(method, PICTURE_RULES, { args, onLog: tools.onLog });
      const { signal, onProgress, onLog } = tools;
      const collected = await builder.collectJobOutput(undefined, { signal, onProgress, onLog });
      return { ...collected, pictures: await writePlatePictures(experiment, args, tools) };
    });
  });
}

type CollectedResults = CollectReport & { readonly pictures: readonly WrittenPicture[] };

function collectedText(results: CollectedResults): string {
  return collectText(results) + picturesText(results.pictures);
}

/** A line a layer. */
export function collectText({ layers, multiscales }: CollectReport): string {
  const lines = layers.map(({ name, path, tiles }) => `${name}: ${counted(tiles, "tile")}, ${path}\n`);
  return [...lines, ...multiscales.map((path) => `${path}\n`)].join("");
}

/** Adds `cleanup`. */
export function addCleanup(methods: Command, context: MethodContext): void {
  const method = methods
    .command("cleanup")
    .description(
      "clean up the output of a previous submission: layers, jobs, map objects of plates, wells, sites",
    );
  addCommonOptions(method).action((args: CommonArguments) =>
    withBuilder<null>(context, { args, text: () => "" }, async (builder) => {
      await builder.cleanup();
      return null;
    }),
  );
}
