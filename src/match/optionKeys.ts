import type { OptionKeys } from "../io/index.ts";
import { PROGRAM_KEYS, type ProgramOptions } from "../program/index.ts";
import { FOREIGN_KEYS, type ForeignTableOptions } from "./particles/particleStack.ts";
import type { MatchOptions } from "./search/matchOptions.ts";
import type { ResultOptions } from "./search/results.ts";
import { SLICE_KEYS, type SliceOptions } from "./search/searchInputs.ts";

/** Keys of where results go and how particles are chosen. */
export const RESULT_KEYS: OptionKeys<ResultOptions> = {
  particlesPath: true,
  picturePath: true,
  plantedPath: true,
  background: true,
  correlationTablePath: true,
  correlationThreshold: true,
  correlationLimit: true,
  overwrite: true,
  maskRadiusPx: true,
  falsePositives: true,
  peaks: true,
  zCutoff: true,
};

/** Keys of a search, whatever its micrograph and part. */
export const ANY_MATCH_KEYS: OptionKeys<Omit<MatchOptions, "part" | "micrograph">> = {
  ...RESULT_KEYS,
  ...SLICE_KEYS,
  ...PROGRAM_KEYS,
  templates: true,
  tiffRows: true,
  resume: true,
  compatBatch: true,
  checkpointSeconds: true,
};

/** Keys of a search. */
export const MATCH_KEYS: OptionKeys<MatchOptions> = { ...ANY_MATCH_KEYS, part: true, micrograph: true };

/** Keys of programs that refine the particles of a table. */
export const REFINE_KEYS: OptionKeys<
  SliceOptions &
    ProgramOptions &
    ForeignTableOptions &
    Pick<MatchOptions, "particlesPath" | "overwrite" | "tiffRows" | "compatBatch">
> = {
  ...SLICE_KEYS,
  ...PROGRAM_KEYS,
  ...FOREIGN_KEYS,
  particlesPath: true,
  overwrite: true,
  tiffRows: true,
  compatBatch: true,
};
