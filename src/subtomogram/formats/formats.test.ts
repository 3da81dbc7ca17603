import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Molecules } from "../molecules/molecules.ts";
import { AV3, DYNAMO, EMAN2, fromRelion, fromXyzMatrix, toRelion, toXyzMatrix } from "./convention.ts";
import { type MoleculeFormat, readMolecules, writeMolecules } from "./moleculeFiles.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-formats-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

function expectNear(found: ArrayLike<number>, wanted: readonly number[], digits = 4) {
  expect(found).toHaveLength(wanted.length);
  wanted.forEach((value, i) => {
    expect(found[i], `${i}`).toBeCloseTo(value, digits);
  });
}

const ANCHOR = { rot: 30, tilt: 60, psi: 75 };

describe("one orientation in every program's angles", () => {
  test("of RELION 30, 60, 75: matrix, rotation vector, and the others", () => {
    const q = fromRelion(ANCHOR);
    expectNear(
      toXyzMatrix(q),
      [-0.370891, 0.901221, -0.224144, -0.547668, -0.017338, 0.836516, 0.75, 0.433013, 0.5],
      6,
    );
    expectNear(new Molecules([0, 0, 0], [q]).rotvec(), [1.642168, 1.104093, 0.45733], 6);
    expectNear(AV3.fromRelion(ANCHOR), [60, -165, 60]);
    expectNear(DYNAMO.fromRelion(ANCHOR), [-15, 60, 120]);
    expectNear(EMAN2.fromRelion(ANCHOR), [120, 60, -15]);
    expectNear(fromXyzMatrix(toXyzMatrix(q), "m"), [...q], 9);
  });

  test("of Dynamo, as the package eulerangles has it", () => {
    const { rot, tilt, psi } = DYNAMO.toRelion([-47.273, 1.1777, -132.3]);
    expectNear([(rot + 360) % 360, tilt, psi], [137.7, 1.1777, 42.727]);
  });

  test("angles come back through every convention as the same rotation", () => {
    const angle = fc.double({ min: -180, max: 180, noNaN: true });
    fc.assert(
      fc.property(angle, fc.double({ min: 0.01, max: 179.99, noNaN: true }), angle, (rot, tilt, psi) => {
        const q = fromRelion({ rot, tilt, psi });
        for (const convention of [DYNAMO, AV3, EMAN2]) {
          const back = fromRelion(convention.toRelion(convention.fromRelion(toRelion(q))));
          const dot = back.reduce((sum, value, k) => sum + value * q[k], 0);
          expect(1 - Math.abs(dot)).toBeLessThan(1e-9);
        }
      }),
      { numRuns: 200 },
    );
  });
});

const OPTICS = (columns: string, values: string) => `data_optics\n\nloop_\n${columns}\n${values}\n\n`;
const loop = (columns: readonly string[]) => `loop_\n${columns.map((name) => `_${name}`).join("\n")}\n`;

