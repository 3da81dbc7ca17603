import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { Configuration } from "../../../test/support/searchCase.ts";
import { VitrineError } from "../../core/index.ts";
import { parseOptimizeTemplateSettings } from "./optimizeTemplateConfig.ts";

const golden = (name: string) =>
  readFileSync(
    fileURLToPath(new URL(`../../../test/golden/match-extra/optimize/${name}.yaml`, import.meta.url)),
    "utf8",
  );

/** The file of Leopard-EM's own documentation, with a smaller box. */
const LEOPARD_FILE = `
particle_stack:
  df_path: results/results_goodModel.csv
  extracted_box_size: [136, 136]
  original_template_size: [128, 128]
pixel_size_coarse_search: { enabled: true, pixel_size_min: -0.05, pixel_size_max: 0.05, pixel_size_step: 0.01 }
pixel_size_fine_search: { enabled: true, pixel_size_min: -0.005, pixel_size_max: 0.005, pixel_size_step: 0.001 }
preprocessing_filters:
  whitening_filter: { do_power_spectrum: true, enabled: true, max_freq: 0.5, num_freq_bins: null }
  bandpass_filter: { enabled: false, falloff: null, high_freq_cutoff: null, low_freq_cutoff: null }
computational_config: { gpu_ids: 0, num_cpus: 1 }
simulator:
  simulator_config:
    voltage: 300.0
    apply_dose_weighting: true
    dose_start: 0.0
    dose_end: 50.0
    dose_filter_modify_signal: "rel_diff"
    upsampling: -1
    mtf_reference: "falcon4EC_300kv"
  pdb_filepath: "parsed_6Q8Y_whole_LSU_match3.pdb"
  volume_shape: [128, 128, 128]
  b_factor_scaling: 0.5
  additional_b_factor: 0
  pixel_spacing: 0.95
`;

/** Leopard-EM's file with values replaced, each by the path to it. */
function changed(changes: Readonly<Record<string, unknown>>): string {
  const config: Configuration = parse(LEOPARD_FILE);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    const section = keys.reduce((part, key) => part[key], config);
    if (value === undefined) delete section[last];
    else section[last] = value;
  }
  return stringify(config);
}

const settingsOf = (changes: Readonly<Record<string, unknown>> = {}) =>
  parseOptimizeTemplateSettings(changed(changes), "run.yaml");

function faultOf(changes: Readonly<Record<string, unknown>>): unknown {
  try {
    settingsOf(changes);
  } catch (error) {
    return error;
  }
  return undefined;
}

test("Leopard-EM's own file: what each field becomes", () => {
  expect(settingsOf()).toEqual({
    stack: {
      path: "results/results_goodModel.csv",
      boxSize: [136, 136],
      templateSize: [128, 128],
      usesStoredImages: false,
    },
    simulator: {
      atomsPath: "parsed_6Q8Y_whole_LSU_match3.pdb",
      mtfPath: null,
      boxSize: 128,
      pixelSizeA: 0.95,
      centerAtoms: true,
      removeHydrogens: true,
      bFactorScaling: 0.125,
      additionalBFactorA2: 0,
      exposure: { startPerA2: 0, endPerA2: 50, voltageKv: 300, modifySignal: "rel_diff" },
    },
    coarse: { min: -0.05, max: 0.05, step: 0.01, skipEnforceZero: false },
    fine: { min: -0.005, max: 0.005, step: 0.001, skipEnforceZero: false },
    filters: { whitening: { maxFreq: 0.5, doPowerSpectrum: true }, bandPass: null, curve: null },
    effects: {},
    filtersMicrographs: true,
    ignored: [
      "computational_config.gpu_ids",
      "computational_config.num_cpus",
      "simulator.simulator_config.mtf_reference (falcon4EC_300kv comes with ttsim3d: name its STAR file, or set apply_dqe: false)",
    ],
  });
});

test("a simulator's other fields", () => {
  const config = "simulator.simulator_config";
  const { simulator, ignored } = settingsOf({
    [`${config}.mtf_reference`]: "camera.star",
    [`${config}.upsampling`]: 3,
    [`${config}.crit_exposure_bfactor`]: 250,
    [`${config}.dose_filter_modify_signal`]: "None",
    [`${config}.atom_batch_size`]: 4096,
    [`${config}.store_volume`]: false,
    "simulator.additional_b_factor": "40",
    "simulator.center_atoms": false,
    "simulator.remove_hydrogens": false,
    computational_config: undefined,
  });
  expect(simulator).toMatchObject({
    mtfPath: "camera.star",
    upsampling: 3,
    centerAtoms: false,
    removeHydrogens: false,
    additionalBFactorA2: 10,
    exposure: { critExposureBFactor: 250, modifySignal: "none" },
  });
  expect(ignored).toEqual([`${config}.store_volume`, `${config}.atom_batch_size`]);
  const without = settingsOf({ [`${config}.apply_dqe`]: false, [`${config}.apply_dose_weighting`]: false });
  expect(without.simulator.mtfPath).toBeNull();
  expect(without.simulator.exposure).toBeUndefined();
  expect(without.ignored.filter((field) => field.startsWith("simulator"))).toEqual([]);
});

