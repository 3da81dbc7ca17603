import { type Command, InvalidArgumentError, Option } from "commander";
import type { Shape2 } from "../core/index.ts";
import { runSimulateMicrograph, type SimulationOptions, type SimulationReport } from "../match/index.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import { count, example, finite, fraction, notNegative, positive } from "./options.ts";
import { report } from "./report.ts";

interface MicrographArguments {
  readonly out: string;
  readonly truth: string;
  readonly config?: string;
  readonly size: Shape2;
  readonly particles: number;
  readonly distance?: number;
  readonly pixelSize?: number;
  readonly dose: number;
  readonly zScore?: number;
  readonly defocus: number;
  readonly defocusV?: number;
  readonly astigmatismAngle: number;
  readonly defocusSpread: number;
  readonly voltage: number;
  readonly cs: number;
  readonly amplitudeContrast: number;
  readonly phaseShift: number;
  readonly bFactor: number;
  readonly symmetry: string;
  readonly psiStep: number;
  readonly thetaStep: number;
  readonly seed: number;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine simulate-micrograph MAP.mrc`. */
export function addSimulateMicrograph(cli: Command): void {
  const command = cli
    .command("simulate-micrograph")
    .addHelpText(
      "after",
      example("simulate-micrograph template.mrc --out micrograph.mrc --defocus 8000 --config config.yaml"),
    )
    .description(
      "make a micrograph of a map: particles from a seed, the microscope's CTF, noise, and the truth",
    )
    .argument("<map.mrc>", "a cube, in volts as simulate-map writes it")
    .requiredOption("--out <file.mrc>", "the micrograph")
    .requiredOption(
      "--defocus <Å>",
      "underfocus; with --defocus-v the one along --astigmatism-angle",
      finite,
    );
  addContents(command);
  addMicroscope(command);
  addSearch(command)
    .option("--seed <number>", "of places, orientations and noise", wholeNumber, 1)
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count)
    .option("--overwrite", "replace files that are there")
    .option("--json", "print the result as JSON")
    .action((map: string, args: MicrographArguments) =>
      report(
        { json: args.json ?? false, text: (simulated: SimulationReport) => describe(simulated, args) },
        (tools) => {
          tellIdle(command, RULES, { args, onLog: tools.onLog });
          return runSimulateMicrograph(map, { ...toOptions(args), ...tools });
        },
      ),
    );
}

/** What is in the micrograph and how noisy it is. */
function addContents(command: Command): Command {
  return command
    .option("--truth <file.csv>", "table of what was planted, in the columns of a search", "truth.csv")
    .addOption(
      new Option("--size <HxW>", "height and width in pixels").argParser(size).default([512, 512], "512x512"),
    )
    .option("--particles <number>", "how many", wholeNumber, 10)
    .option("--distance <pixels>", "smallest distance of two particles; default: the box", notNegative)
    .option("--pixel-size <Å>", "of map and micrograph, in place of what the map's file says", positive)
    .option("--dose <e/Å²>", "electrons that arrive: Poisson noise", positive, 40)
    .addOption(
      new Option(
        "--z-score <sigma>",
        "white noise instead, in which a perfect filter gives particles this z-score",
      )
        .argParser(positive)
        .conflicts("dose"),
    );
}

function addMicroscope(command: Command): Command {
  return command
    .option("--defocus-v <Å>", "underfocus across --astigmatism-angle; default: no astigmatism", finite)
    .option("--astigmatism-angle <degrees>", "from the x axis", finite, 0)
    .option("--defocus-spread <Å>", "particles lie up to so much higher or lower", notNegative, 0)
    .option("--voltage <kV>", "of the microscope", positive, 300)
    .option("--cs <mm>", "spherical aberration", notNegative, 2.7)
    .option("--amplitude-contrast <fraction>", "0 to 1", fraction, 0.07)
    .option("--phase-shift <degrees>", "of a phase plate", finite, 0)
    .option("--b-factor <Å²>", "of the micrograph: an envelope exp(-B k²/4)", notNegative, 0);
}

function addSearch(command: Command): Command {
  return command
    .option("--config <file.yaml>", "write the configuration of a search, for vitrine match")
    .option("--symmetry <group>", "of the map, for --config: C1, D2, T, O, I", "C1")
    .option("--psi-step <degrees>", "for --config", positive, 1.5)
    .option("--theta-step <degrees>", "for --config", positive, 2.5);
}

function size(text: string): Shape2 {
  const [, height, width = height] = /^(\d+)(?:[x×](\d+))?$/.exec(text) ?? [];
  if (height === undefined) throw new InvalidArgumentError("Expected height and width, such as 512x640.");
  return [count(height), count(width)];
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("Expected a whole number of at least 0.");
}

const RULES: readonly IdleRule<MicrographArguments>[] = [
  {
    options: ["symmetry", "psiStep", "thetaStep"],
    isIdle: ({ config }) => config === undefined,
    why: "without --config",
  },
  {
    options: ["astigmatismAngle"],
    isIdle: ({ defocusV }) => defocusV === undefined,
    why: "without --defocus-v",
  },
];

function toOptions(args: MicrographArguments): SimulationOptions {
  return {
    micrographPath: args.out,
    truthPath: args.truth,
    ...(args.config !== undefined && { configPath: args.config }),
    shape: args.size,
    count: args.particles,
    ...(args.distance !== undefined && { distancePx: args.distance }),
    ...(args.pixelSize !== undefined && { pixelSizeA: args.pixelSize }),
    noise:
      args.zScore === undefined
        ? { kind: "dose", dosePerA2: args.dose }
        : { kind: "white", zScore: args.zScore },
    defocusUA: args.defocus,
    defocusVA: args.defocusV ?? args.defocus,
    astigmatismAngleDeg: args.astigmatismAngle,
    defocusSpreadA: args.defocusSpread,
    voltageKv: args.voltage,
    sphericalAberrationMm: args.cs,
    amplitudeContrast: args.amplitudeContrast,
    phaseShiftDeg: args.phaseShift,
    bFactorA2: args.bFactor,
    symmetry: args.symmetry,
    psiStepDeg: args.psiStep,
    thetaStepDeg: args.thetaStep,
    seed: args.seed,
    overwrite: args.overwrite ?? false,
    ...(args.workers !== undefined && { workers: args.workers }),
  };
}

function describe({ particles, zScore, files }: SimulationReport, args: MicrographArguments): string {
  const noise = args.zScore === undefined ? `${args.dose} electrons/Å²` : "white noise";
  return [
    `${particles.length} particles in ${args.size.join(" x ")} pixels, ${noise}; a perfect filter would give them z ${zScore.toFixed(1)}`,
    ...files.map((file) => `wrote ${file}`),
    "",
  ].join("\n");
}
