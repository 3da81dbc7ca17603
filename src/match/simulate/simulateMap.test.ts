import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rfft3 } from "../../../test/support/dft.ts";
import { goldenNpy } from "../../../test/support/npy.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import type { Volume } from "../../core/index.ts";
import { readAtoms } from "../../io/index.ts";
import { electronWavelengthA, fourierShellCorrelation, mtfGain } from "../../optics/index.ts";
import { readMtf } from "../config/mtfFile.ts";
import { erf } from "../peaks/errorFunction.ts";
import { type MapOptions, simulateMap } from "./simulateMap.ts";
import type { PotentialAtom } from "./simulateMapAtoms.ts";
import { scatteringFactor } from "./simulateMapFactors.ts";
import { criticalExposure, exposureGain } from "./simulateMapFilters.ts";

/** h² / (2π m e) from CODATA 2018, V Å². */
const VOLTS = 6.62607015e-34 ** 2 / (2 * Math.PI * 9.1093837015e-31 * 1.602176634e-19) / 1e-20;

const scratch = scratchFolder();

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const carbon: PotentialAtom = { x: 0, y: 0, z: 0, element: "C", occupancy: 1, bFactorA2: 20 };
const exact = { boxSize: 24, pixelSizeA: 0.8, centerAtoms: false, upsampling: 1 } as const;

const simulate = (atoms: readonly PotentialAtom[], options: Partial<MapOptions> = {}) =>
  simulateMap(pool, atoms, { ...exact, ...options });
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));
const difference = (a: Volume, b: Volume) =>
  largest(a.data.map((value, i) => value - b.data[i])) / largest(b.data);

/** f(s) of the table, Å. */
function amplitude(element: string, s: number): number {
  const { a, b } = scatteringFactor(element);
  return sum(a.map((value, i) => value * Math.exp(-b[i] * s * s)));
}

test("an atom's voxel is the mean of its Gaussians inside it", async () => {
  const atom = { ...carbon, x: 1.1, y: -2.3, z: 0.35 };
  const { data, shape, voxelSizeA } = await simulate([atom]);
  expect([shape, voxelSizeA]).toEqual([[24, 24, 24], 0.8]);
  const { a, b } = scatteringFactor("C");
  const along = (index: number, place: number, width: number) => {
    const edge = (side: number) =>
      erf(((index - 12 + side) * 0.8 - place) * ((2 * Math.PI) / Math.sqrt(width + 20)));
    return (edge(0.5) - edge(-0.5)) / 2;
  };
  const expected = Float32Array.from(data, (_, i) => {
    const [z, y, x] = [Math.floor(i / 576), Math.floor(i / 24) % 24, i % 24];
    const parts = b.map(
      (width, k) => a[k] * along(z, 0.35, width) * along(y, -2.3, width) * along(x, 1.1, width),
    );
    return (VOLTS * sum(parts)) / 0.8 ** 3;
  });
  // 1e-7 of an atom lies beyond the cut on each side
  expect(largest(expected.map((value, i) => value - data[i])) / largest(expected)).toBeLessThan(1e-6);
});

test("the whole potential is that of the scattering factors at 0, whatever the grid", async () => {
  const atoms = ["C", "n", "O", "S", "FE", "Zn", "H", "D"].map((element, i) => {
    return { ...carbon, element, x: i - 3, y: Math.sin(i), z: Math.cos(2 * i), occupancy: 1 - i / 20 };
  });
  const expected = VOLTS * sum(atoms.map(({ element, occupancy }) => occupancy * amplitude(element, 0)));
  for (const upsampling of [1, 2, 3]) {
    const { data } = await simulate(atoms, { upsampling, boxSize: 40 });
    expect((sum(data) * 0.8 ** 3) / expected).toBeCloseTo(1, 5);
  }
});

test.each([24, 25])("the spectrum of one atom in %i voxels is its scattering factor", async (n) => {
  // widths of a voxel and more, so that aliases are below 1e-4 of the largest value up to 0.8 Nyquist
  const options = { boxSize: n, upsampling: 4, pixelSizeA: 1 };
  const { data } = await simulate([{ ...carbon, bFactorA2: 40 }], options);
  const spectrum = rfft3(data, [n, n, n]);
  const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  for (let k = 0; k <= 0.4 * n; k++) {
    const sign = n % 2 === 0 ? (-1) ** k : 1; // the centre lies at voxel n/2
    const turn = n % 2 === 0 ? 0 : (2 * Math.PI * k * 12) / n;
    const found = spectrum[2 * k] * Math.cos(turn) - spectrum[2 * k + 1] * Math.sin(turn);
    const s = k / n / 2;
    const voxel = sinc(k / n / 4); // the mean over a voxel of the finer grid
    const expected = VOLTS * amplitude("C", s) * Math.exp(-40 * s * s) * voxel;
    expect(Math.abs(sign * found - expected) / (VOLTS * amplitude("C", 0))).toBeLessThan(2e-5);
  }
});