describe("RELION", () => {
  const five = () =>
    put(
      "five.star",
      `${OPTICS("_rlnOpticsGroup\n_rlnTomoTiltSeriesPixelSize\n_rlnImagePixelSize", "1 1.35 5.4")}data_particles\n\n${loop(
        [
          "rlnTomoName",
          ...["X", "Y", "Z"].map((axis) => `rlnCenteredCoordinate${axis}Angst`),
          ...["X", "Y", "Z"].map((axis) => `rlnOrigin${axis}Angst`),
          ...["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOpticsGroup", "rlnClassNumber"],
        ],
      )}TS_01 67.5 -135 27 2.7 0 -1.35 30 60 75 1 3\n`,
    );

  test("5: from the centre, minus the origin, without binning", async () => {
    const read = await readMolecules(await five(), { tomogramSize: [1000, 1000, 400] });
    // 548, 400, 221 voxels of 1.35 Å
    expectNear(read.place(0), [29.835, 54, 73.98], 4);
    expectNear(read.rotvec(), [1.642168, 1.104093, 0.45733], 6);
    expect(read.features).toEqual({ tomogram: ["TS_01"], rlnClassNumber: [3] });
    const other = await readMolecules(await five(), {
      tomogramSize: [1000, 1000, 400],
      centre: "half-minus-one",
    });
    expectNear(other.place(0), [29.835 - 0.135, 54 - 0.135, 73.98 - 0.135], 4);
    await expect(readMolecules(await five())).rejects.toThrow(
      "five.star tomogram TS_01: expected the tomogram's size, from whose centre RELION 5 counts, found none",
    );
  });

  test("5: sizes and pixels of tomograms.star, of each by its name", async () => {
    const tomograms = await put(
      "tomograms.star",
      `data_global\n\n${loop(["rlnTomoName", "rlnTomoTiltSeriesPixelSize", "rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"])}TS_00 2 10 10 10\nTS_01 1.35 1000 1000 400\n`,
    );
    expectNear((await readMolecules(await five(), { tomograms })).place(0), [29.835, 54, 73.98], 4);
  });

  test("5: the rotation of the subtomogram comes first, and turns the origin", async () => {
    const path = await put(
      "sub.star",
      `data_particles\n\n${loop([
        ...["rlnTomoName", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"],
        ...["rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi"],
        ...[
          "rlnAngleRot",
          "rlnAngleTilt",
          "rlnAnglePsi",
          "rlnOriginXAngst",
          "rlnOriginYAngst",
          "rlnOriginZAngst",
        ],
      ])}t 10 20 30 90 0 0 0 90 0 2 0 0\n`,
    );
    const read = await readMolecules(path, { pixelSizeA: 2 });
    // Rz(90) transposed brings x to -y: the origin of 1 voxel along x is taken from y, with the other sign.
    expectNear(
      read.place(0).map((nm) => nm / 0.2),
      [30, 21, 10],
      4,
    );
    const [outer, inner] = [
      fromRelion({ rot: 90, tilt: 0, psi: 0 }),
      fromRelion({ rot: 0, tilt: 90, psi: 0 }),
    ];
    const wanted = new Molecules([0, 0, 0], [inner]).rotateBy([outer]);
    expectNear(read.quaternion(true), [...wanted.quaternion(true)], 9);
  });

  test("4, 3.1 and 3.0: voxels, origins in Å or in pixels", async () => {
    const coordinates = ["rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"];
    const four = await put(
      "four.star",
      `${OPTICS("_rlnOpticsGroup\n_rlnImagePixelSize\n_rlnTomoSubtomogramBinning", "1 8 4")}data_particles\n\n${loop([...coordinates, "rlnOpticsGroup", "rlnOriginXAngst"])}t 100 50 20 1 4\n`,
    );
    expectNear((await readMolecules(four)).place(0), [4, 10, 19.6]);
    const three = await put(
      "three.star",
      `data_\n\n${loop([...coordinates, "rlnOriginX", "rlnPixelSize"])}t 100 50 20 -2 2\n`,
    );
    expectNear((await readMolecules(three)).place(0), [4, 10, 20.4]);
    const none = await put("none.star", `data_\n\n${loop(coordinates)}t 100 50 20\n`);
    await expect(readMolecules(none)).rejects.toThrow("Give it with --pixel-size (pixelSizeA)");
  });

  test("2D particles are no molecules of tomograms", async () => {
    const path = await put(
      "flat.star",
      `data_particles\n\n${loop(["rlnCoordinateX", "rlnCoordinateY"])}1 2\n`,
    );
    await expect(readMolecules(path)).rejects.toThrow("particles of tomograms: rlnCoordinateZ");
  });
});

