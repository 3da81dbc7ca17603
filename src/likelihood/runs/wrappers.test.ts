import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { vitrineHere } from "../../../test/support/command.ts";
import { likelihoodGolden, numbers } from "../../../test/support/likelihoodCase.ts";
import { readTorchTensor, writeNpyValue, writeTorch } from "../../io/index.ts";
import { readImageDescriptor } from "../descriptor/descriptorFile.ts";
import { configureDisplacement, type Displacer } from "../displacements/configureDisplacement.ts";
import { getPossibleDisplacements } from "../grid/displacements.ts";
import { configureLikelihoodFiles } from "./fileManager.ts";
import { type RunLikelihoodOptions, runLikelihoodOptimalPose } from "./runLikelihood.ts";

const golden = likelihoodGolden("run");
const params = `${golden}/parameters.npz`;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wrappers-"));
  const folderTemplates = join(folder, "templates");
  await cp(`${golden}/templates`, folderTemplates, { recursive: true });
  const data = ["templates_fourier_vol.pt", "templates_fourier_model.pt"];
  const list = `${folderTemplates}/template_file_list.npy`;
  await writeNpyValue(list, { dtype: "U", shape: [2], data }, { overwrite: true });
});
afterAll(() => rm(folder, { recursive: true }));

const small = configureDisplacement({ maxDisplacementPixels: 2, nDisplacementsX: 3, nDisplacementsY: 2 });
const filesOf = (output: string, iTemplate = 0) =>
  configureLikelihoodFiles({
    ...{ folderTemplates: join(folder, "templates"), folderParticles: `${golden}/particles` },
    ...{ folderOutput: join(folder, output), iTemplate },
  });

async function run(output: string, options: RunLikelihoodOptions, displacer: Displacer = small) {
  await runLikelihoodOptimalPose(await filesOf(output), params, displacer, { workers: 2, ...options });
}

/** All files below a folder of results, by their paths. */
async function bytesOf(output: string): Promise<Map<string, Buffer>> {
  const names = await readdir(join(folder, output), { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const root = join(folder, output).length;
  const contents = await Promise.all(
    paths.sort().map(async (path) => [path.slice(root), await readFile(path)] as const),
  );
  return new Map(contents);
}

test("neither batches nor the way of parameters change a byte", async () => {
  const choices = { integrated: true, posePosterior: true, method: "compressed" } as const;
  await run("whole", choices);
  await run("batches", { ...choices, nTemplatesPerBatch: 5, nImagesPerBatch: 7 });
  await run("theirs", { ...choices, discoverBatchSize: false, workers: 1 });
  const descriptor = await readImageDescriptor(params);
  await runLikelihoodOptimalPose(await filesOf("descriptor"), descriptor, small, { workers: 2, ...choices });
  const whole = await bytesOf("whole");
  expect(whole.size).toBe(14);
  for (const other of ["batches", "theirs", "descriptor"]) expect(await bytesOf(other)).toEqual(whole);
});

test("a call's own template counts, not the file manager's", async () => {
  const choices = { method: "exact", workers: 2 } as const;
  await runLikelihoodOptimalPose(await filesOf("second", 1), params, small, choices);
  await runLikelihoodOptimalPose(await filesOf("first", 0), params, small, { ...choices, iTemplate: 1 });
  const [one, other] = [await bytesOf("second/template1"), await bytesOf("first/template1")];
  expect(one.size).toBe(5);
  expect(other).toEqual(one);
  const none = runLikelihoodOptimalPose(await filesOf("none"), params, small, { nStacks: 2 });
  await expect(none).rejects.toThrow(/found no \S*stack_000001\.pt, no \S*stack_000001\.npz/);
});

test("a user's own displacements stand in, and are kept; wrong ones are refused", async () => {
  const disc = getPossibleDisplacements(4, 9);
  let seen: number[] = [];
  await run("own", {}, ({ templates, descriptor }) => {
    seen = [...templates.shape, ...descriptor.pixelSizeA];
    return disc;
  });
  expect(seen).toEqual([62, 40, 96, 2, 2]);
  const { shape, data } = await readTorchTensor(join(folder, "own/displacements_set.pt"));
  expect(shape).toEqual([2, disc.x.length]);
  const expected = Float32Array.from([...Array.from(disc.x), ...Array.from(disc.y)]);
  expect(numbers(data as Iterable<number>)).toEqual([...expected]);
  const found = await readTorchTensor(
    join(folder, "own/template0/optimal_pose/optimal_displacement_x_stack_000000.pt"),
  );
  const places = new Set(Array.from(disc.x, Math.fround));
  for (const x of found.data as Iterable<number>) expect(places.has(x)).toBe(true);
  for (const wrong of [
    { x: [1], y: [] },
    { x: [], y: [] },
    { x: [Number.NaN], y: [0] },
  ])
    await expect(run("own", {}, () => wrong)).rejects.toThrow(
      /^displacer: expected as many finite displacements in x as in y, one at least/,
    );
});

test("up to one step is no displacement; what is no number of steps is refused", async () => {
  const descriptor = await readImageDescriptor(params);
  const stack = { templates: { shape: [1, 40, 96], data: new Float32Array() }, descriptor } as const;
  const of = (nDisplacementsX: number, nDisplacementsY: number) =>
    configureDisplacement({ nDisplacementsX, nDisplacementsY })(stack);
  expect(of(1, 0)).toEqual({ x: Float64Array.of(0), y: Float64Array.of(0) });
  // the default of 8 pixels, of 2 Å each
  expect(of(3, 1)).toEqual({ x: Float64Array.of(-16, 0, 16), y: Float64Array.of(0, 0, 0) });
  expect(of(2, 1)).toEqual({ x: Float64Array.of(-16, 16, 0), y: Float64Array.of(0, 0, 0) });
  expect(() => of(1.5, 1)).toThrow("configureDisplacement nDisplacementsX: expected a whole number");
  expect(() => of(1, -1)).toThrow("configureDisplacement nDisplacementsY: expected a number from 0");
});

test("paths of a list count from the working folder, then from the list's", async () => {
  const place = join(folder, "places");
  await mkdir(join(place, "t"), { recursive: true });
  await cp(`${golden}/templates/templates_fourier_vol.pt`, join(place, "t/a.pt"));
  await writeNpyValue(join(place, "t/template_file_list.npy"), { dtype: "U", shape: [1], data: ["a.pt"] });
  const call = [
    ...["likelihood", "--params", params, "--templates", "t", "--particles", `${golden}/particles4`],
    ...["--out", "out"],
  ];
  expect((await vitrineHere(call, { cwd: place })).code).toBe(0);
  await writeTorch(join(place, "a.pt"), { shape: [2], data: Float32Array.of(1, 2) });
  const { code, stderr } = await vitrineHere(call, { cwd: place });
  expect([code, stderr]).toEqual([1, expect.stringContaining("a.pt: expected a complex tensor")]);
  expect(stderr).not.toContain("t/a.pt");
});