test("maps of atoms add up, follow shifts by voxels and turns by 90°", async () => {
  const atoms = Array.from({ length: 12 }, (_, i) => {
    const element = ["C", "N", "O"][i % 3];
    return {
      ...carbon,
      element,
      x: 4 * Math.sin(5 * i),
      y: 3 * Math.cos(3 * i),
      z: 3 * Math.sin(i + 1),
      bFactorA2: 10 + i,
    };
  });
  for (const upsampling of [1, 2]) {
    const options = { upsampling, boxSize: 25 };
    const whole = await simulate(atoms, options);
    const halves = [await simulate(atoms.slice(0, 5), options), await simulate(atoms.slice(5), options)];
    const joined = { ...whole, data: halves[0].data.map((value, i) => value + halves[1].data[i]) };
    expect(difference(joined, whole)).toBeLessThan(1e-6);
    const moved = await simulate(
      atoms.map((atom) => ({ ...atom, y: atom.y + 1.6 })),
      options,
    );
    const from = (i: number) => {
      const [z, y, x] = [Math.floor(i / 625), Math.floor(i / 25) % 25, i % 25];
      return z * 625 + ((y + 23) % 25) * 25 + x; // the spectrum's cut rings across the edges
    };
    const shifted = { ...whole, data: whole.data.map((_, i) => whole.data[from(i)]) };
    expect(difference(shifted, moved)).toBeLessThan(1e-6);
    const turned = await simulate(
      atoms.map((atom) => ({ ...atom, x: -atom.y, y: atom.x })),
      options,
    );
    const rotated = turned.data.map((_, i) => {
      const [z, y, x] = [Math.floor(i / 625), Math.floor(i / 25) % 25, i % 25];
      return whole.data[z * 625 + (24 - x) * 25 + y];
    });
    expect(difference({ ...whole, data: rotated }, turned)).toBeLessThan(1e-6);
  }
});

test("a B-factor is an extra Gaussian in Fourier space", async () => {
  const options = { boxSize: 24, pixelSizeA: 1, upsampling: 3 };
  const sharp = rfft3((await simulate([{ ...carbon, bFactorA2: 30 }], options)).data, [24, 24, 24]);
  const soft = rfft3(
    (
      await simulate([{ ...carbon, bFactorA2: 10 }], {
        ...options,
        bFactorScaling: 2,
        additionalBFactorA2: 70,
      })
    ).data,
    [24, 24, 24],
  );
  for (let k = 0; k <= 9; k++)
    expect(soft[2 * k] / sharp[2 * k]).toBeCloseTo(Math.exp(-(60 * (k / 24) ** 2) / 4), 4);
});

test("the dose filter weighs each frequency with what is left of its signal", async () => {
  expect(criticalExposure(0.1, 300)).toBeCloseTo(0.245 * 0.1 ** -1.665 + 2.81, 12);
  expect(criticalExposure(0.1, 200) / criticalExposure(0.1, 300)).toBeCloseTo(0.8, 12);
  expect(criticalExposure(0.1, 100) / criticalExposure(0.1, 300)).toBeCloseTo(0.64, 12);
  const exposure = { startPerA2: 5, endPerA2: 40, voltageKv: 300 };
  const steps = Array.from({ length: 20_000 }, (_, i) => 5 + (35 * (i + 0.5)) / 20_000);
  for (const k of [0.02, 0.1, 0.3, 0.5]) {
    const mean = sum(steps.map((dose) => Math.exp(-dose / (2 * criticalExposure(k, 300))))) / steps.length;
    expect(exposureGain(k, exposure)).toBeCloseTo(mean, 8);
  }
  expect(exposureGain(0, exposure)).toBe(1);
  expect(exposureGain(0.2, { ...exposure, startPerA2: 40 })).toBeCloseTo(
    Math.exp(-20 / criticalExposure(0.2, 300)),
    12,
  );
  const q = exposureGain(0.2, exposure);
  expect(exposureGain(0.2, { ...exposure, modifySignal: "sqrt" })).toBeCloseTo(Math.sqrt(q), 12);
  expect(exposureGain(0.2, { ...exposure, modifySignal: "rel_diff" })).toBeCloseTo(1 - (1 - q) / (1 + q), 12);
  const [plain, filtered] = [await simulate([carbon]), await simulate([carbon], { exposure })];
  const [before, after] = [plain, filtered].map(({ data }) => rfft3(data, [24, 24, 24]));
  for (let k = 0; k < 12; k++)
    expect(after[2 * k] / before[2 * k]).toBeCloseTo(exposureGain(k / 24 / 0.8, exposure), 4);
});

