/** Parts of an image at a resolution that the file may not have. */
import { type PixelArray, VitrineError } from "../../core/index.ts";
import type { ImageSource, SourceRegion } from "../../io/index.ts";
import { axisOf, type ViewLevel, viewLevels } from "./viewLevels.ts";

/** A plane, and what of it is read. */
export interface TileRequest {
  /** Of {@link viewLevels}. */
  readonly level: number;
  readonly row: number;
  readonly column: number;
  /** Side of a tile in pixels. */
  readonly size: number;
  /** Indices on the other axes; those that are not named are 0. */
  readonly places: Readonly<Record<string, number>>;
}

/** Pixels of one plane, C order. */
export interface Tile {
  readonly data: PixelArray;
  readonly height: number;
  readonly width: number;
}

/** Values that are read at once, to be shrunk. */
const MOST_VALUES = 2 ** 24;

/**
 * Reads a tile; those at the right and lower end are smaller. Levels that the file lacks are means of its pixels (of labels one pixel of
 * each square), read by bands: memory follows the tile.
 *
 * @throws {VitrineError} range: no such level, row, column or index; missing: no such axis; and the errors of `source.read`
 */
export async function readTile(source: ImageSource, what: TileRequest, signal?: AbortSignal): Promise<Tile> {
  const levels = viewLevels(source);
  const level = levels[what.level];
  if (level === undefined) throw outside(source, `a level below ${levels.length}`, `${what.level}`);
  const [y, x] = [what.row * what.size, what.column * what.size];
  if (y >= level.height || x >= level.width)
    throw outside(
      source,
      `a tile within ${level.height} x ${level.width}`,
      `row ${what.row}, column ${what.column}`,
    );
  const box = {
    y,
    x,
    height: Math.min(what.size, level.height - y),
    width: Math.min(what.size, level.width - x),
  };
  const region = fixedRegion(source, what.places);
  return readBox(source, { level, box, region, ...(signal && { signal }) });
}

/** One index on every axis but y and x. @throws {VitrineError} missing: no such axis; range */
export function fixedRegion(source: ImageSource, places: Readonly<Record<string, number>>): SourceRegion {
  const others = source.axes.filter(({ name }) => name !== "y" && name !== "x");
  const unknown = Object.keys(places).find((key) => !others.some(({ name }) => name === key));
  if (unknown !== undefined) {
    const expected = `one of the axes ${others.map(({ name }) => name).join(", ") || "(there are no others)"}`;
    throw new VitrineError({ code: "missing", at: source.name, expected, found: JSON.stringify(unknown) });
  }
  return Object.fromEntries(others.map(({ name }) => [name, Object.hasOwn(places, name) ? places[name] : 0]));
}

interface Box {
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

interface BoxRead {
  readonly level: ViewLevel;
  /** In pixels of the level as it is shown. */
  readonly box: Box;
  readonly region: SourceRegion;
  readonly signal?: AbortSignal;
}

/** A box of a level, band by band where it is shrunk. */
async function readBox(source: ImageSource, { level, box, region, signal }: BoxRead): Promise<Tile> {
  const { shrink } = level;
  const shape = source.levels[level.level].shape;
  const [height, width] = [shape[axisOf(source, "y")], shape[axisOf(source, "x")]];
  const x: [number, number] = [box.x * shrink, Math.min(width, (box.x + box.width) * shrink)];
  const rows = shrink === 1 ? box.height : Math.max(1, Math.floor(MOST_VALUES / (box.width * shrink ** 2)));
  const bands: PixelArray[] = [];
  for (let row = 0; row < box.height; row += rows) {
    const from = (box.y + row) * shrink;
    const to = Math.min(height, (box.y + Math.min(box.height, row + rows)) * shrink);
    const what = {
      level: level.level,
      region: { ...region, y: [from, to] as const, x },
      ...(signal && { signal }),
    };
    const { data } = await source.read(what);
    const band = { data, height: to - from, width: x[1] - x[0] };
    bands.push(shrink === 1 ? data : shrunk(band, shrink, source.isLabels));
  }
  return { data: joined(bands), height: box.height, width: box.width };
}

/** Squares of pixels as one each: their mean, of labels the one in the middle. Squares at the end may be cut. */
export function shrunk({ data, height, width }: Tile, factor: number, isLabels: boolean): PixelArray {
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const out = data.slice(0, rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const [y, x] = [row * factor, column * factor];
      const [lower, right] = [Math.min(height, y + factor), Math.min(width, x + factor)];
      out[row * columns + column] = isLabels
        ? data[Math.floor((y + lower - 1) / 2) * width + Math.floor((x + right - 1) / 2)]
        : meanOf(data, { y, x, lower, right, width });
    }
  return out;
}

function meanOf(
  data: PixelArray,
  { y, x, lower, right, width }: { y: number; x: number; lower: number; right: number; width: number },
): number {
  let sum = 0;
  for (let row = y; row < lower; row++)
    for (let i = row * width + x; i < row * width + right; i++) sum += data[i];
  const mean = sum / ((lower - y) * (right - x));
  return data instanceof Float32Array || data instanceof Float64Array ? mean : Math.round(mean);
}

function joined(bands: readonly PixelArray[]): PixelArray {
  if (bands.length === 1) return bands[0];
  const out = emptyLike(
    bands[0],
    bands.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const band of bands) {
    out.set(band, at);
    at += band.length;
  }
  return out;
}

function emptyLike(array: PixelArray, length: number): PixelArray {
  const Pixels = array.constructor as new (length: number) => PixelArray;
  return new Pixels(length);
}

function outside({ name }: ImageSource, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "range", at: name, expected, found });
}
