import type { File, FS } from "h5wasm";
import { VitrineError } from "../../core/index.ts";
import { contentWords } from "../kindWords.ts";
import { requireHeapsThatEnd } from "./heaps.ts";

/** The HDF5 library, once it is loaded. */
interface Library {
  readonly File: typeof File;
  /** Files in memory, on which it works. */
  readonly files: NonNullable<typeof FS>;
}

/** Headers that every HDF5 reads, as h5py writes them, without checksums over the time of writing. */
const OLDEST: ["earliest", "latest"] = ["earliest", "latest"];

let loading: Promise<Library> | undefined;
let names = 0;

/** Loads 4 MB of HDF5 when the first file comes. Its faults are thrown instead of printed. */
function loadLibrary(): Promise<Library> {
  loading ??= (async () => {
    const { default: h5wasm } = await import("h5wasm");
    const module = await h5wasm.ready;
    module.activate_throwing_error_handler();
    return { File: h5wasm.File, files: module.FS };
  })();
  return loading;
}

/** A file that the library has open, and its bytes. */
interface OpenFile {
  readonly file: File;
  /** Of a file that was written; once, since it is closed for them. */
  readonly bytes: () => Uint8Array;
}

/**
 * Gives `use` a file in the library's memory, which is freed afterwards.
 *
 * @param bytes  of a file to read; a new one is written where absent
 * @throws {VitrineError} format: what the library says of a damaged file, or what a file of another kind is
 */
export async function withLibraryFile<T>(
  { at, bytes }: { readonly at: string; readonly bytes?: Uint8Array },
  use: (open: OpenFile) => T,
): Promise<T> {
  if (bytes !== undefined) {
    requireHdf5(bytes, at);
    requireHeapsThatEnd(bytes, at);
  }
  const { File, files } = await loadLibrary();
  const name = `file${names++}.h5`;
  let file: File | undefined;
  const close = () => {
    file?.close();
    file = undefined;
  };
  try {
    if (bytes !== undefined) files.createDataFile("/", name, bytes, true, true, true);
    file = bytes === undefined ? new File(`/${name}`, "w", { libver: OLDEST }) : new File(`/${name}`, "r");
    return use({
      file,
      bytes: () => {
        close();
        return files.readFile(`/${name}`);
      },
    });
  } catch (error) {
    throw error instanceof VitrineError ? error : damaged(at, error);
  } finally {
    closeQuietly(close);
    if (files.analyzePath(`/${name}`, false).exists) files.unlink(`/${name}`);
  }
}

/** By which HDF5 is known: \x89HDF and line ends that a transfer as text would change. */
const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** A file may begin with bytes of its user's: 512, 1024, 2048 and so on. @throws {VitrineError} format: it is something else */
function requireHdf5(bytes: Uint8Array, at: string): void {
  for (let start = 0; start + SIGNATURE.length <= bytes.length; start = Math.max(512, 2 * start))
    if (SIGNATURE.every((byte, i) => bytes[start + i] === byte)) return;
  throw new VitrineError({ code: "format", at, expected: "an HDF5 file", found: contentWords(bytes) });
}

/** A damaged file may not even be closed; its first fault is the one to tell. */
function closeQuietly(close: () => void): void {
  try {
    close();
  } catch {
    // told already, or only read
  }
}

/** The library's deepest reason, such as "File has been truncated". */
function damaged(at: string, error: unknown): VitrineError {
  const text = error instanceof Error ? error.message : String(error);
  const filter = /required filter '([^']*)'/.exec(text)?.[1];
  if (filter !== undefined) {
    const hint = 'Write it anew with gzip (h5repack -f GZIP=4, h5py\'s compression="gzip")';
    const [expected, found] = [
      "values packed with gzip, shuffle or szip, or not at all",
      `the filter ${filter}`,
    ];
    return new VitrineError({ code: "unsupported", at, expected, found, hint }, { cause: error });
  }
  const reason = [...text.matchAll(/minor: (.*)/g)].at(-1)?.[1] ?? text.slice(0, 200);
  return new VitrineError(
    { code: "format", at, expected: "a whole HDF5 file", found: `a damaged one (${reason})` },
    { cause: error },
  );
}
