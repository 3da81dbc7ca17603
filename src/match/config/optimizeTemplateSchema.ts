import { z } from "zod";
import { parseYaml } from "../../io/index.ts";
import {
  atLeastOne,
  computationalConfig,
  flag,
  notNegative,
  number,
  opticsEffects,
  path,
  pixelSizeSearch,
  positive,
  preprocessingFilters,
} from "./configSchema.ts";
import { particleStack } from "./refineSchema.ts";

/** kV, electrons/Å², Å². What has no default is read and not used, so that only what stands in the file is reported. */
const simulatorConfig = z.strictObject({
  voltage: positive.default(300),
  apply_dose_weighting: flag.default(true),
  /** -1: the fitted curve of critical exposures. */
  crit_exposure_bfactor: number.default(-1),
  dose_filter_modify_signal: z.enum(["None", "sqrt", "rel_diff"]).default("None"),
  dose_start: notNegative.default(0),
  dose_end: notNegative.default(30),
  apply_dqe: flag.default(true),
  /** A file, or the name of a camera whose curve comes with ttsim3d. */
  mtf_reference: path.default("k2_300kv"),
  /** -1: by the pixel size. */
  upsampling: number.pipe(z.int()).default(-1),
  store_volume: flag.optional(),
  atom_batch_size: number.pipe(z.int()).optional(),
});

/** ttsim3d 0.4's `Simulator`. */
const simulator = z.strictObject({
  pixel_spacing: positive.default(1),
  volume_shape: z.tuple([atLeastOne, atLeastOne, atLeastOne]).default([400, 400, 400]),
  pdb_filepath: path,
  center_atoms: flag.default(true),
  remove_hydrogens: flag.default(true),
  b_factor_scaling: notNegative.default(1),
  additional_b_factor: number.default(0),
  simulator_config: simulatorConfig,
});

export const optimizeTemplate = z.strictObject({
  particle_stack: particleStack,
  optics_group: opticsEffects.optional(),
  pixel_size_coarse_search: pixelSizeSearch,
  pixel_size_fine_search: pixelSizeSearch,
  preprocessing_filters: preprocessingFilters,
  computational_config: computationalConfig.prefault({}),
  simulator,
  apply_global_filtering: flag.default(true),
});

/** Leopard-EM 1.2's `OptimizeTemplateManager` file with its defaults filled in; `optics_group` is ours. */
export type OptimizeTemplateYaml = z.output<typeof optimizeTemplate>;

/**
 * Reads the configuration of a search for the template's pixel size. The text is checked, not the files that it names.
 *
 * @param at  how messages call the file
 * @throws {VitrineError} as {@link parseMatchConfig}
 */
export function parseOptimizeTemplateConfig(text: string, at: string): OptimizeTemplateYaml {
  return parseYaml(text, optimizeTemplate, at);
}
