import { CsvError, parse } from "csv-parse/browser/esm/sync";
import { stringify } from "csv-stringify/browser/esm/sync";
import { VitrineError } from "../core/index.ts";

/** A table: the names of its columns and, for each row, the text of every column. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** What a cell can be written from; null is written as nothing. */
export type CsvValue = string | number | bigint | boolean | null;

/**
 * Reads a table of comma-separated values (RFC 4180) whose first line names the columns. Empty lines are passed over.
 *
 * @param text  the whole file; a byte order mark is allowed
 * @param at    how messages call the file
 * @returns     every cell as its text; callers decide what is a number
 * @throws {VitrineError} format: no header line, a column twice, a row of another length, a quote that is not closed;
 *   the message names the line
 */
export function parseCsv(text: string, at: string): CsvTable {
  const { records, lines } = parseRecords(text, at);
  const [columns, ...cells] = records;
  if (columns === undefined) throw wrong(at, "a line that names the columns", "an empty file");
  const repeated = firstRepeated(columns);
  if (repeated !== undefined)
    throw wrong(`${at} line ${lines[0]}`, "each column once", `${JSON.stringify(repeated)} twice`);
  const rows = cells.map((row, i) => {
    if (row.length === columns.length) return Object.fromEntries(columns.map((name, j) => [name, row[j]]));
    throw wrong(`${at} line ${lines[i + 1]}`, `${columns.length} values`, `${row.length}`);
  });
  return { columns, rows };
}

/**
 * Writes a table as {@link parseCsv} reads it: a line of column names, then one line a row, each ended by a line feed;
 * cells with commas, quotes or line breaks are quoted. Numbers are written so that they read back the same.
 *
 * @throws {VitrineError} missing: a row without one of the columns; format: a row with a column that is not listed
 */
export function formatCsv(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, CsvValue | undefined>>[],
): string {
  const lines = rows.map((row, i) => {
    const extra = Object.keys(row).find((name) => !columns.includes(name));
    if (extra !== undefined)
      throw wrong(`row ${i}`, `one of the columns ${columns.join(", ")}`, JSON.stringify(extra));
    return columns.map((name) => cellText(row[name], `row ${i} ${name}`));
  });
  // A line of one empty cell would read as an empty line, hence the quotes.
  return stringify([[...columns], ...lines], { quoted_empty: columns.length === 1, cast: {} });
}

function firstRepeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/** The records with, for each, the line on which it ends. */
function parseRecords(text: string, at: string): { records: string[][]; lines: number[] } {
  const lines: number[] = [];
  try {
    const records = parse(text, {
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      on_record: (record: string[], info) => {
        lines.push(info.lines);
        return record;
      },
    });
    return { records, lines };
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = "lines" in cause && typeof cause.lines === "number" ? ` line ${cause.lines}` : "";
    throw new VitrineError(
      { code: "format", at: `${at}${line}`, expected: "comma-separated values", found: cause.message },
      { cause },
    );
  }
}

function cellText(value: CsvValue | undefined, at: string): string {
  if (value !== undefined) return value === null ? "" : String(value);
  throw new VitrineError({ code: "missing", at, expected: "a value, or null for none", found: "nothing" });
}

function wrong(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found });
}
