import { VitrineError } from "../core/index.ts";
import {
  type FileChunks,
  type FileSource,
  openBlob,
  type RandomAccessFile,
  shortRead,
  sourceName,
  targetBytes,
  type WritableFile,
  type WriteOptions,
} from "./files.ts";

/**
 * Opens a Blob, a File or an address for reading in parts; an address whose server knows no ranges is loaded whole.
 *
 * @throws {VitrineError} missing: the server does not know the address; storage: the server or network refused
 */
export async function openFile(source: FileSource): Promise<RandomAccessFile> {
  if (source instanceof Blob) return openBlob(source);
  const name = sourceName(source);
  const response = await request(name, { Range: "bytes=0-0" });
  const size = totalSize(response.headers.get("Content-Range"));
  if (response.status !== 206 || size === undefined) {
    // what came with 200 is the whole file
    const blob = await toBlob(name)(response.status === 206 ? await request(name) : response);
    const warning = `${name}: its server answers no ranges (HTTP Range); all ${blob.size} bytes were loaded`;
    return { ...openBlob(blob, name), warning };
  }
  await response.body?.cancel();
  return {
    name,
    size,
    read: (offset, length, into) => readRange(name, offset, { length, into, size }),
    async close() {},
  };
}

/**
 * Reads a whole Blob, File or address.
 *
 * @throws {VitrineError} as {@link openFile}
 */
export async function readFileBytes(source: FileSource): Promise<Uint8Array> {
  const blob =
    source instanceof Blob ? source : await request(sourceName(source)).then(toBlob(sourceName(source)));
  return new Uint8Array(await blob.arrayBuffer());
}

/**
 * A page has no folders to write to.
 *
 * @throws {VitrineError} unsupported, always
 */
export async function writeFileAtomic(
  path: string,
  _chunks: FileChunks,
  _options?: WriteOptions,
): Promise<void> {
  throw noFileSystem(path);
}

/** @throws {VitrineError} unsupported, always */
export function writeFileNow(path: string, _bytes: Uint8Array): void {
  throw noFileSystem(path);
}

/** @throws {VitrineError} unsupported, always */
export async function createFile(path: string, _bytes: Uint8Array): Promise<void> {
  throw noFileSystem(path);
}

/** @throws {VitrineError} unsupported, always */
export async function openWritable(
  path: string,
  _options: { readonly create: boolean },
): Promise<WritableFile> {
  throw noFileSystem(path);
}

/** @throws {VitrineError} unsupported, always */
export async function renameFile(from: string, _to: string): Promise<void> {
  throw noFileSystem(from);
}

/** @throws {VitrineError} unsupported, always */
export async function removeFile(path: string): Promise<void> {
  throw noFileSystem(path);
}

/** @throws {VitrineError} unsupported, always */
export async function removeFolder(path: string): Promise<void> {
  throw noFileSystem(path);
}

/** @throws {VitrineError} unsupported, always */
export async function makeFolder(path: string, _options?: Pick<WriteOptions, "durability">): Promise<void> {
  throw noFileSystem(path);
}

/** @throws {VitrineError} unsupported, always */
export async function makeNewFolder(path: string): Promise<void> {
  throw noFileSystem(path);
}

/** @throws {VitrineError} unsupported, always */
export async function listFolder(path: string): Promise<string[]> {
  throw noFileSystem(path);
}

function noFileSystem(at: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at,
    expected: "a file system",
    found: "a web page",
    hint: "Offer the bytes as a download instead",
  });
}

/** The one address of what a path names. */
export async function canonicalPath(path: string): Promise<string> {
  return new URL(path, location.href).href;
}

/** Whether the address answers. */
export async function fileExists(path: string): Promise<boolean> {
  try {
    const response = await request(path, { Range: "bytes=0-0" });
    // a server without ranges would send all of it
    await response.body?.cancel();
    return true;
  } catch (error) {
    if (error instanceof VitrineError && error.code === "missing") return false;
    throw error;
  }
}

/** Never: an address names no folder that can be listed, though servers may answer for one. */
export async function folderExists(_path: string): Promise<boolean> {
  return false;
}

interface Range {
  readonly length: number;
  readonly size: number;
  readonly into: Uint8Array | undefined;
}

async function readRange(name: string, offset: number, { length, into, size }: Range): Promise<Uint8Array> {
  if (offset + length > size) throw shortRead(name, offset, { wanted: length, found: size - offset });
  const target = targetBytes(length, into, name);
  if (length === 0) return target;
  const response = await request(name, { Range: `bytes=${offset}-${offset + length - 1}` });
  const bytes = new Uint8Array(await (await toBlob(name)(response)).arrayBuffer());
  if (bytes.length !== length) throw shortRead(name, offset, { wanted: length, found: bytes.length });
  target.set(bytes);
  return target;
}

async function request(name: string, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(name, { headers }).catch((cause: unknown) => {
    throw unreachable(name, "storage", { found: String(cause), cause });
  });
  if (response.ok) return response;
  const code = response.status === 404 || response.status === 410 ? "missing" : "storage";
  throw unreachable(name, code, { found: `HTTP status ${response.status}` });
}

function unreachable(
  at: string,
  code: "missing" | "storage",
  { found, cause }: { found: string; cause?: unknown },
): VitrineError {
  return new VitrineError(
    { code, at, expected: "a readable file", found, hint: "Check the address" },
    { cause },
  );
}

const toBlob = (name: string) => (response: Response) =>
  response.blob().catch((cause: unknown) => {
    throw unreachable(name, "storage", { found: String(cause), cause });
  });

function totalSize(contentRange: string | null): number | undefined {
  const total = /\/(\d+)$/.exec(contentRange ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}
