import { randomBytes } from "node:crypto";
import { type Stats, writeSync } from "node:fs";
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  newMemory,
  openPath,
  openPathOrNone,
  requireOpenAddress,
  writeBeside,
  writeBesideNow,
} from "../core/index.node.ts";
import { requireKnownOptions, VitrineError } from "../core/index.ts";
import { isWebAddress } from "./address.ts";
import {
  allocate,
  type FileChunks,
  type FileSource,
  openBlob,
  type RandomAccessFile,
  shortRead,
  targetBytes,
  type WritableFile,
  type WriteOptions,
} from "./files.ts";
import { addressExists, openAddress, readAddress } from "./http.ts";
import { rowReader } from "./rowThreads.node.ts";

/** One system call reads or writes at most this; Node refuses 2 GiB and more. */
const LARGEST_CALL = 2 ** 28;

/** Codes of systems and mounts that cannot sync a folder (Windows, some network mounts). */
const NO_FOLDER_SYNC = new Set(["EPERM", "EISDIR", "EINVAL", "EACCES", "ENOTSUP", "EOPNOTSUPP", "EBADF"]);

/** Codes of mounts without hard links. */
const NO_HARD_LINK = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EISDIR"]);

/**
 * Opens a file, or an address of the web, for reading in parts. Within `withOpenPaths` of core, what leads out of what is open is refused, here and
 * below.
 *
 * @throws {VitrineError} missing: no such file; storage: a folder, or the system, server or network refused; unsupported: another address
 */
export async function openFile(source: FileSource): Promise<RandomAccessFile> {
  if (source instanceof Blob) return openBlob(source);
  const address = addressOf(source);
  if (address !== undefined) return openAddress(address);
  const path = localPath(source);
  const handle = await guarded(path, async () => openRegularFile(await openPath(path), path));
  const { size } = await guarded(path, () => handle.stat());
  const rows = rowReader({ fd: handle.fd, path });
  return {
    name: path,
    size,
    read: (offset, length, into) =>
      guarded(path, () => readExactly(handle, { path, offset, target: readTarget(length, into, { path }) })),
    readRows: (what, into) => guarded(path, () => rows.read(what, into)),
    async close() {
      await rows.close();
      await handle.close();
    },
  };
}

/**
 * Reads a whole file.
 *
 * @throws {VitrineError} as {@link openFile}; range: larger than the platform's largest array
 */
export async function readFileBytes(source: FileSource): Promise<Uint8Array> {
  const address = addressOf(source);
  if (address !== undefined) return readAddress(address);
  const file = await openFile(source);
  try {
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

/**
 * Writes a file so that it is either whole or not there: under a temporary name in the same folder, synced (unless `durability` is
 * "process"), then renamed.
 * Whatever fails, also the source of the chunks, the temporary is removed.
 *
 * @throws {VitrineError} exists: the file is there and `overwrite` is not set; missing: no such folder;
 *   storage: the system refused (disk full, no permission); aborted: the source was aborted; an error of the source that is
 *   a VitrineError comes through as it is
 */
export async function writeFileAtomic(
  path: string,
  chunks: FileChunks,
  options: WriteOptions = {},
): Promise<void> {
  requireKnownOptions("writeFileAtomic", options, { overwrite: true, durability: true });
  const { overwrite = false, durability = "power" } = options;
  if (!overwrite && (await fileExists(path))) throw alreadyThere(path);
  const temporary = temporaryBeside(path);
  const sync = durability === "power";
  try {
    await writeBeside(path, {
      temporary,
      fill: (file) => writeChunks(file, chunks),
      sync,
      ...(!overwrite && { publish: publishNew }),
    });
    if (sync) await syncFolder(dirname(path));
  } catch (error) {
    throw storageError(error, path, "a complete write");
  }
}

/**
 * Writes a file as {@link writeFileAtomic} with `overwrite` and the durability "process", before it returns: for threads that do
 * nothing else meanwhile, which a promise a system call costs more than the call.
 *
 * @throws {VitrineError} missing: no such folder; storage: the system refused
 */
export function writeFileNow(path: string, bytes: Uint8Array): void {
  const temporary = temporaryBeside(path);
  try {
    writeBesideNow(path, temporary, (file) => {
      for (let done = 0; done < bytes.length; )
        done += writeSync(file, bytes, done, Math.min(bytes.length - done, LARGEST_CALL));
    });
  } catch (error) {
    throw storageError(error, path, "a complete write");
  }
}

/** Makes a file in a folder that is nobody's yet: where it fails, a part may stay. @throws {VitrineError} exists, missing, storage */
export async function createFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: "wx" });
  } catch (error) {
    throw storageError(error, path, "a complete write");
  }
}

