/** Sections of volumes of any size. */
import { VitrineError } from "../../../core/index.ts";
import type { ImageSource } from "../../../io/index.ts";
import { toTomogram } from "../../../subtomogram/index.ts";

/** A section across an axis. */
export interface SliceRequest {
  readonly axis: "z" | "y" | "x";
  readonly index: number;
  /** Voxels of full resolution on the other axes, in the order z, y, x. */
  readonly rows?: readonly [number, number] | undefined;
  readonly columns?: readonly [number, number] | undefined;
  /** Pixels of a side. */
  readonly most: number;
}

/** A section. */
export interface Slice {
  /** C order. */
  readonly data: Float32Array;
  readonly shape: readonly [rows: number, columns: number];
  /** Voxels along each side that are one pixel. */
  readonly factor: number;
}

const AXES = ["z", "y", "x"] as const;

/** Values that are read at once. */
const MOST_VALUES = 2 ** 27;

/** Reads a section; voxels become means of squares where there are too many. @throws {VitrineError} range: outside; shape: no volume */
export async function readSlice(
  source: ImageSource,
  { axis, index, rows, columns, most }: SliceRequest,
  signal: AbortSignal,
): Promise<Slice> {
  const { shape, read, name } = toTomogram(source);
  const across = AXES.indexOf(axis);
  const [down, along] = [0, 1, 2].filter((other) => other !== across);
  const [first, second] = [rows ?? [0, shape[down]], columns ?? [0, shape[along]]];
  requireWithin(name, [index, index + 1], shape[across]);
  requireWithin(name, first, shape[down]);
  requireWithin(name, second, shape[along]);
  const size = [first[1] - first[0], second[1] - second[0]] as const;
  if (size[0] * size[1] > MOST_VALUES)
    throw new VitrineError({
      code: "range",
      at: name,
      expected: `a section of at most ${MOST_VALUES} voxels`,
      found: size.join(" x "),
    });
  const [from, to] = [[0, 0, 0] as [number, number, number], [0, 0, 0] as [number, number, number]];
  [from[across], to[across]] = [index, index + 1];
  [from[down], to[down]] = first;
  [from[along], to[along]] = second;
  const data = await read(from, to, signal);
  const factor = Math.max(1, Math.ceil(Math.max(...size) / most));
  return factor === 1 ? { data, shape: size, factor } : binned(data, size, factor);
}

/** @throws {VitrineError} range */
function requireWithin(at: string, [from, to]: readonly number[], length: number): void {
  if (from >= 0 && from < to && to <= length) return;
  throw new VitrineError({
    code: "range",
    at,
    expected: `voxels within 0-${length}`,
    found: `${from}-${to}`,
  });
}

/** Means of squares; those at the end may be cut. */
function binned(data: Float32Array, [height, width]: readonly [number, number], factor: number): Slice {
  const shape = [Math.ceil(height / factor), Math.ceil(width / factor)] as const;
  const sums = new Float32Array(shape[0] * shape[1]);
  const counts = new Uint32Array(sums.length);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const to = Math.floor(y / factor) * shape[1] + Math.floor(x / factor);
      sums[to] += data[i];
      counts[to]++;
    }
  return { data: sums.map((sum, i) => sum / counts[i]), shape, factor };
}