describe("others' tables", () => {
  test("Dynamo: from 1, plus the shifts, its own pixel size", async () => {
    const row = new Array<number>(35).fill(0);
    row.splice(3, 6, 0.5, -1, 2, -15, 60, 120);
    row[9] = 0.25;
    row[19] = 7;
    row.splice(23, 3, 101, 51, 21);
    row[34] = 2;
    const read = await readMolecules(await put("a.tbl", `${row.join(" ")}\n`));
    expectNear(read.place(0), [22 * 0.2, 49 * 0.2, 100.5 * 0.2]);
    expectNear(read.rotvec(), [1.642168, 1.104093, 0.45733], 6);
    expect(read.features).toMatchObject({ cc: [0.25], tomogram: ["7"] });
    const short = await put("short.tbl", `${row.slice(0, 26).join(" ")}\n`);
    await expect(readMolecules(short)).rejects.toThrow("expected a pixel size");
    expectNear((await readMolecules(short, { pixelSizeA: 1 })).place(0), [2.2, 4.9, 10.05]);
    await expect(readMolecules(await put("bad.tbl", "1 2 x\n"))).rejects.toThrow(
      "bad.tbl line 1: expected at least 26 numbers",
    );
  });

  test("AV3: the shift is added, angles are phi, psi, theta", async () => {
    const path = join(folder, "a.em");
    const bytes = Buffer.alloc(512 + 80);
    bytes[0] = 6;
    bytes[3] = 5;
    for (const [i, n] of [20, 1, 1].entries()) bytes.writeInt32LE(n, 4 + 4 * i);
    const values = [0.5, 0, 0, 4, 2, 0, 0, 11, 21, 31, 1, 0, -1, 0, 0, 0, 60, -165, 60, 3];
    for (const [i, value] of values.entries()) bytes.writeFloatLE(value, 512 + 4 * i);
    await writeFile(path, bytes);
    const read = await readMolecules(path, { pixelSizeA: 10 });
    expectNear(read.place(0), [29, 20, 11]);
    expectNear(read.rotvec(), [1.642168, 1.104093, 0.45733], 5);
    expect(read.features).toMatchObject({ tomogram: ["2"], score: [0.5], subtomogram: [4], class: [3] });
    await writeFile(path, bytes.subarray(0, 540));
    await expect(readMolecules(path, { pixelSizeA: 10 })).rejects.toThrow(
      "a.em: expected 592 bytes for 1 particles, found 540",
    );
  });

  test("copick: Å, a matrix a point", async () => {
    const [a, b, c, d, e, f, g, h, i] = toXyzMatrix(fromRelion(ANCHOR));
    const transformation_ = [
      [a, b, c, 0],
      [d, e, f, 0],
      [g, h, i, 0],
      [0, 0, 0, 1],
    ];
    const picks = {
      pickable_object_name: "ribosome",
      run_name: "TS_1",
      unit: "angstrom",
      points: [{ location: { x: 100, y: 200, z: 300 }, transformation_, instance_id: 4, score: 0.5 }],
    };
    const read = await readMolecules(await put("picks.json", JSON.stringify(picks)));
    expectNear(read.place(0), [30, 20, 10]);
    expectNear(read.rotvec(), [1.642168, 1.104093, 0.45733], 6);
    expect(read.features).toEqual({
      tomogram: ["TS_1"],
      object: ["ribosome"],
      score: [0.5],
      instance_id: [4],
    });
    await expect(readMolecules(await put("no.json", '{"points": [{"x": 1}]}'))).rejects.toThrow(
      "points[0].location",
    );
  });
});

