import { type Command, InvalidArgumentError } from "commander";
import { LEOPARD_BATCH_SIZES, type Part, parsePart } from "../match/index.ts";
import {
  addPeakOptions,
  addTiffRows,
  count,
  finite,
  type PeakArguments,
  PLANTED,
  type TiffArguments,
  toPeakOptions,
  toTiffOptions,
} from "./options.ts";

/** Reads `I/N`. */
export function part(text: string): Part {
  try {
    return parsePart(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** The options by which results are chosen and written, shared by `match` and `match-collect`. */
export function addResultOptions(command: Command): Command {
  command.option("--particles <file>", "table of the particles that were found", "particles.csv");
  return addTiffRows(addPeakOptions(command))
    .option("--picture <file.png>", "draw micrograph, z-scores, particles and a histogram side by side")
    .option("--planted <table>", PLANTED)
    .option(
      "--background",
      "z-scores over the micrograph's background: finds templates of high symmetry, whose z-scores vanish without it",
    )
    .option(
      "--correlation-table <file.h5>",
      "keep every correlation above a threshold with its angles, for inspect-peaks; in the place of the configuration's",
    )
    .option(
      "--correlation-threshold <value>",
      "of the correlation table; default: 5.5, as Leopard-EM's",
      finite,
    )
    .option(
      "--correlation-limit <number>",
      "rows of the correlation table at most, the highest (default: 1000000)",
      count,
    )
    .option("--compat", "decode a short last batch of orientations as wrongly as Leopard-EM does")
    .option(
      "--compat-batch <orientations>",
      "the batch that Leopard-EM would use, with --compat",
      count,
      LEOPARD_BATCH_SIZES.method,
    )
    .option("--overwrite", "replace results, checkpoints and parts that are there")
    .option("--json", "print the result as JSON");
}

/** What {@link addResultOptions} parses to. */
export interface ResultArguments extends PeakArguments, TiffArguments {
  readonly particles: string;
  readonly picture?: string;
  readonly planted?: string;
  readonly background?: boolean;
  readonly correlationTable?: string;
  readonly correlationThreshold?: number;
  readonly correlationLimit?: number;
  readonly compat?: boolean;
  readonly compatBatch: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** The library's names of the same options. */
export function toMatchOptions(args: ResultArguments) {
  return {
    ...toPeakOptions(args),
    ...toTiffOptions(args),
    particlesPath: args.particles,
    overwrite: args.overwrite ?? false,
    ...(args.picture !== undefined && { picturePath: args.picture }),
    ...(args.planted !== undefined && { plantedPath: args.planted }),
    ...(args.background && { background: true }),
    ...toTableOptions(args),
    ...(args.compat && { compatBatch: args.compatBatch }),
  };
}

function toTableOptions({ correlationTable, correlationThreshold, correlationLimit }: ResultArguments) {
  return {
    ...(correlationTable !== undefined && { correlationTablePath: correlationTable }),
    ...(correlationThreshold !== undefined && { correlationThreshold }),
    ...(correlationLimit !== undefined && { correlationLimit }),
  };
}
