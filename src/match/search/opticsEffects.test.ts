import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  type Configuration,
  mapPaths,
  readMap,
  scratchFolder,
  smallConfiguration,
  writeConfig,
} from "../../../test/support/searchCase.ts";
import { formatMrc, parseCsv } from "../../io/index.ts";
import { type OpticsParameters, uniformOrientations } from "../../optics/index.ts";
import { parseMatchSettings, searchSpace } from "../config/config.ts";
import { readMtfFile } from "../config/mtfFile.ts";
import { toOpticsEffects } from "../config/opticsEffects.ts";
import { parseRefineConfig } from "../config/refineSchema.ts";
import { fieldConventions } from "../leopard/fields.ts";
import { runConstrainedSearch } from "../refine/constrainedProgram.ts";
import { runRefine } from "../refine/refineProgram.ts";
import { simulateMicrograph } from "../simulate/simulateMicrograph.ts";
import { simulateMolecule, volumeFromMolecule } from "../simulate/simulateMolecule.ts";
import { withSearch, withSearches } from "./configuredSearch.ts";
import { identifySearches } from "./fingerprint.ts";
import { runMatch } from "./program.ts";
import { templateFilters } from "./searchFilters.ts";

const scratch = scratchFolder();
const SIZE = 48;
const SHAPE = [180, 180] as const;
/** Of a map. */
const PLACES = SHAPE[1] - SIZE + 1;
const PIXEL = 1;
const OPTICS = {
  label: "synthetic",
  pixel_size: PIXEL,
  voltage: 300,
  defocus_u: 5000,
  defocus_v: 5000,
  astigmatism_angle: 0,
};
/** Without the coarse shape, in which all orientations look alike. */
const FILTERS = { bandpass_filter: { enabled: true, low_freq_cutoff: 0.06 } };
/** 132 orientations. */
const ORIENTATIONS = { symmetry: "C1", psi_step: 60, theta_step: 45 };
const ANGLES = uniformOrientations({ symmetry: "C1", psiStepDeg: 60, thetaStepDeg: 45 });
/** Planted at orientations of the grid, so that the optics alone make the difference. */
const PLANTED = [
  { posX: 20, posY: 24, orientation: 14 },
  { posX: 100, posY: 30, orientation: 50 },
  { posX: 55, posY: 100, orientation: 100 },
].map(({ orientation, ...place }) => {
  const [phiDeg, thetaDeg, psiDeg] = ANGLES.subarray(3 * orientation);
  return { ...place, phiDeg, thetaDeg, psiDeg, relativeDefocusA: 0 };
});

/** A folder with a micrograph that such optics made, and the configuration of a search of it. */
function simulated(name: string, effects: Configuration): Configuration {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  const molecule = simulateMolecule({ seed: 5, atomCount: 60, radiusA: 16, sigmaA: 0.8 });
  const optics_group = { ...OPTICS, ...effects };
  const refine = `template_volume_path: t
particle_stack: {df_path: a, extracted_box_size: [8, 8], original_template_size: [8, 8]}
optics_group: ${JSON.stringify(effects)}
defocus_refinement_config: {}
orientation_refinement_config: {}
preprocessing_filters: {}`;
  const optics: OpticsParameters = {
    voltageKv: 300,
    sphericalAberrationMm: 2.7,
    amplitudeContrast: 0.07,
    defocusUA: 5000,
    defocusVA: 5000,
    astigmatismAngleDeg: 0,
    ...toOpticsEffects(parseRefineConfig(refine, "effects").optics_group, "effects", {
      fields: fieldConventions({}),
    }),
  };
  const micrograph = simulateMicrograph(molecule, PLANTED, {
    ...{ shape: SHAPE, pixelSizeA: PIXEL, boxSize: SIZE, optics, signal: 25, seed: 9 },
  });
  const volume = volumeFromMolecule(molecule, { boxSize: SIZE, voxelSizeA: PIXEL });
  const configuration = smallConfiguration(folder, { image: SHAPE, template: SIZE });
  const { micrograph_path, template_volume_path } = configuration;
  writeFileSync(micrograph_path, formatMrc({ ...micrograph, voxelSizeA: PIXEL }));
  writeFileSync(template_volume_path, formatMrc(volume));
  return {
    ...configuration,
    optics_group,
    defocus_search_config: { enabled: false },
    orientation_search_config: ORIENTATIONS,
    preprocessing_filters: FILTERS,
    match_template_result: mapPaths(folder),
  };
}

/**
 * Mean correlation at the planted places, which is in units of the noise (the z-scores of so few orientations are
 * held down by the likeness of wrong ones), and the table.
 */
