import { type OptionKeys, requireKnownOptions } from "../../core/index.ts";
import { formatYaml } from "../../io/index.ts";

export const SEARCH_CONFIG_KEYS: OptionKeys<SearchConfigOptions> = {
  label: true,
  templatePath: true,
  micrographPath: true,
  pixelSizeA: true,
  voltageKv: true,
  sphericalAberrationMm: true,
  amplitudeContrast: true,
  phaseShiftDeg: true,
  defocusUA: true,
  defocusVA: true,
  astigmatismAngleDeg: true,
  bFactorA2: true,
  defocusSpreadA: true,
  symmetry: true,
  psiStepDeg: true,
  thetaStepDeg: true,
  resultPrefix: true,
};

/** A search with known optics. */
export interface SearchConfigOptions {
  /** Of the optics group; default "simulated". */
  readonly label?: string;
  readonly templatePath: string;
  readonly micrographPath: string;
  readonly pixelSizeA: number;
  readonly voltageKv: number;
  readonly sphericalAberrationMm: number;
  readonly amplitudeContrast: number;
  readonly phaseShiftDeg?: number;
  readonly defocusUA: number;
  readonly defocusVA: number;
  readonly astigmatismAngleDeg: number;
  readonly bFactorA2?: number;
  /** Searched this far to either side, Å; 0: not at all. */
  readonly defocusSpreadA?: number;
  /** "C1", "D2", "O"; default "C1". */
  readonly symmetry?: string;
  /** Default 1.5 and 2.5, as in Leopard-EM. */
  readonly psiStepDeg?: number;
  readonly thetaStepDeg?: number;
  /** The maps are called as this with `_mip.mrc` and so on behind it; default the micrograph's path without its ending. */
  readonly resultPrefix?: string;
}

/** At most this far apart are two defocus values of a search, Å. */
const DEFOCUS_STEP_A = 200;

/**
 * Leopard-EM's configuration of a search whose optics are known, as those of a simulated micrograph are, as YAML. `parseMatchConfig` reads
 * and checks it.
 */
export function formatSearchConfig(options: SearchConfigOptions): string {
  requireKnownOptions("formatSearchConfig", options, SEARCH_CONFIG_KEYS);
  const { micrographPath, defocusSpreadA = 0 } = options;
  const prefix = options.resultPrefix ?? micrographPath.replace(/\.\w+$/, "");
  const map = (name: string) => [`${name}_path`, `${prefix}_${name}.mrc`];
  return formatYaml({
    template_volume_path: options.templatePath,
    micrograph_path: micrographPath,
    optics_group: {
      label: options.label ?? "simulated",
      pixel_size: options.pixelSizeA,
      voltage: options.voltageKv,
      spherical_aberration: options.sphericalAberrationMm,
      amplitude_contrast_ratio: options.amplitudeContrast,
      phase_shift: options.phaseShiftDeg ?? 0,
      defocus_u: options.defocusUA,
      defocus_v: options.defocusVA,
      astigmatism_angle: options.astigmatismAngleDeg,
      ctf_B_factor: options.bFactorA2 ?? 0,
    },
    defocus_search_config: defocusSpreadA === 0 ? { enabled: false } : defocusSearch(defocusSpreadA),
    orientation_search_config: {
      psi_step: options.psiStepDeg ?? 1.5,
      theta_step: options.thetaStepDeg ?? 2.5,
      symmetry: options.symmetry ?? "C1",
    },
    preprocessing_filters: { whitening_filter: { enabled: true } },
    match_template_result: {
      allow_file_overwrite: false,
      ...Object.fromEntries(
        [
          ...["mip", "scaled_mip", "correlation_average", "correlation_variance"],
          ...["orientation_psi", "orientation_theta", "orientation_phi", "relative_defocus"],
        ].map(map),
      ),
    },
  });
}

function defocusSearch(spreadA: number) {
  const step = spreadA / Math.ceil(spreadA / DEFOCUS_STEP_A);
  return { enabled: true, defocus_min: -spreadA, defocus_max: spreadA, defocus_step: step };
}
