import { openFile, writeFileAtomic } from "#files";
import type { FileSource, WriteOptions } from "./files.ts";
import {
  checkNpySize,
  type NpyArray,
  type NpyContent,
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
  const file = await openFile(source);
  try {
    let head = await file.read(0, Math.min(file.size, FIRST_READ));
    const end = npyHeaderEnd(head, file.name);
    if (end > head.length) head = await file.read(0, Math.min(file.size, end));
    const header = parseNpyHeader(head, file.name);
    const length = checkNpySize(header, file.size, file.name);
    return npyFromBytes(header, await file.read(header.dataOffset, length));
  } finally {
    await file.close();
  }
}

/**
 * Writes a .npy file (version 1, C order), whole or not at all.
 *
 * @throws {VitrineError} shape, type: content that does not agree with itself; and the errors of `writeFileAtomic`
 */
export async function writeNpy(path: string, content: NpyContent, options: WriteOptions = {}): Promise<void> {
  await writeFileAtomic(path, npyChunks(content, path), options);
}
