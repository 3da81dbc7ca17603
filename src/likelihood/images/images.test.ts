import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  difference,
  likelihoodGolden,
  likelihoodNpy,
  likelihoodNpz,
  numbers,
} from "../../../test/support/likelihoodCase.ts";
import { seededRandom } from "../../core/index.ts";
import { openMrc, readTorchTensor } from "../../io/index.ts";
import { fromIndividualValues } from "../descriptor/descriptor.ts";
import { createPolarTransform } from "../fourier/polarTransform.ts";
import { getPossibleDisplacements } from "../grid/displacements.ts";
import { integratePolar, polarPoints } from "../grid/polarValues.ts";
import type { PhysicalStack, PolarStack } from "../stacks.ts";
import {
  addNoisePhysical,
  centerPhysicalImages,
  changeImagesPhysSize,
  downsamplePhysicalImages,
  filterPaddedImages,
  normalizePhysicalImages,
} from "./physical.ts";
import {
  addNoisePolar,
  displacePolarImages,
  normalizePolarImages,
  powerSpectrum,
  rotatePolarImages,
  selectImages,
} from "./polar.ts";
import { polarCtf } from "./polarCtf.ts";
import { varianceScaling } from "./varianceScaling.ts";

const descriptor = fromIndividualValues(48, 2, { resolutionFactor: 0.8, viewingDistance: 0.9 });
const { polarGrid: grid, nPixels } = descriptor;

async function particles(count: number): Promise<PhysicalStack> {
  const file = await openMrc(likelihoodGolden("input/particles.mrcs"));
  const data = await file.readSections(0, count);
  await file.close();
  return { shape: [count, 48, 48], data, pixelSizeA: [2, 2] };
}

const doubled = (stack: PhysicalStack) => ({ ...stack, data: Float64Array.from(stack.data) });
const some = (shape: readonly [number, number, number], seed = 1): PhysicalStack => {
  const random = seededRandom(seed);
  return {
    shape,
    data: Float64Array.from({ length: shape[0] * shape[1] * shape[2] }, () => random.normal()),
    pixelSizeA: [1, 1],
  };
};