describe("written and read again, places and orientations are the same", () => {
  const random = Molecules.fromRandom(
    [
      [12.5, 33.25, 7.125],
      [0, 1.5, 80],
      [40, 60, 2],
    ],
    5,
    { tomogram: ["a", "b", "a"], class: [1, 2, 1], halfset: [1, 2, 2], score: [0.5, 0.25, 0.125] },
  );
  const about = { pixelSizeA: 1.35, tomogramSize: [928, 960, 400] } as const;
  // PEET has no names of tomograms and EMAN2 no orientations: they have tests of their own.
  const endings: Readonly<Record<Exclude<MoleculeFormat, "peet" | "eman2">, string>> = {
    acryo: "csv",
    relion5: "star",
    relion4: "star",
    dynamo: "tbl",
    av3: "em",
    stopgap: "star",
    copick: "json",
  };

  test.each(Object.entries(endings))("%s", async (name, ending) => {
    const path = join(folder, `again-${name}.${ending}`);
    const warnings: string[] = [];
    const format = name as MoleculeFormat;
    // picks of copick are of one tomogram
    const written = name === "copick" ? random.withFeatures({ tomogram: ["a", "a", "a"] }) : random;
    await writeMolecules(path, written, { ...about, format, onLog: (message) => warnings.push(message) });
    const read = await readMolecules(path, about);
    expectNear(read.pos, [...random.pos], 3);
    expectNear(read.quaternion(true), [...random.quaternion(true)], 5);
    expect(read.features.tomogram?.[0]).toBe(["dynamo", "av3", "stopgap"].includes(name) ? "1" : "a");
    const said: Readonly<Record<string, readonly string[]>> = {
      relion5: ["left out score: RELION has no such columns"],
      relion4: ["left out score: RELION has no such columns"],
      dynamo: [
        "left out halfset: Dynamo's tables have no such columns",
        "Dynamo's tables number tomograms: a is 1, b is 2",
      ],
      av3: [
        "left out halfset: motive lists of TOM and AV3 have no such columns",
        "motive lists of TOM and AV3 number tomograms: a is 1, b is 2",
      ],
      stopgap: ["motive lists of STOPGAP number tomograms: a is 1, b is 2"],
      copick: ["left out class, halfset: picks of copick have no such columns"],
    };
    expect(warnings).toEqual((said[name] ?? []).map((line) => `${path}: ${line}`));
    await expect(writeMolecules(path, written, { ...about, format })).rejects.toMatchObject({
      code: "exists",
    });
  });

  test("texts have no place where numbers stand, and files of one tomogram take those of one", async () => {
    const named = random.withFeatures({ class: ["ribosome", "ribosome", "p97"] });
    const warnings: string[] = [];
    const onLog = (message: string) => warnings.push(message);
    const path = join(folder, "named.tbl");
    expect(await writeMolecules(path, named, { ...about, tomogram: "a", onLog })).toBe(2);
    expect(warnings).toEqual([
      `${path}: left out class, halfset: Dynamo's tables have no such columns`,
      `${path}: Dynamo's tables number tomograms: a is 1`,
    ]);
    expectNear((await readMolecules(path, about)).pos, [...random.subset([0, 2]).pos], 3);
    for (const [name, format] of [
      ["several.json", "copick"],
      ["several_info.json", "eman2"],
      ["several.mod", "peet"],
    ] as const)
      await expect(writeMolecules(join(folder, name), random, { ...about, format })).rejects.toThrow(
        /expected molecules of one tomogram, as .*, found those of 2\. Say whose with --tomogram/,
      );
    await expect(writeMolecules(join(folder, "c.csv"), random, { tomogram: "c" })).rejects.toThrow(
      "c.csv: expected molecules of the tomogram c, found those of a, b.",
    );
  });

  test("a change of the pixel size leaves places in nm", async () => {
    const path = join(folder, "bin.star");
    await writeMolecules(path, random, { ...about, format: "relion4", pixelSizeA: 2.7 });
    expectNear((await readMolecules(path)).pos, [...random.pos], 3);
  });

  test("RELION 5 gets what it needs, and molecules without a tomogram are told", async () => {
    const path = join(folder, "needs.star");
    const nameless = random.dropFeatures("tomogram", "score");
    await expect(writeMolecules(path, nameless, about)).rejects.toThrow(
      "Give the name of the one tomogram with --tomogram",
    );
    await writeMolecules(path, nameless, { ...about, tomogram: "TS_9" });
    const text = await readFile(path, "utf8");
    for (const column of [
      "data_optics",
      "rlnTomoTiltSeriesPixelSize",
      "rlnCenteredCoordinateZAngst",
      "TS_9",
      "rlnRandomSubset",
    ])
      expect(text).toContain(column);
  });

  test("what is asked for wrongly is told", async () => {
    await expect(readMolecules(join(folder, "x.txt"))).rejects.toThrow(
      ".csv, .parquet, .star, .tbl, .em, .json or .mod",
    );
    // @ts-expect-error: an unknown key
    await expect(readMolecules("x.tbl", { pixelsize: 1 })).rejects.toThrow('did you mean "pixelSizeA"');
  });
});

