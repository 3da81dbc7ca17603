import { BLOCK_BYTES, type CellKernels, endsBytes, FIRST } from "./block.ts";

export const LINE_FEED = 10;

/** How many rows there is room for. */
export interface RowCounts {
  /** More rows than there may be; where nobody counted them, with those of a block to spare. */
  readonly most: number;
  /** Rows whose numbers have room. */
  readonly numbers: number;
  readonly isCounted: boolean;
}

/** What a scan works with. */
export interface ScanParts {
  readonly kernels: CellKernels;
  /** The memory, which may grow. */
  readonly buffer: () => ArrayBufferLike;
  /** Where a block's ends and numbers go, which nobody needs behind it; undefined where memory ends. */
  readonly scratch: (bytes: number) => number | undefined;
  readonly places: Omit<RowCounts, "numbers"> & { readonly starts: number };
  /** Bytes of the file. */
  readonly length: number;
}

/** Numbers of a column, those of rows that were found first; none of a column that nobody wants. */
export type Columns = readonly (Float64Array<ArrayBuffer> | undefined)[];

/** How far a scan came. */
export interface FoundRows {
  readonly rows: number;
  readonly end: number;
}

/** Numbers in a memory: from `numbers` on, column by column, `most` each. */
export interface ScannedNumbers {
  readonly numbers: number;
  readonly most: number;
  /** Rows before them, and theirs. */
  readonly first: number;
  readonly rows: number;
}

/** Takes the numbers of rows. Returns whether there was room. */
export function keepNumbers(columns: Columns, buffer: ArrayBufferLike, found: ScannedNumbers): boolean {
  const { numbers, most, first, rows } = found;
  for (const [column, kept] of columns.entries()) {
    if (kept === undefined) continue;
    if (first + rows > kept.length) return false;
    kept.set(new Float64Array(buffer, numbers + 8 * most * column, rows), first);
  }
  return true;
}

/** The place behind the last line end before `there`. */
export function wholeLines({ buffer }: ScanParts, there: number): number {
  return new Uint8Array(buffer(), FIRST, there).lastIndexOf(LINE_FEED) + 1;
}

/** More rows than a block can have: each cell takes a byte. */
export function blockRows(bytes: number, width: number): number {
  return Math.ceil(bytes / width) + 1;
}

/** What a block's numbers and ends take. */
export function scratchBytes(bytes: number, width: number): number {
  return 8 * width * blockRows(bytes, width) + endsBytes(bytes);
}

/** What numbers of a range of so many bytes and the ends of its blocks take: each cell is a byte at least. */
export function rangeBytes(bytes: number): number {
  return 8 * bytes + endsBytes(BLOCK_BYTES);
}
