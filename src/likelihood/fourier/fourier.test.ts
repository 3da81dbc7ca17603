import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { createLineFft, smoothLength } from "./lineFft.ts";
import { nufftType1, nufftType2 } from "./nufft.ts";

const random = seededRandom(14);
const normals = (count: number) => Float64Array.from({ length: count }, () => random.normal());

/** Mode numbers of every value of a shape, axis by axis. */
function modeNumbers(shape: readonly number[]): number[][] {
  const count = shape.reduce((product, side) => product * side, 1);
  return Array.from({ length: count }, (_, i) => {
    let rest = i;
    return [...shape]
      .reverse()
      .map((side) => {
        const index = rest % side;
        rest = Math.floor(rest / side);
        return index - Math.floor(side / 2);
      })
      .reverse();
  });
}

/** The sum itself; from modes to points, or back. */
function directSum(
  values: Float64Array,
  points: readonly Float64Array[],
  {
    shape,
    sign,
    toPoints,
  }: { readonly shape: readonly number[]; readonly sign: number; readonly toPoints: boolean },
): Float64Array {
  const numbers = modeNumbers(shape);
  const out = new Float64Array(2 * (toPoints ? points[0].length : numbers.length));
  for (let j = 0; j < points[0].length; j++)
    for (const [m, mode] of numbers.entries()) {
      const angle = sign * mode.reduce((sum, number, axis) => sum + number * points[axis][j], 0);
      const [from, to] = toPoints ? [2 * m, 2 * j] : [2 * j, 2 * m];
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      out[to] += values[from] * c - values[from + 1] * s;
      out[to + 1] += values[from] * s + values[from + 1] * c;
    }
  return out;
}

/** Root of the mean square of the difference, as a share of that of the values. */
function error(found: Float64Array, expected: Float64Array): number {
  const square = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(square(found.map((value, i) => value - expected[i])) / square(expected));
}

test("transforms of lines are the sums that they stand for", () => {
  for (const length of [1, 2, 3, 4, 6, 10, 12, 30, 64, 90, 128])
    for (const sign of [1, -1] as const) {
      const [count, apart] = [19, 2];
      const data = normals(2 * length * count * apart);
      const found = data.slice();
      createLineFft(length, sign).run(found, { offset: 0, stride: count * apart, count, apart });
      for (const line of [0, 15, 18])
        for (const k of [0, 1, length - 1]) {
          let [re, im] = [0, 0];
          for (let j = 0; j < length; j++) {
            const at = 2 * (j * count * apart + line * apart);
            const angle = (sign * 2 * Math.PI * j * k) / length;
            re += data[at] * Math.cos(angle) - data[at + 1] * Math.sin(angle);
            im += data[at] * Math.sin(angle) + data[at + 1] * Math.cos(angle);
          }
          const at = 2 * ((k % length) * count * apart + line * apart);
          expect(found[at]).toBeCloseTo(re, 11);
          expect(found[at + 1]).toBeCloseTo(im, 11);
        }
    }
  expect([1, 3, 7, 97, 129, 256].map(smoothLength)).toEqual([2, 4, 8, 100, 144, 256]);
  expect(() => createLineFft(7, 1)).toThrow("expected a length without prime factors above 5, found 7.");
});

describe("non-uniform transforms against direct sums", () => {
  const shape2 = fc.tuple(fc.integer({ min: 1, max: 17 }), fc.integer({ min: 1, max: 17 }));
  const shape3 = fc.tuple(
    fc.integer({ min: 1, max: 7 }),
    fc.integer({ min: 1, max: 7 }),
    fc.integer({ min: 1, max: 7 }),
  );

  test.each([1e-3, 1e-6, 1e-9, 1e-12])(
    "%s, two and three axes, odd and even, both types, both signs",
    (eps) => {
      fc.assert(
        fc.property(fc.oneof(shape2, shape3), fc.constantFrom(1, -1), (shape, sign) => {
          const modes = normals(2 * shape.reduce((product, side) => product * side, 1));
          // beyond a period on both sides
          const points = shape.map(() => normals(23).map((value) => 3 * value));
          const options = { eps, sign: sign as 1 | -1 };
          const there = nufftType2({ shape, data: modes }, points, options);
          expect(error(there, directSum(modes, points, { shape, sign, toPoints: true }))).toBeLessThan(eps);
          const values = normals(46);
          const back = nufftType1(values, points, { ...options, shape });
          expect(error(back, directSum(values, points, { shape, sign, toPoints: false }))).toBeLessThan(eps);
        }),
        { numRuns: 40 },
      );
    },
  );

  test("wrong shapes and accuracies are refused", () => {
    const points = [new Float64Array(2), new Float64Array(2)];
    for (const [run, message] of [
      [
        () => nufftType2({ shape: [2], data: normals(4) }, points),
        "nufft shape: expected two or three axes, of modes and of points, found 1 and 2.",
      ],
      [
        () => nufftType2({ shape: [2, 2], data: normals(4) }, points),
        "nufftType2 data: expected 8 values, found 4.",
      ],
      [
        () => nufftType1(normals(2), points, { shape: [2, 2] }),
        "nufftType1 values: expected 4 values, found 2.",
      ],
      [
        () => nufftType2({ shape: [2, 2], data: normals(8) }, [points[0], new Float64Array(3)]),
        "nufft points: expected 2 values, found 3.",
      ],
      [
        () => nufftType1(normals(4), points, { shape: [2, 2], eps: 1e-15 }),
        "nufft eps: expected an accuracy from 1e-14 to 0.1, found 1e-15.",
      ],
    ] as const)
      expect(run).toThrow(message);
  });
});
