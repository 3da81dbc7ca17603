import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { FOLDERS } from "./layout.ts";
import { storageError } from "./stateFiles.ts";

/** What the engine calls its files: a batch's number with endings. */
const OURS = /^\d+(\.[A-Za-z0-9_.-]+)?$/;
const OURS_OF_SLURM = /^([A-Za-z0-9_.-]+\.(sh|txt|out)|submissions\.json)(\.[0-9a-f]{12}\.tmp)?$/;
const OURS_AT_TOP = /^step\.json(\.[0-9a-f]{12}\.tmp)?$/;

/**
 * Removes what the engine made in a step's folder, `step.json` first, so that nobody takes the rest for states. What somebody else has put
 * there stays, and with it the folders around it.
 *
 * @returns whether there was any of it; where there was none, nothing is removed
 * @throws {VitrineError} storage
 */
export async function cleanupStep(path: string): Promise<boolean> {
  try {
    const found = await names(path);
    // whatever else the folder is, it is none of ours
    if (!found.some((name) => OURS_AT_TOP.test(name) || isOurFolder(name))) return false;
    for (const name of found) if (OURS_AT_TOP.test(name)) await rm(join(path, name));
    for (const folder of FOLDERS) {
      for (const phase of await names(join(path, folder))) await removeNamed(join(path, folder, phase), OURS);
      await removeEmpty(join(path, folder));
    }
    await removeNamed(join(path, "slurm"), OURS_OF_SLURM);
    await removeEmpty(path);
    return true;
  } catch (error) {
    throw storageError(error, path);
  }
}

function isOurFolder(name: string): boolean {
  return name === "slurm" || FOLDERS.some((folder) => folder === name);
}

async function removeNamed(folder: string, pattern: RegExp): Promise<void> {
  for (const name of await names(folder))
    if (pattern.test(name)) await rm(join(folder, name), { recursive: true, force: true });
  await removeEmpty(folder);
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
}

/** A folder with something in it stays. */
async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error) => {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(error.code)) throw error;
  });
}