test("ttsim3d's defaults, and the golden files", () => {
  const bare = { pdb_filepath: "a.cif", simulator_config: {}, volume_shape: [128, 128, 128] };
  const { simulator, ignored } = settingsOf({ simulator: bare });
  expect(simulator).toMatchObject({
    pixelSizeA: 1,
    bFactorScaling: 0.25,
    exposure: { startPerA2: 0, endPerA2: 30, voltageKv: 300, modifySignal: "none" },
  });
  expect(ignored.at(-1)).toMatch(/mtf_reference \(k2_300kv comes with ttsim3d/);
  for (const name of ["optimize1", "optimize2"])
    expect(parseOptimizeTemplateSettings(golden(name), name).ignored).toEqual([
      "computational_config.gpu_ids",
    ]);
});

test.each<[Readonly<Record<string, unknown>>, string, string]>([
  [
    { simulatr: {} },
    "format",
    'run.yaml simulatr: expected a known key, found "simulatr" (did you mean "simulator"?)',
  ],
  [{ "simulator.pdb_filepath": undefined }, "missing", "run.yaml simulator.pdb_filepath"],
  [{ "simulator.simulator_config": undefined }, "missing", "run.yaml simulator.simulator_config"],
  [{ "simulator.pixel_spacing": 0 }, "range", "run.yaml simulator.pixel_spacing"],
  [
    { "simulator.volume_shape": [128, 128, 130] },
    "shape",
    "volume_shape: expected a cube, found 128 x 128 x 130",
  ],
  [
    { "simulator.volume_shape": [64, 64, 64] },
    "shape",
    "volume_shape: expected a cube as wide as particle_stack.original_template_size, 128 x 128, found 64 x 64 x 64",
  ],
  [{ "simulator.volume_shape": [128, 128] }, "missing", "run.yaml simulator.volume_shape[2]"],
  [{ "simulator.b_factor_scaling": -1 }, "range", "run.yaml simulator.b_factor_scaling"],
  [
    { "simulator.simulator_config.upsampling": 0 },
    "range",
    "upsampling: expected -1, or a whole number from 1, found 0",
  ],
  [
    { "simulator.simulator_config.crit_exposure_bfactor": -2 },
    "range",
    "crit_exposure_bfactor: expected -1, or a number above 0, found -2",
  ],
  [
    { "simulator.simulator_config.dose_start": 60 },
    "range",
    "dose_end: expected at least dose_start, 60 electrons/Å², found 50",
  ],
  [{ "simulator.simulator_config.dose_filter_modify_signal": "cube" }, "format", "dose_filter_modify_signal"],
  [
    { "particle_stack.extracted_box_size": [120, 136] },
    "range",
    "extracted_box_size: expected at least original_template_size, 128 x 128, found 120 x 136",
  ],
  [
    { "pixel_size_coarse_search.pixel_size_step": 0 },
    "range",
    "pixel_size_coarse_search.pixel_size_step: expected a number above 0, found 0",
  ],
  [
    { "pixel_size_fine_search.pixel_size_max": -1 },
    "range",
    "pixel_size_fine_search.pixel_size_max: expected a number of at least -0.005, found -1",
  ],
  [
    { "pixel_size_coarse_search.enabled": false, "pixel_size_fine_search.enabled": false },
    "range",
    "pixel_size_coarse_search.enabled: expected true, here or in pixel_size_fine_search, found false",
  ],
  [
    { "pixel_size_coarse_search.pixel_size_min": -0.95 },
    "range",
    "pixel_size_coarse_search.pixel_size_min: expected offsets that leave more than 0 of 0.95 Å, simulator.pixel_spacing, found -0.955 Å in all",
  ],
])("%j is refused", (changes, code, message) => {
  const fault = faultOf(changes);
  expect(fault).toBeInstanceOf(VitrineError);
  expect(fault).toMatchObject({ code });
  expect((fault as VitrineError).message).toContain(message);
});

test("phase randomisation is left out as Leopard-EM does, with a word", () => {
  const text = changed({ "preprocessing_filters.phase_randomization_filter": { enabled: true, cuton: 0.1 } });
  const compat = parseOptimizeTemplateSettings(text, "run.yaml", { compat: true });
  expect(compat.filters.phases).toBeUndefined();
  expect(compat.ignored).toContain("preprocessing_filters.phase_randomization_filter");
  expect(parseOptimizeTemplateSettings(text, "run.yaml").filters.phases).toEqual({ cutOn: 0.1 });
});

test("a damaged file is read or refused with a VitrineError", () => {
  const anywhere = fc.nat({ max: LEOPARD_FILE.length - 1 });
  const insert = fc.constantFrom("", ":", "-", "\n", " ", "0", "null", "[", "{", "-1e9", "é", "true", "1.5");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anywhere, fc.nat({ max: 8 }), insert), { minLength: 1, maxLength: 4 }),
      (edits) => {
        const text = edits.reduce(
          (now, [at, cut, put]) => now.slice(0, at) + put + now.slice(at + cut),
          LEOPARD_FILE,
        );
        try {
          const { simulator, coarse, fine } = parseOptimizeTemplateSettings(text, "damaged.yaml");
          const smallest = Math.min(0, coarse?.min ?? 0) + Math.min(0, fine?.min ?? 0);
          expect(simulator.pixelSizeA + smallest).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(VitrineError);
        }
      },
    ),
    { numRuns: 1000, seed: 5 },
  );
});
