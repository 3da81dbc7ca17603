import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { goldenBytes } from "../../../test/support/npy.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { formatYaml, parseYaml } from "../../io/index.ts";
import { type ConfigProgram, parseConfig, readConfig } from "./configPrograms.ts";
import { parseMatchConfig } from "./configSchema.ts";
import { formatConfig, formatMatchConfig, writeConfig } from "./writeConfig.ts";

const golden = (name: string) => new TextDecoder().decode(goldenBytes(`${name}_config.yaml`));
const plain = (text: string) => parseYaml(text, z.unknown(), "test");

/** Words that a careless writer leaves bare and a reader takes for something else. */
const TRAPS = [
  "yes",
  "null",
  "~",
  "1e5",
  "0x10",
  "12:30:45",
  "2026-01-02",
  "=",
  "- a",
  "#b",
  "a: b",
  "\u00e5 'q' \"r\"",
  " x ",
];
const name = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom(...TRAPS));
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const between = (min: number, max: number) => fc.double({ min, max, noNaN: true }).map((value) => value + 0);
const above = between(1e-9, 1e9);
const step = between(0.5, 90);
const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

/** All fields may be missing but those listed. */
function section(
  fields: Record<string, fc.Arbitrary<unknown>>,
  requiredKeys: string[] = [],
): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(fields, { requiredKeys });
}

const range = (prefix: string, fields: Record<string, fc.Arbitrary<unknown>> = {}, required: string[] = []) =>
  section(
    {
      enabled: fc.boolean(),
      [`${prefix}_min`]: between(-900, 0),
      [`${prefix}_max`]: between(0, 900),
      [`${prefix}_step`]: above,
      skip_enforce_zero: fc.boolean(),
      ...fields,
    },
    required,
  );

const curve = fc.array(fc.tuple(above, number), { minLength: 1, maxLength: 4 }).map((points) => ({
  enabled: true,
  frequencies: points.map(([frequency]) => frequency),
  amplitudes: points.map(([, amplitude]) => amplitude),
}));

const preprocessing_filters = section({
  whitening_filter: section({
    enabled: fc.boolean(),
    num_freq_bins: nullable(fc.integer({ min: 1, max: 999 })),
    max_freq: nullable(above),
    do_power_spectrum: nullable(fc.boolean()),
  }),
  bandpass_filter: section({ low_freq_cutoff: nullable(above), falloff: nullable(between(0, 1)) }),
  phase_randomization_filter: section({ enabled: fc.boolean(), cuton: nullable(between(0, 1)) }),
  arbitrary_curve_filter: curve,
});

const computational_config = section({
  gpu_ids: fc.oneof(fc.nat(), fc.constant("cpu"), fc.constant([0, 1]), fc.constant(null)),
  num_cpus: fc.integer({ min: 1, max: 64 }),
  backend: fc.constantFrom("streamed", "batched"),
});

/** What tables of particles have no columns for. */
const effects = {
  chromatic_aberration: nullable(above),
  beam_tilt_x: nullable(number),
  energy_spread: above,
  mtf_pixel_size: above,
  laser_phase_plate: nullable(
    section(
      { numerical_aperture: between(0.01, 1), focal_length: above, tilt: number, crossed: fc.boolean() },
      ["numerical_aperture", "focal_length"],
    ),
  ),
};
const mtf = fc.oneof(
  fc.constant({}),
  fc.record({ mtf_reference: name, mtf_values: fc.constant(null) }),
  fc.record({ mtf_values: fc.array(above, { minLength: 2 }) }),
);
const withMtf = (group: fc.Arbitrary<Record<string, unknown>>) =>
  fc.tuple(group, mtf).map(([fields, camera]) => ({ ...fields, ...camera }));

const optics_group = section(
  {
    ...effects,
    label: name,
    pixel_size: above,
    voltage: above,
    defocus_u: number,
    defocus_v: number,
    astigmatism_angle: number,
    amplitude_contrast_ratio: between(0, 1),
    odd_zernikes: nullable(section({ Z31c: number, Z33s: number })),
    even_zernikes: nullable(section({ Z44c: number, Z60: number })),
    mag_matrix: nullable(fc.array(number, { minLength: 4, maxLength: 4 })),
  },
  ["label", "pixel_size", "voltage", "defocus_u", "defocus_v", "astigmatism_angle"],
);

