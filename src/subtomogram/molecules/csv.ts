import { firstNotFinite, VitrineError } from "../../core/index.ts";
import {
  type CsvCells,
  csvParts,
  type FileSource,
  parseCsvTable,
  readText,
  requireKnownOptions,
  shortestFloat32,
  sourceName,
  writeFileAtomic,
} from "../../io/index.ts";
import type { Features, FeatureValue } from "./features.ts";
import { Molecules } from "./molecules.ts";

/** Columns of places and rotation vectors, as acryo names them. */
export const PLACE_COLUMNS = ["z", "y", "x"] as const;
/** Columns of rotation vectors. */
export const ROTATION_COLUMNS = ["zvec", "yvec", "xvec"] as const;

/** Whether a first line is that of a table of molecules. */
export function isMoleculesTable(line: string): boolean {
  const columns = line.trim().split(",");
  return [...PLACE_COLUMNS, ...ROTATION_COLUMNS].every((column) => columns.includes(column));
}

/** Which columns of a table are places (nm, z y x) and rotation vectors (radians, z y x). */
export interface MoleculeColumns {
  /** Default z, y, x. */
  readonly posCols?: readonly [string, string, string];
  /** Default zvec, yvec, xvec. */
  readonly rotCols?: readonly [string, string, string];
}

/** How molecules are written as text. */
export interface WriteMoleculesOptions {
  /** Decimals of numbers that are not whole; default 4, as acryo; null writes all digits of single precision. */
  readonly floatPrecision?: number | null;
  /** Replace a file that is there; default false. */
  readonly overwrite?: boolean;
}

/**
 * Reads molecules from comma-separated values: three columns of places, three of rotation vectors, and features. A feature whose
 * cells are all numbers is numbers, `true` and `false` are booleans, everything else text; empty cells are null.
 *
 * @throws {VitrineError} missing: a column; format: a place that is no number; and the errors of `readText` and `parseCsvTable`
 */
export async function readMoleculesCsv(
  source: FileSource,
  columns: MoleculeColumns = {},
): Promise<Molecules> {
  requireKnownOptions("readMoleculesCsv", columns, { posCols: true, rotCols: true });
  return parseMoleculesCsv(await readText(source), sourceName(source), columns);
}

/** As {@link readMoleculesCsv}, of the text of a file that messages call `at`. */
export function parseMoleculesCsv(text: string, at: string, columns: MoleculeColumns = {}): Molecules {
  requireKnownOptions("parseMoleculesCsv", columns, { posCols: true, rotCols: true });
  const { posCols = PLACE_COLUMNS, rotCols = ROTATION_COLUMNS } = columns;
  const table = parseCsvTable(text, at);
  const rowsOf = (names: readonly [string, string, string]) => {
    const [z, y, x] = names.map((name) => finite(table.numbers(name), at, name));
    return Float64Array.from({ length: 3 * table.rows }, (_, i) => [z, y, x][i % 3][Math.floor(i / 3)]);
  };
  const features = table.columns
    .filter((name) => !posCols.includes(name) && !rotCols.includes(name))
    .map((name) => [name, toFeatureValues(table.column(name))] as const);
  return Molecules.fromRotvec(rowsOf(posCols), rowsOf(rotCols), Object.fromEntries(features));
}

