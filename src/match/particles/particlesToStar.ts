import { VitrineError } from "../../core/index.ts";
import {
  type CsvTable,
  type CsvValue,
  lazyStarTable,
  requireKnownOptions,
  type StarBlock,
  type StarFile,
} from "../../io/index.ts";
import type { ParticleTable } from "./particles.ts";
import { float64Text } from "./pythonText.ts";
import {
  DEFOCUS_COLUMNS,
  OPTICS_PREFIX,
  OWN_BLOCK,
  OWN_COLUMNS,
  opticsGroupName,
  ownColumn,
  PIXEL_SIZES,
  RELATIVE_DEFOCUS,
  RELION_PREFIX,
  SAME_COLUMNS,
  SAME_OPTICS,
} from "./starColumns.ts";
import { firstRow } from "./starPixels.ts";

/** What gives the text of a row. */
type Texts = (row: number) => string;

/** A table whose cells are made when they are asked for; rows count from 0. */
export interface ParticleColumns {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Texts>;
}

/** The same with all its texts made, a record a row. */
export function rowsOf({ rows, columns }: ParticleColumns): CsvTable {
  const all = [...columns];
  const rowOf = (row: number) => Object.fromEntries(all.map(([name, texts]) => [name, texts(row)]));
  return { columns: [...columns.keys()], rows: Array.from({ length: rows }, (_, row) => rowOf(row)) };
}

/** How {@link particlesToStar} writes. */
export interface ParticlesToStarOptions {
  /** Leave out what RELION does not know: scores but one, maps, the template. Default false: everything, so that the way back loses nothing. */
  readonly lean?: boolean;
  /** Gets the columns that `lean` left out, if there are any. */
  readonly onLeftOut?: (columns: readonly string[]) => void;
}

/**
 * A particle table as a STAR file of RELION 3.1: positions, angles, defocus (of the particle: the micrograph's and its own
 * difference) and micrographs in RELION's columns, refined values where there are some, pixel size and microscope as optics
 * groups. Unless `lean`, scores, maps and all else stand in columns `vitrine_*`, and the order of the columns in a block of its own, so
 * that `starToParticles` gives back the same table, text by text.
 *
 * @param name  how messages call the file
 * @throws {VitrineError} format: a defocus that is no number, with its row; missing: columns of places
 */
export function particlesToStar(
  table: ParticleTable,
  name = "particlesToStar",
  options: ParticlesToStarOptions = {},
): StarFile {
  requireKnownOptions("particlesToStar", options, { lean: true, onLeftOut: true });
  const texts = (column: string) => (row: number) => cellText(table.rows[row][column] ?? null);
  const columns = new Map(table.columns.map((column) => [column, texts(column)]));
  return columnsToStar({ rows: table.rows.length, columns }, name, options);
}

/** As {@link particlesToStar}, of a table of any size. */
export function columnsToStar(
  table: ParticleColumns,
  name: string,
  { lean = false, onLeftOut }: ParticlesToStarOptions = {},
): StarFile {
  const { columns, rows } = table;
  requirePlaces(table, name);
  const { groups, optics } = opticsOf(table);
  const particles = new Map<string, Texts>();
  const said = new Set([...opticsColumns(table), "pixel_size"]);
  for (const [relion, ...ours] of SAME_COLUMNS) {
    const column = ours.find((one) => columns.has(one));
    const texts = column === undefined ? undefined : columns.get(column);
    if (column === undefined || texts === undefined) continue;
    if (isBlank(texts, rows)) {
      if (lean) said.add(column); // RELION refuses cells without a number, and nothing is lost
      continue;
    }
    particles.set(relion, texts);
    said.add(column);
  }
  for (const [relion, texts] of cutPixels(table)) {
    particles.set(relion, texts);
    said.add(relion); // a column of origins
  }
  const defocus = defocusOf(table, name);
  for (const [relion, texts] of defocus) particles.set(relion, texts);
  particles.set("rlnOpticsGroup", (row) => String(groups[row]));
  const leftOut: string[] = [];
  for (const [column, texts] of columns) {
    if (said.has(column)) continue;
    const isRelions = column.startsWith(RELION_PREFIX) && !particles.has(column);
    if (isRelions) particles.set(column, texts);
    else if (lean) leftOut.push(column);
    else particles.set(ownColumn(column), texts);
  }
  // RELION's defocus is the sum of both, of which none is lost
  const relative = RELATIVE_DEFOCUS.find((column) => columns.has(column));
  const summed = new Set([...DEFOCUS_COLUMNS.map(([, ours]) => ours), relative]);
  const lost = defocus.size === 0 ? leftOut : leftOut.filter((column) => !summed.has(column));
  if (lost.length > 0) onLeftOut?.(lost);
  const own: StarBlock = {
    name: OWN_BLOCK,
    items: [{ kind: "pair", name: OWN_COLUMNS, value: JSON.stringify([...columns.keys()]) }],
  };
  const blocks = [
    tableBlock("optics", optics.columns, optics.rows),
    tableBlock("particles", particles, rows),
  ];
  return { name, blocks: lean ? blocks : [...blocks, own] };
}

/**
 * Where a table tells how far particles lie from the pixels at which their images were cut, these pixels are the coordinates: a refinement
 * since then changes the way, not the image.
 */
