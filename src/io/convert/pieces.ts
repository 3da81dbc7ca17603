import type { PixelArray } from "../../core/index.ts";
import { bytesPerValue, requireNotAborted } from "../../core/index.ts";
import { indicesWithin } from "../dataset/arrayPlan.ts";
import type { ImageSource, SourceRegion } from "../source/source.ts";
import type { ConvertProgress } from "./options.ts";

/** A piece is as large as this, but for a single row. */
const PIECE_BYTES = 2 ** 24;

/** Values that follow one another in C order. */
export interface Piece {
  readonly region: SourceRegion;
  readonly data: PixelArray;
  /** Whole planes in it; 0 for a part of one. */
  readonly planes: number;
}

/** What a walk over an image needs. */
export interface WalkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ConvertProgress) => void) | undefined;
  /** The values of a piece are wanted until the next one comes: one piece of memory is enough. */
  readonly isReused?: boolean;
}

/** Names of the axes before `y`. */
export function outerAxes({ axes }: Pick<ImageSource, "axes">): string[] {
  return axes.map(({ name }) => name).filter((name) => name !== "y" && name !== "x" && name !== "sample");
}

/** Planes of the full resolution. */
export function countPlanes(source: Pick<ImageSource, "axes" | "levels">): number {
  const [{ shape }] = source.levels;
  return shape.slice(0, outerAxes(source).length).reduce((product, side) => product * side, 1);
}

/**
 * Everything of the full resolution once, in C order, in pieces that fit in memory: several planes where they are small, bands of
 * rows where they are large, whole chunks where that is possible.
 *
 * @throws {VitrineError} aborted; and the errors of `source.read`
 */
export async function* piecesOf(
  source: ImageSource,
  { signal, onProgress, isReused = false }: WalkOptions = {},
): AsyncGenerator<Piece> {
  const outer = outerAxes(source);
  const { deep, rows } = pieceSize(source);
  const { shape } = source.levels[0];
  const [height, total] = [shape[outer.length], countPlanes(source)];
  const ranges = shape.slice(0, outer.length).map((to) => ({ from: 0, to }));
  const inner =
    outer.length === 0 ? undefined : { name: outer[outer.length - 1], length: ranges[outer.length - 1].to };
  const rowValues = shape.slice(outer.length + 1).reduce((product, side) => product * side, 1);
  let memory: PixelArray | undefined;
  let done = 0;
  for (const indices of indicesWithin(ranges.slice(0, -1))) {
    const fixed = Object.fromEntries(indices.map((index, i) => [outer[i], index]));
    for (let from = 0; from < (inner?.length ?? 1); from += deep) {
      const to = Math.min(inner?.length ?? 1, from + deep);
      for (let top = 0; top < height; top += rows) {
        requireNotAborted(signal, "convertDataset");
        const bottom = Math.min(height, top + rows);
        const region: SourceRegion = {
          ...fixed,
          ...(inner && { [inner.name]: [from, to] }),
          y: [top, bottom],
        };
        const values = (to - from) * (bottom - top) * rowValues;
        // the first piece is the largest
        const into = memory?.subarray(0, values);
        const { data } = await source.read({ region, ...(into && { into }), ...(signal && { signal }) });
        if (isReused) memory ??= data;
        yield { region, data, planes: bottom - top === height ? to - from : 0 };
      }
      done += to - from;
      onProgress?.({ done, total });
    }
  }
}

/**
 * Planes of the full resolution in C order, each in pieces that fit in memory: `next()` is called once a plane, and again when all of
 * the one before was taken.
 */
export function planePieces(source: ImageSource, options: WalkOptions = {}) {
  const pieces = piecesOf(source, options);
  const outer = outerAxes(source).length;
  const length = source.levels[0].shape.slice(outer).reduce((product, side) => product * side, 1);
  let rest: PixelArray | undefined;
  async function* plane(): AsyncGenerator<PixelArray> {
    for (let left = length; left > 0; ) {
      const data = rest ?? (await pieces.next()).value?.data;
      if (data === undefined) return;
      const part = data.subarray(0, left);
      rest = part.length < data.length ? data.subarray(part.length) : undefined;
      left -= part.length;
      yield part;
    }
  }
  return { next: plane };
}

function pieceSize(source: ImageSource): { deep: number; rows: number } {
  const [{ shape, chunkShape }] = source.levels;
  const y = outerAxes(source).length;
  const rowBytes = shape.slice(y + 1).reduce((product, side) => product * side, bytesPerValue(source.dtype));
  const rows = Math.floor(PIECE_BYTES / rowBytes);
  const whole = (count: number, chunk: number) =>
    count >= chunk ? Math.floor(count / chunk) * chunk : Math.max(1, count);
  if (rows < shape[y]) return { deep: 1, rows: whole(rows, chunkShape[y]) };
  return { deep: y === 0 ? 1 : whole(Math.floor(rows / shape[y]), chunkShape[y - 1]), rows: shape[y] };
}
