import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../core/index.ts";
import { writeMrc, writeNpy } from "../io/index.ts";
import {
  add,
  centerByMass,
  closing,
  compose,
  converterFunction,
  dilation,
  divide,
  fromArray,
  fromArrays,
  fromAtoms,
  fromFile,
  fromFiles,
  fromGaussian,
  fromPdb,
  gaussianFilter,
  gaussianSmooth,
  greater,
  highpassFilter,
  isConverter,
  isProvider,
  lowpassFilter,
  multiply,
  type PipeImage,
  providerFunction,
  shift,
  softOtsu,
  subtract,
  thresholdOtsu,
} from "./index.ts";
import { squaredDistances } from "./masks/distance.ts";
import { dilate, erode } from "./masks/morphology.ts";

function noise(shape: PipeImage["shape"], seed = 1): PipeImage {
  const random = seededRandom(seed);
  return {
    data: Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => random.normal()),
    shape,
  };
}

const valueAt = ({ data, shape }: PipeImage, z: number, y: number, x: number) =>
  data[(z * shape[1] + y) * shape[2] + x];
const THREE: PipeImage = { data: Float32Array.of(3), shape: [1, 1, 1] };

describe("arithmetic", () => {
  const three = fromArray(THREE);
  const firstOf = async (provider: (scale: number) => Promise<PipeImage>) => (await provider(1)).data[0];

  test("a number on the left stays on the left", async () => {
    expect(await firstOf(subtract(1, three))).toBe(-2);
    expect(await firstOf(divide(1, three))).toBeCloseTo(1 / 3, 6);
    expect(await firstOf(add(1, three))).toBe(4);
    expect(await firstOf(multiply(2, three))).toBe(6);
    expect(await firstOf(greater(4, three))).toBe(1);
  });

  test("of providers, and what compares gives 1 and 0", async () => {
    expect(await firstOf(three.subtract(1))).toBe(2);
    expect(await firstOf(three.divide(three))).toBe(1);
    expect(await firstOf(three.negate())).toBe(-3);
    for (const [comparison, holds] of [
      [three.equal(3), 1],
      [three.notEqual(3), 0],
      [three.less(3), 0],
      [three.lessEqual(3), 1],
      [three.greater(2), 1],
      [three.greaterEqual(4), 0],
    ] as const)
      expect(await firstOf(comparison), comparison.name).toBe(holds);
  });

  test("of converters with converters and providers of the same image", async () => {
    const double = converterFunction(function double(image: PipeImage) {
      return { data: image.data.map((value) => 2 * value), shape: image.shape };
    })();
    expect((await double.subtract(double)(THREE, 1)).data[0]).toBe(0);
    expect((await double.add(three)(THREE, 1)).data[0]).toBe(9);
    expect((await subtract(three, double)(THREE, 1)).data[0]).toBe(-3);
    expect((await double.negate()(THREE, 1)).data[0]).toBe(-6);
  });

  test("what cannot be combined is refused by name", async () => {
    expect(() => three.divide(0)).toThrow("divide: expected a divisor other than 0, found 0");
    expect(() => divide(three, 0)).toThrow("a divisor other than 0");
    const wider = fromArray({ data: [1, 2], shape: [1, 1, 2] });
    await expect(three.add(wider)(1)).rejects.toThrow(
      "expected images of one shape, found [1,1,1] and [1,1,2]",
    );
    expect(() => three.add(Number.NaN)).toThrow("a finite number, an image provider or an image converter");
    // @ts-expect-error: two numbers make no pipe
    expect(() => add(1, "2")).toThrow("an image provider or an image converter");
    expect(() => add(1, 2)).toThrow("found two numbers");
  });
});

