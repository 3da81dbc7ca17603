// The microscope and the searches of simulated micrographs.
import { parseMatchSettings } from "../../dist/match/index.js";

/** All benches' but for the focus. */
export const MICROSCOPE = { voltageKv: 300, sphericalAberrationMm: 2.7, amplitudeContrast: 0.07 };

export const PIXEL_SIZE_A = 2;

const MAPS = [
  ...["mip", "scaled_mip", "correlation_average", "correlation_variance", "relative_defocus"],
  ...["psi", "theta", "phi"].map((angle) => `orientation_${angle}`),
];

/** Settings of a search whose inputs are in memory: orientations `stepDeg` apart, and one defocus value or three. */
export function searchSettings({ stepDeg, hasDefoci = false }) {
  const configuration = {
    micrograph_path: "none",
    template_volume_path: "none",
    optics_group: {
      label: "bench",
      pixel_size: PIXEL_SIZE_A,
      voltage: MICROSCOPE.voltageKv,
      spherical_aberration: MICROSCOPE.sphericalAberrationMm,
      amplitude_contrast_ratio: MICROSCOPE.amplitudeContrast,
      defocus_u: 9000,
      defocus_v: 8600,
      astigmatism_angle: 25,
    },
    defocus_search_config: { enabled: hasDefoci, defocus_min: -500, defocus_max: 500, defocus_step: 500 },
    orientation_search_config: { psi_step: stepDeg, theta_step: stepDeg },
    preprocessing_filters: {},
    match_template_result: Object.fromEntries(MAPS.map((name) => [`${name}_path`, name])),
  };
  return parseMatchSettings(JSON.stringify(configuration), "bench");
}
