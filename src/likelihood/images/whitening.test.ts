import { expect, test } from "vitest";
import { noise } from "../../../test/support/noise.ts";
import { createPolarGrid } from "../grid/polarGrid.ts";
import { polarMask } from "../grid/polarValues.ts";
import { computeLikelihoodOptimalPose } from "../integrated/singlePose.ts";
import type { PolarStack } from "../stacks.ts";
import { measureNoisePower, whiten } from "./whitening.ts";

const grid = createPolarGrid({ radiusMax: 6, distRadii: 0.25, nInplanes: 32 });
const plane = grid.nShells * grid.nInplanes;
const PIXELS = 24 * 24;

/** Transforms of real images whose power falls with the shell. */
function coloured(count: number, seed: number, amplitude: (k: number) => number): PolarStack {
  const random = noise(2 * plane * count, seed);
  const half = grid.nInplanes / 2;
  const data = Float64Array.from(random, (_, i) => {
    const [part, point] = [i % 2, Math.floor(i / 2)];
    const [row, j] = [Math.floor(point / grid.nInplanes), point % grid.nInplanes];
    const at = (angle: number) => 2 * (row * grid.nInplanes + angle) + part;
    const scale = amplitude(grid.radii[row % grid.nShells]);
    return j < half ? scale * random[at(j)] : (part === 0 ? 1 : -1) * scale * random[at(j - half)];
  });
  return { shape: [count, grid.nShells, grid.nInplanes], data };
}

const pink = coloured(200, 1, (k) => (1 + k) ** -2);

test("noise is measured and white afterwards; its geometric mean is 1", () => {
  const power = measureNoisePower(pink, grid);
  const first = grid.radii.findIndex((radius) => radius >= 0.75);
  power.forEach((value, n) => {
    const of = (shell: number) => (1 + grid.radii[shell]) ** -4;
    const expected = (power[first] * of(Math.max(n, first))) / of(first);
    expect(value / expected).toBeGreaterThan(0.8);
    expect(value / expected).toBeLessThan(1.25);
  });
  const weights = grid.integrationWeights;
  expect(power.reduce((sum, value, n) => sum + weights[n] * Math.log(value), 0)).toBeCloseTo(0, 10);
  measureNoisePower(whiten(pink, power), grid).forEach((value) => {
    expect(value).toBeCloseTo(1, 10);
  });
  const nothing = { ...pink, data: new Float64Array(pink.data.length) };
  expect(() => measureNoisePower(nothing, grid)).toThrow("whitening: expected images with power, found 0.");
});

/** Ln of the odds that images are of the first structure, over all images. */
function oddsOf(images: PolarStack, templates: PolarStack, noisePower?: Float64Array): Float64Array {
  const count = images.shape[0];
  const ctf = {
    shape: [count, grid.nShells, grid.nInplanes] as const,
    data: new Float64Array(count * plane).fill(1),
  };
  const seen = noisePower
    ? { images: whiten(images, noisePower), ctf: whiten(ctf, noisePower) }
    : { images, ctf };
  const request = { ...seen, templates, grid, boxSizeA: [48, 48] as const };
  const still = new Float64Array(count);
  const [one, other] = [0, 1].map((template) => {
    const pose = {
      optimalTemplateM: new Int32Array(count).fill(template),
      optimalDisplacementXM: still,
      optimalDisplacementYM: still,
      optimalInplaneRotationM: still,
    };
    const options = { pixels: PIXELS, ...(noisePower && { noisePower }) };
    return computeLikelihoodOptimalPose(request, pose, options).logLikelihoodM;
  });
  return one.map((value, m) => value - other[m]);
}

test("structures are told apart in coloured noise by what is measured where there is little", () => {
  const common = coloured(1, 3, (k) => Math.exp(-k));
  const detail = coloured(2, 4, () => 0.01);
  const templates: PolarStack = {
    shape: [2, grid.nShells, grid.nInplanes],
    data: detail.data.map((value, i) => value + common.data[i % (2 * plane)]),
  };
  const images = {
    ...pink,
    data: pink.data.map((value, i) => value + 0.3 * templates.data[i % (2 * plane)]),
  };
  const right = (odds: Float64Array) => odds.filter((value) => value > 0).length;
  const [white, plain] = [
    right(oddsOf(images, templates, measureNoisePower(images, grid))),
    right(oddsOf(images, templates)),
  ];
  expect(white).toBeGreaterThan(plain + 20);

  // An offset, which likelihoods are integrated over, is whitened as the images are: it changes nothing.
  const { values: mask } = polarMask(grid);
  const moved = {
    ...images,
    data: images.data.map((value, i) => value + (i % 2 === 0 ? 0.5 * mask[Math.floor(i / 2) % plane] : 0)),
  };
  const power = measureNoisePower(images, grid);
  const [before, after] = [oddsOf(images, templates, power), oddsOf(moved, templates, power)];
  before.forEach((value, m) => {
    expect(Math.abs(after[m] - value)).toBeLessThan(1e-6 * (1 + Math.abs(value)));
  });
  const unchanged = oddsOf(images, templates, new Float64Array(grid.nShells).fill(1));
  oddsOf(images, templates).forEach((value, m) => {
    expect(unchanged[m]).toBeCloseTo(value, 9);
  });
});
