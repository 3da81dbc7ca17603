/** What the server tells of a search. */
import type { ResultParticle } from "../../../match/index.ts";
import type { OpticsParameters } from "../../../optics/index.ts";
import { askJson, type Query } from "../../scene/api.ts";
import { askRows } from "../answers.ts";

/** Which search is looked at. */
export interface SearchPlace {
  readonly at: string;
  /** Of those of its folder. */
  readonly search: number;
}

/** The microscope of a search, as its settings have it. */
export interface SearchOptics extends OpticsParameters {
  readonly pixelSizeA: number;
  readonly label?: string;
  readonly mtfFile?: string | null;
}

/** A search. */
export interface SearchFacts {
  readonly searches: readonly string[];
  readonly name: string;
  readonly micrograph: { readonly name: string; readonly at: string | null; readonly isTiff: boolean };
  readonly template: { readonly name: string; readonly at: string | null; readonly size: number | null };
  /** Of the micrograph. */
  readonly shape: readonly [height: number, width: number] | null;
  readonly maps: readonly string[];
  readonly optics: SearchOptics;
  /** A pixel. */
  readonly correlations: number;
  readonly scores: ScoreFacts | null;
  readonly tables: readonly {
    readonly at: string | null;
    readonly name: string;
    readonly rows: number;
    readonly isRefined: boolean;
  }[];
  readonly warnings: readonly string[];
}

/** Pixels above each z-score, from `low` to `high` in equal steps. */
export interface ScoreFacts {
  readonly low: number;
  readonly high: number;
  readonly above: readonly number[];
  /** Expected of noise. */
  readonly noise: readonly number[];
  /** That noise exceeds once in the micrograph. */
  readonly cutoff: number;
  /** All peaks above it are known. */
  readonly floor: number;
}

/** @throws {Error} with what the server says */
export function readSearch(place: SearchPlace, signal: AbortSignal): Promise<SearchFacts> {
  return askJson<SearchFacts>("match", queryOf(place), signal);
}

/** Particles of a table, or the peaks of the map; best first. @throws {Error} with what the server says */
export async function readParticles(
  place: SearchPlace,
  table: string | undefined,
  signal: AbortSignal,
): Promise<readonly ResultParticle[]> {
  const { count, columns } = await askRows("match/particles", { ...queryOf(place), table }, signal);
  const names = ["y", "x", "zScore", "phiDeg", "thetaDeg", "psiDeg", "relativeDefocusA", "mip"] as const;
  const of = (i: number) => Object.fromEntries(names.map((name) => [name, columns[name][i]])) as unknown;
  return Array.from({ length: count }, (_, i) => of(i) as ResultParticle);
}

/** As routes take a search. */
export function queryOf({ at, search }: SearchPlace): Query {
  return { at, search: search === 0 ? undefined : search };
}
