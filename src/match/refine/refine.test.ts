import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { goldenBytes, goldenNpy } from "../../../test/support/npy.ts";
import { writeGoldenRefinement } from "../../../test/support/refineCase.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { type CsvTable, formatCsv, parseCsv, readMrcImage, writeTiff } from "../../io/index.ts";
import { angleBetweenDeg, uniformOrientations } from "../../optics/index.ts";
import { parseRefineSettings } from "../config/refineConfig.ts";
import { runRefine } from "./refineProgram.ts";
import { REFINED_COLUMNS } from "./refineTable.ts";

const scratch = scratchFolder();
const golden = (file: string) =>
  fileURLToPath(new URL(`../../../test/golden/match/${file}`, import.meta.url));
const goldenText = (file: string) => new TextDecoder().decode(goldenBytes(file));

const goldenRefinement = (name: string) => writeGoldenRefinement(scratch, name);

async function refineGolden(
  name: string,
  options: { compatBatch?: number; workers?: number; wholeDisc?: boolean } = {},
) {
  const folder = goldenRefinement(name);
  const particlesPath = join(folder, `refined-${JSON.stringify(options).replace(/\W/g, "")}.csv`);
  const report = await runRefine(join(folder, "config.yaml"), { particlesPath, workers: 2, ...options });
  return { report, table: parseCsv(readFileSync(particlesPath, "utf8"), particlesPath) };
}

const numbers = (table: CsvTable, column: string) => table.rows.map((row) => Number(row[column]));

/** Largest difference of two lists of angles in degrees. */
function angleDifference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((angle, i) => Math.abs(((((angle - b[i]) % 360) + 540) % 360) - 180)));
}

describe.each(["refine1", "refine2"])("the golden %s, as Leopard-EM does it", (name) => {
  const expected = parseCsv(goldenText(`${name}_particles.csv`), name);
  let table: CsvTable;
  beforeAll(async () => {
    ({ table } = await refineGolden(name, { compatBatch: 32 }));
  });

  // Both sides are float32 transforms; the bound is the project's.
  test.each(["refined_mip", "refined_scaled_mip"])("%s differs by less than 1e-3", (column) => {
    const [found, wanted] = [numbers(table, column), numbers(expected, column)];
    expect(Math.max(...found.map((value, i) => Math.abs(value - wanted[i])))).toBeLessThan(1e-3);
  });

  test("orientation, defocus and pixel size are the same", () => {
    for (const angle of ["refined_phi", "refined_theta", "refined_psi"]) {
      expect(angleDifference(numbers(table, angle), numbers(expected, angle))).toBeLessThan(0.01);
    }
    for (const column of ["refined_relative_defocus", "refined_pixel_size"]) {
      expect(table.rows.map((row) => row[column])).toEqual(expected.rows.map((row) => row[column]));
    }
  });

  test("all other columns are the same, in the same order", () => {
    expect(table.columns).toEqual(expected.columns);
    const isFound = (column: string) => /refined_(mip|scaled_mip|phi|theta|psi)|path$/.test(column);
    for (const column of table.columns.filter((name) => !isFound(name))) {
      expect([column, table.rows.map((row) => row[column])]).toEqual([
        column,
        expected.rows.map((row) => row[column]),
      ]);
    }
  });
});

test("phase randomisation, which Leopard-EM reads and does not apply, is left out with a word, and counts otherwise", async () => {
  const folder = goldenRefinement("refine2");
  const random = join(folder, "random.yaml");
  const text = readFileSync(join(folder, "config.yaml"), "utf8");
  writeFileSync(random, text.replace("cuton: null\n    enabled: false", "cuton: 0.1\n    enabled: true"));
  const run = async (name: string, compatBatch?: number) => {
    const log: string[] = [];
    const compat = compatBatch === undefined ? {} : { compatBatch };
    const options = { particlesPath: join(folder, "random.csv"), workers: 2, overwrite: true, ...compat };
    const { particles } = await runRefine(name, { ...options, onLog: (line) => log.push(line) });
    return { particles, phases: log.filter((line) => line.includes("phase_randomization")) };
  };
  const plain = await run(join(folder, "config.yaml"), 32);
  const compat = await run(random, 32);
  expect(compat.particles).toEqual(plain.particles);
  const field = `${random} preprocessing_filters.phase_randomization_filter`;
  expect([plain.phases, compat.phases]).toEqual([[], [`${field} has no effect here`]]);
  const applied = await run(random);
  expect(applied.phases).toEqual([]);
  expect(applied.particles[0].zScore).toBeLessThan(
    0.9 * (await run(join(folder, "config.yaml"))).particles[0].zScore,
  );
});

