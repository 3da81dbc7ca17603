import { asciiText } from "#cell-kernel-bytes";
import { VitrineError } from "../../core/index.ts";
import { CellMemory, type PlainCells, type ScanRequest } from "../cells/kernels.ts";
import { decodeText } from "../text.ts";
import { keepSource } from "./source.ts";
import type { StarBlock, StarFile, StarPair } from "./star.ts";
import { type StarTable, textTable } from "./table.ts";
import { StarTokens } from "./tokens.ts";

/** The longest text that every platform has (V8: 2^29 - 24 characters). */
const LONGEST_TEXT = 2 ** 29 - 24;

/**
 * Reads a file of the STAR family: RELION's of any version, mmCIF. Loops and single values, quoted texts, texts between
 * semicolons and comments are known; save frames and nested loops are not. Cells of tables stay in the text.
 *
 * @param content  the whole file as text, UTF-8 or, where it is not that, Windows-1252; not changed
 * @param at       how messages call the file
 * @throws {VitrineError} format: not STAR, a loop whose rows are not full, a name twice in a block, each with its line; unsupported: save frames, `global_`, `stop_`; range: more than 512 MiB
 */
export function parseStar(content: string | Uint8Array, at: string): StarFile {
  if (typeof content === "string") return parseText({ text: content, at });
  let memory: CellMemory | undefined;
  const scan: Scan = (request) => {
    memory ??= memoryOf(content);
    return memory?.scan(request);
  };
  return parseScanned({ text: decodeStar(content, at), at, scan }, content.length);
}

/** Reads a file as {@link parseStar} does, whose bytes lie where kernels read them. */
export function parseStarMemory(memory: CellMemory, at: string): StarFile {
  const text = decodeStar(memory.bytes, at);
  return parseScanned({ text, at, scan: (request) => memory.scan(request) }, memory.bytes.length);
}

/** Finds the rows of a loop in the bytes of a file. */
type Scan = (request: ScanRequest) => PlainCells | undefined;

interface StarText {
  readonly text: string;
  readonly at: string;
  readonly scan?: Scan;
}

/** Places in the text are those in the bytes where every character is a byte. */
function parseScanned({ text, at, scan }: Required<StarText>, bytes: number): StarFile {
  return parseText(text.length === bytes ? { text, at, scan } : { text, at });
}

function parseText({ text, at, scan }: StarText): StarFile {
  const tokens = new StarTokens(text, at);
  const blocks: StarBlock[] = [];
  let end = 0;
  tokens.next();
  while (tokens.kind !== "end") {
    if (tokens.kind !== "block") throw tokens.wrong("data_ before anything else", shown(tokens));
    const [block, blockEnd] = parseBlock(tokens, end, scan);
    blocks.push(block);
    end = blockEnd;
  }
  return keepSource(Object.freeze({ name: at, blocks: Object.freeze(blocks) }), text.slice(end));
}

/** The text of a file. Its byte order mark stays, so that it can be written again. */
function decodeStar(bytes: Uint8Array, at: string): string {
  if (bytes.length > LONGEST_TEXT) {
    const found = `${(bytes.length / 2 ** 20).toFixed(0)} MiB`;
    throw new VitrineError({
      code: "range",
      at,
      expected: "at most 512 MiB of text",
      found,
      hint: "Split the file",
    });
  }
  // most files are ASCII, and shared memory must be copied for all else
  return asciiText(bytes) ?? decodeText(bytes.slice(), at);
}

/** From the token of a block to that behind it; with the place where its last token ends. */
function parseBlock(tokens: StarTokens, from: number, scan: Scan | undefined): [StarBlock, end: number] {
  const { text } = tokens;
  const name = text.slice(tokens.start + "data_".length, tokens.end);
  let end = tokens.end;
  const head = text.slice(from, end);
  const items: (StarPair | StarTable)[] = [];
  const names = new Set<string>();
  tokens.next();
  while (tokens.kind === "name" || tokens.kind === "loop") {
    const start = end;
    const [item, itemEnd] =
      tokens.kind === "name" ? parsePair(tokens, names) : parseLoop(tokens, names, scan);
    items.push(keepSource(item, text.slice(start, itemEnd)));
    end = itemEnd;
  }
  if (tokens.kind === "value") throw tokens.wrong("a name, a loop_ or a block", shown(tokens));
  return [keepSource(Object.freeze({ name, items: Object.freeze(items) }), head), end];
}

