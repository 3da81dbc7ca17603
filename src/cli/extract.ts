import { type Command, Option } from "commander";
import { type ExtractOptions, extractParticles } from "../match/index.ts";
import { abortOnSignals } from "./interrupt.ts";
import { count } from "./options.ts";

interface ExtractArguments {
  readonly box: number;
  readonly out: string;
  readonly padding: NonNullable<ExtractOptions["padding"]>;
  readonly bounds: NonNullable<ExtractOptions["bounds"]>;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine extract PARTICLES.csv`. */
export function addExtract(program: Command): void {
  program
    .command("extract")
    .description("cut particles out of their micrographs: a stack and a STAR file of RELION")
    .argument("<particles.csv>", "table of a search or of a refinement")
    .requiredOption("--box <pixels>", "side of a box", count)
    .option("--out <file.mrcs>", "the stack; its table lies beside it as .star", "particles.mrcs")
    .addOption(
      new Option("--padding <how>", "what lies outside the micrograph")
        .choices(["constant", "reflect", "replicate"])
        .default("reflect"),
    )
    .addOption(
      new Option("--bounds <how>", "what to do with a box that leaves the micrograph")
        .choices(["pad", "error"])
        .default("pad"),
    )
    .option("--overwrite", "replace results that are there")
    .option("--json", "print the result as JSON")
    .action(async (table: string, args: ExtractArguments) => {
      using interrupt = abortOnSignals();
      const report = await extractParticles(table, {
        boxSize: args.box,
        stackPath: args.out,
        padding: args.padding,
        bounds: args.bounds,
        overwrite: args.overwrite ?? false,
        signal: interrupt.signal,
      });
      const { particles, files } = report;
      const lines = [`${particles} particles`, ...files.map((file) => `wrote ${file}`)];
      process.stdout.write(args.json ? `${JSON.stringify(report)}\n` : `${lines.join("\n")}\n`);
    });
}