const symmetric = section({ psi_step: step, theta_step: step, symmetry: fc.constantFrom("C1", "d7", "O") });
const ranged = section(
  { symmetry: fc.constant(null), phi_min: between(-90, 0), base_grid_method: fc.constant("healpix") },
  ["symmetry", "phi_min"],
);
const orientation = fc.oneof(symmetric, ranged);
const MAPS = ["mip", "scaled_mip", "correlation_average", "correlation_variance", "relative_defocus"];
const ANGLES = ["psi", "theta", "phi"].map((angle) => `orientation_${angle}`);
const match_template_result = fc
  .record({ folder: name, allow_file_overwrite: fc.boolean() })
  .map(({ folder, ...rest }) => ({
    ...rest,
    ...Object.fromEntries([...MAPS, ...ANGLES].map((map) => [`${map}_path`, `${folder}${map}`])),
  }));

const stack = fc.record({
  df_path: name,
  extracted_box_size: fc.constant([60, 62]),
  original_template_size: fc.constant([48, 48]),
});
const shared = { template_volume_path: name, preprocessing_filters, computational_config };

/** Larger than what its searches take away. */
const pixel_spacing = between(2000, 3000);
const simulator = section(
  {
    pdb_filepath: name,
    volume_shape: fc.constant([48, 48, 48]),
    pixel_spacing,
    remove_hydrogens: fc.boolean(),
    additional_b_factor: number,
    simulator_config: section({
      voltage: above,
      dose_end: between(0, 90),
      dose_filter_modify_signal: fc.constantFrom("None", "sqrt", "rel_diff"),
      mtf_reference: name,
      upsampling: fc.constantFrom(-1, 2),
      store_volume: fc.boolean(),
    }),
  },
  ["pdb_filepath", "volume_shape", "pixel_spacing", "simulator_config"],
);

const CONFIGS: Record<ConfigProgram, fc.Arbitrary<Record<string, unknown>>> = {
  match: fc.record({
    ...shared,
    micrograph_path: name,
    optics_group: withMtf(optics_group),
    match_template_result,
    defocus_search_config: range("defocus"),
    orientation_search_config: fc.oneof(
      orientation,
      fc.record({ orientation_configs: fc.array(orientation, { minLength: 1, maxLength: 3 }) }),
    ),
    pixel_size_search_config: nullable(range("pixel_size", {}, ["pixel_size_step"])),
  }),
  refine: fc.record({
    ...shared,
    particle_stack: stack,
    optics_group: fc.option(withMtf(section(effects)), { nil: undefined }),
    defocus_refinement_config: range("defocus"),
    pixel_size_refinement_config: fc.oneof(
      fc.constant({}),
      range("pixel_size", { enabled: fc.constant(false) }),
    ),
    orientation_refinement_config: section({ phi_step_coarse: above, theta_step_fine: step }),
    movie_config: section({ movie_path: fc.string(), pre_exposure: number }),
    apply_global_filtering: fc.boolean(),
  }),
  "constrained-search": fc.record({
    ...shared,
    center_vector: fc.tuple(number, number, number),
    particle_stack_reference: stack,
    particle_stack_constrained: stack,
    optics_group: fc.option(withMtf(section(effects)), { nil: undefined }),
    defocus_refinement_config: range("defocus"),
    orientation_refinement_config: section({
      phi_step: nullable(step),
      psi_step: step,
      rotation_axis_euler_angles: fc.tuple(number, number, number),
      base_grid_method: fc.constantFrom("uniform", "cartesian", "roll"),
      roll_axis: nullable(fc.constant([0, 1])),
    }),
  }),
  "optimize-template": fc.record({
    preprocessing_filters,
    computational_config,
    particle_stack: stack,
    optics_group: fc.option(withMtf(section(effects)), { nil: undefined }),
    pixel_size_coarse_search: range("pixel_size", { enabled: fc.constant(true) }, [
      "enabled",
      "pixel_size_step",
    ]),
    pixel_size_fine_search: range("pixel_size", {}, ["pixel_size_step"]),
    simulator,
    apply_global_filtering: fc.boolean(),
  }),
};

