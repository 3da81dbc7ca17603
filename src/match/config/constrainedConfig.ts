import type { EulerZyz } from "../../core/index.ts";
import type { OffsetSearch, RangeGrid, RollGrid } from "../../optics/index.ts";
import { fieldConventions } from "../leopard/fields.ts";
import { ignoredFields, type MatchFilters, toFilters } from "./configFilters.ts";
import { requireAscending, toDefocusSearch } from "./configSearch.ts";
import { ignoredEffects, type OpticsEffects, toOpticsEffects } from "./opticsEffects.ts";
import { ignoredStack, type StackParsing, type StackSettings, stackPath, toStack } from "./refineConfig.ts";
import { type ConstrainedSearchYaml, parseConstrainedConfig } from "./refineSchema.ts";

/** Small rotations: within ranges of each angle, or tilts about axes in the plane. */
export type OffsetGrid =
  | { readonly kind: "ranges"; readonly grid: RangeGrid }
  | { readonly kind: "roll"; readonly grid: RollGrid };

/** What a constrained search is told to do. */
export interface ConstrainedSettings {
  readonly templatePath: string;
  /** From the centre of the reference particle to that of the one that is looked for, Å in the template's frame, xyz. */
  readonly centerVectorA: readonly [number, number, number];
  /** Particles of which the pose is known. */
  readonly reference: StackSettings;
  /** A table of the search for the other particle; its first row names the maps of mean and deviation. */
  readonly constrainedTablePath: string;
  readonly defocus: OffsetSearch | null;
  /** Offsets of orientation, before they are turned to the axis; null: only none. */
  readonly orientations: OffsetGrid | null;
  /** Rotation of the axis about which the offsets turn. */
  readonly axis: EulerZyz;
  readonly filters: MatchFilters;
  /** Beside the optics in the table. */
  readonly effects: OpticsEffects;
  /** Fields of the file that were set and have no effect, for the log. */
  readonly ignored: readonly string[];
}

/**
 * Reads the configuration of a constrained search and checks what its fields say together.
 *
 * @param at  how messages call the file
 * @throws {VitrineError} as {@link parseConstrainedConfig}; range: an empty search, a range backwards, a box smaller than the
 *   template; format: an MTF as file and as values
 */
export function parseConstrainedSettings(
  text: string,
  at: string,
  options: StackParsing = {},
): ConstrainedSettings {
  return toConstrainedSettings(parseConstrainedConfig(text, at), at, options);
}

/** As {@link parseConstrainedSettings}, of a configuration that was read. */
export function toConstrainedSettings(
  config: ConstrainedSearchYaml,
  at: string,
  { stackSizes, ...options }: StackParsing = {},
): ConstrainedSettings {
  const fields = fieldConventions(options);
  const { orientation_refinement_config: orientation } = config;
  const [phiDeg, thetaDeg, psiDeg] = orientation.rotation_axis_euler_angles;
  return {
    templatePath: config.template_volume_path,
    centerVectorA: config.center_vector,
    reference: toStack(config.particle_stack_reference, `${at} particle_stack_reference`, stackSizes),
    constrainedTablePath: stackPath(config.particle_stack_constrained),
    defocus: toDefocusSearch(config.defocus_refinement_config, at, "defocus_refinement_config"),
    orientations: toOffsets(orientation, `${at} orientation_refinement_config`),
    axis: { phiDeg, thetaDeg, psiDeg },
    filters: toFilters(config.preprocessing_filters, at, fields),
    effects: toOpticsEffects(config.optics_group, `${at} optics_group`, { fields }),
    ignored: [
      ...ignoredFields(config, fields),
      ...ignoredEffects(config.optics_group, fields),
      ...ignoredStack(config.particle_stack_reference, "particle_stack_reference"),
      ...ignoredStack(config.particle_stack_constrained, "particle_stack_constrained"),
    ],
  };
}

type Orientation = ConstrainedSearchYaml["orientation_refinement_config"];

function toOffsets(config: Orientation, at: string): OffsetGrid | null {
  if (!config.enabled) return null;
  for (const name of ["phi", "theta", "psi"] as const) {
    requireAscending({ min: config[`${name}_min`], max: config[`${name}_max`] }, `${at}.${name}_max`);
  }
  const steps = { psiStepDeg: config.psi_step, thetaStepDeg: config.theta_step };
  const thetaRangeDeg = [config.theta_min, config.theta_max] as const;
  const psiRangeDeg = [config.psi_min, config.psi_max] as const;
  const { base_grid_method: baseGrid } = config;
  if (baseGrid === "roll") {
    return { kind: baseGrid, grid: { ...steps, thetaRangeDeg, psiRangeDeg, ...toRoll(config) } };
  }
  const phiStep = baseGrid === "cartesian" && config.phi_step !== null ? { phiStepDeg: config.phi_step } : {};
  const phiRangeDeg = [config.phi_min, config.phi_max] as const;
  const grid = { ...steps, ...phiStep, baseGrid, phiRangeDeg, thetaRangeDeg, psiRangeDeg };
  return { kind: "ranges", grid };
}

/** An axis of its own, or all of them. */
function toRoll({ search_roll_axis, roll_axis, roll_step }: Orientation): RollGrid {
  return search_roll_axis || roll_axis === null ? { rollStepDeg: roll_step } : { rollAxis: roll_axis };
}