test("a micrograph may be a TIFF", async () => {
  const folder = goldenRefinement("refine1");
  const { data, shape, pixelSizeA } = await readMrcImage(golden("micrograph.mrc"));
  const page = { data, width: shape[1], height: shape[0], channels: 1, dtype: "float32" } as const;
  await writeTiff(join(folder, "micrograph.tif"), { pages: [page], pixelSizeA }, { overwrite: true });
  const table = readFileSync(join(folder, "particles.csv"), "utf8");
  const tiff = table.replaceAll(golden("micrograph.mrc"), join(folder, "micrograph.tif"));
  writeFileSync(join(folder, "particles.csv"), tiff);
  const options = {
    particlesPath: join(folder, "tiff.csv"),
    workers: 2,
    overwrite: true,
    tiffRows: "keep",
  } as const;
  const { particles } = await runRefine(join(folder, "config.yaml"), options);
  expect(particles).toEqual((await refineGolden("refine1", { workers: 4 })).report.particles);
});

test("the offsets of orientation are Leopard-EM's", () => {
  const { orientations } = parseRefineSettings(goldenText("refine1_config.yaml"), "refine1_config.yaml");
  if (orientations === null) throw new Error("no orientations");
  const found = uniformOrientations(orientations);
  const { data } = goldenNpy("refine1_euler_offsets.npy");
  expect(found.length).toBe(data.length);
  expect(Math.max(...found.map((angle, i) => Math.abs(angle - data[i])))).toBeLessThan(1e-9);
});

test("offsets may be a cartesian grid, with no offset larger than the coarse steps", () => {
  const text = goldenText("refine1_config.yaml").replace("uniform", "cartesian");
  const { orientations } = parseRefineSettings(text, "refine1_config.yaml");
  if (orientations === null) throw new Error("no orientations");
  const angles = uniformOrientations(orientations);
  expect(angles.length).toBeGreaterThan(3 * 10);
  expect(Math.max(...angles.map(Math.abs))).toBeLessThanOrEqual(9 + 1e-5);
});

test("the whole disc has tilts about every axis, Leopard-EM's offsets only those near y", () => {
  const axesOf = (wholeDisc: boolean) => {
    const text = goldenText("refine1_config.yaml");
    const { orientations } = parseRefineSettings(text, "refine1_config.yaml", { wholeDisc });
    if (orientations === null) throw new Error("no orientations");
    const angles = uniformOrientations(orientations);
    const tilted = [...angles.keys()].filter((i) => i % 3 === 0 && Math.abs(angles[i + 1]) > 2);
    return tilted.map((i) => Math.abs(Math.cos((angles[i] * Math.PI) / 180)));
  };
  expect(Math.min(...axesOf(false))).toBeGreaterThan(0.98);
  expect(Math.min(...axesOf(true))).toBeLessThan(0.1);
});

test("the whole disc stays as near to a particle's pose as the coarse steps say", async () => {
  const { table } = await refineGolden("refine1", { wholeDisc: true });
  const pose = (row: CsvTable["rows"][number], prefix: string) => {
    const [phiDeg, thetaDeg, psiDeg] = ["phi", "theta", "psi"].map((name) => Number(row[prefix + name]));
    return { phiDeg, thetaDeg, psiDeg };
  };
  const changes = table.rows.map((row) => angleBetweenDeg(pose(row, ""), pose(row, "refined_")));
  // a tilt and a turn about the beam of up to 9°, at right angles to each other; angles are float32
  expect(Math.max(...changes)).toBeLessThan(Math.hypot(9, 9) + 0.01);
  expect(Math.max(...changes)).toBeGreaterThan(3);
});