describe("pipes", () => {
  test("say what they are", () => {
    expect(`${fromFile("template.mrc", 0.18)}`).toBe('ImageProvider<fromFile("template.mrc", 0.18)>');
    expect(`${softOtsu({ sigma: 2 })}`).toBe("ImageConverter<softOtsu({ sigma: 2, radius: 1, bins: 256 })>");
    expect(compose(gaussianFilter(2), fromFile("t.mrc")).name).toBe('gaussianFilter(2)○fromFile("t.mrc")');
    expect(fromArray(THREE).subtract(1).name).toBe("(fromArray(..., 1) - 1)");
    expect(fromArray(THREE).withName("three").name).toBe("three");
    expect(shift([0.6, -0.3, 1.1], { order: 1 }).name).toBe("shift([0.6, -0.3, 1.1], { order: 1 })");
    expect(isProvider(fromArray(THREE)) && isConverter(softOtsu()) && !isProvider(softOtsu())).toBe(true);
  });

  test("read from left to right as from right to left", async () => {
    const image = noise([6, 7, 8]);
    const provider = fromArray(image, 1);
    const [one, other] = [gaussianFilter(1), shift([0, 1, 0])];
    expect(await provider.pipe(one).pipe(other)(1)).toEqual(await compose(other, compose(one, provider))(1));
    expect(await one.pipe(other)(image, 1)).toEqual(await compose(other, one)(image, 1));
    expect(await other.compose(one).compose(provider)(1)).toEqual(await provider.pipe(one).pipe(other)(1));
    // @ts-expect-error: a number is no pipe
    expect(() => one.compose(3)).toThrow("found 3");
  });

  test("a converter without a scale takes the image's own, else 1 nm a pixel", async () => {
    const scaleOf = converterFunction((image, scale: number) => ({
      data: new Float32Array(image.data.length).fill(scale),
      shape: image.shape,
    }))();
    const image = noise([2, 2, 2]);
    expect((await scaleOf(image)).data[0]).toBe(1);
    expect((await scaleOf({ ...image, voxelSizeA: 2.5 })).data[0]).toBe(0.25);
    expect((await scaleOf({ ...image, voxelSizeA: 0 })).data[0]).toBe(1);
    expect((await scaleOf({ ...image, voxelSizeA: 2.5 }, 3)).data[0]).toBe(3);
    expect((await scaleOf.compose(scaleOf).multiply(2)({ ...image, voxelSizeA: 5 })).data[0]).toBe(1);
  });

  test("a user's own functions", async () => {
    const constant = providerFunction(function constant(scale: number, sizeNm: number, value?: number) {
      const n = Math.round(sizeNm / scale);
      return { data: new Float32Array(n ** 3).fill(value ?? 1), shape: [n, n, n] as const };
    });
    expect((await constant(4, 7)(2)).data).toEqual(new Float32Array(8).fill(7));
    const scaled = converterFunction(async function scaled(image: PipeImage, scale: number, by: number) {
      return { data: image.data.map((value) => value * by * scale), shape: image.shape };
    });
    expect((await compose(scaled(3), constant(2))(2)).data[0]).toBe(6);
    const wrong = providerFunction(function wrong() {
      return { data: new Float32Array(4), shape: [2, 2] } as never;
    });
    await expect(wrong()(1)).rejects.toThrow(
      "wrong(): expected three axes (z, y, x) with voxels, found [2,2]",
    );
    await expect(providerFunction((() => 3) as never)()(1)).rejects.toThrow(
      "expected an image { data, shape: [z, y, x] }, found 3",
    );
  });

  test("several images are converted one by one", async () => {
    const several = fromArrays([noise([4, 4, 4], 1), noise([4, 4, 4], 2)]);
    const [first, second] = await compose(gaussianFilter(1), several)(1);
    expect(first).toEqual(await gaussianFilter(1)(noise([4, 4, 4], 1), 1));
    expect(second).toEqual(await gaussianFilter(1)(noise([4, 4, 4], 2), 1));
    const [doubled] = await several.multiply(2)(1);
    expect(doubled.data[5]).toBe(2 * noise([4, 4, 4], 1).data[5]);
  });

  test("a converter at one scale, cropped or padded", async () => {
    const atScale = thresholdOtsu().withScale(0.5, { reshapeTo: [2, 6, 4] });
    expect((await atScale(noise([4, 4, 4]))).shape).toEqual([2, 6, 4]);
    // @ts-expect-error: a misspelt key
    expect(() => thresholdOtsu().withScale(0.5, { reshapeto: [2, 6, 4] })).toThrow("reshapeTo");
  });

  test("a scale that is none, and what is no pipe", async () => {
    await expect(fromArray(THREE)(0)).rejects.toThrow("scale: expected a number above 0, found 0");
    // @ts-expect-error: a provider converts nothing
    expect(() => compose(fromArray(THREE), softOtsu())).toThrow(
      "an image converter, found an image provider",
    );
    // @ts-expect-error: an unknown key
    expect(() => softOtsu({ sigm: 2 })).toThrow("sigma");
  });
});

