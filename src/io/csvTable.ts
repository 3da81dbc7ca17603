import { asciiText } from "#cell-kernel-bytes";
import { VitrineError } from "../core/index.ts";
import { CellMemory, type CellScan, type PlainCells, type ScanRequest } from "./cells/kernels.ts";
import type { TeamScan } from "./cells/team.ts";
import { decimalAt } from "./decimal.ts";
import type { FileSource, RandomAccessFile } from "./files.ts";
import { openUnpacked } from "./gzip.ts";
import { StarTable, type TextCells } from "./star/table.ts";
import { decodeText, decodeUtf16, hasUtf16Mark } from "./text.ts";

const COMMA = 44;
const QUOTE = 34;
const LINE_FEED = 10;
const RETURN = 13;
const LAST_ASCII = 127;
const BYTE_ORDER_MARK = 0xfeff;
/** The same in UTF-8. */
const BYTE_ORDER_BYTES = [0xef, 0xbb, 0xbf] as const;

/** A text of comma-separated values (RFC 4180), and how messages call it. */
interface Csv {
  readonly text: string;
  readonly at: string;
}

/** Reads a file as {@link parseCsvTable} does, unpacked if gzip packed it. @throws {VitrineError} as there, and of `readText` */
export async function readCsvTable(source: FileSource): Promise<StarTable> {
  const file = await openUnpacked(source);
  try {
    const memory = CellMemory.create(file.size);
    if (memory === undefined)
      return parseCsvTable(textOf(await file.read(0, file.size), file.name), file.name);
    const plain = await readPlain(file, memory);
    return plain ?? parseCsvTable(textOf(memory.bytes, file.name), file.name);
  } finally {
    await file.close();
  }
}

/** Text of shared memory, which must be copied for all that is not ASCII. */
function textOf(bytes: Uint8Array, at: string): string {
  return decodeUtf16(bytes) ?? asciiText(bytes) ?? decodeText(bytes.slice(), at);
}

/** Reads a file into memory, and finds its rows meanwhile; undefined, with all bytes there, where it is no table of plain cells. */
async function readPlain(file: RandomAccessFile, memory: CellMemory): Promise<StarTable | undefined> {
  let begun: { readonly head: PlainHead; readonly scan: CellScan | TeamScan<PlainCells> } | undefined;
  let isFirst = true;
  for await (const there of readAhead(file, memory.bytes)) {
    if (isFirst) begun = beginPlain(memory, there, file.name);
    isFirst = false;
    begun?.scan.advance(there);
  }
  // more rows than the first part let expect are counted
  const cells = begun && ((await begun.scan.finish()) ?? memory.scan(begun.head.request));
  return begun && cells && plainTable(begun.head, cells, memory);
}

/** Bytes that are asked for at once, and how many parts of them: new memory takes the system longer than what is read into it. */
const PART_BYTES = 2 ** 20;
const PARTS_AHEAD = 3;

/** Reads a file into memory; gives how many bytes are there, part by part. */
async function* readAhead(file: RandomAccessFile, bytes: Uint8Array): AsyncGenerator<number> {
  const reads: Promise<Uint8Array>[] = [];
  let [there, asked] = [0, 0];
  try {
    while (there < file.size) {
      for (; asked < file.size && reads.length < PARTS_AHEAD; asked += PART_BYTES) {
        const part = bytes.subarray(asked, asked + PART_BYTES);
        reads.push(file.read(asked, part.length, part));
      }
      there += (await reads[0]).length;
      reads.shift();
      yield there;
    }
  } finally {
    // nobody may close the file before
    await Promise.allSettled(reads);
  }
}

/** A plain line of names. */
interface PlainHead {
  readonly at: string;
  readonly columns: readonly string[];
  /** Place of the first byte behind a byte order mark. */
  readonly first: number;
  readonly request: ScanRequest;
}

/** Begins to find rows behind a plain line of names in the first bytes; undefined where they have none. */
function beginPlain(memory: CellMemory, there: number, at: string) {
  const bytes = memory.bytes.subarray(0, there);
  const head = hasUtf16Mark(bytes) ? undefined : plainHead(bytes, at);
  if (head === undefined) return undefined;
  const { from } = head.request;
  const lines = memory.countLines(from, there) + 1;
  const scan = memory.begin(head.request, (lines * (memory.bytes.length - from)) / Math.max(1, there - from));
  return scan && { head, scan };
}

