import type { Command } from "commander";
import { type RefineReport, runRefine } from "../match/index.ts";
import { abortOnSignals } from "./interrupt.ts";
import {
  addRefineOptions,
  addSliceOptions,
  type RefineArguments,
  type SliceArguments,
  toRefineOptions,
  toSliceOptions,
} from "./options.ts";
import { createProgress } from "./progress.ts";

/** Adds `vitrine refine CONFIG.yaml`. */
export function addRefine(program: Command): void {
  const command = program
    .command("refine")
    .description("refine found particles: Leopard-EM's refine_template on its own configuration")
    .argument("<config.yaml>", "Leopard-EM configuration; its paths are relative to the working directory")
    .option("--particles <file>", "table of the refined particles", "refined_particles.csv")
    .option("--whole-disc", "tilt about every axis; Leopard-EM's offsets tilt about those near y alone");
  addSliceOptions(addRefineOptions(command, 32)).action(
    async (config: string, args: RefineArguments & SliceArguments & { wholeDisc?: boolean }) => {
      using interrupt = abortOnSignals();
      const progress = createProgress();
      try {
        const report = await runRefine(config, {
          ...toRefineOptions(args),
          ...toSliceOptions(args),
          wholeDisc: args.wholeDisc ?? false,
          signal: interrupt.signal,
          onProgress: progress.show,
        });
        progress.end();
        printRefined(report, args.json ?? false);
      } finally {
        progress.end();
      }
    },
  );
}

function printRefined(report: RefineReport, asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ ...report, backend: "wasm" })}\n`);
    return;
  }
  const { particles, correlations, files } = report;
  const lines = [
    `${particles.length} particles refined (${correlations} correlations, WASM SIMD)`,
    ...particles.map(particleLine),
    ...files.map((file) => `wrote ${file}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** One particle as a line of text. */
export function particleLine(particle: RefineReport["particles"][number], index: number): string {
  const { zScore, shiftX, shiftY, phiDeg, thetaDeg, psiDeg } = particle;
  const angles = [phiDeg, thetaDeg, psiDeg].map((angle) => angle.toFixed(2).padStart(7)).join(" ");
  return `  ${String(index).padStart(4)}  z ${zScore.toFixed(2).padStart(6)}  shift x ${String(shiftX).padStart(3)} y ${String(shiftY).padStart(3)}  phi theta psi ${angles}`;
}
