import fc from "fast-check";
import { expect, test } from "vitest";
import { goldenJson, goldenNpy, relativeError } from "../../test/support/npy.ts";
import { VitrineError } from "../core/index.ts";
import { computeCtf, type OpticsParameters } from "./ctf.ts";
import { electronWavelengthA } from "./electrons.ts";

const OPTICS: OpticsParameters = {
  voltageKv: 300,
  sphericalAberrationMm: 2.7,
  amplitudeContrast: 0.07,
  defocusUA: 9000,
  defocusVA: 8600,
  astigmatismAngleDeg: 25,
  bFactorA2: 30,
};
interface GoldenParameters {
  even: { Z44c: number; Z44s: number; Z60: number };
  odd: { Z31c: number; Z31s: number; Z33c: number; Z33s: number };
  mag: [number, number, number, number];
}
const { even, odd, mag } = goldenJson<GoldenParameters>("unit/ctf_params.json");
const GRID = { shape: [48, 48], pixelSizeA: 2, defocusOffsetsA: [0] } as const;
const search2 = {
  phaseShiftDeg: 30,
  evenZernikes: { Z44c: 25, Z60: 300 },
  oddZernikes: { Z31c: 8, Z33s: -6 },
  magnificationMatrix: mag,
};

// The golden CTFs were computed in float32: phases of up to 100 rad carry errors of 1e-5.
test.each([
  ["unit/ctf_plain.npy", {}, { defocusOffsetsA: [-500, 0, 500] }],
  ["search1_ctf_filters.npy", {}, { defocusOffsetsA: [-500, 0, 500] }],
  ["unit/ctf_rect_50x64.npy", {}, { shape: [50, 64] as const }],
  ["unit/ctf_phase90.npy", { phaseShiftDeg: 90 }, {}],
  ["unit/ctf_even_zernike.npy", { evenZernikes: even }, {}],
  ["unit/ctf_odd_zernike_complex.npy", { oddZernikes: odd }, {}],
  ["unit/ctf_mag.npy", { magnificationMatrix: mag }, {}],
  ["unit/ctf_pixel_search.npy", {}, { defocusOffsetsA: [0, 250], pixelSizeOffsetsA: [-0.02, 0, 0.02] }],
  ["search2_ctf_filters.npy", search2, {}],
])("%s is reproduced", (path, optics, grid) => {
  const golden = goldenNpy(path);
  const ctf = computeCtf({ ...OPTICS, ...optics }, { ...GRID, ...grid });
  expect(ctf.shape).toEqual(golden.shape);
  expect(relativeError(ctf.data, golden.data)).toBeLessThan(2e-5);
});

test("the wavelength is that of the tables", () => {
  // Reimer & Kohl 2008, Transmission Electron Microscopy: Å at 100, 200, 300 kV.
  expect(electronWavelengthA(100)).toBeCloseTo(0.03701, 5);
  expect(electronWavelengthA(200)).toBeCloseTo(0.02508, 5);
  expect(electronWavelengthA(300)).toBeCloseTo(0.01969, 5);
});

/** Value at row y and column x of the first plane. */
function valueAt(ctf: ReturnType<typeof computeCtf>, y: number, x: number): number[] {
  const start = (y * ctf.shape[3] + x) * (ctf.isComplex ? 2 : 1);
  return Array.from(ctf.data.subarray(start, start + (ctf.isComplex ? 2 : 1)));
}

test("a tilted beam turns the phase by -2 pi Cs lambda^2 k^2 (tilt . k), as RELION's prediction", () => {
  const tilted = computeCtf({ ...OPTICS, beamTiltMrad: [0.3, -0.2] }, GRID);
  const straight = computeCtf(OPTICS, GRID);
  expect([tilted.isComplex, straight.isComplex]).toEqual([true, false]);
  for (const [y, x] of [
    [0, 9],
    [7, 0],
    [40, 11],
  ]) {
    const [ky, kx] = [(y < 24 ? y : y - 48) / 96, x / 96];
    const [tx, ty] = [0.3e-3, -0.2e-3];
    const phase =
      -2 * Math.PI * 2.7e7 * electronWavelengthA(300) ** 2 * (kx * kx + ky * ky) * (tx * kx + ty * ky);
    const [modulus] = valueAt(straight, y, x);
    const [re, im] = valueAt(tilted, y, x);
    expect(re).toBeCloseTo(modulus * Math.cos(phase), 6);
    expect(im).toBeCloseTo(modulus * Math.sin(phase), 6);
  }
});

