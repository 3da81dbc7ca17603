import { cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { likelihoodGolden, numbers } from "../../../test/support/likelihoodCase.ts";
import { parseCsv, readTorch, readTorchTensor, writeNpyValue } from "../../io/index.ts";
import { readImageDescriptor } from "../descriptor/descriptorFile.ts";
import { configureDisplacement } from "../displacements/configureDisplacement.ts";
import { configureLikelihoodFiles } from "./fileManager.ts";
import { runLikelihoodFullCrossCorrelation, runLikelihoodOptimalPose } from "./runLikelihood.ts";
import { stitchLogLikelihoodMatrices } from "./stitch.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "likelihood-"));
});
afterAll(() => rm(folder, { recursive: true }));

const golden = likelihoodGolden("run");
const params = `${golden}/parameters.npz`;
const displacer = configureDisplacement({ maxDisplacementPixels: 3, nDisplacementsX: 5, nDisplacementsY: 5 });

/** CryoLike's list names its stacks from where it was run; beside ours lie copies of the same names. */
async function files(output: string, iTemplate = 0, particles = "particles") {
  const folderTemplates = join(folder, "templates");
  await cp(`${golden}/templates`, folderTemplates, { recursive: true });
  const names = ["templates_fourier_vol.pt", "templates_fourier_model.pt"];
  await writeNpyValue(
    `${folderTemplates}/template_file_list.npy`,
    { dtype: "U", shape: [2], data: names },
    { overwrite: true },
  );
  return configureLikelihoodFiles({
    folderTemplates,
    folderParticles: `${golden}/${particles}`,
    folderOutput: join(folder, output),
    iTemplate,
  });
}

const FILES = [
  "cross_correlation/cross_correlation",
  "optimal_pose/optimal_template",
  "optimal_pose/optimal_displacement_x",
  "optimal_pose/optimal_displacement_y",
  "optimal_pose/optimal_inplane_rotation",
  "log_likelihood/log_likelihood_integrated_fourier",
  "log_likelihood/log_likelihood_optimal_fourier",
].map((name) => `${name}_stack_000000.pt`);

/** Largest difference of two tensors of the same type and shape. */
async function worst(one: string, other: string): Promise<number> {
  const [a, b] = [await readTorchTensor(one), await readTorchTensor(other)];
  expect([a.dtype, a.shape]).toEqual([b.dtype, b.shape]);
  const values = numbers(a.data as Iterable<number>);
  return numbers(b.data as Iterable<number>).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - values[i])),
    0,
  );
}

test("CryoLike's own run, faults included: the files of both structures, and their matrices", async () => {
  for (const i of [0, 1]) {
    const manager = await files("likelihood", i);
    await runLikelihoodOptimalPose(manager, params, displacer, {
      compat: true,
      integrated: true,
      poseLikelihood: true,
      workers: 2,
    });
    for (const file of FILES) {
      const at = `template${i}/${file}`;
      // Log-likelihoods of 6,000 in single precision differ in the fourth digit; see the golden README.
      const tolerance = file.includes("optimal_fourier") ? 2e-3 : 2e-6;
      const found = await worst(join(folder, "likelihood", at), `${golden}/likelihood/${at}`);
      expect([at, found < tolerance, found]).toEqual([at, true, found]);
    }
  }
  expect(
    await worst(join(folder, "likelihood/displacements_set.pt"), `${golden}/likelihood/displacements_set.pt`),
  ).toBeLessThan(1e-6);
  const report = await stitchLogLikelihoodMatrices({ folderOutput: join(folder, "likelihood") });
  expect([report.templates, report.images]).toEqual([2, 24]);
  for (const name of ["cross_correlation_matrix", "integrated_fourier_log_likelihood_matrix"])
    expect(
      await worst(join(folder, `likelihood_matrix/${name}.pt`), `${golden}/likelihood_matrix/${name}.pt`),
    ).toBeLessThan(2e-6);
});

test("all correlations, as a tensor and as CryoLike's own type", async () => {
  const small = configureDisplacement({ maxDisplacementPixels: 3, nDisplacementsX: 3, nDisplacementsY: 3 });
  const theirs = await readTorch(
    `${golden}/likelihood_full/template0/cross_correlation/cross_correlation_pose_msdw_stack_000000.pt`,
  );
  const path = "template0/cross_correlation/cross_correlation_pose_msdw_stack_000000.pt";
  const manager = await files("full", 0, "particles4");
  await runLikelihoodFullCrossCorrelation(manager, params, small, {
    compat: true,
    method: "exact",
    workers: 2,
  });
  const ours = await readTorch(join(folder, "full", path));
  expect(Object.keys(ours as object)).toEqual(Object.keys(theirs as object));
  const tensorOf = (value: unknown) =>
    (value as { items: { shape: number[]; data: Float32Array }[] }).items[0];
  expect((ours as { name: string }).name).toBe((theirs as { name: string }).name);
  expect(tensorOf(ours).shape).toEqual([4, 62, 9, 96]);
  const expected = tensorOf(theirs).data;
  expect(
    tensorOf(ours).data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0),
  ).toBeLessThan(2e-6);
  await runLikelihoodFullCrossCorrelation(manager, params, small, { workers: 2 });
  const plain = await readTorchTensor(join(folder, "full", path));
  expect(plain.shape).toEqual([4, 62, 9, 96]);
  expect(
    (plain.data as Float32Array).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0),
  ).toBeLessThan(1.2e-5);
});

