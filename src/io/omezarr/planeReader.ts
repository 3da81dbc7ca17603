import type * as zarr from "zarrita";
import type { PixelArray } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { FolderStore } from "./store.ts";

/** Reads the plane (y, x) at these indices of the dimensions before; `into` is as long as it. */
export type ChunkReader = (indices: readonly number[], into: PixelArray) => Promise<void>;

type NumberArray = zarr.Array<zarr.NumberDataType, FolderStore>;
type NumberChunk = zarr.Chunk<zarr.NumberDataType>;

/** A chunk, and where its first row and column lie in the plane. */
interface PlacedChunk {
  readonly y: number;
  readonly x: number;
  readonly chunk: NumberChunk;
}

/**
 * Reads planes of an array whose chunks may hold several: those that were read last are kept then, so that planes in order are
 * decoded once.
 */
export function chunkReader(array: NumberArray, name: string): ChunkReader {
  const depths = array.chunks.slice(0, -2);
  const isShared = depths.some((depth) => depth > 1);
  let kept: { readonly key: string; readonly chunks: readonly PlacedChunk[] } | undefined;
  return async (indices, into) => {
    const outer = indices.map((index, i) => Math.floor(index / depths[i]));
    const key = outer.join("/");
    const chunks = kept?.key === key ? kept.chunks : await readChunks(array, outer, name);
    if (isShared) kept = { key, chunks };
    for (const { y, x, chunk } of chunks) {
      const offset = indices.reduce((sum, index, i) => sum + (index % depths[i]) * chunk.stride[i], 0);
      copyPart(chunk, offset, { y, x, into, plane: array.shape.slice(-2) });
    }
  };
}

async function readChunks(
  array: NumberArray,
  outer: readonly number[],
  name: string,
): Promise<readonly PlacedChunk[]> {
  const [height, width] = array.shape.slice(-2);
  const [chunkHeight, chunkWidth] = array.chunks.slice(-2);
  const chunks: PlacedChunk[] = [];
  for (let y = 0; y * chunkHeight < height; y++) {
    for (let x = 0; x * chunkWidth < width; x++) {
      const chunk = await array.getChunk([...outer, y, x]);
      checkLength(chunk, array, `${name}${array.path} chunk ${[...outer, y, x].join("/")}`);
      chunks.push({ y: y * chunkHeight, x: x * chunkWidth, chunk });
    }
  }
  return chunks;
}

/** zarrita takes a chunk that was cut short for a smaller one. */
function checkLength(chunk: NumberChunk, array: NumberArray, at: string): void {
  const length = array.chunks.reduce((product, side) => product * side, 1);
  if (chunk.data.length === length) return;
  throw new VitrineError({
    code: "format",
    at,
    expected: `${length} values`,
    found: `${chunk.data.length}`,
    hint: "The chunk is damaged or cut short",
  });
}

function copyPart(
  { data, shape, stride }: NumberChunk,
  offset: number,
  { y, x, into, plane }: { y: number; x: number; into: PixelArray; plane: readonly number[] },
): void {
  const [height, width] = plane;
  const [chunkHeight, chunkWidth] = shape.slice(-2);
  const [rowStride, columnStride] = stride.slice(-2);
  const columns = Math.min(chunkWidth, width - x);
  for (let row = 0; row < Math.min(chunkHeight, height - y); row++) {
    const source = offset + row * rowStride;
    const target = (y + row) * width + x;
    for (let i = 0; i < columns; i++) into[target + i] = data[source + i * columnStride];
  }
}
