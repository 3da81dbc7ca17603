import { writeFileAtomic } from "#files";
import { VitrineError } from "../../core/index.ts";
import { CellMemory } from "../cells/kernels.ts";
import { type FileSource, sourceName, type WriteOptions } from "../files.ts";
import { openUnpacked } from "../gzip.ts";
import { parseStar, parseStarMemory } from "./parse.ts";
import { sourceOf } from "./source.ts";
import type { StarBlock, StarFile, StarPair } from "./star.ts";
import { checkName, type StarTable } from "./table.ts";
import { formatStarValue } from "./tokens.ts";

/** Width to which the cells of a row are filled, as RELION does. */
const CELL_WIDTH = 12;

/** Characters and rows that are written at a time. */
const TEXT_PART = 2 ** 20;
const ROWS_PART = 4096;

/**
 * Writes a STAR file. What came from `parseStar` and was not replaced stands as it was, with its comments and spaces: a file
 * without a change is the same bytes. New blocks, values and tables are written as RELION 3.1 does.
 *
 * @throws {VitrineError} unsupported, format: a value or name that STAR cannot hold
 */
export function formatStar(file: StarFile): string {
  return [...starParts(file)].join("");
}

/** Reads a STAR file; see {@link parseStar}. @throws {VitrineError} missing, storage: the file; and those of `parseStar` */
export async function readStar(source: FileSource): Promise<StarFile> {
  const at = sourceName(source);
  const file = await openUnpacked(source);
  try {
    const memory = CellMemory.create(file.size);
    const bytes = await file.read(0, file.size, memory?.bytes);
    return memory === undefined ? parseStar(bytes, at) : parseStarMemory(memory, at);
  } finally {
    await file.close();
  }
}

/** Writes {@link formatStar}'s text as a file, whole or not at all. Errors as there, and those of `writeFileAtomic`. */
export async function writeStar(path: string, file: StarFile, options: WriteOptions = {}): Promise<void> {
  await writeFileAtomic(path, encodedParts(file), options);
}

function* encodedParts(file: StarFile): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const part of starParts(file)) {
    for (let from = 0; from < part.length; ) {
      const cut = Math.min(part.length, from + TEXT_PART);
      // A cut between the halves of a character would lose it.
      const end = isHighSurrogate(part.charCodeAt(cut - 1)) && cut < part.length ? cut + 1 : cut;
      yield encoder.encode(part.slice(from, end));
      from = end;
    }
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

/** The pieces of the text in order; where neither of two neighbours has a blank, a line ends between them. */
function* starParts(file: StarFile): Generator<string> {
  let last = "";
  for (const piece of pieces(file)) {
    const part = last === "" ? piece : piece.replace(/^\ufeff/, "");
    if (last !== "" && !/^\s/.test(part) && !/\s$/.test(last)) yield "\n";
    yield part;
    last = part;
  }
  yield sourceOf(file) ?? (/\n$/.test(last) ? "" : "\n");
}

function* pieces(file: StarFile): Generator<string> {
  for (const block of file.blocks) {
    const at = `${file.name} data_${block.name}`;
    yield sourceOf(block) ?? `\n${formatHead(block, at)}\n\n`;
    for (const [i, item] of block.items.entries()) {
      const source = sourceOf(item);
      if (item.kind === "table") checkFollower(item, block.items[i + 1], at);
      if (source !== undefined) yield source;
      else if (item.kind === "pair") yield formatPair(item, at);
      else yield* tableParts(item, at);
    }
  }
}

function formatHead({ name }: StarBlock, at: string): string {
  if (name !== "") checkName(name, at);
  return `data_${name}`;
}

function formatPair({ name, value }: StarPair, at: string): string {
  checkName(name, at);
  return `_${name} ${formatStarValue(value, `${at} _${name}`)}\n`;
}

function* tableParts(table: StarTable, at: string): Generator<string> {
  yield `\nloop_\n${table.columns.map((name, i) => `_${name} #${i + 1}\n`).join("")}`;
  for (let first = 0; first < table.rows; first += ROWS_PART) {
    let part = "";
    for (let row = first; row < Math.min(table.rows, first + ROWS_PART); row++)
      part += formatRow(table, row, at);
    yield part;
  }
}

function formatRow(table: StarTable, row: number, at: string): string {
  let line = "";
  for (const name of table.columns) {
    const cell = formatStarValue(table.value(row, name), at);
    line += (line === "" ? "" : " ") + (cell.length < CELL_WIDTH ? cell.padStart(CELL_WIDTH) : cell);
  }
  return `${line}\n`;
}

/** The name of a value behind a loop without rows would read as a column of it. */
function checkFollower(table: StarTable, next: StarPair | StarTable | undefined, at: string): void {
  if (table.rows > 0 || next?.kind !== "pair") return;
  throw new VitrineError({
    code: "unsupported",
    at: `${at} _${next.name}`,
    expected: "no single value behind a table without rows, which STAR cannot tell apart",
    found: "one",
    hint: "Put the values before the tables",
  });
}