describe("against CryoLike", () => {
  test("centre, transform, norm and back, in double", async () => {
    const { stack, means, norms } = centerPhysicalImages(doubled(await particles(2)));
    const expected = await likelihoodNpz("unit/image_center.npz");
    expect(difference(means, expected("mean"))).toBeLessThan(1e-14);
    expect(difference(norms, expected("norm"))).toBeLessThan(1e-14);
    const transform = createPolarTransform({ nPixels, grid });
    const polar = transform.toPolar(stack);
    // README: 4e-13
    expect(
      difference(polar.data, numbers((await likelihoodNpy("unit/image_polar_double_raw_0-1.npy")).data)),
    ).toBeLessThan(1e-12);
    const normalized = normalizePolarImages(polar, grid);
    expect(
      difference(
        normalized.norms,
        numbers((await likelihoodNpy("unit/image_polar_double_l2norm_0-1.npy")).data),
      ),
    ).toBeLessThan(1e-12);
    const back = transform.toPhysical(normalized.stack, [2, 2]);
    expect(
      difference(
        back.data,
        numbers((await likelihoodNpy("unit/image_polar_backto_phys_double_0-1.npy")).data),
      ),
    ).toBeLessThan(1e-12);
  });

  test("a stack of particles in single precision", async () => {
    const { stack } = centerPhysicalImages(await particles(24));
    const phys = await readTorchTensor(likelihoodGolden("run/particles/phys/particles_phys_stack_000000.pt"));
    expect(difference(stack.data, phys.data as Float32Array)).toBeLessThan(2e-7);
    const { stack: polar } = normalizePolarImages(
      createPolarTransform({ nPixels, grid }).toPolar(stack),
      grid,
    );
    const fft = await readTorchTensor(
      likelihoodGolden("run/particles/fft/particles_fourier_stack_000000.pt"),
    );
    expect(polar.shape).toEqual(fft.shape);
    // README: 5e-7
    expect(difference(polar.data, fft.data as Float32Array)).toBeLessThan(5e-7);
    const squares = Float64Array.from(
      { length: 24 * 40 * 96 },
      (_, i) => polar.data[2 * i] ** 2 + polar.data[2 * i + 1] ** 2,
    );
    expect(
      difference(
        integratePolar(grid, squares),
        numbers((await likelihoodNpy("unit/image_norms_Iyy.npy")).data),
      ),
    ).toBeLessThan(5e-7);
    const spectrum = await likelihoodNpz("unit/power_spectrum_images.npz");
    const { power, resolutionsA } = powerSpectrum(polar, grid, 96);
    expect(difference(power, spectrum("power"))).toBeLessThan(1e-6);
    expect(difference(resolutionsA, spectrum("resolution"))).toBeLessThan(1e-13);
  });

  test("smaller images", async () => {
    const images = await particles(2);
    for (const kind of ["mean", "max"] as const) {
      const small = downsamplePhysicalImages(images, 2, kind);
      const expected = await likelihoodNpy(`unit/downsample2_${kind}_first2.npy`);
      expect([small.shape, small.pixelSizeA]).toEqual([expected.shape, [4, 4]]);
      expect(difference(small.data, numbers(expected.data))).toBeLessThan(1e-7);
    }
  });

  test("CTFs, with astigmatism and without", async () => {
    const truth = JSON.parse(readFileSync(likelihoodGolden("input/truth.json"), "utf8"));
    const radians = (degrees: number[]) => degrees.map((angle) => (angle * Math.PI) / 180);
    const lens = {
      defocusUA: truth.defocusU,
      defocusVA: truth.defocusV,
      defocusAngleRad: radians(truth.defocusAngle_deg),
      phaseShiftRad: radians(truth.phaseShift_deg),
      csMm: 2.7,
      voltageKv: 300,
      amplitudeContrast: 0.1,
    };
    const all = polarCtf(lens, { grid, boxSizeA: 96 });
    expect(all.shape).toEqual([24, 40, 96]);
    const first = all.data.subarray(0, 40 * 96);
    expect(difference(first, numbers((await likelihoodNpy("unit/ctf_polar_image0.npy")).data))).toBeLessThan(
      1e-12,
    );
    const round = polarCtf(lens, { grid, boxSizeA: 96, anisotropy: false, csCorrected: true });
    const expected = await likelihoodNpy("unit/ctf_isotropic_cs_corrected_all.npy");
    expect(round.shape).toEqual(expected.shape);
    expect(difference(round.data, numbers(expected.data))).toBeLessThan(1e-12);
  });

  test("displacements in a disc", async () => {
    const expected = await likelihoodNpz("unit/possible_displacements_3.0_20.npz");
    const { count, x, y } = getPossibleDisplacements(3, 20);
    expect([count, [...x], [...y]]).toEqual([expected("n")[0], expected("x"), expected("y")]);
    expect(getPossibleDisplacements(3, 1)).toEqual({
      count: 1,
      x: Float64Array.of(0),
      y: Float64Array.of(0),
    });
    const [even, without] = [getPossibleDisplacements(1, 25), getPossibleDisplacements(1, 25, false)];
    expect([even.x[0], even.y[0], even.count]).toEqual([0, 0, without.count + 1]);
    expect(() => getPossibleDisplacements(0, 5)).toThrow(
      "maxDisplacement: expected a number above 0, found 0.",
    );
  });
});

