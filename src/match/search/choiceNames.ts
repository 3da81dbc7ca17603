/** Fields of the configuration's sections, by the names of our settings. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  optics_group: {
    pixelSizeA: "pixel_size",
    voltageKv: "voltage",
    sphericalAberrationMm: "spherical_aberration",
    amplitudeContrast: "amplitude_contrast_ratio",
    phaseShiftDeg: "phase_shift",
    defocusUA: "defocus_u",
    defocusVA: "defocus_v",
    astigmatismAngleDeg: "astigmatism_angle",
    bFactorA2: "ctf_B_factor",
    evenZernikes: "even_zernikes",
    oddZernikes: "odd_zernikes",
    magnificationMatrix: "mag_matrix",
    beamTiltMrad: "beam_tilt_x and beam_tilt_y",
    "focusSpread.chromaticAberrationMm": "chromatic_aberration",
    "focusSpread.energySpreadEv": "energy_spread",
    "focusSpread.voltageRipple": "voltage_ripple",
    "focusSpread.currentRipple": "current_ripple",
    mtf: "mtf_reference or mtf_values",
    laserPhasePlate: "laser_phase_plate",
  },
  defocus_search_config: offsetFields("defocus"),
  pixel_size_search_config: offsetFields("pixel_size"),
  orientation_search_config: {
    psiStepDeg: "psi_step",
    thetaStepDeg: "theta_step",
    baseGrid: "base_grid_method",
    phiRangeDeg: "phi_min and phi_max",
    thetaRangeDeg: "theta_min and theta_max",
    psiRangeDeg: "psi_min and psi_max",
  },
  preprocessing_filters: {
    "whitening.numFreqBins": "whitening_filter.num_freq_bins",
    "whitening.maxFreq": "whitening_filter.max_freq",
    "whitening.doPowerSpectrum": "whitening_filter.do_power_spectrum",
    whitening: "whitening_filter",
    "bandPass.lowFreqCutoff": "bandpass_filter.low_freq_cutoff",
    "bandPass.highFreqCutoff": "bandpass_filter.high_freq_cutoff",
    "bandPass.falloff": "bandpass_filter.falloff",
    bandPass: "bandpass_filter",
    "curve.gains": "arbitrary_curve_filter.amplitudes",
    curve: "arbitrary_curve_filter",
    "phases.cutOn": "phase_randomization_filter.cuton",
    phases: "phase_randomization_filter",
    "dropout.fraction": "random_fourier_dropout.dropout_fraction",
    dropout: "random_fourier_dropout",
  },
};

const SECTIONS: Readonly<Record<string, string>> = {
  optics: "optics_group",
  defocus: "defocus_search_config",
  pixelSizes: "pixel_size_search_config",
  filters: "preprocessing_filters",
};

/** What no configuration holds: options of the command, and what the files are. */
const OTHERS: Readonly<Record<string, string>> = {
  exactSlices: "--exact-slices",
  templatePadding: "--template-padding",
  sincCorrection: "--sinc-correction",
  "coarse factor": "--coarse",
  "hits.threshold": "--correlation-threshold",
  "hits.limit": "--correlation-limit",
  zCutoff: "--z-cutoff",
  falsePositives: "--false-positives",
  micrograph: "size of the micrograph",
  template: "size of the template",
};

function offsetFields(name: string): Readonly<Record<string, string>> {
  return {
    min: `${name}_min`,
    max: `${name}_max`,
    step: `${name}_step`,
    skipEnforceZero: "skip_enforce_zero",
  };
}

/**
 * What users call a choice that decides about a search: `optics_group.defocus_u` of the configuration for `optics.defocusUA`, or the
 * command's option. A choice that has no other name keeps its own.
 */
export function choiceName(key: string): string {
  if (Object.hasOwn(OTHERS, key)) return OTHERS[key];
  const [first, ...rest] = key.split(".");
  if (first === "orientations") return orientationName(rest);
  const section = Object.hasOwn(SECTIONS, first) ? SECTIONS[first] : undefined;
  if (section === undefined) return key;
  return rest.length === 0 ? section : `${section}.${fieldOf(section, rest)}`;
}

/** Of the first grid, or of one among several. */
function orientationName([grid, ...rest]: readonly string[]): string {
  const section = "orientation_search_config";
  const at = grid === "0" || grid === undefined ? section : `${section}.orientation_configs[${grid}]`;
  return rest.length === 0 ? at : `${at}.${fieldOf(section, rest)}`;
}

/** The longest beginning that has a name, and the rest as it is. */
function fieldOf(section: string, path: readonly string[]): string {
  const fields = FIELDS[section];
  for (let length = path.length; length > 0; length--) {
    const beginning = path.slice(0, length).join(".");
    if (Object.hasOwn(fields, beginning)) return [fields[beginning], ...path.slice(length)].join(".");
  }
  return path.join(".");
}
