import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  acryoSeries,
  PLAIN,
  putFiles,
  tiltSeriesGolden,
  tiltSeriesMolecules,
} from "../../../test/support/tiltSeriesCase.ts";
import { createPool, irfft2, type Pool, rfft2 } from "../../compute/index.ts";
import { parseNpy, readMrcVolume, writeMrc } from "../../io/index.ts";
import { transferAt } from "../kernels/index.ts";
import { writeMoleculesCsv } from "../molecules/csv.ts";
import { Molecules } from "../molecules/molecules.ts";
import { runAverage } from "../programs/averageProgram.ts";
import { transferOf } from "../tiltSeries/filter.ts";
import type { Tilt } from "../tiltSeries/tilt.ts";
import { TiltSeries } from "../tiltSeries/tiltSeries.ts";
import { BackProjectionLoader } from "./backProjectionLoader.ts";

let pool: Pool;
let folder: string;
beforeAll(async () => {
  pool = await createPool({ workers: 1 });
  folder = await mkdtemp(join(tmpdir(), "vitrine-tilts-"));
});
afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** The contrast transfer function of a tilt's image at frequencies (y, x), cycles/pixel. */
function ctfOf(...given: Parameters<typeof transferOf>) {
  const transfer = transferOf(...given);
  return transfer === undefined ? undefined : (fy: number, fx: number) => transferAt(transfer, fy, fx);
}

const text = (name: string) => readFileSync(tiltSeriesGolden(name), "utf8");

describe("boxes of a tilt series", () => {
  test("are acryo's, but for what turning its cubes blurs", async () => {
    const wanted = Float32Array.from(
      parseNpy(readFileSync(tiltSeriesGolden("boxes.npy")), "boxes.npy").data,
      Number,
    );
    const loader = await BackProjectionLoader.open(acryoSeries(), tiltSeriesMolecules, {
      ...{ outputShape: 16, normalize: false, padding: 4, ctf: "none", backend: pool },
    });
    const { data } = await loader.asArray();
    for (let from = 0; from < data.length; from += 4096)
      expect(
        correlation(data.subarray(from, from + 4096), wanted.subarray(from, from + 4096)),
      ).toBeGreaterThan(0.999);
    expect((await loader.head(1).asArray()).data).toEqual(data.subarray(0, 4096));
  });

  test("molecules that no image shows are an error, or left out", async () => {
    const far = new Molecules(
      [
        [0, 0, 0],
        [0, 900, 0],
      ],
      [
        [0, 0, 0, 1],
        [0, 0, 0, 1],
      ],
    );
    const loader = await BackProjectionLoader.open(acryoSeries(), far, { outputShape: 8, backend: pool });
    await expect(loader.average()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: molecule 1: expected a place that at least one image shows, found one at y 124.6, x -1776.3 pixels of the first. Is the tomogram's centre right (tomogramCenter)? inside() leaves such molecules out.]`,
    );
    expect((await loader.inside()).count).toBe(1);
    await expect(BackProjectionLoader.open(acryoSeries(), far, { scale: 0.2 })).rejects.toThrow(
      "from the images' 0.5 nm on",
    );
  });

  test("a bead is where it was planted, in even and odd boxes and images, binned or not", async () => {
    const place = [1.1, -2.3, 1.7] as const;
    for (const [height, width, centre] of [
      [48, 44, "half"],
      [47, 45, "middle"],
    ] as const) {
      const tilts = [-60, -45, -30, -15, 0, 15, 30, 45, 60].map(
        (tiltDeg, i): Tilt => ({
          ...PLAIN,
          tiltDeg,
          axisDeg: 85,
          shiftNm: [0.3 * i, -0.2 * i],
          imageIndex: i,
          imagePath: join(folder, `${height}.mrc`),
        }),
      );
      const series = new TiltSeries({ tilts, scale: 0.5, detectorCentre: centre });
      await writeBeads(series, place, [height, width]);
      for (const [side, scale] of [
        [16, 0.5],
        [15, 0.5],
        [12, 0.8],
      ] as const) {
        const loader = await BackProjectionLoader.open(
          series,
          new Molecules([[5, 5, 5]], [[0.1, 0.2, 0.3, 0.9]]),
          {
            ...{
              outputShape: side,
              scale,
              backend: pool,
              tomogramCenter: [5 - place[0], 5 - place[1], 5 - place[2]],
            },
          },
        );
        const peak = centroid((await loader.load(0)).data, side);
        for (const value of peak) expect(Math.abs(value - (side - 1) / 2)).toBeLessThan(0.06);
      }
    }
  });

  test("are averaged by the program that takes tomograms", async () => {
    const series = {
      ...JSON.parse(text("acryo.json")),
      image_path: tiltSeriesGolden("tilts.mrc"),
      ctf: null,
    };
    // Places count from the first voxel of 20 x 20 x 20, whose centre acryo has at voxel 10.
    const place = await putFiles(folder, { "series.json": JSON.stringify(series) });
    await writeMoleculesCsv(join(place, "m.csv"), tiltSeriesMolecules.translate([5, 5, 5]), {
      floatPrecision: null,
    });
    const common = { tomogramPath: join(place, "series.json"), moleculesPath: join(place, "m.csv") };
    const report = await runAverage({
      ...{
        ...common,
        outputShape: 16,
        tomogramSize: [20, 20, 20],
        outPath: join(place, "a.mrc"),
        workers: 1,
      },
    });
    expect(report).toMatchObject({ molecules: 2, scale: 0.5, shape: [16, 16, 16] });
    const loader = await BackProjectionLoader.open(acryoSeries(), tiltSeriesMolecules, {
      ...{ outputShape: 16, ctf: "none", backend: pool },
    });
    const { data } = await readMrcVolume(join(place, "a.mrc"));
    expect(correlation(data, (await loader.average()).data)).toBeGreaterThan(0.9999);
    await expect(runAverage({ ...common, outputShape: 16, outPath: join(place, "b.mrc") })).rejects.toThrow(
      "--tomogram-size",
    );
  });

  test("images with the function of a molecule's depth give back what it looks like", async () => {
    const place = [300, 6, -5] as const;
    const defocus = { uUm: -6, vUm: -6, angleDeg: 0 };
    const tilts = [-6, -4, -2, 0, 2, 4, 6].map((tiltDeg, i): Tilt => {
      return { ...PLAIN, tiltDeg, imageIndex: i, imagePath: join(folder, "ctf.mrc"), defocus };
    });
    const optics = { voltageKv: 300, csMm: 2.7, amplitudeContrast: 0.1 };
    const series = new TiltSeries({ tilts, scale: 0.5, optics });
    const one = new Molecules([place], [[0, 0, 0, 1]]);
    const boxOf = async (ctf: "flip" | "wiener" | "none", hand: 1 | -1 = -1) => {
      const options = { outputShape: 16, ctf, backend: pool };
      const loader = await BackProjectionLoader.open(series.replace({ hand }), one, options);
      return (await loader.load(0)).data;
    };
    const shape = [160, 160] as const;
    await writeBeads(series, place, shape);
    const ideal = await boxOf("none");
    const { data } = await readMrcVolume(join(folder, "ctf.mrc"));
    const spectra = await rfft2(pool, Float32Array.from(data), shape);
    series.project([place])[0].forEach(({ depth }, t) => {
      const value = ctfOf(series, t, { imageScale: 0.5, depthNm: depth });
      for (let i = 0; i < 160 * 81; i++) {
        const y = Math.floor(i / 81);
        const c = value?.((2 * y < 160 ? y : y - 160) / 160, (i % 81) / 160) ?? 0;
        spectra[2 * (t * 160 * 81 + i)] *= c;
        spectra[2 * (t * 160 * 81 + i) + 1] *= c;
      }
    });
    const seen = await irfft2(pool, spectra, shape);
    await writeMrc(
      join(folder, "ctf.mrc"),
      { data: seen, shape: [7, 160, 160], voxelSizeA: 5 },
      { overwrite: true },
    );
    const found = async (...how: Parameters<typeof boxOf>) => correlation(await boxOf(...how), ideal);
    expect(await found("none")).toBeLessThan(0.8);
    expect(await found("flip")).toBeGreaterThan(0.98);
    const right = await found("wiener");
    expect(right).toBeGreaterThan(0.99);
    // The other hand takes the depth the wrong way round.
    expect(await found("wiener", 1)).toBeLessThan(right - 0.003);
  });

  test("the function of each molecule's defocus is undone: signs come back", async () => {
    const optics = { voltageKv: 300, csMm: 2.7, amplitudeContrast: 0.1 };
    const defocus = { uUm: -2, vUm: -2.2, angleDeg: 30 };
    const series = new TiltSeries({ tilts: [{ ...PLAIN, defocus }], optics, scale: 0.5 });
    const at = (depthNm: number, fy: number, fx: number) =>
      ctfOf(series, 0, { imageScale: 0.5, depthNm })?.(fy, fx) ?? 0;
    // Along the axis of u and across it the underfocus is that of u and of v.
    const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
    const round = (um: number, f: number) => {
      const one = new TiltSeries({
        tilts: [{ ...PLAIN, defocus: { uUm: um, vUm: um, angleDeg: 0 } }],
        optics,
        scale: 0.5,
      });
      return ctfOf(one, 0, { imageScale: 0.5, depthNm: 0 })?.(0, f) ?? 0;
    };
    expect(at(0, 0.3 * s, 0.3 * c)).toBeCloseTo(round(-2, 0.3), 9);
    expect(at(0, 0.3 * c, -0.3 * s)).toBeCloseTo(round(-2.2, 0.3), 9);
    // 100 nm deeper is 100 nm less underfocus.
    expect(at(100, 0.3 * s, 0.3 * c)).toBeCloseTo(round(-1.9, 0.3), 9);
  });
});

