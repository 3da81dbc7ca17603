import {
  canonicalPath,
  fileExists,
  folderExists,
  makeFolder,
  openFile,
  removeFile,
  renameFile,
  writeFileAtomic,
} from "#files";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../core/index.ts";

/** What a program reads and writes. */
export interface ResultPlaces {
  /** Files that it reads; no result may fall on one of them. */
  readonly inputs: readonly string[];
  /** Every file that it may write. */
  readonly outputs: readonly string[];
  /** Replace results that are there. */
  readonly overwrite: boolean;
  /** What a user can do about a result that is there; default: that `--overwrite` allows it. */
  readonly hint?: string;
}

const KEYS: OptionKeys<ResultPlaces> = { inputs: true, outputs: true, overwrite: true, hint: true };

/**
 * Refuses results that would replace files, fall on an input or on each other, or that could not be written; makes missing
 * folders. What fails here would else fail after the work.
 *
 * @throws {VitrineError} exists: names the file and how to allow it, or two files of one name; storage: a folder in the place of a
 *   result, or one that cannot be written to
 */
export async function prepareResultFiles(places: ResultPlaces): Promise<void> {
  requireKnownOptions("prepareResultFiles", places, KEYS);
  const { inputs, outputs, overwrite, hint } = places;
  await requireDistinct(outputs, [...new Set(inputs)]);
  const probed = new Set<string>();
  for (const path of outputs) {
    if (await fileExists(path)) await requireReplaceable(path, overwrite, hint);
    const folder = /^(.*)[/\\][^/\\]*$/.exec(path)?.[1] ?? "";
    if (folder !== "") await makeFolder(folder);
    if (!probed.has(folder)) await probe(path);
    probed.add(folder);
  }
}

/** A result must not fall on an input or on another result, whatever their paths say. */
async function requireDistinct(results: readonly string[], inputs: readonly string[]): Promise<void> {
  const paths = await Promise.all([...inputs, ...results].map(canonicalPath));
  const twin = paths.findIndex((path, i) => i >= inputs.length && paths.indexOf(path) < i);
  if (twin < 0) return;
  const found = paths.indexOf(paths[twin]) < inputs.length ? "an input" : "two results";
  const at = results[twin - inputs.length];
  throw new VitrineError({ code: "exists", at, expected: "one result of this name", found });
}

async function requireReplaceable(
  at: string,
  overwrite: boolean,
  hint = "Allow it with --overwrite, or choose another path",
): Promise<void> {
  if (await folderExists(at)) {
    const folder = { expected: "a file", found: "a folder", hint: "Name a file in it" };
    throw new VitrineError({ code: "storage", at, ...folder });
  }
  if (!overwrite)
    throw new VitrineError({ code: "exists", at, expected: "no file of this name", found: "one", hint });
  const file = await openFile(at); // no device
  await file.close();
}

/** Writes and removes an empty file, so that a folder without permission is known before the work and not after it. */
async function probe(path: string): Promise<void> {
  const temporary = `${path}.${runName()}.unfinished`;
  await inItsName(path, temporary, () => writeFileAtomic(temporary, new Uint8Array(0), { overwrite: true }));
  await removeFile(temporary);
}

/** A user knows a result by its own name, not by the one that it has until all are written. */
async function inItsName(path: string, temporary: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof VitrineError) || !error.fault.at.startsWith(temporary)) throw error;
    const at = path + error.fault.at.slice(temporary.length);
    throw new VitrineError({ ...error.fault, at }, { cause: error.cause });
  }
}

/** Tells the temporary files of one run from those of another that writes to the same places. */
function runName(): string {
  return crypto.randomUUID().slice(0, 8);
}

/** Results of one run, which come to their places together. */
export interface ResultFiles {
  /**
   * Writes one of them beside its place.
   *
   * @param write  gets a temporary path, where nothing is
   */
  write(path: string, write: (temporary: string) => Promise<void>): Promise<void>;
}

/** The names that a result has in time. */
interface Names {
  readonly path: string;
  /** Until all are written. */
  readonly unfinished: string;
  /** Of what it replaces, until all are in their places. */
  readonly replaced: string;
}

/**
 * Runs `write`, whose results have temporary names (`.unfinished`) first, so that a full disk or an abort leaves nothing half-written;
 * then renames all of them. Where anything fails, a rename too, none is there and what they should have replaced is back.
 *
 * A process that is killed leaves none of the results as well, unless in the moment of the renames: no file system renames several files
 * at once. Each result is whole even then.
 */
export async function writeTogether<T>(write: (results: ResultFiles) => Promise<T>): Promise<T> {
  const run = runName();
  const files: Names[] = [];
  const results: ResultFiles = {
    async write(path, writeOne) {
      const unfinished = `${path}.${run}.unfinished`;
      files.push({ path, unfinished, replaced: `${path}.${run}.replaced` });
      await inItsName(path, unfinished, () => writeOne(unfinished));
    },
  };
  try {
    const result = await write(results);
    await publish(files);
    return result;
  } catch (error) {
    for (const { unfinished } of files) await removeFile(unfinished);
    throw error;
  }
}

/** Renames all to their places. One alone needs no way back. */
async function publish(files: readonly Names[]): Promise<void> {
  if (files.length === 1) return renameFile(files[0].unfinished, files[0].path);
  const undo: (() => Promise<void>)[] = [];
  const old: string[] = [];
  try {
    for (const { path, unfinished, replaced } of files) {
      const wasThere = await moveAside(path, replaced);
      if (wasThere) old.push(replaced);
      undo.push(() => (wasThere ? renameFile(replaced, path) : removeFile(path)));
      await renameFile(unfinished, path);
    }
  } catch (error) {
    for (const back of undo.reverse()) await back();
    throw error;
  }
  for (const replaced of old) await removeFile(replaced);
}

/** Whether there was a file to move; another run may have taken it meanwhile. */
async function moveAside(from: string, to: string): Promise<boolean> {
  if (!(await fileExists(from))) return false;
  try {
    await renameFile(from, to);
    return true;
  } catch (error) {
    if (error instanceof VitrineError && error.code === "missing") return false;
    throw error;
  }
}
