import fc from "fast-check";
import { expect, test } from "vitest";
import { goldenNpy } from "../../test/support/npy.ts";
import { romaRotationMatrices, torchCos, torchSin } from "./romaRotations.ts";
import { rotationMatrices } from "./rotations.ts";

test("the golden matrices are met to the last bit", () => {
  const euler = Float64Array.from(goldenNpy("unit/rot_euler.npy").data);
  const golden = Float32Array.from(goldenNpy("unit/rot_matrix.npy").data);
  // As bits, so that -0 and 0 count as what they are.
  const bits = (values: Float32Array) => [...new Uint32Array(values.buffer)];
  expect(bits(romaRotationMatrices(euler))).toEqual(bits(golden));
});

const phiOrPsi = fc.double({ min: 0, max: 360, noNaN: true });
const theta = fc.double({ min: 0, max: 180, noNaN: true });

test("they are rotations but for float32 rounding", () => {
  fc.assert(
    fc.property(phiOrPsi, theta, phiOrPsi, (phi, tilt, psi) => {
      // Some ten roundings of 6e-8 each; 6.7e-7 is the worst of 300,000. roma reads angles as float32.
      const angles = Float64Array.of(phi, tilt, psi).map(Math.fround);
      const [found, expected] = [romaRotationMatrices(angles), rotationMatrices(angles)];
      for (let i = 0; i < 9; i++) expect(Math.abs(found[i] - expected[i])).toBeLessThan(1e-6);
    }),
    { seed: 11, numRuns: 2000 },
  );
});

test("on a grid of half degrees they stay within 1e-6 of float64 and entries below 1e-8 are 0", () => {
  const angles: number[] = [];
  for (let a = 0; a <= 360; a += 7.5) {
    for (let t = 0; t <= 180; t += 22.5) angles.push(a, t, 0, 0, t, a, a, t, 360 - a);
  }
  const [found, expected] = [
    romaRotationMatrices(Float64Array.from(angles)),
    rotationMatrices(Float64Array.from(angles)),
  ];
  const errors = found.map((value, i) => Math.abs(value - expected[i]));
  expect(Math.max(...errors)).toBeLessThan(1e-6);
  expect(found.every((value) => value === 0 || Math.abs(value) >= 1e-8)).toBe(true);
});

test("sine and cosine are float32's within one unit in the last place", () => {
  for (let i = 0; i <= 1000; i++) {
    const x = Math.fround((Math.PI * i) / 1000);
    expect(Math.abs(torchSin(x) - Math.sin(x))).toBeLessThan(6e-8);
    expect(Math.abs(torchCos(x) - Math.cos(x))).toBeLessThan(6e-8);
  }
});

test("the angles stay as they were, float32 and float64 alike", () => {
  const angles = Float32Array.of(10.5, 20.25, 30);
  const wide = Float64Array.from(angles);
  expect(romaRotationMatrices(angles)).toEqual(romaRotationMatrices(wide));
  expect([...angles]).toEqual([10.5, 20.25, 30]);
});
