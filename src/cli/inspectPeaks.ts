import type { Command } from "commander";
import { identifyFile } from "../io/index.ts";
import {
  type InspectParticlesReport,
  type InspectReport,
  inspectParticles,
  inspectPeaks,
  inspectScores,
  type PeakReport,
  type PoseReport,
} from "../match/index.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import {
  addForeignTable,
  addTiffRows,
  count,
  example,
  type ForeignTableArguments,
  notNegative,
  type TiffArguments,
  toForeignTable,
  toTiffOptions,
} from "./options.ts";
import { type CommandTools, report } from "./report.ts";

interface InspectArguments extends TiffArguments, ForeignTableArguments {
  readonly detections?: string;
  readonly picture?: string;
  readonly maskRadius: number;
  readonly limit: number;
  readonly rival: number;
  readonly symmetry: string;
  readonly scores: string;
  readonly rings?: boolean;
  readonly frames?: boolean;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** What is given: a correlation table, scores of poses, or a refinement's configuration. */
type Given = "table" | "scores" | "config";

const NO_CONFIG: IdleRule<InspectArguments> = {
  options: ["scores", "rings", "frames", "workers", "tiffRows", "pixelSize", "invertY"],
  isIdle: () => true,
  why: "without the configuration of a refinement",
};

const NO_TABLE: IdleRule<InspectArguments> = {
  options: ["detections", "picture", "maskRadius", "rival", "symmetry"],
  isIdle: () => true,
  why: "without a correlation table",
};

/** Options of one kind of input alone. */
const RULES: Readonly<Record<Given, readonly IdleRule<InspectArguments>[]>> = {
  table: [NO_CONFIG],
  scores: [NO_CONFIG, NO_TABLE],
  config: [NO_TABLE],
};

/** Adds `vitrine inspect-peaks TABLE.h5 | SCORES.npz | REFINE.yaml`. */
export function addInspectPeaks(cli: Command): void {
  const command = cli
    .command("inspect-peaks")
    .addHelpText("after", example("inspect-peaks table.h5 --picture peaks.png --detections all.csv"))
    .description(
      "say how sharp the peaks of a search are in angle, defocus and place, and whether other poses fit",
    )
    .argument(
      "<table.h5|refine.yaml|scores.npz>",
      "correlation table of match --correlation-table, or of Leopard-EM 1.3; the configuration of a refinement, all of whose poses are scored and kept; such scores",
    )
    .option("--picture <file.png>", "draw the best peaks of a table")
    .option("--detections <file.csv>", "every correlation of a table with its angles, defocus and z-score")
    .option("--mask-radius <pixels>", "correlations nearer than this belong to one peak", notNegative, 5)
    .option("--limit <number>", "peaks or particles at most, the best", count, 20)
    .option("--rival <degrees>", "poses farther apart than this are others", notNegative, 15)
    .option("--symmetry <group>", "of the template: C1, D2, T, O, I; views that are alike are the same", "C1")
    .option("--scores <file.npz>", "where all scores of a configuration's poses go", "peak_scores.npz")
    .option("--rings", "score poses by Fourier ring correlations, for boxes as large as the template")
    .option("--frames", "score each frame of the configuration's movie by itself (frame_inspection)")
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count);
  addForeignTable(addTiffRows(command))
    .option("--overwrite", "replace results that are there")
    .option("--json", "print the result as JSON")
    .action(async (path: string, args: InspectArguments) => {
      const { json = false } = args;
      const given = await givenAs(path);
      const tell = ({ onLog }: CommandTools) => tellIdle(command, RULES[given], { args, onLog });
      if (given === "table")
        return report({ json, text: inspectText }, (tools) => {
          tell(tools);
          return inspectPeaks(path, { ...tableOptions(args), onLog: tools.onLog });
        });
      const text = (found: InspectParticlesReport) => posesText(found, args.limit);
      return report({ json, text }, (tools) => {
        tell(tools);
        return given === "scores"
          ? inspectScores(path)
          : inspectParticles(path, { ...particleOptions(args), ...tools });
      });
    });
}

async function givenAs(path: string): Promise<Given> {
  if (/\.(h5|hdf5|hdf)$/i.test(path)) return "table";
  const kind = await identifyFile(path);
  if (kind === "npz") return "scores";
  return kind === "yaml" || kind === "json" || kind === "text" ? "config" : "table";
}

function tableOptions(args: InspectArguments) {
  return {
    ...{ maskRadiusPx: args.maskRadius, limit: args.limit, rivalDeg: args.rival },
    ...{ symmetry: args.symmetry, overwrite: args.overwrite ?? false },
    ...(args.detections !== undefined && { detectionsPath: args.detections }),
    ...(args.picture !== undefined && { picturePath: args.picture }),
  };
}

function particleOptions(args: InspectArguments) {
  return {
    ...toTiffOptions(args),
    ...toForeignTable(args),
    scoresPath: args.scores,
    mode: args.rings ? ("frc" as const) : ("cross_correlation" as const),
    perFrame: args.frames ?? false,
    overwrite: args.overwrite ?? false,
    ...(args.workers !== undefined && { workers: args.workers }),
  };
}

function posesText({ mode, shape, particles, files }: InspectParticlesReport, limit: number): string {
  const best = [...particles].sort((a, b) => b.score - a.score).slice(0, limit);
  const what = mode === "frc" ? "ring correlations" : "correlations";
  return [
    `${shape.join(" x ")} ${what}, the best ${best.length} of ${particles.length} particles:`,
    ...best.map(poseLine),
    ...files.map((file) => `wrote ${file}`),
    "",
  ].join("\n");
}

function poseLine(pose: PoseReport): string {
  const { particle, score, given, shiftPx, defocusOffsetA, frames } = pose;
  const angles = anglesText(pose);
  const before = given === null ? "" : ` (${given.toFixed(2)} as given)`;
  const moved = shiftPx === null ? "" : `, moved by x ${shiftPx[1]} y ${shiftPx[0]}`;
  const each = frames === null ? "" : `, frames ${frames.map((value) => value.toFixed(2)).join(" ")}`;
  return `  ${String(particle).padStart(5)}  ${score.toFixed(2).padStart(6)}${before}  phi theta psi ${angles}  defocus ${defocusOffsetA.toFixed(0)} Å${moved}${each}`;
}

function anglesText({
  phiDeg,
  thetaDeg,
  psiDeg,
}: Pick<PoseReport, "phiDeg" | "thetaDeg" | "psiDeg">): string {
  return [phiDeg, thetaDeg, psiDeg].map((angle) => angle.toFixed(1).padStart(6)).join(" ");
}

function inspectText({ threshold, correlations, peaks, files }: InspectReport): string {
  return [
    `${correlations} correlations above ${threshold.toFixed(2)}, the best ${peaks.length} peaks:`,
    ...peaks.map(peakLine),
    ...files.map((file) => `wrote ${file}`),
    "",
  ].join("\n");
}

function peakLine(peak: PeakReport): string {
  const { zScore, x, y, correlations, rival } = peak;
  const angles = anglesText(peak);
  const other =
    rival === null ? "" : `, another pose at ${rival.angleDeg.toFixed(0)}° with z ${rival.zScore.toFixed(2)}`;
  return `  z ${zScore.toFixed(2).padStart(6)}  x ${String(x).padStart(5)}  y ${String(y).padStart(5)}  phi theta psi ${angles}  ${correlations} correlations${other}`;
}
