import type { OptionKeys } from "../../io/index.ts";
import type { ModelParams } from "./model.ts";

/** What models are made with. */
export const MODEL_KEYS: OptionKeys<ModelParams> = {
  rotations: true,
  cutoff: true,
  tilt: true,
  compat: true,
  search: true,
  estimate: true,
};

/** Parameters on top of those that a kind is bound to: what is left out, or undefined as loaders hand it on, keeps the bound one. */
export function boundParams(bound: ModelParams, params: ModelParams): ModelParams {
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  return { ...bound, ...Object.fromEntries(given) };
}
