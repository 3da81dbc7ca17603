import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, statfsSync } from "node:fs";
import { open } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { VitrineError } from "../../core/index.ts";
import type { FileRingDescription } from "../frames/ring.ts";
import type { RingShape } from "./protocol.ts";

/** A memory file system, where there is one. */
const SHARED_MEMORY = "/dev/shm";

/** Of the free space of a memory file system, a ring takes this much at most. */
const LARGEST_SHARE = 0.8;

/** Slots start on a page. */
const SLOT_ALIGNMENT = 4096;

const PREFIX = "vitrine-ring-";
const CHUNK = 2 ** 22;

/** A name for the rings of one microscope that tells which process, on which machine, made it. */
export function ringName(): string {
  return `${PREFIX}${host()}-${process.pid}-${randomBytes(6).toString("hex")}`;
}

/** What a ring is to hold. */
export interface RingSize {
  /** Slots of frames. */
  readonly slots: number;
  /** Slots for what the image processor returns. */
  readonly outputs: number;
  /** Bytes of the largest frame. */
  readonly frameBytes: number;
  readonly folder: string | undefined;
}

/** Makes a ring, as Node and as the child see it. @throws {VitrineError} storage: no folder has room */
export async function makeRing(
  name: string,
  { slots, outputs, frameBytes, folder }: RingSize,
): Promise<{ readonly description: FileRingDescription; readonly shape: RingShape }> {
  const slotBytes = Math.ceil(frameBytes / SLOT_ALIGNMENT) * SLOT_ALIGNMENT;
  const all = slots + outputs;
  const path = await makeRingFile(name, all * slotBytes, folder);
  return {
    description: { kind: "file", slots: all, slotBytes, path },
    shape: { path, slots, outputs, slot_bytes: slotBytes },
  };
}

/**
 * Makes the file of a ring: in memory where it fits, else in the temporary folder. All its bytes are written, so that a full
 * disk is an error here and not a crash of the camera's process later.
 *
 * @returns its path
 * @throws {VitrineError} storage: no folder has room
 */
export async function makeRingFile(name: string, bytes: number, folder?: string): Promise<string> {
  const folders = folder === undefined ? [SHARED_MEMORY, tmpdir()] : [folder];
  let cause: unknown;
  for (const each of folders.filter((path) => hasRoom(path, bytes))) {
    const path = join(each, name);
    try {
      await writeZeros(path, bytes);
      return path;
    } catch (error) {
      cause = error;
    }
  }
  throw new VitrineError(
    {
      code: "storage",
      at: folders.join(" and "),
      expected: `room for a ring of ${bytes} bytes`,
      found: cause instanceof Error ? cause.message : "less",
      hint: "Choose fewer ringSlots or another ringFolder",
    },
    { cause },
  );
}

/** Removes a ring's file and the files beside it that hold images larger than a slot. */
export function removeRingFiles(path: string): void {
  for (const name of namesIn(dirname(path))) {
    if (name === basename(path) || name.startsWith(`${basename(path)}-`))
      removeOwn(join(dirname(path), name));
  }
}

/** Removes rings of processes of this machine that ended without doing so. */
export function removeStaleRings(folder?: string): void {
  for (const each of folder === undefined ? [SHARED_MEMORY, tmpdir()] : [folder]) {
    for (const name of namesIn(each)) {
      const owner = new RegExp(`^${PREFIX}${host()}-(\\d+)-`).exec(name)?.[1];
      if (owner !== undefined && !isRunning(Number(owner))) removeOwn(join(each, name));
    }
  }
}

function host(): string {
  return hostname().replaceAll(/[^A-Za-z0-9]/g, "_");
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no such folder on this system: nothing of ours in it
  }
}

/** A file that another user made, or that this system keeps while it is open, stays. */
function removeOwn(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    return;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

function hasRoom(folder: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bytes < bavail * bsize * LARGEST_SHARE;
  } catch {
    return false; // no such folder
  }
}

async function writeZeros(path: string, bytes: number): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    const zeros = new Uint8Array(CHUNK);
    for (let done = 0; done < bytes; ) {
      const length = Math.min(CHUNK, bytes - done);
      done += (await file.write(zeros, 0, length)).bytesWritten;
    }
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
