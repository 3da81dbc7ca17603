import type { RunOptions } from "../../compute/index.ts";
import type { OptionKeys } from "../../core/index.ts";
import type { LandscapeRange, ModelCallOptions, ModelParams } from "./model.ts";

/** What models are made with. */
export const MODEL_KEYS: OptionKeys<ModelParams> = {
  rotations: true,
  cutoff: true,
  tilt: true,
  compat: true,
  search: true,
  estimate: true,
};

const RUN: OptionKeys<RunOptions> = { signal: true, onProgress: true };
const CALL: OptionKeys<ModelCallOptions> = { ...RUN, backend: true };

/** What each method of a model takes. */
export const CALL_KEYS = {
  run: RUN,
  score: CALL,
  prepare: { ...RUN, maxShiftsPx: true } satisfies OptionKeys<RunOptions & { maxShiftsPx: unknown }>,
  align: { ...CALL, maxShiftsPx: true } satisfies OptionKeys<ModelCallOptions & { maxShiftsPx: unknown }>,
  prepareLandscapes: { ...RUN, maxShiftsPx: true, upsample: true } satisfies OptionKeys<
    RunOptions & LandscapeRange
  >,
  landscape: { ...CALL, maxShiftsPx: true, upsample: true } satisfies OptionKeys<
    ModelCallOptions & LandscapeRange
  >,
} as const;
