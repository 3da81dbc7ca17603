import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { subtomogramGolden, subtomogramMolecules } from "../../../test/support/subtomogramCase.ts";
import { createPool, irfft2, type Pool, rfft2 } from "../../compute/index.ts";
import { parseNpy, readMrcVolume, writeMrc } from "../../io/index.ts";
import { BackProjectionLoader } from "../loaders/backProjectionLoader.ts";
import { writeMoleculesCsv } from "../molecules/csv.ts";
import { Molecules } from "../molecules/molecules.ts";
import { runAverage } from "../programs/averageProgram.ts";
import { imageIndices, parseAreTomo } from "./areTomo.ts";
import { ctfOf } from "./filter.ts";
import { alignmentOf } from "./imod.ts";
import { imodDefocus, parseImodDefocus } from "./imodDefocus.ts";
import { formatTiltSeries, parseTiltSeries } from "./json.ts";
import { parseMdoc } from "./mdoc.ts";
import { readTiltSeries } from "./read.ts";
import type { Tilt } from "./tilt.ts";
import { TiltSeries } from "./tiltSeries.ts";

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

async function put(files: Readonly<Record<string, string>>): Promise<string> {
  const place = await mkdtemp(join(folder, "case-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(place, name, ".."), { recursive: true });
    await writeFile(join(place, name), text);
  }
  return place;
}

/** acryo 0.9.1's; see test/golden/subtomogram/README.md. */
const golden = (name: string) => subtomogramGolden(`tiltSeries/${name}`);
const text = (name: string) => readFileSync(golden(name), "utf8");
const molecules = subtomogramMolecules("tiltSeries/molecules.csv");

function acryoSeries() {
  const series = parseTiltSeries(text("acryo.json"), "acryo.json");
  return series.replace({
    tilts: series.tilts.map((tilt) => ({ ...tilt, imagePath: golden("tilts.mrc") })),
  });
}

const PLAIN: Tilt = { tiltDeg: 0, xTiltDeg: 0, axisDeg: 0, shiftNm: [0, 0], imageIndex: 0 };

function expectNear(found: readonly number[], wanted: readonly number[], digits = 5) {
  expect(found).toHaveLength(wanted.length);
  wanted.forEach((value, i) => {
    expect(found[i], `${i}`).toBeCloseTo(value, digits);
  });
}

describe("a place in the images", () => {
  test.each([
    [0, -17.86177, 25.31333],
    [2, -16.77701, 25.55959],
  ])("of (10, 20, 30) at 30 degrees, axis 85, %d about x", (xTiltDeg, x, y) => {
    const series = new TiltSeries({ tilts: [{ ...PLAIN, tiltDeg: 30, axisDeg: 85, xTiltDeg }] });
    const [[point]] = series.project([[30, 20, 10]]);
    expectNear([point.x, point.y], [x, y]);
    if (xTiltDeg === 0) expect(point.depth).toBeCloseTo(20.98076, 5);
  });

  test("is where acryo sees it, and as deep", () => {
    const anchors = JSON.parse(text("anchors.json"));
    const places = molecules.rotator.map((_, i) => molecules.place(i));
    acryoSeries()
      .project(places)
      .forEach((points, i) => {
        expectNear(
          points.flatMap(({ y, x }) => [y, x]),
          anchors.projected_nm[i].flat(),
        );
        expectNear(
          points.map(({ depth }) => depth),
          anchors.depths_nm[i],
        );
      });
  });

  test("has less underfocus the deeper it lies; with hand 1 more", () => {
    const defocus = { uUm: -2, vUm: -2.2, angleDeg: 30 };
    const series = new TiltSeries({ tilts: [{ ...PLAIN, tiltDeg: 30, axisDeg: 85, defocus }] });
    const [standard] = series.defocusAt([30, 20, 10]);
    expectNear([standard.uUm, standard.vUm], [-2 + 0.02098076, -2.2 + 0.02098076], 8);
    expect(series.replace({ hand: 1 }).defocusAt([30, 20, 10])[0].uUm).toBeCloseTo(-2 - 0.02098076, 8);
  });
});

describe("IMOD", () => {
  test("a transform of 85 degrees is turned back", () => {
    const [c, s] = [Math.cos((85 * Math.PI) / 180), Math.sin((85 * Math.PI) / 180)];
    const { axisDeg, shiftNm, stretch } = alignmentOf([c, s, -s, c, 12.5, -7.25], "xf", 1);
    expect(axisDeg).toBeCloseTo(85, 9);
    expectNear([shiftNm[1], shiftNm[0]], [-8.31186, -11.82055]);
    expect(stretch).toBeUndefined();
    expect(() => alignmentOf([1, 0, 0, -1, 0, 0], "a.xf line 1", 1)).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: a.xf line 1: expected a transform that turns and stretches, found one with the determinant -1.]`,
    );
  });

  test("what a transform stretches besides stays: ali = A raw + d leads back to raw", () => {
    const a = [0.1, 0.98, -1.01, 0.07, 3, -5];
    const tilt = { ...PLAIN, tiltDeg: 20, ...alignmentOf(a, "xf", 1) };
    const [[aligned]] = new TiltSeries({ tilts: [{ ...PLAIN, tiltDeg: 20 }] }).project([[4, 5, 6]]);
    const [[raw]] = new TiltSeries({ tilts: [tilt] }).project([[4, 5, 6]]);
    expectNear(
      [a[0] * raw.x + a[1] * raw.y + a[4], a[2] * raw.x + a[3] * raw.y + a[5]],
      [aligned.x, aligned.y],
      9,
    );
  });

  test("a folder: excluded views, tilts about x, defocus of ctfplotter, doses", async () => {
    const dose = (z: number, time: string) =>
      `[ZValue = ${z}]\nTiltAngle = ${3 * z}\nExposureDose = 2.5\nDateTime = 28-Nov-24  14:0${time}:00\n`;
    const place = await put({
      "TS_01.tlt": "-3.0\n0.0\n3.0\n",
      "TS_01.xf": "1 0 0 1 0 0\n1 0 0 1 10 0\n1 0 0 1 0 0\n",
      "TS_01_fid.xf": "1 0 0 1 0 0\n",
      "TS_01.xtilt": "0.5\n0.5\n0.5\n",
      "tilt.com": "$tilt -StandardInput\nXAXISTILT 1.5\nEXCLUDELIST 2\nLOCALFILE TS_01local.xf\n",
      "newst.com": "InputFile TS_01.st\n",
      "ctfcorrection.com": "Voltage 300\nSphericalAberration 2.7\nAmplitudeContrast 0.1\n",
      "TS_01.defocus": "1 0 0. 0. 0 3\n1 1 -3 -3 2000 1800 20\n3 3 3 3 3000 2600 40\n",
      "TS_01.st.mdoc": `PixelSpacing = 1.35\n${dose(0, "2")}${dose(1, "1")}${dose(2, "3")}`,
      "TS_01.st": "",
    });
    const warnings: string[] = [];
    const series = await readTiltSeries(place, { scale: 0.135, onLog: (message) => warnings.push(message) });
    expect(series.tilts.map(({ tiltDeg, imageIndex, xTiltDeg }) => [tiltDeg, imageIndex, xTiltDeg])).toEqual([
      [-3, 0, -1],
      [3, 2, -1],
    ]);
    expect(series.tilts[1].defocus).toEqual({ uUm: -3, vUm: -2.6, angleDeg: 40 });
    expect(series.tilts.map(({ preExposurePerA2 }) => preExposurePerA2)).toEqual([2.5, 5]);
    expect(series.detectorCentre).toBe("middle");
    expect(warnings.join()).toContain("LOCALFILE is not taken into account");
  });

  test("defocus: views from 0 in old files, linear between the middles of ranges, radians by the flags", () => {
    const old = parseImodDefocus("0 0 -3 -3 2000\n2 2 3 3 3000\n", "a.defocus");
    expect(old.map(({ first, last }) => [first, last])).toEqual([
      [1, 1],
      [3, 3],
    ]);
    expect(imodDefocus(old, 2).uNm).toBe(2500);
    expect(imodDefocus(old, 9).uNm).toBe(3000);
    const second = parseImodDefocus("1 3 -3 3 2000 2\n4 6 4 9 2600\n", "b.defocus");
    expect(imodDefocus(second, 3).uNm).toBeCloseTo(2200, 9);
    const flags = `15 0 0. 0. 0 3\n1 1 0 0 2000 1800 ${Math.PI / 4} ${Math.PI / 2}\n`;
    expect(parseImodDefocus(flags, "c.defocus")[0]).toMatchObject({ angleDeg: 45, phaseDeg: 90 });
    expect(() => parseImodDefocus("1 1 0\n", "d.defocus")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: d.defocus line 1: expected 5 numbers, found "1 1 0".]`,
    );
  });
});

