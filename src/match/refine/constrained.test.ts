import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { withoutSizes, writeStackOf } from "../../../test/support/particleStackFile.ts";
import { NEAR_FOCUS, plantedTable, writePlantedMaps } from "../../../test/support/plantedTable.ts";
import { type Configuration, scratchFolder } from "../../../test/support/searchCase.ts";
import { type EulerZyz, matrixFromZyz, multiplyMatrices, zyzFromMatrix } from "../../core/index.ts";
import { formatMrc, parseCsv } from "../../io/index.ts";
import { readConfig } from "../config/configPrograms.ts";
import { simulateMicrograph } from "../simulate/simulateMicrograph.ts";
import { simulateMolecule, volumeFromMolecule } from "../simulate/simulateMolecule.ts";
import { runConstrainedSearch } from "./constrainedProgram.ts";
import { CONSTRAINED_COLUMNS } from "./refineTable.ts";

const folder = scratchFolder();
const SIDE = 32;
const SHAPE = [160, 200] as const;
const PIXEL_SIZE_A = 2;
const SEARCH = { folder, optics: NEAR_FOCUS, pixelSizeA: PIXEL_SIZE_A, boxSize: SIDE };
/** The other particle sits this far from the reference, in the template's frame. */
const CENTER_A = [900, -700, 1200] as const;
/** It has turned about the template's z axis by this; the search goes from -30 to 30 in steps of 10. */
const TURN_DEG = 20;

const REFERENCES = [
  { posX: 20, posY: 20, phiDeg: 20, thetaDeg: 50, psiDeg: 70 },
  { posX: 90, posY: 40, phiDeg: 110, thetaDeg: 80, psiDeg: 200 },
  { posX: 150, posY: 110, phiDeg: 250, thetaDeg: 120, psiDeg: 310 },
  { posX: 40, posY: 100, phiDeg: 300, thetaDeg: 35, psiDeg: 15 },
].map((pose) => ({ ...pose, relativeDefocusA: 100 }));
/** Nothing is there. */
const EMPTY = { posX: 96, posY: 116, phiDeg: 10, thetaDeg: 90, psiDeg: 10, relativeDefocusA: 100 };

/** What an in-plane turn of the image leaves alone: the height of transpose(R) c. */
function heightA({ phiDeg, thetaDeg }: EulerZyz): number {
  const [phi, theta] = [(phiDeg * Math.PI) / 180, (thetaDeg * Math.PI) / 180];
  const [x, y, z] = CENTER_A;
  return Math.sin(theta) * (Math.cos(phi) * x + Math.sin(phi) * y) + Math.cos(theta) * z;
}

const turned = (pose: EulerZyz) =>
  zyzFromMatrix(
    multiplyMatrices(matrixFromZyz({ phiDeg: TURN_DEG, thetaDeg: 0, psiDeg: 0 }), matrixFromZyz(pose)),
  );

function writeInputs(): void {
  const molecule = simulateMolecule({ radiusA: 22, seed: 5, atomCount: 300, sigmaA: 2 });
  const volume = volumeFromMolecule(molecule, { boxSize: SIDE, voxelSizeA: PIXEL_SIZE_A });
  writeFileSync(join(folder, "template.mrc"), formatMrc(volume));
  const planted = REFERENCES.map((reference) => ({
    posX: reference.posX + 1,
    posY: reference.posY - 2,
    ...turned(reference),
    relativeDefocusA: 100 - heightA(reference),
  }));
  const { folder: _, ...search } = SEARCH;
  const options = { ...search, shape: SHAPE, signal: 30, seed: 8 };
  writePlantedMaps(SEARCH, simulateMicrograph(molecule, planted, options));
}

