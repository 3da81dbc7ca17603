import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { difference, likelihoodGolden } from "../../../test/support/likelihoodCase.ts";
import {
  type NpyValueContent,
  openMrc,
  readNpzValues,
  readTorchTensor,
  writeMrc,
  writeNpzValues,
} from "../../io/index.ts";
import { fromIndividualValues } from "../descriptor/descriptor.ts";
import {
  convertParticleStacksFromCryosparcJobDirectory,
  convertParticleStacksFromIndexedCryosparcFile,
  convertParticleStacksFromIndexedStarFile,
  convertParticleStacksFromPairedStarAndMrcFiles,
} from "./particleStacks.ts";
import { readStackMetadata } from "./stackMetadata.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-particles-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const newFolder = () => mkdtempSync(join(scratch, "out-"));

const params = likelihoodGolden("run/parameters.npz");
const input = (name: string) => likelihoodGolden(`input/${name}`);
const stackName = (i: number) => `fft/particles_fourier_stack_00000${i}`;

// CryoLike's run in single precision is 9e-7 off what the same sums in double give, of an image's largest value; these stacks 6e-8.
const SINGLE = 1e-6;

async function expectSame(folder: string, golden: string, name: string): Promise<void> {
  const [found, expected] = [
    await readTorchTensor(join(folder, name)),
    await readTorchTensor(likelihoodGolden(`run/${golden}/${name}`)),
  ];
  expect([found.dtype, found.shape]).toEqual([expected.dtype, expected.shape]);
  expect(difference(found.data as Float32Array, expected.data as Float32Array)).toBeLessThan(SINGLE);
}

/** Entries in order with types; angles are radians of another library. */
async function expectSameEntries(folder: string, golden: string, name: string): Promise<void> {
  const [found, expected] = [
    [...(await readNpzValues(join(folder, `${name}.npz`)))],
    [...(await readNpzValues(likelihoodGolden(`run/${golden}/${name}.npz`)))],
  ];
  expect(found.map(([key, { dtype, shape }]) => [key, dtype, shape])).toEqual(
    expected.map(([key, { dtype, shape }]) => [key, dtype, shape]),
  );
  for (const [i, [key, { data }]] of found.entries()) {
    const other = expected[i][1].data;
    if (data instanceof Float64Array)
      expect(difference(data, other as Float64Array), key).toBeLessThan(1e-15);
    else expect(data, key).toEqual(other);
  }
}

describe("against CryoLike", () => {
  test("a stack and its table", async () => {
    const folder = newFolder();
    const report = await convertParticleStacksFromPairedStarAndMrcFiles(
      params,
      [input("particles.mrcs")],
      [input("particles.star")],
      { folderOutput: folder, compat: true },
    );
    expect(report).toEqual({ folder, stacks: 1, images: 24 });
    await expectSame(folder, "particles", `${stackName(0)}.pt`);
    await expectSame(folder, "particles", "phys/particles_phys_stack_000000.pt");
    await expectSameEntries(folder, "particles", stackName(0));
  });

  test("a STAR file that names images, in stacks of ten", async () => {
    const folder = newFolder();
    const options = { folderOutput: folder, batchSize: 10, compat: true };
    expect(
      await convertParticleStacksFromIndexedStarFile(params, input("particles.star"), options),
    ).toMatchObject({ stacks: 3, images: 24 });
    for (const i of [0, 1, 2]) await expectSameEntries(folder, "particles_indexed_star", stackName(i));
    const parts = await Promise.all(
      [0, 1, 2].map((i) => readTorchTensor(join(folder, `${stackName(i)}.pt`))),
    );
    expect(parts.map(({ shape }) => shape[0])).toEqual([10, 10, 4]);
    const whole = await readTorchTensor(likelihoodGolden(`run/particles/${stackName(0)}.pt`));
    const joined = parts.flatMap(({ data }) => [...(data as Float32Array)]);
    expect(difference(joined, whole.data as Float32Array)).toBeLessThan(SINGLE);
  });

  test("a .cs file, whose rows are in reverse, in stacks of ten", async () => {
    const folder = newFolder();
    const options = { folderOutput: folder, batchSize: 10, compat: true };
    await convertParticleStacksFromIndexedCryosparcFile(params, input("particles.cs"), options);
    for (const i of [0, 1, 2]) await expectSameEntries(folder, "particles_indexed_cs", stackName(i));
    await expectSame(folder, "particles_indexed_cs", `${stackName(2)}.pt`);
    await expectSame(folder, "particles_indexed_cs", "phys/particles_phys_stack_000002.pt");
  });
});

