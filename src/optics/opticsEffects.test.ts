import fc from "fast-check";
import { expect, test } from "vitest";
import { type Complex64, dftAxis, irfft2, rfft2 } from "../../test/support/dft.ts";
import { relativeError } from "../../test/support/npy.ts";
import { type Shape2, seededRandom, VitrineError } from "../core/index.ts";
import { chromaticEnvelope } from "./chromaticEnvelope.ts";
import { computeCtf, hasOddAberrations, type OpticsParameters } from "./ctf.ts";
import { electronWavelengthA } from "./electrons.ts";
import { projectionLimitA, projectionShare } from "./ewaldCurvature.ts";
import { signedFrequency } from "./frequencies.ts";
import { type LaserPhasePlate, laserPhase } from "./laserPhasePlate.ts";
import { mtfGain, requireMtf } from "./mtf.ts";
import { slabPower, thicknessEnvelope, thicknessNodePerA } from "./thickness.ts";

const OPTICS: OpticsParameters = {
  voltageKv: 300,
  sphericalAberrationMm: 2.7,
  amplitudeContrast: 0.07,
  defocusUA: 9000,
  defocusVA: 9000,
  astigmatismAngleDeg: 0,
};
const GRID = { shape: [20, 24], pixelSizeA: 1.2, defocusOffsetsA: [0, 300] } as const;
const PLATE: LaserPhasePlate = {
  peakPhaseDeg: 90,
  numericalAperture: 0.05,
  laserWavelengthA: 10640,
  focalLengthMm: 20,
};

/** Ratio of two CTFs along the first row of the second defocus. */
function ratios(optics: Partial<OpticsParameters>): number[] {
  const [found, plain] = [computeCtf({ ...OPTICS, ...optics }, GRID), computeCtf(OPTICS, GRID)];
  return Array.from({ length: 13 }, (_, x) => found.data[20 * 13 + x] / plain.data[20 * 13 + x]);
}

test("a spread of focus and an MTF multiply every CTF of a search", () => {
  const focusSpread = { chromaticAberrationMm: 2.7, energySpreadEv: 0.9 };
  const envelope = Array.from({ length: 13 }, (_, x) =>
    chromaticEnvelope(x / 24 / 1.2, { ...focusSpread, voltageKv: 300 }),
  );
  const mtf = { frequencies: [0, 0.5], amplitudes: [1, 0.4] };
  const gains = Array.from({ length: 13 }, (_, x) => 1 - (1.2 * x) / 24);
  expect(relativeError(ratios({ focusSpread }), envelope)).toBeLessThan(1e-6); // float32
  expect(relativeError(ratios({ mtf }), gains)).toBeLessThan(1e-6);
  const both = gains.map((gain, x) => gain * envelope[x]);
  expect(relativeError(ratios({ mtf, focusSpread }), both)).toBeLessThan(1e-6);
  // nothing is lost at zero frequency; a camera's pixels of half the size reach half as far into its curve
  expect(ratios({ mtf, focusSpread })[0]).toBe(1);
  const binned = ratios({ mtf: { ...mtf, pixelSizeA: 0.6 } });
  expect(
    relativeError(
      binned,
      gains.map((gain) => (1 + gain) / 2),
    ),
  ).toBeLessThan(1e-6);
});

test("without a spread, with a flat MTF or a laser without power the CTF is the plain one", () => {
  const nothing = {
    focusSpread: { chromaticAberrationMm: 0, energySpreadEv: 0.7, currentRipple: 1e-6 },
    mtf: { frequencies: [0, 0.5], amplitudes: [1, 1] },
    laserPhasePlate: { ...PLATE, peakPhaseDeg: 0 },
  };
  expect(computeCtf({ ...OPTICS, ...nothing }, GRID).data).toEqual(computeCtf(OPTICS, GRID).data);
});