describe("providers", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vitrine-pipe-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("a Gaussian has its peak in the centre, and the width that it is given", async () => {
    const image = await fromGaussian([5, 6, 7], [1, 1.5, 2])(1);
    expect(valueAt(image, 2, 2, 3)).toBeCloseTo(Math.exp(-0.5 * (0.5 / 1.5) ** 2), 6);
    expect(valueAt(image, 3, 2, 3) / valueAt(image, 2, 2, 3)).toBeCloseTo(Math.exp(-0.5), 6);
    const moved = await fromGaussian(5, 1, [1, 0, -1])(1);
    expect(valueAt(moved, 3, 2, 1)).toBe(1);
    await expect(fromGaussian(0.2)(1)).rejects.toThrow("at least one voxel");
    expect(() => fromGaussian(5, 0)).toThrow("fromGaussian sigma: expected a number above 0, found 0");
  });

  test("rescaled by its scale, a ball keeps its size in nm; by its corners, as acryo, it grows", async () => {
    const ball = await fromGaussian(18 * 0.8, 2)(0.8);
    const radius = async (grid: "corners" | "scale") => {
      const image = await fromArray(ball, 0.8, undefined, { grid })(0.5);
      const mass = image.data.reduce((sum, value) => sum + value, 0) * 0.5 ** 3;
      return (mass / (2 * Math.PI) ** 1.5) ** (1 / 3);
    };
    expect(await radius("scale")).toBeCloseTo(2, 2);
    expect((await radius("corners")) / 2).toBeCloseTo((28 / 17) * (0.5 / 0.8), 2);
  });

  test("a file is read once, of any format, at its own pixel size", async () => {
    const image = noise([5, 6, 7]);
    const mrc = join(folder, "map.mrc");
    await writeMrc(mrc, { data: image.data, shape: image.shape, voxelSizeA: 8 });
    const [a, b] = await fromFiles([mrc, mrc])(0.8);
    expect(a).toEqual(image);
    expect(b).toEqual(image);
    const npy = join(folder, "map.npy");
    await writeNpy(npy, image);
    await expect(fromFile(npy)(1)).rejects.toThrow(
      "Give it as the second argument of fromFile or with --template-scale or --mask-scale, in nm/pixel",
    );
    expect(await fromFile(npy, 1)(1)).toEqual(image);
    await expect(fromFile(join(folder, "none.mrc"))(1)).rejects.toMatchObject({ code: "missing" });
  });

  test("a file that comes late is tried again", async () => {
    const path = join(folder, "late.mrc");
    const provider = fromFile(path);
    await expect(provider(0.8)).rejects.toThrow("late.mrc");
    await writeMrc(path, { data: new Float32Array(8), shape: [2, 2, 2], voxelSizeA: 8 });
    expect((await provider(0.8)).shape).toEqual([2, 2, 2]);
  });

  test("atoms: wide coordinates of a PDB file are whole, ligands only where wanted", async () => {
    const line = (record: string, x: string) =>
      `${record}    1  CA  ALA A   1    ${x}  -2.000   3.000  1.00  0.00           C  `;
    const path = join(folder, "wide.pdb");
    await writeFile(
      path,
      [line("ATOM  ", "-100.000"), line("ATOM  ", "-101.000"), line("HETATM", " -90.000"), "END"].join("\n"),
    );
    // acryo reads columns 32 to 39 and sees 1.00 Å from 0.0: 100.000 and 101.000, their signs lost.
    const image = await fromPdb(path)(0.06);
    expect(image.shape).toEqual([2, 2, 2]);
    expect((await fromPdb(path, undefined, { hetero: true })(0.05)).shape[0]).toBeGreaterThan(20);
    expect(() => fromAtoms([])).toThrow("expected atoms, found none");
    expect(() => fromAtoms([[1, 2, 3]], [1, 2])).toThrow("fromAtoms weights: expected 1 weights, found 2");
    await expect(fromAtoms([[1, 2, 3]])(1)).rejects.toMatchObject({ code: "undeterminable" });
  });
});