/**
 * Opens a file that is written at any place while others read it: a new one (`create`), whose name then survives a power cut,
 * or one that is there.
 *
 * @throws {VitrineError} exists: `create`, and something has this name; missing: no such file or folder; storage
 */
export async function openWritable(
  path: string,
  options: { readonly create: boolean },
): Promise<WritableFile> {
  requireKnownOptions("openWritable", options, { create: true });
  const { create } = options;
  // a name that is not there in the end is the writer's affair
  const at = path.replace(TEMPORARY, "");
  const expected = create ? "a complete write" : "a readable file";
  const handle = await guarded(at, async () => open(await openPath(path), create ? "wx+" : "r+"), expected);
  if (create) await syncFolder(dirname(path));
  return {
    name: path,
    // who writes images reads them one by one
    read: (offset, length, into) =>
      guarded(path, () =>
        readExactly(handle, { path, offset, target: readTarget(length, into, { path, memory: newMemory }) }),
      ),
    write: (pieces, position) => written(path, () => writePieces(handle, pieces, position)),
    sync: () => written(path, () => handle.datasync()),
    resize: (bytes) => written(path, () => handle.truncate(bytes)),
    close: () => handle.close(),
  };
}

/** Memory for an image that is written over whole; its values are whatever was there. */
export function newBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(newMemory(length));
}

/** Whether something has this path; what leads out of what is open is not there. */
export async function fileExists(path: string): Promise<boolean> {
  const address = addressOf(path);
  if (address !== undefined) return addressExists(address);
  return (await lookUp(path)) !== undefined;
}

/** Whether there is such a folder. */
export async function folderExists(path: string): Promise<boolean> {
  // servers answer for addresses, not for what lies below them
  if (isWebAddress(path)) return false;
  return (await lookUp(path))?.isDirectory() ?? false;
}

/** An address of the web. @throws {VitrineError} storage: one that is not open */
function addressOf(source: FileSource): string | undefined {
  const text = typeof source === "string" ? source : source instanceof URL ? source.href : "";
  if (!isWebAddress(text)) return undefined;
  requireOpenAddress(text);
  return text;
}

async function lookUp(path: string): Promise<Stats | undefined> {
  try {
    const real = await openPathOrNone(path);
    return real === undefined ? undefined : await stat(real);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw storageError(error, path, "a path that can be looked up");
  }
}

/** Gives a file another name, in place of whatever has that name. @throws {VitrineError} missing, storage */
export async function renameFile(from: string, to: string): Promise<void> {
  await guarded(from, () => rename(from, to));
}

/** Removes a file; one that is not there is no error. @throws {VitrineError} storage */
export async function removeFile(path: string): Promise<void> {
  await guarded(path, () => rm(path, { force: true }));
}

/** Removes a folder and all that is in it; one that is not there is no error. @throws {VitrineError} storage */
export async function removeFolder(path: string): Promise<void> {
  await guarded(path, () => rm(path, { recursive: true, force: true }));
}

/**
 * Makes a folder and those above it, if they are not there; new ones outlive what `durability` says.
 *
 * @throws {VitrineError} storage
 */
