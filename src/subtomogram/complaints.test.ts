import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { subtomogramGolden, subtomogramVolume } from "../../test/support/subtomogramCase.ts";
import { createPool, type Pool } from "../compute/index.ts";
import { seededRandom } from "../core/index.ts";
import { fromFile, type PipeImage } from "../pipe/index.ts";
import { readMolecules, writeMolecules } from "./formats/moleculeFiles.ts";
import { SubtomogramLoader } from "./loaders/subtomogramLoader.ts";
import { ZnccAlignment } from "./models/kinds.ts";
import { Molecules } from "./molecules/molecules.ts";
import { dropNeighbours } from "./molecules/neighbours.ts";
import { IDENTITY, quaternionFromRotvec } from "./molecules/quaternion.ts";
import { pickTemplate } from "./pick/pickers.ts";
import { TomogramSimulator } from "./simulate/simulator.ts";
import { singleAxis, wedgeMask } from "./tilt/tilt.ts";
import { TiltSeries } from "./tiltSeries/tiltSeries.ts";

/** What users of tomography's programs met, by the numbers of the project's list. 11 and 20 are in tiltSeries.test.ts. */
let pool: Pool;
let folder: string;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
  folder = await mkdtemp(join(tmpdir(), "vitrine-complaints-"));
});
afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const A = subtomogramVolume("template_A.npy");

/** An impulse in 64 x 65 x 33 voxels. */
function bead(): PipeImage {
  const image = { data: new Float32Array(64 * 65 * 33), shape: [64, 65, 33] as const };
  image.data[(30 * 65 + 31) * 33 + 16] = 1;
  return image;
}

const loaderOf = (image: PipeImage, molecules: Molecules, options = {}) =>
  new SubtomogramLoader(image, molecules, {
    scale: 0.5,
    order: 1,
    outputShape: 7,
    backend: pool,
    ...options,
  });

function noise(shape: readonly [number, number, number], seed: number): PipeImage {
  const random = seededRandom(seed);
  return {
    data: Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => random.normal()),
    shape,
  };
}

test.each(["star", "tbl", "em", "json", "mod"])(
  "complaint 1: a bead exported as .%s and imported is where it was",
  async (ending) => {
    const path = join(folder, `bead.${ending}`);
    const about = { pixelSizeA: 5, tomogramSize: [33, 65, 64] } as const;
    await writeMolecules(path, new Molecules([[15, 15.5, 8]], [IDENTITY], { tomogram: ["1"] }), about);
    const back = await readMolecules(path, about);
    const { data } = await loaderOf(bead(), back).load(0);
    expect(data[(3 * 7 + 3) * 7 + 3]).toBeGreaterThan(0.99);
  },
);

test("complaint 2: another binning leaves places in Å as they are", async () => {
  const path = join(folder, "bin.star");
  const table = (pixel: number, binning: number) => `data_optics

loop_
_rlnOpticsGroup
_rlnImagePixelSize
_rlnTomoSubtomogramBinning
1 ${pixel} ${binning}

data_particles

loop_
_rlnTomoName
_rlnCoordinateX
_rlnCoordinateY
_rlnCoordinateZ
_rlnOpticsGroup
TS_1 100 200 50 1
`;
  await writeFile(path, table(2.7, 2));
  const twice = (await readMolecules(path)).place(0);
  await writeFile(path, table(5.4, 4));
  expect((await readMolecules(path)).place(0)).toEqual(twice);
  const binned = await loaderOf(bead(), new Molecules([[15.25, 15.75, 8.25]])).binning(2);
  // The middle of a voxel of two moves by half a small voxel, since voxel 0 lies at 0 in both.
  expect(binned.molecules.place(0).map((nm) => nm + 0.25)).toEqual([15.25, 15.75, 8.25]);
});