async function particles(count: number) {
  const file = await openMrc(input("particles.mrcs"));
  const data = await file.readSections(0, count);
  await file.close();
  return data;
}

const star = readFileSync(input("particles.star"), "utf8");
/** The first rows of the table, changed. */
function starOf(rows: number, change: (line: string, row: number) => string = (line) => line): string {
  const lines = star.split("\n");
  const first = lines.findIndex((line) => line.startsWith("000001@"));
  return [...lines.slice(0, first), ...lines.slice(first, first + rows).map(change), ""].join("\n");
}

test("metadata of CryoLike's own stacks are read: B-factors or none, numbers of cryoSPARC, slices of a table", async () => {
  for (const [folder, stack, count] of [
    ["particles", 0, 24],
    ["particles4", 0, 4],
    ["particles_indexed_star", 2, 4],
    ["particles_indexed_cs", 1, 10],
  ] as const) {
    const found = await readStackMetadata(likelihoodGolden(`run/${folder}/${stackName(stack)}.npz`));
    expect([found.count, found.lens.defocusUA.length, found.lens.phaseShiftRad.length]).toEqual([
      count,
      count,
      count,
    ]);
    expect([found.lens.csMm, found.lens.voltageKv].map((value) => Math.round(value * 100) / 100)).toEqual([
      2.7, 300,
    ]);
    expect(found.descriptor.boxSizeA).toEqual([96, 96]);
  }
});

test("metadata that lack something are named", async () => {
  const folder = newFolder();
  const entries = [...(await readNpzValues(likelihoodGolden(`run/particles4/${stackName(0)}.npz`)))] as [
    string,
    NpyValueContent,
  ][];
  const path = join(folder, "s.npz");
  const readWithout = async (change: (entry: [string, NpyValueContent]) => [string, NpyValueContent][]) => {
    await writeNpzValues(path, entries.flatMap(change), { overwrite: true });
    return readStackMetadata(path);
  };
  await expect(readWithout((entry) => (entry[0] === "voltage" ? [] : [entry]))).rejects.toThrow(
    "s.npz voltage: expected a number, found nothing.",
  );
  await expect(readWithout((entry) => (entry[0] === "n_pixels" ? [] : [entry]))).rejects.toThrow(
    "s.npz n_pixels: expected",
  );
  const short: NpyValueContent = { shape: [3], data: new Float64Array(3) };
  await expect(
    readWithout((entry) => [entry[0] === "defocusV" ? ["defocusV", short] : entry]),
  ).rejects.toThrow("s.npz defocusV: expected 4 numbers, as many as images, found 3.");
  const holed: NpyValueContent = { shape: [4], data: Float64Array.of(1, Number.NaN, 1, 1) };
  await expect(
    readWithout((entry) => [entry[0] === "defocusU" ? ["defocusU", holed] : entry]),
  ).rejects.toThrow("s.npz defocusU: expected 4 numbers");
});

