import type { Command } from "commander";
import { estimateMatch, type MatchEstimate, type Part, runMatch, type SearchReport } from "../match/index.ts";
import { abortOnSignals } from "./interrupt.ts";
import {
  addResultOptions,
  addSliceOptions,
  count,
  notNegative,
  part,
  type ResultArguments,
  type SliceArguments,
  toMatchOptions,
  toSliceOptions,
} from "./options.ts";
import { createProgress, durationText } from "./progress.ts";

interface MatchArguments extends ResultArguments, SliceArguments {
  readonly workers?: number;
  readonly part?: Part;
  readonly resume?: boolean;
  readonly checkpoint: number;
  readonly estimate?: boolean;
}

/** Adds `vitrine match CONFIG.yaml`. */
export function addMatch(program: Command): void {
  const command = program
    .command("match")
    .description("search a micrograph for a template: Leopard-EM's match_template on its own configuration")
    .argument("<config.yaml>", "Leopard-EM configuration; its paths are relative to the working directory")
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count)
    .option("--part <I/N>", "search only part I of N, for match-collect", part)
    .option("--resume", "continue after a run that was stopped")
    .option("--checkpoint <seconds>", "time between checkpoints", notNegative, 60)
    .option("--estimate", "print correlations, rate, hours and memory; search nothing");
  addResultOptions(addSliceOptions(command)).action(async (config: string, args: MatchArguments) => {
    const options = {
      ...toMatchOptions(args),
      ...toSliceOptions(args),
      ...(args.workers !== undefined && { workers: args.workers }),
      ...(args.part !== undefined && { part: args.part }),
      resume: args.resume ?? false,
      checkpointSeconds: args.checkpoint,
      onLog: (message: string) => process.stderr.write(`vitrine: ${message}\n`),
    };
    using interrupt = abortOnSignals();
    if (args.estimate) {
      printEstimate(
        await estimateMatch(config, { ...options, signal: interrupt.signal }),
        args.json ?? false,
      );
      return;
    }
    const progress = createProgress();
    try {
      const report = await runMatch(config, {
        ...options,
        signal: interrupt.signal,
        onProgress: progress.show,
      });
      progress.end();
      printReport(report, args.json ?? false);
    } finally {
      progress.end();
    }
  });
}

function printEstimate(estimate: MatchEstimate, asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ ...estimate, backend: "wasm" })}\n`);
    return;
  }
  const { orientations, defocusValues, pixelSizes, correlations, rate, hours, bytes, workers } = estimate;
  process.stdout.write(
    [
      `correlations  ${correlations} (${orientations} orientations x ${defocusValues} defocus values x ${pixelSizes} pixel sizes)`,
      `rate          ${rate.toFixed(1)}/s with ${workers} threads (WASM SIMD)`,
      `time          ${hours.toFixed(2)} h (${durationText(3600 * hours)})`,
      `memory        ${(bytes / 2 ** 30).toFixed(2)} GiB`,
      "",
    ].join("\n"),
  );
}

/** Prints what was found, a line a particle. */
export function printReport(report: SearchReport | null, asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ ...report, backend: "wasm" })}\n`);
    return;
  }
  if (report === null) {
    process.stdout.write("part done; vitrine match-collect joins the parts\n");
    return;
  }
  const { particles, zCutoff, correlations, files } = report;
  const lines = particles.map(({ zScore, x, y, phiDeg, thetaDeg, psiDeg, relativeDefocusA }) => {
    const angles = [phiDeg, thetaDeg, psiDeg].map((angle) => angle.toFixed(1).padStart(6)).join(" ");
    return `  z ${zScore.toFixed(2).padStart(6)}  x ${String(x).padStart(5)}  y ${String(y).padStart(5)}  phi theta psi ${angles}  defocus ${relativeDefocusA.toFixed(0)} Å`;
  });
  process.stdout.write(
    [
      `${particles.length} particles above z ${zCutoff.toFixed(2)} (${correlations} correlations a pixel, WASM SIMD)`,
      ...lines,
      ...files.map((file) => `wrote ${file}`),
      "",
    ].join("\n"),
  );
}