describe("AreTomo", () => {
  const ALN = `# AreTomo Alignment / Priims bprmMn
# RawSize = 40 44 4
# NumPatches = 0
# DarkFrame = 0 0 -6.0
# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT
    1    85.0000    1.00000     10.000     -4.000     1.00     1.00     1.00     0.00     -3.00
    2    85.0000    1.00000      0.000      0.000     1.00     1.00     1.00     0.00      0.00
`;

  test("the shift is where the centre is seen, and the transform is IMOD's", () => {
    const series = parseAreTomo(ALN, "a.aln", { scale: 1 });
    expect(series.tilts[0]).toMatchObject({ tiltDeg: -3, axisDeg: 85, shiftNm: [-4, 10] });
    const [c, s] = [0.08716, 0.99619];
    const { axisDeg, shiftNm } = alignmentOf([c, s, -s, c, 3.1132, 10.3106], "xf", 1);
    expectNear([axisDeg, ...shiftNm], [85, -4, 10], 3);
  });

  test("sections count from 1 or 0, and leave out dark frames where they must", () => {
    expect(imageIndices([1, 2, 3], [])).toEqual([0, 1, 2]);
    expect(imageIndices([0, 1, 2], [])).toEqual([0, 1, 2]);
    expect(imageIndices([2, 3, 4], [0])).toEqual([1, 2, 3]);
    expect(imageIndices([0, 1, 2], [0])).toEqual([1, 2, 3]);
    expect(parseAreTomo(ALN, "a.aln", { scale: 1 }).tilts.map(({ imageIndex }) => imageIndex)).toEqual([
      1, 2,
    ]);
  });
});