describe("stacks", () => {
  test("across files, in the order of their names, with the images of each that the table names; their own files and images", async () => {
    const [folder, out] = [newFolder(), newFolder()];
    const data = await particles(6);
    for (const [name, from] of [
      ["b.mrcs", 0],
      ["a.mrcs", 3],
    ] as const)
      await writeMrc(join(folder, name), {
        data: data.slice(from * 2304, (from + 3) * 2304),
        shape: [3, 48, 48],
        voxelSizeA: 2,
        kind: "stack",
      });
    const places = ["2@x/b.mrcs", "3@x/a.mrcs", "1@x/a.mrcs", "1@x/b.mrcs", "1@gone.mrcs"];
    writeFileSync(
      join(folder, "p.star"),
      starOf(5, (line, row) => line.replace(/^\S+/, places[row])),
    );
    const said: string[] = [];
    const report = await convertParticleStacksFromIndexedStarFile(params, join(folder, "p.star"), {
      folderOutput: out,
      batchSize: 3,
      onLog: (message) => said.push(message),
    });
    expect(report).toMatchObject({ stacks: 2, images: 4 });
    expect(said.filter((message) => message.includes("left out"))).toEqual([
      `${join(folder, "p.star")}: left out, there is no file gone.mrcs (1 particles)`,
    ]);
    const values = await readNpzValues(join(out, `${stackName(0)}.npz`));
    expect(values.get("files")?.data).toEqual(["x/a.mrcs", "x/a.mrcs", "x/b.mrcs"]);
    expect(Array.from(values.get("idxs")?.data as BigInt64Array, Number)).toEqual([2, 0, 1]);
    const { lens, count } = await readStackMetadata(join(out, `${stackName(0)}.npz`));
    expect([count, ...Array.from(lens.defocusUA)]).toEqual([3, 9238.36094, 13021.316566, 15847.099061]);
    const whole = await readTorchTensor(likelihoodGolden(`run/particles/${stackName(0)}.pt`));
    const each = 2 * 40 * 96;
    const image = (i: number) => (whole.data as Float32Array).subarray(i * each, (i + 1) * each);
    const first = (await readTorchTensor(join(out, `${stackName(0)}.pt`))).data as Float32Array;
    for (const [i, source] of [5, 3, 1].entries())
      expect(difference(first.subarray(i * each, (i + 1) * each), image(source))).toBeLessThan(SINGLE);
  });

  test("pairs keep to their files; a most number of stacks; nothing is replaced without being asked", async () => {
    const [folder, out] = [newFolder(), newFolder()];
    const data = await particles(5);
    await writeMrc(join(folder, "a.mrcs"), { data, shape: [5, 48, 48], voxelSizeA: 2, kind: "stack" });
    writeFileSync(join(folder, "a.star"), starOf(5));
    const [stacks, tables] = [Array(2).fill(join(folder, "a.mrcs")), Array(2).fill(join(folder, "a.star"))];
    const run = (options: object) =>
      convertParticleStacksFromPairedStarAndMrcFiles(params, stacks, tables, {
        folderOutput: out,
        batchSize: 3,
        ...options,
      });
    expect(await run({})).toMatchObject({ stacks: 4, images: 10 });
    const starts = await Promise.all(
      [0, 1, 2, 3].map(async (i) => {
        const values = await readNpzValues(join(out, `${stackName(i)}.npz`));
        return ["stack_start", "stack_end"].map((key) => Number(values.get(key)?.data[0]));
      }),
    );
    expect(starts).toEqual([
      [0, 3],
      [3, 5],
      [0, 3],
      [3, 5],
    ]);
    await expect(run({})).rejects.toThrow(
      "expected no file of this name, found one. Allow it with --overwrite",
    );
    const said: string[] = [];
    const onLog = (message: string) => said.push(message);
    expect(await run({ overwrite: true, nStacksMax: 2, onLog })).toMatchObject({ stacks: 2, images: 5 });
    expect(said.at(-1)).toBe(`${out}: 2 stacks of an earlier run stay there, from number 2 on`);
  });

  test("a job of cryoSPARC", async () => {
    const [folder, out] = [newFolder(), newFolder()];
    mkdirSync(join(folder, "J7", "restack"), { recursive: true });
    copyFileSync(input("particles.cs"), join(folder, "J7", "J7_passthrough_particles.cs"));
    const data = await particles(24);
    for (const [i, [from, to]] of [
      [0, 10],
      [10, 24],
    ].entries()) {
      const content = {
        data: data.slice(from * 2304, to * 2304),
        shape: [to - from, 48, 48],
        voxelSizeA: 2,
        kind: "stack",
      } as const;
      await writeMrc(join(folder, "J7", "restack", `batch_00000${i}_restacked.mrc`), content);
    }
    const report = await convertParticleStacksFromCryosparcJobDirectory(params, folder, {
      folderOutput: out,
      batchSize: 16,
      jobNumber: 7,
    });
    expect(report).toMatchObject({ stacks: 2, images: 24 });
    const { lens } = await readStackMetadata(join(out, `${stackName(1)}.npz`));
    expect(lens.defocusUA.length).toBe(8);
    const again = await convertParticleStacksFromCryosparcJobDirectory(params, join(folder, "J7"), {
      folderOutput: newFolder(),
    });
    expect(again.images).toBe(24);
    await expect(convertParticleStacksFromCryosparcJobDirectory(params, out, {})).rejects.toThrow(
      "expected one job, found none. Say its number (--job).",
    );
  });

  test("smaller images, in double precision, with pixel sizes that say so", async () => {
    const out = newFolder();
    const descriptor = fromIndividualValues(24, 4, { precision: "double" });
    await convertParticleStacksFromIndexedStarFile(descriptor, input("particles.star"), {
      folderOutput: out,
      downsampleFactor: 2,
      nStacksMax: 1,
      batchSize: 2,
    });
    const [fourier, physical] = await Promise.all(
      [`${stackName(0)}.pt`, "phys/particles_phys_stack_000000.pt"].map((name) =>
        readTorchTensor(join(out, name)),
      ),
    );
    expect([fourier.dtype, fourier.shape, physical.dtype, physical.shape]).toEqual([
      "c16",
      [2, 25, 48],
      "f4",
      [2, 24, 24],
    ]);
    const wrong = fromIndividualValues(24, 2);
    await expect(
      convertParticleStacksFromIndexedStarFile(wrong, input("particles.star"), {
        folderOutput: out,
        downsampleFactor: 2,
      }),
    ).rejects.toThrow(
      "particles.star: expected the pixel size of the parameters, 2 Å, found 4 Å after down-sampling by 2.",
    );
  });
});