test("complaint 3: a shift is taken away with its sign, and the peak is in the centre", async () => {
  const path = join(folder, "shift.star");
  const table = `data_particles

loop_
_rlnTomoName
_rlnCoordinateX
_rlnCoordinateY
_rlnCoordinateZ
_rlnOriginXAngst
_rlnOriginYAngst
_rlnOriginZAngst
TS_1 22 41 30 30 50 0
`;
  await writeFile(path, table);
  const found = await readMolecules(path, { pixelSizeA: 5 });
  expect((await loaderOf(bead(), found).load(0)).data[(3 * 7 + 3) * 7 + 3]).toBeCloseTo(1, 6);
  const again = join(folder, "again.star");
  await writeMolecules(again, found, { format: "relion4", pixelSizeA: 5 });
  const back = await readMolecules(again);
  expect((await loaderOf(bead(), back).load(0)).data[(3 * 7 + 3) * 7 + 3]).toBeCloseTo(1, 4);
});

test.each([24, 23])("complaint 4: an impulse in a box of %d is found without a shift", async (side) => {
  const impulse = { data: new Float32Array(side ** 3), shape: [side, side, side] as const };
  impulse.data[((side >> 1) * side + (side >> 1)) * side + (side >> 1)] = 1;
  const model = ZnccAlignment.create({ templates: [impulse] }, {});
  const { shiftPx } = await model.align(
    { image: impulse, rotation: IDENTITY },
    { maxShiftsPx: [3, 3, 3], backend: pool },
  );
  expect(shiftPx).toEqual([0, 0, 0]);
});

test("complaint 5: molecules outside are named, or left out of a finite average", async () => {
  const both = loaderOf(
    bead(),
    new Molecules([
      [15, 15.5, 8],
      [200, 0, 0],
    ]),
  );
  await expect(both.average()).rejects.toThrow("molecule 1");
  expect((await both.inside().average()).data.every(Number.isFinite)).toBe(true);
});

test("complaint 6: two tilts at one angle make no wedge of nothing, and both weigh", () => {
  const tilt = { xTiltDeg: 0, axisDeg: 0, shiftNm: [0, 0] as const, imageIndex: 0 };
  const of = (angles: readonly number[]) =>
    new TiltSeries({ tilts: angles.map((tiltDeg) => ({ ...tilt, tiltDeg })) });
  expect(of([-60, 0, 0, 60]).tiltModel()).toEqual(singleAxis([-60, 60]));
  expect(of([-60, 0, 0, 60]).count).toBe(4);
  expect(() => of([0, 0]).tiltModel()).toThrow("two angles that rise");
});

test("complaint 7: a band in which nothing was seen scores 0, never NaN", async () => {
  const model = ZnccAlignment.create({ templates: [A] }, { cutoff: 1e-4, tilt: [-1, 1] });
  const { score } = await model.align(
    { image: noise([24, 24, 24], 3), rotation: IDENTITY },
    { maxShiftsPx: [1, 1, 1], backend: pool },
  );
  expect(Number.isFinite(score)).toBe(true);
  // Waves along z alone, of which a series of next to no tilt sees nothing.
  const data = A.data.map((_, i) => Math.cos((2 * Math.PI * 3 * Math.floor(i / 576)) / 24));
  const warnings: string[] = [];
  const told = await loaderOf(noise([32, 32, 32], 8), new Molecules([[8, 8, 8]]), {
    tiltModel: [-2, 2],
  }).align({ data, shape: [24, 24, 24] }, { maxShifts: 0.5, onLog: (message) => warnings.push(message) });
  expect(told.molecules.features.score).toEqual([0]);
  expect(warnings).toEqual([
    "1 of 1 molecules have a score of 0: low pass and tilts leave nothing of the template",
  ]);
  const average = await loaderOf(noise([32, 32, 32], 4), new Molecules([[8, 8, 8]]), {
    tiltModel: [-2, 2],
  }).average({
    ...{ wedgeWeighting: true, wienerConstant: 0 },
  });
  expect(average.data.every(Number.isFinite)).toBe(true);
});

