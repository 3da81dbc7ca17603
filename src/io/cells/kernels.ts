import { readCellKernels } from "#cell-kernel-bytes";
import { lastKept, ordersWithout, powersOfTen, tensOf } from "./powers.ts";

/** What assembly/index.ts exports; addresses and lengths in bytes. */
interface Exports {
  countLines(source: number, length: number): number;
  scanCommas(...args: ScanArguments): number;
  scanBlanks(...args: ScanArguments): number;
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

/** The words of a memory; see assembly/cells.ts, decimal.ts and digits.ts. */
const PASSED = 8;
const REASON = 12;
const POWERS = 1024;
const TENS = 4096;
const WHOLE_TENS = 4608;
const KEPT = 5120;
const WITHOUT = 5632;
const FIRST = 8192;

/** Line feeds behind the bytes, which end a cell there. */
const BEHIND = 32;
const LINE_FEED = 10;

/** Smaller files are read as fast without; each memory takes gigabytes of addresses. */
const SMALLEST = 2 ** 20;

/** What is scanned at once stays in the cache. */
const BLOCK_BYTES = 2 ** 17;

const PAGE_BYTES = 65_536;
const MOST_PAGES = 65_536;

/** In the order of assembly/cells.ts. */
const REASONS = ["bytes", "not plain", "end"] as const;

let compiled: WebAssembly.Module | undefined;

/** The module of this thread; undefined where there is none. */
function cellModule(): WebAssembly.Module | undefined {
  const bytes = compiled === undefined ? readCellKernels() : undefined;
  if (bytes !== undefined) compiled = new WebAssembly.Module(bytes);
  return compiled;
}

/** What lies between cells: a comma or line end each, or any blanks. */
export type CellKind = "commas" | "blanks";

/** A table in the bytes of a {@link CellMemory}. */
export interface ScanRequest {
  readonly kind: CellKind;
  /** Place of the first byte of its first row. */
  readonly from: number;
  /** Cells a row. */
  readonly width: number;
}

/** Rows of a table whose cells are plain: numbers are known, texts lie in the bytes. */
export interface PlainCells {
  readonly rows: number;
  /** The place behind the last row. */
  readonly end: number;
  /** Places of cells, row by row. */
  readonly starts: Uint32Array;
  /** A new array of a column's numbers; NaN where a cell is none, or one that takes more than 19 digits or powers beyond 64. */
  readonly numbers: (column: number) => Float64Array;
}

/** The bytes of a file where kernels read them, and what those find. */
export class CellMemory {
  readonly bytes: Uint8Array;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: Exports;

  private constructor(module: WebAssembly.Module, bytes: number) {
    const initial = Math.ceil((FIRST + bytes + BEHIND) / PAGE_BYTES);
    this.#memory = new WebAssembly.Memory({ initial, maximum: MOST_PAGES, shared: true });
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#kernels = exports as WebAssembly.Exports & Exports;
    const { buffer } = this.#memory;
    new BigUint64Array(buffer, POWERS).set(powersOfTen());
    new Float64Array(buffer, TENS).set(tensOf());
    new BigUint64Array(buffer, WHOLE_TENS).set(Array.from({ length: 9 }, (_, i) => 10n ** BigInt(i)));
    new Uint8Array(buffer, KEPT).set(lastKept());
    new Uint8Array(buffer, WITHOUT).set(ordersWithout());
    new Uint8Array(buffer, FIRST + bytes, BEHIND).fill(LINE_FEED);
    this.bytes = new Uint8Array(buffer, FIRST, bytes);
  }

  /** Room for the bytes of a file; undefined where it is small, there are no kernels, or not so much memory for them. */
  static create(bytes: number, smallest = SMALLEST): CellMemory | undefined {
    const isFit = bytes >= smallest && bytes < MOST_PAGES * PAGE_BYTES - FIRST - BEHIND;
    const module = isFit ? cellModule() : undefined;
    return module && allowed(() => new CellMemory(module, bytes));
  }

  /**
   * Reads rows of ASCII cells without anything that only a whole reader of their format knows; undefined where there is such a thing, and where
   * memory ends.
   */
  scan({ kind, from, width }: ScanRequest): PlainCells | undefined {
    const { length } = this.bytes;
    // a last line without its end, and one more that shows that there are more
    const most = this.#kernels.countLines(FIRST + from, length - from) + 2;
    const starts = align(FIRST + length + BEHIND);
    const numbers = starts + align(4 * width * most);
    const ends = numbers + 8 * width * most;
    if (!this.#reach(ends + 4 * (BLOCK_BYTES + BEHIND))) return undefined;
    const scan = this.#kernels[kind === "commas" ? "scanCommas" : "scanBlanks"];
    let [at, rows, block] = [from, 0, BLOCK_BYTES];
    while (at < length) {
      const bytes = Math.min(block, length - at);
      const isLast = at + bytes === length;
      const places = [starts + 4 * width * rows, numbers + 8 * rows, most, ends] as const;
      const found = scan(FIRST + at, bytes, Number(isLast), width, at, ...places);
      const [passed] = new Uint32Array(this.#memory.buffer, PASSED, 1);
      const reason = REASONS[new Uint32Array(this.#memory.buffer, REASON, 1)[0]];
      rows += found;
      // more rows than lines: those of a table that nobody writes
      if (reason === "not plain" || rows >= most) return undefined;
      at += passed;
      if (isLast || reason === "end") break;
      // a row that is longer than a block
      if (found === 0) block *= 2;
      if (!this.#reach(ends + 4 * (block + BEHIND))) return undefined;
    }
    const { buffer } = this.#memory;
    return {
      rows,
      end: at,
      starts: new Uint32Array(buffer, starts, rows * width),
      numbers: (column) => new Float64Array(buffer, numbers + 8 * most * column, rows).slice(),
    };
  }

  /** Whether there is memory up to here. */
  #reach(end: number): boolean {
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE_BYTES);
    if (end > MOST_PAGES * PAGE_BYTES) return false;
    return missing <= 0 || allowed(() => this.#memory.grow(missing)) !== undefined;
  }
}

/** What makes memory; undefined where there is none, since there is another way that takes less. */
function allowed<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
