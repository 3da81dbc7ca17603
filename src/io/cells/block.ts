/** A compiled WebAssembly.Module; Node's own types, by which users' programs are checked, do not name it. */
export type CompiledKernels = object;

/** A number of the kernels that changes. */
interface Changing {
  readonly value: number;
}

/** What assembly/index.ts exports; addresses and lengths in bytes. */
export interface CellKernels {
  countLines(source: number, length: number): number;
  scanCommas(...args: ScanArguments): number;
  scanBlanks(...args: ScanArguments): number;
  readonly passed: Changing;
  readonly reason: Changing;
}

type ScanArguments = readonly [
  source: number,
  length: number,
  isLast: number,
  width: number,
  base: number,
  starts: number,
  numbers: number,
  most: number,
  ends: number,
];

/** In the order of assembly/cells.ts. */
const REASONS = ["bytes", "not plain", "end"] as const;

/** Where the bytes of a file begin in a memory; what is before them is of the kernels. */
export const FIRST = 8192;

/** What is scanned at once stays in the cache. */
export const BLOCK_BYTES = 2 ** 17;

/** Line feeds behind the bytes, which end a cell there. */
export const BEHIND = 64;

/** What lies between cells: a comma or line end each, or any blanks. */
export type CellKind = "commas" | "blanks";

/** Bytes to scan and where what is found goes; `at` is a place in the file, the others are addresses. */
export interface Block {
  readonly kind: CellKind;
  readonly at: number;
  readonly bytes: number;
  /** The file ends with them. */
  readonly isLast: boolean;
  /** Cells a row. */
  readonly width: number;
  /** Where places go, of {@link placesBytes}: of rows between commas, of all cells between blanks. */
  readonly starts: number;
  /** Where numbers go, column by column, `most` each. */
  readonly numbers: number;
  readonly most: number;
  /** Room of {@link endsBytes}. */
  readonly ends: number;
}

/** What was found: whole rows, their bytes, and why no more. */
export interface BlockRows {
  readonly rows: number;
  readonly passed: number;
  readonly reason: (typeof REASONS)[number];
}

/** Runs a kernel over a block. */
export function scanBlock(kernels: CellKernels, block: Block): BlockRows {
  const { kind, at, bytes, isLast, width, starts, numbers, most, ends } = block;
  const scan = kernels[kind === "commas" ? "scanCommas" : "scanBlanks"];
  const rows = scan(FIRST + at, bytes, Number(isLast), width, at, starts, numbers, most, ends);
  return { rows, passed: kernels.passed.value >>> 0, reason: REASONS[kernels.reason.value] };
}

/** What places of rows take: a reader of commas finds cells in a row, one of blanks would not know where it ends. */
export function placesBytes({ kind, width }: Pick<Block, "kind" | "width">, rows: number): number {
  return 4 * rows * (kind === "commas" ? 1 : width);
}

/** What a scan of so many bytes takes for places of ends of cells. */
export function endsBytes(bytes: number): number {
  return 4 * (bytes + 2 * BEHIND);
}

/** Whole lines of cells between commas, and where what is found goes; `most` is more than their lines. */
export interface LineRange extends Omit<Block, "kind" | "at" | "bytes"> {
  readonly from: number;
  readonly to: number;
  /** Rows that are expected: a line each. */
  readonly rows: number;
}

/** Counts the rows of a range and finds their numbers, block by block; -1 where it is none of plain cells, or a row is longer than a block. */
export function scanLines(kernels: CellKernels, range: LineRange): number {
  const { from, to, isLast, width } = range;
  const kind = "commas";
  let [at, found] = [from, 0];
  while (at < to) {
    const bytes = Math.min(BLOCK_BYTES, to - at);
    const { rows, passed, reason } = scanBlock(kernels, {
      ...range,
      kind,
      at,
      bytes,
      isLast: isLast && at + bytes === to,
      starts: range.starts + placesBytes({ kind, width }, found),
      numbers: range.numbers + 8 * found,
    });
    if (reason !== "bytes" || passed === 0) return -1;
    found += rows;
    at += passed;
  }
  return found;
}
