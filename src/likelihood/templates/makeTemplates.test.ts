import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { difference, likelihoodGolden } from "../../../test/support/likelihoodCase.ts";
import { python, requirement, sharedReal } from "../../../test/support/require.ts";
import {
  formatMrc,
  parseNpyValue,
  readAtoms,
  readFileBytes,
  readMrcVolume,
  readTorchTensor,
} from "../../io/index.ts";
import { fromIndividualValues } from "../descriptor/descriptor.ts";
import { viewingAnglesFromLists } from "../grid/viewingAngles.ts";
import { convertParticleStacksFromPairedStarAndMrcFiles } from "../particles/particleStacks.ts";
import { drawParticles, drawTemplates } from "../picture/stackPictures.ts";
import { atomicModel } from "./atomicModel.ts";
import { templatesFromAtoms } from "./fromAtoms.ts";
import { makeTemplatesFromInputs } from "./makeTemplates.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-templates-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const newFolder = () => mkdtempSync(join(scratch, "out-"));
const input = (name: string) => likelihoodGolden(`input/${name}`);
const params = likelihoodGolden("run/parameters.npz");

test("the files of a run of CryoLike: a map, atoms, and their list", async () => {
  const folder = newFolder();
  const pictures: string[] = [];
  const report = await makeTemplatesFromInputs([input("vol.mrc"), input("model.pdb")], params, {
    folderOutput: folder,
    onTemplates: async (made) => {
      pictures.push(...(await drawTemplates(folder, made)));
    },
  });
  const files = ["vol", "model"].map((name) => `${folder}/templates_fourier_${name}.pt`);
  expect(report).toEqual({ list: `${folder}/template_file_list.npy`, files, templates: 62 });
  expect(parseNpyValue(await readFileBytes(report.list), "list")).toEqual({
    dtype: "U",
    shape: [2],
    data: files,
  });
  for (const name of ["vol", "model"]) {
    const [found, expected] = [
      join(folder, `templates_fourier_${name}.pt`),
      likelihoodGolden(`run/templates/templates_fourier_${name}.pt`),
    ];
    const [ours, theirs] = [await readTorchTensor(found), await readTorchTensor(expected)];
    expect([ours.dtype, ours.shape]).toEqual(["c8", [62, 40, 96]]);
    // points in single precision there
    expect(difference(ours.data as Float32Array, theirs.data as Float32Array)).toBeLessThan(1e-6);
  }
  expect(pictures.map((path) => path.slice(folder.length))).toEqual(
    ["vol", "model"].flatMap((name) =>
      ["templates_phys", "templates_fourier", "power_spectrum"].map((what) => `/plots/${what}_${name}.png`),
    ),
  );
  expect(pictures.every((path) => existsSync(path))).toBe(true);
  await expect(makeTemplatesFromInputs([input("vol.mrc")], params, { folderOutput: folder })).rejects.toThrow(
    "templates_fourier_vol.pt: expected no file of this name, found one.",
  );
});

test("maps in memory, names that come twice, atoms and maps packed or in other formats", async () => {
  const folder = newFolder();
  mkdirSync(join(folder, "other"));
  copyFileSync(input("vol.mrc"), join(folder, "other", "vol.map"));
  const descriptor = fromIndividualValues(48, 2, {
    resolutionFactor: 0.1,
    viewingDistance: 4,
    precision: "double",
  });
  const volume = await readMrcVolume(input("vol.mrc"));
  const { files } = await makeTemplatesFromInputs(
    [input("vol.mrc"), join(folder, "other", "vol.map"), volume],
    descriptor,
    { folderOutput: folder },
  );
  expect(files.map((path) => path.slice(folder.length + 1))).toEqual(
    ["vol", "vol_1", "tensor_2"].map((name) => `templates_fourier_${name}.pt`),
  );
  const [first, second, third] = await Promise.all(files.map((path) => readTorchTensor(path)));
  expect(first.dtype).toBe("c16");
  expect([second.data, third.data]).toEqual([first.data, first.data]);
});

const real = requirement("shared-real");

test.skipIf(!real.available)(
  "apoferritin, by a density as by sums over its atoms (needs shared-real)",
  async () => {
    const [atoms] = (await readAtoms(join(sharedReal, "cryolike", "apoferritin_ca_apo_sym.pdb"))).models;
    const viewingAngles = viewingAnglesFromLists({ azimuths: [0.3], polars: [1.1], gammas: [2] });
    const descriptor = fromIndividualValues(24, 8, { viewingAngles });
    const { model, warnings } = atomicModel(atoms, descriptor, "apo");
    expect([model.count > 3000, warnings]).toEqual([true, []]);
    const [sums, density] = [
      await templatesFromAtoms(model, descriptor, { method: "direct" }),
      await templatesFromAtoms(model, descriptor, { method: "grid" }),
    ];
    expect(difference(density.data, sums.data)).toBeLessThan(1e-6);
  },
);