export async function makeFolder(
  path: string,
  options: Pick<WriteOptions, "durability"> = {},
): Promise<void> {
  requireKnownOptions("makeFolder", options, { durability: true });
  const { durability = "power" } = options;
  await guarded(path, async () => {
    // not mkdir's own recursion: where a file system has no place for a folder (/proc), Node 20 never returns from it
    const missing: string[] = [];
    for (let folder = resolve(path); !(await fileExists(folder)); folder = dirname(folder))
      missing.push(folder);
    for (const folder of missing.reverse()) {
      await mkdir(folder).catch((error) => failOnNewFolder(error, folder));
      if (durability === "power") await syncFolder(dirname(folder));
    }
    if (!(await stat(path)).isDirectory()) throw notAFolder(path);
  });
}

/** Somebody else may have made it meanwhile; where its parent is there and it cannot be made, the file system takes no folders. */
function failOnNewFolder(cause: unknown, at: string): void {
  const code = systemCode(cause);
  if (code === "EEXIST") return;
  if (code !== "ENOENT") throw cause;
  const fault = {
    code: "storage",
    at,
    expected: "a disk that takes folders",
    found: "one that does not",
  } as const;
  throw new VitrineError(fault, { cause });
}

function notAFolder(at: string): VitrineError {
  return new VitrineError({ code: "storage", at, expected: "a folder, or nothing", found: "a file" });
}

/** Makes a folder that nobody has made before: of several callers one succeeds. @throws {VitrineError} exists, missing, storage */
export async function makeNewFolder(path: string): Promise<void> {
  await guarded(path, () => mkdir(path));
}

/** Names in a folder, sorted; none if it is not there. @throws {VitrineError} storage */
export async function listFolder(path: string): Promise<string[]> {
  if (isWebAddress(path)) return [];
  if (!(await fileExists(path))) return [];
  return (await guarded(path, async () => readdir(await openPath(path)))).sort();
}

/** The one name of what a path names, links followed as far as there is something. @throws {VitrineError} storage */
export async function canonicalPath(path: string): Promise<string> {
  if (isWebAddress(path)) return path;
  const whole = resolve(path);
  for (let there = whole; ; there = dirname(there))
    if (await fileExists(there))
      return join(await guarded(there, () => realpath(there)), relative(there, whole));
}

function localPath(source: string | URL): string {
  if (typeof source === "string") return source;
  if (source.protocol === "file:") return fileURLToPath(source);
  throw new VitrineError({
    code: "unsupported",
    at: source.href,
    expected: "a path, or an address of file:, http: or https:",
    found: source.protocol,
    hint: "Download the file first",
  });
}

/** `stat` comes first: opening a pipe would wait for its writer. */
async function openRegularFile(path: string, at: string): Promise<FileHandle> {
  const found = await stat(path);
  if (found.isFile()) return open(path, "r");
  throw new VitrineError({
    code: "storage",
    at,
    expected: "a file",
    found: found.isDirectory() ? "a folder" : "a device or pipe",
  });
}

/** New memory is not cleared first: it is given away only when every byte of it was read. */
function readTarget(
  length: number,
  into: Uint8Array | undefined,
  { path, memory = unclearedMemory }: { path: string; memory?: (bytes: number) => ArrayBuffer },
): Uint8Array {
  if (into !== undefined) return targetBytes(length, into, path);
  return allocate(() => new Uint8Array(memory(length)), length, path);
}

function unclearedMemory(bytes: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(bytes).buffer;
}

async function readExactly(
  handle: FileHandle,
  { path, offset, target }: { path: string; offset: number; target: Uint8Array },
): Promise<Uint8Array> {
  let done = 0;
  while (done < target.length) {
    const length = Math.min(target.length - done, LARGEST_CALL);
    const { bytesRead } = await handle.read(target, done, length, offset + done);
    if (bytesRead === 0) throw shortRead(path, offset, { wanted: target.length, found: done });
    done += bytesRead;
  }
  return target;
}

async function writeChunks(file: FileHandle, chunks: FileChunks): Promise<void> {
  for await (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) await writeAll(file, chunk);
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let done = 0;
  while (done < chunk.length) {
    const length = Math.min(chunk.length - done, LARGEST_CALL);
    done += (await handle.write(chunk, done, length)).bytesWritten;
  }
}

