import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { goldenBytes } from "../../../test/support/npy.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { fieldConventions } from "../leopard/fields.ts";
import { parseMatchSettings } from "./config.ts";
import { parseMatchConfig } from "./configSchema.ts";
import { parseConstrainedSettings } from "./constrainedConfig.ts";
import { readMtfFile } from "./mtfFile.ts";
import { ignoredEffects } from "./opticsEffects.ts";
import { parseRefineSettings } from "./refineConfig.ts";
import { formatMatchConfig } from "./writeConfig.ts";

const golden = (name: string) => new TextDecoder().decode(goldenBytes(`${name}_config.yaml`));

/** search1's configuration with lines in its optics group. */
function matchWith(lines: string): string {
  const plain = golden("search1").replace(/^ {2}(chromatic_aberration|mtf_\w+|beam_tilt_\w): .*\n/gm, "");
  return plain.replace("optics_group:\n", `optics_group:\n${lines.replaceAll(/^/gm, "  ")}\n`);
}

const GROUP = `chromatic_aberration: 2.7
energy_spread: 0.9
voltage_ripple: 2.0e-7
mtf_values: [1, 0.8, 0.6, 0.4, 0.2]
mtf_pixel_size: 0.5
beam_tilt_y: -0.3
laser_phase_plate: {numerical_aperture: 0.05, focal_length: 20, angle: 30, across_offset: 1000, crossed: yes}`;

const EFFECTS = {
  beamTiltMrad: [0, -0.3],
  focusSpread: {
    chromaticAberrationMm: 2.7,
    energySpreadEv: 0.9 / 2.3548200450309493,
    voltageRipple: 2e-7,
    currentRipple: 1e-8,
  },
  mtf: {
    frequencies: [0, 0.125, 0.25, 0.375, 0.5],
    amplitudes: [1, 0.8, 0.6, 0.4, 0.2],
    pixelSizeA: 0.5,
  },
  laserPhasePlate: {
    peakPhaseDeg: 90,
    numericalAperture: 0.05,
    laserWavelengthA: 10640,
    focalLengthMm: 20,
    angleDeg: 30,
    tiltDeg: 0,
    alongOffsetA: 0,
    acrossOffsetA: 1000,
    polarizationDeg: 90,
    isCrossed: true,
  },
};

const CONSTRAINED = `template_volume_path: t.mrc
particle_stack_reference: &stack {df_path: a.csv, extracted_box_size: [60, 60], original_template_size: [48, 48]}
particle_stack_constrained: *stack
defocus_refinement_config: {}
orientation_refinement_config: {}
preprocessing_filters: {}
`;

const section = (lines: string) => `\noptics_group:\n${lines.replaceAll(/^/gm, "  ")}\n`;

test("the same fields in the optics group of a search and of files on particles", () => {
  expect(parseMatchSettings(matchWith(GROUP), "a.yaml").optics).toMatchObject(EFFECTS);
  const refine = parseRefineSettings(golden("refine1") + section(GROUP), "b.yaml");
  expect(refine.effects).toEqual(EFFECTS);
  expect(refine.ignored.filter((field) => field.startsWith("optics"))).toEqual([]);
  expect(parseConstrainedSettings(CONSTRAINED + section(GROUP), "c.yaml").effects).toEqual(EFFECTS);
  expect(parseRefineSettings(golden("refine1"), "d.yaml").effects).toEqual({});
});

test("compat leaves them out and says so", () => {
  const names = [
    "chromatic_aberration",
    "mtf_values",
    "beam_tilt_y",
    "laser_phase_plate",
    "energy_spread",
    "voltage_ripple",
    "mtf_pixel_size",
  ].map((name) => `optics_group.${name}`);
  const compat = { compat: true };
  const { optics, ignored } = parseMatchSettings(matchWith(GROUP), "a.yaml", compat);
  for (const key of Object.keys(EFFECTS)) expect(optics).not.toHaveProperty(key);
  expect(ignored).toEqual(expect.arrayContaining(names));
  const refine = parseRefineSettings(golden("refine1") + section(GROUP), "b.yaml", compat);
  expect(refine.effects).toEqual({});
  expect(refine.ignored).toEqual(expect.arrayContaining(names));
  const constrained = parseConstrainedSettings(CONSTRAINED + section(GROUP), "c.yaml", compat);
  expect([constrained.effects, constrained.ignored]).toEqual([{}, names]);
});

