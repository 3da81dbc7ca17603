import { readCellKernels } from "#cell-kernel-bytes";
import { borrowCellThread, smallestOfTeam } from "#cell-threads";
import { newBytes } from "#files";
import {
  BEHIND,
  BLOCK_BYTES,
  type CellKernels,
  type CellKind,
  FIRST,
  placesBytes,
  scanBlock,
} from "./block.ts";
import {
  blockRows,
  type Columns,
  type FoundRows,
  forgetTexts,
  keepNumbers,
  LINE_FEED,
  type RowCounts,
  type ScanParts,
  scratchBytes,
  wholeLines,
} from "./parts.ts";
import { lastKept, loopVectors, ordersWithout, powersOfTen, tensOf } from "./powers.ts";
import { TeamScan } from "./team.ts";

/** The words of a memory; see assembly/cells.ts, decimal.ts and digits.ts. */
const POWERS = 1024;
const TENS = 4088;
const WHOLE_TENS = 4608;
const VECTORS = 4736;
const KEPT = 5120;
const WITHOUT = 5632;
const OTHERS = 6144;

/** Smaller files are read as fast without; each memory takes gigabytes of addresses. */
const SMALLEST = 2 ** 20;

/** Room for rows beside those that the first ones let expect. It is no memory before somebody writes there. */
const MORE_ROWS = 1.5;

/** The same for numbers, whose memory is given away: what is beside those of rows goes with them. */
const MORE_NUMBERS = 1.1;

const PAGE_BYTES = 65_536;
const MOST_PAGES = 65_536;

let compiled: WebAssembly.Module | undefined;

/** The module of this thread; undefined where there is none. */
function cellModule(): WebAssembly.Module | undefined {
  const bytes = compiled === undefined ? readCellKernels() : undefined;
  if (bytes !== undefined) compiled = new WebAssembly.Module(bytes);
  return compiled;
}

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
  /** Places of rows between commas, of all cells between blanks. */
  readonly starts: Uint32Array;
  /**
   * A new array of a column's numbers, at the start of its memory; NaN where a cell is none, or one that takes more than 19 digits or
   * powers beyond 64. They are found once more for whoever asks again.
   */
  readonly numbers: (column: number) => Float64Array;
  /** Whether each cell of a column is known to be a number. */
  readonly areNumbers: (column: number) => boolean;
}

/** The bytes of a file where kernels read them, and what those find. */
export class CellMemory {
  readonly bytes: Uint8Array;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: CellKernels;
  /** Where the results of the next scan go. */
  #free: number;

  private constructor(module: WebAssembly.Module, bytes: number) {
    const initial = Math.ceil((FIRST + bytes + BEHIND) / PAGE_BYTES);
    this.#memory = new WebAssembly.Memory({ initial, maximum: MOST_PAGES, shared: true });
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#kernels = exports as WebAssembly.Exports & CellKernels;
    const { buffer } = this.#memory;
    new BigUint64Array(buffer, POWERS).set(powersOfTen());
    new Float64Array(buffer, TENS).set(tensOf());
    new BigUint64Array(buffer, WHOLE_TENS).set(Array.from({ length: 9 }, (_, i) => 10n ** BigInt(i)));
    new Uint8Array(buffer, VECTORS).set(loopVectors());
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
    const most = this.countLines(request.from, length) + 2;
    const scan = this.#begin(request, { most, numbers: most, isCounted: true });
    scan?.advance(length);
    return scan?.finish();
  }

  /** Line feeds and returns between two places. */
  countLines(from: number, to: number): number {
    return this.#kernels.countLines(FIRST + from, to - from);
  }

  /** Begins a scan whose bytes may still come, of about `rows` rows; with a thread, if this is a large file of lines. Undefined where memory ends. */
  begin(
    request: ScanRequest,
    rows: number,
    smallest = smallestOfTeam(),
  ): CellScan | TeamScan<PlainCells> | undefined {
    const most = Math.ceil(rows * MORE_ROWS) + BLOCK_BYTES;
    const place = this.#place(request, { most, numbers: Math.ceil(rows * MORE_NUMBERS), isCounted: false });
    if (place === undefined) return undefined;
    const { parts, columns } = place;
    const isTeams = request.kind === "commas" && this.bytes.length >= smallest;
    const thread = compiled !== undefined && isTeams ? borrowCellThread(compiled, this.#memory) : undefined;
    if (thread === undefined) return new CellScan(parts, request, columns);
    othersOf(parts).fill(0);
    const cells = (found: FoundRows) => plainCells(parts, request, { columns, ...found });
    return new TeamScan({ ...parts, thread, cells }, request.from, columns);
  }

  #begin(request: ScanRequest, counts: RowCounts): CellScan | undefined {
    const place = this.#place(request, counts);
    return place && new CellScan(place.parts, request, place.columns);
  }

  #place(request: ScanRequest, { most, numbers, isCounted }: RowCounts) {
    const { length } = this.bytes;
    const { width } = request;
    const starts = this.#free;
    const free = align(starts + placesBytes(request, most));
    if (!this.#reach(free + scratchBytes(BLOCK_BYTES, width))) return undefined;
    const columns = allowed(() => Array.from({ length: width }, () => newNumbers(numbers)));
    if (columns === undefined) return undefined;
    this.#free = free;
    const parts = {
      kernels: this.#kernels,
      buffer: () => this.#memory.buffer,
      scratch: (bytes: number) => (this.#reach(this.#free + bytes) ? this.#free : undefined),
      places: { starts, most, isCounted },
      length,
    };
    return { parts, columns };
  }

  /** Whether there is memory up to here. */
  #reach(end: number): boolean {
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE_BYTES);
    if (end > MOST_PAGES * PAGE_BYTES) return false;
    return missing <= 0 || allowed(() => this.#memory.grow(missing)) !== undefined;
  }
}