/** Images of one Gaussian, dark, without noise. */
async function writeBeads(
  series: TiltSeries,
  place: readonly [number, number, number],
  [height, width]: readonly [number, number],
) {
  const data = new Float32Array(series.count * height * width);
  const middle = (n: number) => (series.detectorCentre === "half" ? n / 2 : (n - 1) / 2);
  series.project([place])[0].forEach((point, t) => {
    const [cy, cx] = [middle(height) + point.y / 0.5, middle(width) + point.x / 0.5];
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        data[(t * height + y) * width + x] = -Math.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 4.5);
  });
  const { imagePath = "" } = series.tilts[0];
  await writeMrc(imagePath, { data, shape: [series.count, height, width], voxelSizeA: 5 });
}

function correlation(a: Float32Array, b: Float32Array): number {
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const dot = (u: Float32Array, mu: number, v: Float32Array, mv: number) =>
    u.reduce((sum, value, i) => sum + (value - mu) * (v[i] - mv), 0);
  return dot(a, ma, b, mb) / Math.sqrt(dot(a, ma, a, ma) * dot(b, mb, b, mb));
}

/** Of what is brighter than half of the brightest. */
function centroid(data: Float32Array, side: number): readonly number[] {
  const half = data.reduce((most, value) => Math.max(most, value), 0) / 2;
  const sums = [0, 0, 0, 0];
  data.forEach((value, i) => {
    if (value < half) return;
    const weight = value - half;
    [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side].forEach((place, k) => {
      sums[k] += weight * place;
    });
    sums[3] += weight;
  });
  return sums.slice(0, 3).map((sum) => sum / sums[3]);
}
