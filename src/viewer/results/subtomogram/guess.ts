/** Which file is what, where nobody has chosen. */
import type { FolderFacts, VolumeFacts } from "./api.ts";

/** The files that are shown; undefined: there is none of this kind. */
export interface ShownFiles {
  readonly tomogram: VolumeFacts | undefined;
  readonly average: VolumeFacts | undefined;
  readonly table: FolderFacts["tables"][number] | undefined;
}

/** Chosen files by their addresses. */
export interface ChosenFiles {
  readonly tomogram?: string | undefined;
  readonly average?: string | undefined;
  readonly table?: string | undefined;
}

/** The largest volume is the tomogram; the average one that is called so, else the smallest; of tables one with scores comes first. */
export function shownFiles({ volumes, tables }: FolderFacts, chosen: ChosenFiles): ShownFiles {
  const bySize = [...volumes].sort((a, b) => voxelsOf(b) - voxelsOf(a));
  const find = (at: string | undefined) => volumes.find((volume) => volume.at === at);
  const tomogram = find(chosen.tomogram) ?? bySize.at(0);
  const others = bySize.filter((volume) => volume !== tomogram);
  const named = [/average/i, /template|reference/i].map((name) =>
    others.find((other) => name.test(other.name)),
  );
  const average = find(chosen.average) ?? named[0] ?? named[1] ?? others.at(-1);
  const table =
    tables.find(({ at }) => at === chosen.table) ??
    tables.find(({ columns }) => columns.includes("score")) ??
    tables.at(0);
  return { tomogram, average, table };
}

function voxelsOf({ shape }: VolumeFacts): number {
  return shape[0] * shape[1] * shape[2];
}