function plainHead(bytes: Uint8Array, at: string): PlainHead | undefined {
  const first = BYTE_ORDER_BYTES.every((byte, i) => bytes[i] === byte) ? BYTE_ORDER_BYTES.length : 0;
  const isLineEnd = (byte: number) => byte === LINE_FEED || byte === RETURN;
  const start = bytes.findIndex((byte, i) => i >= first && !isLineEnd(byte));
  const end = bytes.findIndex((byte, i) => i > start && isLineEnd(byte));
  const line = bytes.slice(start, end);
  if (start < 0 || end < 0 || line.some((byte) => byte === QUOTE || byte > LAST_ASCII)) return undefined;
  const columns = decodeText(line, at).split(",").map(trimmed);
  const named = `${at} line ${lineAt(decodeText(bytes.slice(first, start), at), start - first)}`;
  checkSeparator(columns, named);
  checkNames(columns, named);
  return { at, columns, first, request: { kind: "commas", from: end, width: columns.length } };
}

/** A table whose texts are made when they are asked for: each byte is a character, also of a byte order mark. */
function plainTable({ at, columns, first }: PlainHead, cells: PlainCells, { bytes }: CellMemory): StarTable {
  let made: Csv | undefined;
  const csv = () => {
    made ??= { text: " ".repeat(first) + textOf(bytes.subarray(first), at), at };
    return made;
  };
  return tableOf({ csv, at }, columns, { ...cells, startOf: placesInRows(csv, cells.starts) });
}

/** Places of cells in rows that begin at `starts`: who goes through a row in order counts each comma once. */
function placesInRows(csv: () => Csv, starts: Uint32Array): (row: number, column: number) => number {
  const last = { row: -1, column: 0, at: 0 };
  return (row, column) => {
    if (row !== last.row || column < last.column) Object.assign(last, { row, column: 0, at: starts[row] });
    for (; last.column < column; last.column++) last.at = endOfCell(csv(), last.at) + 1;
    return last.at;
  };
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
  const line = `${at} line ${lineAt(text, header.starts[0])}`;
  if (text.charCodeAt(header.starts[0]) !== QUOTE) checkSeparator(columns, line);
  checkNames(columns, line);
  const { length: width } = columns;
  const starts = scanRows(csv, header.end, width);
  const startOf = (row: number, column: number) => starts[row * width + column];
  return tableOf({ csv: () => csv, at }, columns, { rows: starts.length / width, startOf });
}

/** Where the cells of a table begin. */
interface CsvPlaces extends Omit<TextCells, "starts"> {
  readonly rows: number;
  readonly startOf: (row: number, column: number) => number;
}

function tableOf(
  { csv, at }: { readonly csv: () => Csv; readonly at: string },
  columns: readonly string[],
  { rows, startOf, numbers, areNumbers }: CsvPlaces,
): StarTable {
  const value = (row: number, column: number) => cellAt(csv().text, startOf(row, column));
  return new StarTable({
    at,
    columns,
    rows,
    value,
    numbers: numbers ?? ((column) => decimals(csv(), { length: rows }, (row) => startOf(row, column))),
    ...(areNumbers && { areNumbers }),
    notNumber: (row, column) => {
      const { text } = csv();
      const line = `${at} line ${lineAt(text, startOf(row, column))} ${columns[column]}`;
      return wrong(line, "a number", JSON.stringify(value(row, column)));
    },
  });
}

function decimals(
  { text }: Csv,
  rows: { readonly length: number },
  startOf: (row: number) => number,
): Float64Array {
  return Float64Array.from(rows, (_, row) => decimalAt(text, startOf(row), endOfPlain(text, startOf(row))));
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
  if (text.charCodeAt(start) !== QUOTE) return trimmed(text.slice(start, endOfPlain(text, start)));
  const end = endOfQuoted({ text, at: "" }, start);
  return text.slice(start + 1, end - 1).replaceAll('""', '"');
}

/** Without the blanks that people put behind commas. */
function trimmed(cell: string): string {
  return cell.replace(/^[ \t]+|[ \t]+$/g, "");
}

/** Behind line ends: empty lines are passed over. */
function skipLines(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === LINE_FEED || text.charCodeAt(at) === RETURN) at++;
  return at;
}

/** A table of another separator would be one of a single column. */
function checkSeparator(columns: readonly string[], at: string): void {
  const separator = columns.length === 1 ? columns[0].match(/[;\t]/)?.[0] : undefined;
  if (separator === undefined) return;
  const found = `names between ${separator === ";" ? "semicolons" : "tabs"}`;
  const hint = "Save it with commas, and points in numbers; or put a single name in quotes";
  throw new VitrineError({ code: "format", at, expected: "names between commas", found, hint });
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
