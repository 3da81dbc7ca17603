import type { Command } from "commander";
import { type PictureReport, redrawMatch } from "../match/index.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import { addTemplateOption } from "./match.ts";
import {
  addPeakOptions,
  addTiffRows,
  count,
  example,
  PEAK_RULES,
  type PeakArguments,
  PLANTED,
  type TiffArguments,
  toPeakOptions,
  toTiffOptions,
} from "./options.ts";
import { report } from "./report.ts";

interface PictureArguments extends PeakArguments, TiffArguments {
  readonly out: string;
  readonly particles: string;
  readonly coarse?: number;
  readonly coarseSamples?: number;
  readonly planted?: string;
  readonly template?: string[];
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** What counts only where a coarse pass is drawn, and what only where the full search is: known once it is. */
const DRAWN_RULES: readonly IdleRule<PictureArguments & { readonly isCoarse: boolean }>[] = [
  {
    options: ["particles", "coarseSamples"],
    isIdle: ({ isCoarse }) => !isCoarse,
    why: "with the maps of the full search, whose particles are chosen anew",
  },
  {
    options: ["maskRadius", "peaks"],
    isIdle: ({ isCoarse }) => isCoarse,
    why: "with a coarse pass, whose particles are those of its table",
  },
];

/** Adds `vitrine picture CONFIG.yaml`. */
export function addPicture(cli: Command): void {
  const command = cli
    .command("picture")
    .addHelpText("after", example("picture config.yaml --out found.png --z-cutoff 8"))
    .description("draw a search again from its finished maps: micrograph, z-scores, particles, histogram")
    .argument("<config.yaml>", "the configuration of the search, whose maps are there")
    .option("--out <file.png>", "the picture", "search.png")
    .option(
      "--coarse <factor>",
      "of the coarse pass, where several were made; default: that whose maps are there, if the full search's are not",
      count,
    )
    .option("--coarse-samples <orientations>", "as they were given to match", count)
    .option("--particles <table>", "of a search with a coarse pass: its particles", "particles.csv")
    .option("--planted <table>", PLANTED);
  addTemplateOption(addTiffRows(addPeakOptions(command)))
    .option("--overwrite", "replace a picture that is there")
    .option("--json", "print the result as JSON")
    .action(async (config: string, args: PictureArguments) => {
      const options = {
        ...toPeakOptions(args),
        ...toTiffOptions(args),
        picturePath: args.out,
        particlesPath: args.particles,
        ...(args.coarse !== undefined && { coarseFactor: args.coarse }),
        ...(args.coarseSamples !== undefined && { samples: args.coarseSamples }),
        overwrite: args.overwrite ?? false,
        ...(args.planted !== undefined && { plantedPath: args.planted }),
        ...(args.template !== undefined && { templates: args.template }),
      };
      const { json = false } = args;
      return report({ json, text: pictureText }, async ({ onLog }) => {
        tellIdle(command, PEAK_RULES, { args, onLog });
        const drawn = await redrawMatch(config, { ...options, onLog });
        const isCoarse = drawn.coarseFactor !== undefined;
        tellIdle(command, DRAWN_RULES, { args: { ...args, isCoarse }, onLog });
        return drawn;
      });
    });
}

function pictureText({ particles, zCutoff, files }: PictureReport): string {
  const lines = [`${particles.length} particles above z ${zCutoff.toFixed(2)}`];
  return [...lines, ...files.map((file) => `wrote ${file}`), ""].join("\n");
}
