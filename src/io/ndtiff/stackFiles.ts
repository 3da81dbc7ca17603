import { openFile } from "#files";
import { VitrineError, yieldToEventLoop } from "../../core/index.ts";
import { HOST_IS_LITTLE_ENDIAN } from "../byteOrder.ts";
import type { RandomAccessFile, WritableFile } from "../files.ts";
import { malformed, within } from "./format.ts";

/** A stack that is open for reading. */
export interface OpenStack {
  readonly file: Pick<RandomAccessFile, "name" | "read" | "close">;
  /** Bytes when it was opened; infinite for one that this process writes. */
  readonly size: number;
  /** Its byte order is not this machine's. */
  readonly isSwapped: boolean;
}

/** A part of a stack. */
export interface StackPart {
  readonly offset: number;
  readonly length: number;
  /** What it is, for messages. */
  readonly what: string;
  /** Where the bytes go, `length` long; new memory if left out. */
  readonly into?: Uint8Array;
}

/** The stacks of a folder: each is opened when it is first read, and stays open until all are closed. */
export class StackFiles {
  readonly folder: string;
  readonly #open = new Map<string, Promise<OpenStack>>();
  #isClosed = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes a stack known that this process writes. */
  adopt(name: string, file: WritableFile): void {
    this.#open.set(name, Promise.resolve({ file, size: Number.POSITIVE_INFINITY, isSwapped: false }));
  }

  /** Closes a stack that was adopted; whoever reads it afterwards opens it anew. */
  async release(name: string): Promise<void> {
    const stack = this.#open.get(name);
    this.#open.delete(name);
    // whoever holds it already begins to read before the next task
    await yieldToEventLoop();
    if (stack !== undefined) await closeStack(stack);
  }

  /**
   * Reads a part of a stack.
   *
   * @throws {VitrineError} missing: no such stack; format: it ends before; storage
   */
  async read(name: string, { offset, length, what, into }: StackPart): Promise<Uint8Array> {
    let stack = await this.open(name);
    if (offset + length > stack.size) stack = await this.#openAnew(name, stack);
    if (offset + length <= stack.size) return stack.file.read(offset, length, into);
    throw malformed(
      `${within(this.folder, name)} ${what}`,
      `bytes ${offset} to ${offset + length} in the file`,
      `a file of ${stack.size} bytes`,
    );
  }

  /** A stack as it was when it was first opened. @throws {VitrineError} missing, storage */
  open(name: string): Promise<OpenStack> {
    if (this.#isClosed) return Promise.reject(closed(this.folder));
    return this.#open.get(name) ?? this.#openNow(name);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const stacks = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(stacks.map(closeStack));
  }

  /** A stack with its size of now: another program writes it. */
  async #openAnew(name: string, outgrown: OpenStack): Promise<OpenStack> {
    const current = await this.open(name);
    if (current !== outgrown || current.size === Number.POSITIVE_INFINITY) return current;
    const grown = await this.#openNow(name);
    // reads that go on are waited for, and nobody begins another one: the grown file has taken its place
    await outgrown.file.close();
    return grown;
  }

  #openNow(name: string): Promise<OpenStack> {
    const stack = openStack(within(this.folder, name));
    this.#open.set(name, stack);
    // one that could not be opened may be there later
    stack.catch(() => this.#open.delete(name));
    return stack;
  }
}

async function openStack(path: string): Promise<OpenStack> {
  const file = await openFile(path);
  try {
    const mark = file.size < 2 ? undefined : (await file.read(0, 2))[0];
    const isBigEndian = mark === 0x4d;
    return { file, size: file.size, isSwapped: mark !== undefined && isBigEndian === HOST_IS_LITTLE_ENDIAN };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function closeStack(stack: Promise<OpenStack>): Promise<void> {
  const opened = await stack.catch(() => undefined);
  await opened?.file.close();
}

function closed(at: string): VitrineError {
  return new VitrineError({ code: "missing", at, expected: "an open dataset", found: "a closed one" });
}
