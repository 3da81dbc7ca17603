import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { parseMoleculesCsv } from "../molecules/csv.ts";
import { Molecules } from "../molecules/molecules.ts";
import { TomogramSimulator } from "../simulate/simulator.ts";
import { SubtomogramLoader } from "./subtomogramLoader.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 1 });
});
afterAll(() => pool[Symbol.asyncDispose]());

/** Noise of 20 x 24 x 28 voxels. */
function noise(): PipeImage {
  const random = seededRandom(1);
  return { data: Float32Array.from({ length: 20 * 24 * 28 }, () => random.normal()), shape: [20, 24, 28] };
}

const middle = new Molecules([[10, 12, 14]]);
const loaderOf = (molecules: Molecules, image = noise(), options = {}) =>
  new SubtomogramLoader(image, molecules, { scale: 1, outputShape: 8, backend: pool, ...options });

describe("bad input is named", () => {
  test("a box outside of the tomogram", async () => {
    const loader = loaderOf(
      new Molecules([
        [10, 12, 14],
        [10, 90, 14],
      ]),
    ); // prettier-ignore
    await expect(loader.average()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: tomogram, molecule 1: expected a place whose box touches the 20 x 24 x 28 voxels of the tomogram (z, y, x), found the voxel 10.0, 90.0, 14.0. Check the scale, or leave such molecules out (--drop-outside).]`,
    );
    expect(loader.inside().count).toBe(1);
    const { data } = await loader.inside().average();
    expect(data.every(Number.isFinite)).toBe(true);
  });

  test("no molecules", async () => {
    await expect(loaderOf(Molecules.empty()).average()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: average: expected at least one molecule, found none.]`,
    );
  });

  test("a voxel that is no number", async () => {
    const image = noise();
    image.data[(10 * 24 + 12) * 28 + 14] = Number.NaN;
    await expect(loaderOf(middle, image).average()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: tomogram, molecule 0: expected numbers in the tomogram, found NaN or infinity. Replace such voxels before, or leave the molecule out.]`,
    );
  });

  test("a template with NaN, of several, a mask of nothing", async () => {
    const cube = (value: number) => ({ data: new Float32Array(512).fill(value), shape: [8, 8, 8] });
    const loader = loaderOf(middle);
    await expect(loader.align(cube(Number.NaN))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: template: expected finite numbers, found NaN at voxel 0.]`,
    );
    await expect(loader.align(cube(1), { mask: cube(0) })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: mask: expected something that is seen, found 0 everywhere.]`,
    );
    const flat = { data: new Float32Array(64), shape: [8, 8] };
    await expect(loader.align(flat)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: template: expected a volume (z, y, x), found 64 values of shape [8,8].]`,
    );
  });

  test("no scale, no shape, a wrong option", async () => {
    expect(() => new SubtomogramLoader(noise(), middle)).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: tomogram: expected a voxel size, found none. Give it with --scale (scale), in nm/voxel.]`,
    );
    const bare = new SubtomogramLoader(noise(), middle, { scale: 1, backend: pool });
    await expect(bare.average()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: average: expected an outputShape, found none. Give it to the loader or to the call, in voxels (z, y, x).]`,
    );
    const misspelt: object = { scael: 1 };
    expect(() => new SubtomogramLoader(noise(), middle, misspelt)).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: SubtomogramLoader options scael: expected a known key, found "scael" (did you mean "scale"?). Known keys: scale, order, outputShape, cornerSafe, tiltModel, level, backend.]`,
    );
    expect(() => loaderOf(middle).replace({ order: 2 as 3 })).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: order: expected 0, 1 or 3, found 2.]`,
    );
  });

  test("a column that a table lacks", () => {
    expect(() => parseMoleculesCsv("z,y,zvec,yvec,xvec\n1,2,0,0,0\n", "m.csv")).toThrow(/x/);
  });

  test("divisions that are none", async () => {
    await expect(
      loaderOf(middle).averageSplit({ divisions: [[0, 1]] }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: divisions 0: expected for each of 1 molecules a part from 0 to 1, found 2 of them.]`,
    );
    await expect(loaderOf(middle).averageSplit()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: average 1: expected at least one molecule, found none. Take fewer parts, or more molecules.]`,
    );
  });
});