const SECTIONS = ["pixel_size_search_config", "optics_group", "laser_phase_plate"];

/** Sections of our own that say nothing need not be written. */
function withoutEmptySections(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const isEmpty = ([key, entry]: [string, unknown]) =>
    SECTIONS.includes(key) && !Object.values(entry ?? {}).some(Boolean);
  const kept = Object.entries(value).filter((entry) => !isEmpty(entry));
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutEmptySections(entry)]));
}

describe.each(Object.entries(CONFIGS))("a configuration of %s", (program, configs) => {
  test.each(["yaml", "json"] as const)("written as %s reads back as the same value", (format) => {
    fc.assert(
      fc.property(configs, (fields) => {
        // what the reader is given here is YAML that our own writer has no part in
        const read = parseConfig(JSON.stringify(fields), "test");
        const again = parseConfig(formatConfig(read.config, format), "test");
        expect(again).toEqual({ ...read, config: withoutEmptySections(read.config) });
        expect(again.program).toBe(program);
      }),
      { numRuns: 60 },
    );
  });
});

test.each(["search1", "search2", "refine1", "refine2"])(
  "what Leopard-EM wrote for %s is written with the same fields and values, in both formats",
  (file) => {
    const { config } = parseConfig(golden(file), file);
    expect(plain(formatConfig(config))).toEqual(plain(golden(file)));
    expect(JSON.parse(formatConfig(config, "json"))).toEqual(plain(golden(file)));
    expect(formatConfig(config)).not.toContain("!!");
  },
);

test("every default is filled in, and nothing that Leopard-EM would refuse", () => {
  const short = {
    template_volume_path: "t.mrc",
    particle_stack: { df_path: "p.csv", extracted_box_size: [60, 60], original_template_size: [48, 48] },
    defocus_refinement_config: {},
    orientation_refinement_config: {},
    preprocessing_filters: {},
  };
  expect(formatConfig(parseConfig(JSON.stringify(short), "short").config)).toMatchInlineSnapshot(`
    "template_volume_path: t.mrc
    particle_stack:
      df_path: p.csv
      extracted_box_size:
        - 60
        - 60
      original_template_size:
        - 48
        - 48
    defocus_refinement_config:
      enabled: true
      defocus_min: -1000
      defocus_max: 1000
      defocus_step: 200
      skip_enforce_zero: false
    pixel_size_refinement_config:
      enabled: false
      pixel_size_min: 0
      pixel_size_max: 0
      skip_enforce_zero: false
    orientation_refinement_config:
      enabled: true
      phi_step_coarse: 2.5
      phi_step_fine: 0.25
      theta_step_coarse: 2.5
      theta_step_fine: 0.25
      psi_step_coarse: 1.5
      psi_step_fine: 0.1
      base_grid_method: uniform
    preprocessing_filters:
      whitening_filter:
        enabled: true
        num_freq_bins: null
        max_freq: 0.5
        do_power_spectrum: true
      bandpass_filter:
        enabled: false
        low_freq_cutoff: null
        high_freq_cutoff: null
        falloff: null
      phase_randomization_filter:
        enabled: false
        cuton: null
      arbitrary_curve_filter:
        enabled: false
        frequencies: null
        amplitudes: null
    computational_config: {}
    movie_config:
      enabled: false
      movie_path: ""
      deformation_field_path: ""
      particle_shifts_path: ""
      pre_exposure: 0
      fluence_per_frame: 1
    apply_global_filtering: true
    "
  `);
  const bare = parseConfig(JSON.stringify({ ...short, optics_group: { laser_phase_plate: null } }), "bare");
  expect(formatConfig(bare.config)).toBe(formatConfig(parseConfig(JSON.stringify(short), "short").config));
  const search = parseConfig(`${golden("search1")}\npixel_size_search_config: {}\n`, "search").config;
  expect(formatConfig(search)).not.toContain("pixel_size_search_config");
  const sizes = "pixel_size_search_config: {enabled: true, pixel_size_max: 0.1, pixel_size_step: 0.05}";
  const sought = parseConfig(`${golden("search1")}\n${sizes}\n`, "search").config;
  expect(parseConfig(formatConfig(sought), "again").config).toEqual(sought);
});

