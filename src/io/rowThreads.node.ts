/** Threads that read many small pieces of files, shared by all open files: each piece alone would cost a task of the event loop. */
import { availableParallelism } from "node:os";
import { startWorkerThread } from "../core/index.node.ts";
import { type PackedError, unpackError, VitrineError, type WorkerThread } from "../core/index.ts";
import { allocate, type FileRows } from "./files.ts";

/** An open file, as the system knows it. */
export interface RowsFile {
  /** Of this reader alone, where `fd` is the next file's once it is closed. */
  readonly key: number;
  readonly fd: number;
  readonly path: string;
}

/** What a thread is asked. */
export interface RowsRequest extends RowsFile {
  readonly id: number;
  readonly rows: FileRows;
  /** Where they go, as long as all of them: shared memory, which is used again. */
  readonly into: Uint8Array;
}

/** What a thread is told: rows to read, or the key of a file that nobody reads any more. */
export type RowsMessage = RowsRequest | { readonly closed: number };

/** What it answers. */
export type RowsReply = { readonly id: number } | { readonly id: number; readonly error: PackedError };

/** More would only wait for the same disk. */
const MOST_THREADS = 4;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class RowThread {
  readonly waiting = new Map<number, Waiting>();
  readonly #thread: WorkerThread<RowsMessage>;
  #failure: VitrineError | undefined;
  #last = 0;

  constructor() {
    this.#thread = startWorkerThread<RowsMessage, RowsReply>("#row-thread", {
      onMessage: (reply) => this.#answer(reply),
      onFailure: (found, cause) => this.#fail(found, cause),
    });
    this.#thread.hold(false);
  }

  read(file: RowsFile, { rows, into }: Pick<RowsRequest, "rows" | "into">): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#last++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      // it keeps the process alive only while somebody waits
      this.#thread.hold(true);
      this.#thread.post({ ...file, id, rows, into });
    });
  }

  /** Nobody reads a file any more. */
  forget(key: number): void {
    if (this.#failure === undefined) this.#thread.post({ closed: key });
  }

  end(): Promise<void> {
    return this.#thread.terminate();
  }

  #answer(reply: RowsReply): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (this.waiting.size === 0) this.#thread.hold(false);
    if ("error" in reply) waiting?.reject(unpackError(reply.error));
    else waiting?.resolve();
  }

  #fail(found: string, cause: unknown): void {
    const fault = { code: "worker", at: "a thread that reads files", expected: "to go on", found } as const;
    this.#failure ??= new VitrineError(fault, { cause });
    for (const { reject } of this.waiting.values()) reject(this.#failure);
    this.waiting.clear();
  }
}

/** They run while a file that used them is open. */
const shared: { threads: RowThread[]; users: number; slots: SharedArrayBuffer[] } = {
  threads: [],
  users: 0,
  slots: [],
};

let nextKey = 0;

/** Memory that is kept for the next read: the system takes as long to give a new page as to read a row into it. */
const SLOT_BYTES = 2 ** 19;
const MOST_SLOTS = 16;

/** Runs a read into shared memory, and copies what it brought where the caller's is not. */
async function withSlot(into: Uint8Array, read: (slot: Uint8Array) => Promise<void>): Promise<void> {
  if (into.buffer instanceof SharedArrayBuffer) return read(into);
  const { length } = into;
  const slot = (length <= SLOT_BYTES ? shared.slots.pop() : undefined) ?? newSlot(length);
  const bytes = new Uint8Array(slot, 0, length);
  await read(bytes);
  into.set(bytes);
  if (slot.byteLength === SLOT_BYTES && shared.slots.length < MOST_SLOTS) shared.slots.push(slot);
}

function newSlot(length: number): SharedArrayBuffer {
  const bytes = Math.max(length, SLOT_BYTES);
  return allocate(() => new SharedArrayBuffer(bytes), bytes, "a thread that reads files");
}

/** Reads rows of one file; threads start with its first read, and end when the last file that used them is closed. */
export function rowReader(opened: Omit<RowsFile, "key">): {
  read(rows: FileRows, into: Uint8Array): Promise<void>;
  /** Waits for reads that go on. */
  close(): Promise<void>;
} {
  const file = { ...opened, key: nextKey++ };
  const running = new Set<Promise<unknown>>();
  let isUser = false;
  return {
    async read(rows, into) {
      if (!isUser) shared.users++;
      isUser = true;
      const read = withSlot(into, (slot) => leastBusy().read(file, { rows, into: slot }));
      running.add(read);
      return read.finally(() => running.delete(read));
    },
    async close() {
      await Promise.allSettled(running);
      if (!isUser) return;
      isUser = false;
      for (const thread of shared.threads) thread.forget(file.key);
      if (--shared.users > 0) return;
      shared.slots.length = 0;
      await Promise.all(shared.threads.splice(0).map((thread) => thread.end()));
    },
  };
}

function leastBusy(): RowThread {
  const { threads } = shared;
  const free = threads.find(({ waiting }) => waiting.size === 0);
  if (free !== undefined) return free;
  if (threads.length < Math.min(MOST_THREADS, availableParallelism())) {
    const thread = new RowThread();
    threads.push(thread);
    return thread;
  }
  return threads.reduce((least, thread) => (thread.waiting.size < least.waiting.size ? thread : least));
}