test("complaint 8: the turned wedge of a box that is no cube is that of its frequencies", () => {
  const shape = [32, 48, 40] as const;
  const rotation = quaternionFromRotvec([0.3, -0.5, 0.2]);
  const mask = wedgeMask(singleAxis([-60, 40]), rotation, shape);
  const molecule = new Molecules([[0, 0, 0]], [rotation]);
  const m = molecule.matrix();
  const signed = (i: number, n: number) => (2 * i < n ? i : i - n) / n;
  let wrong = 0;
  mask.forEach((seen, i) => {
    const f = [signed(Math.floor(i / 1920), 32), signed(Math.floor(i / 40) % 48, 48), signed(i % 40, 40)];
    const [z, , x] = [0, 1, 2].map(
      (row) => m[3 * row] * f[0] + m[3 * row + 1] * f[1] + m[3 * row + 2] * f[2],
    );
    // A tilt of t sees the plane that is turned by it about y: z = x tan(t), for x of either sign.
    const tilt = (Math.atan2(z * Math.sign(x || 1), Math.abs(x)) * 180) / Math.PI;
    const isEdge = Math.abs(tilt + 60) < 0.1 || Math.abs(tilt - 40) < 0.1 || (z === 0 && x === 0);
    if (!isEdge && (seen === 1) !== (tilt > -60 && tilt < 40)) wrong++;
  });
  expect(wrong).toBe(0);
});

test("complaint 9: the negated half of a tilt range sees other frequencies", () => {
  const [a, b] = [
    [-60, 0],
    [0, 60],
  ].map(([low, high]) => wedgeMask(singleAxis([low, high]), IDENTITY, [12, 12, 12]));
  const both = a.reduce((sum, value, i) => sum + value * b[i], 0);
  // They share the planes of tilt 0 and the axis. Scores: "the mirrored half of a tilt range scores lower".
  expect(both).toBeLessThan(0.4 * a.reduce((sum, value) => sum + value, 0));
});

test("complaint 10: a mirrored tomogram is matched by the mirrored template, and both are told", async () => {
  const mirrored = A.data.map((_, i) => A.data[(23 - Math.floor(i / 576)) * 576 + (i % 576)]);
  const tomogram = await new TomogramSimulator({ scale: 0.5, backend: pool })
    .addMolecules(new Molecules([[10, 10, 10]]), { data: mirrored, shape: A.shape })
    .simulate([40, 40, 40]);
  const said: string[] = [];
  const found = await pickTemplate(tomogram, A, {
    ...{
      scale: 0.5,
      bothHands: true,
      minScore: 0.3,
      minDistance: 4,
      backend: pool,
      onLog: (message: string) => said.push(message),
    },
  });
  const best = found.sort("score", { descending: true });
  expect(best.features.hand[0]).toBe(-1);
  expect(best.features.hand).toContain(1);
  expect(said.join()).toContain("the template's mirror image fits better");
});

test("complaints 12 and 14: nothing is found outside of the search mask, or where a box would leave the tomogram", async () => {
  const tomogram = noise([40, 44, 48], 5);
  const within = { data: tomogram.data.map((_, i) => (i % 48 < 24 ? 1 : 0)), shape: tomogram.shape };
  const found = await pickTemplate(tomogram, A, {
    scale: 0.5,
    within,
    minDistance: 2,
    minScore: -1,
    backend: pool,
  });
  expect(found.count).toBeGreaterThan(0);
  for (let i = 0; i < found.count; i++) {
    const [z, y, x] = found.place(i).map((nm) => nm / 0.5);
    expect(x).toBeLessThan(24.6);
    for (const [place, side] of [
      [z, 40],
      [y, 44],
      [x, 48],
    ])
      expect(Math.min(place, side - 1 - place)).toBeGreaterThanOrEqual(11.4);
  }
});

