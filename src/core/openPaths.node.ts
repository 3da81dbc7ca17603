/** What may be opened on behalf of somebody else: a server's request reads below its roots alone, whatever the files themselves name. */
import { AsyncLocalStorage } from "node:async_hooks";
import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { VitrineError } from "./error.ts";

/** Whether a path, links followed, may be opened. */
type IsOpen = (real: string) => boolean;

/** Of the task that runs, and of all that it waits for. */
const open = new AsyncLocalStorage<IsOpen>();

/** Runs a task for which files are opened only where `isOpen` says so of their path, links followed. @throws whatever the task throws */
export function withOpenPaths<T>(isOpen: IsOpen, task: () => Promise<T>): Promise<T> {
  return open.run(isOpen, task);
}

/**
 * The path to give to the system, of a file that may be new: links followed within {@link withOpenPaths}, else as it is.
 *
 * @throws {VitrineError} storage: it leads out of what is open, or is a link to nothing, which nobody can tell apart
 */
export async function openPath(path: string): Promise<string> {
  const isOpen = open.getStore();
  if (isOpen === undefined) return path;
  const real = await realPathOf(resolve(path));
  if (real !== undefined && isOpen(real)) return real;
  throw new VitrineError({
    code: "storage",
    at: path,
    expected: "a file within the folders that are open",
    found: "a path or link that leads out of them, or to nothing",
    hint: "Open the folder that it leads to as well, or put the file itself here",
  });
}

/** As {@link openPath}; undefined where it leads out: as if nothing were there. */
export async function openPathOrNone(path: string): Promise<string | undefined> {
  return openPath(path).catch((error) => {
    if (error instanceof VitrineError) return undefined;
    throw error;
  });
}

/** Whoever asks a server for an address of the web, asks first here. @throws {VitrineError} storage: it is none of those that are open */
export function requireOpenAddress(address: string): void {
  const isOpen = open.getStore();
  if (isOpen === undefined || isOpen(address)) return;
  throw new VitrineError({
    code: "storage",
    at: address,
    expected: "an address that is open",
    found: "another one",
    hint: "Give the address when the server is started, or open it in the page",
  });
}

/** Links followed as far as there is something; undefined where one leads to nothing, or to where this user may not look. */
async function realPathOf(whole: string): Promise<string | undefined> {
  try {
    return await realpath(whole);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "EACCES") throw error;
    // there, but led nowhere: it is a link
    const found = await lstat(whole).catch(() => undefined);
    const folder = dirname(whole);
    if (found !== undefined || folder === whole) return undefined;
    const real = await realPathOf(folder);
    return real === undefined ? undefined : join(real, basename(whole));
  }
}
