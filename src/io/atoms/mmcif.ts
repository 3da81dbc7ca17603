import { VitrineError } from "../../core/index.ts";
import { parseStar } from "../star/parse.ts";
import { type StarBlock, type StarFile, starPairs } from "../star/star.ts";
import { createStarTable, type StarTable } from "../star/table.ts";
import { mmcifRemarks } from "./assembly.ts";
import type { Atom, Structure } from "./atom.ts";
import { elementSymbol, isUnknownElement } from "./elements.ts";
import { Findings } from "./findings.ts";

const CATEGORY = "atom_site.";

/** Columns in the order in which they are asked: the authors' numbering is that of the PDB file. */
const COLUMNS = {
  group: ["group_PDB"],
  x: ["Cartn_x"],
  y: ["Cartn_y"],
  z: ["Cartn_z"],
  element: ["type_symbol"],
  occupancy: ["occupancy"],
  bFactorA2: ["B_iso_or_equiv"],
  charge: ["pdbx_formal_charge"],
  name: ["auth_atom_id", "label_atom_id"],
  residue: ["auth_comp_id", "label_comp_id"],
  chain: ["auth_asym_id", "label_asym_id"],
  residueNumber: ["auth_seq_id", "label_seq_id"],
  insertion: ["pdbx_PDB_ins_code"],
  alternate: ["label_alt_id"],
  model: ["pdbx_PDB_model_num"],
} as const;

type Column = keyof typeof COLUMNS;

/** Texts of one atom by column; empty where the file has no such column, or `.` or `?` in it. */
type Cells = Readonly<Record<Column, string>>;

/**
 * Reads the atoms of an mmCIF file: the `atom_site` category of its first block that has one, with the authors' names and
 * numbers where they are there. Occupancy is 1, B-factor and charge 0 where they are unknown. Atoms of an element that nobody
 * knows (X, `?`) are left out; `warnings` say so.
 *
 * @param content  the whole file; not changed
 * @param at       how messages call the file
 * @throws {VitrineError} format: not CIF, no atoms, a cell that is no number or element, with its row; missing: no
 *   coordinates or elements
 */
export function parseMmcif(content: string | Uint8Array, at: string): Structure {
  const file = parseStar(content, at);
  const [table, ...others] = atomTables(file);
  if (table === undefined) throw hasFractions(file) ? fractional(at) : noAtoms(at);
  const columns = columnsOf(table, at);
  const models = new Map<string, Atom[]>();
  const findings = new Findings(at);
  for (let row = 0; row < table.rows; row++) {
    const cells = cellsOf(table, columns, row);
    const place = `${at} atom_site row ${row + 1}`;
    const element = symbolOf(cells.element);
    if (element === undefined) {
      const name = isUnknownElement(cells.element) ? "X" : cells.element || "?";
      const fault = wrong(`${place} element`, "a chemical symbol", cells.element);
      findings.leaveOut(name, `row ${row + 1} ${cells.residue}`, fault);
      continue;
    }
    const model = models.get(cells.model) ?? [];
    models.set(cells.model, model);
    model.push(atomOf(cells, element, place));
  }
  if (models.size === 0) throw findings.fault ?? noAtoms(at);
  const left = others.reduce((count, { rows }) => count + rows, 0);
  const more = left === 0 ? [] : [`${at}: ${blocksLeft(left, others.length)}`];
  return { models: [...models.values()], warnings: [...findings.lines, ...more, ...mmcifRemarks(file, at)] };
}

function blocksLeft(atoms: number, blocks: number): string {
  const of = blocks === 1 ? "another block" : `${blocks} other blocks`;
  return `${atoms} atom${atoms === 1 ? "" : "s"} of ${of} left out: only the first block with atoms is read`;
}

/** The atoms of each block that has some. */
function atomTables(file: StarFile): StarTable[] {
  return file.blocks.flatMap((block) => {
    const table = block.items.find((item) => item.kind === "table" && item.columns.some(isOfAtoms));
    const found = table?.kind === "table" ? table : singleAtom(block, file.name);
    return found === undefined ? [] : [found];
  });
}

