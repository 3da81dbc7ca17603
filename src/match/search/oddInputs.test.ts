import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { writeGoldenTable } from "../../../test/support/movieCase.ts";
import { noise } from "../../../test/support/noise.ts";
import {
  type Configuration,
  scratchFolder,
  smallConfiguration,
  writeConfig,
} from "../../../test/support/searchCase.ts";
import { formatCsv, formatMrc, formatMrcHeader, parseCsv, parseMrcHeader } from "../../io/index.ts";
import { runCoarseMatch } from "../coarse/coarseProgram.ts";
import { runMatches } from "../many/runMany.ts";
import { matchTargets } from "../many/targets.ts";
import { compareParticleTables } from "../particles/compareParticles.ts";
import { convertParticles } from "../particles/convertParticles.ts";
import { extractParticles } from "../refine/extractProgram.ts";
import { runRefine } from "../refine/refineProgram.ts";
import { runSimulateMicrograph } from "../simulate/simulateMicrographProgram.ts";
import { runMatch } from "./program.ts";

const folder = scratchFolder();
const golden = (file: string) =>
  fileURLToPath(new URL(`../../../test/golden/match/${file}`, import.meta.url));
let heard: string[] = [];
const onLog = (message: string, kind: string) => {
  if (kind === "warning") heard.push(message.replaceAll(`${folder}/`, ""));
};
beforeEach(() => {
  heard = [];
});

const path = (name: string) => join(folder, name);
const writeMap = (name: string, data: Float32Array, voxelSizeA = 2) =>
  writeFileSync(path(name), formatMrc({ data, shape: [16, 16, 16], voxelSizeA }));
const map = noise(16 ** 3, 5);

/** A copy of an MRC file whose header says other sides of its voxels. */
function withVoxels(from: string, name: string, sidesA: readonly [number, number, number]): string {
  const bytes = Uint8Array.from(readFileSync(from));
  const header = parseMrcHeader(bytes, from);
  const [x, y, z] = header.sampling;
  const cellA = [x * sidesA[0], y * sidesA[1], z * sidesA[2]] as const;
  bytes.set(formatMrcHeader({ ...header, cellA }));
  writeFileSync(path(name), bytes);
  return path(name);
}

const search = (change: (configuration: Configuration) => void) => {
  const configuration = smallConfiguration(folder, { image: [96, 80], template: 16 });
  change(configuration);
  const config = writeConfig(folder, configuration);
  return runMatch(config, { particlesPath: path("p.csv"), overwrite: true, workers: 1, onLog });
};

describe("templates", () => {
  test.each([
    ["zeros", 0, {}],
    ["a constant", 3.5, {}],
    ["a constant, padded", 3.5, { templatePadding: 2 }],
  ])("of %s match nothing: refused before the search", async (_, value, options) => {
    writeMap(
      "flat.mrc",
      map.map(() => value),
    );
    const configuration = smallConfiguration(folder, { image: [96, 80], template: 16 });
    configuration.template_volume_path = path("flat.mrc");
    const config = writeConfig(folder, configuration);
    const run = runMatch(config, { particlesPath: path("p.csv"), overwrite: true, workers: 1, ...options });
    await expect(run).rejects.toThrow(`flat.mrc: expected voxels that differ, found 4096 times ${value}.`);
  });

  test("whose header says another pixel size get the word that a micrograph gets", async () => {
    writeMap("three.mrc", map, 3);
    await search((configuration) => {
      configuration.template_volume_path = path("three.mrc");
    });
    expect(heard).toEqual(["three.mrc says 3 Å a pixel, the configuration 2 Å, which is used"]);
  });

  test("with voxels that are no cubes are refused beyond 1 %", async () => {
    writeMap("cube.mrc", map);
    withVoxels(path("cube.mrc"), "odd.mrc", [2, 2, 3]);
    const odd = search((configuration) => {
      configuration.template_volume_path = path("odd.mrc");
    });
    await expect(odd).rejects.toThrow("odd.mrc header.voxelSizeA: expected the same size along every axis");
    withVoxels(path("cube.mrc"), "round.mrc", [2, 2, 2.015]);
    await search((configuration) => {
      configuration.template_volume_path = path("round.mrc");
    });
    expect(heard).toEqual([]);
  });

  test("of a crystal's cell without right angles are refused: their voxels are no cubes either", async () => {
    writeMap("crystal.mrc", map);
    const bytes = readFileSync(path("crystal.mrc"));
    bytes.writeFloatLE(120, 60);
    writeFileSync(path("crystal.mrc"), bytes);
    const crystal = search((configuration) => {
      configuration.template_volume_path = path("crystal.mrc");
    });
    await expect(crystal).rejects.toThrow(
      "crystal.mrc header.cellb: expected a cell with right angles, found 90, 90, 120°, a crystal's",
    );
  });
});

test("optics in another unit are searched, with a word for each field", async () => {
  await search(({ optics_group }) => {
    Object.assign(optics_group, { defocus_u: 1.2, voltage: 300_000 });
  });
  expect(heard.map((text) => text.split(" is not")[0])).toEqual([
    "config.yaml optics_group.voltage: 300000 kV",
    "config.yaml optics_group.defocus_u: 1.2 Å",
  ]);
});

