import { type Command, Option } from "commander";
import { fromIndividualValues, type IndividualValues, writeImageDescriptor } from "../../likelihood/index.ts";
import { type IdleRule, tellIdle } from "../idle.ts";
import { count, example, positive } from "../options.ts";
import { report } from "../report.ts";

interface ParametersArguments {
  readonly pixelSize: number;
  readonly pixels: number;
  readonly precision: "single" | "double";
  readonly resolutionFactor: number;
  readonly viewingDistance?: number;
  readonly inplanes?: number;
  readonly atomRadius?: number;
  readonly atomSelection: string;
  readonly residues: boolean;
  readonly atomShape: "gaussian" | "hard-sphere";
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

const RULES: readonly IdleRule<ParametersArguments>[] = [
  {
    options: ["atomRadius", "atomSelection"],
    isIdle: ({ residues }) => residues,
    why: "without --no-residues",
  },
];

/** Adds `vitrine parameters`. */
export function addParameters(cli: Command): void {
  const command = cli
    .command("parameters")
    .addHelpText("after", example("parameters parameters.npz --pixels 128 --pixel-size 1.5"))
    .description(
      "write CryoLike's parameters.npz: what images and templates must agree in, and how templates are made",
    )
    .argument("<parameters.npz>", "the file")
    .requiredOption("--pixels <number>", "of each side of the images, after down-sampling", count)
    .requiredOption("--pixel-size <Å>", "of the images, after down-sampling", positive)
    .option("--resolution-factor <factor>", "1: up to the Nyquist frequency", positive, 1)
    .option(
      "--viewing-distance <distance>",
      "of neighbouring views on the unit sphere, times 2π; default 1 / 4π / the factor",
      positive,
    )
    .option("--inplanes <number>", "angles of every shell, even; default twice the pixels", count)
    .addOption(
      new Option("--precision <bits>", "of numbers in files").choices(["single", "double"]).default("single"),
    )
    .option("--no-residues", "take atoms with --atom-radius, not CA atoms with the radius of their residue")
    .option("--atom-radius <Å>", "of all atoms, with --no-residues", positive)
    .option(
      "--atom-selection <words>",
      "which atoms, with --no-residues: name CA, protein, all, not resname HOH",
      "name CA",
    )
    .addOption(
      new Option("--atom-shape <shape>", "of atoms and residues")
        .choices(["gaussian", "hard-sphere"])
        .default("gaussian"),
    )
    .option("--overwrite", "replace the file if it is there")
    .option("--json", "print the result as JSON")
    .action((path: string, args: ParametersArguments) =>
      report({ json: args.json ?? false, text }, async ({ onLog }) => {
        const descriptor = fromIndividualValues(args.pixels, args.pixelSize, toValues(args));
        if (!args.residues && args.atomRadius === undefined)
          onLog(
            "without residues and without --atom-radius, these parameters make no templates of atoms",
            "warning",
          );
        tellIdle(command, RULES, { args, onLog });
        await writeImageDescriptor(path, descriptor, { overwrite: args.overwrite ?? false });
        const { nShells, nInplanes, radiusMax } = descriptor.polarGrid;
        const [boxSizeA] = descriptor.boxSizeA;
        return {
          path,
          ...{ boxSizeA, resolutionA: boxSizeA / (2 * radiusMax) },
          ...{ shells: nShells, inplanes: nInplanes, templates: descriptor.viewingAngles.count },
        };
      }),
    );
}

function toValues(args: ParametersArguments): IndividualValues {
  return {
    precision: args.precision,
    resolutionFactor: args.resolutionFactor,
    useProteinResidueModel: args.residues,
    atomSelection: args.atomSelection,
    atomShape: args.atomShape,
    ...(args.viewingDistance !== undefined && { viewingDistance: args.viewingDistance }),
    ...(args.inplanes !== undefined && { nInplanes: args.inplanes }),
    ...(args.atomRadius !== undefined && { atomRadiiA: args.atomRadius }),
  };
}

interface ParametersReport {
  readonly path: string;
  readonly boxSizeA: number;
  readonly resolutionA: number;
  readonly shells: number;
  readonly inplanes: number;
  readonly templates: number;
}

function text({ path, boxSizeA, resolutionA, shells, inplanes, templates }: ParametersReport): string {
  const resolution = Number(resolutionA.toPrecision(4));
  return `wrote ${path}: box ${boxSizeA} Å, to ${resolution} Å, ${shells} shells of ${inplanes} angles, ${templates} views\n`;
}
