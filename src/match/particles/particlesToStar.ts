import { VitrineError } from "../../core/index.ts";
import { type CsvValue, createStarTable, type StarBlock, type StarFile } from "../../io/index.ts";
import type { ParticleTable } from "./particles.ts";
import { float64Text } from "./pythonText.ts";
import {
  DEFOCUS_COLUMNS,
  OPTICS_PREFIX,
  OWN_BLOCK,
  OWN_COLUMNS,
  ownColumn,
  PIXEL_SIZES,
  RELATIVE_DEFOCUS,
  RELION_PREFIX,
  SAME_COLUMNS,
  SAME_OPTICS,
} from "./starColumns.ts";

type Columns = Record<string, readonly string[]>;

/**
 * A particle table as a STAR file of RELION 3.1: positions, angles, defocus (of the particle: the micrograph's and its own
 * difference) and micrographs in RELION's columns, refined values where there are some, pixel size and microscope as optics
 * groups. Scores, maps and all else stand in columns `vitrine_*`, and the order of the columns in a block of its own, so that
 * `starToParticles` gives back the same table, text by text.
 *
 * @param name  how messages call the file
 * @throws {VitrineError} format: a defocus that is no number, with its row
 */
export function particlesToStar(table: ParticleTable, name = "particlesToStar"): StarFile {
  const has = (column: string) => table.columns.includes(column);
  const texts = (column: string) => table.rows.map((row) => cellText(row[column] ?? null));
  const { groups, optics } = opticsOf(table, texts);
  const particles: Columns = {};
  const said = new Set([...opticsColumns(table), "pixel_size"]);
  for (const [relion, ...ours] of SAME_COLUMNS) {
    const column = ours.find(has);
    if (column === undefined) continue;
    particles[relion] = texts(column);
    said.add(column);
  }
  Object.assign(particles, defocusOf(table, name), { rlnOpticsGroup: groups });
  for (const column of table.columns.filter((other) => !said.has(other))) {
    const isRelions = column.startsWith(RELION_PREFIX) && particles[column] === undefined;
    particles[isRelions ? column : ownColumn(column)] = texts(column);
  }
  const own: StarBlock = {
    name: OWN_BLOCK,
    items: [{ kind: "pair", name: OWN_COLUMNS, value: JSON.stringify(table.columns) }],
  };
  const blocks = [tableBlock("optics", optics), tableBlock("particles", particles), own];
  return { name, blocks };
}

function tableBlock(name: string, columns: Columns): StarBlock {
  return { name, items: [createStarTable(columns, name)] };
}

/** Columns of the table that go into the optics. */
function opticsColumns({ columns }: ParticleTable): string[] {
  const shared = SAME_OPTICS.map(([, column]) => column);
  return columns.filter((column) => shared.includes(column) || column.startsWith(OPTICS_PREFIX));
}

/** One group for each set of values, numbered from 1 in the order of the particles. */
function opticsOf(
  table: ParticleTable,
  texts: (column: string) => string[],
): { readonly groups: string[]; readonly optics: Columns } {
  const columns: [string, string[]][] = opticsColumns(table).map((column) => [
    relionOptics(column),
    texts(column),
  ]);
  if (table.columns.includes("pixel_size")) {
    const sizes = texts("pixel_size");
    for (const relion of PIXEL_SIZES)
      if (!columns.some(([name]) => name === relion)) columns.push([relion, sizes]);
  }
  const numbers = new Map<string, number>();
  const first: number[] = [];
  const groups = table.rows.map((_, row) => {
    const key = JSON.stringify(columns.map(([, values]) => values[row]));
    const number = numbers.get(key) ?? numbers.size + 1;
    if (number > numbers.size) first.push(row);
    numbers.set(key, number);
    return String(number);
  });
  const optics: Columns = {
    rlnOpticsGroupName: first.map((_, i) => `opticsGroup${i + 1}`),
    rlnOpticsGroup: first.map((_, i) => String(i + 1)),
  };
  for (const [relion, values] of columns) optics[relion] = first.map((row) => values[row]);
  return { groups, optics };
}

function relionOptics(column: string): string {
  const same = SAME_OPTICS.find(([, ours]) => ours === column);
  return same === undefined ? column.slice(OPTICS_PREFIX.length) : same[0];
}

function defocusOf(table: ParticleTable, at: string): Columns {
  const relative = RELATIVE_DEFOCUS.find((column) => table.columns.includes(column));
  const defocus: Columns = {};
  for (const [relion, ours] of DEFOCUS_COLUMNS) {
    if (!table.columns.includes(ours)) continue;
    defocus[relion] = table.rows.map((row, i) => {
      const own = relative === undefined ? 0 : numberOf(row[relative], `${at} row ${i} ${relative}`);
      return float64Text(numberOf(row[ours], `${at} row ${i} ${ours}`) + own);
    });
  }
  return defocus;
}

function numberOf(value: CsvValue | undefined, at: string): number {
  const text = cellText(value ?? null).trim();
  const number = Number(text);
  if (text !== "" && Number.isFinite(number)) return number;
  throw new VitrineError({ code: "format", at, expected: "a number", found: JSON.stringify(text) });
}

function cellText(value: CsvValue): string {
  return value === null ? "" : String(value);
}