describe("converters", () => {
  test("moves by the spline of its order", async () => {
    const image = await fromGaussian(15, 2)(1);
    const moved = await shift([0.5, 0, -0.5])(image, 1);
    const wanted = await fromGaussian(15, 2, [0.5, 0, -0.5])(1);
    const worst = (other: PipeImage) =>
      Math.max(...other.data.map((value, i) => Math.abs(value - wanted.data[i])));
    expect(worst(moved)).toBeLessThan(0.003);
    expect(worst(await shift([0.5, 0, -0.5], { order: 2 })(image, 1))).toBeLessThan(0.01);
    expect(worst(await shift([0.5, 0, -0.5], { compat: true })(image, 1))).toBeGreaterThan(0.02);
    // @ts-expect-error: no such order
    expect(() => shift([0, 0, 0], { order: 5 })).toThrow("an order of 0, 1, 2 or 3, found 5");
  });

  test.each(["nearest", "constant", "reflect", "mirror", "wrap"] as const)(
    "whole voxels move as they are, %s outside",
    async (mode) => {
      const image = noise([5, 4, 6]);
      const moved = await shift([1, 0, -2], { mode, cval: 7 })(image, 1);
      expect(valueAt(moved, 2, 1, 3)).toBeCloseTo(valueAt(image, 1, 1, 5), 5);
      const outside = { nearest: valueAt(image, 0, 1, 3), constant: 7, reflect: valueAt(image, 0, 1, 3) };
      const others = { mirror: valueAt(image, 1, 1, 3), wrap: valueAt(image, 3, 1, 3) };
      expect(valueAt(moved, 0, 1, 1)).toBeCloseTo({ ...outside, ...others }[mode], 4);
    },
  );

  // scipy 1.17: ndimage.shift(x, (0, 0, s), order=…, mode="wrap"), what acryo calls.
  test.each([
    [1, 1.25, [7, 14, 1.75, 3.5, 7]],
    [1, -6.5, [6, 12, 1.5, 3, 6]],
    [3, 1.25, [6.26758, 15.14927, 1.59515, 3.49916, 6.26758]],
    [3, -6.5, [5.17634, 13.06473, 1.27902, 2.97991, 5.17634]],
  ] as const)("wrapped around by order %i and %d voxels as scipy does", async (order, by, wanted) => {
    const image = { data: Float32Array.of(1, 2, 4, 8, 16), shape: [1, 1, 5] } as const;
    const { data } = await shift([0, 0, by], { order, mode: "wrap" })(image, 1);
    wanted.forEach((value, i) => {
      expect(data[i]).toBeCloseTo(value, 4);
    });
  });

  test("the centre of mass goes to the centre of the box", async () => {
    const image = await fromGaussian(16, 1.5, [2, -1, 0.5])(1);
    const centred = await centerByMass()(image, 1);
    const again = await fromGaussian(16, 1.5)(1);
    expect(Math.max(...centred.data.map((value, i) => Math.abs(value - again.data[i])))).toBeLessThan(0.01);
    const empty = { data: new Float32Array(8), shape: [2, 2, 2] } as const;
    await expect(centerByMass()(empty, 1)).rejects.toThrow("sum is finite and not 0");
  });

  test("low and high pass are parts of a whole, of odd sizes too", async () => {
    const image = noise([7, 9, 5]);
    const low = await lowpassFilter(0.2)(image, 1);
    const high = await highpassFilter(0.2)(image, 1);
    expect(low.shape).toEqual(image.shape);
    const worst = Math.max(...image.data.map((value, i) => Math.abs(value - low.data[i] - high.data[i])));
    expect(worst).toBeLessThan(1e-5);
    expect((await highpassFilter(0)(image, 1)).data.every((value) => value === 0)).toBe(true);
    expect(await lowpassFilter(0.9)(image, 1)).toEqual(image);
  });

  test("masks need 0 and 1, thresholds need contrast", async () => {
    const image = noise([3, 3, 3]);
    for (const converter of [dilation(1), closing(1), gaussianSmooth(1)])
      await expect(converter(image, 1)).rejects.toThrow("Threshold the image first");
    await expect(thresholdOtsu()(THREE, 1)).rejects.toThrow("an image with contrast, found 3 everywhere");
    await expect(thresholdOtsu()({ data: [0, Number.NaN], shape: [1, 1, 2] }, 1)).rejects.toThrow(
      "finite values",
    );
    await expect(thresholdOtsu(0)(image, 1)).rejects.toThrow("bins");
  });

  test("an empty or full mask stays as it is", async () => {
    for (const value of [0, 1]) {
      const mask = { data: new Float32Array(27).fill(value), shape: [3, 3, 3] } as const;
      expect(await gaussianSmooth(2)(mask, 1)).toEqual(mask);
    }
  });
});

