import { VitrineError } from "../core/index.ts";
import { decimalAt } from "./decimal.ts";
import { StarTable } from "./star/table.ts";

const COMMA = 44;
const QUOTE = 34;
const LINE_FEED = 10;
const RETURN = 13;
const BYTE_ORDER_MARK = 0xfeff;

/** A text of comma-separated values (RFC 4180), and how messages call it. */
interface Csv {
  readonly text: string;
  readonly at: string;
}

/**
 * Reads a table of comma-separated values as {@link parseCsv} does, but keeps cells in the text until they are asked for: a table of
 * 300,000 rows costs little more than its text.
 *
 * @returns  a table with the names of the first line; `value`, `column` and `numbers` as of a table of STAR
 * @throws {VitrineError} as {@link parseCsv}
 */
export function parseCsvTable(text: string, at: string): StarTable {
  const csv = { text, at };
  const header = scanRow(csv, skipLines(text, text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0), []);
  if (header === undefined) throw wrong(at, "a line that names the columns", "an empty file");
  const columns = header.starts.map((start) => cellAt(text, start));
  checkNames(columns, `${at} line ${lineAt(text, header.starts[0])}`);
  const starts = scanRows(csv, header.end, columns.length);
  const startOf = (row: number, column: number) => starts[row * columns.length + column];
  return new StarTable({
    at,
    columns,
    rows: starts.length / columns.length,
    value: (row, column) => cellAt(text, startOf(row, column)),
    number: (row, column) => {
      const start = startOf(row, column);
      return decimalAt(text, start, endOfPlain(text, start));
    },
    notNumber: (row, column) => {
      const start = startOf(row, column);
      const line = `${at} line ${lineAt(text, start)} ${columns[column]}`;
      return wrong(line, "a number", JSON.stringify(cellAt(text, start)));
    },
  });
}

/** Places where the cells of all rows begin, in C order. */
function scanRows(csv: Csv, from: number, width: number): Uint32Array {
  let starts = new Uint32Array(1024);
  let count = 0;
  for (let at = skipLines(csv.text, from); at < csv.text.length; ) {
    const first = at;
    let cells = 0;
    for (let isOpen = true; isOpen; cells++) {
      if (count === starts.length) starts = grown(starts);
      starts[count++] = at;
      const end = endOfCell(csv, at);
      isOpen = csv.text.charCodeAt(end) === COMMA;
      at = isOpen ? end + 1 : end;
    }
    if (cells !== width)
      throw wrong(`${csv.at} line ${lineAt(csv.text, first)}`, `${width} values`, `${cells}`);
    at = skipLines(csv.text, at);
  }
  return starts.slice(0, count);
}

/** Appends the places of a row's cells; undefined at the end of the text. */
function scanRow(
  csv: Csv,
  from: number,
  starts: number[],
): { readonly starts: number[]; readonly end: number } | undefined {
  if (from >= csv.text.length) return undefined;
  let at = from;
  for (;;) {
    starts.push(at);
    const end = endOfCell(csv, at);
    if (csv.text.charCodeAt(end) !== COMMA) return { starts, end };
    at = end + 1;
  }
}

/** The place of the comma or line end behind a cell. */
function endOfCell(csv: Csv, start: number): number {
  const { text } = csv;
  if (text.charCodeAt(start) === QUOTE) return endOfQuoted(csv, start);
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === LINE_FEED || code === RETURN) return at;
    if (code === QUOTE) throw misplaced(csv, at);
  }
  return at;
}

function endOfQuoted(csv: Csv, start: number): number {
  const { text, at } = csv;
  for (let close = text.indexOf('"', start + 1); close >= 0; close = text.indexOf('"', close + 2)) {
    const code = text.charCodeAt(close + 1);
    if (code === QUOTE) continue;
    if (close + 1 === text.length || code === COMMA || code === LINE_FEED || code === RETURN)
      return close + 1;
    throw misplaced(csv, close);
  }
  throw wrong(`${at} line ${lineAt(text, start)}`, "comma-separated values", "a quote that is not closed");
}

function misplaced({ text, at }: Csv, place: number): VitrineError {
  const line = `${at} line ${lineAt(text, place)}`;
  return wrong(line, "comma-separated values, quotes around whole ones", "a quote within a value");
}

/** The end of a cell without quotes. */
function endOfPlain(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === LINE_FEED || code === RETURN) return at;
  }
  return at;
}

function cellAt(text: string, start: number): string {
  if (text.charCodeAt(start) !== QUOTE) return text.slice(start, endOfPlain(text, start));
  const end = endOfQuoted({ text, at: "" }, start);
  return text.slice(start + 1, end - 1).replaceAll('""', '"');
}

/** Behind line ends: empty lines are passed over. */
function skipLines(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === LINE_FEED || text.charCodeAt(at) === RETURN) at++;
  return at;
}

function checkNames(columns: readonly string[], at: string): void {
  const seen = new Set<string>();
  const repeated = columns.find((name) => seen.size === seen.add(name).size);
  if (repeated !== undefined) throw wrong(at, "each column once", `${JSON.stringify(repeated)} twice`);
}

function grown(starts: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * starts.length);
  larger.set(starts);
  return larger;
}

function lineAt(text: string, place: number): number {
  let line = 1;
  for (let at = 0; at < place; at++) {
    const code = text.charCodeAt(at);
    if (code === LINE_FEED || (code === RETURN && text.charCodeAt(at + 1) !== LINE_FEED)) line++;
  }
  return line;
}

function wrong(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found });
}
