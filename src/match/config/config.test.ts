import { expect, test } from "vitest";
import { goldenBytes, goldenJson, goldenNpy } from "../../../test/support/npy.ts";
import { VitrineError } from "../../core/index.ts";
import { formatMatchConfig, parseMatchConfig, parseMatchSettings, searchSpace } from "../index.ts";

function goldenText(path: string): string {
  return new TextDecoder().decode(goldenBytes(path));
}

const SEARCH = goldenText("search1_config.yaml");

/** The configuration of search 1 with pieces of its text replaced. */
function changed(...replacements: readonly (readonly [from: string, to: string])[]): string {
  return replacements.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`no ${JSON.stringify(from)} in the golden configuration`);
    return text.replace(from, to);
  }, SEARCH);
}

function faultOf(text: string): VitrineError {
  try {
    parseMatchSettings(text, "run.yaml");
  } catch (error) {
    if (error instanceof VitrineError) return error;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

test("the file that Leopard-EM wrote for its first golden search", () => {
  expect(parseMatchSettings(SEARCH, "search1_config.yaml")).toEqual({
    micrographPath: "micrograph.mrc",
    templatePath: "template.mrc",
    optics: {
      label: "synthetic",
      pixelSizeA: 2,
      voltageKv: 300,
      sphericalAberrationMm: 2.7,
      amplitudeContrast: 0.07,
      phaseShiftDeg: 0,
      defocusUA: 9000,
      defocusVA: 8600,
      astigmatismAngleDeg: 25,
      bFactorA2: 30,
    },
    defocus: { min: -500, max: 500, step: 500, skipEnforceZero: false },
    pixelSizes: null,
    orientations: [{ symmetry: "C1", psiStepDeg: 15, thetaStepDeg: 15 }],
    filters: { whitening: { maxFreq: 0.5, doPowerSpectrum: true }, bandPass: null, curve: null },
    results: {
      allowFileOverwrite: true,
      mip: "search1_mip.mrc",
      scaledMip: "search1_scaled_mip.mrc",
      correlationAverage: "search1_correlation_average.mrc",
      correlationVariance: "search1_correlation_variance.mrc",
      orientationPsi: "search1_orientation_psi.mrc",
      orientationTheta: "search1_orientation_theta.mrc",
      orientationPhi: "search1_orientation_phi.mrc",
      relativeDefocus: "search1_relative_defocus.mrc",
    },
    ignored: [
      "computational_config.gpu_ids",
      "computational_config.num_cpus",
      "computational_config.backend",
    ],
  });
});

test("its second: Zernikes, magnification, every filter, no defocus search", () => {
  const { optics, defocus, orientations, filters } = parseMatchSettings(
    goldenText("search2_config.yaml"),
    "b.yaml",
  );
  expect(optics).toMatchObject({
    phaseShiftDeg: 30,
    evenZernikes: { Z44c: 25, Z60: 300 },
    oddZernikes: { Z31c: 8, Z33s: -6 },
    magnificationMatrix: [1.01, 0.005, -0.003, 0.99],
  });
  expect(defocus).toBeNull();
  expect(orientations).toEqual([{ symmetry: "D2", psiStepDeg: 20, thetaStepDeg: 24 }]);
  expect(filters).toEqual({
    whitening: { maxFreq: 0.45, numFreqBins: 200, doPowerSpectrum: false },
    bandPass: { lowFreqCutoff: 0.03, highFreqCutoff: 0.36, falloff: 0.04 },
    curve: { frequencies: [0, 0.1, 0.25, 0.5], gains: [0.2, 1, 0.8, 0.3] },
  });
});

test("the space of the golden search", () => {
  const space = searchSpace(parseMatchSettings(SEARCH, "a.yaml"));
  expect(Float32Array.from(space.eulerAnglesDeg)).toEqual(goldenNpy("search1_euler_angles.npy").data);
  expect(Array.from(space.defocusOffsetsA)).toEqual([-500, 0, 500]);
  expect(Array.from(space.pixelSizeOffsetsA)).toEqual([0]);
});

test.each(["search1", "search2"])("Leopard-EM counts as many correlations in %s", (name) => {
  const space = searchSpace(parseMatchSettings(goldenText(`${name}_config.yaml`), "a.yaml"));
  const counts = goldenJson<Record<string, number>>(`${name}_info.json`);
  const orientations = space.eulerAnglesDeg.length / 3;
  expect([orientations, space.defocusOffsetsA.length]).toEqual([counts.num_orientations, counts.num_defocus]);
  const correlations = orientations * space.defocusOffsetsA.length * space.pixelSizeOffsetsA.length;
  expect(correlations).toBe(counts.total_projections);
});

test.each([
  ["healpix", 108 * 24],
  ["cartesian", 144 * 9 * 24],
])("the space of a %s grid", (method, count) => {
  const grid = changed(
    ["base_grid_method: uniform", `base_grid_method: ${method}`],
    ["theta_step: 15.0", "theta_step: 20"],
  );
  const settings = parseMatchSettings(grid, "a.yaml");
  expect(settings.orientations).toEqual([
    { symmetry: "C1", psiStepDeg: 15, thetaStepDeg: 20, baseGrid: method },
  ]);
  expect(searchSpace(settings).eulerAnglesDeg.length).toBe(3 * count);
});

test("phase randomisation is a filter, and is left out as Leopard-EM does where that is asked for", () => {
  const text = changed(["cuton: null\n    enabled: false", "cuton: 0.2\n    enabled: true"]);
  expect(parseMatchSettings(text, "a.yaml").filters.phases).toEqual({ cutOn: 0.2 });
  const compat = parseMatchSettings(text, "a.yaml", { compat: true });
  expect(compat.filters.phases).toBeUndefined();
  expect(compat.ignored).toContain("preprocessing_filters.phase_randomization_filter");
});

/** As short as Leopard-EM's own example: defaults for the rest. */
const SHORT = `
template_volume_path: /some/path/to/template.mrc
micrograph_path:      /some/path/to/micrograph.mrc
match_template_result:
  mip_path: a.mrc
  scaled_mip_path: b.mrc
  orientation_psi_path: c.mrc
  orientation_theta_path: d.mrc
  orientation_phi_path: e.mrc
  relative_defocus_path: f.mrc
  correlation_average_path: g.mrc
  correlation_variance_path: h.mrc
optics_group:
  label: some_label
  voltage: "300"
  pixel_size: 1.06   # in Angstroms
  defocus_u: 5.2e3
  defocus_v: 4950.0
  astigmatism_angle: 25.0
defocus_search_config: {}
orientation_search_config: {symmetry: c4}
preprocessing_filters:
  whitening_filter:
    max_freq: null
    do_power_spectrum: null
`;

test("a number behind T, O or I, which Leopard-EM passes over, is said to have no effect", () => {
  const of = (symmetry: string) => parseMatchSettings(SHORT.replace("c4", symmetry), "short.yaml");
  expect(of("i3").orientations).toMatchObject([{ symmetry: "I" }]);
  expect(of("i3").ignored).toEqual([
    expect.stringMatching(/^orientation_search_config\.symmetry: the 3 of i3 \(two-fold axes .*x and z\)$/),
  ]);
  for (const whole of ["I", "o", "C4", "d7"]) expect(of(whole).ignored).toEqual([]);
});

test("defaults are Leopard-EM's", () => {
  const settings = parseMatchSettings(SHORT, "short.yaml");
  expect(settings).toMatchObject({
    optics: {
      voltageKv: 300,
      defocusUA: 5200,
      sphericalAberrationMm: 2.7,
      amplitudeContrast: 0.07,
      bFactorA2: 0,
    },
    defocus: { min: -1000, max: 1000, step: 200, skipEnforceZero: false },
    orientations: [{ symmetry: "C4", psiStepDeg: 1.5, thetaStepDeg: 2.5 }],
    filters: { whitening: { maxFreq: 1, doPowerSpectrum: false }, bandPass: null, curve: null },
    results: { allowFileOverwrite: false },
    ignored: [],
  });
});

test("several grids, ranges by hand, pixel sizes, beam tilt, and what has no effect", () => {
  const text = SHORT.replace(
    "orientation_search_config: {symmetry: c4}",
    `orientation_search_config:
  orientation_configs:
  - {psi_step: 10, theta_step: 20, symmetry: O}
  - {psi_step: 5, theta_step: 5, symmetry: null, phi_min: -10, phi_max: 10}
pixel_size_search_config: {enabled: yes, pixel_size_min: -0.02, pixel_size_max: 0.02, pixel_size_step: 0.01}
computational_config: {gpu_ids: ["cuda:0", "cuda:1"]}`,
  ).replace("label: some_label", "label: some_label\n  beam_tilt_x: 0.4\n  mtf_values: [1, 0.9, 0.5]");
  const settings = parseMatchSettings(text, "a.yaml");
  expect(settings.orientations).toEqual([
    { psiStepDeg: 10, thetaStepDeg: 20, symmetry: "O" },
    {
      psiStepDeg: 5,
      thetaStepDeg: 5,
      phiRangeDeg: [-10, 10],
      thetaRangeDeg: [0, 180],
      psiRangeDeg: [0, 360],
    },
  ]);
  expect(Array.from(searchSpace(settings).pixelSizeOffsetsA)).toEqual(
    [-0.02, -0.01, 0, 0.01, 0.02].map((v) => expect.closeTo(v, 12)),
  );
  expect(settings.optics.beamTiltMrad).toEqual([0.4, 0]);
  expect(settings.optics.mtf).toMatchObject({ frequencies: [0, 0.25, 0.5], amplitudes: [1, 0.9, 0.5] });
  expect(settings.ignored).toEqual(["computational_config.gpu_ids"]);
  const compat = parseMatchSettings(text, "a.yaml", { compat: true });
  expect(compat.optics.beamTiltMrad).toBeUndefined();
  expect(compat.optics.mtf).toBeUndefined();
  expect(compat.ignored).toEqual([
    "computational_config.gpu_ids",
    "optics_group.mtf_values",
    "optics_group.beam_tilt_x",
  ]);
});

test("what is written reads the same, with the totals of a search", () => {
  for (const text of [SEARCH, goldenText("search2_config.yaml"), SHORT]) {
    const config = parseMatchConfig(text, "a.yaml");
    expect(parseMatchConfig(formatMatchConfig(config), "b.yaml")).toEqual(config);
    const totals = { projections: 12, orientations: 4, defocusValues: 3 };
    const { match_template_result } = parseMatchConfig(formatMatchConfig(config, totals), "c.yaml");
    expect(match_template_result).toEqual({
      ...config.match_template_result,
      total_projections: 12,
      total_orientations: 4,
      total_defocus: 3,
    });
  }
});

const MISTAKES: readonly (readonly [string, string])[] = [
  ["  voltage: 300.0", "  volatge: 300.0"],
  ["symmetry: C1", "symetry: C1"],
  ["max_freq: 0.5", "maximum_frequency: 0.5"],
  ["gpu_ids: cpu", "gpu_id: cpu"],
  ["even_zernikes: null", "even_zernikes: {Z44x: 1}"],
  ["micrograph_path: micrograph.mrc\n", ""],
  ["pixel_size: 2.0", "pixel_size: two"],
  ["pixel_size: 2.0", "pixel_size: 0"],
  ["pixel_size: 2.0", "pixel_size: .nan"],
  ["defocus_step: 500.0", "defocus_step: [500]"],
  ["mag_matrix: null", "mag_matrix: [1, 0, 1]"],
  ["num_freq_bins: null", "num_freq_bins: 2.5"],
  ["enabled: true", "enabled: maybe"],
  ["psi_step: 15.0", "psi_step: -1"],
  ["backend: streamed", "backend: stream"],
  ["defocus_max: 500.0", "defocus_max: -600"],
  ["symmetry: C1", "symmetry: X3"],
  ["symmetry: C1", "symmetry: C0"],
  ["symmetry: C1", "symmetry: null"],
  ["phi_max: null", "phi_max: 90"],
  ["amplitudes: null\n    enabled: false", "amplitudes: [1]\n    enabled: true"],
  ["  scaled_mip_path: search1_scaled_mip.mrc", "  scaled_mip_path: search1_mip.mrc"],
];

test("each mistake is one clear error", () => {
  const messages = MISTAKES.map((mistake) => faultOf(changed(mistake)).message);
  expect(messages.join("\n")).toMatchInlineSnapshot(`
    "run.yaml optics_group.volatge: expected a known key, found "volatge" (did you mean "voltage"?). Known keys: label, pixel_size, voltage, spherical_aberration, amplitude_contrast_ratio, phase_shift, defocus_u, defocus_v, astigmatism_angle, ctf_B_factor, chromatic_aberration, mtf_reference, mtf_values, beam_tilt_x, beam_tilt_y, odd_zernikes, even_zernikes, mag_matrix, energy_spread, voltage_ripple, current_ripple, mtf_pixel_size, laser_phase_plate.
    run.yaml orientation_search_config.symetry: expected a known key, found "symetry" (did you mean "symmetry"?). Known keys: psi_step, theta_step, phi_min, phi_max, theta_min, theta_max, psi_min, psi_max, base_grid_method, symmetry, orientation_configs.
    run.yaml preprocessing_filters.whitening_filter.maximum_frequency: expected a known key, found "maximum_frequency". Known keys: enabled, num_freq_bins, max_freq, do_power_spectrum.
    run.yaml computational_config.gpu_id: expected a known key, found "gpu_id" (did you mean "gpu_ids"?). Known keys: gpu_ids, num_cpus, backend.
    run.yaml optics_group.even_zernikes.Z44x: expected a known key, found "Z44x" (did you mean "Z44c"?). Known keys: Z42c, Z42s, Z44c, Z44s, Z60.
    run.yaml micrograph_path: expected text, found nothing. Add it.
    run.yaml optics_group.pixel_size: expected a number, found "two".
    run.yaml optics_group.pixel_size: expected a number above 0, found 0.
    run.yaml optics_group.pixel_size: expected a number, found NaN.
    run.yaml defocus_search_config.defocus_step: expected a number, found a list of 1.
    run.yaml optics_group.mag_matrix: expected a list with a length of at least 4, found a list of 3.
    run.yaml preprocessing_filters.whitening_filter.num_freq_bins: expected a whole number, found 2.5.
    run.yaml defocus_search_config.enabled: expected true or false, found "maybe".
    run.yaml orientation_search_config.psi_step: expected a number above 0, found -1.
    run.yaml computational_config.backend: expected one of "streamed", "batched", "zipfft", found "stream".
    run.yaml defocus_search_config.defocus_max: expected a number of at least -500, found -600.
    run.yaml orientation_search_config.symmetry: expected C or D with its order, T, O or I, found "X3".
    run.yaml orientation_search_config.symmetry: expected C or D with its order, T, O or I, found "C0".
    run.yaml orientation_search_config.symmetry: expected either a symmetry or angle ranges, found neither. Set symmetry: "C1", or the phi, theta and psi limits.
    run.yaml orientation_search_config.symmetry: expected either a symmetry or angle ranges, found both. Set symmetry: null to search the ranges, or every phi, theta and psi limit to null to search the symmetry.
    run.yaml preprocessing_filters.arbitrary_curve_filter.frequencies: expected a list of numbers, found nothing.
    run.yaml match_template_result.scaled_mip_path: expected a path other than that of mip_path, found search1_mip.mrc."
  `);
});

test("a range that runs backwards, a curve of unlike lists, a pixel size search without a step", () => {
  const ranges = changed(["symmetry: C1", "symmetry: null"], ["theta_max: null", "theta_max: -3"]);
  expect(faultOf(ranges).fault).toMatchObject({
    code: "range",
    at: "run.yaml orientation_search_config.theta_max",
  });
  const curve = changed(
    ["amplitudes: null\n    enabled: false", "amplitudes: [1]\n    enabled: true"],
    ["frequencies: null", "frequencies: [0, 0.5]"],
  );
  expect(faultOf(curve).code).toBe("shape");
  const pixels = `${SEARCH}\npixel_size_search_config: {enabled: true, pixel_size_max: 0.1}\n`;
  expect(faultOf(pixels).fault.at).toBe("run.yaml pixel_size_search_config.pixel_size_step");
});