function parsePair(tokens: StarTokens, names: Set<string>): [StarPair, end: number] {
  const name = newName(tokens, names);
  if (tokens.next() !== "value") throw tokens.wrong(`a value of _${name}`, shown(tokens));
  const { value, end } = tokens;
  tokens.next();
  return [Object.freeze({ kind: "pair", name, value }), end];
}

function parseLoop(tokens: StarTokens, names: Set<string>, scan: Scan | undefined): [StarTable, end: number] {
  const columns: string[] = [];
  let end = tokens.end;
  while (tokens.next() === "name") {
    columns.push(newName(tokens, names));
    end = tokens.end;
  }
  if (columns.length === 0) throw tokens.wrong("names of columns after loop_", shown(tokens));
  Object.freeze(columns);
  if (tokens.kind === "value" && scan !== undefined) {
    const plain = parsePlainRows(tokens, scan, columns);
    if (plain !== undefined) return plain;
  }
  let starts = new Uint32Array(64);
  let count = 0;
  for (; tokens.kind === "value"; tokens.next()) {
    if (count === starts.length) starts = grown(starts);
    starts[count++] = tokens.start;
    end = tokens.end;
  }
  const whole = starts.slice(0, count);
  if (count % columns.length !== 0) throw unevenRow(tokens, columns.length, whole);
  return [textTable(tokens, columns, { starts: whole }), end];
}

/** Rows of plain words up to what is no value; undefined, and nothing changed, where there is more to them. */
function parsePlainRows(
  tokens: StarTokens,
  scan: Scan,
  columns: readonly string[],
): [StarTable, end: number] | undefined {
  const { start } = tokens;
  const cells = scan({ kind: "blanks", from: start, width: columns.length });
  if (cells === undefined) return undefined;
  tokens.end = cells.end;
  if (tokens.next() !== "value") return [textTable(tokens, columns, cells), cells.end];
  tokens.end = start;
  tokens.next();
  return undefined;
}

function memoryOf(bytes: Uint8Array): CellMemory | undefined {
  const memory = CellMemory.create(bytes.length);
  memory?.bytes.set(bytes);
  return memory;
}

function newName(tokens: StarTokens, names: Set<string>): string {
  const name = tokens.text.slice(tokens.start + 1, tokens.end);
  if (name === "") throw tokens.wrong("a name behind the underscore", "none");
  if (names.has(name)) throw tokens.wrong("each name once in a block", `_${name} again`);
  names.add(name);
  return name;
}

function grown(starts: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * starts.length);
  larger.set(starts);
  return larger;
}

/** The error of the first row that is not full, by the lines: nearly every file has a row on each. */
function unevenRow(tokens: StarTokens, width: number, starts: Uint32Array): VitrineError {
  const { text } = tokens;
  let first = 0;
  for (let i = 1; i <= starts.length; i++) {
    const isSameLine = i < starts.length && !/[\r\n]/.test(text.slice(starts[i - 1], starts[i]));
    if (isSameLine) continue;
    if (i - first !== width) break;
    first = i;
  }
  tokens.start = starts[first];
  const line = text.slice(starts[first]).split(/[\r\n]/, 1)[0];
  return tokens.wrong(
    `rows of ${width} values, one a column`,
    `${starts.length} values in all, this row ${JSON.stringify(line.slice(0, 80))}`,
  );
}

function shown({ kind, text, start, end }: StarTokens): string {
  return kind === "end"
    ? "the end of the file"
    : JSON.stringify(text.slice(start, Math.min(end, start + 40)));
}