test("a laser on the beam is a phase plate for what it does not reach", () => {
  const laserPhasePlate = { ...PLATE, angleDeg: 90, tiltDeg: 6 };
  // along x, 0.08/Å lie 4.6 waists from the light's axis, where exp(-2 Y²) is 1e-18
  const far = computeCtf({ ...OPTICS, laserPhasePlate }, GRID).data;
  const plain = computeCtf({ ...OPTICS, phaseShiftDeg: 90 }, GRID).data;
  for (let x = 3; x < 13; x++) expect(far[x]).toBeCloseTo(plain[x], 5);
  // along the light, at 1/Å of a Rayleigh range, both are retarded
  expect(laserPhase(laserPhasePlate, 300)(0, 0)).toBeCloseTo(Math.PI / 2, 12);
  expect(laserPhase(laserPhasePlate, 300)(0.1, 0)).toBeGreaterThan(0.4);
  expect(laserPhase(laserPhasePlate, 300)(0, 0.1)).toBeLessThan(1e-6);
});

/** Complex numbers of the full transform of an image. */
function fft2(image: Complex64, [height, width]: Shape2, sign: 1 | -1): Complex64 {
  const rows = dftAxis(image, { outer: height, length: width, inner: 1, sign });
  return dftAxis(rows, { outer: 1, length: height, inner: width, sign });
}

/** Intensity of a wave 1 + i phase behind the lens, by its transform; shift of each frequency in radians. */
function intensity(
  phase: readonly number[],
  shape: Shape2,
  shift: (fy: number, fx: number) => number,
): number[] {
  const wave = Float64Array.from({ length: 2 * phase.length }, (_, i) => (i % 2 ? phase[(i - 1) / 2] : 1));
  const spectrum = fft2(wave, shape, -1);
  for (let i = 0; i < phase.length; i++) {
    const at = shift(
      signedFrequency(Math.floor(i / shape[1]), shape[0]),
      signedFrequency(i % shape[1], shape[1]),
    );
    const [re, im] = [spectrum[2 * i], spectrum[2 * i + 1]];
    spectrum[2 * i] = re * Math.cos(at) - im * Math.sin(at);
    spectrum[2 * i + 1] = re * Math.sin(at) + im * Math.cos(at);
  }
  const image = fft2(spectrum, shape, 1);
  return phase.map((_, i) => (image[2 * i] ** 2 + image[2 * i + 1] ** 2) / phase.length ** 2);
}

test.each([
  ["on the beam", { tiltDeg: 1 }],
  ["beside the beam", { alongOffsetA: 30000, acrossOffsetA: -20000, angleDeg: 25 }],
  ["crossed", { isCrossed: true, acrossOffsetA: 15000, angleDeg: 45 }],
])("the contrast of a wave that crosses a laser %s", (_, more) => {
  const [shape, pixelSizeA] = [[15, 17] as const, 2];
  const laserPhasePlate = { ...PLATE, ...more };
  const optics = { ...OPTICS, amplitudeContrast: 0, laserPhasePlate };
  const eta = laserPhase(laserPhasePlate, 300);
  const lambda = electronWavelengthA(300);
  const shift = (fy: number, fx: number) => {
    const [ky, kx] = [fy / pixelSizeA, fx / pixelSizeA];
    const k2 = ky * ky + kx * kx;
    return Math.PI * lambda * k2 * 9000 - (Math.PI / 2) * 2.7e7 * lambda ** 3 * k2 * k2 - eta(ky, kx);
  };
  const random = seededRandom(3);
  const phase = Array.from({ length: 15 * 17 }, () => 1e-3 * random.normal());
  // the difference leaves the contrast alone that is linear in the phase
  const [bright, dark] = [phase, phase.map((value) => -value)].map((object) =>
    intensity(object, shape, shift),
  );
  const contrast = bright.map((value, i) => (value - dark[i]) / 2);
  const ctf = computeCtf(optics, { shape, pixelSizeA, defocusOffsetsA: [0] });
  expect(ctf.isComplex).toBe("acrossOffsetA" in more);
  expect(hasOddAberrations(optics)).toBe(ctf.isComplex);
  const spectrum = rfft2(phase, shape);
  for (let i = 0; i < spectrum.length / 2; i++) {
    const [re, im] = ctf.isComplex ? [ctf.data[2 * i], ctf.data[2 * i + 1]] : [ctf.data[i], 0];
    const [a, b] = [spectrum[2 * i], spectrum[2 * i + 1]];
    spectrum[2 * i] = -2 * (a * re - b * im);
    spectrum[2 * i + 1] = -2 * (a * im + b * re);
  }
  // the CTF is float32
  expect(relativeError(irfft2(spectrum, shape), contrast)).toBeLessThan(1e-6);
});