async function writePieces(
  handle: FileHandle,
  pieces: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left = [...pieces];
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(firstBytes(left, LARGEST_CALL), at);
    at += bytesWritten;
    left = withoutBytes(left, bytesWritten);
  }
}

/** The pieces that start within the first `most` bytes, the last one cut there. */
function firstBytes(pieces: readonly Uint8Array[], most: number): Uint8Array[] {
  let room = most;
  const taken: Uint8Array[] = [];
  for (const piece of pieces) {
    if (room <= 0) break;
    taken.push(piece.length <= room ? piece : piece.subarray(0, room));
    room -= piece.length;
  }
  return taken;
}

function withoutBytes(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let done = bytes;
  return pieces.flatMap((piece) => {
    const skipped = Math.min(piece.length, done);
    done -= skipped;
    return skipped < piece.length ? [piece.subarray(skipped)] : [];
  });
}

/** A hard link fails where the name is taken, which a rename would replace: nobody who came in between loses a file. */
async function publishNew(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (!NO_HARD_LINK.has(systemCode(error) ?? "")) throw error;
    if (await fileExists(path)) throw alreadyThere(path);
    return rename(temporary, path);
  }
  await rm(temporary, { force: true });
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.vitrine-${randomBytes(8).toString("hex")}.tmp`);
}

/** Makes the new name itself survive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!NO_FOLDER_SYNC.has(systemCode(error) ?? "")) throw error;
  }
}

/** What a writer adds to a name until all is written. */
const TEMPORARY = /\.[0-9a-f]{8}\.(tmp|unfinished)$/;

async function guarded<T>(path: string, work: () => Promise<T>, expected = "a readable file"): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(error, path, expected);
  }
}

async function written(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw storageError(error, path, "a complete write");
  }
}

function alreadyThere(path: string): VitrineError {
  return new VitrineError({
    code: "exists",
    at: path,
    expected: "no file of this name",
    found: "one",
    hint: "Remove it, choose another name, or allow overwriting",
  });
}

function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Any failure as the one error class, with its cause kept. */
function storageError(error: unknown, path: string, expected: string): VitrineError {
  if (error instanceof VitrineError) return error;
  const code = systemCode(error);
  if (code === "EEXIST") return alreadyThere(path);
  if (code === "ENOENT" || code === "ENOTDIR") return missing(error, path, expected);
  const found = STORAGE_FINDS[code ?? ""] ?? (error instanceof Error ? error.message : String(error));
  const aborted = error instanceof Error && error.name === "AbortError";
  const fault = { code: aborted ? "aborted" : "storage", at: path, expected, found } as const;
  const hint = STORAGE_HINTS[code ?? ""];
  return new VitrineError(hint === undefined ? fault : { ...fault, hint }, { cause: error });
}

/** What the system says, in words; its own name for it is what others search for. */
const STORAGE_FINDS: Readonly<Record<string, string>> = {
  ENOSPC: "a full disk (ENOSPC)",
  EDQUOT: "a quota that is used up (EDQUOT)",
  EACCES: "no permission (EACCES)",
  EPERM: "no permission (EPERM)",
  EROFS: "a disk that is read only (EROFS)",
  EISDIR: "a folder (EISDIR)",
  EMFILE: "too many open files (EMFILE)",
  EIO: "a disk that fails (EIO)",
  ENAMETOOLONG: "a name that is too long (ENAMETOOLONG)",
  ELOOP: "links that lead in a circle (ELOOP)",
};

const STORAGE_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full: free some space or write elsewhere",
  EDQUOT: "Your quota is used up: free some space or write elsewhere",
  EACCES: "Check the permissions of the file and its folder",
  EROFS: "This disk is read only: write elsewhere",
};

function missing(cause: unknown, path: string, expected: string): VitrineError {
  const hint = expected === "a complete write" ? "Create its folder first" : "Check the path";
  const found = expected === "a complete write" ? "no such folder" : "no such file";
  return new VitrineError({ code: "missing", at: path, expected, found, hint }, { cause });
}
