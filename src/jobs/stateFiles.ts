/** Files of state: whole or not there, and read by name with patience for disks that many machines share. */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openPath, openPathOrNone, writeBeside } from "../core/index.node.ts";
import { VitrineError } from "../core/index.ts";
import type { Json } from "./step.ts";

/** What a network mount says of a file that is being replaced. */
const PASSING = new Set(["ESTALE", "EIO", "EBUSY", "EAGAIN"]);

/** Between two looks at a file, ms. */
const LOOK_AGAIN_MS = 100;

/** Bytes that are read at once. */
const READ_BYTES = 2 ** 20;

/** Writes a file under a name of its own beside, syncs it, and gives it its name. Folders are made. @throws {VitrineError} storage */
export async function writeState(path: string, content: Uint8Array | Json, sync = true): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const bytes = content instanceof Uint8Array ? content : `${JSON.stringify(content)}\n`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeBeside(path, { temporary, sync, fill: (file) => file.writeFile(bytes) });
  } catch (cause) {
    throw storageError(cause, path);
  }
}

/**
 * Reads a file; undefined if it is not there.
 *
 * @param waitMs  how long to look again for one that must be there: a network disk may show it late
 * @throws {VitrineError} storage
 */
export async function readState(path: string, waitMs = 0): Promise<Uint8Array | undefined> {
  const until = Date.now() + waitMs;
  for (let tries = 0; ; tries++) {
    try {
      return await readFile(await openPath(path));
    } catch (error) {
      const code = codeOf(error);
      const isAbsent = code === "ENOENT" || code === "ENOTDIR";
      if (isAbsent && Date.now() >= until) return undefined;
      if (!isAbsent && !(PASSING.has(code) && tries < 20)) throw storageError(error, path);
      await sleep(LOOK_AGAIN_MS);
    }
  }
}

/** Reads a file of JSON; undefined if it is not there. @throws {VitrineError} format: it is no JSON; storage */
export async function readStateJson(path: string, waitMs = 0): Promise<unknown> {
  const bytes = await readState(path, waitMs);
  if (bytes === undefined) return undefined;
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badState(path, "JSON as it was written", `${JSON.stringify(text.slice(0, 40))}`, cause);
  }
}

/** Whether something has this path. @throws {VitrineError} storage */
export async function stateExists(path: string): Promise<boolean> {
  try {
    const real = await openPathOrNone(path);
    if (real === undefined) return false;
    await stat(real);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return false;
    throw storageError(error, path);
  }
}

/** Removes a file that may not be there. @throws {VitrineError} storage */
export async function removeState(path: string): Promise<void> {
  await rm(path, { force: true }).catch((error) => {
    throw storageError(error, path);
  });
}

/** Syncs a file that somebody else wrote, and tells its size and hash. @throws {VitrineError} storage */
export async function sealFile(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  try {
    await using file = await open(path, "r+");
    const synced = file.sync();
    synced.catch(() => undefined); // told when it is waited for
    const hash = createHash("sha256");
    const { size } = await file.stat();
    const chunk = new Uint8Array(Math.max(1, Math.min(size, READ_BYTES)));
    let bytes = 0;
    // while the disk is busy
    for (let read = -1; read !== 0; bytes += read) {
      read = (await file.read(chunk, 0, chunk.length, bytes)).bytesRead;
      hash.update(chunk.subarray(0, read));
    }
    await synced;
    return { bytes, sha256: hash.digest("hex") };
  } catch (cause) {
    throw storageError(cause, path);
  }
}

/** The error of a file of state that says something else than the engine writes. */
export function badState(at: string, expected: string, found: string, cause?: unknown): VitrineError {
  const hint = "Remove it and resubmit: its batch runs again";
  return new VitrineError({ code: "format", at, expected, found, hint }, { cause });
}

/** What the system refused, in words. An error of ours comes through as it is. */
export function storageError(cause: unknown, at: string): VitrineError {
  if (cause instanceof VitrineError) return cause;
  const code = codeOf(cause);
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  const fault = {
    code: "storage",
    at,
    expected: isFull ? "room for a file of state" : "a file of state that can be read and written",
    found: isFull ? `a full disk (${code})` : cause instanceof Error ? cause.message : String(cause),
    ...(isFull && { hint: "Free some space and resubmit: what is done stays done" }),
  } as const;
  return new VitrineError(fault, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
