import type { PixelArray } from "../../core/index.ts";
import { requireNotAborted, VitrineError } from "../../core/index.ts";
import { indicesWithin } from "../dataset/arrayPlan.ts";
import type { ArrayBlock } from "../dataset/dataset.ts";
import { copyBox } from "./box.ts";
import { type Chunk, ChunkCache } from "./cache.ts";
import { createBlock, type ResolvedRegion, resolveRegion } from "./region.ts";
import type { ImageSource, SourceRead } from "./source.ts";

/** All of a source but how it is read. */
export type SourceFacts = Omit<ImageSource, "read" | "close" | typeof Symbol.asyncDispose>;

/** Which chunk is wanted. */
export interface ChunkRequest {
  readonly level: number;
  /** Number of the chunk along each axis. */
  readonly index: readonly number[];
  /** Aborted once nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** How a source of chunks is read. */
export interface ChunkReader {
  /**
   * Reads one chunk, in this machine's byte order; undefined where the file leaves it out. It is asked for a chunk once at a
   * time, whoever waits for it.
   */
  readonly readChunk: (request: ChunkRequest) => Promise<Chunk | undefined>;
  readonly close: () => Promise<void>;
  /**
   * Reads a region without the memory of chunks, where its own array takes it and all of the file that is read lies in it; false where that
   * cannot be, and it is put together from chunks.
   */
  readonly readInto?: (region: ResolvedRegion, into: PixelArray) => Promise<boolean>;
  /** What a chunk that is left out reads as (default 0). */
  readonly fill?: number;
  /** Place of the image's first pixel in the chunk 0, 0, …, by level, where that is not the chunk's first. */
  readonly origins?: readonly (readonly number[])[];
  /** Most bytes of chunks that are kept in memory (default 64 MiB). */
  readonly cacheBytes?: number;
  /** Keeps chunks of several images, so that all of them together have this much memory; in place of `cacheBytes`. */
  readonly cache?: ChunkCache;
}

const CACHE_BYTES = 2 ** 26;

/** Sources that were made: chunks of each have keys of their own in a memory that they share. */
let made = 0;

/** Chunks of one read that are loaded at the same time: more would only fill memory. */
const AT_ONCE = 8;

/**
 * A source of an image that lies in chunks: regions are put together from them, the ones used last stay in memory, and readers
 * of the same chunk share one request.
 */
export function chunkedSource(facts: SourceFacts, reader: ChunkReader): ImageSource {
  const cache = reader.cache ?? new ChunkCache(facts.name, reader.cacheBytes ?? CACHE_BYTES);
  const prefix = `${made++}/`;
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    cache.clear(prefix);
    await reader.close();
  };
  return {
    ...facts,
    async read(what = {}) {
      if (!isOpen) throw closedSource(facts.name);
      return readRegion(facts, what, { reader, cache, prefix });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The error of a read after `close`. */
export function closedSource(at: string): VitrineError {
  return new VitrineError({ code: "missing", at, expected: "an open image", found: "a closed one" });
}

interface Loader {
  readonly reader: ChunkReader;
  readonly cache: ChunkCache;
  /** Of the keys of its chunks. */
  readonly prefix: string;
}

async function readRegion(facts: SourceFacts, what: SourceRead, loader: Loader): Promise<ArrayBlock> {
  const region = resolveRegion(facts, what);
  const block = createBlock(facts, region, what.into);
  const { fill = 0, readInto } = loader.reader;
  if (what.into !== undefined && (await readInto?.(region, what.into))) {
    requireNotAborted(what.signal, `${facts.name} read`);
    return block;
  }
  if (fill !== 0 || what.into !== undefined) block.data.fill(fill);
  if (block.data.length === 0) return block;
  const stop = new AbortController();
  const signal = what.signal === undefined ? stop.signal : AbortSignal.any([what.signal, stop.signal]);
  const chunks = chunksWithin(region, loader.reader);
  const work = async () => {
    for (const index of chunks) await copyChunk(facts, { region, block, index, loader, signal });
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    // where one chunk failed, the others are not waited for
    stop.abort();
  }
  return block;
}

/** Spans of the region in the grid of chunks. */
function gridSpans({ index, spans }: ResolvedRegion, { origins }: ChunkReader) {
  const origin = origins?.[index];
  return spans.map(({ from, to }, axis) => ({
    from: from + (origin?.[axis] ?? 0),
    to: to + (origin?.[axis] ?? 0),
  }));
}

function chunksWithin(region: ResolvedRegion, reader: ChunkReader): Generator<readonly number[]> {
  const { chunkShape } = region.level;
  const spans = gridSpans(region, reader).map(({ from, to }, axis) => ({
    from: Math.floor(from / chunkShape[axis]),
    to: Math.ceil(to / chunkShape[axis]),
  }));
  return indicesWithin(spans);
}

interface ChunkCopy {
  readonly region: ResolvedRegion;
  readonly block: ArrayBlock;
  readonly index: readonly number[];
  readonly loader: Loader;
  readonly signal: AbortSignal;
}

async function copyChunk(
  facts: SourceFacts,
  { region, block, index, loader, signal }: ChunkCopy,
): Promise<void> {
  const { reader, cache, prefix } = loader;
  const level = region.index;
  const load = (shared: AbortSignal) => reader.readChunk({ level, index, signal: shared });
  const chunk = await cache.read(`${prefix}${level}/${index.join()}`, load, signal);
  if (chunk === undefined) return;
  const { chunkShape } = region.level;
  const spans = gridSpans(region, reader);
  const first = index.map((n, axis) => n * chunkShape[axis]);
  const from = spans.map((span, axis) => Math.max(span.from, first[axis]));
  const to = spans.map((span, axis) => Math.min(span.to, first[axis] + chunkShape[axis]));
  const at = from.map((place, axis) => place - first[axis]);
  const counts = to.map((end, axis) => end - from[axis]);
  checkChunk(
    chunk,
    at.map((place, axis) => place + counts[axis]),
    `${facts.name} level ${level} chunk ${index.join(", ")}`,
  );
  const into = from.map((place, axis) => place - spans[axis].from);
  copyBox({ ...chunk, at }, { data: block.data, shape: block.shape, at: into }, counts);
}

function checkChunk({ shape }: Chunk, needed: readonly number[], at: string): void {
  if (shape.length === needed.length && needed.every((end, axis) => end <= shape[axis])) return;
  const expected = `a chunk of at least ${needed.join(" x ")}`;
  throw new VitrineError({
    code: "format",
    at,
    expected,
    found: shape.join(" x "),
    hint: "The file is damaged",
  });
}
