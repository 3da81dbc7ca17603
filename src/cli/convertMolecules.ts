import { type Command, InvalidArgumentError, Option } from "commander";
import { prepareResultFiles } from "../io/index.ts";
import {
  isMoleculeFile,
  MOLECULE_FORMATS,
  type MoleculeFormat,
  type RelionCentre,
  readMolecules,
  writeMolecules,
} from "../subtomogram/index.ts";
import { report } from "./report.ts";

/** What `convert` knows of molecules of tomograms. */
export interface MoleculeArguments {
  readonly molecules?: MoleculeFormat;
  readonly tomogramSize?: readonly [number, number, number];
  readonly tomograms?: string;
  readonly tomogram?: string;
  readonly centre?: RelionCentre;
  readonly motiveList?: string;
  readonly pixelSize?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds what molecules need; their pixel size is `--pixel-size`. */
export function addMoleculeOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--molecules <format>",
        "whose table of molecules OUT becomes; default by its ending (.csv and .parquet acryo, .star relion5, .tbl dynamo, .em av3, .json copick, .mod peet)",
      ).choices([...MOLECULE_FORMATS]),
    )
    .option("--tomogram-size <X,Y,Z>", "molecules: voxels of the tomogram without binning", sizeOf)
    .option("--tomograms <file>", "molecules: RELION's tomograms.star, for pixel sizes and sizes")
    .option("--motive-list <file.csv>", "molecules: PEET's, of a .mod; default: the .csv beside it")
    .option(
      "--tomogram <name>",
      "molecules: the name of their tomogram; of a table of several, those of this one",
    )
    .addOption(
      new Option(
        "--centre <place>",
        "molecules: where RELION 5's coordinates count from; its Python tools and pytom-match-pick use half-minus-one",
      ).choices(["half", "half-minus-one"]),
    );
}

/** Reads voxels of a tomogram. */
export function sizeOf(text: string): [number, number, number] {
  const lengths = text.split(",").map(Number);
  const [x, y, z] = lengths;
  if (lengths.length === 3 && lengths.every((n) => Number.isInteger(n) && n > 0)) return [x, y, z];
  throw new InvalidArgumentError("Expected three whole numbers above 0: 4096,4096,1024.");
}

const TABLES = /\.(csv|pq|parquet|star|tbl|em|json|mod)$/i;

/** Whether what is converted are molecules: said so, or seen in their table. */
export async function isMoleculeConversion(from: string, { molecules }: MoleculeArguments): Promise<boolean> {
  return molecules !== undefined || (TABLES.test(from) && (await isMoleculeFile(from)));
}

/** `vitrine convert` of a table of molecules. */
export function convertMolecules(from: string, to: string, args: MoleculeArguments): Promise<void> {
  const {
    molecules: format,
    pixelSize,
    tomogramSize,
    tomograms,
    tomogram,
    centre,
    motiveList,
    overwrite = false,
    json = false,
  } = args;
  const about = {
    ...(pixelSize !== undefined && { pixelSizeA: pixelSize }),
    ...(tomogramSize !== undefined && { tomogramSize }),
    ...(tomograms !== undefined && { tomograms }),
    ...(centre !== undefined && { centre }),
    ...(motiveList !== undefined && { motiveList }),
  };
  const text = ({ molecules }: { readonly molecules: number }) =>
    `wrote ${to}: ${molecules} molecule${molecules === 1 ? "" : "s"}\n`;
  return report({ json, text }, async ({ onLog }) => {
    const molecules = await readMolecules(from, { ...about, onLog });
    // of PEET's model the list beside it is written too
    const outputs = /\.mod$/i.test(to) ? [to, to.replace(/\.mod$/i, ".csv")] : [to];
    await prepareResultFiles({ inputs: [from], outputs, overwrite });
    const how = {
      ...about,
      ...{ overwrite, onLog },
      ...(format !== undefined && { format }),
      ...(tomogram !== undefined && { tomogram }),
    };
    return { path: to, molecules: await writeMolecules(to, molecules, how) };
  });
}
