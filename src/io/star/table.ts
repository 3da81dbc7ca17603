import { VitrineError } from "../../core/index.ts";
import { decimalAt } from "../decimal.ts";
import { endOfWord, starFault, valueAt } from "./tokens.ts";

/** What a cell can be written from. */
export type StarCell = string | number;

/** Where the cells of a table come from. */
export interface StarCells {
  /** How messages call the table. */
  readonly at: string;
  readonly columns: readonly string[];
  readonly rows: number;
  value(row: number, column: number): string;
  /** A new array of a column's numbers where they are plain; NaN where a cell's text has to be looked at. */
  numbers?(column: number): Float64Array;
  /** Whether none of them is NaN. */
  areNumbers?(column: number): boolean;
  /** The error of a cell that is no number. */
  notNumber(row: number, column: number): VitrineError;
}

const WORDS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  "+inf": Infinity,
  "-inf": -Infinity,
};
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A loop of a STAR file. Cells stay text in the file's memory until they are asked for. */
export class StarTable {
  readonly kind = "table";
  readonly #cells: StarCells;
  readonly #places: ReadonlyMap<string, number>;

  /** Made by `parseStar` and {@link createStarTable}. */
  constructor(cells: StarCells) {
    this.#cells = cells;
    this.#places = new Map(cells.columns.map((name, i) => [name, i]));
  }

  /** Names without the leading underscore: `rlnCoordinateX`. */
  get columns(): readonly string[] {
    return this.#cells.columns;
  }

  get rows(): number {
    return this.#cells.rows;
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  /** The text of a cell, without quotes. @throws {VitrineError} missing: no such column; range: no such row */
  value(row: number, name: string): string {
    const column = this.#columnOf(name);
    if (Number.isInteger(row) && row >= 0 && row < this.rows) return this.#cells.value(row, column);
    const expected = `a row within 0..${this.rows - 1}`;
    throw new VitrineError({ code: "range", at: `${this.#cells.at} ${name}`, expected, found: `${row}` });
  }

  /** The texts of a column. @throws {VitrineError} missing: no such column */
  column(name: string): string[] {
    const column = this.#columnOf(name);
    return Array.from({ length: this.rows }, (_, row) => this.#cells.value(row, column));
  }

  /**
   * The numbers of a column; `nan` and `inf` are what they say.
   *
   * @throws {VitrineError} missing: no such column; format: a text that is no number, with its line
   */
  numbers(name: string): Float64Array {
    const column = this.#columnOf(name);
    const numbers = this.#cells.numbers?.(column) ?? new Float64Array(this.rows).fill(Number.NaN);
    if (this.#cells.areNumbers?.(column)) return numbers;
    for (let row = 0; row < numbers.length; row++)
      if (Number.isNaN(numbers[row])) numbers[row] = this.#numberOf(row, column);
    return numbers;
  }

  #numberOf(row: number, column: number): number {
    const text = this.#cells.value(row, column);
    const value = NUMBER.test(text) ? Number(text) : WORDS[text.toLowerCase()];
    if (value !== undefined) return value;
    throw this.#cells.notNumber(row, column);
  }

  #columnOf(name: string): number {
    const column = this.#places.get(name);
    if (column !== undefined) return column;
    throw new VitrineError({
      code: "missing",
      at: this.#cells.at,
      expected: `a column ${name}`,
      found: this.columns.join(", "),
    });
  }
}

/**
 * A table of new columns; numbers are written so that they read back the same.
 *
 * @param columns  the cells of each column by its name, without the leading underscore
 * @throws {VitrineError} shape: columns of different lengths; format: none, or a name that STAR cannot hold
 */
export function createStarTable(
  columns: Readonly<Record<string, readonly StarCell[]>>,
  at = "createStarTable",
): StarTable {
  const names = Object.keys(columns);
  if (names.length === 0)
    throw new VitrineError({ code: "format", at, expected: "at least one column", found: "none" });
  for (const name of names) checkName(name, at);
  const rows = columns[names[0]].length;
  const uneven = names.find((name) => columns[name].length !== rows);
  if (uneven !== undefined) {
    const expected = `${rows} values, as ${names[0]} has`;
    throw new VitrineError({
      code: "shape",
      at: `${at} ${uneven}`,
      expected,
      found: `${columns[uneven].length}`,
    });
  }
  const texts = names.map((name) => [name, columns[name].map(String)] as const);
  return lazyStarTable(new Map(texts.map(([name, cells]) => [name, (row: number) => cells[row]])), rows, at);
}

/**
 * A table whose cells are made when they are asked for.
 *
 * @param columns  what gives the text of a row, by the column's name without the leading underscore
 * @throws {VitrineError} format: none, or a name that STAR cannot hold
 */
export function lazyStarTable(
  columns: ReadonlyMap<string, (row: number) => string>,
  rows: number,
  at: string,
): StarTable {
  const names = [...columns.keys()];
  if (names.length === 0)
    throw new VitrineError({ code: "format", at, expected: "at least one column", found: "none" });
  for (const name of names) checkName(name, at);
  const texts = [...columns.values()];
  return new StarTable({
    at,
    columns: names,
    rows,
    value: (row, column) => texts[column](row),
    notNumber: (row, column) =>
      new VitrineError({
        code: "format",
        at: `${at} ${names[column]} row ${row}`,
        expected: "a number",
        found: JSON.stringify(texts[column](row)),
      }),
  });
}

/** The same table with columns added or replaced. Errors as those of {@link createStarTable}. */
export function withStarColumns(
  table: StarTable,
  columns: Readonly<Record<string, readonly StarCell[]>>,
): StarTable {
  const old = table.columns.filter((name) => !Object.hasOwn(columns, name));
  const kept = Object.fromEntries(old.map((name) => [name, table.column(name)]));
  const order = [...table.columns, ...Object.keys(columns)];
  const all: Record<string, readonly StarCell[]> = { ...kept, ...columns };
  return createStarTable(Object.fromEntries(order.map((name) => [name, all[name]])), "withStarColumns");
}

/** Where the cells of a table lie in its text, row by row, and the numbers of a column where they are known already. */
export interface TextCells extends Pick<StarCells, "numbers" | "areNumbers"> {
  readonly starts: Uint32Array;
}

/** A table over the text that it was read from. */
export function textTable(
  { at, text }: { readonly at: string; readonly text: string },
  columns: readonly string[],
  { starts, numbers, areNumbers }: TextCells,
): StarTable {
  const rows = starts.length / columns.length;
  const start = (row: number, column: number) => starts[row * columns.length + column];
  const value = (row: number, column: number) => valueAt(text, start(row, column));
  return new StarTable({
    at,
    columns,
    rows,
    value,
    numbers:
      numbers ??
      ((column) =>
        Float64Array.from({ length: rows }, (_, row) => {
          const from = start(row, column);
          return decimalAt(text, from, endOfWord(text, from));
        })),
    ...(areNumbers && { areNumbers }),
    notNumber: (row, column) =>
      starFault(
        { at, text, start: start(row, column) },
        { expected: `a number for ${columns[column]}`, found: JSON.stringify(value(row, column)) },
      ),
  });
}

/** @throws {VitrineError} format: a name with blanks */
export function checkName(name: string, at: string): void {
  if (/^\S+$/.test(name)) return;
  const expected = "a name without blanks";
  throw new VitrineError({ code: "format", at, expected, found: JSON.stringify(name) });
}
