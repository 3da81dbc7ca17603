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
import { BackProjectionLoader } from "../loaders/backProjectionLoader.ts";
import { Molecules } from "../molecules/molecules.ts";
import { imageIndices, parseAreTomo } from "./areTomo.ts";
import { alignmentOf } from "./imod.ts";
import { imodDefocus, parseImodDefocus } from "./imodDefocus.ts";
import { formatTiltSeries, parseTiltSeries } from "./json.ts";
import { parseMdoc } from "./mdoc.ts";
import { readTiltSeries } from "./read.ts";
import { TiltSeries } from "./tiltSeries.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-tilts-"));
});
afterAll(() => rm(folder, { recursive: true }));

const text = (name: string) => readFileSync(tiltSeriesGolden(name), "utf8");

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
    const places = tiltSeriesMolecules.rotator.map((_, i) => tiltSeriesMolecules.place(i));
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
    const place = await putFiles(folder, {
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
    const place = await putFiles(folder, {
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

describe("what is broken, missing or guessed is said", () => {
  const ALN = (rows: string, raw: number) =>
    `# AreTomo Alignment / Priims bprmMn\n# RawSize = 40 44 ${raw}\n# DarkFrame = 0 0 -6.0\n${rows}`;
  const row = (section: number, tilt: number, magnification = 1) =>
    `${section} 85.0 ${magnification} 10.0 -4.0 1 1 1 0 ${tilt}\n`;

  async function saidOf(files: Readonly<Record<string, string>>, name: string, scale = 0.135) {
    const place = await putFiles(folder, files);
    const said: string[] = [];
    const onLog = (message: string) => said.push(message.replaceAll(`${place}/`, ""));
    const series = await readTiltSeries(join(place, name), { scale, onLog });
    return { series, said };
  }
  const imod = (more: Readonly<Record<string, string>>) => ({
    "a.tlt": "-3\n0\n3\n",
    "a.xf": "1 0 0 1 0 0\n1 0 0 1 0 0\n1 0 0 1 0 0\n",
    "a.st": "",
    ...more,
  });
  const CTF = "Voltage 300\nSphericalAberration 2.7\nAmplitudeContrast 0.07\n";
  const JSON_SERIES = {
    tilt_angles: [-40, 0, 40],
    tilt_axis_angle: 85,
    sample_translations: [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    image_path: "a.mrc",
  };

  test("an .aln with fewer lines than images, and magnifications", async () => {
    const { said } = await saidOf({ "a.aln": ALN(row(1, -3) + row(2, 0, 1.01), 4) }, "a.aln");
    expect(said).toEqual([
      "a.aln: RawSize says 4 images, of which 2 have a line and 1 are dark: is the file whole? Its sections are taken for the images 1, 2, from 0",
      "a.aln: GMAG, a change of magnification, is not taken into account",
    ]);
    expect((await saidOf({ "a.aln": ALN(row(1, -3) + row(2, 0) + row(3, 3), 4) }, "a.aln")).said).toEqual([]);
  });

  test("IMOD's lists, files that are named, defocus of some views", async () => {
    const place = await putFiles(folder, imod({ "tilt.com": "EXCLUDELIST 2-\n" }));
    await expect(readTiltSeries(place, { scale: 1 })).rejects.toThrow(
      'tilt.com EXCLUDELIST: expected views from 1 to 3, as 1,3-5, found "2-".',
    );
    const { series, said } = await saidOf(
      imod({
        "tilt.com": "XTILTFILE a.xtilt\nXAXISTILT 2\nEXCLUDELIST 1, 2\n",
        "ctfcorrection.com": CTF,
        "a.defocus": "1 1 -3 -3 2000 2\n2 2 0 0 2100\n",
      }),
      "a.xf",
    );
    expect(series.tilts.map(({ imageIndex, xTiltDeg }) => [imageIndex, xTiltDeg])).toEqual([[2, -2]]);
    expect(said).toEqual([
      "a.xtilt, which tilt.com names, is not there: tilts about x are -2° each",
      "a.defocus is of the views 1 to 2: 1 others get the defocus of the nearest",
    ]);
  });

  // ctfplotter and ctfphaseflip have the option, tilt has not.
  test.each([
    ["ctfplotter.com", 1],
    ["ctfcorrection.com", 1],
    ["tilt.com", -1],
  ] as const)("IMOD's InvertTiltAngles in %s: hand %d", async (name, hand) => {
    const { series } = await saidOf(imod({ [name]: `${CTF}InvertTiltAngles\n` }), "a.xf");
    expect(series.hand).toBe(hand);
  });

  test("doses of an .mdoc that are not all there", async () => {
    const mdoc = "[ZValue = 0]\nTiltAngle = -3\nExposureDose = 3\n[ZValue = 1]\nTiltAngle = 0\n";
    const { series, said } = await saidOf(imod({ "a.st.mdoc": mdoc }), "a.xf");
    expect(series.tilts.map(({ preExposurePerA2 }) => preExposurePerA2)).toEqual([0, 3, undefined]);
    expect(said).toEqual([
      "a.st.mdoc: 1 of 2 sections say no ExposureDose, which counts as 0",
      "a.st.mdoc: 2 of 2 sections say no DateTime; images are taken to be exposed in the order of their sections",
      "a.st.mdoc: 1 of 3 images have no section, so that their dose is not known",
    ]);
    const none = mdoc.replace("ExposureDose = 3\n", "");
    const unknown = await saidOf(imod({ "a.st.mdoc": none }), "a.xf");
    expect(unknown.series.tilts.every(({ preExposurePerA2 }) => preExposurePerA2 === undefined)).toBe(true);
    await expect(
      BackProjectionLoader.open(unknown.series, Molecules.empty(), { doseWeighting: true }),
    ).rejects.toThrow("found none of 3 of 3. Leave doses out: no --dose-weighting (doseWeighting).");
    expect(() => parseMdoc("[ZValue = 0]\nTiltAngle = 1\nExposureDose = -3\n", "b.mdoc")).toThrow(
      'b.mdoc section 0 ExposureDose: expected electrons/Å² from 0, found "-3".',
    );
  });

  test("RELION's defocus without its angle, or without the optics", async () => {
    const star = (columns: string, values: string) =>
      `data_TS_01\n\nloop_\n_rlnMicrographName\n_rlnTomoXTilt\n_rlnTomoYTilt\n_rlnTomoZRot\n_rlnTomoXShiftAngst\n_rlnTomoYShiftAngst\n${columns}1@a.mrcs 0 30 85 0 0 ${values}\n`;
    const some = star("_rlnDefocusU\n_rlnDefocusV\n", "25000 25000");
    expect((await saidOf({ "a.star": some, "a.mrcs": "" }, "a.star")).said).toEqual([
      "a.star: the defocus is left out, since rlnDefocusAngle are missing",
    ]);
    const all = star("_rlnDefocusU\n_rlnDefocusV\n_rlnDefocusAngle\n", "-25000 -25000 0");
    const { series, said } = await saidOf({ "a.star": all, "a.mrcs": "" }, "a.star");
    expect(said).toEqual([
      "a.star: the CTF is not corrected: tilts have a defocus, but nothing says voltage, spherical aberration and amplitude contrast (RELION: name the series by its tomograms.star)",
      "a.star: tilt 0 is -2.5 µm under focus, not 0.1 to 20: are sign and unit right (RELION: Å, IMOD: nm, both positive under focus; acryo's JSON: µm, negative)? It is used as it is",
    ]);
    expect(series.hasCtf).toBe(false);
  });

  test("lists of JSON that are too short", () => {
    const parse = (changes: object) =>
      parseTiltSeries(JSON.stringify({ ...JSON_SERIES, ...changes }), "a.json");
    expect(() => parse({ image_indices: [0, 1] })).toThrow(
      "a.json image_indices: expected 3 values, one a tilt, found 2.",
    );
    expect(() => parse({ image_path: ["a.mrc"] })).toThrow("a.json image_path: expected 3 values");
    expect(() => parse({ pre_exposure: [0] })).toThrow("a.json pre_exposure: expected 3 values");
    expect(() => parse({ stretch: [null] })).toThrow("a.json stretch: expected 3 values");
  });

  test("angles, pixels and images that can not be", async () => {
    const write = (changes: object) => ({ "a.json": JSON.stringify({ ...JSON_SERIES, ...changes }) });
    const angles = await saidOf(write({ tilt_angles: [-100, 0, 40], tilt_axis_angle: 3000 }), "a.json", 13.5);
    expect(angles.said).toEqual([
      "a.json: tilt 0 of -100° is beyond 90°: is the column right? It is used as it is",
      "a.json: the axis of tilt 0, 3000°, is beyond a turn: is the column right? It is used as it is",
      "a.json: a pixel of 13.5 nm is not 0.02 to 5 nm: is the unit right (1.35 Å are 0.135 nm)? See --image-scale (scale). It is used as it is",
    ]);
    const radians = write({
      tilt_angles: [-1, -0.5, 0, 0.5, 1],
      sample_translations: new Array(5).fill([0, 0]),
      image_indices: [0, 1, 2, 3, 3],
    });
    expect((await saidOf(radians, "a.json")).said).toEqual([
      "a.json: all 5 tilts lie from -1 to 1°: are they in radians? They are used as degrees",
      "a.json: image 3 counts twice: two tilts name it",
    ]);
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
