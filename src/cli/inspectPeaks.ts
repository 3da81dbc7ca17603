import type { Command } from "commander";
import { type InspectReport, inspectPeaks, type PeakReport } from "../match/index.ts";
import { count, example, notNegative } from "./options.ts";
import { report } from "./report.ts";

interface InspectArguments {
  readonly detections?: string;
  readonly picture?: string;
  readonly maskRadius: number;
  readonly limit: number;
  readonly rival: number;
  readonly symmetry: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine inspect-peaks TABLE.h5`. */
export function addInspectPeaks(cli: Command): void {
  cli
    .command("inspect-peaks")
    .addHelpText("after", example("inspect-peaks table.h5 --picture peaks.png --detections all.csv"))
    .description(
      "say how sharp the peaks of a search are in angle, defocus and place, and whether other poses fit",
    )
    .argument("<table.h5>", "correlation table of match --correlation-table, or of Leopard-EM 1.3")
    .option("--picture <file.png>", "draw the best peaks")
    .option("--detections <file.csv>", "every correlation with its angles, defocus and z-score")
    .option("--mask-radius <pixels>", "correlations nearer than this belong to one peak", notNegative, 5)
    .option("--limit <number>", "peaks at most, the best", count, 20)
    .option("--rival <degrees>", "poses farther apart than this are others", notNegative, 15)
    .option("--symmetry <group>", "of the template: C1, D2, T, O, I; views that are alike are the same", "C1")
    .option("--overwrite", "replace results that are there")
    .option("--json", "print the result as JSON")
    .action((table: string, args: InspectArguments) =>
      report({ json: args.json ?? false, text: inspectText }, () =>
        inspectPeaks(table, {
          ...{ maskRadiusPx: args.maskRadius, limit: args.limit, rivalDeg: args.rival },
          ...{ symmetry: args.symmetry, overwrite: args.overwrite ?? false },
          ...(args.detections !== undefined && { detectionsPath: args.detections }),
          ...(args.picture !== undefined && { picturePath: args.picture }),
        }),
      ),
    );
}

function inspectText({ threshold, correlations, peaks, files }: InspectReport): string {
  return [
    `${correlations} correlations above ${threshold.toFixed(2)}, the best ${peaks.length} peaks:`,
    ...peaks.map(peakLine),
    ...files.map((file) => `wrote ${file}`),
    "",
  ].join("\n");
}

function peakLine({ zScore, x, y, phiDeg, thetaDeg, psiDeg, correlations, rival }: PeakReport): string {
  const angles = [phiDeg, thetaDeg, psiDeg].map((angle) => angle.toFixed(1).padStart(6)).join(" ");
  const other =
    rival === null ? "" : `, another pose at ${rival.angleDeg.toFixed(0)}° with z ${rival.zScore.toFixed(2)}`;
  return `  z ${zScore.toFixed(2).padStart(6)}  x ${String(x).padStart(5)}  y ${String(y).padStart(5)}  phi theta psi ${angles}  ${correlations} correlations${other}`;
}
