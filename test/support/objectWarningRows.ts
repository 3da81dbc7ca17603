import { join } from "node:path";
import { addMapobjects, createExperiment } from "../../src/experiment/index.ts";
import type { WarningRow } from "./warningRow.ts";

const to = (folder: string, name: string) => join(folder, name);

/** Two cells with an area, and one without. */
async function cells(folder: string): Promise<string> {
  const path = join(folder, "screen");
  await using screen = await createExperiment(path);
  const at = [{ geometry: { type: "Point" as const, coordinates: [1, 1] as const } }];
  const measured = [1, 2].map((area) => ({ segmentations: at, features: [{ values: { area } }] }));
  await addMapobjects(screen, { type: "Cells", objects: [...measured, { segmentations: at }] });
  return path;
}

function objects(command: string, folder: string, ...rest: string[]): string[] {
  return ["objects", command, folder, "--type", "Cells", ...rest];
}

/** Of groups and changes of map objects. */
export const OBJECT_ROWS: readonly WarningRow[] = [
  {
    name: "objects cluster: an object without the feature",
    call: async (f) => objects("cluster", await cells(f), "--features", "area", "--clusters", "2"),
    says: /^Cells: 1 object lacks one of the features area: in no group$/,
  },
  {
    name: "objects cluster --undo without --assign",
    call: async (f) => {
      const groups = ["--features", "area", "--clusters", "2", "--undo", to(f, "undo.json")];
      return objects("cluster", await cells(f), ...groups);
    },
    says: /^--undo has no effect here without --assign: nothing is changed$/,
  },
  {
    name: "objects assign: a condition that nothing meets",
    call: async (f) => objects("assign", await cells(f), "--class", "A", "--where", "area>9"),
    says: /^no object of Cells is as said: nothing is changed$/,
  },
  {
    name: "objects remove --undo with --dry-run",
    call: async (f) =>
      objects("remove", await cells(f), "--ids", "1", "--dry-run", "--undo", to(f, "undo.json")),
    says: /^--undo has no effect here with --dry-run: nothing is changed$/,
  },
  {
    name: "objects remove --overwrite without --undo",
    call: async (f) => objects("remove", await cells(f), "--ids", "1", "--overwrite"),
    says: /^--overwrite has no effect here without --undo: no file is written$/,
  },
];
