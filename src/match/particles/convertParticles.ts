import { VitrineError } from "../../core/index.ts";
import {
  type CsvTable,
  csvParts,
  endingOf,
  fileExists,
  identifyFile,
  kindWords,
  type OptionKeys,
  readCsvTable,
  readStar,
  requireKnownOptions,
  writeFileAtomic,
  writeStar,
} from "../../io/index.ts";
import { type GivenValue, TABLE_QUANTITIES, warnOfRows } from "../config/plausible.ts";
import { type CryosparcOptions, cryosparcColumns } from "./cryosparc.ts";
import { readCryosparc } from "./cryosparcFiles.ts";
import { isHdf5Name, readParticlesHdf5, writeParticlesHdf5 } from "./hdf5Particles.ts";
import { columnsToStar, type ParticleColumns, rowsOf } from "./particlesToStar.ts";
import { SAME_COLUMNS } from "./starColumns.ts";
import { type StarToParticlesOptions, starColumns } from "./starToParticles.ts";

/** Options of {@link convertParticles}. */
export interface ConvertParticlesOptions extends StarToParticlesOptions, Pick<CryosparcOptions, "invertY"> {
  /** Replace what is there (default false). */
  readonly overwrite?: boolean;
  /** Write to STAR what RELION does not know, too, so that the way back loses nothing (default false: RELION's columns alone). */
  readonly full?: boolean;
}

const KEYS: OptionKeys<ConvertParticlesOptions> = {
  overwrite: true,
  full: true,
  invertY: true,
  templateSize: true,
  pixelSizeA: true,
  onLog: true,
};

/**
 * Writes a table of particles, CSV, STAR, Leopard-EM 1.3's HDF5 or the `.cs` of cryoSPARC, as CSV, STAR or HDF5 (or an older STAR file as RELION 3.1's); the ending of `to` tells
 * which.
 *
 * @returns  how many particles there are
 * @throws {VitrineError} unsupported: a file that is neither; range: an ending that is neither; exists: the path is taken; and
 *   the errors of `parseCsv`, `readStar`, {@link particlesToStar} and {@link starToParticles}
 */
export async function convertParticles(
  from: string,
  to: string,
  given: ConvertParticlesOptions = {},
): Promise<number> {
  requireKnownOptions("convertParticles", given, KEYS);
  const { overwrite = false, full = false, ...options } = given;
  const isStar = /\.star$/i.test(to);
  if (!isStar && !/\.csv$/i.test(to) && !isHdf5Name(to)) {
    throw new VitrineError({
      code: "range",
      at: to,
      expected: "a path that ends with .star, .csv or .h5",
      found: endingOf(to),
    });
  }
  const table = placedRows(await readTable(from, options), from, options.onLog);
  if (table.rows === 0) options.onLog?.(`${from}: there is no particle in it`, "warning");
  warnOfRows(firstValues(table, from), options.onLog);
  warnOfNoNumbers(table, from, options.onLog);
  if (!overwrite && (await fileExists(to))) {
    const hint = "Remove it, choose another name, or replace it with --overwrite";
    throw new VitrineError({
      code: "exists",
      at: to,
      expected: "nothing of this name",
      found: "something",
      hint,
    });
  }
  if (isStar) {
    const onLeftOut = (columns: readonly string[]) => options.onLog?.(leftOutLine(to, columns), "warning");
    await writeStar(to, columnsToStar(table, from, { lean: !full, onLeftOut }), { overwrite });
  } else if (isHdf5Name(to)) await writeParticlesHdf5(to, rowsOf(table), { overwrite });
  else await writeFileAtomic(to, csvOf(table), { overwrite });
  return table.rows;
}

/** What RELION must know of every particle, by our names for it. */
const POSES = SAME_COLUMNS.filter(([relion]) => /^rln(Coordinate[XY]|Angle(Rot|Tilt|Psi))$/.test(relion));

