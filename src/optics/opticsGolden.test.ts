import { expect, test } from "vitest";
import { goldenJson, relativeError } from "../../test/support/npy.ts";
import { chromaticEnvelope, focusSpreadA } from "./chromaticEnvelope.ts";
import { computeCtf, type OpticsParameters } from "./ctf.ts";
import { lorentzFactor } from "./electrons.ts";
import { forEachFrequency, rfftWidth } from "./frequencies.ts";
import { type LaserPhasePlate, laserPhase } from "./laserPhasePlate.ts";
import { slabPower, thicknessEnvelope } from "./thickness.ts";

type Plate = Omit<Required<LaserPhasePlate>, "peakPhaseDeg" | "focalLengthMm" | "isCrossed"> & {
  readonly focalLengthA: number;
  readonly phaseRad: readonly number[];
};
interface Golden {
  readonly shape: readonly [number, number];
  readonly pixelSizeA: number;
  readonly peakPhaseDeg: number;
  readonly plates: Readonly<Record<string, Plate>>;
  readonly ctfCentred: readonly number[];
  readonly ctfCrossed: readonly number[];
  readonly slab: {
    readonly thicknessA: number;
    readonly amplitude: readonly number[];
    readonly power: readonly number[];
  };
  readonly chromatic: { readonly envelope: readonly number[] };
  readonly mtf: Readonly<Record<"frequencies" | "amplitudes" | "gains", readonly number[]>>;
}

const golden = goldenJson<Golden>("../match-extra/optics/optics.json");
const { shape, pixelSizeA } = golden;
const OPTICS: OpticsParameters = {
  voltageKv: 300,
  sphericalAberrationMm: 2.7,
  amplitudeContrast: 0.07,
  defocusUA: 9500,
  defocusVA: 8500,
  astigmatismAngleDeg: 25,
};
/** With torch-ctf's astigmatism, float32 phases of some 100 rad: errors of 1e-5. */
const FLOAT32 = 3e-5;

function evaluate(value: (ky: number, kx: number, index: number) => number): Float64Array {
  const out = new Float64Array(shape[0] * rfftWidth(shape[1]));
  forEachFrequency(shape, (i, fy, fx) => {
    out[i] = value(fy / pixelSizeA, fx / pixelSizeA, i);
  });
  return out;
}

function toPlate({ focalLengthA, phaseRad: _, ...plate }: Plate): LaserPhasePlate {
  return { ...plate, focalLengthMm: focalLengthA / 1e7, peakPhaseDeg: golden.peakPhaseDeg };
}

test.each(["centred", "offset", "reversed"])("torch-ctf's field of a laser, %s", (name) => {
  const plate = golden.plates[name];
  const eta = laserPhase(toPlate(plate), 300);
  const found = evaluate(eta);
  const [highest, expected] = [Math.max(...found), Math.max(...plate.phaseRad)];
  // its highest sample is made the peak; ours is the antinode, which a grid need not hold
  const scale = name === "centred" ? 1 : expected / highest;
  expect(scale).toBeGreaterThanOrEqual(1);
  // fringes turn by 4 X / NA²: phases of 1e4 rad in float32 leave 1e-4 of them
  expect(
    relativeError(
      found.map((value) => value * scale),
      plate.phaseRad,
    ),
  ).toBeLessThan(4e-4);
});

const centred = toPlate(golden.plates.centred);
test.each([
  ["ctfCentred", {}],
  ["ctfCrossed", { isCrossed: true }],
] as const)("the CTF with a laser: %s", (name, more) => {
  const ctf = computeCtf(
    { ...OPTICS, laserPhasePlate: { ...centred, ...more } },
    { shape, pixelSizeA, defocusOffsetsA: [0] },
  );
  expect(ctf.isComplex).toBe(false);
  expect(relativeError(ctf.data, golden[name])).toBeLessThan(4e-4);
});

test("a slab's amplitude and power", () => {
  const slab = { voltageKv: 300, thicknessA: golden.slab.thicknessA };
  const ctf = computeCtf({ ...OPTICS, phaseShiftDeg: 20 }, { shape, pixelSizeA, defocusOffsetsA: [0] }).data;
  // torch-ctf leaves the sign of the CTF out here
  const amplitude = evaluate((ky, kx, i) => -ctf[i] * thicknessEnvelope(Math.hypot(ky, kx), slab));
  const power = evaluate((ky, kx, i) => slabPower(ctf[i], Math.hypot(ky, kx), slab));
  expect(relativeError(amplitude, golden.slab.amplitude)).toBeLessThan(FLOAT32);
  expect(relativeError(power, golden.slab.power)).toBeLessThan(FLOAT32);
});

test("the chromatic envelope of torch-fourier-filter, which has no relativistic factor", () => {
  const factor = (2 * lorentzFactor(200)) / (1 + lorentzFactor(200));
  const spread = {
    voltageKv: 200,
    chromaticAberrationMm: 2.7,
    energySpreadEv: 0.7 / factor,
    voltageRipple: 0.6e-6 / factor,
    currentRipple: 0.2e-6,
  };
  expect(focusSpreadA(spread)).toBeCloseTo(2.7e7 * Math.hypot(0.7 / 2e5, 0.6e-6, 0.4e-6), 8);
  const found = evaluate((ky, kx) => chromaticEnvelope(Math.hypot(ky, kx), spread));
  // float32
  expect(relativeError(found, golden.chromatic.envelope)).toBeLessThan(2e-6);
});

test("an MTF multiplies the CTF, as torch-fourier-filter interpolates it", () => {
  const { frequencies, amplitudes, gains } = golden.mtf;
  const grid = { shape, pixelSizeA, defocusOffsetsA: [0] };
  const plain = computeCtf(OPTICS, grid).data;
  const found = computeCtf({ ...OPTICS, mtf: { frequencies, amplitudes } }, grid).data;
  // float32
  expect(
    relativeError(
      found,
      plain.map((value, i) => value * gains[i]),
    ),
  ).toBeLessThan(1e-6);
});
