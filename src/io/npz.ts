import { type Zippable, zipSync } from "fflate";
import { writeFileAtomic } from "#files";
import { requireKnownOptions, VitrineError } from "../core/index.ts";
import { type FileSource, sourceName, type WriteOptions } from "./files.ts";
import { readUnpacked } from "./gzip.ts";
import { formatNpy, type NpyArray, type NpyContent, parseNpy } from "./npy.ts";
import { FIXED_DATE, listZip, readZipEntry } from "./zip.ts";

/** How an archive is read. */
export interface NpzOptions {
  /** The most bytes of all arrays together (default 2 GiB): a small archive can expand a thousandfold. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 2 ** 31;

/**
 * Reads a .npz archive (numpy.savez or savez_compressed) that is in memory.
 *
 * @param bytes  the whole file; any view; not changed
 * @returns      the arrays by name (without `.npy`), in the order of the archive
 * @throws {VitrineError} format: damaged, truncated, a wrong checksum, a name twice; range: more than `maxBytes`;
 *   type: an array that is not of numbers; unsupported: another compression
 */
export function parseNpz(bytes: Uint8Array, at: string, options: NpzOptions = {}): Map<string, NpyArray> {
  requireKnownOptions("parseNpz", options, { maxBytes: true });
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  const entries = npzEntries(bytes, at, { maxBytes });
  return new Map(entries.map(({ name, content }) => [name, parseNpy(content, `${at} ${name}.npy`)]));
}

/** @internal The files of an archive, whose names end with `.npy` or nothing. @throws {VitrineError} as {@link parseNpz}, but for arrays */
export function npzEntries(
  bytes: Uint8Array,
  at: string,
  { maxBytes = DEFAULT_MAX_BYTES }: NpzOptions,
): { readonly name: string; readonly content: Uint8Array }[] {
  const seen = new Set<string>();
  return listZip(bytes, at, maxBytes).map((entry) => {
    const name = entry.name.replace(/\.npy$/, "");
    if (seen.size === seen.add(name).size) throw twice(name, at);
    return { name, content: readZipEntry(bytes, entry, at) };
  });
}

/**
 * Reads a .npz file.
 *
 * @throws {VitrineError} missing, storage: the file; and the errors of {@link parseNpz}
 */
export async function readNpz(source: FileSource, options: NpzOptions = {}): Promise<Map<string, NpyArray>> {
  requireKnownOptions("readNpz", options, { maxBytes: true });
  return parseNpz(await readUnpacked(source), sourceName(source), options);
}

/** The bytes of a .npz archive of these arrays. `compress` deflates them (default: stored, as numpy.savez). */
export function formatNpz(
  arrays: Iterable<readonly [name: string, content: NpyContent]>,
  options: { readonly compress?: boolean } = {},
): Uint8Array {
  requireKnownOptions("formatNpz", options, { compress: true });
  const { compress = false } = options;
  const files: Zippable = {};
  for (const [name, content] of arrays) files[`${name}.npy`] = formatNpy(content);
  return zipSync(files, { level: compress ? 6 : 0, mtime: FIXED_DATE });
}

/**
 * Writes a .npz file, whole or not at all; it is put together in memory first.
 *
 * @param arrays  name and array pairs, such as a Map
 * @throws {VitrineError} shape, type: content that does not agree with itself; and the errors of `writeFileAtomic`
 */
export async function writeNpz(
  path: string,
  arrays: Iterable<readonly [name: string, content: NpyContent]>,
  options: WriteOptions & { readonly compress?: boolean } = {},
): Promise<void> {
  requireKnownOptions("writeNpz", options, { overwrite: true, durability: true, compress: true });
  const { compress = false, overwrite = false } = options;
  await writeFileAtomic(path, formatNpz(arrays, { compress }), { overwrite });
}

function twice(name: string, at: string): VitrineError {
  return new VitrineError({
    code: "format",
    at: `${at} ${name}`,
    expected: "each name once",
    found: "the name twice",
  });
}