describe("distances and balls equal what is counted voxel by voxel", () => {
  const masks = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 7 }))
    .chain(([d, h, w]) =>
      fc
        .array(fc.constantFrom(0, 1), { minLength: d * h * w, maxLength: d * h * w })
        .map((values): PipeImage => ({ data: Float32Array.from(values), shape: [d, h, w] })),
    );

  function voxels({ shape }: PipeImage) {
    const places: (readonly [number, number, number])[] = [];
    for (let z = 0; z < shape[0]; z++)
      for (let y = 0; y < shape[1]; y++) for (let x = 0; x < shape[2]; x++) places.push([z, y, x]);
    return places;
  }

  const squared = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0);

  test("squared distances", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const places = voxels(mask);
        const set = places.filter((_, i) => mask.data[i] === 1);
        const distances = squaredDistances(mask, 1);
        places.forEach((place, i) => {
          const wanted = Math.min(...set.map((other) => squared(place, other)), 1e15);
          expect(distances[i]).toBe(wanted);
        });
      }),
      { numRuns: 100 },
    );
  });

  test("dilation and erosion, nothing outside", () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 1, max: 3 }), (mask, radius) => {
        const places = voxels(mask);
        const set = places.filter((_, i) => mask.data[i] === 1);
        const grown = places.map((place) =>
          set.some((other) => squared(place, other) <= radius ** 2) ? 1 : 0,
        );
        expect(Array.from(dilate(mask, radius).data)).toEqual(grown);
        const offsets = voxels({ data: mask.data, shape: [2 * radius + 1, 2 * radius + 1, 2 * radius + 1] })
          .map((offset) => offset.map((v) => v - radius))
          .filter((offset) => squared(offset, [0, 0, 0]) <= radius ** 2);
        const isSet = (place: readonly number[]) =>
          place.every((v, axis) => v >= 0 && v < mask.shape[axis]) &&
          valueAt(mask, place[0], place[1], place[2]) === 1;
        const shrunk = places.map((place) =>
          offsets.every((o) => isSet(place.map((v, axis) => v + o[axis]))) ? 1 : 0,
        );
        expect(Array.from(erode(mask, radius).data)).toEqual(shrunk);
      }),
      { numRuns: 100 },
    );
  });
});