describe("what is wrong is named", () => {
  const make = (inputs: readonly string[], options: object = {}) =>
    makeTemplatesFromInputs(inputs, params, { folderOutput: newFolder(), ...options });
  const written = (name: string, content: string | Uint8Array) => {
    const path = join(newFolder(), name);
    writeFileSync(path, content);
    return path;
  };
  const map = (shape: readonly [number, number, number], voxelSizeA: number) =>
    written(
      "m.mrc",
      formatMrc({ data: new Float32Array(shape[0] * shape[1] * shape[2]).fill(1), shape, voxelSizeA }),
    );

  test("structures", async () => {
    for (const [inputs, message] of [
      [[], "makeTemplatesFromInputs: expected a structure, found none."],
      [
        ["a.txt"],
        "a.txt: expected a map (.mrc, .mrcs, .map) or atoms (.pdb, .ent, .cif, .mmcif), found .txt.",
      ],
      [["none.pdb"], "none.pdb: expected a file, found none."],
      [
        [map([4, 4, 4], 2)],
        "m.mrc volume box: expected that of the images, 96 Å, found 8 Å (4 voxels of 2 Å).",
      ],
      [[map([4, 4, 6], 24)], "m.mrc volume shape: expected a cube, found 4 x 4 x 6."],
      [[map([1, 4, 4], 24)], "m.mrc: expected a map, found one section of 4 x 4."],
      [
        [map([4, 4, 4], 24)],
        "m.mrc volume data: expected values that are not all the same, found 1 everywhere.",
      ],
    ] as const)
      await expect(make(inputs)).rejects.toThrow(message);
    await expect(make([input("vol.mrc")], { folder: "x" })).rejects.toThrow(
      'expected a known key, found "folder"',
    );
    const many = fromIndividualValues(256, 1, { viewingDistance: 0.04 });
    await expect(makeTemplatesFromInputs([input("vol.mrc")], many, {})).rejects.toThrow(
      "templates: expected at most 4 GiB, what a .pt file holds, found",
    );
  });

  test("a voxel size that is given counts", async () => {
    await expect(make([input("vol.mrc")], { voxelSizeA: 2 })).rejects.toThrow(
      "expected that of the images, 96 Å, found 64 Å (32 voxels of 2 Å).",
    );
  });
});

const { available } = requirement("torch-peers");

test.skipIf(!available)("torch and numpy read what is written (needs torch-peers)", async () => {
  const folder = newFolder();
  const { files, list } = await makeTemplatesFromInputs([input("vol.mrc")], params, {
    folderOutput: join(folder, "templates"),
  });
  await convertParticleStacksFromPairedStarAndMrcFiles(
    params,
    [input("particles.mrcs")],
    [input("particles.star")],
    {
      folderOutput: join(folder, "particles"),
      compat: true,
      onStack: async (stack) => {
        expect(await drawParticles(join(folder, "particles"), stack)).toHaveLength(3);
      },
    },
  );
  const code = `import json, numpy, torch
f = json.loads(${JSON.stringify(JSON.stringify({ golden: likelihoodGolden("run"), list, files, folder }))})
def far(ours, theirs):
    a, b = torch.load(ours, weights_only=True), torch.load(f["golden"] + theirs, weights_only=True)
    assert a.dtype == b.dtype and a.shape == b.shape
    return ((a - b).abs().max() / b.abs().max()).item()
name = "/particles/fft/particles_fourier_stack_000000"
ours, theirs = numpy.load(f["folder"] + name + ".npz", allow_pickle=True), numpy.load(f["golden"] + name + ".npz", allow_pickle=True)
print(json.dumps({
    "list": numpy.load(f["list"]).tolist() == f["files"],
    "entries": ours.files == theirs.files and all(ours[k].dtype == theirs[k].dtype and (ours[k] == theirs[k]).all() for k in ours.files),
    "far": [far(f["files"][0], "/templates/templates_fourier_vol.pt"), far(f["folder"] + name + ".pt", name + ".pt"),
        far(f["folder"] + "/particles/phys/particles_phys_stack_000000.pt", "/particles/phys/particles_phys_stack_000000.pt")],
}))`;
  const found = JSON.parse(execFileSync(python, ["-c", code], { encoding: "utf8" }));
  expect(found).toMatchObject({ list: true, entries: true });
  for (const share of found.far) expect(share).toBeLessThan(1e-6);
});
