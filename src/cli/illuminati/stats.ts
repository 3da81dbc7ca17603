import { type Command, Option } from "commander";
import { counted } from "../../core/index.ts";
import { openExperiment } from "../../experiment/index.ts";
import { type ChannelIllumination, computeIllumination, ILLUMCORR_MODELS } from "../../pyramid/index.ts";
import { addEngineOptions, type EngineArguments, toEngine } from "../engineOptions.ts";
import { count, notNegative } from "../options.ts";
import { report } from "../report.ts";
import type { MethodContext } from "./common.ts";
import { addCommonOptions, type CommonArguments } from "./common.ts";

interface StatsArguments extends CommonArguments, EngineArguments {
  readonly illumcorrModel: (typeof ILLUMCORR_MODELS)[number];
  readonly dark?: number | string;
  readonly flat?: string;
  readonly images: number;
  readonly ffSites: number;
  readonly channel?: readonly string[];
  readonly resume?: boolean;
}

interface StatsResults {
  readonly channels: readonly ChannelIllumination[];
}

/** Adds `stats`. */
export function addStats(methods: Command, context: MethodContext): void {
  const method = methods
    .command("stats")
    .description(
      "statistics of illumination and intensities of every channel, for --illumcorr and --clip of init",
    )
    .addOption(
      new Option(
        "--illumcorr-model <model>",
        "what is prepared: TissueMAPS' correction, and a flat field after BaSiC, of the median, or of a lab's own maps",
      )
        .choices(ILLUMCORR_MODELS)
        .default("zscore"),
    )
    .option(
      "--dark <value>",
      "what the camera shows without light, for flat fields: a number, or an image of the sites' size",
      darkOf,
    )
    .option(
      "--flat <file>",
      "with --illumcorr-model files: a lab's own image of the light, of the sites' size",
    )
    .option("--images <number>", "images of a channel that are looked at, drawn at random", count, 20_000)
    .option("--ff-sites <number>", "images that a flat field is made of", count, 100)
    .option("--channel <name>", "this channel alone; may be repeated", collected)
    .option("--resume", "go on from an interrupted run");
  addCommonOptions(addEngineOptions(method)).action((args: StatsArguments) => {
    if (args.flat !== undefined && args.illumcorrModel !== "files")
      method.error("error: option --flat needs --illumcorr-model files");
    if (args.illumcorrModel === "files" && (args.flat ?? args.dark) === undefined)
      method.error("error: --illumcorr-model files needs --flat or --dark");
    return report<StatsResults>({ json: args.json ?? false, text: statsText }, async (tools) => {
      const {
        database,
        illumcorrModel: model,
        dark,
        flat,
        images,
        ffSites: flatImages,
        channel,
        resume,
      } = args;
      const where = database === undefined ? {} : { databaseUrl: database };
      await using experiment = await openExperiment(context.directory, { ...where, isReadOnly: true });
      const { signal, onProgress, onLog } = tools;
      const options = {
        ...{ model, images, flatImages, resume: resume ?? false },
        ...(dark !== undefined && { dark }),
        ...(flat !== undefined && { flat }),
        ...(channel !== undefined && { channels: [...channel] }),
      };
      const engine = { engine: toEngine(args), signal, onProgress, onLog };
      return { channels: await computeIllumination(experiment, options, engine) };
    });
  });
}

function darkOf(text: string): number | string {
  return Number.isFinite(Number(text)) && text.trim() !== "" ? notNegative(text) : text;
}

function statsText({ channels }: StatsResults): string {
  return channels
    .map(
      ({ channel, images, models }) =>
        `${channel}: ${counted(images, "image")}; ${models.join(", ") || "no correction"}\n`,
    )
    .join("");
}

function collected(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
