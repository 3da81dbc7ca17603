import type { PixelArray } from "../../core/index.ts";
import { requireNotAborted } from "../../core/index.ts";
import type { ImageSource } from "../source/source.ts";
import { axisAt } from "./axes.ts";
import type { ProjectionKind } from "./options.ts";

/** Values that are read at once: 16 MiB of float64. */
const VALUES_AT_ONCE = 2 ** 21;

/** A plane for the eye: (height, width, samples). */
export interface ShrunkPlane {
  readonly data: Float32Array | Float64Array;
  readonly height: number;
  readonly width: number;
  readonly samples: number;
}

/** Which plane is read, and how small it becomes. */
export interface PlaneRequest {
  readonly level: number;
  /** Indices of full resolution on all axes before y and x but the projected one. */
  readonly fixed: Readonly<Record<string, number>>;
  readonly project?: { readonly axis: string; readonly by: ProjectionKind } | undefined;
  /** Pixels that become one along each side: their mean, or the middle one of labels. */
  readonly shrink: number;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a plane by tiles, so that one of any size and depth takes little memory. NaN counts as nothing. */
export async function readPlane(source: ImageSource, request: PlaneRequest): Promise<ShrunkPlane> {
  const { level, shrink, signal } = request;
  const { shape } = source.levels[level];
  const place = (name: string) => axisAt(source, name);
  const [fullHeight, fullWidth] = [shape[place("y")], shape[place("x")]];
  const samples = place("sample") < 0 ? 1 : shape[place("sample")];
  const [height, width] = [Math.ceil(fullHeight / shrink), Math.ceil(fullWidth / shrink)];
  const length = height * width * samples;
  // names of objects may need more than the 24 bits of a float32
  const data = source.isLabels ? new Float64Array(length) : new Float32Array(length);
  const tile = tileOf(source, request, { height: fullHeight, width: fullWidth, samples });
  for (let y = 0; y < fullHeight; y += tile.rows) {
    for (let x = 0; x < fullWidth; x += tile.columns) {
      requireNotAborted(signal, "renderPicture");
      const rows: Range = [y, Math.min(fullHeight, y + tile.rows)];
      const columns: Range = [x, Math.min(fullWidth, x + tile.columns)];
      const part = await readTile(source, request, { rows, columns, samples, depth: tile.depth });
      shrinkInto({ data, height, width, samples }, part, {
        shrink,
        isNearest: source.isLabels,
        y: y / shrink,
        x: x / shrink,
      });
    }
  }
  return { data, height, width, samples };
}

type Range = readonly [from: number, to: number];

interface Tile {
  readonly rows: Range;
  readonly columns: Range;
  readonly samples: number;
  /** Planes of the projected axis that are read at once. */
  readonly depth: number;
}

/** Sides are multiples of the shrinking; whole chunks of the projected axis where they fit. */
function tileOf(
  source: ImageSource,
  { level, project, shrink }: PlaneRequest,
  { height, width, samples }: { height: number; width: number; samples: number },
): { rows: number; columns: number; depth: number } {
  const { shape, chunkShape } = source.levels[level];
  const along = project === undefined ? -1 : axisAt(source, project.axis);
  const deep = along < 0 ? 1 : Math.min(shape[along], chunkShape[along], 256);
  const area = Math.max(1, Math.floor(VALUES_AT_ONCE / (deep * samples)));
  const fitting = (room: number, side: number) =>
    Math.max(shrink, Math.floor(Math.min(room, side + shrink - 1) / shrink) * shrink);
  const columns = fitting(Math.floor(area / shrink), width);
  const rows = fitting(Math.floor(area / Math.min(columns, width)), height);
  const depth = Math.floor(VALUES_AT_ONCE / (rows * Math.min(columns, width) * samples));
  return { rows, columns, depth: along < 0 ? 1 : Math.max(1, Math.floor(depth / deep) * deep) };
}

interface Part {
  readonly data: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
}

async function readTile(source: ImageSource, request: PlaneRequest, tile: Tile): Promise<Part> {
  const { level, project, signal } = request;
  const { rows, columns, depth } = tile;
  const size = { rows: rows[1] - rows[0], columns: columns[1] - columns[0] };
  const fixed = indicesAt(source, level, request.fixed);
  const read = async (more: Record<string, Range>): Promise<PixelArray> => {
    const region = { ...fixed, y: rows, x: columns, ...more };
    return (await source.read({ level, region, ...(signal && { signal }) })).data;
  };
  if (project === undefined) return { data: await read({}), ...size };
  const planes = source.levels[level].shape[axisAt(source, project.axis)];
  const joined = new Projection(project.by, size.rows * size.columns * tile.samples);
  for (let from = 0; from < planes; from += depth) {
    requireNotAborted(signal, "renderPicture");
    joined.add(await read({ [project.axis]: [from, Math.min(planes, from + depth)] }));
  }
  return { data: joined.values(), ...size };
}

/** The indices of a level whose other axes may be shorter too. */
function indicesAt(source: ImageSource, level: number, fixed: PlaneRequest["fixed"]): Record<string, number> {
  const [full, shape] = [source.levels[0].shape, source.levels[level].shape];
  return Object.fromEntries(
    Object.entries(fixed).map(([name, index]) => {
      const place = axisAt(source, name);
      return [name, Math.min(shape[place] - 1, Math.floor((index * shape[place]) / full[place]))];
    }),
  );
}

/** Joins planes that come one after the other. */
class Projection {
  readonly #by: ProjectionKind;
  readonly #joined: Float64Array;
  readonly #counts: Uint32Array;