test("a slab shows the mean of CTF and of power over its heights, and nothing at its nodes", () => {
  const slab = { voltageKv: 300, thicknessA: 2000 };
  const heights = Array.from({ length: 400 }, (_, i) => ((i + 0.5) / 400 - 0.5) * 2000);
  const [shape, pixelSizeA] = [[1, 40] as const, 1];
  const { data } = computeCtf(OPTICS, { shape, pixelSizeA, defocusOffsetsA: heights });
  const middle = computeCtf(OPTICS, { shape, pixelSizeA, defocusOffsetsA: [0] }).data;
  for (let x = 0; x <= 20; x++) {
    const at = heights.map((_, i) => data[21 * i + x]);
    const mean = at.reduce((sum, value) => sum + value, 0) / 400;
    const power = at.reduce((sum, value) => sum + value * value, 0) / 400;
    // the midpoint rule's error: (phase from one height to the next)² / 24
    expect(thicknessEnvelope(x / 40, slab) * middle[x]).toBeCloseTo(mean, 3);
    expect(slabPower(middle[x], x / 40, slab)).toBeCloseTo(power, 3);
  }
  const node = thicknessNodePerA(slab);
  expect(node).toBeCloseTo(1 / Math.sqrt(electronWavelengthA(300) * 2000), 12);
  for (const ctf of [-1, -0.3, 0, 0.8]) expect(slabPower(ctf, node, slab)).toBeCloseTo(0.5, 12);
  expect(thicknessEnvelope(thicknessNodePerA(slab, 2), slab)).toBeCloseTo(0, 12);
});

test("without thickness there is the plain CTF", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (ctf, k) => {
        const slab = { voltageKv: 200, thicknessA: 0 };
        expect(thicknessEnvelope(k, slab)).toBe(1);
        expect(slabPower(ctf, k, slab)).toBeCloseTo(ctf * ctf, 15);
      },
    ),
  );
});

test("how far a projection goes: the table of the README", () => {
  const limits = [100, 200, 300].map((voltageKv) =>
    [100, 200, 300, 500].map((diameterA) => projectionLimitA({ voltageKv, diameterA }).toFixed(1)),
  );
  expect(limits).toEqual([
    ["1.9", "2.7", "3.3", "4.3"],
    ["1.6", "2.2", "2.7", "3.5"],
    ["1.4", "2.0", "2.4", "3.1"],
  ]);
  const resolutions = [100, 200, 300].map((voltageKv) =>
    [100, 200, 300, 500].map((diameterA) => resolutionOf(0.7, { voltageKv, diameterA }).toFixed(1)),
  );
  expect(resolutions).toEqual([
    ["1.8", "2.5", "3.1", "4.0"],
    ["1.5", "2.1", "2.5", "3.3"],
    ["1.3", "1.8", "2.2", "2.9"],
  ]);
});

/** Å at which a projection has fallen to a share, by bisection. */
function resolutionOf(share: number, ball: { voltageKv: number; diameterA: number }): number {
  let [fine, coarse] = [0.5, 20];
  for (let i = 0; i < 50; i++) {
    const middle = (fine + coarse) / 2;
    if (projectionShare(1 / middle, ball) < share) fine = middle;
    else coarse = middle;
  }
  return coarse;
}

