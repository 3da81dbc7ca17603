import { VitrineError } from "../core/index.ts";
import { parseCsvTable } from "./csvTable.ts";

/** A table: the names of its columns and, for each row, the text of every column. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** What a cell can be written from; null is written as nothing. */
export type CsvValue = string | number | bigint | boolean | null;

/** A table whose cells are made when they are written. */
export interface CsvCells {
  readonly columns: readonly string[];
  readonly rows: number;
  /** Both counted from 0. */
  text(row: number, column: number): string;
}

/** Rows that are written at a time. */
const ROWS_PART = 4096;

/**
 * Reads a table of comma-separated values (RFC 4180) whose first line names the columns. Empty lines are passed over, and
 * blanks around names and cells without quotes do not count.
 *
 * @param text  the whole file; a byte order mark is allowed
 * @param at    how messages call the file
 * @returns     every cell as its text; callers decide what is a number
 * @throws {VitrineError} format: no header line, a column twice, a row of another length, a quote that is not closed or within a value;
 *   the message names the line
 */
export function parseCsv(text: string, at: string): CsvTable {
  const table = parseCsvTable(text, at);
  const { columns } = table;
  const rowOf = (row: number) => Object.fromEntries(columns.map((name) => [name, table.value(row, name)]));
  return { columns, rows: Array.from({ length: table.rows }, (_, row) => rowOf(row)) };
}

/**
 * Writes a table as {@link parseCsv} reads it: a line of column names, then one line a row, each ended by a line feed;
 * cells with commas, quotes, line breaks or blanks around them are quoted. Numbers are written so that they read back the same.
 *
 * @throws {VitrineError} missing: a row without one of the columns; format: a row with a column that is not listed
 */
export function formatCsv(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, CsvValue | undefined>>[],
): string {
  const known = new Set(columns);
  rows.forEach((row, i) => {
    const extra = Object.keys(row).find((name) => !known.has(name));
    if (extra !== undefined)
      throw wrong(`row ${i}`, `one of the columns ${columns.join(", ")}`, JSON.stringify(extra));
  });
  const text = (row: number, column: number) =>
    cellText(rows[row][columns[column]], `row ${row} ${columns[column]}`);
  return [...csvTexts({ columns, rows: rows.length, text })].join("");
}

/** The bytes of {@link formatCsv} for a table of any size, some thousand rows at a time. */
export function* csvParts(cells: CsvCells): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const text of csvTexts(cells)) yield encoder.encode(text);
}

function* csvTexts({ columns, rows, text }: CsvCells): Generator<string> {
  // A line of one empty cell would read as an empty line, hence the quotes.
  const isSingle = columns.length === 1;
  const quoted = (cell: string) => (isSingle && cell === "" ? '""' : quotedCell(cell));
  // nor would a single name be taken for several between other separators
  const isPlainName = !isSingle || !/[;\t]/.test(columns[0]) || quotedCell(columns[0]) !== columns[0];
  yield isPlainName ? `${columns.map(quoted).join(",")}\n` : `"${columns[0]}"\n`;
  for (let first = 0; first < rows; first += ROWS_PART) {
    let part = "";
    for (let row = first; row < Math.min(rows, first + ROWS_PART); row++) {
      for (let column = 0; column < columns.length; column++)
        part += (column === 0 ? "" : ",") + quoted(text(row, column));
      part += "\n";
    }
    yield part;
  }
}

function quotedCell(cell: string): string {
  return /[",\r\n\ufeff]|^[ \t]|[ \t]$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function cellText(value: CsvValue | undefined, at: string): string {
  if (value !== undefined) return value === null ? "" : String(value);
  throw new VitrineError({ code: "missing", at, expected: "a value, or null for none", found: "nothing" });
}

function wrong(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found });
}