describe("PEET", () => {
  const MOTL =
    "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved,CREATED WITH PEET Version 1.14.0\n";

  /** A model as 3dmod writes one: two objects, chunks that say more, points of several in a contour. */
  function model(points: readonly (readonly number[])[]): Uint8Array {
    const parts: number[] = [];
    const text = (value: string, length = value.length) =>
      parts.push(...Array.from({ length }, (_, i) => value.charCodeAt(i) || 0));
    const number = (value: number, isFloat = false) => {
      const view = new DataView(new ArrayBuffer(4));
      if (isFloat) view.setFloat32(0, value);
      else view.setInt32(0, value);
      parts.push(...new Uint8Array(view.buffer));
    };
    text("IMODV1.2", 240);
    for (const group of [points.slice(0, 2), points.slice(2)]) {
      text("OBJT", 180);
      text("CONT");
      [group.length, 0, 0, 0].forEach((value) => {
        number(value);
      });
      group.flat().forEach((value) => {
        number(value, true);
      });
      text("LABL");
      number(6);
      text("labels");
    }
    text("IEOF");
    return Uint8Array.from(parts);
  }

  test("points of a model plus the offsets of its list, angles in the order phi, psi, theta", async () => {
    await writeFile(
      join(folder, "peet.mod"),
      model([
        [10.5, 20.5, 30],
        [1, 2, 3],
        [5.5, 6.5, 7],
      ]),
    );
    const list = `${MOTL}0.7,0,0,3,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2\n0.5,0,0,1,0,0,0,0,0,0,1.5,-2,0.25,0,0,0,60,-165,60,1\n`;
    await put("peet.csv", list);
    const found = await readMolecules(join(folder, "peet.mod"), { pixelSizeA: 10 });
    expectNear(found.place(0), [7, 6, 5]);
    expectNear(found.place(1), [30.25, 18, 11.5]);
    const { rot, tilt, psi } = toRelion(found.rotator[1]);
    expectNear([rot, tilt, psi], [30, 60, 75]);
    expect(found.features).toEqual({ score: [0.7, 0.5], class: [2, 1] });
    await put("other.csv", `${MOTL}1,0,0,9,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1\n`);
    await expect(
      readMolecules(join(folder, "peet.mod"), { pixelSizeA: 10, motiveList: join(folder, "other.csv") }),
    ).rejects.toThrow("that of a point, 1 to 3");
  });

  test("what is written comes back", async () => {
    const molecules = new Molecules(
      [
        [1, 2, 3],
        [4, 5, 6.5],
      ],
      [fromRelion(ANCHOR), fromRelion({ rot: -10, tilt: 20, psi: 33 })],
      {
        score: [0.25, 0.5],
        class: [1, 2],
      },
    );
    const path = join(folder, "out.mod");
    await writeMolecules(path, molecules, { pixelSizeA: 13.5 });
    const back = await readMolecules(path, { pixelSizeA: 13.5 });
    expectNear([...back.place(0), ...back.place(1)], [1, 2, 3, 4, 5, 6.5]);
    expectNear(back.rotvec(), [...molecules.rotvec()], 5);
    expect(back.features).toEqual(molecules.features);
    await expect(writeMolecules(path, molecules, { pixelSizeA: 13.5 })).rejects.toMatchObject({
      fault: { code: "exists" },
    });
    const cut = (await readFile(path)).subarray(0, 440);
    await writeFile(join(folder, "cut.mod"), cut);
    await expect(readMolecules(join(folder, "cut.mod"), { pixelSizeA: 13.5 })).rejects.toThrow(
      "ends with IEOF",
    );
  });
});

describe("EMAN2", () => {
  test("boxes count from the centre of the tomogram without binning, and come back", async () => {
    const info = {
      apix_unbin: 2,
      boxes_3d: [[-10, 5, 2.5, "tomobox", 0.5, 1]],
      class_list: { 1: { boxsize: 32, name: "ribosome" } },
    };
    const found = await readMolecules(await put("a_info.json", JSON.stringify(info)), {
      tomogramSize: [101, 100, 51],
    });
    expectNear(found.place(0), [0.2 * 27.5, 0.2 * 55, 0.2 * 40]);
    expect(found.features).toEqual({ score: [0.5], class: [1], object: ["ribosome"] });
    const warnings: string[] = [];
    const path = join(folder, "b_info.json");
    await writeMolecules(path, new Molecules([[1, 2, 3]], [fromRelion(ANCHOR)], { class: [3] }), {
      ...{
        format: "eman2",
        pixelSizeA: 2,
        tomogramSize: [101, 100, 51],
        onLog: (message) => warnings.push(message),
      },
    });
    expectNear((await readMolecules(path, { tomogramSize: [101, 100, 51] })).place(0), [1, 2, 3]);
    expect(warnings.join()).toContain("left out orientations: EMAN2's boxes have none");
  });

  test("an old file without apix_unbin counts from the first voxel", async () => {
    const path = await put("old_info.json", JSON.stringify({ boxes_3d: [[1, 2, 3, "manual", 0, 0]] }));
    expectNear((await readMolecules(path, { pixelSizeA: 10 })).place(0), [3, 2, 1]);
  });
});
