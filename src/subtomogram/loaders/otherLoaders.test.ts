import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  subtomogramGolden,
  subtomogramMolecules,
  subtomogramVolume,
} from "../../../test/support/subtomogramCase.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import type { Shape3 } from "../../core/index.ts";
import { openImage, parseNpy, writeNpy } from "../../io/index.ts";
import { fromArray, providerFunction } from "../../pipe/index.ts";
import { Molecules } from "../molecules/molecules.ts";
import { BatchLoader } from "./batchLoader.ts";
import { ExtractedSubvolumeLoader, extractSubtomograms } from "./extractedLoader.ts";
import { MockLoader } from "./mockLoader.ts";
import { SubtomogramLoader } from "./subtomogramLoader.ts";

const [tomo, wedged, A] = [
  subtomogramVolume("tomo.npy"),
  subtomogramVolume("tomo_wedge.npy"),
  subtomogramVolume("template_A.npy"),
];

let pool: Pool;
let folder: string;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
  folder = await mkdtemp(join(tmpdir(), "vitrine-loaders-"));
});
afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function expectNear(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-5) {
  expect(found.length).toBe(wanted.length);
  let [worst, range] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    worst = Math.max(worst, Math.abs(found[i] - wanted[i]));
    range = Math.max(range, Math.abs(wanted[i]));
  }
  expect(worst / range).toBeLessThan(tolerance);
}