function* cutPixels({ columns }: ParticleColumns): Generator<readonly [relion: string, texts: Texts]> {
  const size = columns.get("pixel_size");
  for (const axis of ["x", "y"]) {
    const name = `rlnOrigin${axis.toUpperCase()}Angst`;
    const [origin, own, refined] = [name, `pos_${axis}_img`, `refined_pos_${axis}_img`].map((column) =>
      columns.get(column),
    );
    if (size === undefined || origin === undefined || own === undefined) continue;
    const cut = (row: number) => tidy(Number(own(row)) + Number(origin(row)) / Number(size(row)));
    yield [`rlnCoordinate${axis.toUpperCase()}`, (row) => String(cut(row))];
    yield [
      name,
      refined === undefined
        ? origin
        : (row) => String(tidy((cut(row) - Number(refined(row))) * Number(size(row)))),
    ];
  }
}

/** Twelve digits: those of a sum beyond are noise. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

/** Whether no row says anything: the scores of what was planted, say. */
function isBlank(texts: Texts, rows: number): boolean {
  return rows > 0 && firstRow(rows, (row) => texts(row).trim() !== "") < 0;
}

/** A table that tells no place is none of particles. @throws {VitrineError} missing */
function requirePlaces({ columns }: ParticleColumns, at: string): void {
  const names = ["rlnCoordinateX", "rlnCoordinateY"].map((relion) => [
    relion,
    ...(SAME_COLUMNS.find(([name]) => name === relion)?.slice(1) ?? []),
  ]);
  if (names.every((known) => known.some((name) => columns.has(name)))) return;
  throw new VitrineError({
    code: "missing",
    at,
    expected: "columns that say where particles are, such as pos_x_img and pos_y_img",
    found: [...columns.keys()].slice(0, 5).join(", ") || "none",
    hint: "Give the table of a search or of a refinement, or particles as STAR",
  });
}

function tableBlock(name: string, columns: ReadonlyMap<string, Texts>, rows: number): StarBlock {
  return { name, items: [lazyStarTable(columns, rows, name)] };
}

/** Columns of the table that go into the optics. */
function opticsColumns({ columns }: ParticleColumns): string[] {
  const shared = SAME_OPTICS.map(([, column]) => column);
  return [...columns.keys()].filter((column) => shared.includes(column) || column.startsWith(OPTICS_PREFIX));
}

/** One group for each set of values, numbered from 1 in the order of the particles. */
function opticsOf(table: ParticleColumns): {
  readonly groups: Uint32Array;
  readonly optics: ParticleColumns;
} {
  const columns = new Map<string, Texts>();
  for (const column of opticsColumns(table)) columns.set(relionOptics(column), textsOf(table, column));
  if (table.columns.has("pixel_size"))
    for (const relion of PIXEL_SIZES)
      if (!columns.has(relion)) columns.set(relion, textsOf(table, "pixel_size"));
  const numbers = new Map<string, number>();
  const first: number[] = [];
  const groups = new Uint32Array(table.rows);
  const values = [...new Set(columns.values())];
  for (let row = 0; row < table.rows; row++) {
    const key = values.map((texts) => texts(row)).join("\u0000");
    const number = numbers.get(key) ?? numbers.size + 1;
    if (number > numbers.size) first.push(row);
    numbers.set(key, number);
    groups[row] = number;
  }
  const optics = new Map<string, Texts>([
    ["rlnOpticsGroupName", (i) => opticsGroupName(i + 1)],
    ["rlnOpticsGroup", (i) => String(i + 1)],
  ]);
  for (const [relion, texts] of columns) optics.set(relion, (i) => texts(first[i]));
  const names = columns.get("rlnOpticsGroupName");
  if (names !== undefined) optics.set("rlnOpticsGroupName", ownNames(first.map(names)));
  return { groups, optics: { rows: first.length, columns: optics } };
}

/** Names of groups, each of them once: optics that differ are groups of their own. */
function ownNames(names: readonly string[]): Texts {
  return (i) => {
    const before = names.slice(0, i).filter((name) => name === names[i]).length;
    return before === 0 ? names[i] : `${names[i]}_${before + 1}`;
  };
}

function textsOf({ columns }: ParticleColumns, column: string): Texts {
  return columns.get(column) ?? (() => "");
}

function relionOptics(column: string): string {
  const same = SAME_OPTICS.find(([, ours]) => ours === column);
  return same === undefined ? column.slice(OPTICS_PREFIX.length) : same[0];
}

function defocusOf(table: ParticleColumns, at: string): Map<string, Texts> {
  const relative = RELATIVE_DEFOCUS.find((column) => table.columns.has(column));
  const offsets = relative === undefined ? undefined : numbersOf(table, relative, at);
  const defocus = new Map<string, Texts>();
  for (const [relion, ours] of DEFOCUS_COLUMNS) {
    if (!table.columns.has(ours)) continue;
    const values = numbersOf(table, ours, at);
    defocus.set(relion, (row) => float64Text(values[row] + (offsets?.[row] ?? 0)));
  }
  return defocus;
}

function numbersOf(table: ParticleColumns, column: string, at: string): Float64Array {
  const texts = textsOf(table, column);
  return new Float64Array(table.rows).map((_, row) => {
    const text = texts(row).trim();
    const number = Number(text);
    if (text !== "" && Number.isFinite(number)) return number;
    const where = `${at} row ${row} ${column}`;
    throw new VitrineError({ code: "format", at: where, expected: "a number", found: JSON.stringify(text) });
  });
}

function cellText(value: CsvValue): string {
  return value === null ? "" : String(value);
}
