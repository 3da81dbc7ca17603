import { VitrineError } from "../core/index.ts";

declare global {
  namespace WebAssembly {
    /** Known to programs without a browser's types too, and nothing new to others. */
    interface Memory {}
  }
}

/** Bytes of one WASM page. */
const PAGE = 65_536;

/** Every region begins at and is a multiple of this, a cache line. */
export const ALIGNMENT = 64;

/** Most bytes that a pool's memory grows to (3.5 GiB): the rest of 32 bits stays free for what the engine adds. */
export const MEMORY_LIMIT = 3.5 * 2 ** 30;

/** A piece of a pool's memory. Its bytes are whatever was there before. */
export interface Region {
  /** Unsigned, a multiple of 64. */
  readonly address: number;
  readonly bytes: number;
}

interface Span {
  address: number;
  bytes: number;
}

/** What an arena needs of a `WebAssembly.Memory`. */
export interface Growable {
  readonly buffer: { readonly byteLength: number };
  grow(pages: number): number;
}

/** Makes shared memory that may grow to 4 GiB of addresses. @throws {VitrineError} device: the system gives none */
export function createMemory(initialPages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: initialPages, maximum: 65_536, shared: true });
  } catch (cause) {
    throw new VitrineError(
      {
        code: "device",
        at: "createPool",
        expected: "4 GiB of addresses (not of memory)",
        found: "a system that refuses them",
        hint: "Lift the limit on virtual memory (ulimit -v)",
      },
      { cause },
    );
  }
}

/**
 * Gives out regions of a memory from `start` to its end, which it moves as needed. First fit over a list of free
 * spans in order of address; neighbours are joined when freed. Memory never shrinks: WASM cannot give pages back.
 */
export class Arena {
  readonly #memory: Growable;
  readonly #limit: number;
  readonly #free: Span[] = [];
  readonly #taken = new Map<number, number>();
  #end: number;

  constructor(memory: Growable, { start, limit = MEMORY_LIMIT }: { start: number; limit?: number }) {
    this.#memory = memory;
    this.#limit = limit;
    this.#end = memory.buffer.byteLength;
    const first = roundUp(start, ALIGNMENT);
    if (first < this.#end) this.#free.push({ address: first, bytes: this.#end - first });
  }

  /** Free spans in order of address. */
  get freeSpans(): readonly Region[] {
    return this.#free.map(({ address, bytes }) => ({ address, bytes }));
  }

  /**
   * Takes `bytes` (rounded up to 64, at least 64).
   *
   * @throws {VitrineError} range: not a number of bytes, or above what is left of 3.5 GiB; device: the system has no more
   */
  allocate(bytes: number): Region {
    const size = Math.max(ALIGNMENT, roundUp(checkBytes(bytes), ALIGNMENT));
    const index = this.#fit(size);
    const span = this.#free[index];
    const region = { address: span.address, bytes: size };
    span.address += size;
    span.bytes -= size;
    if (span.bytes === 0) this.#free.splice(index, 1);
    this.#taken.set(region.address, size);
    return region;
  }

  /** Gives a region back. @throws {VitrineError} range: it is not taken, or was given back before */
  free({ address }: Region): void {
    const bytes = this.#taken.get(address);
    if (bytes === undefined) {
      throw new VitrineError({
        code: "range",
        at: "free(region)",
        expected: "a region that is taken",
        found: `address ${address}`,
      });
    }
    this.#taken.delete(address);
    this.#release({ address, bytes });
  }

  #fit(size: number): number {
    const index = this.#free.findIndex((span) => span.bytes >= size);
    if (index >= 0) return index;
    this.#grow(size);
    return this.#free.length - 1;
  }

  /** Grows so that the last free span has `size` bytes. */
  #grow(size: number): void {
    const last = this.#free.at(-1);
    const tail = last !== undefined && last.address + last.bytes === this.#end ? last.bytes : 0;
    const more = roundUp(size - tail, PAGE);
    if (this.#end + more > this.#limit) throw tooLarge(size, this.#limit - this.#end + tail);
    try {
      this.#memory.grow(more / PAGE);
    } catch (cause) {
      throw outOfMemory(size, cause);
    }
    this.#release({ address: this.#end, bytes: more });
    this.#end += more;
  }

  /** Puts a span into the list, joined with its neighbours. */
  #release(span: Span): void {
    const next = this.#free.findIndex((other) => other.address > span.address);
    const at = next < 0 ? this.#free.length : next;
    this.#free.splice(at, 0, span);
    this.#join(at);
    this.#join(at - 1);
  }

  #join(index: number): void {
    const [left, right] = [this.#free[index], this.#free[index + 1]];
    if (left === undefined || right === undefined || left.address + left.bytes !== right.address) return;
    left.bytes += right.bytes;
    this.#free.splice(index + 1, 1);
  }
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

function checkBytes(bytes: number): number {
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new VitrineError({
    code: "range",
    at: "allocate(bytes)",
    expected: "a whole number from 0",
    found: `${bytes}`,
  });
}

function tooLarge(size: number, left: number): VitrineError {
  return new VitrineError({
    code: "range",
    at: "allocate(bytes)",
    expected: `at most the ${inMiB(left)} that a pool can still grow to`,
    found: `${inMiB(size)}`,
    hint: "Split the work into parts, or run them in processes of their own",
  });
}

function outOfMemory(size: number, cause: unknown): VitrineError {
  const fault = {
    code: "device",
    at: "allocate(bytes)",
    expected: "memory from the system",
    found: `none for ${inMiB(size)}`,
    hint: "Free memory or split the work",
  } as const;
  return new VitrineError(fault, { cause });
}

function inMiB(bytes: number): string {
  return `${Math.floor((bytes / 2 ** 20) * 10) / 10} MiB`;
}