test("by default likelihoods are right, files are exactly those asked for, and what is there is skipped", async () => {
  const manager = await files("plain");
  const report = await runLikelihoodOptimalPose(manager, params, displacer, { workers: 2 });
  expect(report.images).toBe(24);
  expect(report.files.map((path) => path.slice(join(folder, "plain/").length))).toEqual([
    "displacements_set.pt",
    ...FILES.slice(0, 5).map((file) => `template0/${file}`),
  ]);
  expect(report.stacks[0].errorBound).toBeLessThan(1e-5);
  const at = join(folder, "plain/template0", FILES[0]);
  const before = await stat(at);
  const again = await runLikelihoodOptimalPose(manager, params, displacer, { skipExist: true, workers: 2 });
  expect(again.stacks[0].skipped).toBe(true);
  expect((await stat(at)).mtimeMs).toBe(before.mtimeMs);
  // One file is missing for this call: the stack is made again.
  const more = await runLikelihoodOptimalPose(manager, params, displacer, {
    skipExist: true,
    integrated: true,
    posePosterior: true,
    whiten: true,
    workers: 2,
  });
  expect(more.stacks[0].skipped).toBe(false);
  const tables = await Promise.all(
    ["pose_posterior", "noise_power"].map(async (name) => {
      const path = `${folder}/plain/template0/${name}/${name}_stack_000000`;
      expect(more.files).toEqual(expect.arrayContaining([`${path}.csv`, `${path}.png`]));
      return parseCsv(await readFile(`${path}.csv`, "utf8"), name);
    }),
  );
  expect(tables[0].columns).toEqual(
    "image rank view azimuthDeg polarDeg posterior effectiveViews".split(" "),
  );
  // Planted with little noise: most images have one view.
  const sure = tables[0].rows.filter(({ rank, posterior }) => rank === "1" && Number(posterior) > 0.5);
  expect(sure.length).toBeGreaterThan(12);
  expect(tables[1].rows).toHaveLength(40);
  const { data } = await readTorchTensor(join(folder, "plain/template0", FILES[5]));
  expect(new Set(numbers(data as Iterable<number>)).size).toBe(24);
  const views = await readTorchTensor(
    join(folder, "plain/template0/pose_posterior/pose_posterior_stack_000000.pt"),
  );
  expect(views.shape).toEqual([24, 62]);
  expect(numbers(views.data as Iterable<number>).reduce((sum, value) => sum + value, 0)).toBeCloseTo(24, 4);
});

test("bad input is refused before any work", async () => {
  const folderTemplates = join(folder, "templates");
  const common = {
    folderTemplates,
    folderParticles: `${golden}/particles`,
    folderOutput: join(folder, "bad"),
  };
  await expect(configureLikelihoodFiles({ ...common, nStacks: 3 })).rejects.toThrow(
    /expected all files of the run, found no .*stack_000001\.pt, no .*stack_000001\.npz, no .*stack_000002\.pt/,
  );
  await expect(configureLikelihoodFiles({ ...common, iTemplate: 2 })).rejects.toThrow(
    "expected a number from 0 to 1, found 2",
  );
  const manager = await configureLikelihoodFiles(common);
  const descriptor = await readImageDescriptor(params);
  await expect(
    runLikelihoodOptimalPose(manager, { ...descriptor, pixelSizeA: [3, 3] }, displacer),
  ).rejects.toThrow("pixel_size 3,3 and 2,2");
  // @ts-expect-error a misspelt option
  expect(() => runLikelihoodOptimalPose(manager, params, displacer, { skipExists: true })).toThrow(
    "skipExist",
  );
  const torch = await readFile(`${golden}/particles/fft/particles_fourier_stack_000000.pt`);
  await cp(`${golden}/particles`, join(folder, "broken"), { recursive: true });
  await writeFile(
    join(folder, "broken/fft/particles_fourier_stack_000000.pt"),
    torch.subarray(0, torch.length / 2),
  );
  const broken = await configureLikelihoodFiles({ ...common, folderParticles: join(folder, "broken") });
  await expect(runLikelihoodOptimalPose(broken, params, displacer)).rejects.toThrow(
    "particles_fourier_stack_000000.pt",
  );
});

test("what takes less time is chosen by the images of all stacks, and said", async () => {
  const manager = await files("auto", 0, "particles4");
  const small = configureDisplacement({ maxDisplacementPixels: 1, nDisplacementsX: 1, nDisplacementsY: 1 });
  const told: string[] = [];
  const onLog = (message: string, kind: string) => kind === "note" && told.push(message);
  const few = await runLikelihoodOptimalPose(manager, params, small, { workers: 2, onLog });
  expect(few.stacks[0].errorBound).toBe(0);
  expect(told).toEqual([
    expect.stringMatching(/^4 images: whole spectra are compared, .*--method compressed/),
  ]);
  const many = await runLikelihoodOptimalPose(manager, params, small, { workers: 2, onLog, nImages: 4000 });
  expect(many.stacks[0].errorBound).toBeGreaterThan(0);
  const asked = await runLikelihoodOptimalPose(manager, params, small, {
    workers: 2,
    onLog,
    method: "compressed",
  });
  expect(asked.stacks[0].errorBound).toBeGreaterThan(0);
  expect(told).toHaveLength(1);
});