describe("JSON is read as YAML is", () => {
  const { config } = parseConfig(golden("search2"), "search2");
  const oneLine = JSON.stringify(config);

  test.each([
    ["on one line", oneLine],
    ["indented by tabs, as lines of Windows", JSON.stringify(config, null, "\t").replaceAll("\n", "\r\n")],
    ["as Python writes it", oneLine.replaceAll(/(?<=["\d\]}el])([,:])(?=["\d[{tfn-])/g, "$1 ")],
    ["after a byte order mark", `\ufeff${oneLine}`],
  ])("%s", (_, text) => {
    expect(parseConfig(text, "a.json").config).toEqual(config);
  });

  test.each([
    ["1e-3", 1e-3],
    ["1E5", 1e5],
    ["2.5e+2", 250],
    ["1e-07", 1e-7],
    ["0.1", 0.1],
    ["7", 7],
  ])("the number %s", (written, value) => {
    const text = oneLine.replace('"pixel_size":2', `"pixel_size":${written}`);
    expect(parseConfig(text, "a.json").config).toMatchObject({ optics_group: { pixel_size: value } });
  });

  test("escapes", () => {
    const text = oneLine.replace('"synthetic"', String.raw`"\u00e5\/\ud83d\ude00\t\"\\"`);
    expect(parseConfig(text, "a.json").config).toMatchObject({ optics_group: { label: 'å/😀\t"\\' } });
  });

  test("a fault names line and column", () => {
    expect(() => parseConfig(`${oneLine.slice(0, 900)}\n`, "a.json", "match")).toThrow(
      /^a\.json line \d+ column \d+: expected JSON/,
    );
  });
});

describe("files", () => {
  const folder = scratchFolder();
  const { config } = parseConfig(golden("refine2"), "refine2");

  test.each(["a.yaml", "b.yml", "c.json", "D.JSON"])("%s", async (file) => {
    const path = join(folder, file);
    await writeConfig(path, config);
    expect(await readConfig(path)).toMatchObject({ program: "refine", config });
    expect(readFileSync(path, "utf8").startsWith("{")).toBe(/json/i.test(file));
    await expect(writeConfig(path, config)).rejects.toThrow(expect.objectContaining({ code: "exists" }));
    await writeConfig(path, config, { overwrite: true });
  });

  test("another ending is refused", async () => {
    await expect(writeConfig(join(folder, "a.toml"), config)).rejects.toThrow(
      /a path that ends with .yaml, .yml or .json/,
    );
  });
});

test("a program that cannot be told is asked for", () => {
  const told = (text: string, program?: ConfigProgram) => () => parseConfig(text, "a.yaml", program);
  const asked = (found: string) =>
    new RegExp(
      `^a.yaml: expected the configuration of one of match, refine, .*, found fields of ${found}. Name it`,
    );
  expect(told("preprocessing_filters: {}")).toThrow(asked("match and refine alike"));
  expect(told("{}")).toThrow(asked("none"));
  expect(told("[1]")).toThrow(/^a.yaml: expected a group of keys, found a list of 1/);
  expect(told("preprocessing_filters: {}", "refine")).toThrow(/a.yaml template_volume_path/);
  // a field that is misspelt does not hide whose it is
  expect(told(golden("refine1").replace("particle_stack:", "particles:"))).toThrow(
    /a.yaml.particles: expected a known key/,
  );
  expect(told(golden("refine1"), "match")).toThrow(
    /a.yaml apply_global_filtering|a.yaml.apply_global_filtering/,
  );
});

test("a value that is none is refused", () => {
  const config = parseMatchConfig(golden("search1"), "search1");
  const { optics_group } = config;
  const wrong = { ...config, optics_group: { ...optics_group, voltage: Number.NaN } };
  expect(() => formatConfig(wrong)).toThrow(
    "config.optics_group.voltage: expected a finite number, found NaN",
  );
  expect(formatMatchConfig(config)).toBe(formatConfig(config));
  expect(formatYaml({ a: 1 })).toBe("a: 1\n");
});