/** Crystals of small molecules have names without a point, and places in shares of their cell. */
function hasFractions(file: StarFile): boolean {
  const isFraction = (name: string) => name.toLowerCase().startsWith("atom_site_fract");
  return file.blocks.some(({ items }) =>
    items.some((item) => item.kind === "table" && item.columns.some(isFraction)),
  );
}

function fractional(at: string): VitrineError {
  const found = "those of a small molecule, in shares of its cell (_atom_site_fract_x)";
  const hint = "Write it as PDB or mmCIF first, as gemmi or Open Babel do";
  return new VitrineError({
    code: "unsupported",
    at,
    expected: "atoms in Å (_atom_site.Cartn_x)",
    found,
    hint,
  });
}

/** A category of one row is written without a loop. */
function singleAtom(block: StarBlock, at: string): StarTable | undefined {
  const cells = [...starPairs(block)].filter(([name]) => isOfAtoms(name));
  if (cells.length === 0) return undefined;
  return createStarTable(Object.fromEntries(cells.map(([name, value]) => [name, [value]])), at);
}

/** Names mean the same in either case. */
function isOfAtoms(name: string): boolean {
  return name.toLowerCase().startsWith(CATEGORY);
}

/** For each column the names in the file that may hold it. */
function columnsOf(table: StarTable, at: string): Readonly<Record<Column, readonly string[]>> {
  const names = new Map(table.columns.map((name) => [name.toLowerCase(), name]));
  const found = (column: Column) =>
    COLUMNS[column].flatMap((name) => names.get(`${CATEGORY}${name}`.toLowerCase()) ?? []);
  for (const column of ["x", "y", "z", "element"] as const) {
    if (found(column).length > 0) continue;
    throw new VitrineError({
      code: "missing",
      at,
      expected: `a column _${CATEGORY}${COLUMNS[column][0]}`,
      found: "none",
    });
  }
  return mapColumns(found);
}

function cellsOf(table: StarTable, columns: Readonly<Record<Column, readonly string[]>>, row: number): Cells {
  return mapColumns((column) => {
    for (const name of columns[column]) {
      const text = table.value(row, name);
      if (text !== "." && text !== "?") return text;
    }
    return "";
  });
}

function mapColumns<T>(value: (column: Column) => T): Record<Column, T> {
  return {
    group: value("group"),
    x: value("x"),
    y: value("y"),
    z: value("z"),
    element: value("element"),
    occupancy: value("occupancy"),
    bFactorA2: value("bFactorA2"),
    charge: value("charge"),
    name: value("name"),
    residue: value("residue"),
    chain: value("chain"),
    residueNumber: value("residueNumber"),
    insertion: value("insertion"),
    alternate: value("alternate"),
    model: value("model"),
  };
}

/** Of a symbol, perhaps with a charge as crystals of small molecules have it: `Zn2+`. */
function symbolOf(text: string): string | undefined {
  return elementSymbol(text) ?? elementSymbol(/^([A-Za-z]{1,2})\d*[+-]$/.exec(text)?.[1] ?? "");
}

function atomOf(cells: Cells, element: string, at: string): Atom {
  const number = (column: Column, unknown?: number) => numberOf(cells[column], `${at} ${column}`, unknown);
  return {
    x: number("x"),
    y: number("y"),
    z: number("z"),
    element,
    occupancy: number("occupancy", 1),
    bFactorA2: number("bFactorA2", 0),
    charge: number("charge", 0),
    name: cells.name,
    residue: cells.residue,
    chain: cells.chain,
    residueNumber: number("residueNumber", 0),
    ...(cells.insertion !== "" && { insertion: cells.insertion }),
    alternate: cells.alternate,
    isHetero: cells.group === "HETATM",
  };
}

/** A number, perhaps with its uncertainty in brackets: `12.3(4)`. */
function numberOf(text: string, at: string, unknown: number | undefined): number {
  if (text === "" && unknown !== undefined) return unknown;
  const parts = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:\(\d+\))?$/.exec(text);
  if (parts !== null) return Number(parts[1]);
  throw wrong(at, "a number", text);
}

function wrong(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found: JSON.stringify(found) });
}

function noAtoms(at: string): VitrineError {
  return new VitrineError({ code: "format", at, expected: "a category _atom_site", found: "none" });
}
