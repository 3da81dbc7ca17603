import { describe, expect, test } from "vitest";
import {
  difference,
  likelihoodGolden,
  likelihoodNpy,
  likelihoodNpz,
  numbers,
} from "../../../test/support/likelihoodCase.ts";
import { seededRandom } from "../../core/index.ts";
import { readAtoms, readMrcVolume, readTorchTensor } from "../../io/index.ts";
import { fromIndividualValues } from "../descriptor/descriptor.ts";
import { createPolarTransform } from "../fourier/polarTransform.ts";
import { viewingAnglesFromLists } from "../grid/viewingAngles.ts";
import { normalizePolarImages } from "../images/polar.ts";
import { type AtomicModel, atomicModel } from "./atomicModel.ts";
import { templatesFromAtoms } from "./fromAtoms.ts";
import { generateFromFunction } from "./fromFunction.ts";
import { boxOffset, templatesFromVolume } from "./fromVolume.ts";
import { parseAtomSelection } from "./selection.ts";

const values = { resolutionFactor: 0.8, viewingDistance: 0.9 } as const;
const single = fromIndividualValues(48, 2, values);
const golden = single.viewingAngles;
/** Templates 0, 7 and 31 of the case, turned in their planes. */
const three = viewingAnglesFromLists({
  azimuths: [0, 7, 31].map((i) => golden.azimuths[i]),
  polars: [0, 7, 31].map((i) => golden.polars[i]),
  gammas: [0, 0.3, 1.1],
});
const { viewingDistance: _, ...others } = values;
const double = fromIndividualValues(48, 2, { ...others, precision: "double", viewingAngles: three });

/** Of small grids. */
const coarse = fromIndividualValues(24, 4, { viewingAngles: three });

const volume = await readMrcVolume(likelihoodGolden("input/vol.mrc"));
const [atoms] = (await readAtoms(likelihoodGolden("input/model.pdb"))).models;
const { model } = atomicModel(atoms, single, "model.pdb");

const raw = async (name: string) =>
  numbers((await likelihoodNpy(`unit/template_${name}_double_raw_0_7g0.3_31g1.1.npy`)).data);

describe("against CryoLike", () => {
  test("slices of a map, in double", async () => {
    const { data, shape } = await templatesFromVolume(volume, double);
    expect(shape).toEqual([3, 40, 96]);
    // README: 3e-8, of angles in single precision
    expect(difference(data, await raw("volume"))).toBeLessThan(1e-7);
  });

  test("atoms as Gaussians and as hard spheres, in double", async () => {
    const expected = await likelihoodNpz("unit/atomic_model.npz");
    // coordinates in single precision there, of nm
    expect(difference(model.positions, expected("coords"))).toBeLessThan(1e-6);
    expect(difference(model.radiiA, expected("radii"))).toBeLessThan(1e-7);
    const theirs: AtomicModel = {
      count: 36,
      positions: Float64Array.from(expected("coords")),
      radiiA: Float64Array.from(expected("radii")),
    };
    for (const atomShape of ["gaussian", "hard-sphere"] as const) {
      const { data } = await templatesFromAtoms(theirs, { ...double, atomShape });
      expect(difference(data, await raw(`atoms_${atomShape}`))).toBeLessThan(1e-7);
    }
  });

  test("all templates of a map and of atoms, in single", async () => {
    for (const [name, stack] of [
      ["vol", await templatesFromVolume(volume, single)],
      ["model", await templatesFromAtoms(model, single)],
    ] as const) {
      const { data } = normalizePolarImages(stack, single.polarGrid).stack;
      const expected = await readTorchTensor(likelihoodGolden(`run/templates/templates_fourier_${name}.pt`));
      expect(stack.shape).toEqual(expected.shape);
      // points in single precision there
      expect(difference(data, expected.data as Float32Array)).toBeLessThan(3e-6);
    }
  });
});