test("defaults, and fields that stand alone without effect", () => {
  const spread = parseMatchSettings(matchWith("chromatic_aberration: 2.0"), "a.yaml").optics.focusSpread;
  expect(spread).toEqual({
    chromaticAberrationMm: 2,
    energySpreadEv: expect.closeTo(0.7 / 2.35482, 6),
    voltageRipple: 6e-8,
    currentRipple: 1e-8,
  });
  const alone = "energy_spread: 0.7\nmtf_pixel_size: 1";
  const { optics, ignored } = parseMatchSettings(matchWith(alone), "a.yaml");
  expect(optics).not.toHaveProperty("focusSpread");
  expect(ignored).toEqual(
    expect.arrayContaining(["optics_group.energy_spread", "optics_group.mtf_pixel_size"]),
  );
  expect(ignoredEffects(undefined, fieldConventions({ compat: true }))).toEqual([]);
});

test("what Leopard-EM does not know is written only where it stood in the file", () => {
  const plain = formatMatchConfig(parseMatchConfig(golden("search1"), "a.yaml"));
  for (const name of ["energy_spread", "ripple", "mtf_pixel_size", "laser"])
    expect(plain).not.toContain(name);
  const config = parseMatchConfig(matchWith(GROUP), "a.yaml");
  expect(parseMatchConfig(formatMatchConfig(config), "b.yaml")).toEqual(config);
});

const folder = scratchFolder();

test("an MTF is read from its file, with the micrograph's pixel size where the camera's is not given", async () => {
  const path = join(folder, "mtf.star");
  writeFileSync(path, "data_\nloop_\n_rlnResolutionInversePixel\n_rlnMtfValue\n0 1\n0.25 0.7\n0.5 0.4\n");
  const curve = { frequencies: [0, 0.25, 0.5], amplitudes: [1, 0.7, 0.4] };
  const { optics } = parseMatchSettings(matchWith(`mtf_reference: ${path}`), "a.yaml");
  expect(optics.mtf).toBeUndefined();
  const read = await readMtfFile(optics);
  expect(read.mtf).toEqual({ ...curve, pixelSizeA: 2 });
  expect(read).not.toHaveProperty("mtfFile");
  const refine = parseRefineSettings(golden("refine1") + section(`mtf_reference: ${path}`), "b.yaml");
  expect(await readMtfFile(refine.effects)).toEqual({ mtf: curve });
  const plain = parseMatchSettings(golden("search1"), "c.yaml").optics;
  expect(await readMtfFile(plain)).toEqual(plain);
});

test("files that are none", async () => {
  const read = (name: string) =>
    readMtfFile(parseMatchSettings(matchWith(`mtf_reference: ${name}`), "a.yaml").optics);
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  await expect(read(join(folder, "none.star"))).rejects.toThrow(
    expect.objectContaining({ code: "missing", message: expect.stringContaining("none.star") }),
  );
  const columns = "data_\nloop_\n_rlnResolutionInversePixel\n_rlnMtfValue\n";
  const files: [string, string][] = [
    ["other.star", "data_\nloop_\n_rlnMtfValue\n1\n"],
    ["text.star", `${columns}0 1\n0.5 much\n`],
    ["short.star", `${columns}0 1\n`],
    ["falling.star", `${columns}0 1\n0.5 0.3\n0.4 0.2\n`],
    ["zeros.star", `${columns}0 0\n0.5 0\n`],
  ];
  const faults = await Promise.all(
    files.map(([name, text]) => read(write(name, text)).catch((error: Error) => error.message)),
  );
  expect(faults.map((fault) => String(fault).replaceAll(`${folder}/`, ""))).toMatchInlineSnapshot(`
    [
      "other.star: expected a table with rlnResolutionInversePixel and rlnMtfValue, found none.",
      "text.star line 6: expected a number for rlnMtfValue, found "much".",
      "short.star: expected as many amplitudes as frequencies, two or more, found 1 and 1.",
      "falling.star: expected finite values with ascending frequencies, found 0.4 0.2 in row 2.",
      "zeros.star: expected an amplitude above 0, found none.",
    ]
  `);
});