test("complaint 14: where too much of a box is empty, as where tilts miss, nothing is found", async () => {
  const full = noise([30, 30, 60], 6);
  const tomogram = { ...full, data: full.data.map((value, i) => (i % 60 < 30 ? value : 0)) };
  const options = { scale: 0.5, minDistance: 2, minScore: -1, backend: pool };
  const lastX = async (minCoverage: number) => {
    const found = await pickTemplate(tomogram, A, { ...options, minCoverage });
    const x = Array.from({ length: found.count }, (_, i) => found.place(i)[2] / 0.5);
    return Math.max(...x);
  };
  // Half of the box of 24 voxels is empty where its centre lies at the edge, 30.
  expect(await lastX(0)).toBeGreaterThan(35);
  expect(await lastX(0.5)).toBeLessThanOrEqual(30);
  expect(await lastX(0.9)).toBeLessThanOrEqual(21);
  await expect(pickTemplate(tomogram, A, { ...options, minCoverage: 2 })).rejects.toThrow(
    "pickTemplate minCoverage: expected a share from 0 to 1, found 2.",
  );
});

test("complaint 13: turning template, mask and data keeps the score", async () => {
  const data = noise(A.shape, 6).data.map((value, i) => A.data[i] + 0.3 * value);
  const mask = A.data.map((_, i) => (Math.floor(i / 576) < 16 && i % 24 > 5 ? 1 : 0));
  const n = 24;
  // (z, y, x) by 90 degrees about z: y goes to x.
  const turned = (values: Float32Array) =>
    values.map((_, i) => {
      const [z, y, x] = [Math.floor(i / 576), Math.floor(i / n) % n, i % n];
      return values[(z * n + x) * n + (n - 1 - y)];
    });
  const scoreOf = async (of: (values: Float32Array) => Float32Array) => {
    const volume = (values: Float32Array): PipeImage => ({ data: of(values), shape: A.shape });
    const model = ZnccAlignment.create({ templates: [volume(A.data)], mask: volume(mask) }, {});
    return (
      await model.align(
        { image: volume(data), rotation: IDENTITY },
        { maxShiftsPx: [0, 0, 0], backend: pool },
      )
    ).score;
  };
  expect(Math.abs((await scoreOf(turned)) - (await scoreOf((values) => values)))).toBeLessThan(1e-4);
});

test("complaint 15: inverted contrast is told", async () => {
  const tomogram = await new TomogramSimulator({ scale: 0.5, backend: pool })
    .addMolecules(new Molecules([[10, 10, 10]]), { data: A.data.map((value) => -value), shape: A.shape })
    .simulate([40, 40, 40]);
  const said: string[] = [];
  await pickTemplate(tomogram, A, { scale: 0.5, backend: pool, onLog: (message) => said.push(message) });
  expect(said.join()).toContain("is the contrast inverted?");
});

test("complaint 16: C12 is twelvefold, about the axis that is asked for", () => {
  const one = new Molecules([[0, 0, 0]], [quaternionFromRotvec([0.2, 0.4, -0.3])]);
  const twelve = one.symmetryExpand("C12");
  expect(twelve.count).toBe(12);
  for (let i = 0; i < 12; i++)
    expect(Math.max(...twelve.z.slice(3 * i, 3 * i + 3).map((v, k) => Math.abs(v - one.z[k])))).toBeLessThan(
      1e-5,
    );
  expect(twelve.symmetryExpand("C12").count).toBe(144);
});

test("complaint 17: a template of high symmetry is found by its score, whatever the number of its rotations", async () => {
  const ball = {
    data: A.data.map((_, i) =>
      Math.exp(
        -(
          (Math.floor(i / 576) - 11.5) ** 2 +
          ((Math.floor(i / 24) % 24) - 11.5) ** 2 +
          ((i % 24) - 11.5) ** 2
        ) / 18,
      ),
    ),
    shape: A.shape,
  };
  const tomogram = await new TomogramSimulator({ scale: 0.5, backend: pool })
    .addMolecules(new Molecules([[10, 10, 10]]), ball)
    .simulate([40, 40, 40]);
  const bestOf = async (rotations: readonly [number, number]) => {
    const found = await pickTemplate(tomogram, ball, {
      scale: 0.5,
      rotations,
      minScore: 0.5,
      minDistance: 4,
      backend: pool,
    });
    return Math.max(...found.features.score.map(Number));
  };
  const alone = await bestOf([0, 0]);
  expect(alone).toBeGreaterThan(0.95);
  expect(await bestOf([90, 90])).toBeGreaterThan(0.99 * alone);
});