async function search(configuration: Configuration, name: string, effects: Configuration) {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  const config = writeConfig(folder, {
    ...configuration,
    optics_group: { ...OPTICS, ...effects },
    match_template_result: mapPaths(folder),
  });
  const particlesPath = join(folder, "particles.csv");
  await runMatch(config, { workers: 2, particlesPath, zCutoff: 5.05, exactSlices: true });
  const mip = readMap(folder, "mip");
  const correlation = mean(PLANTED.map(({ posX, posY }) => mip[posY * PLACES + posX]));
  const rows = parseCsv(readFileSync(particlesPath, "utf8"), particlesPath).rows.length;
  return { particlesPath, correlation, rows };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const EFFECTS: readonly (readonly [string, Configuration, number])[] = [
  ["MTF", { mtf_values: [1, 0.75, 0.4, 0.15, 0.05] }, 1.05],
  ["spread of focus", { chromatic_aberration: 2.7, energy_spread: 6 }, 1.05],
  ["laser phase plate", { laser_phase_plate: { numerical_aperture: 0.05, focal_length: 20, tilt: 6 } }, 1.3],
];

/** Mean correlation of the particles of a table, at most a pixel off, without a change of orientation. */
async function refine(
  { template_volume_path }: Configuration,
  df_path: string,
  { program, optics_group }: { program: "refine" | "constrained"; optics_group?: Configuration },
) {
  const stack = { df_path, extracted_box_size: [52, 52], original_template_size: [SIZE, SIZE] };
  const stacks =
    program === "refine"
      ? { particle_stack: stack }
      : { particle_stack_reference: stack, particle_stack_constrained: stack };
  const config = writeConfig(scratch, {
    ...stacks,
    template_volume_path,
    ...(optics_group && { optics_group }),
    defocus_refinement_config: { enabled: false },
    orientation_refinement_config: { enabled: false },
    preprocessing_filters: FILTERS,
  });
  const options = {
    ...{ particlesPath: join(scratch, "refined.csv"), overwrite: true, workers: 2, exactSlices: true },
  };
  const run = program === "refine" ? runRefine : runConstrainedSearch;
  return mean((await run(config, options)).particles.map(({ correlation }) => correlation));
}

test.each(EFFECTS)("%s: who knows it finds better", async (name, optics_group, gain) => {
  const configuration = simulated(name, optics_group);
  const plain = await search(configuration, `${name}-plain`, {});
  const known = await search(configuration, `${name}-known`, optics_group);
  expect(known.rows).toBe(PLANTED.length);
  expect(known.correlation).toBeGreaterThan(gain * plain.correlation);
  for (const program of ["refine", "constrained"] as const) {
    const refined = await refine(configuration, known.particlesPath, { program, optics_group });
    const without = await refine(configuration, known.particlesPath, { program });
    expect(refined).toBeGreaterThan(gain * without);
    // a box is scaled for itself, and with a pixel more on each side, as Leopard-EM's
    expect(refined / known.correlation).toBeCloseTo(1, 1);
  }
});

test("with compat a search is that without them, and says which fields it leaves out", async () => {
  const configuration = simulated("compat", EFFECTS[1][1]);
  const config = writeConfig(join(scratch, "compat"), {
    ...configuration,
    optics_group: { ...OPTICS, ...EFFECTS[1][1] },
  });
  const logged: string[] = [];
  const options = { onLog: (message: string) => logged.push(message), compatBatch: 12 };
  const compat = await withSearch(config, options, async ({ settings }) => settings.optics);
  expect(compat).not.toHaveProperty("focusSpread");
  expect(logged).toEqual([
    `${config} optics_group.chromatic_aberration has no effect here`,
    `${config} optics_group.energy_spread has no effect here`,
  ]);
});

test("checkpoints belong to the values of an MTF, wherever they came from", async () => {
  const folder = join(scratch, "identity");
  mkdirSync(folder);
  const star = (name: string, end: number) => {
    const path = join(folder, name);
    writeFileSync(path, `data_\nloop_\n_rlnResolutionInversePixel\n_rlnMtfValue\n0 1\n0.5 ${end}\n`);
    return path;
  };
  const configuration = smallConfiguration(folder, { image: [40, 40], template: 16 });
  const identity = (effects: Configuration) =>
    withSearches(
      writeConfig(folder, {
        ...configuration,
        optics_group: { ...configuration.optics_group, ...effects },
      }),
      {},
      async (set) => (await identifySearches(set, {})).searches[0].fingerprint(),
    );
  const [a, b] = [star("a.star", 0.5), star("b.star", 0.5)];
  const first = await identity({ mtf_reference: a });
  expect(await identity({ mtf_reference: b })).toBe(first);
  expect(await identity({ mtf_values: [1, 0.5] })).toBe(first);
  star("b.star", 0.4);
  const others = [
    { mtf_reference: b },
    { mtf_reference: a, mtf_pixel_size: 1 },
    { mtf_reference: a, chromatic_aberration: 2.7 },
    { mtf_reference: a, laser_phase_plate: { numerical_aperture: 0.05, focal_length: 20 } },
    {},
  ];
  for (const effects of others) expect(await identity(effects)).not.toBe(first);
  await expect(identity({ mtf_reference: join(folder, "none.star") })).rejects.toThrow(/none.star/);
});

test("an MTF whose file was not read is not passed over", async () => {
  const folder = join(scratch, "unread");
  mkdirSync(folder);
  const configuration = smallConfiguration(folder, { image: [40, 40], template: 16 });
  const optics_group = { ...configuration.optics_group, mtf_reference: "k3.star" };
  const text = readFileSync(writeConfig(folder, { ...configuration, optics_group }), "utf8");
  const settings = parseMatchSettings(text, "a.yaml");
  const what = { settings, space: searchSpace(settings), size: 16, whitening: null };
  expect(() => templateFilters(what)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: settings.optics.mtf: expected the values of k3.star, found its path. Read them with readMtfFile.]`,
  );
  await expect(readMtfFile(settings.optics)).rejects.toThrow(/k3.star/);
});
