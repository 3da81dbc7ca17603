import { VitrineError } from "../../core/index.ts";
import { pdbRemarks } from "./assembly.ts";
import type { Atom, Structure } from "./atom.ts";
import { elementSymbol, guessElement, isUnknownElement } from "./elements.ts";
import { Findings } from "./findings.ts";

/** Digits of hybrid-36: numbers beyond the width go on with upper-case letters, then with lower-case ones. */
const BASE = 36;

/** The line of an atom that is read. */
interface Line {
  readonly text: string;
  readonly number: number;
  readonly at: string;
  readonly findings: Findings;
}

/** The name of a record; serial numbers of six digits begin in the column behind ATOM. */
const ATOM = /^(?:ATOM[ \t\d]|(HETATM))/i;
const MODEL_BORDER = /^(?:MODEL |MODEL$|ENDMDL)/i;
/** The last line of a file; VMD and others put it between frames. */
const END = /^END *$/i;
/** UTF-8's byte order mark, read as text or byte by byte. */
const BYTE_ORDER_MARK = /^(?:\ufeff|\u00ef\u00bb\u00bf)/;

/** What programs print where a number has no room. */
const OVERFLOW = /^ *\*+ *$/;

/**
 * Reads the atoms of a PDB file (format 3.3), all models, alternates and hetero atoms. Columns 77 and 78 give the element,
 * else the name does; occupancy is 1 and B-factor 0 where the columns are blank. Residue numbers may be hybrid-36, or of five digits.
 * Atoms behind END are another model. Atoms of an element that nobody knows (X, virtual sites of water) are left out, and
 * residue numbers that overflowed (`****`) or are none left open; `warnings` say so.
 *
 * @param content  the whole file; not changed
 * @param at       how messages call the file
 * @throws {VitrineError} format: a line that is cut or holds no number, a residue without number, no atom of a known element; each with
 *   its line
 */
export function parsePdb(content: string | Uint8Array, at: string): Structure {
  const decoded = typeof content === "string" ? content : new TextDecoder("latin1").decode(content);
  const text = decoded.replace(BYTE_ORDER_MARK, "");
  const models: Atom[][] = [];
  let model: Atom[] | undefined;
  const findings = new Findings(at);
  let number = 0;
  let isBehindEnd = false;
  for (const one of linesOf(text)) {
    number++;
    if (END.test(one)) isBehindEnd = true;
    if (isBehindEnd || MODEL_BORDER.test(one)) model = undefined;
    const record = ATOM.exec(one);
    if (record === null) continue;
    const atom = parseAtom(
      { text: one, number, at: `${at} line ${number}`, findings },
      record[1] !== undefined,
    );
    if (atom === undefined) continue;
    if (isBehindEnd) findings.add("atoms behind END taken as another model", `line ${number}`);
    isBehindEnd = false;
    if (model === undefined) {
      model = [];
      models.push(model);
    }
    model.push(atom);
  }
  if (models.length > 0) return { models, warnings: [...findings.lines, ...pdbRemarks(text, at)] };
  throw (
    findings.fault ??
    new VitrineError({
      code: "format",
      at,
      expected: "ATOM or HETATM lines of a PDB file, or mmCIF",
      found: "none",
      hint: "Convert other formats first, as gemmi or Open Babel do",
    })
  );
}

/**
 * The value of a right-justified hybrid-36 number: "9999" is followed by "A000", "ZZZZ" by "a000".
 *
 * @returns  undefined for a text that is none
 * Source: R. W. Grosse-Kunstleve, cci.lbl.gov/hybrid_36.
 */
export function parseHybrid36(text: string): number | undefined {
  if (/^ *-?\d+ *$/.test(text)) return Number(text);
  const isUpper = /^[A-Z][0-9A-Z]*$/.test(text);
  if (!isUpper && !/^[a-z][0-9a-z]*$/.test(text)) return undefined;
  const power = BASE ** (text.length - 1);
  const lettersFrom = isUpper ? 10 * power : -16 * power;
  return Number.parseInt(text, BASE) - lettersFrom + 10 ** text.length;
}

function* linesOf(text: string): Generator<string> {
  const border = text.includes("\n") ? "\n" : "\r";
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf(border, from);
    const to = end < 0 ? text.length : end;
    yield text.slice(from, text[to - 1] === "\r" ? to - 1 : to);
    from = to + 1;
  }
}