const MISTAKES = [
  "mtf_reference: a.star\nmtf_values: [1, 0.5]",
  "mtf_reference: ''",
  "mtf_values: []",
  "mtf_values: [1]",
  "mtf_values: [0, 0]",
  "mtf_values: [1, -0.5]",
  "mtf_values: high",
  "mtf_pixel_size: 0",
  "chromatic_aberration: -1",
  "energy_spread: wide",
  "voltage_ripple: -1.0e-7",
  "current_ripple: .nan",
  "laser_phase_plate: {focal_length: 20}",
  "laser_phase_plate: {focal_length: 20, numerical_aperture: 2}",
  "laser_phase_plate: {focal_length: 0, numerical_aperture: 0.05}",
  "laser_phase_plate: {focal_lenght: 20, numerical_aperture: 0.05}",
  "laser_phase_plate: yes",
];

test("each mistake is one clear error, in every file alike", () => {
  const messageOf = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return "no error";
  };
  const found = MISTAKES.map((lines) => {
    const search = messageOf(() => parseMatchSettings(matchWith(lines), "run.yaml"));
    expect(messageOf(() => parseRefineSettings(golden("refine1") + section(lines), "run.yaml"))).toBe(search);
    expect(messageOf(() => parseConstrainedSettings(CONSTRAINED + section(lines), "run.yaml"))).toBe(search);
    return search;
  });
  expect(found.join("\n")).toMatchInlineSnapshot(`
    "run.yaml optics_group.mtf_reference: expected either a file of an MTF or its values (mtf_values), found both.
    run.yaml optics_group.mtf_reference: expected text with a length of at least 1, found "".
    run.yaml optics_group.mtf_values: expected two values or more, evenly from frequency 0 to Nyquist, found 0.
    run.yaml optics_group.mtf_values: expected two values or more, evenly from frequency 0 to Nyquist, found 1.
    run.yaml optics_group.mtf_values: expected an amplitude above 0, found none.
    run.yaml optics_group.mtf_values[1]: expected a number of at least 0, found -0.5.
    run.yaml optics_group.mtf_values: expected a list, found "high".
    run.yaml optics_group.mtf_pixel_size: expected a number above 0, found 0.
    run.yaml optics_group.chromatic_aberration: expected a number of at least 0, found -1.
    run.yaml optics_group.energy_spread: expected a number, found "wide".
    run.yaml optics_group.voltage_ripple: expected a number of at least 0, found -1e-7.
    run.yaml optics_group.current_ripple: expected a number, found NaN.
    run.yaml optics_group.laser_phase_plate.numerical_aperture: expected a number, found nothing. Add it.
    run.yaml optics_group.laser_phase_plate.numerical_aperture: expected a number of at most 1, found 2.
    run.yaml optics_group.laser_phase_plate.focal_length: expected a number above 0, found 0.
    run.yaml optics_group.laser_phase_plate.focal_lenght: expected a known key, found "focal_lenght" (did you mean "focal_length"?). Known keys: peak_phase, numerical_aperture, wavelength, focal_length, angle, tilt, along_offset, across_offset, polarization, crossed.
    run.yaml optics_group.laser_phase_plate: expected a group of keys, found true."
  `);
  const others = messageOf(() =>
    parseRefineSettings(golden("refine1") + section("voltage: 300"), "run.yaml"),
  );
  expect(others).toMatch(/run.yaml optics_group.voltage: expected a known key/);
});
