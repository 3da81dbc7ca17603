import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../compute/index.ts";
import { parseNpy } from "../io/index.ts";
import {
  centerByMass,
  closing,
  compose,
  dilation,
  fromArray,
  fromAtoms,
  fromFile,
  fromGaussian,
  fromPdb,
  gaussianFilter,
  gaussianSmooth,
  highpassFilter,
  type ImageConverter,
  type ImageProvider,
  lowpassFilter,
  type NumberArray,
  type PipeImage,
  reshapeImage,
  shift,
  softOtsu,
  thresholdOtsu,
} from "./index.ts";

/** Vectors of acryo 0.9.1; see test/golden/subtomogram/README.md. */
const FOLDER = new URL("../../test/golden/subtomogram/pipes/", import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, FOLDER));

function golden(name: string): PipeImage {
  const { data, shape } = parseNpy(readFileSync(path(`${name}.npy`)), name);
  const [depth, height, width] = shape;
  return { data: Float32Array.from(data, Number), shape: [depth, height, width] };
}

/** Both sides round to single precision after every axis or pass: seen up to 2e-6 of a range of 2. */
const TOLERANCE = 1e-5;

function expectSame(found: PipeImage, name: string, tolerance = TOLERANCE) {
  const wanted = golden(name);
  expect(found.shape, name).toEqual(wanted.shape);
  const differences = found.data.map((value, i) => Math.abs(value - wanted.data[i]));
  expect(Math.max(...differences), name).toBeLessThanOrEqual(tolerance);
}

const SOURCE = golden("in_18x20x15");
const SCALE = 0.5;
let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 1 });
});
afterAll(() => pool[Symbol.asyncDispose]());

describe("providers give what acryo's give", () => {
  const array = (scale: number, original = 0.8) => fromArray(SOURCE, original)(scale);

  test.each([0.5, 0.8, 1, 0.795, 0.79])("an array of 0.8 nm/pixel at %f", async (scale) => {
    expectSame(await array(scale), `from_array_orig0.8_to${Number.isInteger(scale) ? `${scale}.0` : scale}`);
  });

  test("a file at its own scale and at another", async () => {
    expectSame(await fromFile(path("in_scale0.8nm.mrc"))(0.6), "from_file_mrc_to0.6");
    expectSame(await fromFile(path("in_scale0.8nm.mrc"), 1)(0.7), "from_file_mrc_orig1.0_to0.7");
  });

  test("a Gaussian, with acryo's formula where it is asked for", async () => {
    const compat = { compat: true };
    expectSame(
      await fromGaussian(6, 1.2, [-3, -3, -3], compat)(0.5),
      "from_gaussian_shape6.0_sigma1.2_shift_-3_-3_-3_scale0.5",
    );
    expectSame(
      await fromGaussian([6, 5, 4], [1, 1.5, 2], [0, 0, 0], compat)(0.5),
      "from_gaussian_shape6_5_4_sigma1_1.5_2_scale0.5",
    );
  });

  test("atoms, weighted and about another centre", async () => {
    const atoms = Float64Array.from(parseNpy(readFileSync(path("atoms_nm_zyx.npy")), "atoms").data, Number);
    const weights = Float64Array.from(parseNpy(readFileSync(path("atoms_weights.npy")), "w").data, Number);
    expectSame(await fromAtoms(atoms)(0.5), "from_atoms_scale0.5", 0);
    expectSame(await fromAtoms(atoms, weights, [0.2, -0.1, 0.3])(0.7), "from_atoms_weights_center_scale0.7");
  });

  test("a PDB file, as it is and turned", async () => {
    expectSame(await fromPdb(path("atoms.pdb"))(0.6), "from_pdb_scale0.6", 0);
    const turn = rotationOf(0.3, -0.5, 0.7);
    expectSame(await fromPdb(path("atoms.pdb"), turn)(0.6), "from_pdb_rot_scale0.6", 0);
  });
});

/** Rotation by a vector, radians, about itself (Rodrigues). */
function rotationOf(a: number, b: number, c: number) {
  const angle = Math.hypot(a, b, c);
  const [x, y, z] = [a / angle, b / angle, c / angle];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const t = 1 - cos;
  return [
    t * x * x + cos,
    t * x * y - sin * z,
    t * x * z + sin * y,
    t * x * y + sin * z,
    t * y * y + cos,
    t * y * z - sin * x,
    t * x * z - sin * y,
    t * y * z + sin * x,
    t * z * z + cos,
  ] as const;
}

interface GoldenCase {
  readonly name: string;
  readonly converter: ImageConverter;
  /** Default the source. */
  readonly input?: () => Promise<PipeImage>;
}

