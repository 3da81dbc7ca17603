import { type Command, InvalidArgumentError, Option } from "commander";
import type { DisplacementOptions, NoisePrior, RunLikelihoodOptions } from "../../likelihood/index.ts";
import { notNegative, numberIn, positive } from "../options.ts";

/** What {@link addComparisonOptions} parses to. */
export interface ComparisonArguments {
  readonly maxDisplacementPixels: number;
  readonly nDisplacements: readonly [number, number];
  readonly noisePrior: NoisePrior;
  readonly whiten?: boolean;
  readonly ctfEnvelope?: boolean;
  readonly ctfAngles?: "rows" | "columns";
  readonly method: "auto" | "compressed" | "exact";
  readonly errorBound: number;
}

/** How particles are compared with templates. */
export function addComparisonOptions(command: Command): Command {
  return command
    .option("--max-displacement-pixels <pixels>", "largest displacement along each axis", notNegative, 8)
    .addOption(
      new Option("--n-displacements <x,y>", "steps along both axes; 1: none")
        .argParser(pair)
        .default([1, 1], "1,1"),
    )
    .option(
      "--noise-prior <prior>",
      "what is believed of the noise: flat-variance (CryoLike), flat-sigma (BioEM), profile, or a known variance",
      noisePrior,
      "flat-variance" as const,
    )
    .option(
      "--whiten",
      "take noise as coloured as the images' mean power per shell, which is written with a picture",
    )
    .option("--ctf-envelope", "multiply CTFs with the B-factor and the scale of the particles' table")
    .addOption(
      new Option(
        "--ctf-angles <axis>",
        "what defocus angles are counted from; default: as the stacks say (RELION's and cryoSPARC's: columns), in CryoLike's own stacks rows",
      ).choices(["rows", "columns"]),
    )
    .addOption(
      new Option(
        "--method <name>",
        "compressed per angular frequency, or exact: whole spectra; auto: what takes less time for as many images",
      )
        .choices(["auto", "compressed", "exact"])
        .default("auto"),
    )
    .option("--error-bound <number>", "largest error of a correlation by compression", positive, 1e-5);
}

/** The lattice of displacements. */
export function displacementOf({
  maxDisplacementPixels,
  nDisplacements: [nDisplacementsX, nDisplacementsY],
}: ComparisonArguments): DisplacementOptions {
  return { maxDisplacementPixels, nDisplacementsX, nDisplacementsY };
}

/** As the library has them. */
export function comparisonChoices(
  args: ComparisonArguments,
): Pick<
  RunLikelihoodOptions,
  "method" | "errorBound" | "noisePrior" | "whiten" | "ctfEnvelope" | "ctfAngles"
> {
  const { method, errorBound, noisePrior: prior, whiten = false, ctfEnvelope = false, ctfAngles } = args;
  return {
    ...{ method, errorBound, noisePrior: prior, whiten, ctfEnvelope },
    ...(ctfAngles !== undefined && { ctfAngles }),
  };
}

/** Reads `5,5`. */
function pair(words: string): readonly [number, number] {
  const numbers = words.split(",").map(numberIn);
  const isRight = numbers.length === 2 && numbers.every((value) => Number.isInteger(value) && value >= 0);
  if (isRight) return [numbers[0], numbers[1]];
  throw new InvalidArgumentError("Expected two whole numbers: 5,5.");
}

/** Reads a name or a variance. */
function noisePrior(words: string): NoisePrior {
  const variance = Number(words);
  if (words === "flat-variance" || words === "flat-sigma" || words === "profile") return words;
  if (variance > 0 && Number.isFinite(variance)) return { variance };
  throw new InvalidArgumentError("Expected flat-variance, flat-sigma, profile, or a variance above 0.");
}
