import { type Command, InvalidArgumentError, Option } from "commander";
import { counted } from "../../core/index.ts";
import {
  BLENDINGS,
  CLIP_PERCENT,
  ILLUMCORR_MODELS,
  type IlluminatiBatchInput,
  type InitReport,
  RESAMPLINGS,
} from "../../pyramid/index.ts";
import { count, positive, quality } from "../options.ts";
import type { MethodContext } from "./common.ts";
import {
  addCommonOptions,
  type CommonArguments,
  type MissingSites,
  missingSitesOption,
  withBuilder,
} from "./common.ts";

type Model = (typeof ILLUMCORR_MODELS)[number];

interface InitArguments extends CommonArguments {
  readonly batchSize: number;
  readonly align?: boolean;
  readonly register?: boolean;
  readonly illumcorr?: boolean;
  readonly illumcorrModel?: Model;
  readonly illumcorrExceptions?: readonly string[];
  readonly clip?: boolean;
  readonly clipValue?: number;
  readonly clipPercent?: number;
  readonly quality?: number;
  readonly multiscale?: boolean;
  readonly blend?: (typeof BLENDINGS)[number];
  readonly feather?: number;
  readonly resample?: (typeof RESAMPLINGS)[number];
  readonly missingSites?: MissingSites;
}

/** Adds `init`. */
export function addInit(methods: Command, context: MethodContext): void {
  const method = methods
    .command("init")
    .description("create batches for parallel processing; cleans up the output of previous submissions")
    .option("-b, --batch-size <number>", "image files that are processed per job", count, 100)
    .option("-a, --align", "align images between multiplexing cycles")
    .option("--register", "first find where overlapping sites lie, by their images (see register)")
    .option("-i, --illumcorr", "correct images for illumination artifacts")
    .addOption(
      new Option(
        "--illumcorr-model <model>",
        "how: TissueMAPS' correction (zscore, the default), a flat field after BaSiC or of the median, a lab's own maps",
      ).choices(ILLUMCORR_MODELS),
    )
    .option("--illumcorr-exceptions <names>", "channels that are not corrected: name,name", names)
    .option("-c, --clip", "clip image intensities")
    .option(
      "--clip-value <value>",
      "threshold value at which intensities are clipped, implies --clip (defaults to 99.99th percentile; the set " +
        `value overwrites calculated percentile). So TissueMAPS says; the percentile is in truth ${CLIP_PERCENT}`,
      clipValue,
    )
    .option(
      "--clip-percent <percent>",
      `threshold percentile at which intensities are clipped, with --clip (default: ${CLIP_PERCENT})`,
      percent,
    )
    .option("--quality <number>", "of JPEG tiles, 1 to 100 (default: 95)", quality)
    .option("--multiscale", "let collect write each plate as OME-Zarr 0.5 too, with its full range of values")
    .addOption(
      new Option(
        "--blend <how>",
        "what overlapping sites show: the last of them (default), the one whose end is furthest, or means",
      ).choices(BLENDINGS),
    )
    .option("--feather <px>", "with --blend: pixels from a site's end over which its weight grows", count)
    .addOption(
      new Option(
        "--resample <how>",
        "how sites are moved by fractions of a pixel, as register finds them; round (default) does not",
      ).choices(RESAMPLINGS),
    )
    .addOption(missingSitesOption("default: fail"));
  addCommonOptions(method).action((args: InitArguments) => {
    requireTogether(method, args);
    return withBuilder<InitReport>(context, { args, text: initText, phase: "init" }, (builder, { onLog }) =>
      builder.init(toInput(args, onLog), { onLog }),
    );
  });
}

function toInput(
  {
    verbosity: _,
    database: __,
    json: ___,
    illumcorrExceptions,
    clipPercent,
    feather,
    ...args
  }: InitArguments,
  onLog: (message: string, kind: "warning") => void,
): IlluminatiBatchInput {
  const isOverruled = args.clipValue !== undefined && clipPercent !== undefined;
  if (isOverruled) onLog("--clip-percent has no effect: --clip-value overrides it", "warning");
  return {
    ...args,
    ...(args.clipValue !== undefined && { clip: true }),
    ...(clipPercent !== undefined && !isOverruled && { clipPercent }),
    ...(illumcorrExceptions !== undefined && { illumcorrExceptions: [...illumcorrExceptions] }),
    ...(feather !== undefined && { featherPx: feather }),
  };
}

function requireTogether(method: Command, args: InitArguments): void {
  if (args.clipPercent !== undefined && !args.clip && args.clipValue === undefined)
    method.error("error: option --clip-percent needs --clip");
  if (args.feather !== undefined && (args.blend ?? "last") === "last")
    method.error("error: option --feather needs --blend nearest or --blend linear");
  if (args.illumcorr) return;
  if (args.illumcorrModel !== undefined) method.error("error: option --illumcorr-model needs --illumcorr");
  if (args.illumcorrExceptions !== undefined)
    method.error("error: option --illumcorr-exceptions needs --illumcorr");
}

function initText({ layers, phases }: InitReport): string {
  const jobs = phases.map(({ name, jobs }) => `${jobs} of ${name}`).join(", ");
  return `${counted(layers.length, "layer")}: ${layers.join("; ")}\njobs: ${jobs}, then collect\n`;
}

function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim());
  if (list.every((name) => name !== "")) return list;
  throw new InvalidArgumentError("Expected names with commas between them: DAPI,GFP.");
}

function clipValue(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  throw new InvalidArgumentError("Expected a whole number from 1 to 65535.");
}

function percent(text: string): number {
  const value = positive(text);
  if (value <= 100) return value;
  throw new InvalidArgumentError("Expected a number above 0, at most 100.");
}