test("complaint 18: what lies closer than a distance is dropped, the better one kept", () => {
  const molecules = new Molecules(
    [
      [0, 0, 0],
      [0, 0, 1],
      [0, 0, 5],
      [0, 0, 1],
    ],
    undefined,
    {
      score: [0.1, 0.9, 0.5, 0.7],
      tomogram: ["a", "a", "a", "b"],
    },
  );
  expect(dropNeighbours(molecules, 2).features.score).toEqual([0.9, 0.5, 0.7]);
  expect(() => dropNeighbours(molecules, 0)).toThrow("a distance above 0");
});

test("complaint 19: halves of noise in a tight mask agree in nothing once the mask is taken out", async () => {
  // So far apart that no voxel is in two of the masks.
  const at = [4, 12, 20];
  const places = at.flatMap((z) => at.flatMap((y) => at.map((x) => [z, y, x])));
  // All have something broad in common, which the mask's edge spreads over every shell.
  const far = (i: number) => Math.min(...at.map((nm) => (i - nm / 0.5) ** 2));
  const tomogram = noise([48, 48, 48], 10);
  const common = tomogram.data.map((value, i) => {
    const square = far(Math.floor(i / 2304)) + far(Math.floor(i / 48) % 48) + far(i % 48);
    return value + 4 * Math.exp(-square / 72);
  });
  const loader = loaderOf({ data: common, shape: tomogram.shape }, new Molecules(places), {
    outputShape: 24,
  });
  const mask = {
    data: A.data.map((_, i) =>
      Math.hypot(Math.floor(i / 576) - 11.5, (Math.floor(i / 24) % 24) - 11.5, (i % 24) - 11.5) < 4 ? 1 : 0,
    ),
    shape: A.shape,
  };
  const mean = (curve: Float64Array) =>
    curve.slice(3).reduce((sum, value) => sum + value, 0) / (curve.length - 3);
  const spread = async (options: { readonly randomizeFrom?: number }) => {
    const { curves } = await loader.fsc({ mask, sets: 6, seed: 1, dfreq: 0.06, ...options });
    return mean(
      curves.reduce(
        (sum, curve) => sum.map((value, i) => value + curve[i] / curves.length),
        new Float64Array(curves[0].length),
      ),
    );
  };
  const [plain, corrected] = [await spread({}), await spread({ randomizeFrom: 0.1 })];
  expect(plain).toBeGreaterThan(0.8);
  expect(Math.abs(corrected)).toBeLessThan(0.3);
});

test("complaint 21: ten times the molecules are read no more at a time", async () => {
  const mostAtOnce = async (count: number) => {
    let [read, most] = [0, 0];
    const { data, shape } = noise([32, 32, 32], 11);
    const tomogram = {
      ...{ name: "counted", shape, scale: 0.5 },
      async read([z0, y0, x0]: readonly number[], [z1, y1, x1]: readonly number[]) {
        read++;
        return Float32Array.from({ length: (z1 - z0) * (y1 - y0) * (x1 - x0) }, (_, i) => data[i]);
      },
    };
    let given = 0;
    const loader = new SubtomogramLoader(
      tomogram,
      new Molecules(Array.from({ length: count }, () => [8, 8, 8])),
      { outputShape: 8, backend: pool },
    );
    for await (const _ of loader.loadIter()) most = Math.max(most, read - ++given);
    return most;
  };
  const [few, many] = [await mostAtOnce(150), await mostAtOnce(1500)];
  expect(many).toBeLessThanOrEqual(Math.max(few, 128));
});

test("complaint 22: a template of another pixel size is rescaled, and one that says none is refused", async () => {
  const path = subtomogramGolden("template_A.mrc");
  expect((await fromFile(path)(1)).shape).toEqual([12, 12, 12]);
  expect((await fromFile(path)(0.503)).shape).toEqual([24, 24, 24]);
  await expect(fromFile(subtomogramGolden("template_A.npy"))(0.5)).rejects.toThrow("template_A.npy");
});
