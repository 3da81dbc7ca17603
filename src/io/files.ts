import { VitrineError } from "../core/index.ts";

/** Where bytes come from: a path (Node) or address (browser) as text, a `file:` or `http:` URL, or a Blob or File. */
export type FileSource = string | URL | Blob;

/** What is written: one array, or pieces in order; a piece may be reused by its owner after the next one is asked for. */
export type FileChunks = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** How a file is written. */
export interface WriteOptions {
  /** Replace an existing file (default false: an existing file is refused with code `exists`). */
  readonly overwrite?: boolean;
  /** Default power. */
  readonly durability?: Durability;
}

/** Pieces of a file, in blocks: all as long, and as far from each other within a block. */
export interface FileRows {
  /** First byte of the first piece of each block. */
  readonly offsets: readonly number[];
  /** Of each piece. */
  readonly bytes: number;
  /** From one piece to the next, at least `bytes`. */
  readonly stride: number;
  /** Pieces of each block. */
  readonly count: number;
}

/**
 * What is written outlives what: "power": a power cut, for which the disk is waited for; "process": whatever ends the program, since the
 * system has it by then and brings it to the disk within seconds.
 */
export type Durability = "power" | "process";

/** A file that is read in parts, at any place. Whoever opened it closes it. */
export interface RandomAccessFile {
  /** How messages call the file: its path, address or name. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset`.
   *
   * @param into  where the bytes go, at least `length` long; without it a new array
   * @returns     the bytes read, `length` long; a view of `into` where that is given
   * @throws {VitrineError} format: the file ends before; storage: the system refused
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  /**
   * Reads thousands of small pieces, one after the other, in threads of its own: each alone through {@link read} would cost many
   * times its copy. Left out where the platform has no such way.
   *
   * @param into  as long as all of them
   * @throws {VitrineError} as `read`; missing: the package is not built
   */
  readonly readRows?: (rows: FileRows, into: Uint8Array) => Promise<void>;
  /** What the user should know of how it is read. */
  readonly warning?: string;
  close(): Promise<void>;
}

/** A file that is written and read at any place while it grows. Whoever opened it closes it. */
export interface WritableFile {
  /** How messages call the file: its path. */
  readonly name: string;
  /** As {@link RandomAccessFile.read}; sees what was written before the call. */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  /**
   * Writes arrays one after another from `position` on, in one system call unless the system takes a part only. Calls may
   * overlap; the arrays may lie in shared memory and must stay unchanged until it resolves.
   *
   * @throws {VitrineError} storage: the disk is full or refused; a part may have been written
   */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>;
  /** Waits until what was written before the call would survive a power cut. @throws {VitrineError} storage */
  sync(): Promise<void>;
  /** Cuts or lengthens the file; new bytes are zero and take no room where the disk knows sparse files. */
  resize(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** What both twins of "#files" offer. */
export interface FileSystem {
  openFile(source: FileSource): Promise<RandomAccessFile>;
  readFileBytes(source: FileSource): Promise<Uint8Array>;
  writeFileAtomic(path: string, chunks: FileChunks, options?: WriteOptions): Promise<void>;
  writeFileNow(path: string, bytes: Uint8Array): void;
  createFile(path: string, bytes: Uint8Array): Promise<void>;
  openWritable(path: string, options: { readonly create: boolean }): Promise<WritableFile>;
  newBytes(length: number): Uint8Array<ArrayBuffer>;
  fileExists(path: string): Promise<boolean>;
  renameFile(from: string, to: string): Promise<void>;
  removeFile(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  makeFolder(path: string, options?: Pick<WriteOptions, "durability">): Promise<void>;
  makeNewFolder(path: string): Promise<void>;
  listFolder(path: string): Promise<string[]>;
  canonicalPath(path: string): Promise<string>;
}

/** The name of a source in messages. */
export function sourceName(source: FileSource): string {
  if (typeof source === "string") return source;
  if (source instanceof URL)
    return source.protocol === "file:" ? decodeURIComponent(source.pathname) : source.href;
  return "name" in source && typeof source.name === "string" ? source.name : "blob";
}

/** The error of a file that ends before the bytes that were asked for; bytes that are not there are never zeros. */
export function shortRead(
  name: string,
  offset: number,
  { wanted, found }: { wanted: number; found: number },
): VitrineError {
  return new VitrineError({
    code: "format",
    at: name,
    expected: `${wanted} bytes at offset ${offset}`,
    found: `${Math.max(0, found)}`,
    hint: "The file is truncated or changed while it was read",
  });
}

/** The first `length` bytes of `into`, or a new array. */
export function targetBytes(length: number, into: Uint8Array | undefined, at: string): Uint8Array {
  if (into === undefined) return allocate(() => new Uint8Array(length), length, at);
  if (into.length >= length) return into.subarray(0, length);
  throw new VitrineError({
    code: "shape",
    at: `${at} into`,
    expected: `room for ${length} bytes`,
    found: `${into.length}`,
  });
}

/** Runs an allocation of `bytes`; memory that the platform refuses is an error that names the file and the size. */
export function allocate<T>(create: () => T, bytes: number, at: string): T {
  try {
    return create();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new VitrineError(
      {
        code: "range",
        at,
        expected: "data that fit in memory",
        found: `${(bytes / 2 ** 30).toFixed(2)} GiB`,
        hint: "Read it in parts",
      },
      { cause },
    );
  }
}

/** A Blob as a file; the same in Node and in a page. */
export function openBlob(blob: Blob, name = sourceName(blob)): RandomAccessFile {
  return {
    name,
    size: blob.size,
    async read(offset, length, into) {
      const found = blob.size - offset;
      if (found < length) throw shortRead(name, offset, { wanted: length, found });
      const target = targetBytes(length, into, name);
      target.set(new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()));
      return target;
    },
    async close() {},
  };
}