describe("RELION 5", () => {
  const TOMOGRAMS = `data_global

loop_
_rlnTomoName
_rlnVoltage
_rlnSphericalAberration
_rlnAmplitudeContrast
_rlnTomoHand
_rlnTomoTiltSeriesPixelSize
_rlnTomoTiltSeriesStarFile
_rlnTomoSizeX
_rlnTomoSizeY
_rlnTomoSizeZ
TS_01 300.0 2.7 0.1 1.0 1.35 tilt_series/TS_01.star 1000 1000 400
TS_02 300.0 2.7 0.1 -1.0 1.35 tilt_series/TS_02.star 1000 1000 400
`;
  const SERIES = `data_TS_01

loop_
_rlnMicrographName
_rlnTomoXTilt
_rlnTomoYTilt
_rlnTomoZRot
_rlnTomoXShiftAngst
_rlnTomoYShiftAngst
_rlnDefocusU
_rlnDefocusV
_rlnDefocusAngle
_rlnMicrographPreExposure
3@images/TS_01.mrcs 2.0 30.0 85.0 13.5 -27.0 25000 24000 30 6.5
1@images/TS_01.mrcs 2.0 33.0 85.0 0 0 25000 24000 30 0
`;

  test("tomograms.star leads to the tilts, their images from the project's folder", async () => {
    const place = await put({
      "job/tomograms.star": TOMOGRAMS,
      "tilt_series/TS_01.star": SERIES,
      "images/TS_01.mrcs": "",
    });
    await expect(readTiltSeries(join(place, "job/tomograms.star"))).rejects.toThrow(
      "TS_01, TS_02, found none named",
    );
    const series = await readTiltSeries(join(place, "job/tomograms.star"), { name: "TS_01" });
    expect(series).toMatchObject({ hand: 1, detectorCentre: "half", tomogramSize: [1000, 1000, 400] });
    expect(series.scale).toBeCloseTo(0.135, 12);
    expect(series.tilts[0]).toMatchObject({
      imageIndex: 2,
      tiltDeg: 30,
      xTiltDeg: 2,
      axisDeg: 85,
      preExposurePerA2: 6.5,
    });
    expect(series.tilts[0].imagePath).toMatch(/images\/TS_01\.mrcs$/);
    expectNear([...series.tilts[0].shiftNm], [-2.7, 1.35]);
    expect(series.tilts[0].defocus?.uUm).toBeCloseTo(-2.5, 9);
  });
});

