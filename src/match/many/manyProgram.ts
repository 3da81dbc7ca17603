import type { ResultPlaces } from "../../io/index.ts";
import { type CoarseMatchOptions, runCoarseMatch } from "../coarse/coarseProgram.ts";
import { coarsePaths, coarsePlaces } from "../coarse/coarseResults.ts";
import { planSearches, type SearchSet } from "../search/configuredSearch.ts";
import type { MatchOptions } from "../search/matchOptions.ts";
import { runMatch } from "../search/program.ts";
import { suffixed } from "../search/resultNames.ts";
import type { SearchReport } from "../search/results.ts";
import type { TemplateSettings } from "../search/templates.ts";
import { searchPlaces } from "../search/templatesResults.ts";
import type { MatchTarget } from "./targets.ts";

/** A coarse pass in every search of many. */
export type CoarseChoice = Pick<CoarseMatchOptions, "factor" | "candidates" | "samples">;

/** Options of many searches; what a table, a picture and a checkpoint of one are called follows from those of all. */
export interface ManyOptions extends Omit<MatchOptions, "part" | "micrograph"> {
  readonly coarse?: CoarseChoice;
}

/** What the search of one micrograph of several found. */
export interface MicrographReport extends Pick<SearchReport, "zCutoff" | "correlations" | "files"> {
  /** The largest z-score; only where no particle was found. */
  readonly bestZScore?: number | undefined;
  readonly micrographPath: string;
  readonly configPath: string;
  /** How many. */
  readonly particles: number;
}

/** A target with the options of its own search and what they come to. */
export interface PlannedTarget {
  readonly target: MatchTarget;
  readonly options: ManyOptions & Pick<MatchOptions, "micrograph">;
  readonly micrographPath: string;
  /** The table of its particles. */
  readonly particlesPath: string;
  readonly places: ResultPlaces;
}

/** The options of each target's own search. @throws {VitrineError} as the parser of its configuration */
export async function planTargets(
  targets: readonly MatchTarget[],
  options: ManyOptions,
): Promise<PlannedTarget[]> {
  const planned: PlannedTarget[] = [];
  for (const target of targets) {
    const own = optionsOf(target, options);
    const { onLog: _, ...quiet } = own; // its warnings come with its search
    const set = await planSearches(target.configPath, quiet);
    const { micrographPath } = set.searches[0].settings;
    const places = placesOf(set, options);
    planned.push({ target, options: own, micrographPath, particlesPath: own.particlesPath, places });
  }
  return planned;
}

function optionsOf({ suffix, micrograph }: MatchTarget, options: ManyOptions) {
  const { particlesPath = "particles.csv", picturePath } = options;
  return {
    ...options,
    particlesPath: suffixed(particlesPath, suffix),
    ...(picturePath !== undefined && { picturePath: suffixed(picturePath, suffix) }),
    ...(micrograph && { micrograph }),
  };
}

/** Runs one search of many. @throws {VitrineError} as `runMatch` and `runCoarseMatch` */
export async function runTarget(
  { target: { configPath }, options: own, micrographPath }: PlannedTarget,
  more: Partial<ManyOptions> = {},
): Promise<MicrographReport> {
  const { coarse, ...options } = { ...own, ...more };
  const { compatBatch: _, ...exact } = options;
  const report = await (coarse === undefined
    ? runMatch(configPath, options)
    : runCoarseMatch(configPath, { ...exact, ...coarse }));
  return micrographReport({ micrographPath, configPath }, report);
}

/** What is told of one micrograph of many. */
export function micrographReport(
  names: Pick<MicrographReport, "micrographPath" | "configPath">,
  { particles, zCutoff, correlations, files, bestZScore }: SearchReport,
): MicrographReport {
  const best = bestZScore === undefined ? {} : { bestZScore };
  return { ...names, particles: particles.length, zCutoff, correlations, files, ...best };
}

/** The files that one search of many reads and writes. */
function placesOf(set: SearchSet<TemplateSettings>, { coarse }: ManyOptions): ResultPlaces {
  if (coarse === undefined) return searchPlaces(set);
  const paths = set.searches.map(({ settings }) => coarsePaths(settings, coarse.factor));
  return coarsePlaces(set, paths);
}
