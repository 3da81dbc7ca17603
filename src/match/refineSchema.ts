import { z } from "zod";
import { parseYaml } from "../io/index.ts";
import {
  atLeastOne,
  computationalConfig,
  defocusSearch,
  flag,
  notNegative,
  number,
  path,
  pixelSizeSearch,
  preprocessingFilters,
} from "./configSchema.ts";

/** (height, width) in pixels. */
const size = z.tuple([atLeastOne, atLeastOne]);

/** A table of particles and the boxes that are cut out around them. */
export const particleStack = z.strictObject({
  df_path: path,
  extracted_box_size: size,
  original_template_size: size,
});

/** Degrees: offsets go from minus the coarse step to the coarse step in fine steps. */
const refineOrientation = z.strictObject({
  enabled: flag.default(true),
  phi_step_coarse: notNegative.default(2.5),
  phi_step_fine: notNegative.default(0.25),
  theta_step_coarse: notNegative.default(2.5),
  theta_step_fine: notNegative.default(0.25),
  psi_step_coarse: notNegative.default(1.5),
  psi_step_fine: notNegative.default(0.1),
  base_grid_method: z.enum(["uniform", "healpix", "basic", "cartesian"]).default("uniform"),
});

const movie = z.strictObject({
  enabled: flag.default(false),
  movie_path: z.string().default(""),
  deformation_field_path: z.string().default(""),
  particle_shifts_path: z.string().default(""),
  pre_exposure: number.default(0),
  fluence_per_frame: number.default(1),
});

const refineTemplate = z.strictObject({
  template_volume_path: path,
  particle_stack: particleStack,
  defocus_refinement_config: defocusSearch,
  pixel_size_refinement_config: pixelSizeSearch.prefault({}),
  orientation_refinement_config: refineOrientation,
  preprocessing_filters: preprocessingFilters,
  computational_config: computationalConfig.prefault({}),
  movie_config: movie.prefault({}),
  apply_global_filtering: flag.default(true),
});

/** Leopard-EM 1.2's `RefineTemplateManager` file with its defaults filled in. */
export type RefineTemplateYaml = z.output<typeof refineTemplate>;

/**
 * Reads the configuration of a refinement. The text is checked, not the files that it names.
 *
 * @param at  how messages call the file
 * @throws {VitrineError} as {@link parseMatchConfig}
 */
export function parseRefineConfig(text: string, at: string): RefineTemplateYaml {
  return parseYaml(text, refineTemplate, at);
}