describe("tables and their images", () => {
  const { header } = (() => {
    const bytes = readFileSync(golden("micrograph.mrc"));
    return { header: parseMrcHeader(bytes, "micrograph.mrc") };
  })();
  const sizeA = header.voxelSizeA[0];

  test("extract says whose pixel size is not the table's", async () => {
    const table = writeGoldenTable(folder);
    const text = readFileSync(table, "utf8");
    const half = withVoxels(golden("micrograph.mrc"), "half.mrc", [sizeA / 2, sizeA / 2, sizeA / 2]);
    const other = path("other.csv");
    writeFileSync(other, text.replaceAll(golden("micrograph.mrc"), half));
    const options = { boxSize: 40, stackPath: path("boxes.mrcs"), overwrite: true, onLog };
    await extractParticles(other, options);
    const odd = heard.filter((line) => line.includes("a pixel"));
    expect(odd).toEqual([`half.mrc says ${sizeA / 2} Å a pixel, other.csv row 1 ${sizeA} Å, which is used`]);
  });

  test("refine says it of micrograph and template", async () => {
    const table = writeGoldenTable(folder);
    const template = withVoxels(golden("template.mrc"), "template3.mrc", [3, 3, 3]);
    const config = path("refine.yaml");
    const text = readFileSync(golden("refine1_config.yaml"), "utf8")
      .replace(/template_volume_path: .*/, `template_volume_path: ${template}`)
      .replace(/df_path: .*/, `df_path: ${table}`);
    writeFileSync(config, text);
    const options = { particlesPath: path("r.csv"), overwrite: true, workers: 1, onLog };
    await runRefine(config, { ...options, gradient: "only" });
    expect(heard).toContain(
      `template3.mrc says 3 Å a pixel, ${table.replace(`${folder}/`, "")} row 1 ${sizeA} Å, which is used`,
    );
  });

  test("compare-particles says that two tables count pixels of unlike size", async () => {
    const table = writeGoldenTable(folder);
    const { columns, rows } = parseCsv(readFileSync(table, "utf8"), table);
    const other = path("halved.csv");
    const half = (value: string) => String(Number(value) / 2);
    const halved = rows.map((row) => ({
      ...row,
      pixel_size: half(row.pixel_size),
      ...(row.refined_pixel_size && { refined_pixel_size: half(row.refined_pixel_size) }),
    }));
    writeFileSync(other, formatCsv(columns, halved));
    await compareParticleTables(other, table, { onLog });
    expect(heard).toEqual([expect.stringMatching(/^halved\.csv row 1: pixels of .* in pixels$/)]);
  });
});

test("symmetries are those that a search takes", async () => {
  const table = writeGoldenTable(folder);
  for (const symmetry of ["C", "o", "O4", "d07"])
    expect((await compareParticleTables(table, table, { symmetry })).missed).toEqual([]);
  await expect(compareParticleTables(table, table, { symmetry: "X" })).rejects.toThrow(
    'symmetry: expected C or D with its order, T, O or I, found "X"',
  );
});

test("extract and compare-particles read particles as STAR", async () => {
  const table = writeGoldenTable(folder);
  await convertParticles(table, path("stack.star"), { overwrite: true });
  const compared = await compareParticleTables(path("stack.star"), table);
  expect([compared.missed, compared.extra]).toEqual([[], []]);
  const options = { boxSize: 40, overwrite: true };
  const of = async (from: string, stackPath: string) => {
    await extractParticles(from, { ...options, stackPath });
    return readFileSync(stackPath).subarray(1024);
  };
  expect(await of(path("stack.star"), path("a.mrcs"))).toEqual(await of(table, path("b.mrcs")));
});

test("a search that finds nothing tells its best z-score; a picture that is no PNG is refused by its name", async () => {
  const configuration = smallConfiguration(folder, { image: [96, 80], template: 16 });
  const config = writeConfig(folder, configuration);
  const options = { particlesPath: path("p.csv"), overwrite: true, workers: 1, zCutoff: 50 };
  const none = await runMatch(config, options);
  expect(none.particles).toEqual([]);
  expect("bestZScore" in none && none.bestZScore).toBeGreaterThan(1);
  const coarse = { factor: 2, candidates: 40, samples: 50 };
  expect((await runCoarseMatch(config, { ...options, ...coarse })).bestZScore).toBeGreaterThan(1);
  const [micrograph] = (await runMatches(await matchTargets({ configs: [config] }), options)).micrographs;
  expect(micrograph).toMatchObject({ particles: 0, bestZScore: "bestZScore" in none && none.bestZScore });
  await expect(runMatch(config, { ...options, picturePath: path("x.jpg") })).rejects.toThrow(
    "x.jpg: expected a name that ends with .png, found .jpg.",
  );
});

test("simulate-micrograph refuses a constant map, and says what --pixel-size overrules and what has another unit", async () => {
  const options = {
    ...{ micrographPath: path("m.mrc"), truthPath: path("t.csv"), overwrite: true, workers: 1, onLog },
    ...{ shape: [96, 80] as const, count: 2, seed: 1, noise: { kind: "white", zScore: 20 } as const },
    ...{ voltageKv: 300, sphericalAberrationMm: 2.7, amplitudeContrast: 0.07, astigmatismAngleDeg: 0 },
    ...{ defocusUA: 1.2, defocusVA: 1.2, pixelSizeA: 2, configPath: path("search.yaml") },
  };
  writeMap(
    "flat.mrc",
    map.map(() => 3),
  );
  await expect(runSimulateMicrograph(path("flat.mrc"), options)).rejects.toThrow(
    "expected voxels that differ",
  );
  writeMap("three.mrc", map, 3);
  heard = [];
  await runSimulateMicrograph(path("three.mrc"), options);
  expect(heard.map((text) => text.split(" is not")[0])).toEqual([
    "three.mrc says 3 Å a pixel, --pixel-size 2 Å, which is used",
    "--defocus: 1.2 Å",
  ]);
  expect(readFileSync(path("search.yaml"), "utf8")).toContain("allow_file_overwrite: false");
});
