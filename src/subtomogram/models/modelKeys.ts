import { RUN_KEYS, type RunOptions } from "../../compute/index.ts";
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

const CALL: OptionKeys<ModelCallOptions> = { ...RUN_KEYS, backend: true };

/** What each method of a model takes. */
export const CALL_KEYS = {
  run: RUN_KEYS,
  score: CALL,
  prepare: { ...RUN_KEYS, maxShiftsPx: true } satisfies OptionKeys<RunOptions & { maxShiftsPx: unknown }>,
  align: { ...CALL, maxShiftsPx: true } satisfies OptionKeys<ModelCallOptions & { maxShiftsPx: unknown }>,
  prepareLandscapes: { ...RUN_KEYS, maxShiftsPx: true, upsample: true } satisfies OptionKeys<
    RunOptions & LandscapeRange
  >,
  landscape: { ...CALL, maxShiftsPx: true, upsample: true } satisfies OptionKeys<
    ModelCallOptions & LandscapeRange
  >,
} as const;

/** Parameters on top of those that a kind is bound to: what is left out, or undefined as loaders hand it on, keeps the bound one. */
export function boundParams(bound: ModelParams, params: ModelParams): ModelParams {
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  return { ...bound, ...Object.fromEntries(given) };
}