function writeConfig(name: string, changes: Configuration = {}): string {
  const stack = (file: string) => ({
    df_path: join(folder, file),
    extracted_box_size: [SIDE + 8, SIDE + 8],
    original_template_size: [SIDE, SIDE],
  });
  const config = {
    template_volume_path: join(folder, "template.mrc"),
    center_vector: [...CENTER_A],
    particle_stack_reference: stack("references.csv"),
    particle_stack_constrained: stack("constrained.csv"),
    orientation_refinement_config: {
      phi_min: 0,
      phi_max: 0,
      theta_min: 0,
      theta_max: 0,
      theta_step: 10,
      psi_min: -30,
      psi_max: 31,
      psi_step: 10,
    },
    defocus_refinement_config: { enabled: true, defocus_min: -300, defocus_max: 300, defocus_step: 150 },
    preprocessing_filters: {},
    ...changes,
  };
  writeFileSync(join(folder, name), stringify(config));
  return join(folder, name);
}

beforeAll(() => {
  writeInputs();
  // the references' own maps do not exist: those of the other particle's search are taken
  const references = plantedTable([...REFERENCES, EMPTY], SEARCH);
  writeFileSync(
    join(folder, "references.csv"),
    references.replace(/(mean|deviation)\.mrc/g, "absent-$1.mrc"),
  );
  writeFileSync(join(folder, "constrained.csv"), plantedTable(REFERENCES.slice(0, 1), SEARCH));
});

describe("a particle planted beside four references", () => {
  const outputs = ["all.csv", "all_parameters.csv", "all_above_threshold.csv"].map((name) =>
    join(folder, name),
  );
  let report: Awaited<ReturnType<typeof runConstrainedSearch>>;
  beforeAll(async () => {
    report = await runConstrainedSearch(writeConfig("config.yaml"), {
      particlesPath: outputs[0],
      workers: 2,
    });
  });
  const read = (i: number) => parseCsv(readFileSync(outputs[i], "utf8"), outputs[i]);

  test("is found in its four places and not in the empty one", () => {
    expect(report.found).toEqual([0, 1, 2, 3]);
    expect(report.files).toEqual(outputs);
  });

  test("has its turn, its shift and its height", () => {
    REFERENCES.forEach((reference, i) => {
      const row = read(0).rows[i];
      expect(Number(row.original_offset_psi)).toBeCloseTo(TURN_DEG, 4);
      expect([
        Number(row.refined_pos_x) - reference.posX,
        Number(row.refined_pos_y) - reference.posY,
      ]).toEqual([1, -2]);
      const defocusError = Number(row.refined_relative_defocus) - (100 - heightA(reference));
      expect(Math.abs(defocusError)).toBeLessThanOrEqual(151);
      expect(Number(row.refined_theta)).toBeCloseTo(turned(reference).thetaDeg, 3);
    });
  });

  test("names the maps of its own search, which its z-scores are of", () => {
    for (const row of read(0).rows) {
      const { correlation_average_path: mean, correlation_variance_path: deviation } = row;
      expect([mean, deviation]).toEqual(["mean.mrc", "deviation.mrc"].map((file) => join(folder, file)));
    }
  });

  test("three tables are written: all, the cutoff, those above it", () => {
    expect(read(0).columns).toEqual(["", ...CONSTRAINED_COLUMNS]);
    expect(CONSTRAINED_COLUMNS.length).toBe(54);
    expect(read(1).rows).toEqual([
      {
        "": "0",
        num_projections: "35",
        num_px: "81",
        num_correlations: "2835",
        false_positives: "0.005",
        threshold: String(report.zCutoff),
      },
    ]);
    expect(read(2).rows).toEqual(read(0).rows.slice(0, 4));
  });
});