test("the columns are those of the golden table", () => {
  expect(["", ...REFINED_COLUMNS]).toEqual(parseCsv(goldenText("refine1_particles.csv"), "golden").columns);
});

describe("without Leopard-EM's second root", () => {
  test("scores are those of the search: at no offset at all its own", async () => {
    const folder = goldenRefinement("refine1");
    const path = join(folder, "none.yaml");
    const text = readFileSync(join(folder, "config.yaml"), "utf8");
    const off = text.replaceAll(/enabled: true\n(?= {2}(skip|phi_step))/g, "enabled: false\n");
    writeFileSync(path, off);
    const { particles } = await runRefine(path, {
      particlesPath: join(folder, "none.csv"),
      workers: 2,
    });
    const search = parseCsv(goldenText("search1_particles.csv"), "search1");
    expect(particles.every(({ orientation, defocus }) => orientation === 0 && defocus === 0)).toBe(true);
    // The box is normalised over its own pixels, and the defocus of the search is the particle's: within 3 %.
    particles.slice(0, 8).forEach(({ zScore }, i) => {
      expect(zScore / numbers(search, "scaled_mip")[i]).toBeCloseTo(1, 1);
    });
  });

  test("a box larger by an odd number leaves particles in their places; Leopard-EM moves them by a pixel", async () => {
    const folder = goldenRefinement("refine1");
    const path = join(folder, "odd.yaml");
    writeFileSync(path, readFileSync(join(folder, "config.yaml"), "utf8").replaceAll("- 60", "- 61"));
    const options = { particlesPath: join(folder, "odd.csv"), workers: 2, overwrite: true };
    const [right, leopard] = [
      await runRefine(path, options),
      await runRefine(path, { ...options, compatBatch: 32 }),
    ];
    const shifts = ({ particles }: typeof right) =>
      particles.slice(0, 8).map(({ shiftX, shiftY }) => [shiftX, shiftY]);
    expect(shifts(right)).toEqual(Array(8).fill([0, 0]));
    expect(shifts(leopard)).toEqual(Array(8).fill([-1, -1]));
  });

  test("the result does not depend on the number of workers", async () => {
    const runs = await Promise.all([1, 3].map((workers) => refineGolden("refine1", { workers })));
    expect(runs[0].table).toEqual(runs[1].table);
  });

  test("a second refinement begins where the first ended", async () => {
    const first = await refineGolden("refine1");
    const folder = goldenRefinement("refine2");
    const again = join(folder, "again.yaml");
    const text = readFileSync(join(folder, "config.yaml"), "utf8");
    const path = join(folder, "once.csv");
    const { report, table } = first;
    writeFileSync(path, formatCsv(table.columns, table.rows));
    writeFileSync(again, text.replace(/df_path: .*/, `df_path: ${path}`));
    const second = await runRefine(again, { particlesPath: join(folder, "twice.csv"), workers: 2 });
    const twice = parseCsv(readFileSync(join(folder, "twice.csv"), "utf8"), "twice.csv");
    second.particles.forEach((particle, i) => {
      const step = particle.shiftX + report.particles[i].shiftX;
      expect(Number(twice.rows[i].refined_pos_x)).toBe(Number(table.rows[i].pos_x) + step);
    });
    expect(angleDifference(numbers(twice, "refined_theta"), numbers(table, "refined_theta"))).toBeLessThan(
      0.001,
    );
  });
});