describe("what acryo forgets is kept", () => {
  test("corners that are read stay so in what is made of a loader", () => {
    const loader = loaderOf(middle, noise(), { cornerSafe: true, tiltModel: [-50, 40] });
    for (const made of [loader.head(), loader.filter(() => true), loader.replace({}), loader.reshape(6)]) {
      expect(made.cornerSafe).toBe(true);
      expect(made.tiltModel).toEqual({ kind: "single", rangeDeg: [-50, 40], axis: "y" });
    }
  });
});

describe("what users of other programs met", () => {
  test("impulses lie in the middle of even and odd boxes, whatever the bin", async () => {
    const image = { data: new Float32Array(64 * 65 * 33), shape: [64, 65, 33] as const };
    image.data[(30 * 65 + 31) * 33 + 16] = 1;
    const bead = new Molecules([[30, 31, 16]]);
    const odd = await loaderOf(bead, image, { order: 1 }).load(0, { outputShape: 7 });
    expect(odd.data[(3 * 7 + 3) * 7 + 3]).toBe(1);
    const even = await loaderOf(bead, image, { order: 1 }).load(0, { outputShape: 6 });
    const share = (z: number, y: number, x: number) => even.data[(z * 6 + y) * 6 + x];
    expect([share(2, 2, 2), share(3, 3, 3), share(2, 3, 2)]).toEqual([0.125, 0.125, 0.125]);
    const binned = await loaderOf(bead, image, { order: 1 }).binning(2);
    const place = binned.molecules.place(0).map((nm) => nm / binned.scale);
    // Voxel 30 is the first half of the bin 15, whose middle is voxel 30.5.
    expect(place).toEqual([14.75, 15.25, 7.75]);
  });

  test("halves that share copies of molecules agree too well; divisions by their parent do not", async () => {
    const random = seededRandom(4);
    const rows = Array.from({ length: 12 }, () => [
      6 + 8 * random.uniform(),
      6 + 12 * random.uniform(),
      6 + 16 * random.uniform(),
    ]);
    const copies = loaderOf(new Molecules([...rows, ...rows]));
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const inBoth = [...new Array(12).fill(0), ...new Array(12).fill(1)];
    const byParent = Array.from({ length: 24 }, (_, i) => i % 2);
    const shared = await copies.fsc({ divisions: [inBoth], dfreq: 0.1 });
    const apart = await copies.fsc({ divisions: [byParent], dfreq: 0.1 });
    expect(mean(shared.curves[0])).toBeGreaterThan(0.999);
    expect(mean(apart.curves[0])).toBeLessThan(0.8);
  });

  test("frequencies that no molecule saw are 0 in a weighted average, never NaN", async () => {
    const loader = loaderOf(middle, noise(), { tiltModel: [-10, 10] });
    const { data } = await loader.average({ wedgeWeighting: true, wienerConstant: 0 });
    expect(data.every(Number.isFinite)).toBe(true);
  });

  test("the mirrored half of a tilt range scores lower", async () => {
    const side = 16;
    const random = seededRandom(8);
    const template = {
      data: Float32Array.from({ length: side ** 3 }, () => random.normal()),
      shape: [side, side, side],
    };
    const place = new Molecules([[16, 16, 16]]);
    const seen = await new TomogramSimulator({ scale: 1, backend: pool })
      .addMolecules(place, template)
      .simulate([32, 32, 32]);
    const { loseWedge } = await import("../simulate/imaging.ts");
    const { singleAxis } = await import("../tilt/tilt.ts");
    const tomogram = await loseWedge(pool, seen, { tilt: singleAxis([-60, 0]) });
    const scoreOf = async (tiltModel: readonly [number, number]) =>
      (await loaderOf(place, tomogram, { tiltModel, order: 3 }).score(template))[0][0];
    expect(await scoreOf([-60, 0])).toBeGreaterThan(1.1 * (await scoreOf([0, 60])));
  });
});