test("an axis turns the offsets, and offsets about another axis do not fit", async () => {
  const orientation = { phi_min: 0, phi_max: 0, theta_min: 0, theta_max: 0, psi_min: 20, psi_max: 20 };
  const search = async (name: string, axis: readonly number[]) => {
    const config = writeConfig(`${name}.yaml`, {
      orientation_refinement_config: { ...orientation, rotation_axis_euler_angles: axis },
    });
    return runConstrainedSearch(config, { particlesPath: join(folder, `${name}.csv`), workers: 2 });
  };
  const [along, across] = [await search("along", [40, 0, 0]), await search("across", [0, 90, 0])];
  const sum = ({ particles }: typeof along) => REFERENCES.reduce((z, _, i) => z + particles[i].zScore, 0);
  expect(sum(along)).toBeGreaterThan(sum(across) + 3);
});

test("phase randomisation is left out as Leopard-EM does, with a word", async () => {
  const phases = { phase_randomization_filter: { enabled: true, cuton: 0.05 } };
  const random = writeConfig("random.yaml", { preprocessing_filters: phases });
  const log: string[] = [];
  const options = { particlesPath: join(folder, "random.csv"), workers: 2, overwrite: true };
  const compat = { ...options, compatBatch: 64 };
  const plain = await runConstrainedSearch(writeConfig("plain.yaml"), compat);
  const left = await runConstrainedSearch(random, { ...compat, onLog: (line) => log.push(line) });
  expect(left.particles).toEqual(plain.particles);
  expect(log).toEqual([`${random} preprocessing_filters.phase_randomization_filter has no effect here`]);
  const [applied, without] = [random, writeConfig("plain.yaml")].map((path) =>
    runConstrainedSearch(path, options),
  );
  expect((await applied).particles).not.toEqual((await without).particles);
});

test.each([
  ["an unknown key", { centre_vector: [0, 0, 0] }, /x.yaml.centre_vector: expected a known key/],
  ["a short vector", { center_vector: [0, 0] }, /x.yaml center_vector/],
  [
    "a range backwards",
    { orientation_refinement_config: { psi_min: 10, psi_max: 5 } },
    /x.yaml orientation_refinement_config.psi_max: expected a number of at least 10, found 5/,
  ],
] as [string, Configuration, RegExp][])("%s is refused", async (_, changes, message) => {
  const path = join(folder, "refused.csv");
  await expect(runConstrainedSearch(writeConfig("x.yaml", changes), { particlesPath: path })).rejects.toThrow(
    message,
  );
  expect(existsSync(path)).toBe(false);
});

test("references of two micrographs are refused", async () => {
  const text = plantedTable(REFERENCES, SEARCH).replace("image.mrc", "image2.mrc");
  writeFileSync(join(folder, "two.csv"), text);
  const stack = {
    df_path: join(folder, "two.csv"),
    extracted_box_size: [40, 40],
    original_template_size: [32, 32],
  };
  const config = writeConfig("two.yaml", { particle_stack_reference: stack });
  await expect(runConstrainedSearch(config)).rejects.toThrow(
    /two.csv row 2 micrograph_path: expected .*image2.mrc/,
  );
});

test("stacks of HDF5 say their sizes, and that their boxes are not taken is said", async () => {
  for (const name of ["references", "constrained"])
    await writeStackOf(join(folder, `${name}.csv`), join(folder, `${name}.h5`), {
      box: SIDE + 8,
      template: SIDE,
    });
  const text = withoutSizes(readFileSync(writeConfig("sized.yaml"), "utf8"));
  expect(text).not.toContain("_size:");
  const config = join(folder, "unsized.yaml");
  writeFileSync(config, text.replace(/hdf5_path: .*references.h5/, "$&\n  use_stored_image_stack: true"));
  const log: string[] = [];
  const options = {
    particlesPath: join(folder, "unsized.csv"),
    workers: 2,
    onLog: (line: string) => void log.push(line),
  };
  const { found } = await runConstrainedSearch(config, options);
  expect(found).toEqual([0, 1, 2, 3]);
  expect(log).toContainEqual(
    expect.stringContaining("particle_stack_reference.use_stored_image_stack (only refine takes the boxes"),
  );
  expect((await readConfig(config)).program).toBe("constrained-search");
});
