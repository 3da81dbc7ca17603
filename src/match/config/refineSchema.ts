import { z } from "zod";
import { parseYaml } from "../../io/index.ts";
import {
  atLeastOne,
  computationalConfig,
  defocusSearch,
  flag,
  notNegative,
  number,
  opticsEffects,
  path,
  pixelSizeSearch,
  positive,
  preprocessingFilters,
} from "./configSchema.ts";

/** (height, width) in pixels. */
const size = z.tuple([atLeastOne, atLeastOne]);

const boxes = { extracted_box_size: size, original_template_size: size };

/** Fields of Leopard-EM 1.3 that say what was done to a stack; read and not used, as there. */
const stackFacts = {
  leopard_em_version: z.string().optional(),
  global_whitening_applied: flag.optional(),
  local_whitening_applied: flag.optional(),
  global_normalization_applied: flag.optional(),
  local_normalization_applied: flag.optional(),
};

/** A table of particles and the boxes that are cut out around them: CSV, or an HDF5 file of Leopard-EM 1.3. */
export const particleStack = z.union([
  z.strictObject({ df_path: path, ...boxes, ...stackFacts }),
  z.strictObject({
    hdf5_path: path,
    /** Left out: those of the file. */
    extracted_box_size: size.optional(),
    original_template_size: size.optional(),
    ...stackFacts,
    allow_file_overwrite: flag.optional(),
    image_stack_stored: flag.optional(),
    local_stats_stored: flag.optional(),
    /** Of its newest version: boxes are those of the file, not cut from the micrographs. */
    use_stored_image_stack: flag.optional(),
  }),
]);

/** Degrees: offsets go from minus the coarse step to the coarse step in fine steps. */
const refineOrientation = z.strictObject({
  enabled: flag.default(true),
  phi_step_coarse: notNegative.default(2.5),
  phi_step_fine: notNegative.default(0.25),
  theta_step_coarse: notNegative.default(2.5),
  theta_step_fine: notNegative.default(0.25),
  psi_step_coarse: notNegative.default(1.5),
  psi_step_fine: notNegative.default(0.1),
  base_grid_method: z.enum(["uniform", "healpix", "cartesian"]).default("uniform"),
});

const movie = z.strictObject({
  enabled: flag.default(false),
  movie_path: z.string().default(""),
  deformation_field_path: z.string().default(""),
  particle_shifts_path: z.string().default(""),
  pre_exposure: number.default(0),
  fluence_per_frame: number.default(1),
});

/** Degrees. Rotations about an axis whose own rotation is `rotation_axis_euler_angles`. */
const constrainedOrientation = z.strictObject({
  enabled: flag.default(true),
  phi_step: positive.nullable().default(null),
  theta_step: positive.default(2.5),
  psi_step: positive.default(1.5),
  rotation_axis_euler_angles: z.tuple([number, number, number]).default([0, 0, 0]),
  phi_min: number.default(0),
  phi_max: number.default(360),
  theta_min: number.default(0),
  theta_max: number.default(180),
  psi_min: number.default(0),
  psi_max: number.default(360),
  base_grid_method: z.enum(["uniform", "healpix", "cartesian", "roll"]).default("uniform"),
  search_roll_axis: flag.default(true),
  roll_axis: z.tuple([number, number]).nullable().default([0, 1]),
  roll_step: positive.default(2),
});

/** Fields of a `ConstrainedSearchManager` file. */
export const constrainedSearch = z.strictObject({
  template_volume_path: path,
  center_vector: z.tuple([number, number, number]).default([0, 0, 0]),
  particle_stack_reference: particleStack,
  particle_stack_constrained: particleStack,
  optics_group: opticsEffects.optional(),
  defocus_refinement_config: defocusSearch,
  orientation_refinement_config: constrainedOrientation,
  preprocessing_filters: preprocessingFilters,
  computational_config: computationalConfig.prefault({}),
});

/** Leopard-EM 1.2's `ConstrainedSearchManager` file with its defaults filled in; `optics_group` is ours. */
export type ConstrainedSearchYaml = z.output<typeof constrainedSearch>;

/** Reads the configuration of a constrained search, as {@link parseRefineConfig} does. */
export function parseConstrainedConfig(text: string, at: string): ConstrainedSearchYaml {
  return parseYaml(text, constrainedSearch, at);
}

/** Fields of a `RefineTemplateManager` file. */
export const refineTemplate = z.strictObject({
  template_volume_path: path,
  particle_stack: particleStack,
  optics_group: opticsEffects.optional(),
  defocus_refinement_config: defocusSearch,
  pixel_size_refinement_config: pixelSizeSearch.prefault({}),
  orientation_refinement_config: refineOrientation,
  preprocessing_filters: preprocessingFilters,
  computational_config: computationalConfig.prefault({}),
  movie_config: movie.prefault({}),
  apply_global_filtering: flag.default(true),
});

/** Leopard-EM 1.2's `RefineTemplateManager` file with its defaults filled in; `optics_group` is ours. */
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
