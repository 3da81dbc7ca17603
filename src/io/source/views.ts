import { type OptionKeys, type PixelArray, requireKnownOptions } from "../../core/index.ts";
import type { ImageSource, SourceRegion } from "./source.ts";
import { axisOf, type ViewLevel } from "./viewLevels.ts";

/** Values that are read at once, to be shrunk. */
const MOST_VALUES = 2 ** 24;

/** Rows of a plane. */
interface Band {
  readonly data: PixelArray;
  readonly height: number;
  readonly width: number;
}

/** A part of a plane of an image as it is shown, pixels of its level. */
export interface ViewBox {
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

/** What {@link readView} reads. */
export interface ViewRead {
  readonly level: ViewLevel;
  /** In pixels of the level as it is shown. */
  readonly box: ViewBox;
  /** One index on every axis but y and x. */
  readonly region: SourceRegion;
  readonly signal?: AbortSignal;
}

const VIEW_READ_KEYS: OptionKeys<ViewRead> = { level: true, box: true, region: true, signal: true };

/**
 * Reads a box of one plane at a level that the file may not have: means of its pixels (of labels one pixel of each square), read by
 * bands, so that memory follows the box.
 *
 * @returns  `height` rows of `width` values
 * @throws {VitrineError} as `source.read`
 */
export async function readView(source: ImageSource, what: ViewRead): Promise<PixelArray> {
  requireKnownOptions("readView", what, VIEW_READ_KEYS);
  const { level, box, region, signal } = what;
  const { shrink } = level;
  const shape = source.levels[level.level].shape;
  const [height, width] = [shape[axisOf(source, "y")], shape[axisOf(source, "x")]];
  const x: [number, number] = [box.x * shrink, Math.min(width, (box.x + box.width) * shrink)];
  const rows = shrink === 1 ? box.height : Math.max(1, Math.floor(MOST_VALUES / (box.width * shrink ** 2)));
  const bands: PixelArray[] = [];
  for (let row = 0; row < box.height; row += rows) {
    const from = (box.y + row) * shrink;
    const to = Math.min(height, (box.y + Math.min(box.height, row + rows)) * shrink);
    const part = {
      level: level.level,
      region: { ...region, y: [from, to] as const, x },
      ...(signal && { signal }),
    };
    const { data } = await source.read(part);
    const band = { data, height: to - from, width: x[1] - x[0] };
    bands.push(shrink === 1 ? data : shrunk(band, shrink, source.isLabels));
  }
  return joined(bands);
}

/** Squares of pixels as one each: their mean, of labels the one in the middle. Squares at the end may be cut. */
function shrunk({ data, height, width }: Band, factor: number, isLabels: boolean): PixelArray {
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
