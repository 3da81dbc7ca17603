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
const BEHIND = 64;
const LINE_FEED = 10;

/** Smaller files are read as fast without; each memory takes gigabytes of addresses. */
const SMALLEST = 2 ** 20;

/** What is scanned at once stays in the cache. */
const BLOCK_BYTES = 2 ** 17;

/** Room for rows beside those that the first ones let expect. It is no memory before somebody writes there. */
const MORE_ROWS = 1.5;

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
  /** Where the results of the next scan go. */
  #free: number;

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
    this.#free = align(FIRST + bytes + BEHIND);
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
  scan(request: ScanRequest): PlainCells | undefined {
    const { length } = this.bytes;
    // a last line without its end, and one more that shows that there are more
    const scan = this.#begin(request, this.countLines(request.from, length) + 2, true);
    scan?.advance(length);
    return scan?.finish();
  }

  /** Line feeds and returns between two places. */
  countLines(from: number, to: number): number {
    return this.#kernels.countLines(FIRST + from, to - from);
  }

  /** Begins a scan whose bytes may still come, of about `rows` rows; undefined where memory ends. */
  begin(request: ScanRequest, rows: number): CellScan | undefined {
    return this.#begin(request, Math.ceil(rows * MORE_ROWS) + BLOCK_BYTES, false);
  }

  #begin(request: ScanRequest, most: number, isCounted: boolean): CellScan | undefined {
    const { length } = this.bytes;
    const { width } = request;
    const starts = this.#free;
    const numbers = starts + align(4 * width * most);
    const ends = numbers + 8 * width * most;
    const reach = (block: number) => this.#reach(ends + 4 * (block + 2 * BEHIND));
    if (!reach(BLOCK_BYTES)) return undefined;
    this.#free = align(ends);
    const places = { starts, numbers, ends, most, isCounted };
    const parts = { kernels: this.#kernels, buffer: () => this.#memory.buffer, reach, places, length };
    return new CellScan(parts, request);
  }

  /** Whether there is memory up to here. */
  #reach(end: number): boolean {
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE_BYTES);
    if (end > MOST_PAGES * PAGE_BYTES) return false;
    return missing <= 0 || allowed(() => this.#memory.grow(missing)) !== undefined;
  }
}

/** Where a scan puts what it finds. */
interface Places {
  readonly starts: number;
  readonly numbers: number;
  readonly ends: number;
  /** More rows than there may be; where nobody counted them, with those of a block to spare. */
  readonly most: number;
  readonly isCounted: boolean;
}

interface ScanParts {
  readonly kernels: Exports;
  /** The memory, which may grow. */
  readonly buffer: () => ArrayBufferLike;
  /** Whether there is memory for a block of so many bytes. */
  readonly reach: (block: number) => boolean;
  readonly places: Places;
  /** Bytes of the file. */
  readonly length: number;
}

/** Finds the rows of a table while its bytes come. */
export class CellScan {
  readonly #parts: ScanParts;
  readonly #request: ScanRequest;
  #at: number;
  #rows = 0;
  #block = BLOCK_BYTES;
  #state: "open" | "ended" | "given up" = "open";

  /** Made by {@link CellMemory.begin}. */
  constructor(parts: ScanParts, request: ScanRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#at = request.from;
  }

  /**
   * Goes on to the last whole line before `there`, where the file ends or bytes are still to come.
   *
   * @returns  false once the table is none of plain cells, or has more rows than were expected
   */
  advance(there: number): boolean {
    const { length } = this.#parts;
    // cells that are not whole yet end nowhere
    const end = there === length ? length : this.#wholeLines(there);
    while (this.#state === "open" && this.#at < end && this.#step(end));
    return this.#state !== "given up";
  }

  /** What was found, once all bytes were there; undefined where {@link advance} says false. */
  finish(): PlainCells | undefined {
    if (this.#state === "given up") return undefined;
    const { starts, numbers, most } = this.#parts.places;
    const [rows, buffer] = [this.#rows, this.#parts.buffer()];
    return {
      rows,
      end: this.#at,
      starts: new Uint32Array(buffer, starts, rows * this.#request.width),
      numbers: (column) => new Float64Array(buffer, numbers + 8 * most * column, rows).slice(),
    };
  }

  #wholeLines(there: number): number {
    return new Uint8Array(this.#parts.buffer(), FIRST, there).lastIndexOf(LINE_FEED) + 1;
  }

  /** One block, or less where a row ends before it does. Returns whether another one may find more. */
  #step(end: number): boolean {
    const { kernels, buffer, reach, places, length } = this.#parts;
    const { kind, width } = this.#request;
    const { starts, numbers, ends, most, isCounted } = places;
    const bytes = Math.min(this.#block, end - this.#at);
    if (!isCounted && this.#rows + bytes / width > most) return this.#giveUp();
    const isLast = this.#at + bytes === length;
    const scan = kernels[kind === "commas" ? "scanCommas" : "scanBlanks"];
    const into = [starts + 4 * width * this.#rows, numbers + 8 * this.#rows, most, ends] as const;
    const found = scan(FIRST + this.#at, bytes, Number(isLast), width, this.#at, ...into);
    const [passed] = new Uint32Array(buffer(), PASSED, 1);
    const reason = REASONS[new Uint32Array(buffer(), REASON, 1)[0]];
    this.#rows += found;
    if (reason === "not plain" || this.#rows >= most) return this.#giveUp();
    this.#at += passed;
    if (isLast || reason === "end") this.#state = "ended";
    // a row that is longer than a block
    else if (found === 0) this.#block *= 2;
    if (!reach(this.#block)) return this.#giveUp();
    // the rest is a row whose end has not come yet
    return passed > 0 || this.#at + bytes < end;
  }

  #giveUp(): false {
    this.#state = "given up";
    return false;
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
