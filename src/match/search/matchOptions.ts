import type { TiffRows } from "../../io/index.ts";
import type { ProgramOptions } from "../../program/index.ts";
import type { Part } from "./parts.ts";
import type { ResultOptions } from "./results.ts";
import type { SliceOptions } from "./search.ts";
import type { MicrographChoice } from "./searchedMicrograph.ts";

/** How a search runs; every field has the default of the command line. Progress counts correlations. */
export interface MatchOptions extends Partial<ResultOptions>, SliceOptions, ProgramOptions {
  /** Search only this part and keep its statistics for {@link collectMatch}. */
  readonly part?: Part;
  /** Template files in the place of those that the configuration names. */
  readonly templates?: readonly string[];
  /** Whether the last row of a TIFF micrograph is the first of an MRC one; default "flip", which `onLog` is told. */
  readonly tiffRows?: TiffRows;
  /** In the place of the configuration's. */
  readonly micrograph?: MicrographChoice;
  /** Continue after a run that was stopped. */
  readonly resume?: boolean;
  /** Decode angles and defocus of a short last batch as Leopard-EM does with batches of this many orientations. */
  readonly compatBatch?: number;
  /** Time between two checkpoints in seconds; default 60. */
  readonly checkpointSeconds?: number;
}
