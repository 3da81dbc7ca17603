import { fileExists, listFolder, removeFile, removeFolder } from "../../io/index.ts";
import { planSearches } from "../search/configuredSearch.ts";
import type { MatchOptions } from "../search/matchOptions.ts";
import { checkpointPath, type Part, partPath, partsFolder } from "../search/parts.ts";
import { refuseExisting } from "../search/searchRun.ts";
import type { PlannedTarget } from "./manyProgram.ts";

/** The parts of a division. */
export function partsOf(count: number): Part[] {
  return Array.from({ length: count }, (_, i) => ({ index: i + 1, count }));
}

/** Parts and checkpoints of an earlier run are continued, removed or refused as those of `--part` are. @throws {VitrineError} exists */
export async function clearParts(
  planned: PlannedTarget,
  count: number,
  { resume = false, overwrite = false }: Pick<MatchOptions, "resume" | "overwrite">,
): Promise<void> {
  if (resume) return;
  const hint = "Continue with --resume, or start again with --overwrite";
  const message = { expected: "no earlier run", found: "a part of it", hint };
  if (!overwrite) for (const path of await partFiles(planned, count)) await refuseExisting(path, message);
  await removeParts(planned, count);
}

/** Removes the states of a division's parts, and their folder where nothing else is in it. @throws {VitrineError} storage */
export async function removeParts(planned: PlannedTarget, count: number): Promise<void> {
  for (const path of await partFiles(planned, count)) if (await fileExists(path)) await removeFile(path);
  for (const { settings } of await searchesOf(planned)) {
    const folder = partsFolder(settings);
    if ((await listFolder(folder)).length === 0) await removeFolder(folder);
  }
}

async function partFiles(planned: PlannedTarget, count: number): Promise<string[]> {
  return (await searchesOf(planned)).flatMap(({ settings }) =>
    partsOf(count).flatMap((part) => [partPath(settings, part), checkpointPath(settings, part)]),
  );
}

async function searchesOf({ target, options }: PlannedTarget) {
  const { onLog: _, ...quiet } = options;
  return (await planSearches(target.configPath, quiet)).searches;
}