/** A place or an orientation that is none is told by its line, the first of which has the names. */
function finite(values: Float64Array, at: string, name: string): Float64Array {
  const wrong = firstNotFinite(values);
  if (wrong < 0) return values;
  const expected = "a finite number";
  throw new VitrineError({
    code: "range",
    at: `${at} line ${wrong + 2} ${name}`,
    expected,
    found: `${values[wrong]}`,
  });
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$|^[+-]?inf$|^nan$/i;

/** Whether a text is a whole number of more digits than a number holds: an identifier, of which the last digits would be lost. */
function isTooLong(cell: string): boolean {
  return /^[+-]?\d+$/.test(cell) && !Number.isSafeInteger(Number(cell));
}

/**
 * The values that the cells of a column stand for: numbers if all are and no whole one is too long for a number, booleans if all are, else texts; null
 * where empty.
 */
export function toFeatureValues(cells: readonly string[]): readonly FeatureValue[] {
  const filled = cells.filter((cell) => cell !== "");
  const orNull = (read: (cell: string) => FeatureValue) =>
    cells.map((cell) => (cell === "" ? null : read(cell)));
  if (filled.length === 0) return cells.map(() => null);
  if (filled.every((cell) => NUMBER.test(cell) && !isTooLong(cell))) return orNull(toNumber);
  if (filled.every((cell) => cell === "true" || cell === "false")) return orNull((cell) => cell === "true");
  return orNull((cell) => cell);
}

function toNumber(cell: string): number {
  const infinite = /^([+-]?)inf$/i.exec(cell);
  if (infinite === null) return Number(/^nan$/i.test(cell) ? Number.NaN : cell);
  return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/**
 * Writes molecules as comma-separated values that acryo and {@link readMoleculesCsv} read.
 *
 * @throws {VitrineError} exists: a feature of a name that a place or rotation has, or the file; and the errors of `writeFileAtomic`
 */
export async function writeMoleculesCsv(
  path: string,
  molecules: Molecules,
  options: WriteMoleculesOptions = {},
): Promise<void> {
  requireKnownOptions("writeMoleculesCsv", options, { floatPrecision: true, overwrite: true });
  const { floatPrecision = 4, overwrite = false } = options;
  await writeFileAtomic(path, csvParts(moleculeCells(molecules, floatPrecision)), { overwrite });
}

function moleculeCells(molecules: Molecules, precision: number | null): CsvCells {
  const table = moleculeTable(molecules);
  const names = Object.keys(table);
  const values = Object.values(table);
  // Features keep the precision of what they are; places and rotations are single.
  const isWhole = values.map((column) => column.every((value) => value === null || Number.isInteger(value)));
  const format = (value: FeatureValue, column: number): string => {
    if (value === null) return "";
    if (typeof value !== "number") return `${value}`;
    if (column >= 2 * PLACE_COLUMNS.length && isWhole[column]) return `${value}`;
    return formatNumber(value, precision);
  };
  return {
    columns: names,
    rows: molecules.count,
    text: (row, column) => format(values[column][row], column),
  };
}

/** Places, rotation vectors and features, column by column. @throws {VitrineError} exists: a feature of one of their names */
export function moleculeTable(molecules: Molecules): Features {
  const [pos, rotvec] = [molecules.pos, Float32Array.from(molecules.rotvec())];
  const column = (rows: Float32Array, axis: number) =>
    Array.from({ length: molecules.count }, (_, i) => rows[3 * i + axis]);
  const fixed = Object.fromEntries([
    ...PLACE_COLUMNS.map((name, axis) => [name, column(pos, axis)]),
    ...ROTATION_COLUMNS.map((name, axis) => [name, column(rotvec, axis)]),
  ]);
  const twice = Object.keys(molecules.features).filter((name) => Object.hasOwn(fixed, name));
  if (twice.length === 0) return { ...fixed, ...molecules.features };
  const hint = "Rename them before writing";
  const expected = "features of other names than the columns of places and rotations";
  throw new VitrineError({ code: "exists", at: "molecules", expected, found: twice.join(", "), hint });
}

function formatNumber(value: number, precision: number | null): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (precision !== null) return value.toFixed(precision);
  return Math.fround(value) === value ? `${Number(shortestFloat32(value))}` : `${value}`;
}

/** What a table of another kind is, and which of its columns are places and rotations. */
interface TableColumns extends MoleculeColumns {
  readonly at: string;
}

/**
 * Molecules of a table whose cells have types.
 *
 * @throws {VitrineError} missing: a column; type: a place or rotation that is no number, a feature that is neither number, text nor boolean
 */
export function moleculesOfTable(
  table: ReadonlyMap<string, readonly unknown[]>,
  rows: number,
  { at, posCols = PLACE_COLUMNS, rotCols = ROTATION_COLUMNS }: TableColumns,
): Molecules {
  const numbers = (names: readonly [string, string, string]) => {
    const columns = names.map((name) => {
      const column = table.get(name);
      if (column !== undefined) return column;
      const found = [...table.keys()].join(", ") || "none";
      throw new VitrineError({ code: "missing", at, expected: `a column ${name}`, found });
    });
    return Float64Array.from({ length: 3 * rows }, (_, i) =>
      numberOf(columns[i % 3][Math.floor(i / 3)], `${at} ${names[i % 3]}`),
    );
  };
  const fixed: readonly string[] = [...posCols, ...rotCols];
  const features = [...table].filter(([name]) => !fixed.includes(name));
  return Molecules.fromRotvec(
    numbers(posCols),
    numbers(rotCols),
    Object.fromEntries(features.map(([name, values]) => [name, featuresOf(values, `${at} ${name}`)])),
  );
}

function numberOf(value: unknown, at: string): number {
  if (typeof value === "number") return value;
  throw new VitrineError({ code: "type", at, expected: "a number", found: typeof value });
}

/** Whole numbers that are too long are texts, and so are all of their column. */
function featuresOf(values: readonly unknown[], at: string): readonly FeatureValue[] {
  const column = values.map((value) => featureOf(value, at));
  const isMixed = column.some((value) => typeof value === "string" && isTooLong(value));
  return isMixed ? column.map((value) => (value === null ? null : `${value}`)) : column;
}

function featureOf(value: unknown, at: string): FeatureValue {
  if (value instanceof Date) return value.toISOString().replace(/T00:00:00\.000Z$/, "");
  if (value === null || ["number", "string", "boolean"].includes(typeof value)) return value as FeatureValue;
  throw new VitrineError({ code: "type", at, expected: "numbers, texts or booleans", found: typeof value });
}