describe("converters make what acryo's make", () => {
  const mask = () => thresholdOtsu()(SOURCE, SCALE);
  const cases: readonly GoldenCase[] = [
    { name: "threshold_otsu_256", converter: thresholdOtsu() },
    { name: "threshold_otsu_64", converter: thresholdOtsu(64) },
    { name: "dilation_1.0", converter: dilation(1), input: mask },
    { name: "dilation_1.3", converter: dilation(1.3), input: mask },
    { name: "dilation_-0.6", converter: dilation(-0.6), input: mask },
    { name: "dilation_0.4", converter: dilation(0.4), input: mask },
    { name: "closing_1.0", converter: closing(1), input: mask },
    { name: "closing_-1.0", converter: closing(-1), input: mask },
    { name: "gaussian_smooth_0.8", converter: gaussianSmooth(0.8), input: mask },
    { name: "soft_otsu_1_1", converter: softOtsu() },
    { name: "soft_otsu_0.6_-0.6_64", converter: softOtsu({ sigma: 0.6, radius: -0.6, bins: 64 }) },
    { name: "gaussian_filter_0.7", converter: gaussianFilter(0.7) },
    {
      name: "gaussian_filter_0.7_constant_c1",
      converter: gaussianFilter(0.7, { mode: "constant", cval: 1 }),
    },
    { name: "shift_0.6_-0.3_1.1", converter: shift([0.6, -0.3, 1.1], { compat: true }) },
    {
      name: "shift_constant",
      converter: shift([0.6, -0.3, 1.1], { compat: true, mode: "constant", cval: 0.5 }),
    },
    { name: "center_by_mass_order3", converter: centerByMass({ compat: true }) },
    { name: "center_by_mass_order1", converter: centerByMass({ order: 1, compat: true }) },
    { name: "compose_softotsu_after_gauss", converter: compose(softOtsu(), gaussianFilter(0.5)) },
    { name: "arith_converter", converter: gaussianFilter(0.5).subtract(gaussianFilter(1)).multiply(3) },
  ];

  test.each(cases)("$name", async ({ name, converter, input }) => {
    const before = SOURCE.data.slice();
    expectSame(await converter(input === undefined ? SOURCE : await input(), SCALE), name);
    expect(SOURCE.data).toEqual(before);
  });

  test("filters of frequencies, on an even axis as on an odd one that acryo cuts", async () => {
    const even = cut(SOURCE, 14);
    expectSame(await lowpassFilter(0.2, 2, { backend: pool })(even, SCALE), "lowpass_0.2_evenlast14");
    const odd = await lowpassFilter(0.2, 2, { backend: pool })(SOURCE, SCALE);
    expect(odd.shape).toEqual(SOURCE.shape);
    expectSame(await lowpassFilter(0.9)(SOURCE, SCALE), "lowpass_0.9", 0);
  });

  test("a low pass of an odd axis gives acryo's spectrum where acryo keeps it", async () => {
    // acryo transforms back to 14 of 15 columns: the mean is all that both have in common.
    for (const [name, converter] of [
      ["lowpass_0.2", lowpassFilter(0.2, 2, { backend: pool })],
      ["lowpass_0.2_order4", lowpassFilter(0.2, 4, { backend: pool })],
      ["lowpass_0.5", lowpassFilter(0.5, 2, { backend: pool })],
      ["highpass_0.2", highpassFilter(0.2, 2, { backend: pool })],
    ] as const) {
      const found = await converter(SOURCE, SCALE);
      const wanted = golden(name);
      const mean = ({ data }: NumberArray) => Array.from(data).reduce((sum, v) => sum + v, 0) / data.length;
      // Its transform of 15 columns counts as 14.
      expect(mean(found)).toBeCloseTo((mean(wanted) * 14) / 15, 5);
    }
  });

  test("shapes about the centre", () => {
    expectSame(reshapeImage(SOURCE, [14, 17, 12]), "reshape_14x17x12");
    expectSame(reshapeImage(SOURCE, [20, 20, 20]), "reshape_20x20x20");
  });

  test("a provider through a converter, and arithmetic", async () => {
    const provider: ImageProvider = fromArray(SOURCE, 0.8);
    expectSame(await compose(gaussianFilter(0.5), provider)(0.6), "compose_gauss_after_fromarray");
    expectSame(await provider.multiply(1.5).subtract(0.25)(0.6), "arith_provider");
  });
});

function cut({ data, shape }: PipeImage, width: number): PipeImage {
  const rows = shape[0] * shape[1];
  const values = Array.from({ length: rows }, (_, row) =>
    Array.from(data.subarray(row * shape[2], row * shape[2] + width)),
  );
  return { data: Float32Array.from(values.flat()), shape: [shape[0], shape[1], width] };
}
