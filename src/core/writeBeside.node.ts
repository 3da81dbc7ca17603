/** Files that are whole or not there: the one way in which anything here writes them. */
import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";

/** How a file is written beside the place that it will have. */
export interface WriteBeside {
  /** Its name until it is whole, in the same folder. */
  readonly temporary: string;
  readonly fill: (file: FileHandle) => Promise<void>;
  /** Bring it to the disk before it gets its name. */
  readonly sync: boolean;
  /** Gives it its name; default: in place of whatever has it. */
  readonly publish?: (temporary: string, path: string) => Promise<void>;
}

/**
 * Writes a file under another name and gives it its own once it is whole. Whatever fails, nothing of it stays, and what had its name does.
 *
 * @throws whatever the system or `fill` throws: the caller puts it in words
 */
export async function writeBeside(
  path: string,
  { temporary, fill, sync, publish = rename }: WriteBeside,
): Promise<void> {
  try {
    const file = await open(temporary, "wx");
    try {
      await fill(file);
      if (sync) await file.sync();
    } finally {
      await file.close();
    }
    await publish(temporary, path);
  } catch (error) {
    // the first trouble is the one to tell
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** As {@link writeBeside}, before it returns and never synced: for threads that do nothing else meanwhile. */
export function writeBesideNow(path: string, temporary: string, fill: (fd: number) => void): void {
  try {
    const file = openSync(temporary, "wx");
    try {
      fill(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