/** Without the particles that lie nowhere: what is no number would become 0, or a column less. */
function placedRows(
  table: ParticleColumns,
  at: string,
  onLog: ConvertParticlesOptions["onLog"],
): ParticleColumns {
  const { columns, rows } = table;
  const isNumber = (text: string) => text.trim() !== "" && Number.isFinite(Number(text));
  const kept = Uint8Array.from({ length: rows }, () => 1);
  for (const [relion, ...names] of POSES) {
    const name = names.find((one) => columns.has(one));
    const texts = name === undefined ? undefined : columns.get(name);
    if (texts === undefined) continue;
    const odd: number[] = [];
    for (let row = 0; row < rows; row++) if (!isNumber(texts(row))) odd.push(row);
    if (odd.length === 0) continue;
    const isPlace = relion.startsWith("rlnCoordinate");
    // angles that nobody knows of any particle are a column less, as of picks
    if (odd.length === rows && !isPlace) continue;
    if (odd.length === rows) throw noPlaces(`${at} ${name}`, texts(0));
    for (const row of odd) kept[row] = 0;
    const words = odd.length === 1 ? "this particle is" : `this particle and ${odd.length - 1} more are`;
    onLog?.(
      `${at} row ${odd[0] + 1} ${name}: ${JSON.stringify(texts(odd[0]))} is no number: ${words} left out`,
      "warning",
    );
  }
  if (kept.every((one) => one === 1)) return table;
  const places = [...kept.keys()].filter((row) => kept[row] === 1);
  const chosen = [...columns].map(([name, texts]) => [name, (row: number) => texts(places[row])] as const);
  return { rows: places.length, columns: new Map(chosen) };
}

function noPlaces(at: string, text: string): VitrineError {
  const hint = "Give a table whose rows say where particles are";
  return new VitrineError({
    code: "type",
    at,
    expected: "a number for a particle at least",
    found: JSON.stringify(text),
    hint,
  });
}

/** A unit that is another is so in every row. */
const ROWS_LOOKED_AT = 1000;

/** The optics of the first rows, as far as the table tells them. */
function* firstValues({ columns, rows }: ParticleColumns, at: string): Generator<GivenValue[]> {
  const number = (column: string, row: number) => {
    const text = columns.get(column)?.(row).trim() ?? "";
    return text === "" ? undefined : Number(text);
  };
  for (let row = 0; row < Math.min(rows, ROWS_LOOKED_AT); row++)
    yield TABLE_QUANTITIES.map(([column, quantity]) => {
      return { at: `${at} row ${row + 1} ${column}`, quantity, value: number(column, row) };
    });
}

/** Says once of each quantity in which row it is no number; whoever reads the table next may take it for 0. */
function warnOfNoNumbers(
  { columns, rows }: ParticleColumns,
  at: string,
  onLog: ConvertParticlesOptions["onLog"],
): void {
  for (const [column] of TABLE_QUANTITIES) {
    const texts = columns.get(column);
    if (texts === undefined) continue;
    const isNumber = (row: number) => texts(row).trim() !== "" && Number.isFinite(Number(texts(row)));
    const odd = Array.from({ length: Math.min(rows, ROWS_LOOKED_AT) }, (_, row) => row).filter(
      (row) => !isNumber(row),
    );
    if (odd.length === 0) continue;
    const more = odd.length === 1 ? "" : `; so are ${odd.length - 1} more rows`;
    onLog?.(
      `${at} row ${odd[0] + 1} ${column}: ${JSON.stringify(texts(odd[0]))} is no number, and is written as it is${more}`,
      "warning",
    );
  }
}

/** What is said of columns that RELION does not know. */
export function leftOutLine(path: string, columns: readonly string[]): string {
  const names = columns.map((column) => (column === "" ? "numbers of rows" : column));
  return `${path}: left out what RELION does not know: ${names.join(", ")}; --full keeps it`;
}

function columnsOf({ columns, rows }: CsvTable): ParticleColumns {
  const texts = columns.map((name) => [name, (row: number) => rows[row][name]] as const);
  return { rows: rows.length, columns: new Map(texts) };
}

function csvOf({ rows, columns }: ParticleColumns) {
  const texts = [...columns.values()];
  return csvParts({ columns: [...columns.keys()], rows, text: (row, column) => texts[column](row) });
}

async function readTable(
  from: string,
  options: StarToParticlesOptions & CryosparcOptions,
): Promise<ParticleColumns> {
  const kind = await identifyFile(from);
  if (kind === "cryosparc") return cryosparcColumns(await readCryosparc(from, options.onLog), options);
  if (kind === "star") return starColumns(await readStar(from), options);
  if (kind === "hdf5") return columnsOf(await readParticlesHdf5(from));
  if (kind === "csv") {
    const table = await readCsvTable(from);
    const columns = table.columns.map((name) => [name, (row: number) => table.value(row, name)] as const);
    return { rows: table.rows, columns: new Map(columns) };
  }
  throw new VitrineError({
    code: "unsupported",
    at: from,
    expected: "particles as a CSV, STAR or HDF5 file, or a .cs file of cryoSPARC",
    found: kindWords(kind),
    ...(kind === "text" && {
      hint: "Save a table with tabs or spaces with commas; in Python: df.to_csv(path, index=False)",
    }),
  });
}