/** Undefined for an atom whose element nobody knows. */
function parseAtom(line: Line, isHetero: boolean): Atom | undefined {
  const { text } = line;
  const residue = text.slice(17, 20).trim();
  const element = elementOf(line, residue);
  if (element === undefined) return undefined;
  return {
    x: coordinate(line, "x", 30),
    y: coordinate(line, "y", 38),
    z: coordinate(line, "z", 46),
    element,
    occupancy: numberOr(line, { name: "occupancy", from: 54, blank: 1 }),
    bFactorA2: numberOr(line, { name: "B-factor", from: 60, blank: 0 }),
    charge: chargeOf(line),
    name: text.slice(12, 16).trim(),
    residue,
    chain: text.slice(20, 22).trim(),
    ...residuePlace(line),
    alternate: text.slice(16, 17).trim(),
    isHetero,
  };
}

function coordinate(line: Line, name: string, from: number): number {
  const value = parseDecimal(line.text.slice(from, from + 8));
  if (value !== undefined) return value;
  throw wrong(line, `a number for ${name} in columns ${from + 1} to ${from + 8}`, from, from + 8);
}

/** Occupancy and B-factor: six columns that may be blank. */
function numberOr(
  line: Line,
  { name, from, blank }: { readonly name: string; readonly from: number; readonly blank: number },
): number {
  const text = line.text.slice(from, from + 6);
  if (OVERFLOW.test(text)) {
    line.findings.add(`${name} that overflows its columns read as ${blank}`, `line ${line.number}`);
    return blank;
  }
  const value = text.trim() === "" ? blank : parseDecimal(text);
  if (value !== undefined) return value;
  throw wrong(
    line,
    `a number or nothing for the ${name} in columns ${from + 1} to ${from + 6}`,
    from,
    from + 6,
  );
}

/** Numbers above 9999 take the column of the insertion code, which is a letter otherwise. */
function residuePlace(line: Line): Pick<Atom, "residueNumber" | "insertion"> {
  const text = line.text.slice(22, 27);
  if (/^\d{5}$/.test(text)) return { residueNumber: Number(text) };
  const insertion = text.slice(4).trim();
  const place = (residueNumber: number) => ({ residueNumber, ...(insertion !== "" && { insertion }) });
  const number = parseHybrid36(text.slice(0, 4));
  if (number !== undefined) return place(number);
  if (text.trim() === "") throw wrong(line, "a residue number in columns 23 to 26", 22, 26);
  const why = OVERFLOW.test(text) ? "overflows its columns" : "is none";
  line.findings.add(`residue number that ${why} left open`, `line ${line.number}`);
  return { residueNumber: Number.NaN };
}

/** Undefined for X and other elements that nobody knows. */
function elementOf(line: Line, residue: string): string | undefined {
  const stated = statedKind(line).slice(0, 2).trim();
  const element = stated === "" ? guessElement(line.text.slice(12, 16), residue) : elementSymbol(stated);
  if (element !== undefined) return element;
  const name = stated === "" ? line.text.slice(12, 16).trim() : stated;
  line.findings.leaveOut(
    isUnknownElement(name) ? "X" : name,
    `line ${line.number} ${residue}`,
    stated === ""
      ? wrong(line, "an element in columns 77 and 78, or a name that tells it", 12, 16)
      : wrong(line, "a chemical symbol in columns 77 and 78", 76, 78),
  );
  return undefined;
}

/** `2+`, as the format says, or `+2` and `2`, as some programs write it. */
function chargeOf(line: Line): number {
  const text = statedKind(line).slice(2).trim();
  if (text === "") return 0;
  const parts = /^(?:(\d)?([+-])|([+-])?(\d))$/.exec(text);
  if (parts === null) throw wrong(line, "a charge such as 2+ in columns 79 and 80", 78, 80);
  const size = Number(parts[1] ?? parts[4] ?? 1);
  return (parts[2] ?? parts[3]) === "-" ? -size : size;
}

/** Columns 77 to 80, element and charge; files from before 1996 number their lines there. */
function statedKind({ text }: Line): string {
  const columns = text.slice(76, 80);
  return /^\s*\d+\s*$/.test(columns) ? "" : columns;
}

function parseDecimal(text: string): number | undefined {
  const trimmed = text.trim();
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : undefined;
}

function wrong({ at, text }: Line, expected: string, from: number, to: number): VitrineError {
  const found = text.length <= from ? `a line of ${text.length}` : JSON.stringify(text.slice(from, to));
  return new VitrineError({ code: "format", at, expected, found });
}