describe("a batch of tomograms", () => {
  const start = subtomogramMolecules("molecules_start.csv");
  const batch = () =>
    new BatchLoader({ outputShape: 24, backend: pool })
      .addTomogram(tomo, start.slice(0, 5), { scale: 0.5, id: "t0" })
      .addTomogram(wedged, start.slice(5, 12), { scale: 0.5, id: "t1" });

  test("is averaged and aligned as acryo's", async () => {
    expect(batch().molecules.features["image-id"]).toEqual(
      subtomogramMolecules("batch_molecules.csv").features["image-id"],
    );
    expectNear((await batch().average()).data, subtomogramVolume("batch_average.npy").data);
    const wanted = subtomogramMolecules("batch_align.csv");
    const aligned = await batch().align(A, { maxShifts: 1.5, cutoff: 0.3, compat: true });
    for (let i = 0; i < 36; i++)
      expect(Math.abs(aligned.molecules.pos[i] - wanted.pos[i])).toBeLessThan(0.025);
    wanted.features.score.forEach((score, i) => {
      expect(Number(aligned.molecules.features.score[i])).toBeCloseTo(Number(score), 4);
    });
    expect(aligned.loaders.t1.count).toBe(7);
  });

  test("reads its molecules in any order", async () => {
    const mixed = batch().select([7, 0, 11, 3]);
    const { data } = await mixed.asArray();
    const { data: one } = await batch().load(11);
    expectNear(data.subarray(2 * 24 ** 3, 3 * 24 ** 3), one, 1e-7);
  });

  test("is binned tomogram by tomogram, whatever the order of its molecules", async () => {
    const mixed = batch().select([7, 0, 11]);
    const binned = await mixed.binning(2, { compute: false });
    expect([binned.scale, binned.imageIds]).toEqual([1, ["t0", "t1"]]);
    const { data } = await binned.asArray({ outputShape: 12 });
    for (const [i, [image, row]] of (
      [
        [wedged, 7],
        [tomo, 0],
        [wedged, 11],
      ] as const
    ).entries()) {
      const alone = new SubtomogramLoader(image, start.subset(row), { scale: 0.5, backend: pool });
      const { data: one } = await (await alone.binning(2)).load(0, { outputShape: 12 });
      expectNear(data.subarray(i * 12 ** 3, (i + 1) * 12 ** 3), one, 1e-6);
    }
    await expect(mixed.binning(0)).rejects.toThrow("from 1");
  });

  test("of two voxel sizes asks a template once for each, aligns, and does not average", async () => {
    const coarse = await new SubtomogramLoader(tomo, start.slice(20, 24), {
      scale: 0.5,
      backend: pool,
    }).binning(2);
    const mixed = batch().select([0, 1, 5]).addLoader(coarse, "coarse");
    const asked: number[] = [];
    const template = providerFunction(async (scale: number) => {
      asked.push(scale);
      return fromArray(A, 0.5)(scale);
    })();
    const shuffled = mixed.select([3, 0, 4, 1, 2, 5]);
    const aligned = await shuffled.align(template, { maxShifts: 1.5, cutoff: 0.3 });
    expect(asked.sort()).toEqual([0.5, 1]);
    expect(aligned.molecules.features["image-id"]).toEqual(["coarse", "t0", "coarse", "t0", "t1", "coarse"]);
    const alone = await shuffled.select([1, 3, 4]).align(A, { maxShifts: 1.5, cutoff: 0.3 });
    expectNear(aligned.molecules.subset([1, 3, 4]).pos, [...alone.molecules.pos]);
    const [scores] = await shuffled.score(template, {});
    expect(scores).toHaveLength(6);
    expect(scores.every(Number.isFinite)).toBe(true);
    await expect(shuffled.align(A)).rejects.toThrow("Make one with fromFile or fromArray");
    await expect(shuffled.average()).rejects.toThrow("not averaged");
    expect((await shuffled.select([0, 2]).average({ outputShape: 12 })).shape).toEqual([12, 12, 12]);
  });

  test("knows its tomograms", () => {
    const stranger = () =>
      batch().replace({ molecules: start.withFeatures({ "image-id": new Array(40).fill("t7") }) });
    expect(stranger).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: molecules image-id: expected one of the tomograms t0, t1, found t7.]`,
    );
  });
});

describe("a mock", () => {
  const places = subtomogramMolecules("sim_molecules.csv");
  const mock = (options = {}) =>
    new MockLoader(A, places.translate([-6, -6, -6]), { scale: 0.5, backend: pool, ...options });

  test("shows the template as acryo's", async () => {
    expectNear(
      (await mock().asArray()).data,
      parseNpy(readFileSync(subtomogramGolden("sim/mock_nodegrees.npy")), "mock").data as Float32Array,
    );
  });

  test("projected and back-projected as acryo's, with its centre beside the middle", async () => {
    const degrees = Array.from({ length: 9 }, (_, i) => -60 + 15 * i);
    const wanted = parseNpy(readFileSync(subtomogramGolden("sim/mock_degrees9.npy")), "mock")
      .data as Float32Array;
    expectNear((await mock({ degrees, compat: true }).asArray()).data, wanted, 1e-4);
    expect(() => mock({ degrees, centralAxis: [1, 0, 0] })).toThrow("[0, 1, 0] or [0, 0, 1]");
  });

  test("of any side and axis back-projected as acryo's, about y whatever it was turned about", async () => {
    const molecules = Molecules.fromRotvec([[0.5, -0.3, 0.2]], [[0.2, -0.1, 0.3]]);
    const degrees = [-60, -40, -20, 0, 15, 30, 50];
    for (const [side, name, centralAxis] of [
      [10, "y", [0, 1, 0]],
      [10, "x", [0, 0, 1]],
      [13, "x", [0, 0, 1]],
    ] as const) {
      const template = middleOf(A, side);
      const options = { scale: 1, order: 1, degrees, centralAxis, compat: true, backend: pool } as const;
      const { data } = await new MockLoader(template, molecules, options).asArray();
      expectNear(data, subtomogramVolume(`sim/mock_${side}_${name}.npy`).data, 1e-5);
    }
  });

  test("back-projected, lies in the middle about either axis, and has its missing wedge", async () => {
    const degrees = Array.from({ length: 31 }, (_, i) => -60 + 3.5 * i);
    const origin = new Molecules([[0, 0, 0]]);
    for (const centralAxis of [
      [0, 1, 0],
      [0, 0, 1],
    ] as const) {
      const loader = new MockLoader(A, origin, {
        scale: 0.5,
        degrees,
        centralAxis,
        noise: 0.5,
        seed: 2,
        backend: pool,
      });
      const { molecules } = await loader.align(A, { maxShifts: 1 });
      for (const nm of molecules.pos) expect(Math.abs(nm)).toBeLessThan(0.05);
      expect(loader.tiltOf(0)).toEqual({
        kind: "single",
        rangeDeg: centralAxis[1] === 1 ? [-60, 45] : [-45, 60],
        axis: centralAxis[1] === 1 ? "y" : "x",
      });
    }
  });

  test("finds back what it is", async () => {
    const moved = new Molecules([
      [0, 0, 0],
      [0.5, -0.5, 0],
    ]); // prettier-ignore
    const loader = new MockLoader(A, moved, { scale: 0.5, noise: 0.1, seed: 1, backend: pool });
    const aligned = await loader.align(A, { maxShifts: 1 });
    for (const nm of aligned.molecules.pos) expect(Math.abs(nm)).toBeLessThan(0.03);
  });

  test("has the same noise however it is cut", async () => {
    const noisy = mock({ noise: 1, seed: 3, tiltModel: [-60, 60] });
    expectNear((await noisy.select([2]).load(0)).data, (await noisy.load(2)).data, 1e-7);
  });
});

/** The cube of a side about the middle of another one. */
function middleOf(
  { data, shape: [whole] }: { readonly data: Float32Array; readonly shape: Shape3 },
  side: number,
) {
  const from = Math.floor((whole - side) / 2);
  const cut = Float32Array.from({ length: side ** 3 }, (_, i) => {
    const [z, y, x] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
    return data[((z + from) * whole + y + from) * whole + x + from];
  });
  return { data: cut, shape: [side, side, side] as const };
}

test("files that loaders open are closed with them, and with those that were made of them", async () => {
  const file = join(folder, "closed.npy");
  const data = new Float32Array(4 * 4 * 4).map((_, i) => i);
  await writeNpy(file, { data, shape: [4, 4, 4] }, { overwrite: true });
  const one = new Molecules([[1, 1, 1]]);
  const read = () => SubtomogramLoader.imread(file, one, { scale: 1, outputShape: 2, backend: pool });
  const closed = "expected an open image, found a closed one";

  const loader = await read();
  const [some, binned, kept] = [
    loader.head(1),
    await loader.binning(2, { compute: false }),
    await loader.binning(2),
  ];
  await loader.load(0);
  await some.close();
  await loader.close();
  await expect(loader.load(0)).rejects.toThrow(closed);
  await expect(binned.load(0, { outputShape: 1 })).rejects.toThrow(closed);
  await kept.load(0, { outputShape: 1 });

  const other = await (await read()).binning(2, { compute: false });
  await other[Symbol.asyncDispose]();
  await expect(other.load(0, { outputShape: 1 })).rejects.toThrow(closed);

  const [first, second] = [await read(), await read()];
  const batch = new BatchLoader({ outputShape: 2, backend: pool }).addLoader(first).addLoader(second);
  await batch.close();
  await expect(first.load(0)).rejects.toThrow(closed);
  await expect(second.load(0)).rejects.toThrow(closed);

  await using source = await openImage(file);
  const given = new SubtomogramLoader(source, one, { scale: 1, outputShape: 2, backend: pool });
  await given.close();
  await given.load(0);
});

test("extracted boxes are read again where molecules moved to", async () => {
  const loader = new SubtomogramLoader(tomo, subtomogramMolecules("molecules_start.csv"), {
    scale: 0.5,
    cornerSafe: true,
    backend: pool,
  }).head(3);
  const file = join(folder, "boxes.mrc");
  await extractSubtomograms(loader, file, { outputShape: 32 });
  const extracted = await ExtractedSubvolumeLoader.open(file, { backend: pool, outputShape: 20 });
  // To the outer voxels; a spline gives its own voxels back to single precision.
  const whole = { outputShape: 32 };
  expectNear((await extracted.asArray(whole)).data, (await loader.asArray(whole)).data, 1e-5);
  expect((await readFile(join(folder, "boxes.csv"), "utf8")).split("\n")[0]).toContain("zvec");
  // Their splines end elsewhere.
  const small = { outputShape: 12 };
  expectNear((await extracted.asArray(small)).data, (await loader.asArray(small)).data, 3e-3);
  const wanted = await loader.align(A, { maxShifts: 1.5 });
  const found = await extracted.reshape(24).align(A, { maxShifts: 1.5 });
  for (let i = 0; i < 9; i++)
    expect(Math.abs(found.molecules.pos[i] - wanted.molecules.pos[i])).toBeLessThan(0.03);
  const again = await found.select([2, 1]).asArray(small);
  const direct = await wanted.select([2, 1]).asArray(small);
  // Sampled twice.
  expectNear(again.data, direct.data, 0.3);
  await expect(extracted.asArray({ outputShape: 40 })).rejects.toThrow(
    "boxes of at most 32 x 32 x 32 voxels, as they were extracted",
  );
  await found.close();
  await expect(extracted.asArray(small)).rejects.toThrow("expected an open image, found a closed one");
});
