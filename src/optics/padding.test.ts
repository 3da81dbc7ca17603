import fc from "fast-check";
import { expect, test } from "vitest";
import { prepareVolume, referenceSlice } from "../../test/support/slice.ts";
import { type Shape3, seededRandom, type Volume } from "../core/index.ts";
import { padVolume, sincCorrection } from "./padding.ts";
import { rotationMatrices } from "./rotations.ts";

const length = fc.integer({ min: 1, max: 7 });
const shapes: fc.Arbitrary<Shape3> = fc.tuple(length, length, length);
const factors = fc.double({ min: 1, max: 3, noNaN: true });

function randomVolume(shape: Shape3, seed = 1): Volume {
  const random = seededRandom(seed);
  return {
    data: Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, random.normal),
    shape,
    voxelSizeA: 1.5,
  };
}

function centre([depth, height, width]: Shape3): number {
  return (Math.floor(depth / 2) * height + Math.floor(height / 2)) * width + Math.floor(width / 2);
}

test("padding keeps the centre, the sum and whether each side is even", () => {
  fc.assert(
    fc.property(shapes, factors, (shape, factor) => {
      const volume = randomVolume(shape);
      const padded = padVolume(volume, factor);
      expect(padded.voxelSizeA).toBe(1.5);
      expect(padded.data[centre(padded.shape)]).toBe(volume.data[centre(shape)]);
      expect(padded.shape.map((n) => n % 2)).toEqual(shape.map((n) => n % 2));
      // The same numbers in the same order, with zeros between.
      expect(padded.data.filter((v) => v !== 0)).toEqual(volume.data);
    }),
  );
});

test("padding by 1 copies, and leaves its input alone", () => {
  const volume = randomVolume([3, 4, 5]);
  const padded = padVolume(volume, 1);
  expect(padded).toEqual(volume);
  expect(padded.data).not.toBe(volume.data);
});

test("a delta at the centre is not changed by the correction, and nothing gets smaller", () => {
  fc.assert(
    fc.property(shapes, factors, (shape, factor) => {
      const volume = randomVolume(shape);
      const corrected = sincCorrection(volume, factor);
      expect(corrected.data[centre(shape)]).toBe(volume.data[centre(shape)]);
      // sinc² is at least (2/pi)² an axis inside the box.
      const ratios = corrected.data.map((v, i) => v / volume.data[i]);
      expect(Math.min(...ratios)).toBeGreaterThanOrEqual(1 - 1e-6);
      expect(Math.max(...ratios)).toBeLessThanOrEqual((Math.PI / 2) ** 6 + 1e-4);
    }),
  );
});

test("the correction is the same on both sides of the centre, and the known value at the border", () => {
  const ones: Volume = { data: new Float32Array(8).fill(1), shape: [1, 1, 8], voxelSizeA: 1 };
  const { data } = sincCorrection(ones, 1);
  for (const d of [1, 2, 3]) expect(data[4 + d]).toBe(data[4 - d]);
  expect(data[0]).toBeCloseTo((Math.PI / 2) ** 2, 6);
  expect(sincCorrection(ones, 2).data[0]).toBeCloseTo((Math.PI / 4 / Math.sin(Math.PI / 4)) ** 2, 6);
});

/** Root mean square error of a slice of point masses against the exact transform, relative to its own. */
function sliceError(volume: Volume, euler: readonly number[], padFactor: number): number {
  const n = volume.shape[0];
  const padded = padVolume(volume, padFactor);
  const size = padded.shape[0];
  const matrix = rotationMatrices(Float64Array.from(euler));
  const slice = referenceSlice(prepareVolume(padded.data, size), size, matrix);
  let [difference, power] = [0, 0];
  // Up to half of Nyquist, where no trilinear sample lies outside.
  for (let ky = -n / 4; ky < n / 4; ky++) {
    for (let kx = 0; kx < n / 4; kx++) {
      const q = [0, 3, 6].map((r) => (matrix[r] * kx + matrix[r + 1] * ky) / n);
      const [re, im] = exactTransform(POINTS, q);
      const row = (Math.round((ky * size) / n) + size) % size;
      const at = 2 * (row * (size / 2 + 1) + Math.round((kx * size) / n));
      difference += (slice[at] - re) ** 2 + (slice[at + 1] - im) ** 2;
      power += re * re + im * im;
    }
  }
  return Math.sqrt(difference / power);
}

/** Voxels from the centre (x, y, z) and mass. */
const POINTS = [
  [3, -2, 1, 1],
  [-4, 1, 2, 0.7],
  [0, 3, -4, 0.5],
  [2, 4, 3, 0.9],
];

function exactTransform(points: readonly number[][], [qx, qy, qz]: readonly number[]): [number, number] {
  let [re, im] = [0, 0];
  for (const [x, y, z, mass] of points) {
    const phase = -2 * Math.PI * (qx * x + qy * y + qz * z);
    re += mass * Math.cos(phase);
    im += mass * Math.sin(phase);
  }
  return [re, im];
}

test("padding and correction together bring slices close to the exact transform", () => {
  const n = 16;
  const data = new Float32Array(n ** 3);
  for (const [x, y, z, mass] of POINTS) data[((z + n / 2) * n + y + n / 2) * n + x + n / 2] = mass;
  const volume: Volume = { data, shape: [n, n, n], voxelSizeA: 1 };
  const euler = [33, 52, 71];
  const plain = sliceError(volume, euler, 1);
  const padded = sliceError(volume, euler, 2);
  const both = sliceError(sincCorrection(volume, 2), euler, 2);
  // Errors fall with the square of the padding, 0.22 to 0.067. Along an axis linear interpolation errs by 6t(1 - t)
  // of its mean; taking the mean away leaves sqrt(0.2 / 1.2) = 0.41 of it, 0.56 with all three axes and the copies.
  expect(padded).toBeLessThan(plain / 3);
  expect(both).toBeLessThan(0.6 * padded);
  expect(both).toBeLessThan(0.04);
});

test("faults are named", () => {
  const volume = randomVolume([2, 2, 2]);
  expect(() => padVolume(volume, 0.5)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: padVolume factor: expected 1 or more, found 0.5.]`,
  );
  expect(() => padVolume({ ...volume, shape: [2, 2, 3] }, 2)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: padVolume volume: expected 12 values, found 8.]`,
  );
  expect(() => sincCorrection(volume, Number.NaN)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: sincCorrection padFactor: expected 1 or more, found NaN.]`,
  );
});
