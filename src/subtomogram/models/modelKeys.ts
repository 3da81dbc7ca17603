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
