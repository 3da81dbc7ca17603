import { VitrineError } from "../core/index.ts";
import {
  type FileChunks,
  type FileSource,
  openBlob,
  type RandomAccessFile,
  sourceName,
  type WritableFile,
  type WriteOptions,
} from "./files.ts";
import { addressExists, openAddress, readAddress } from "./http.ts";

/**
 * Opens a Blob, a File or an address for reading in parts; an address whose server knows no ranges is loaded whole.
 *
 * @throws {VitrineError} missing: the server does not know the address; storage: the server or network refused
 */
export async function openFile(source: FileSource): Promise<RandomAccessFile> {
  return source instanceof Blob ? openBlob(source) : openAddress(sourceName(source));
}

/**
 * Reads a whole Blob, File or address.
 *
 * @throws {VitrineError} as {@link openFile}
 */
export async function readFileBytes(source: FileSource): Promise<Uint8Array> {
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  return readAddress(sourceName(source));
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

/** Memory for an image that is written over whole. */
export function newBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length);
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
  return addressExists(path);
}

/** Never: an address names no folder that can be listed, though servers may answer for one. */
export async function folderExists(_path: string): Promise<boolean> {
  return false;
}
