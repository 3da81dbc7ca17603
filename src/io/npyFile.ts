import { writeFileAtomic } from "#files";
import { requireKnownOptions } from "../core/index.ts";
import type { FileSource, RandomAccessFile, WriteOptions } from "./files.ts";
import { openUnpacked } from "./gzip.ts";
import {
  checkNpySize,
  type NpyArray,
  type NpyContent,
  type NpyHeader,
  npyChunks,
  npyFromBytes,
  npyHeaderEnd,
  parseNpyHeader,
} from "./npy.ts";

/** Headers are rarely longer; a longer one costs a second read. */
const FIRST_READ = 1024;

/**
 * Reads a .npy file of numbers, any byte order, C or Fortran order.
 *
 * @returns  the values in C order; see {@link NpyArray} for their types
 * @throws {VitrineError} missing, storage: the file; format: damaged, truncated or too long; type: not numbers
 */
export async function readNpy(source: FileSource): Promise<NpyArray> {
  const { file, header, bytes } = await openNpy(source);
  try {
    return npyFromBytes(header, await file.read(header.dataOffset, bytes));
  } finally {
    await file.close();
  }
}

/** An open .npy file of which only the header was read. Whoever opened it closes `file`. */
export interface NpyFile {
  readonly file: RandomAccessFile;
  readonly header: NpyHeader;
  /** Of the values. */
  readonly bytes: number;
}

/** Opens a .npy file and reads its header. Errors as those of {@link readNpy}. */
export async function openNpy(source: FileSource): Promise<NpyFile> {
  const file = await openUnpacked(source);
  try {
    let head = await file.read(0, Math.min(file.size, FIRST_READ));
    const end = npyHeaderEnd(head, file.name);
    if (end > head.length) head = await file.read(0, Math.min(file.size, end));
    const header = parseNpyHeader(head, file.name);
    return { file, header, bytes: checkNpySize(header, file.size, file.name) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Writes a .npy file (version 1, C order), whole or not at all.
 *
 * @throws {VitrineError} shape, type: content that does not agree with itself; and the errors of `writeFileAtomic`
 */
export async function writeNpy(path: string, content: NpyContent, options: WriteOptions = {}): Promise<void> {
  requireKnownOptions("writeNpy", options, { overwrite: true, durability: true });
  await writeFileAtomic(path, npyChunks(content, path), options);
}
