import type { PixelArray } from "../../core/index.ts";
import { abortError, raceAbort, requireNotAborted } from "../../core/index.ts";

/** Values of a chunk in C order. */
export interface Chunk {
  /** Fills its buffer: a view of a larger one would keep that in memory. */
  readonly data: PixelArray;
  /** May reach beyond the image (padding), or be cut at its end. */
  readonly shape: readonly number[];
}

/** Loads a chunk; undefined where the file leaves it out. The signal is aborted once nobody waits any more. */
export type LoadChunk = (signal: AbortSignal) => Promise<Chunk | undefined>;

/** Most bytes of chunks in memory of all fields of a plate together, twice those of an image alone. */
export const PLATE_BYTES = 2 ** 27;

interface Request {
  readonly chunk: Promise<Chunk | undefined>;
  readonly controller: AbortController;
  readers: number;
}

/**
 * Chunks of one source in memory, the ones used last, up to a number of bytes. Who asks for a chunk that another one waits for
 * waits with it; an abort of one leaves the others. A chunk that could not be read is not kept, nor is one that is not there.
 */
export class ChunkCache {
  readonly #at: string;
  readonly #maxBytes: number;
  readonly #kept = new Map<string, Chunk>();
  readonly #requests = new Map<string, Request>();
  #bytes = 0;

  /**
   * @param at        the source, for messages
   * @param maxBytes  of all chunks that are kept
   */
  constructor(at: string, maxBytes: number) {
    this.#at = at;
    this.#maxBytes = maxBytes;
  }

  /** Of the chunks that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A chunk, loaded unless it is here or on its way. @throws {VitrineError} aborted; and whatever `load` throws */
  async read(key: string, load: LoadChunk, signal?: AbortSignal): Promise<Chunk | undefined> {
    requireNotAborted(signal, this.#at);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return this.#keep(key, kept);
    const request = this.#requests.get(key) ?? this.#begin(key, load);
    request.readers++;
    try {
      return await raceAbort(request.chunk, signal, (reason) => {
        throw abortError(this.#at, reason, "to read");
      });
    } finally {
      if (--request.readers === 0) this.#end(key, request);
    }
  }

  /** Lets go of the chunks whose keys begin so; of everything by default. */
  clear(prefix = ""): void {
    for (const key of this.#kept.keys()) if (key.startsWith(prefix)) this.#drop(key);
  }

  #begin(key: string, load: LoadChunk): Request {
    const controller = new AbortController();
    const chunk = load(controller.signal).then((loaded) => loaded && this.#keep(key, loaded));
    const request = { chunk, controller, readers: 0 };
    this.#requests.set(key, request);
    return request;
  }

  /** The last reader has what it wants, or has given up. */
  #end(key: string, request: Request): void {
    if (this.#requests.get(key) === request) this.#requests.delete(key);
    request.controller.abort();
  }

  #keep(key: string, chunk: Chunk): Chunk {
    const bytes = chunk.data.buffer.byteLength;
    this.#drop(key);
    if (bytes > this.#maxBytes) return chunk;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes + bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
    this.#kept.set(key, chunk);
    this.#bytes += bytes;
    return chunk;
  }

  #drop(key: string): void {
    const chunk = this.#kept.get(key);
    if (chunk === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= chunk.data.buffer.byteLength;
  }
}