describe("what is wrong is named", () => {
  const table = (folder: string, text: string) => {
    writeFileSync(join(folder, "p.star"), text);
    return join(folder, "p.star");
  };
  const indexed = (text: string, options: object = {}) => {
    const folder = newFolder();
    return convertParticleStacksFromIndexedStarFile(params, table(folder, text), {
      folderOutput: join(folder, "out"),
      mrcFolder: likelihoodGolden("input"),
      ...options,
    });
  };

  test.each([
    [
      "pixel sizes that differ",
      starOf(3, (line, row) => (row === 2 ? line.replace(/2\.000000$/, "2.100000") : line)),
      "rlnImagePixelSize: expected one value of all particles, found 2: 2, 2.1.",
    ],
    [
      "two voltages",
      starOf(2, (line, row) => (row === 1 ? line.replace("300.000000", "200.000000") : line)),
      "rlnVoltage: expected one value of all particles, found 2: 300, 200.",
    ],
    [
      "a cell that is no number",
      starOf(1, (line) => line.replace("15847.099061", "x")),
      'row 1 rlnDefocusU: expected a number, found "x".',
    ],
    [
      "NaN",
      starOf(1, (line) => line.replace("15847.099061", "nan")),
      'row 1 rlnDefocusU: expected a number, found "nan".',
    ],
    ["no defocus", star.replace("_rlnDefocusU", "_rlnOther"), "expected a column _rlnDefocusU, found none."],
    [
      "an image beyond the end",
      starOf(1, (line) => line.replace("000001@", "25@")),
      "expected image 25, which",
    ],
    [
      "no number of an image",
      starOf(1, (line) => line.replace("000001@", "")),
      'rlnImageName: expected number@file, counted from 1, found "particles.mrcs".',
    ],
    [
      "other files",
      starOf(1, (line) => line.replace("particles.mrcs", "none.mrcs")),
      "expected the files of its images, found no none.mrcs (1 particles).",
    ],
    [
      "other blocks",
      `data_a\n_x 1\n\ndata_b\n_x 1\n`,
      "expected one table, or the blocks optics and particles, found data_a, data_b.",
    ],
  ])("%s", async (_, text, message) => {
    await expect(indexed(text)).rejects.toThrow(message);
  });

  test("optics groups: one value of all, or none", async () => {
    const rows = starOf(2)
      .split("\n")
      .slice(-3, -1)
      .map((line, i) => `${line.split(/\s+/).slice(0, 5).join(" ")} ${i + 1}`);
    const optics = (size: string) =>
      `data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnVoltage #2\n_rlnSphericalAberration #3\n_rlnAmplitudeContrast #4\n_rlnImagePixelSize #5\n1 300 2.7 0.1 2.0\n2 300 2.7 0.1 ${size}\n`;
    const particles = `data_particles\n\nloop_\n_rlnImageName #1\n_rlnDefocusU #2\n_rlnDefocusV #3\n_rlnDefocusAngle #4\n_rlnPhaseShift #5\n_rlnOpticsGroup #6\n${rows.join("\n")}\n`;
    expect(await indexed(`${optics("2.0")}\n${particles}`)).toMatchObject({ images: 2 });
    await expect(indexed(`${optics("1.5")}\n${particles}`)).rejects.toThrow(
      "rlnImagePixelSize: expected one value of all particles, found 2: 2, 1.5.",
    );
    await expect(indexed(`${optics("2.0")}\n${particles.replace(/ 2\n$/, " 3\n")}`)).rejects.toThrow(
      "expected one of the optics groups 1, 2, found group 3 of particle 2.",
    );
  });

  test("sizes, pixel sizes and options", async () => {
    const other = fromIndividualValues(32, 2);
    await expect(
      convertParticleStacksFromIndexedStarFile(other, input("particles.star"), { folderOutput: newFolder() }),
    ).rejects.toThrow("expected images of 32 x 32 pixels, as the parameters say, found 48 x 48.");
    await expect(indexed(star, { pixelSizeA: 3 })).rejects.toThrow(
      "p.star: expected the pixel size that is given, 3 Å, found 2 Å.",
    );
    await expect(indexed(star, { pixelSize: 3 })).rejects.toThrow(
      'expected a known key, found "pixelSize" (did you mean "pixelSizeA"?).',
    );
    await expect(indexed(star, { batchSize: 0 })).rejects.toThrow(
      "batchSize: expected a whole number of at least 1, found 0.",
    );
    await expect(indexed(star, { downsampleFactor: 3 })).rejects.toThrow(
      "downsample factor: expected 1 or an even number, found 3.",
    );
  });

  test("images that are flat or hold no numbers, and pairs that do not fit", async () => {
    const folder = newFolder();
    const data = await particles(3);
    for (const [value, message] of [
      [Number.NaN, "a.mrcs image 2: expected finite values that are not all the same, found NaN."],
      [0, "a.mrcs image 2: expected finite values that are not all the same, found 0 everywhere."],
    ] as const) {
      data.fill(value, 2304, 2 * 2304);
      await writeMrc(
        join(folder, "a.mrcs"),
        { data, shape: [3, 48, 48], voxelSizeA: 2, kind: "stack" },
        { overwrite: true },
      );
      writeFileSync(join(folder, "a.star"), starOf(3));
      const run = convertParticleStacksFromPairedStarAndMrcFiles(
        params,
        [join(folder, "a.mrcs")],
        [join(folder, "a.star")],
        { folderOutput: join(folder, "out"), overwrite: true },
      );
      await expect(run).rejects.toThrow(message);
      expect(readdirSync(join(folder, "out", "fft"))).toEqual([]);
    }
    writeFileSync(join(folder, "b.star"), starOf(4));
    const run = (stacks: string[], tables: string[]) =>
      convertParticleStacksFromPairedStarAndMrcFiles(params, stacks, tables, {
        folderOutput: join(folder, "none"),
      });
    await expect(run([join(folder, "a.mrcs")], [join(folder, "b.star")])).rejects.toThrow(
      "expected 4 images, as many as particles in",
    );
    await expect(run([join(folder, "a.mrcs")], [])).rejects.toThrow(
      "expected as many stacks as tables, at least 1, found 1.",
    );
    await expect(run([join(folder, "x.mrcs")], [join(folder, "y.star")])).rejects.toThrow("y.star");
    expect(existsSync(join(folder, "none"))).toBe(false);
  });

  test("a pixel size that is given replaces that of the parameters, and is said", async () => {
    const folder = newFolder();
    const data = await particles(2);
    await writeMrc(join(folder, "a.mrcs"), { data, shape: [2, 48, 48], voxelSizeA: 2, kind: "stack" });
    writeFileSync(join(folder, "a.star"), starOf(2));
    const said: string[] = [];
    await convertParticleStacksFromPairedStarAndMrcFiles(
      fromIndividualValues(48, 3),
      [join(folder, "a.mrcs")],
      [join(folder, "a.star")],
      {
        folderOutput: join(folder, "out"),
        pixelSizeA: 2,
        onLog: (message) => said.push(message),
      },
    );
    expect(said).toContain(
      "the pixel size of the parameters, 3 Å, is replaced by 2 Å: templates must have it as well",
    );
    expect(
      (await readStackMetadata(join(folder, "out", `${stackName(0)}.npz`))).descriptor.pixelSizeA,
    ).toEqual([2, 2]);
  });
});
