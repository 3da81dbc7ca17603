import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { goldenBytes, goldenMrc } from "../../../test/support/npy.ts";
import { formatCsv, parseCsv } from "../../io/index.ts";
import type { ParticleValues, Peak } from "../index.ts";
import {
  findPeaks,
  gaussianCutoff,
  parseMatchSettings,
  particleTable,
  valuesAtPeaks,
  writeParticles,
} from "../index.ts";
import type { ResultMaps } from "./particles.ts";
import { float32Text, float64Text } from "./pythonText.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-particles-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

function goldenText(path: string): string {
  return new TextDecoder().decode(goldenBytes(path));
}

function goldenMaps(): ResultMaps {
  const map = (name: string) => goldenMrc(`search1_${name}.mrc`).data;
  return {
    shape: [209, 273],
    mip: map("mip"),
    scaledMip: map("scaled_mip"),
    correlationAverage: map("correlation_average"),
    correlationVariance: map("correlation_variance"),
    orientationPhi: map("orientation_phi"),
    orientationTheta: map("orientation_theta"),
    orientationPsi: map("orientation_psi"),
    relativeDefocus: map("relative_defocus"),
  };
}

const settings = parseMatchSettings(goldenText("search1_config.yaml"), "search1_config.yaml");
const facts = { totalCorrelations: 13248, templateSize: 48 };

function valuesOf(peaks: readonly Peak[], { shape, ...maps }: ResultMaps): ParticleValues {
  const at = (data: Float32Array) => valuesAtPeaks(peaks, { data, shape });
  return {
    mip: at(maps.mip),
    scaledMip: at(maps.scaledMip),
    correlationAverage: at(maps.correlationAverage),
    correlationVariance: at(maps.correlationVariance),
    orientationPhi: at(maps.orientationPhi),
    orientationTheta: at(maps.orientationTheta),
    orientationPsi: at(maps.orientationPsi),
    relativeDefocus: at(maps.relativeDefocus),
    ...(maps.pixelSizeOffset && { pixelSizeOffset: at(maps.pixelSizeOffset) }),
  };
}

test("the golden maps give the golden table, letter by letter", async () => {
  const maps = goldenMaps();
  const cutoff = gaussianCutoff({ falsePositives: 1, pixels: 209 * 273, correlations: 13248 });
  const peaks = findPeaks({ data: maps.scaledMip, shape: maps.shape }, { cutoff, maskRadiusPx: 8 });
  const path = join(folder, "particles.csv");
  await writeParticles(path, particleTable(peaks, valuesOf(peaks, maps), { settings, facts }));
  expect(await readFile(path, "utf8")).toBe(goldenText("search1_particles.csv"));
});

test("an existing table is kept unless told otherwise", async () => {
  const path = join(folder, "kept.csv");
  const empty = particleTable([], valuesOf([], goldenMaps()), { settings, facts });
  await writeParticles(path, empty);
  await expect(writeParticles(path, empty)).rejects.toMatchObject({ code: "exists" });
  await writeParticles(path, empty, { overwrite: true });
  expect(parseCsv(await readFile(path, "utf8"), path)).toMatchObject({ rows: [], columns: { length: 39 } });
});

test("Zernikes, magnification, paths with commas, an odd template, a pixel size that was searched", () => {
  const b = parseMatchSettings(goldenText("search2_config.yaml"), "b.yaml");
  const maps = { ...goldenMaps(), pixelSizeOffset: new Float32Array(209 * 273).fill(0.5) };
  const changed = { ...b, micrographPath: 'a "b", c.mrc', optics: { ...b.optics, pixelSizeA: 1.06 } };
  const odd = { ...facts, templateSize: 49 };
  const peaks = [{ x: 1, y: 2, zScore: 9 }];
  const table = particleTable(peaks, valuesOf(peaks, maps), { settings: changed, facts: odd });
  const [row] = parseCsv(formatCsv(table.columns, table.rows), "table").rows;
  expect(row).toMatchObject({
    pos_x_img: "25",
    pos_y_img: "26",
    pos_x_img_angstrom: "26.5",
    pos_y_img_angstrom: "27.560000000000002",
    pixel_size: "1.06",
    refined_pixel_size: "1.56",
    phase_shift: "30.0",
    even_zernikes: '{"Z44c": 25.0, "Z60": 300.0}',
    odd_zernikes: '{"Z31c": 8.0, "Z33s": -6.0}',
    mag_matrix: "[1.01, 0.005, -0.003, 0.99]",
    micrograph_path: 'a "b", c.mrc',
  });
});

test("numbers are written as pandas 3 with NumPy 2.4 writes them", () => {
  const written: readonly (readonly [number, string, string])[] = [
    [0, "0.0", "0.0"],
    [-0, "-0.0", "-0.0"],
    [1, "1.0", "1.0"],
    [0.0002, "0.0002", "0.0002"],
    [1e-4, "1e-04", "0.0001"],
    [9.9e-5, "9.9e-05", "9.9e-05"],
    [1.5e-5, "1.5e-05", "1.5e-05"],
    [-2.5e-7, "-2.5e-07", "-2.5e-07"],
    [1e-45, "1e-45", "1e-45"],
    [0.1, "0.1", "0.1"],
    [1 / 3, "0.33333334", "0.3333333333333333"],
    [148.23529, "148.23529", "148.23529"],
    [999999, "999999.0", "999999.0"],
    [1234567, "1.234567e+06", "1234567.0"],
    [123456789, "1.2345679e+08", "123456789.0"],
    [1e15, "1e+15", "1000000000000000.0"],
    [1e16, "1e+16", "1e+16"],
    [3.4e38, "3.4e+38", "3.4e+38"],
    [Number.NaN, "", ""],
    [Number.POSITIVE_INFINITY, "inf", "inf"],
  ];
  for (const [value, single, double] of written) {
    expect([float32Text(Math.fround(value)), float64Text(value)]).toEqual([single, double]);
  }
});

test("written numbers read back the same", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(float64Text(value))).toBe(value);
    }),
  );
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Math.fround(Number(float32Text(value)))).toBe(value);
      expect(
        float32Text(value)
          .replace(/e.*|\D/g, "")
          .replace(/^0+|0+$/g, "").length,
      ).toBeLessThanOrEqual(9);
    }),
  );
});

test("a peak outside the maps and a map of another size are refused", () => {
  const { mip, shape } = goldenMaps();
  const peaks = [{ x: 273, y: 0, zScore: 7 }];
  expect(() => valuesAtPeaks(peaks, { data: mip, shape })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: valuesAtPeaks().peaks: expected a peak inside (209, 273), found y 0, x 273.]`,
  );
  expect(() => valuesAtPeaks([], { data: new Float32Array(3), shape })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: valuesAtPeaks().map: expected 57057 values for (209, 273), found 3.]`,
  );
});
