import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type ConvertParticlesOptions,
  convertParticleStacksFromCryosparcJobDirectory,
  convertParticleStacksFromIndexedCryosparcFile,
  convertParticleStacksFromIndexedStarFile,
  convertParticleStacksFromPairedStarAndMrcFiles,
  drawParticles,
  type ParticlesReport,
} from "../../likelihood/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
import { count, example, positive } from "../options.ts";
import { report } from "../report.ts";

interface Downsampling {
  readonly factor: number;
  readonly type: "mean" | "max";
}

interface ParticlesArguments {
  readonly params: string;
  readonly out: string;
  readonly star: readonly string[];
  readonly mrc: readonly string[];
  readonly cs?: string;
  readonly cryosparc?: string;
  readonly job?: number;
  readonly mrcFolder?: string;
  readonly pixelSize?: number;
  readonly batchSize: number;
  readonly nStacksMax?: number;
  readonly downsample?: Downsampling;
  readonly radians?: boolean;
  readonly compat?: boolean;
  readonly picture?: boolean;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine particles`. */
export function addParticles(cli: Command): void {
  const command = cli
    .command("particles")
    .addHelpText(
      "after",
      example("particles --params parameters.npz --star particles.star --mrc particles.mrcs --out particles"),
    )
    .description(
      "convert particles of RELION and cryoSPARC to CryoLike's stacks: images and their transforms on a polar grid",
    )
    .requiredOption("--params <parameters.npz>", "of the images (vitrine parameters writes one)")
    .requiredOption("--out <folder>", "of the stacks")
    .addOption(
      new Option(
        "--star <file.star...>",
        "tables: with --mrc one for each stack, row by row; alone one that names images",
      ).default([], "none"),
    )
    .addOption(
      new Option("--mrc <file.mrcs...>", "stacks of the tables, in the same order").default([], "none"),
    )
    .option("--cs <file.cs>", "particles of cryoSPARC, with the images that it names")
    .option(
      "--cryosparc <folder>",
      "a job that restacked or down-sampled its particles, or the project with it",
    )
    .option("--job <number>", "of the job in the project, with --cryosparc", whole)
    .option(
      "--mrc-folder <folder>",
      "where the images lie that --star or --cs names; default: as they say, or beside",
    )
    .option("--pixel-size <Å>", "of the files; default: as tables, headers or the parameters say", positive)
    .option("--batch-size <number>", "images of a stack", count, 1024)
    .option("--n-stacks-max <number>", "stop after so many stacks", count)
    .option("--downsample <N[:mean|max]>", "make one pixel of N x N, N even", downsampling)
    .option("--radians", "angles of --star with --mrc are radians")
    .option(
      "--compat",
      "as CryoLike: keep the whole table's lists in every stack, and do not say what defocus angles are counted from",
    )
    .option("--picture", "draw some images of every stack, and its power spectrum, into OUT/plots")
    .option("--overwrite", "replace stacks that are there")
    .option("--json", "print the result as JSON");
  command.action((args: ParticlesArguments) => {
    requireOneKind(command, args);
    return report({ json: args.json ?? false, text }, (tools) => {
      tellIdle(command, RULES, { args, onLog: tools.onLog });
      const { signal, onProgress, onLog } = tools;
      return convert(args, { ...toOptions(args), signal, onProgress, onLog });
    });
  });
}

const RULES: readonly IdleRule<ParticlesArguments>[] = [
  { options: ["job"], isIdle: ({ cryosparc }) => cryosparc === undefined, why: "without --cryosparc" },
  {
    options: ["mrcFolder"],
    isIdle: ({ mrc, cryosparc }) => mrc.length > 0 || cryosparc !== undefined,
    why: "where files are named",
  },
  { options: ["radians"], isIdle: ({ mrc }) => mrc.length === 0, why: "without --mrc" },
];

function requireOneKind(command: Command, { star, mrc, cs, cryosparc }: ParticlesArguments): void {
  const kinds = [star.length > 0, cs !== undefined, cryosparc !== undefined].filter(Boolean).length;
  if (kinds === 0)
    command.error(
      "error: required option '--star <file.star...>', '--cs <file.cs>' or '--cryosparc <folder>' not specified",
    );
  if (kinds > 1)
    command.error("error: only one of '--star', '--cs' and '--cryosparc' can be converted at a time");
  if (mrc.length > 0 && star.length !== mrc.length)
    command.error(
      `error: option '--mrc' needs a table of each stack: ${mrc.length} stacks, ${star.length} tables`,
    );
  if (mrc.length === 0 && star.length > 1)
    command.error("error: option '--star' takes several tables with '--mrc' alone");
}

function convert(args: ParticlesArguments, options: ConvertParticlesOptions): Promise<ParticlesReport> {
  const { params, star, mrc, cs, cryosparc, job } = args;
  const indexed = { ...options, ...(args.mrcFolder !== undefined && { mrcFolder: args.mrcFolder }) };
  if (cryosparc !== undefined)
    return convertParticleStacksFromCryosparcJobDirectory(params, cryosparc, {
      ...options,
      ...(job !== undefined && { jobNumber: job }),
    });
  if (cs !== undefined) return convertParticleStacksFromIndexedCryosparcFile(params, cs, indexed);
  if (mrc.length === 0) return convertParticleStacksFromIndexedStarFile(params, star[0], indexed);
  const isDegree = !(args.radians ?? false);
  const angles = { defocusAngleIsDegree: isDegree, phaseShiftIsDegree: isDegree };
  return convertParticleStacksFromPairedStarAndMrcFiles(params, mrc, star, { ...options, ...angles });
}

function toOptions(args: ParticlesArguments): ConvertParticlesOptions {
  return {
    folderOutput: args.out,
    batchSize: args.batchSize,
    overwrite: args.overwrite ?? false,
    compat: args.compat ?? false,
    ...(args.nStacksMax !== undefined && { nStacksMax: args.nStacksMax }),
    ...(args.pixelSize !== undefined && { pixelSizeA: args.pixelSize }),
    ...(args.downsample && {
      downsampleFactor: args.downsample.factor,
      downsampleType: args.downsample.type,
    }),
    ...(args.picture && {
      onStack: async (stack) => {
        await drawParticles(args.out, stack);
      },
    }),
  };
}

/** Reads a whole number of at least 0. */
function whole(given: string): number {
  const value = Number(given);
  if (given.trim() !== "" && Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("Expected a whole number of at least 0.");
}

function downsampling(given: string): Downsampling {
  const [, digits, type = "mean"] = /^(\d+)(?::(mean|max))?$/.exec(given) ?? [];
  const factor = Number(digits);
  if (digits !== undefined && (factor === 1 || (factor > 0 && factor % 2 === 0)))
    return { factor, type: type === "max" ? "max" : "mean" };
  throw new InvalidArgumentError("Expected an even number, alone or with the kind of pooling: 2, 4:max.");
}

function text({ folder, stacks, images }: ParticlesReport): string {
  return `wrote ${stacks} stack${stacks === 1 ? "" : "s"} of ${images} particles to ${folder}\n`;
}
