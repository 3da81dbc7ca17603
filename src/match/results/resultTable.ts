/** Tables of particles, as results show them. */
import type { CsvTable } from "../../io/index.ts";
import type { MatchSettings } from "../config/config.ts";
import type { MapPaths } from "../config/resultPaths.ts";
import { centresOf, readParticleStack } from "../particles/particleStack.ts";
import { toNumber } from "../particles/tableCells.ts";

/** A particle, wherever it is from. */
export interface ResultParticle {
  /** Centre in the micrograph, pixels. */
  readonly y: number;
  readonly x: number;
  readonly zScore: number;
  readonly phiDeg: number;
  readonly thetaDeg: number;
  readonly psiDeg: number;
  readonly relativeDefocusA: number;
  /** Correlation; NaN where its map is not there. */
  readonly mip: number;
}

/** What a table tells of the search that its rows are from. */
export interface TabledSearch {
  readonly settings: Pick<MatchSettings, "optics" | "micrographPath" | "templatePath" | "results">;
  readonly correlations: number;
  readonly maps: Readonly<Record<keyof MapPaths, string>>;
}

/** A table of a search or of a refinement, whose values then count. */
export interface ResultTable {
  readonly path: string;
  readonly isRefined: boolean;
  readonly table: CsvTable;
  /** A row each. */
  readonly particles: readonly ResultParticle[];
  readonly searches: readonly TabledSearch[];
  /** Side of the template, from corners and centres of particles; absent in an empty table. */
  readonly templateSize?: number;
}

/** @throws {VitrineError} as `readParticleStack` */
export async function readResultTable(path: string): Promise<ResultTable> {
  const stack = await readParticleStack(path);
  const { table } = stack;
  const isRefined = table.columns.includes("refined_scaled_mip");
  const centres = centresOf(stack);
  const number = (row: Readonly<Record<string, string>>, name: string) =>
    toNumber(row[isRefined ? `refined_${name}` : name]);
  const particles = stack.particles.map(({ phiDeg, thetaDeg, psiDeg, relativeDefocusA }, i) => ({
    ...centres[i],
    ...{ phiDeg, thetaDeg, psiDeg, relativeDefocusA },
    zScore: number(table.rows[i], "scaled_mip"),
    mip: number(table.rows[i], "mip"),
  }));
  const searches = new Map<string, TabledSearch>();
  for (const [i, row] of table.rows.entries()) {
    const key = JSON.stringify([row.micrograph_path, row.template_path, row.scaled_mip_path]);
    const { optics } = stack.particles[i];
    if (!searches.has(key)) searches.set(key, searchOfRow(row, { ...optics, label: "" }));
  }
  const [first] = table.rows;
  return {
    path,
    isRefined,
    table,
    particles,
    searches: [...searches.values()],
    ...(first && { templateSize: 2 * (Number(first.pos_x_img) - Number(first.pos_x)) }),
  };
}

/** The rows of one search: a table may be of several. */
export function rowsOfSearch(all: ResultTable, settings: TabledSearch["settings"]): ResultTable {
  const { rows, columns } = all.table;
  const own = rows.map((row) => isSameSearch(settingsNames(row), namesOf(settings)));
  if (own.every((is) => is)) return all;
  return {
    ...all,
    table: { columns, rows: rows.filter((_, i) => own[i]) },
    particles: all.particles.filter((_, i) => own[i]),
  };
}

/** Whether a table has rows of a search: the same files, wherever they lay. */
export function hasRowsOf({ searches }: ResultTable, settings: TabledSearch["settings"]): boolean {
  return searches.some((search) => isSameSearch(namesOf(search.settings), namesOf(settings)));
}

/** Names of a search's micrograph, template and map of z-scores. */
type SearchNames = readonly [micrograph: string, template: string, map: string];

function settingsNames(row: Readonly<Record<string, string>>): SearchNames {
  return [row.micrograph_path, row.template_path, row.scaled_mip_path];
}

function namesOf({ micrographPath, templatePath, results }: TabledSearch["settings"]): SearchNames {
  return [micrographPath, templatePath, results.scaledMip];
}

function isSameSearch(one: SearchNames, other: SearchNames): boolean {
  return one.every((path, i) => baseName(path) === baseName(other[i]));
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}

function searchOfRow(
  row: Readonly<Record<string, string>>,
  optics: Omit<MatchSettings["optics"], "pixelSizeA">,
): TabledSearch {
  const maps = {
    mip: row.mip_path,
    scaledMip: row.scaled_mip_path,
    correlationAverage: row.correlation_average_path,
    correlationVariance: row.correlation_variance_path,
    orientationPsi: row.psi_path,
    orientationTheta: row.theta_path,
    orientationPhi: row.phi_path,
    relativeDefocus: row.defocus_path,
  };
  return {
    maps,
    correlations: Math.max(1, Number(row.total_correlations)),
    settings: {
      optics: { ...optics, pixelSizeA: Number(row.pixel_size) },
      micrographPath: row.micrograph_path,
      templatePath: row.template_path,
      results: { ...maps, allowFileOverwrite: false },
    },
  };
}
