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
  /** Somebody asked for numbers of a column, also where its first cells are none. */
  readonly keepsTexts?: boolean;
}

/** Numbers of a column, those of rows that were found first; none of a column that nobody wants, or whose first cells are no numbers. */
export type Columns = (Float64Array<ArrayBuffer> | undefined)[];

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

/** Lets go of columns of texts, whose memory nobody touched yet but for their first rows; who asks for their numbers all the same finds them again. */
export function forgetTexts(columns: Columns, { first, rows }: Pick<ScannedNumbers, "first" | "rows">): void {
  if (first > 0 || rows === 0) return;
  for (const [column, kept] of columns.entries())
    if (kept?.subarray(0, rows).every(Number.isNaN)) columns[column] = undefined;
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
