import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import type { OpticsParameters } from "../../optics/index.ts";
import { placeParticles } from "./placeParticles.ts";
import { VOLT_ANGSTROM2 } from "./simulateMapAtoms.ts";
import { type MapMicrographOptions, simulateMicrographOfMap } from "./simulateMicrographOfMap.ts";
import { simulateMolecule, volumeFromMolecule } from "./simulateMolecule.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const molecule = simulateMolecule({ seed: 2, atomCount: 300, radiusA: 30, sigmaA: 3.5 });
const map = volumeFromMolecule(molecule, { boxSize: 40, voxelSizeA: 2 });
const optics: OpticsParameters = {
  voltageKv: 300,
  sphericalAberrationMm: 2.7,
  amplitudeContrast: 0.1,
  defocusUA: 4000,
  defocusVA: 4000,
  astigmatismAngleDeg: 0,
};
const shape = [150, 170] as const;
const particles = placeParticles({ count: 4, shape, boxSize: 40, seed: 3 });
const simulate = (options: Partial<MapMicrographOptions>, planted = particles) =>
  simulateMicrographOfMap(
    pool,
    { map, particles: planted },
    { shape, optics, noise: { kind: "white", zScore: 12 }, seed: 8, ...options },
  );

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const variance = (values: ArrayLike<number>) => {
  const centre = mean(values);
  return mean(Array.from(values, (value) => (value - centre) ** 2));
};

describe("white noise", () => {
  test("has a variance of 1, and particles the z-score that is asked for", async () => {
    const [empty, full] = [await simulate({}, []), await simulate({})];
    expect([full.image.shape, full.image.pixelSizeA]).toEqual([shape, 2]);
    expect([empty.zScore, full.zScore]).toEqual([0, 12]);
    expect(Math.abs(variance(empty.image.data) - 1)).toBeLessThan(0.04); // 4 standard errors
    const squares = full.image.data.reduce((sum, value, i) => sum + (value - empty.image.data[i]) ** 2, 0);
    // a little of the particles falls off the micrograph, and neighbours overlap a little
    expect(Math.sqrt(squares / particles.length) / 12).toBeGreaterThan(0.93);
    expect(Math.sqrt(squares / particles.length) / 12).toBeLessThan(1.03);
  });

  test("is the same for the same seed, and another for another", async () => {
    const again = await simulate({});
    expect((await simulate({})).image.data).toEqual(again.image.data);
    expect((await simulate({ seed: 9 })).image.data).not.toEqual(again.image.data);
  });
});

describe("a dose", () => {
  const dose = (dosePerA2: number) => ({ noise: { kind: "dose", dosePerA2 } as const });

  test("gives whole electrons: as many as arrive, with as much variance", async () => {
    const { data } = (await simulate(dose(5), [])).image;
    expect(data.every(Number.isInteger)).toBe(true);
    expect(Math.abs(mean(data) / 20 - 1)).toBeLessThan(4 / Math.sqrt(20 * data.length));
    expect(Math.abs(variance(data) / 20 - 1)).toBeLessThan(0.04);
  });

  test("of four times as much shows particles twice as well", async () => {
    const [once, fourTimes] = [await simulate(dose(10)), await simulate(dose(40))];
    expect(fourTimes.zScore / once.zScore).toBeCloseTo(2, 6);
  });

  test("shows particles darker by 2 σ times the potential along the beam", async () => {
    // Amplitude contrast alone: the CTF is 1, so that the image is the projection without its mean.
    const plain = { ...optics, amplitudeContrast: 1, sphericalAberrationMm: 0, defocusUA: 0, defocusVA: 0 };
    const centred = [{ posX: 50, posY: 60, phiDeg: 0, thetaDeg: 0, psiDeg: 0, relativeDefocusA: 0 }];
    const electrons = 4e8; // so many that their noise is 5e-5
    const { image, zScore } = await simulate({ optics: plain, ...dose(electrons / 4) }, centred);
    const sums = new Float64Array(40 * 40);
    map.data.forEach((value, i) => {
      sums[i % 1600] += value;
    });
    // at 300 kV γ = 1.587 and λ = 0.019687 Å (Kirkland 2010, table 5.1 has σ = 6.526e-4 rad/(V Å) too)
    expect((1.587 * 0.019687) / VOLT_ANGSTROM2).toBeCloseTo(6.526e-4, 6);
    const contrast = (y: number, x: number) => image.data[(60 + y) * 170 + 50 + x] / electrons - 1;
    const stampMean = mean(sums) / 4; // a stamp is twice as wide as the box
    for (const [y, x] of [
      [20, 20],
      [15, 24],
      [27, 12],
    ]) {
      const expected = -2 * 6.526e-4 * 2 * (sums[40 * y + x] - stampMean);
      expect(Math.abs(contrast(y, x) - expected)).toBeLessThan(2e-4); // 4 deviations
    }
    const seen = image.data.reduce((sum, value) => sum + (value / electrons - 1) ** 2, 0);
    expect(Math.sqrt(seen * electrons) / zScore).toBeCloseTo(1, 2);
  });
});

test.each([
  [
    "noise",
    { noise: { kind: "dose", dosePerA2: 0 } },
    /noise\.dosePerA2: expected a number above 0, found 0/,
  ],
  ["no z-score", { noise: { kind: "white", zScore: Number.NaN } }, /noise\.zScore: .*found NaN/],
  ["a small micrograph", { shape: [39, 170] }, /particles\[0\]: expected a box of 40 pixels inside 39 x 170/],
  ["no defocus", { optics: { ...optics, defocusUA: Number.NaN } }, /defocusUA/],
] as [string, Partial<MapMicrographOptions>, RegExp][])("%s is refused", async (_, options, message) => {
  await expect(simulate(options)).rejects.toThrow(message);
});

test("an abort ends it", async () => {
  await expect(simulate({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
});