describe("what templates are", () => {
  test.each(["gaussian", "small gaussian", "hard-sphere"])(
    "%s: atoms drawn into a density give what sums over them give",
    async (shape) => {
      const random = seededRandom(2);
      // too small for any grid; three different ones
      const radius = shape === "small gaussian" ? () => 0.02 : () => 2 + Math.floor(3 * random.uniform()) / 3;
      const many: AtomicModel = {
        count: 40,
        positions: Float64Array.from({ length: 120 }, () => 12 * random.normal()),
        radiiA: Float64Array.from({ length: 40 }, radius),
      };
      const atomShape = shape === "hard-sphere" ? shape : "gaussian";
      for (const precision of ["double", "single"] as const) {
        const descriptor = { ...coarse, precision, atomShape } as const;
        const [direct, drawn] = [
          await templatesFromAtoms(many, descriptor, { method: "direct" }),
          await templatesFromAtoms(many, descriptor, { method: "grid" }),
        ];
        expect(difference(drawn.data, direct.data)).toBeLessThan(precision === "double" ? 1e-11 : 1e-6);
      }
    },
  );

  test("a function of the points of Fourier space: the transform of a Gaussian", async () => {
    const sigma = 0.1;
    const stack = await generateFromFunction((kx, ky, kz) => {
      const result = new Float64Array(2 * kx.length);
      for (let i = 0; i < kx.length; i++)
        result[2 * i] = Math.exp(-2 * (Math.PI * sigma) ** 2 * (kx[i] ** 2 + ky[i] ** 2 + kz[i] ** 2));
      return result;
    }, double);
    const one: AtomicModel = {
      count: 1,
      positions: new Float64Array(3),
      radiiA: Float64Array.of((sigma * 96) / 2),
    };
    const atom = await templatesFromAtoms(one, double);
    const scale = (2 * Math.PI) ** -1.5 / sigma ** 3;
    const mean = boxOffset(double.polarGrid, 96);
    const less = stack.data.map(
      (value, i) => scale * (i % 2 === 0 ? value - mean[(i / 2) % mean.length] : value),
    );
    expect(difference(atom.data, less)).toBeLessThan(1e-12);
    await expect(generateFromFunction((kx) => kx, double)).rejects.toThrow(
      "generateFromFunction function: expected 7680 numbers, two of each of 3840 points, found 3840.",
    );
    await expect(
      generateFromFunction((kx) => new Float64Array(2 * kx.length).fill(Number.NaN), double),
    ).rejects.toThrow("template 0: expected finite values, found NaN.");
  });

  test("a slice seen from the pole is the projection along axis 2", async () => {
    const side = 16;
    const random = seededRandom(3);
    const data = Float32Array.from({ length: side ** 3 }, () => random.normal());
    const viewingAngles = viewingAnglesFromLists({ azimuths: [0], polars: [0] });
    const descriptor = fromIndividualValues(side, 1, { precision: "double", viewingAngles });
    const projection = new Float64Array(side * side);
    for (const [i, value] of data.entries()) projection[Math.floor(i / side)] += value;
    const mean = projection.reduce((sum, value) => sum + value, 0) / side ** 2;
    const image = {
      shape: [1, side, side] as const,
      data: projection.map((value) => value - mean),
      pixelSizeA: [1, 1] as const,
    };
    const { data: expected } = createPolarTransform({
      nPixels: [side, side],
      grid: descriptor.polarGrid,
    }).toPolar(image);
    const { data: found } = await templatesFromVolume(
      { data, shape: [side, side, side], voxelSizeA: 0 },
      descriptor,
    );
    // 4π / N of an image, π / N of a volume; the mean of pixels is not quite that of the box: on inner shells alone it shows
    const outer = 2 * 32 * 4;
    const near = difference(
      found.subarray(outer).map((value) => 4 * value),
      expected.subarray(outer),
    );
    expect(near).toBeLessThan(0.05);
  });

  test("it ends when it is told to, and says how far it is", async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const made = templatesFromVolume(volume, single, {
      signal: abort.signal,
      onProgress({ done, total, unit }) {
        seen.push(done);
        expect([total, unit]).toEqual([62, "templates"]);
        if (done === 3) abort.abort();
      },
    });
    await expect(made).rejects.toThrow("templates: expected to finish, found an abort.");
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe("selections of atoms", () => {
  const all = atoms;
  const count = (text: string) => parseAtomSelection(text)(all).length;

  test("words as mdtraj has them", () => {
    const names = (text: string) => parseAtomSelection(text)(all).map(({ residue }) => residue);
    expect([count("name CA"), count("all"), count("protein"), count("none"), count("water")]).toEqual([
      36, 36, 36, 0, 0,
    ]);
    expect(count("backbone and name CA CB")).toBe(36);
    expect(count("not protein or resid 0 to 4")).toBe(5);
    expect(count("(resSeq 1 to 3 || index >= 34) && !(resid 1)")).toBe(4);
    expect(count("chainid 0 and chain A")).toBe(36);
    expect(count("element == C and element != N")).toBe(36);
    expect(new Set(names("resname ALA 'GLY'"))).toEqual(new Set(["ALA", "GLY"]));
    expect(count("resname ALA") + count("not resname ALA")).toBe(36);
  });

  test.each([
    ["", 'selection "": expected one of all'],
    ["nam CA", 'found "nam".'],
    ["name", "expected a value, found its end."],
    ["name CA and", "found its end."],
    ["(name CA", "expected a closing bracket, found its end."],
    ["name CA)", 'expected and, or, or the end, found ")".'],
    ["protein name CA", 'expected and, or, or the end, found "name".'],
    ["resid a to 3", "expected whole numbers on both sides of to"],
  ])("%s is refused", (text, message) => {
    expect(() => parseAtomSelection(text)).toThrow(message);
  });
});

test("structures that do not fit are refused", async () => {
  const rules = { atomRadiiA: null, atomSelection: "name CA", useProteinResidueModel: true };
  expect(() => atomicModel(atoms, { ...rules, useProteinResidueModel: false }, "m.pdb")).toThrow(
    "m.pdb: expected a radius of atoms, or the model of residues, found neither.",
  );
  expect(() =>
    atomicModel(
      atoms,
      { ...rules, atomRadiiA: 1, atomSelection: "name CB", useProteinResidueModel: false },
      "m.pdb",
    ),
  ).toThrow('m.pdb: expected atoms that "name CB" means, found none of 36.');
  const odd = atoms.map((atom, i) => (i === 3 ? { ...atom, residue: "XYZ" } : atom));
  expect(atomicModel(odd, rules, "m.pdb").warnings).toEqual([
    "m.pdb: residues XYZ have no radius of their own: 3 Å",
  ]);
  const flat = { data: new Float32Array(24), shape: [2, 3, 4], voxelSizeA: 1 } as const;
  await expect(templatesFromVolume(flat, single)).rejects.toThrow(
    "volume shape: expected a cube, found 2 x 3 x 4.",
  );
  await expect(templatesFromVolume({ ...volume, voxelSizeA: 2.9 }, single)).rejects.toThrow(
    "volume box: expected that of the images, 96 Å, found 92.8 Å (32 voxels of 2.9 Å).",
  );
  const holed = { ...volume, data: volume.data.with(7, Number.NaN) };
  await expect(templatesFromVolume(holed, single)).rejects.toThrow(
    "volume data[7]: expected a number, found NaN.",
  );
});
