import type { PixelArray } from "../../core/index.ts";
import { copyBox } from "../source/box.ts";
import type { Chunk } from "../source/cache.ts";
import type { ZarrArrayFacts } from "../source/zarr/arrayMetadata.ts";
import type { ReadZarrChunk } from "../source/zarr/chunks.ts";

/** Reads the plane (y, x) at these indices of the dimensions before; `into` is as long as it. */
export type ChunkReader = (indices: readonly number[], into: PixelArray) => Promise<void>;

/** A chunk, and where its first row and column lie in the plane; undefined where the store leaves it out. */
interface PlacedChunk {
  readonly y: number;
  readonly x: number;
  readonly chunk: Chunk | undefined;
}

/**
 * Reads planes of an array whose chunks may hold several: those that were read last are kept then, so that planes in order are
 * decoded once.
 */
export function chunkReader(facts: ZarrArrayFacts, readChunk: ReadZarrChunk): ChunkReader {
  const depths = facts.chunkShape.slice(0, -2);
  const isShared = depths.some((depth) => depth > 1);
  let kept: { readonly key: string; readonly chunks: readonly PlacedChunk[] } | undefined;
  return async (indices, into) => {
    const outer = indices.map((index, i) => Math.floor(index / depths[i]));
    const key = outer.join("/");
    const chunks = kept?.key === key ? kept.chunks : await readChunks(facts, outer, readChunk);
    if (isShared) kept = { key, chunks };
    into.fill(facts.fill);
    const within = indices.map((index, i) => index % depths[i]);
    for (const placed of chunks) copyPlane(placed, within, { into, plane: facts.shape.slice(-2) });
  };
}

async function readChunks(
  { shape, chunkShape }: ZarrArrayFacts,
  outer: readonly number[],
  readChunk: ReadZarrChunk,
): Promise<readonly PlacedChunk[]> {
  const [height, width] = shape.slice(-2);
  const [chunkHeight, chunkWidth] = chunkShape.slice(-2);
  const chunks: PlacedChunk[] = [];
  for (let y = 0; y * chunkHeight < height; y++) {
    for (let x = 0; x * chunkWidth < width; x++) {
      const chunk = await readChunk([...outer, y, x]);
      chunks.push({ y: y * chunkHeight, x: x * chunkWidth, chunk });
    }
  }
  return chunks;
}

function copyPlane(
  { y, x, chunk }: PlacedChunk,
  within: readonly number[],
  { into, plane }: { readonly into: PixelArray; readonly plane: readonly number[] },
): void {
  if (chunk === undefined) return;
  const [height, width] = plane;
  const [rows, columns] = chunk.shape.slice(-2);
  const size = [Math.min(rows, height - y), Math.min(columns, width - x)];
  const layer = within.reduce((sum, index, i) => sum * chunk.shape[i] + index, 0) * rows * columns;
  const from = {
    data: chunk.data.subarray(layer, layer + rows * columns),
    shape: [rows, columns],
    at: [0, 0],
  };
  copyBox(from, { data: into, shape: [...plane], at: [y, x] }, size);
}
