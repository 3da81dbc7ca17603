import type { CellThread } from "#cell-threads";
import { BLOCK_BYTES, endsBytes, FIRST, type LineRange, placesBytes, scanLines } from "./block.ts";
import {
  type Columns,
  type FoundRows,
  forgetTexts,
  keepNumbers,
  LINE_FEED,
  rangeBytes,
  type ScanParts,
  wholeLines,
} from "./parts.ts";

/** Ranges that wait for the other thread, of which one is this thread's. */
const MOST_WAITING = 2;

/** Parts of a file are smaller, and a row more of them is not longer than that. */
const MOST_BYTES = 2 ** 22;

const RETURN = 13;

/** What a team works with, beside what one thread does. */
interface TeamParts<T> extends ScanParts {
  readonly thread: CellThread;
  /** What was found, for whoever asked. */
  readonly cells: (found: FoundRows) => T;
}

/**
 * Finds the rows of a table while its bytes come, as `CellScan` does, in this thread and another one: whole lines each, whose rows begin where those
 * of the lines before end, since each line is one. Where they are not, or more is needed than a line tells (quotes around line ends, empty lines
 * before the last ones), it gives up.
 */
export class TeamScan<T> {
  readonly #parts: TeamParts<T>;
  readonly #columns: Columns;
  readonly #width: number;
  readonly #isWithReturns: boolean;
  readonly #waiting = new Set<Promise<void>>();
  /** Places for numbers that nobody uses. */
  readonly #slots: number[];
  #at: number;
  #rows = 0;
  #isGivenUp = false;

  /**
   * @param from  the place of the line end of the line of names
   */
  constructor(parts: TeamParts<T>, from: number, columns: Columns) {
    this.#parts = parts;
    this.#columns = columns;
    this.#width = columns.length;
    const slot = rangeBytes(MOST_BYTES);
    const first = parts.scratch((MOST_WAITING + 1) * slot);
    this.#slots =
      first === undefined ? [] : Array.from({ length: MOST_WAITING + 1 }, (_, i) => first + i * slot);
    const bytes = new Uint8Array(parts.buffer(), FIRST);
    this.#isWithReturns = bytes[from] === RETURN && bytes[from + 1] === LINE_FEED;
    this.#at = from + (this.#isWithReturns ? 2 : 1);
  }

  /** As of `CellScan`. */
  advance(there: number): boolean {
    const { length } = this.#parts;
    const end = there === length ? length : wholeLines(this.#parts, there);
    if (!this.#isGivenUp && end > this.#at) this.#take(end);
    return !this.#isGivenUp;
  }

  /** As of `CellScan`, once the other thread is done as well. */
  async finish(): Promise<T | undefined> {
    await Promise.all(this.#waiting);
    this.#parts.thread.forget();
    return this.#isGivenUp ? undefined : this.#parts.cells({ rows: this.#rows, end: this.#parts.length });
  }

  #take(end: number): void {
    const [first, slot] = [this.#rows, this.#slots.pop()];
    const range = slot === undefined ? undefined : this.#range(end, slot);
    if (slot === undefined || range === undefined) {
      this.#isGivenUp = true;
      return;
    }
    this.#at = end;
    if (!range.isLast) this.#rows += range.rows;
    const keep = (found: number) => {
      this.#keep(range, { first, found });
      this.#slots.push(slot);
    };
    const { thread, kernels } = this.#parts;
    if (thread.isReady() && this.#waiting.size < MOST_WAITING) this.#wait(thread.scan(range), keep);
    else keep(scanLines(kernels, range));
  }

  #wait(scan: Promise<number>, keep: (found: number) => void): void {
    const kept = scan.then((found) => {
      this.#waiting.delete(kept);
      keep(found);
    });
    this.#waiting.add(kept);
  }

  /** Undefined where there is not room for it, or its lines are not all of one kind. */
  #range(to: number, slot: number): LineRange | undefined {
    const { kernels, places, length } = this.#parts;
    const [from, width, isLast] = [this.#at, this.#width, to === length];
    const lines = kernels.countLines(FIRST + from, to - from);
    const rows = this.#isWithReturns ? lines / 2 : lines;
    // a last line without its end
    const most = lines + 1;
    const isFit = to - from <= MOST_BYTES && width * most <= MOST_BYTES && this.#rows + most <= places.most;
    if (!isFit || (!isLast && !Number.isInteger(rows))) return undefined;
    const starts = places.starts + placesBytes({ kind: "commas", width }, this.#rows);
    const ends = slot + rangeBytes(MOST_BYTES) - endsBytes(BLOCK_BYTES);
    return { from, to, isLast, width, rows, most, starts, numbers: slot, ends };
  }

  #keep(range: LineRange, { first, found }: { readonly first: number; readonly found: number }): void {
    const isFound = found >= 0 && (range.isLast || found === range.rows);
    if (range.isLast) this.#rows = first + found;
    const { numbers, most } = range;
    const kept = { numbers, most, first, rows: found };
    if (!isFound || !keepNumbers(this.#columns, this.#parts.buffer(), kept)) this.#isGivenUp = true;
    else forgetTexts(this.#columns, kept);
  }
}