/** Finds the rows of a table while its bytes come. */
export class CellScan {
  readonly #parts: ScanParts;
  readonly #request: ScanRequest;
  readonly #columns: Columns;
  #at: number;
  #rows = 0;
  #block = BLOCK_BYTES;
  #state: "open" | "ended" | "given up" = "open";

  /** Made by {@link CellMemory.begin}. */
  constructor(parts: ScanParts, request: ScanRequest, columns: Columns) {
    this.#parts = parts;
    this.#request = request;
    this.#columns = columns;
    this.#at = request.from;
    othersOf(parts).fill(0);
  }

  /**
   * Goes on to the last whole line before `there`, where the file ends or bytes are still to come.
   *
   * @returns  false once the table is none of plain cells, or has more rows than were expected
   */
  advance(there: number): boolean {
    const { length } = this.#parts;
    // cells that are not whole yet end nowhere
    const end = there === length ? length : wholeLines(this.#parts, there);
    while (this.#state === "open" && this.#at < end && this.#step(end));
    return this.#state !== "given up";
  }

  /** What was found, once all bytes were there; undefined where {@link advance} says false. */
  finish(): PlainCells | undefined {
    if (this.#state === "given up") return undefined;
    return plainCells(this.#parts, this.#request, {
      columns: this.#columns,
      rows: this.#rows,
      end: this.#at,
    });
  }

  /** One block, or less where a row ends before it does. Returns whether another one may find more. */
  #step(end: number): boolean {
    const { kernels, places, length } = this.#parts;
    const { kind, width } = this.#request;
    const bytes = Math.min(this.#block, end - this.#at);
    const scratch = this.#parts.scratch(scratchBytes(bytes, width));
    if (scratch === undefined || (!places.isCounted && this.#rows + bytes / width > places.most))
      return this.#giveUp();
    const isLast = this.#at + bytes === length;
    const [starts, most] = [
      places.starts + placesBytes({ kind, width }, this.#rows),
      blockRows(bytes, width),
    ];
    const room = { starts, numbers: scratch, most, ends: scratch + 8 * width * most };
    const block = { kind, at: this.#at, bytes, isLast, width, ...room };
    const { rows: found, passed, reason } = scanBlock(kernels, block);
    if (reason === "not plain" || !this.#keep(found, room)) return this.#giveUp();
    this.#at += passed;
    if (isLast || reason === "end") this.#state = "ended";
    // a row that is longer than a block
    else if (found === 0) this.#block *= 2;
    // the rest is a row whose end has not come yet
    return passed > 0 || this.#at + bytes < end;
  }

  /** Takes the numbers of a block's rows. Returns whether there was room. */
  #keep(rows: number, { numbers, most }: { readonly numbers: number; readonly most: number }): boolean {
    const found = { numbers, most, first: this.#rows, rows };
    if (!keepNumbers(this.#columns, this.#parts.buffer(), found)) return false;
    if (this.#parts.keepsTexts !== true) forgetTexts(this.#columns, found);
    this.#rows += rows;
    return true;
  }

  #giveUp(): false {
    this.#state = "given up";
    return false;
  }
}

/** Of each of the first columns 1 where a cell is no number. */
function othersOf({ buffer }: ScanParts): Uint8Array {
  return new Uint8Array(buffer(), OTHERS, FIRST - OTHERS);
}

function plainCells(
  parts: ScanParts,
  request: ScanRequest,
  { columns, rows, end }: FoundRows & { readonly columns: Columns },
): PlainCells {
  const others = othersOf(parts).slice();
  // a table that ends early leaves most of the room
  const left = columns.map((all) =>
    all !== undefined && all.length > 2 * MORE_NUMBERS * rows ? all.slice(0, rows) : all,
  );
  return {
    rows,
    end,
    starts: new Uint32Array(parts.buffer(), parts.places.starts, placesBytes(request, rows) / 4),
    numbers: (column) => {
      const numbers = left[column] ?? findAgain(column, { parts, request, rows });
      // they are the caller's now
      left[column] = undefined;
      return numbers.subarray(0, rows);
    },
    areNumbers: (column) => others[column] === 0,
  };
}

/** Numbers that were given away; the places of cells are written once more where they are. */
function findAgain(
  column: number,
  {
    parts,
    request,
    rows,
  }: { readonly parts: ScanParts; readonly request: ScanRequest; readonly rows: number },
): Float64Array<ArrayBuffer> {
  const numbers = new Float64Array(rows);
  const columns = Array.from({ length: request.width }, (_, i) => (i === column ? numbers : undefined));
  new CellScan({ ...parts, keepsTexts: true }, request, columns).advance(parts.length);
  return numbers;
}

/** Numbers that are all written before somebody reads them, in what tables before have left. */
function newNumbers(count: number): Float64Array<ArrayBuffer> {
  return new Float64Array(newBytes(8 * count).buffer);
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
