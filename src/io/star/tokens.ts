import { VitrineError } from "../../core/index.ts";

/** What a token is; `value` is a word, a quoted text or a text between semicolons. */
export type StarTokenKind = "end" | "block" | "loop" | "name" | "value";

const LINE_FEED = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
const APOSTROPHE = 39;
const SEMICOLON = 59;
const UNDERSCORE = 95;
const BYTE_ORDER_MARK = 0xfeff;

/** Words of STAR that neither RELION nor mmCIF files use. */
const UNKNOWN_WORDS = /^(?:save_.*|global_|stop_)$/i;

/** Words that mean something at the start of a value; such a value is quoted. */
const RESERVED = /^(?:data_|loop_|save_|global_|stop_)/i;

/**
 * Walks over the tokens of a STAR or CIF text: one object for all of them, since tables have millions. `start` and `end`
 * are places in the text; blanks and comments before the token are passed over.
 *
 * As RELION does, `data_` opens a block only at the start of a line, so that a row may hold `data_1/mic.mrc`.
 */
export class StarTokens {
  readonly text: string;
  readonly at: string;
  kind: StarTokenKind = "end";
  start = 0;
  end: number;

  constructor(text: string, at: string) {
    this.text = text;
    this.at = at;
    this.end = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
  }

  /** Goes to the next token and says what it is. @throws {VitrineError} format: a text that does not end; unsupported */
  next(): StarTokenKind {
    const { text } = this;
    const start = skipBlanks(text, this.end);
    this.start = start;
    if (start >= text.length) {
      this.end = text.length;
      this.kind = "end";
      return "end";
    }
    this.end = endOfValue(text, start);
    if (this.end < 0) throw this.wrong("a text that is closed", "none that is");
    this.kind = this.#kindOf(text.charCodeAt(start));
    return this.kind;
  }

  /** The text of a token without its quotes. */
  get value(): string {
    return valueAt(this.text, this.start);
  }

  /** The error of the present token. */
  wrong(expected: string, found: string, hint?: string): VitrineError {
    return starFault({ at: this.at, text: this.text, start: this.start }, { expected, found, hint });
  }

  #kindOf(first: number): StarTokenKind {
    if (first === UNDERSCORE) return "name";
    // d, l, g, s in either case: nearly every value is told apart by its first character
    const lower = first | SPACE;
    if (lower !== 100 && lower !== 108 && lower !== 103 && lower !== 115) return "value";
    const word = this.text.slice(this.start, Math.min(this.end, this.start + 5)).toLowerCase();
    if (word === "data_" && isFirstOfLine(this.text, this.start)) return "block";
    if (word === "loop_" && this.end === this.start + 5) return "loop";
    if (isFirstOfLine(this.text, this.start)) this.#refuseUnknown();
    return "value";
  }

  #refuseUnknown(): void {
    const word = this.text.slice(this.start, this.end);
    if (!UNKNOWN_WORDS.test(word)) return;
    const at = `${this.at} line ${lineAt(this.text, this.start)}`;
    throw new VitrineError({
      code: "unsupported",
      at,
      expected: "data blocks with values and loops",
      found: word,
    });
  }
}

/** A place in a text, and how messages call the file. */
export interface StarPosition {
  readonly at: string;
  readonly text: string;
  readonly start: number;
}

/** The error of a place in a text, which names its line. */
export function starFault(
  { at, text, start }: StarPosition,
  { expected, found, hint }: { expected: string; found: string; hint?: string | undefined },
): VitrineError {
  const fault = { code: "format", at: `${at} line ${lineAt(text, start)}`, expected, found } as const;
  return new VitrineError(hint === undefined ? fault : { ...fault, hint });
}

/** The value whose token starts here, without quotes. */
export function valueAt(text: string, start: number): string {
  const first = text.charCodeAt(start);
  const end = endOfValue(text, start);
  if (first === QUOTE || first === APOSTROPHE) return text.slice(start + 1, end - 1);
  if (first !== SEMICOLON || !startsLine(text, start)) return text.slice(start, end);
  const body = text.slice(start + 1, end - 1);
  return body.slice(0, body.endsWith("\r\n") ? -2 : -1);
}

/**
 * A value as it is written: bare if that reads back the same, else in quotes, else between lines that begin with a semicolon.
 *
 * @throws {VitrineError} unsupported: a text of several lines of which one begins with a semicolon
 */
export function formatStarValue(value: string, at: string): string {
  if (/^[^\s_#$'"[\];\ufeff][^\s]*$/.test(value) && !RESERVED.test(value)) return value;
  for (const quote of value.includes('"') ? ["'", '"'] : ['"', "'"])
    if (!/[\r\n]/.test(value) && !new RegExp(`${quote}\\s`).test(value)) return quote + value + quote;
  if (!/[\r\n];/.test(value) && !value.endsWith("\r")) return `\n;${value}\n;\n`;
  throw new VitrineError({
    code: "unsupported",
    at,
    expected: "a text without lines that begin with a semicolon, which STAR cannot hold",
    found: JSON.stringify(value.slice(0, 80)),
  });
}

function isBlank(code: number): boolean {
  return code === SPACE || (code >= 9 && code <= RETURN);
}

/** The first place from here on that is neither blank nor in a comment. */
function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === HASH) at = endOfLine(text, at);
    else if (isBlank(code)) at++;
    else break;
  }
  return at;
}

/** The place behind the token that starts here; -1 where its quote or semicolon is not closed. */
function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE || first === APOSTROPHE) return endOfQuoted(text, start);
  if (first === SEMICOLON && startsLine(text, start)) return endOfLines(text, start);
  return endOfWord(text, start);
}

/** The place of the blank behind a value without quotes. */
export function endOfWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** A quote closes where a blank follows, so that `'5'-end'` is one text. */
function endOfQuoted(text: string, start: number): number {
  const quote = text.charCodeAt(start);
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === LINE_FEED || code === RETURN) return -1;
    if (code === quote && (at + 1 === text.length || isBlank(text.charCodeAt(at + 1)))) return at + 1;
  }
  return -1;
}

function endOfLines(text: string, start: number): number {
  for (let at = text.indexOf(";", start + 1); at >= 0; at = text.indexOf(";", at + 1))
    if (startsLine(text, at)) return at + 1;
  return -1;
}

function endOfLine(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== LINE_FEED && text.charCodeAt(at) !== RETURN) at++;
  return at;
}

function startsLine(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text.charCodeAt(at - 1);
  return before === LINE_FEED || before === RETURN;
}

/** Whether only blanks stand before it on its line. */
function isFirstOfLine(text: string, start: number): boolean {
  let at = start;
  while (at > 0 && !startsLine(text, at)) {
    const code = text.charCodeAt(at - 1);
    if (!isBlank(code) && code !== BYTE_ORDER_MARK) return false;
    at--;
  }
  return true;
}

function lineAt(text: string, place: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < place; at = text.indexOf("\n", at + 1)) line++;
  return line;
}
