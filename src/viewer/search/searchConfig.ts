/** The form of a search as Leopard-EM's configuration, and back. */
import { formatSearchConfig, type MatchTemplateYaml, parseMatchConfig } from "../../match/index.ts";
import type { SearchFields } from "./fields.ts";

/** The fields of a configuration; what it has beside them stays its own. */
export function fieldsOf(config: MatchTemplateYaml): SearchFields {
  const { optics_group: optics, defocus_search_config: defocus } = config;
  const angles = anglesOf(config);
  return {
    pixelSizeA: optics.pixel_size,
    voltageKv: optics.voltage,
    sphericalAberrationMm: optics.spherical_aberration,
    amplitudeContrast: optics.amplitude_contrast_ratio,
    phaseShiftDeg: optics.phase_shift,
    defocusUA: optics.defocus_u,
    defocusVA: optics.defocus_v,
    astigmatismAngleDeg: optics.astigmatism_angle,
    defocusSpreadA: defocus.enabled ? Math.max(-defocus.defocus_min, defocus.defocus_max) : 0,
    defocusStepA: defocus.defocus_step,
    thetaStepDeg: angles.theta_step,
    psiStepDeg: angles.psi_step,
    symmetry: angles.symmetry ?? "",
  };
}

/** Names of the files of a search. */
export interface SearchNames {
  readonly micrograph: string;
  readonly template: string;
}

/**
 * The configuration of a search as Leopard-EM has it: the one that was dropped with what was changed since, or one of the fields alone.
 *
 * @throws {VitrineError} as `parseMatchConfig`
 */
export function configOf(
  fields: SearchFields,
  names: SearchNames,
  base: MatchTemplateYaml | undefined,
): MatchTemplateYaml {
  const { symmetry, defocusSpreadA, defocusStepA, thetaStepDeg, psiStepDeg, ...optics } = fields;
  const paths = { micrographPath: names.micrograph, templatePath: names.template };
  const own = { ...optics, ...paths, label: "page", symmetry, thetaStepDeg, psiStepDeg };
  const config = parseMatchConfig(formatSearchConfig(own), "the form");
  const defocus = {
    enabled: defocusSpreadA > 0,
    defocus_min: -defocusSpreadA,
    defocus_max: defocusSpreadA,
    defocus_step: defocusStepA,
    skip_enforce_zero: false,
  };
  if (base === undefined) return { ...config, defocus_search_config: defocus };
  const before = fieldsOf(base);
  const isChanged = (keys: readonly (keyof SearchFields)[]) =>
    keys.some((key) => fields[key] !== before[key]);
  const { optics_group: group } = config;
  return {
    ...base,
    micrograph_path: names.micrograph,
    template_volume_path: names.template,
    optics_group: {
      ...base.optics_group,
      pixel_size: group.pixel_size,
      voltage: group.voltage,
      spherical_aberration: group.spherical_aberration,
      amplitude_contrast_ratio: group.amplitude_contrast_ratio,
      phase_shift: group.phase_shift,
      defocus_u: group.defocus_u,
      defocus_v: group.defocus_v,
      astigmatism_angle: group.astigmatism_angle,
    },
    ...(isChanged(["defocusSpreadA", "defocusStepA"]) && { defocus_search_config: defocus }),
    ...(isChanged(["thetaStepDeg", "psiStepDeg", "symmetry"]) && {
      orientation_search_config: {
        ...anglesOf(base),
        theta_step: thetaStepDeg,
        psi_step: psiStepDeg,
        symmetry: symmetry === "" ? null : symmetry,
      },
    }),
    match_template_result: config.match_template_result,
  };
}

/** Of several grids the first. */
function anglesOf({ orientation_search_config: search }: MatchTemplateYaml) {
  return "orientation_configs" in search ? search.orientation_configs[0] : search;
}
