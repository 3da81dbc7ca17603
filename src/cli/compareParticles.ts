import type { Command } from "commander";
import { compareParticleTables, type TableComparison } from "../match/index.ts";
import { addForeignTable, example, type ForeignTableArguments, positive, toForeignTable } from "./options.ts";
import { report } from "./report.ts";

interface CompareArguments extends ForeignTableArguments {
  readonly symmetry: string;
  readonly near: number;
  readonly json?: boolean;
}

/** Adds `vitrine compare-particles FOUND.csv PLANTED.csv`. */
export function addCompareParticles(cli: Command): void {
  const command = cli
    .command("compare-particles")
    .addHelpText("after", example("compare-particles particles.csv truth.csv --symmetry O"))
    .description("say what of a table of particles was found in another, and how far off")
    .argument(
      "<found.csv>",
      "table of a search or of a refinement, whose refined values then count, or particles of RELION or cryoSPARC",
    )
    .argument("<planted.csv>", "table of what is there: simulate-micrograph's truth, or another search")
    .option("--symmetry <group>", "of the molecule: C1, D2, T, O, I; views that are alike are the same", "C1")
    .option("--near <pixels>", "farther apart, two particles are not the same", positive, 3);
  addForeignTable(command)
    .option("--json", "print the result as JSON")
    .action((found: string, planted: string, { symmetry, near, json = false, ...args }: CompareArguments) =>
      report({ json, text: comparisonText }, ({ onLog }) =>
        compareParticleTables(found, planted, { symmetry, nearPx: near, ...toForeignTable(args), onLog }),
      ),
    );
}

function comparisonText({ matches, missed, extra }: TableComparison): string {
  const rows = matches.map(({ planted, found, distancePx, angleDeg }) => {
    const place = `x ${planted.posX.toFixed(1).padStart(7)}  y ${planted.posY.toFixed(1).padStart(7)}`;
    const score = Number.isNaN(found.zScore) ? "" : `  z ${found.zScore.toFixed(2).padStart(6)}`;
    return `  ${place}${score}  off by ${distancePx.toFixed(1)} px and ${angleDeg.toFixed(1)}°`;
  });
  const planted = matches.length + missed.length;
  const off = (name: "distancePx" | "angleDeg") => median(matches.map((match) => match[name]));
  return [
    `planted ${planted}, found ${matches.length}, missed ${missed.length}, others ${extra.length}`,
    ...rows,
    ...(matches.length > 0
      ? [
          `half of them are off by at most ${off("distancePx").toFixed(2)} px and ${off("angleDeg").toFixed(2)}°`,
        ]
      : []),
    "",
  ].join("\n");
}

/** The lower one of the two in the middle. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}