describe("what operations mean", () => {
  const transform = createPolarTransform({ nPixels, grid });

  test("a displacement moves an image, along rows x and columns y", () => {
    const at = (x: number, y: number) => {
      const data = new Float64Array(48 * 48);
      data[x * 48 + y] = 1;
      return transform.toPolar({ shape: [1, 48, 48], data, pixelSizeA: [2, 2] });
    };
    const moved = displacePolarImages(at(20, 30), grid, {
      displacementsA: { x: [6], y: [-4] },
      boxSizeA: [96, 96],
    });
    expect(difference(moved.data, at(23, 28).data)).toBeLessThan(1e-11);
  });

  test("a rotation by a quarter turns an image from rows to columns", () => {
    const data = new Float64Array(48 * 48);
    data[(24 + 5) * 48 + 24] = 1;
    const along = transform.toPolar({ shape: [1, 48, 48], data, pixelSizeA: [2, 2] });
    const turned = rotatePolarImages(along, [-Math.PI / 2]);
    const other = new Float64Array(48 * 48);
    other[24 * 48 + 24 + 5] = 1;
    const across = transform.toPolar({ shape: [1, 48, 48], data: other, pixelSizeA: [2, 2] });
    expect(difference(turned.data, across.data)).toBeLessThan(1e-11);
    expect(difference(rotatePolarImages(turned, [Math.PI / 2]).data, along.data)).toBe(0);
  });

  test("odd sizes and half circles transform as direct sums", () => {
    const images = some([2, 9, 7]);
    for (const halfSpace of [false, true]) {
      const own = { ...fromIndividualValues(8, 1, { nInplanes: 6 }).polarGrid, halfSpace };
      const thetas = own.thetas.map((theta) => (halfSpace ? theta / 2 : theta));
      const half = { ...own, thetas };
      const { data } = createPolarTransform({ nPixels: [9, 7], grid: half }).toPolar(images);
      const { x, y } = polarPoints(half);
      for (const i of [0, 5, 20, x.length - 1]) {
        let [re, im] = [0, 0];
        for (let a = 0; a < 9; a++)
          for (let b = 0; b < 7; b++) {
            const angle = -2 * Math.PI * (x[i] * ((2 * (a - 4)) / 9) + y[i] * ((2 * (b - 3)) / 7));
            re += images.data[63 + a * 7 + b] * Math.cos(angle);
            im += images.data[63 + a * 7 + b] * Math.sin(angle);
          }
        const scale = (4 * Math.PI) / Math.sqrt(63);
        expect(data[2 * (x.length + i)]).toBeCloseTo(scale * re, 10);
        expect(data[2 * (x.length + i) + 1]).toBeCloseTo(scale * im, 10);
      }
    }
  });

  test("norms of both spaces", () => {
    const images = some([3, 48, 48]);
    const polar = transform.toPolar(images);
    for (const order of [1, 2, 3, "max"] as const) {
      for (const { stack } of [
        normalizePhysicalImages(images, order),
        normalizePolarImages(polar, grid, order),
      ])
        expect(stack.data.some((value, i) => value !== images.data[i])).toBe(true);
      expect(
        difference(
          normalizePhysicalImages(normalizePhysicalImages(images, order).stack, order).norms,
          [1, 1, 1],
        ),
      ).toBeLessThan(1e-12);
      expect(
        difference(
          normalizePolarImages(normalizePolarImages(polar, grid, order).stack, grid, order).norms,
          [1, 1, 1],
        ),
      ).toBeLessThan(1e-12);
    }
    const { stack, norms } = centerPhysicalImages(images, "std");
    expect(norms.every((norm) => Math.abs(norm - 1) < 0.1)).toBe(true);
    expect(difference(centerPhysicalImages(stack, "std").norms, [1, 1, 1])).toBeLessThan(1e-12);
  });

  test("noise has the power that is asked for, and the seed its numbers", () => {
    const images = some([2, 48, 48]);
    const polar = transform.toPolar(images);
    const noisy = addNoisePhysical(images, [0.25, 4], seededRandom(3));
    const power = (data: ArrayLike<number>) => Array.from(data).reduce((sum, value) => sum + value ** 2, 0);
    const [one] = [images.data.subarray(0, 2304)];
    expect(
      power(noisy.stack.data.subarray(0, 2304).map((value, i) => value - one[i])) / power(one),
    ).toBeCloseTo(4, 0);
    expect(noisy.sigmas[0] / noisy.sigmas[1]).toBeGreaterThan(3);
    expect(addNoisePhysical(images, [0.25, 4], seededRandom(3))).toEqual(noisy);
    const fourier = addNoisePolar(polar, grid, { snr: 1, random: seededRandom(4) });
    const added = fourier.stack.data.map((value, i) => value - polar.data[i]);
    expect(
      power(added) / (2 * 40 * 96 * ((fourier.sigmas[0] ** 2 + fourier.sigmas[1] ** 2) / 2)),
    ).toBeCloseTo(1, 1);
  });

  test("sizes, selections and edges", () => {
    const images = some([2, 5, 4]);
    const larger = changeImagesPhysSize(images, { nPixels: [8, 7] });
    expect(larger.shape).toEqual([2, 8, 7]);
    expect(larger.data[(0 * 8 + 1) * 7 + 1]).toBe(images.data[0]);
    expect(changeImagesPhysSize(larger, { boxSizeA: [5, 4] })).toEqual(images);
    expect(selectImages(images, [1]).data).toEqual(images.data.slice(20));
    expect(
      filterPaddedImages({ ...images, data: images.data.map((value, i) => (i < 8 ? 1 : value)) }),
    ).toEqual([false, true]);
    const wide = downsamplePhysicalImages(some([1, 5, 4]), 2);
    expect(wide.shape).toEqual([1, 2, 2]);
  });

  test("white noise has the same variance on shells that pixels resolve", () => {
    const variance = varianceScaling({ nPixels: [48, 48], grid, random: seededRandom(5) });
    // (4π)² of every frequency, some percent by chance
    for (const value of variance.slice(10)) expect(value / (4 * Math.PI) ** 2).toBeCloseTo(1, 0);
  });

  test("envelopes, scales, angles from columns and the sign of astigmatism", () => {
    const lens = {
      defocusUA: [9000],
      defocusVA: [11000],
      defocusAngleRad: [0.3],
      phaseShiftRad: [0],
      csMm: 2.7,
      voltageKv: 300,
      amplitudeContrast: 0.1,
    };
    const options = { grid, boxSizeA: 96 };
    const swapped = { ...lens, defocusUA: [11000], defocusVA: [9000], defocusAngleRad: [0.3 + Math.PI / 2] };
    expect(difference(polarCtf(lens, options).data, polarCtf(swapped, options).data)).toBeLessThan(1e-10);
    expect(
      difference(polarCtf(lens, { ...options, compat: true }).data, polarCtf(swapped, options).data),
    ).toBeGreaterThan(0.1);
    const turned = { ...lens, defocusAngleRad: [Math.PI / 2 - 0.3] };
    expect(
      difference(polarCtf(lens, { ...options, anglesFrom: "columns" }).data, polarCtf(turned, options).data),
    ).toBeLessThan(1e-10);
    const damped = polarCtf({ ...lens, bFactorA2: 40, scale: [0.5] }, { ...options, envelope: true });
    const plain = polarCtf({ ...lens, bFactorA2: 40, scale: [0.5] }, options);
    const s2 = (grid.radii[39] / 48) ** 2;
    expect(damped.data[39 * 96] / plain.data[39 * 96]).toBeCloseTo(0.5 * Math.exp(-10 * s2), 12);
  });

  test("what cannot be is refused", () => {
    const lens = {
      defocusUA: [1],
      defocusVA: [Number.NaN],
      defocusAngleRad: [0],
      phaseShiftRad: [0],
      csMm: 2.7,
      voltageKv: 300,
      amplitudeContrast: 0.1,
    };
    const flat: PhysicalStack = { shape: [1, 48, 48], data: new Float32Array(2304), pixelSizeA: [1, 1] };
    const holed = { ...flat, data: flat.data.with(5, Number.NaN) };
    const polar: PolarStack = { shape: [1, 2, 2], data: new Float32Array(8) };
    for (const [run, message] of [
      [() => polarCtf(lens, { grid, boxSizeA: 96 }), "lens defocusVA[0]: expected a number, found NaN."],
      [
        () => polarCtf({ ...lens, defocusVA: [1, 2] }, { grid, boxSizeA: 96 }),
        "lens defocusVA: expected 1 values, found 2.",
      ],
      [
        () => centerPhysicalImages(flat),
        "centerPhysicalImages image 0: expected an image that is not the same everywhere, of finite values, found norm 0.",
      ],
      [
        () => transform.toPolar(holed),
        "toPolar images image 0: expected finite values, found NaN at value 5.",
      ],
      [
        () => transform.toPolar({ ...flat, shape: [1, 24, 96] }),
        "toPolar images: expected 48 x 48, found 24 x 96.",
      ],
      [() => powerSpectrum(polar, grid, 96), "polar stack: expected 40 shells of 96 angles, found 2 x 2."],
      [() => downsamplePhysicalImages(flat, 3), "downsample factor: expected 1 or an even number, found 3."],
      [
        () => addNoisePhysical(flat, 0, seededRandom(1)),
        "snr of image 0: expected a number above 0, found 0.",
      ],
      [
        () => normalizePhysicalImages(flat, 0.5),
        "norm order: expected a number of at least 1, or max, found 0.5.",
      ],
      [() => selectImages(flat, [1]), "selectImages indices[0]: expected 0 to 0, found 1."],
    ] as const)
      expect(run).toThrow(message);
  });
});