test("a tilt is the odd Zernike pair of the same strength", () => {
  const strength = -2 * Math.PI * 2.7e7 * electronWavelengthA(300) ** 2 * 1e-3;
  const zernikes = { Z31c: 0.4 * strength, Z31s: 0.1 * strength };
  const tilted = computeCtf({ ...OPTICS, beamTiltMrad: [0.4, 0.1] }, GRID);
  const coma = computeCtf({ ...OPTICS, oddZernikes: zernikes }, GRID);
  expect(relativeError(tilted.data, coma.data)).toBeLessThan(1e-6);
});

test("rows of opposite frequency agree, for even and odd sizes: a real CTF is even", () => {
  const side = fc.integer({ min: 3, max: 20 });
  fc.assert(
    fc.property(side, side, fc.integer({ min: -90, max: 90 }), (height, width, astigmatismAngleDeg) => {
      const ctf = computeCtf({ ...OPTICS, astigmatismAngleDeg }, { ...GRID, shape: [height, width] });
      expect(ctf.shape).toEqual([1, 1, height, Math.floor(width / 2) + 1]);
      for (let y = 1; 2 * y < height; y++) {
        expect(valueAt(ctf, y, 0)[0]).toBeCloseTo(valueAt(ctf, height - y, 0)[0], 6);
      }
    }),
    { numRuns: 50 },
  );
});

test("the larger defocus lies along the angle, whether it is u or v", () => {
  const along = computeCtf({ ...OPTICS, defocusUA: 8000, defocusVA: 9000, astigmatismAngleDeg: 0 }, GRID);
  const round = computeCtf({ ...OPTICS, defocusUA: 9000, defocusVA: 9000 }, GRID);
  expect(valueAt(along, 0, 11)[0]).toBeCloseTo(valueAt(round, 0, 11)[0], 6);
});

test("an exchange of the defoci changes nothing, as in Leopard-EM", () => {
  const exchanged = computeCtf({ ...OPTICS, defocusUA: OPTICS.defocusVA, defocusVA: OPTICS.defocusUA }, GRID);
  expect(exchanged.data).toEqual(computeCtf(OPTICS, GRID).data);
});

test("an offset of the defocus is the same as another defocus", () => {
  const offset = computeCtf(OPTICS, { ...GRID, defocusOffsetsA: [300] });
  const other = computeCtf({ ...OPTICS, defocusUA: 9300, defocusVA: 8900 }, GRID);
  expect(relativeError(offset.data, other.data)).toBeLessThan(1e-6);
});

test.each([
  [{ voltageKv: 0 }, {}, "range", "optics.voltageKv"],
  [{ amplitudeContrast: 1.2 }, {}, "range", "optics.amplitudeContrast"],
  [{ defocusUA: Number.NaN }, {}, "range", "optics.defocusUA"],
  [{ oddZernikes: { Z31c: Number.NaN } }, {}, "range", "optics.Z31c"],
  [{ magnificationMatrix: [1, 1, 1, 1] as const }, {}, "range", "magnificationMatrix"],
  [{}, { shape: [48, 2.5] as const }, "shape", "grid.shape"],
  [{}, { pixelSizeA: 0 }, "range", "grid.pixelSizeA"],
  [{}, { defocusOffsetsA: [0, Number.POSITIVE_INFINITY] }, "range", "grid.defocusOffsetsA[1]"],
  [{}, { pixelSizeOffsetsA: [-2] }, "range", "grid.pixelSizeOffsetsA[0]"],
])("an impossible microscope or grid is refused by name: %j %j", (optics, grid, code, at) => {
  let found: unknown;
  try {
    computeCtf({ ...OPTICS, ...optics }, { ...GRID, ...grid });
  } catch (error) {
    found = error;
  }
  expect(found).toBeInstanceOf(VitrineError);
  expect((found as VitrineError).fault).toMatchObject({ code, at });
});
