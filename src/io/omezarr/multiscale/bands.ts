import { bytesPerValue, type PixelType, VitrineError } from "../../../core/index.ts";
import { allocate } from "../../files.ts";
import type { BandPixels } from "./band.ts";
import type { PlannedLevel } from "./plan.ts";

/** Rows of one chunk or shard, over the whole width of a level, and which of their pixels have come. */
export interface Band {
  readonly level: number;
  readonly key: string;
  readonly pixels: BandPixels;
  /** Lengths of the dimensions before rows. */
  readonly outer: readonly number[];
  /** Indices of its first pixel along the dimensions before rows. */
  readonly outerStart: readonly number[];
  readonly firstRow: number;
  /** Pixels that have not come. */
  missing: number;
  /** Which have, a list a plane; the others hold what was in the memory before. */
  readonly covered: Rectangle[][];
}

/** Ends are not included. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  bottom: number;
}

/** Bands that are being filled, and memory for further ones. */
export class Bands {
  readonly #levels: readonly PlannedLevel[];
  readonly #dtype: PixelType;
  readonly #at: string;
  readonly #mostBytes: number;
  readonly #open = new Map<string, Band>();
  /** Memory of bands that are done, by its size. */
  readonly #spare = new Map<number, ArrayBufferLike[]>();
  #bytes = 0;

  constructor(
    levels: readonly PlannedLevel[],
    { dtype, at, mostBytes }: { dtype: PixelType; at: string; mostBytes: number },
  ) {
    this.#levels = levels;
    this.#dtype = dtype;
    this.#at = at;
    this.#mostBytes = mostBytes;
  }

  /** Bands that still lack pixels, the full resolution first. */
  get unfinished(): readonly Band[] {
    return [...this.#open.values()].sort((a, b) => a.level - b.level);
  }

  /** The band that holds this row of this plane. @throws {VitrineError} range: too many are open */
  at(level: number, outer: readonly number[], row: number): Band {
    const { shape, chunkShape, shardShape, bandRows } = this.#levels[level];
    const unit = shardShape ?? chunkShape;
    const first = Math.floor(row / bandRows) * bandRows;
    const outerStart = outer.map((index, i) => Math.floor(index / unit[i]) * unit[i]);
    const key = [level, ...outerStart, first].join("/");
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    const lengths = outerStart.map((start, i) => Math.min(unit[i], shape[i] - start));
    const planes = lengths.reduce((product, side) => product * side, 1);
    const [height, width] = shape.slice(-2);
    const size = { planes, rows: Math.min(bandRows, height - first), width };
    const band: Band = {
      level,
      key,
      pixels: { ...size, buffer: this.#take(planes * size.rows * width * bytesPerValue(this.#dtype)) },
      outer: lengths,
      outerStart,
      firstRow: first,
      missing: planes * size.rows * width,
      covered: Array.from({ length: planes }, () => []),
    };
    this.#open.set(key, band);
    return band;
  }

  /** No more pixels will come. */
  finish({ key }: Band): void {
    this.#open.delete(key);
  }

  /** Makes the pixels 0 that never came. */
  blank({ pixels, covered }: Band): void {
    for (const [plane, rectangles] of covered.entries())
      for (let row = 0; row < pixels.rows; row++)
        blankRow(pixels, { plane, row, rectangles, valueBytes: bytesPerValue(this.#dtype) });
  }

  /** Its memory may be used again. */
  release({ pixels: { buffer } }: Band): void {
    const spare = this.#spare.get(buffer.byteLength) ?? [];
    this.#spare.set(buffer.byteLength, [...spare, buffer]);
    this.#bytes -= buffer.byteLength;
  }

  #take(bytes: number): ArrayBufferLike {
    this.#bytes += bytes;
    if (this.#bytes > this.#mostBytes) {
      this.#bytes -= bytes;
      throw tooMuch(this.#at, this.#bytes + bytes, this.#mostBytes);
    }
    return this.#spare.get(bytes)?.pop() ?? allocate(() => sharedIfPossible(bytes), bytes, this.#at);
  }
}

interface BlankedRow {
  readonly plane: number;
  readonly row: number;
  readonly rectangles: readonly Rectangle[];
  readonly valueBytes: number;
}

function blankRow(
  { buffer, rows, width }: BandPixels,
  { plane, row, rectangles, valueBytes }: BlankedRow,
): void {
  const there = rectangles
    .filter(({ top, bottom }) => top <= row && row < bottom)
    .sort((a, b) => a.left - b.left);
  const start = (plane * rows + row) * width;
  let from = 0;
  for (const { left, right } of [...there, { left: width, right: width }]) {
    if (left > from) new Uint8Array(buffer, (start + from) * valueBytes, (left - from) * valueBytes).fill(0);
    from = right;
  }
}

/** A page shares memory only where it is isolated; it has no threads here either. */
function sharedIfPossible(bytes: number): ArrayBufferLike {
  return typeof SharedArrayBuffer === "function" ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

/**
 * Marks pixels of a plane as there.
 *
 * @throws {VitrineError} exists: one of them was before; chunks that are stored are not changed
 */
export function cover(band: Band, plane: number, rectangle: Rectangle, at: string): void {
  const covered = band.covered[plane];
  const { left, top, right, bottom } = rectangle;
  if (covered.some((one) => one.left < right && left < one.right && one.top < bottom && top < one.bottom)) {
    const row = band.firstRow + top;
    const found = `some of the columns ${left} to ${right} of row ${row} again`;
    throw new VitrineError({ code: "exists", at, expected: "every pixel once", found });
  }
  band.missing -= (right - left) * (bottom - top);
  const above = covered.at(-1);
  // row by row is one rectangle
  if (above?.left === left && above.right === right && above.bottom === top) above.bottom = bottom;
  else covered.push({ ...rectangle });
}

function tooMuch(at: string, bytes: number, most: number): VitrineError {
  const mib = (value: number) => `${Math.ceil(value / 2 ** 20)} MiB`;
  return new VitrineError({
    code: "range",
    at,
    expected: `at most ${mib(most)} of pixels whose chunks are not whole`,
    found: mib(bytes),
    hint: "Write plane by plane, tiles row by row; or choose smaller chunks or shards, or a larger `memoryBytes`",
  });
}
