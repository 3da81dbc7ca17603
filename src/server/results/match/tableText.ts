/** Particles above a cutoff as a file. */
import { VitrineError } from "../../../core/index.ts";
import { formatCsv, formatStar } from "../../../io/index.ts";
import {
  type ParticleTable,
  type ParticleValues,
  particlesToStar,
  particleTable,
  type SearchResult,
  valuesAtPeaks,
} from "../../../match/index.ts";
import type { OpenSearches, SearchMap } from "./openSearches.ts";

/** Which particles, and as what. */
export interface TableRequest {
  /** z-score above which they lie. */
  readonly cutoff: number;
  readonly as: "csv" | "star";
  /** Rows of a table; undefined: peaks of the map of z-scores. */
  readonly table?: string | undefined;
}

/** @throws {VitrineError} missing: no such table, or a map of which the table tells; range: a cutoff below what is known of peaks */
export async function tableText(
  searches: OpenSearches,
  search: SearchResult,
  { cutoff, as, table }: TableRequest,
): Promise<string> {
  const made =
    table === undefined ? await tableOfPeaks(searches, search, cutoff) : rowsAbove(search, table, cutoff);
  return as === "csv" ? formatCsv(made.columns, made.rows) : formatStar(particlesToStar(made));
}

function rowsAbove({ tables }: SearchResult, path: string, cutoff: number): ParticleTable {
  const found = tables.find((candidate) => candidate.path === path);
  if (found === undefined)
    throw new VitrineError({
      code: "missing",
      at: "table",
      expected: "a table of this search",
      found: "another",
    });
  const { table, particles } = found;
  return { columns: table.columns, rows: table.rows.filter((_, i) => particles[i].zScore > cutoff) };
}

const VALUES = {
  mip: "mip",
  scaledMip: "scaledMip",
  correlationAverage: "correlationAverage",
  correlationVariance: "correlationVariance",
  orientationPhi: "orientationPhi",
  orientationTheta: "orientationTheta",
  orientationPsi: "orientationPsi",
  relativeDefocus: "relativeDefocus",
} as const satisfies Record<keyof Omit<ParticleValues, "pixelSizeOffset">, SearchMap>;

async function tableOfPeaks(
  searches: OpenSearches,
  search: SearchResult,
  cutoff: number,
): Promise<ParticleTable> {
  const scores = await searches.scores(search);
  const { settings, templateSize, correlations } = search;
  if (scores === undefined || templateSize === undefined) throw missingMap(search, "scaledMip");
  if (cutoff < scores.floor)
    throw new VitrineError({
      code: "range",
      at: "cutoff",
      expected: `a z-score from ${scores.floor.toFixed(2)}, the lowest of ${scores.peaks.length} peaks`,
      found: `${cutoff}`,
    });
  const peaks = scores.peaks.filter(({ zScore }) => zScore > cutoff);
  const values: Partial<Record<SearchMap, Float32Array>> = {};
  for (const name of Object.values(VALUES)) {
    const map = await searches.map(search, name);
    if (map === undefined) throw missingMap(search, name);
    values[name] = valuesAtPeaks(peaks, map);
  }
  const facts = { totalCorrelations: correlations, templateSize };
  return particleTable(peaks, values as ParticleValues, { settings, facts });
}

function missingMap({ maps }: SearchResult, name: SearchMap): VitrineError {
  const fault = {
    code: "missing",
    at: maps[name].named,
    expected: `the map ${name}, of which the table tells`,
  } as const;
  return new VitrineError({ ...fault, found: "none that is served" });
}