test("a camera's transfer function multiplies the spectrum; from a STAR file", async () => {
  const path = join(scratch, "mtf.star");
  writeFileSync(path, "data_\nloop_\n_rlnResolutionInversePixel\n_rlnMtfValue\n0 1\n0.1 0.9\n0.5 0.4\n");
  const mtf = await readMtf(path);
  expect([-1, 0, 0.05, 0.1, 0.3, 0.5, 0.8].map((f) => mtfGain(mtf, f))).toEqual(
    [1, 1, 0.95, 0.9, 0.65, 0.4, 0.4].map((gain) => expect.closeTo(gain, 12)),
  );
  const [plain, filtered] = [await simulate([carbon]), await simulate([carbon], { mtf })];
  const [before, after] = [plain, filtered].map(({ data }) => rfft3(data, [24, 24, 24]));
  for (let k = 0; k < 12; k++) expect(after[2 * k] / before[2 * k]).toBeCloseTo(mtfGain(mtf, k / 24), 4);
  writeFileSync(path, "data_\nloop_\n_rlnMtfValue\n1\n");
  await expect(readMtf(path)).rejects.toThrow(
    "expected a table with rlnResolutionInversePixel and rlnMtfValue, found none",
  );
  const falling = { frequencies: [0.2, 0.1], amplitudes: [1, 1] };
  await expect(simulate([carbon], { mtf: falling })).rejects.toThrow(
    "ascending frequencies, found 0.1 1 in row 1",
  );
});

describe("ttsim3d", () => {
  const path = fileURLToPath(new URL("../../../test/golden/match-extra/chignolin.pdb", import.meta.url));
  const options = {
    boxSize: 32,
    pixelSizeA: 1,
    upsampling: 2,
    bFactorScaling: 0.25,
    additionalBFactorA2: 25,
  };
  test.each([
    ["chignolin.npy", undefined],
    ["chignolin_dose20.npy", { startPerA2: 0, endPerA2: 20, voltageKv: 300 }],
  ])("agrees on %s", async (file, exposure) => {
    const golden = goldenNpy(`../match-extra/${file}`).data;
    const { models } = await readAtoms(path);
    const map = await simulateMap(pool, models[0], { ...options, ...(exposure && { exposure }) });
    const theirs = { ...map, data: Float32Array.from(golden) };
    const { correlations } = await fourierShellCorrelation(pool, map, theirs);
    // shell 0 apart: ttsim3d's dose filter is 0 there
    expect(Math.min(...correlations.slice(1, 16))).toBeGreaterThan(0.9999);
    expect(correlations[16]).toBeGreaterThan(0.98);
    // ttsim3d cuts atoms off at 2 Å: 0.5 % of the height, and its zero frequency is lost with the dose filter
    const factor = (1.043 * electronWavelengthA(300)) / VOLTS;
    const mean = exposure === undefined ? 0 : sum(map.data) / map.data.length;
    const ours = map.data.map((value) => (value - mean) * factor);
    const ratio = sum(ours.map((value, i) => value * golden[i])) / sum(ours.map((value) => value * value));
    expect(Math.abs(ratio - 1)).toBeLessThan(0.01);
  });
});

test("centring, hydrogens and the box", async () => {
  const atoms = [
    { ...carbon, x: 100, y: 3 },
    { ...carbon, x: 104, y: 3, element: "h" },
  ];
  const centred = await simulate(atoms, { centerAtoms: true });
  expect(
    difference(centred, await simulate(atoms.map((atom) => ({ ...atom, x: atom.x - 102, y: 0 })))),
  ).toBeLessThan(1e-6);
  const heavy = await simulate(atoms, { centerAtoms: true, removeHydrogens: true });
  expect(difference(heavy, await simulate([{ ...carbon, x: -2 }]))).toBeLessThan(1e-6);
  await expect(simulate(atoms)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: simulateMap().atoms: expected all inside a box of 19.2 Å about the centre, found 2 of 2 outside, up to 104.0 Å from it. Take a larger box, or leave them out with cutOutside (--cut-outside).]`,
  );
  const cut = await simulate([carbon, ...atoms], { cutOutside: true });
  expect(difference(cut, await simulate([carbon]))).toBe(0);
});

test("bad atoms and options are refused in one line", async () => {
  await expect(simulate([])).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: simulateMap().atoms: expected atoms, found none.]`,
  );
  await expect(simulate([{ ...carbon, element: "Xx" }])).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: simulateMap().atoms[0].element: expected an element from H to Cf, found "Xx".]`,
  );
  await expect(
    simulate([carbon, { ...carbon, bFactorA2: Number.NaN }]),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: simulateMap().atoms[1]: expected finite numbers, and a B-factor that leaves the atom a width, found x 0, y 0, z 0, occupancy 1, B NaN.]`,
  );
  await expect(simulate([carbon], { additionalBFactorA2: -30 })).rejects.toThrow("leaves the atom a width");
  await expect(simulate([carbon], { boxSize: 2.5 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: simulateMap().boxSize: expected a whole number from 1 to 2048, found 2.5.]`,
  );
  await expect(simulate([carbon], { pixelSizeA: 0 })).rejects.toThrow("pixelSizeA");
  await expect(simulate([carbon], { upsampling: 0 })).rejects.toThrow("upsampling");
  const exposure = { startPerA2: 20, endPerA2: 10, voltageKv: 300 };
  await expect(simulate([carbon], { exposure })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: simulateMap().exposure.endPerA2: expected at least the start, 20 electrons/Å², found 10.]`,
  );
  await expect(simulate([carbon], { upsampling: 2, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "aborted",
  });
});
