import { expect, test } from "vitest";
import { createPool } from "../../compute/index.ts";
import { elementCount, type Shape3, seededRandom } from "../../core/index.ts";
import { normalizeQuaternion } from "../molecules/quaternion.ts";
import { signedIndex, singleAxis, wedgeMask } from "../tilt/tilt.ts";
import { FscAlignment } from "./kinds.ts";

const SHIFTS = [-1, 0, 1];

/**
 * Mean over shells of Re Σ W A B* / √(Σ W |A|² Σ W |B|²) at shifts of whole voxels, from all frequencies one by one. W is 0 or 1: where an index is -n/2 it
 * may be 1 at a frequency and 0 at the opposite one.
 */
function meanOfShells(
  [a, b]: readonly [Spectrum, Spectrum],
  seen: Uint8Array,
  shape: Shape3,
): (shift: readonly number[]) => number {
  const least = Math.min(...shape);
  return (shift) => {
    const sums = new Map<number, [product: number, powerA: number, powerB: number]>();
    eachFrequency(shape, (at, f) => {
      const shell = Math.floor(Math.hypot(...f) * least);
      const sum = sums.get(shell) ?? [0, 0, 0];
      sums.set(shell, sum);
      if (seen[at] === 0) return;
      const phase = 2 * Math.PI * f.reduce((total, value, k) => total + value * shift[k], 0);
      const re = a.re[at] * b.re[at] + a.im[at] * b.im[at];
      const im = a.im[at] * b.re[at] - a.re[at] * b.im[at];
      sum[0] += re * Math.cos(phase) - im * Math.sin(phase);
      sum[1] += a.re[at] ** 2 + a.im[at] ** 2;
      sum[2] += b.re[at] ** 2 + b.im[at] ** 2;
    });
    const curve = [...sums.values()].filter(([, powerA, powerB]) => powerA * powerB > 0);
    return (
      curve.reduce((total, [product, powerA, powerB]) => total + product / Math.sqrt(powerA * powerB), 0) /
      curve.length
    );
  };
}

interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function eachFrequency(shape: Shape3, visit: (at: number, f: readonly number[]) => void): void {
  const [depth, height, width] = shape;
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        visit(
          at++,
          [z, y, x].map((i, axis) => signedIndex(i, shape[axis]) / shape[axis]),
        );
}

function spectrumOf(data: Float32Array, shape: Shape3): Spectrum {
  const spectrum = { re: new Float64Array(data.length), im: new Float64Array(data.length) };
  const [, height, width] = shape;
  eachFrequency(shape, (at, [fz, fy, fx]) => {
    data.forEach((value, i) => {
      const [z, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
      const phase = -2 * Math.PI * (fz * z + fy * y + fx * x);
      spectrum.re[at] += value * Math.cos(phase);
      spectrum.im[at] += value * Math.sin(phase);
    });
  });
  return spectrum;
}

// acryo 0.9.1 gives these numbers as well (19 x 20 x 14, one series from -32 to 61 degrees: the landscape to 1e-7).
test.each<[Shape3]>([[[6, 8, 5]], [[5, 7, 9]], [[8, 6, 6]]])(
  "shells of a box of %s that a wedge cuts are compared with each frequency's weight once",
  async (shape) => {
    const random = seededRandom(11);
    const noise = () => Float32Array.from({ length: elementCount(shape) }, () => random.normal());
    const [template, other] = [noise(), noise()];
    const image = other.map((value, i) => value + template[i]);
    const rotation = normalizeQuaternion([0.3, -0.5, 0.2, 0.7], "test");
    const tilt = singleAxis([-50, 40]);
    await using pool = await createPool({ workers: 1 });
    const model = FscAlignment.create({ templates: [{ data: template, shape }] }, { tilt });
    const found = await model.landscape(
      { image: { data: image, shape }, rotation },
      { maxShiftsPx: [1, 1, 1], backend: pool },
    );
    const spectra = [spectrumOf(image, shape), spectrumOf(template, shape)] as const;
    const wanted = meanOfShells(spectra, wedgeMask(tilt, rotation, shape), shape);
    const shifts = SHIFTS.flatMap((z) => SHIFTS.flatMap((y) => SHIFTS.map((x) => [z, y, x])));
    expect(found.data.length).toBe(shifts.length);
    // Single precision: sums of some hundred products.
    shifts.forEach((shift, i) => {
      expect(Math.abs(found.data[i] - wanted(shift)), `${shift}`).toBeLessThan(1e-6);
    });
  },
);