describe("bad input", () => {
  const wrong = async (edit: (text: string) => string, particles = "refined.csv") => {
    const folder = goldenRefinement("refine1");
    const path = join(folder, "wrong.yaml");
    writeFileSync(path, edit(readFileSync(join(folder, "config.yaml"), "utf8")));
    const error = await runRefine(path, { particlesPath: join(folder, particles), workers: 1 }).catch(
      (reason: unknown) => reason,
    );
    return String(error).replaceAll(`${folder}/`, "").replaceAll(golden(""), "");
  };

  test.each([
    [
      "an unknown key",
      (text: string) => text.replace("df_path", "df_paht"),
      'wrong.yaml particle_stack.df_paht: expected a known key, found "df_paht" (did you mean "df_path"?). Known keys: df_path, extracted_box_size, original_template_size, leopard_em_version, global_whitening_applied, local_whitening_applied, global_normalization_applied, local_normalization_applied, hdf5_path, allow_file_overwrite, image_stack_stored, local_stats_stored, use_stored_image_stack.',
    ],
    [
      "a small box",
      (text: string) => text.replaceAll("- 60", "- 40"),
      "wrong.yaml particle_stack.extracted_box_size: expected at least original_template_size, 48 x 48, found 40 x 40.",
    ],
    [
      "another template size",
      (text: string) => text.replaceAll("- 48", "- 50"),
      "wrong.yaml particle_stack.original_template_size: expected 48 x 48, the size of template.mrc, found 50 x 50.",
    ],
    [
      "a movie without a path",
      (text: string) => text.replace(/(movie_config:\n.*\n) {2}enabled: false/, "$1  enabled: true"),
      "wrong.yaml movie_config.movie_path: expected the path of a movie, found none.",
    ],
    [
      "a missing table",
      (text: string) => text.replace("particles.csv", "particle.csv"),
      "particle.csv: expected a file or folder, found none. Check the path.",
    ],
    [
      "a fine step of 0",
      (text: string) => text.replace("psi_step_fine: 3.0", "psi_step_fine: 0"),
      "wrong.yaml orientation_refinement_config.psi_step_fine: expected degrees above 0, found 0.",
    ],
    [
      "a defocus range backwards",
      (text: string) => text.replace("defocus_max: 200", "defocus_max: -300"),
      "wrong.yaml defocus_refinement_config.defocus_max: expected a number of at least -200, found -300.",
    ],
  ])("%s is one line that names file and field", async (_, edit, message) => {
    expect(await wrong(edit)).toBe(`VitrineError: ${message}`);
  });

  test("the configuration of another program is called that", async () => {
    expect(await wrong(() => goldenText("search1_config.yaml"))).toBe(
      "VitrineError: wrong.yaml: expected a configuration of refine, found one of match. Give it to vitrine match.",
    );
  });

  test("a result that is there already, or would fall on an input", async () => {
    expect(await wrong((text) => text, "particles.csv")).toMatch(
      /expected one result of this name, found an input/,
    );
    expect(
      await wrong((text) => text, "../../../../../../../../..".concat(golden("micrograph.mrc"))),
    ).toMatch(/micrograph.mrc: expected one result of this name, found an input/);
    const folder = goldenRefinement("refine1");
    writeFileSync(join(folder, "there.csv"), "");
    expect(await wrong((text) => text, "there.csv")).toMatch(
      /there.csv: expected no file of this name, found one/,
    );
  });

  test("a map that is not of the micrograph", async () => {
    const folder = goldenRefinement("refine1");
    const table = readFileSync(join(folder, "particles.csv"), "utf8");
    const swapped = table.replaceAll("search1_correlation_average.mrc", "micrograph.mrc");
    const path = join(folder, "swapped.csv");
    writeFileSync(path, swapped);
    expect(await wrong((text) => text.replace(/df_path: .*/, `df_path: ${path}`))).toMatch(
      /swapped.csv row 1 micrograph.mrc: expected 209 x 273, the places of the template in .*found 256 x 320/,
    );
  });
});

test("a table without particles is refined to one, with a word", async () => {
  const folder = goldenRefinement("refine1");
  const [table, config] = [join(folder, "none.csv"), join(folder, "none.yaml")];
  writeFileSync(table, `${readFileSync(join(folder, "particles.csv"), "utf8").split("\n", 1)[0]}\n`);
  writeFileSync(
    config,
    readFileSync(join(folder, "config.yaml"), "utf8").replace(/df_path: .*/, `df_path: ${table}`),
  );
  const log: string[] = [];
  const onLog = (line: string) => void log.push(line);
  const { particles } = await runRefine(config, { particlesPath: join(folder, "r.csv"), workers: 1, onLog });
  expect(particles).toEqual([]);
  expect(log).toContain(`${table} holds no particles: there is nothing to refine`);
});