test("the share of a projection is the mean over a ball", () => {
  const ball = { voltageKv: 100, diameterA: 400 };
  for (const k of [0, 1e-3, 0.1, 0.2, 0.3]) {
    let [sum, volume] = [0, 0];
    for (let i = 0; i < 2000; i++) {
      const z = ((i + 0.5) / 2000 - 0.5) * 400;
      const area = 200 * 200 - z * z;
      sum += area * Math.cos(Math.PI * electronWavelengthA(100) * k * k * z);
      volume += area;
    }
    // the midpoint rule over 2000 heights
    expect(projectionShare(k, ball)).toBeCloseTo(sum / volume, 6);
  }
});

const BAD: readonly (readonly [string, () => unknown])[] = [
  ["one point", () => ctfOf({ mtf: { frequencies: [0], amplitudes: [1] } })],
  ["zeros", () => ctfOf({ mtf: { frequencies: [0, 0.5], amplitudes: [0, 0] } })],
  ["camera", () => ctfOf({ mtf: { frequencies: [0, 0.5], amplitudes: [1, 0.5], pixelSizeA: 0 } })],
  ["Cc", () => ctfOf({ focusSpread: { chromaticAberrationMm: -2, energySpreadEv: 0.3 } })],
  ["aperture", () => ctfOf({ laserPhasePlate: { ...PLATE, numericalAperture: 0 } })],
  ["peak", () => ctfOf({ laserPhasePlate: { ...PLATE, peakPhaseDeg: Number.NaN } })],
  ["ice", () => thicknessEnvelope(0.1, { voltageKv: 300, thicknessA: -1 })],
  ["node", () => thicknessNodePerA({ voltageKv: 300, thicknessA: 100 }, 0)],
  ["ball", () => projectionLimitA({ voltageKv: 300, diameterA: 0 })],
];

function ctfOf(optics: Partial<OpticsParameters>) {
  return computeCtf({ ...OPTICS, ...optics }, GRID);
}

test("what cannot be is named", () => {
  const messages = BAD.map(([name, run]) => {
    try {
      run();
    } catch (error) {
      return `${name}: ${error instanceof Error ? error.message : error}`;
    }
    return `${name}: no error`;
  });
  expect(messages.join("\n")).toMatchInlineSnapshot(`
    "one point: optics.mtf: expected as many amplitudes as frequencies, two or more, found 1 and 1.
    zeros: optics.mtf: expected an amplitude above 0, found none.
    camera: optics.mtf.pixelSizeA: expected Å above 0, found 0.
    Cc: focusSpread chromaticAberrationMm: expected 0 or more, found -2.
    aperture: laserPhasePlate.numericalAperture: expected a number above 0, found 0.
    peak: laserPhasePlate.peakPhaseDeg: expected a finite number, found NaN.
    ice: slab thicknessA: expected 0 Å or more, found -1.
    node: thicknessNodePerA node: expected a whole number from 1, found 0.
    ball: ball diameterA: expected Å above 0, found 0."
  `);
});

test("whatever an MTF's values are, they are refused or its gains lie between them", () => {
  const value = fc.oneof(
    fc.double({ min: -1, max: 2 }),
    fc.constantFrom(0, 0.5, 1, Number.POSITIVE_INFINITY),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 5 }), fc.array(value, { maxLength: 5 }), value, (xs, ys, f) => {
      const mtf = { frequencies: xs.toSorted((a, b) => a - b), amplitudes: ys.slice(0, xs.length + 1) };
      try {
        requireMtf(mtf, "mtf");
      } catch (error) {
        expect(error).toBeInstanceOf(VitrineError);
        return;
      }
      const gain = mtfGain(mtf, Number.isNaN(f) ? 0 : f);
      // one rounding of an interpolation
      expect(gain).toBeGreaterThanOrEqual(Math.min(...ys) - 1e-12);
      expect(gain).toBeLessThanOrEqual(Math.max(...ys) + 1e-12);
    }),
    { numRuns: 1000 },
  );
});