describe("JSON", () => {
  test("acryo's comes back as it was, with what acryo does not keep", () => {
    const series = acryoSeries().replace({ hand: 1, tomogramSize: [10, 20, 30] });
    const back = parseTiltSeries(formatTiltSeries(series), "b.json");
    expect({ ...back, name: "" }).toEqual({ ...series, name: "" });
  });

  test("a levelled tomogram is taken back to the specimen", () => {
    const turned = JSON.parse(text("acryo.json"));
    turned.levelled2tomo = [
      [1, 0, 0, 2],
      [0, 0, -1, 0],
      [0, 1, 0, 0],
      [0, 0, 0, 1],
    ];
    const series = parseTiltSeries(JSON.stringify(turned), "t.json");
    const [found] = series.project([[2 + 1, -3, 2]]);
    const [plain] = acryoSeries().project([[1, 2, 3]]);
    expectNear(
      found.flatMap(({ y, x }) => [y, x]),
      plain.flatMap(({ y, x }) => [y, x]),
    );
  });
});

test("complaint 11: the sign of the tilt axis of an mdoc is kept", () => {
  const head = "[T = SerialEM: Tilt axis angle = -88.7, binning = 1  spot = 8  camera = 0]\n";
  const mdoc = parseMdoc(
    `PixelSpacing = 1.35\nVoltage = 300\n${head}[ZValue = 0]\nTiltAngle = 1.5\n`,
    "a.mdoc",
  );
  expect(mdoc).toMatchObject({ axisDeg: -88.7, pixelSizeA: 1.35, voltageKv: 300 });
  const seen = (axisDeg: number) =>
    new TiltSeries({ tilts: [{ ...PLAIN, axisDeg, tiltDeg: 30 }] }).project([[0, 10, 5]])[0][0];
  // 180 degrees apart are one line in the image and opposite hands: what is seen is turned upside down.
  expectNear([seen(-88.7).x, seen(-88.7).y], [-seen(91.3).x, -seen(91.3).y], 9);
  expect(seen(-88.7).x).toBeGreaterThan(9);
});

test("complaint 20: doses are summed by the time of the images, and the first one had none before", () => {
  const order = [3, 1, 0, 5, 2, 6, 4];
  const sections = order.map(
    (time, z) =>
      `[ZValue = ${z}]\nTiltAngle = ${10 * z - 30}\nExposureDose = 3\nDateTime = 2024-Nov-28  14:${10 + time}:22\n`,
  );
  const { tilts } = parseMdoc(`PixelSpacing = 1\n${sections.join("\n")}`, "a.mdoc");
  expect(tilts.map(({ preExposurePerA2 }) => preExposurePerA2)).toEqual(order.map((time) => 3 * time));
});

describe("boxes of a tilt series", () => {
  test("are acryo's, but for what turning its cubes blurs", async () => {
    const wanted = Float32Array.from(parseNpy(readFileSync(golden("boxes.npy")), "boxes.npy").data, Number);
    const loader = await BackProjectionLoader.open(acryoSeries(), molecules, {
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
    const series = { ...JSON.parse(text("acryo.json")), image_path: golden("tilts.mrc"), ctf: null };
    // Places count from the first voxel of 20 x 20 x 20, whose centre acryo has at voxel 10.
    const place = await put({ "series.json": JSON.stringify(series) });
    await writeMoleculesCsv(join(place, "m.csv"), molecules.translate([5, 5, 5]), { floatPrecision: null });
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
    const loader = await BackProjectionLoader.open(acryoSeries(), molecules, {
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