  constructor(by: ProjectionKind, length: number) {
    this.#by = by;
    this.#joined = new Float64Array(length);
    this.#counts = new Uint32Array(length);
  }

  add(planes: PixelArray): void {
    const [joined, counts, by] = [this.#joined, this.#counts, this.#by];
    const length = joined.length;
    for (let from = 0; from < planes.length; from += length) {
      for (let i = 0; i < length; i++) {
        const value = planes[from + i];
        if (Number.isNaN(value)) continue;
        const isFirst = counts[i]++ === 0;
        if (by === "max") joined[i] = isFirst || value > joined[i] ? value : joined[i];
        else if (by === "min") joined[i] = isFirst || value < joined[i] ? value : joined[i];
        else joined[i] += value;
      }
    }
  }

  values(): Float64Array {
    const isMean = this.#by === "mean";
    return this.#joined.map((value, i) => {
      const count = this.#counts[i];
      return count === 0 ? Number.NaN : isMean ? value / count : value;
    });
  }
}

interface Place {
  readonly shrink: number;
  readonly isNearest: boolean;
  readonly y: number;
  readonly x: number;
}

function shrinkInto(plane: ShrunkPlane, part: Part, place: Place): void {
  const { shrink } = place;
  const [height, width] = [Math.ceil(part.rows / shrink), Math.ceil(part.columns / shrink)];
  const value = place.isNearest ? middleOf : meanOf;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = ((place.y + y) * plane.width + place.x + x) * plane.samples;
      for (let s = 0; s < plane.samples; s++)
        plane.data[to + s] = value(part, { y: y * shrink, x: x * shrink, s }, [shrink, plane.samples]);
    }
  }
}

type Corner = { readonly y: number; readonly x: number; readonly s: number };

function meanOf(part: Part, { y, x, s }: Corner, [shrink, samples]: readonly [number, number]): number {
  const [bottom, right] = [Math.min(part.rows, y + shrink), Math.min(part.columns, x + shrink)];
  let [sum, seen] = [0, 0];
  for (let row = y; row < bottom; row++) {
    for (let column = x; column < right; column++) {
      const value = part.data[(row * part.columns + column) * samples + s];
      if (Number.isNaN(value)) continue;
      sum += value;
      seen++;
    }
  }
  return seen === 0 ? Number.NaN : sum / seen;
}

function middleOf(part: Part, { y, x, s }: Corner, [shrink, samples]: readonly [number, number]): number {
  const row = Math.min(part.rows - 1, y + Math.floor(shrink / 2));
  const column = Math.min(part.columns - 1, x + Math.floor(shrink / 2));
  return part.data[(row * part.columns + column) * samples + s];
}
