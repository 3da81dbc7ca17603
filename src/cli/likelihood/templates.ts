import { type Command, Option } from "commander";
import { drawTemplates, makeTemplatesFromInputs, type TemplatesReport } from "../../likelihood/index.ts";
import { count, example, positive } from "../options.ts";
import { report } from "../report.ts";

interface TemplatesArguments {
  readonly params: string;
  readonly map: readonly string[];
  readonly pdb: readonly string[];
  readonly out: string;
  readonly voxelSize?: number;
  readonly picture?: boolean;
  readonly workers?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine templates`. */
export function addTemplates(cli: Command): void {
  const command = cli
    .command("templates")
    .addHelpText(
      "after",
      example("templates --params parameters.npz --map vol.mrc --pdb model.pdb --out templates"),
    )
    .description("make CryoLike's templates of maps and of atoms, seen from all sides")
    .requiredOption("--params <parameters.npz>", "of the images (vitrine parameters writes one)")
    .requiredOption("--out <folder>", "of the templates and their list")
    .addOption(
      new Option("--map <file.mrc...>", "maps, each a cube as large as the box of the images").default(
        [],
        "none",
      ),
    )
    .addOption(
      new Option("--pdb <file...>", "structures, PDB or mmCIF; after the maps in the list").default(
        [],
        "none",
      ),
    )
    .option("--voxel-size <Å>", "of the maps, whatever their headers say", positive)
    .option("--picture", "draw some of the templates and their power spectrum into OUT/plots")
    .option("--workers <number>", "threads; default: Slurm's, the cgroup's or all processors", count)
    .option("--overwrite", "replace templates that are there")
    .option("--json", "print the result as JSON");
  command.action((args: TemplatesArguments) => {
    const inputs = [...args.map, ...args.pdb];
    if (inputs.length === 0)
      command.error("error: required option '--map <file.mrc...>' or '--pdb <file...>' not specified");
    return report({ json: args.json ?? false, text }, ({ signal, onProgress, onLog, onBackend }) => {
      if (args.voxelSize !== undefined && args.map.length === 0)
        onLog("--voxel-size has no effect here without --map", "warning");
      return makeTemplatesFromInputs(inputs, args.params, {
        folderOutput: args.out,
        overwrite: args.overwrite ?? false,
        ...{ signal, onProgress, onLog, onBackend },
        ...(args.workers !== undefined && { workers: args.workers }),
        ...(args.voxelSize !== undefined && { voxelSizeA: args.voxelSize }),
        ...(args.picture && {
          onTemplates: async (made) => {
            await drawTemplates(args.out, made);
          },
        }),
      });
    });
  });
}

function text({ files, list, templates }: TemplatesReport): string {
  return `${files.map((file) => `wrote ${file}: ${templates} templates\n`).join("")}wrote ${list}\n`;
}
