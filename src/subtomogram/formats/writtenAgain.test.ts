import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Molecules } from "../molecules/molecules.ts";
import { type MoleculeFormat, readMolecules, writeMolecules } from "./moleculeFiles.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-formats-"));
});
afterAll(() => rm(folder, { recursive: true }));

const near = (values: ArrayLike<number>, digits: number) =>
  Array.from(values, (value): unknown => expect.closeTo(value, digits));

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

  const numbers = "numbers tomograms: 1 is a, 2 is b";
  const SAID: Readonly<Partial<Record<MoleculeFormat, readonly string[]>>> = {
    relion5: ["left out score: RELION has no such columns"],
    relion4: ["left out score: RELION has no such columns"],
    dynamo: ["left out halfset: Dynamo has no such columns", `Dynamo ${numbers}`],
    av3: ["left out halfset: a motive list has no such columns", `a motive list ${numbers}`],
    stopgap: [`STOPGAP ${numbers}`],
    copick: ["left out class, halfset: copick has no such columns"],
  };

  test.each(Object.entries(endings))("%s", async (name, ending) => {
    const path = join(folder, `again-${name}.${ending}`);
    const warnings: string[] = [];
    const format = name as MoleculeFormat;
    // A file of copick is of one tomogram.
    const written = name === "copick" ? random.subset([0, 2]) : random;
    await writeMolecules(path, written, { ...about, format, onLog: (message) => warnings.push(message) });
    const read = await readMolecules(path, { ...about, onLog: (message) => warnings.push(message) });
    expect([...read.pos]).toEqual(near(written.pos, 3));
    expect([...read.quaternion(true)]).toEqual(near(written.quaternion(true), 5));
    expect(read.features.tomogram?.[0]).toBe(["dynamo", "av3", "stopgap"].includes(name) ? "1" : "a");
    expect(warnings).toEqual((SAID[format] ?? []).map((words) => `${path}: ${words}`));
    await expect(writeMolecules(path, written, { ...about, format })).rejects.toMatchObject({
      code: "exists",
    });
  });

  test("what other programs call otherwise goes along: halves, classes, scores", async () => {
    const particles = random.dropFeatures("class", "halfset", "score").withFeatures({
      rlnRandomSubset: [1, 2, 2],
      rlnClassNumber: [4, 5, 6],
    });
    const read = async (format: MoleculeFormat, molecules: Molecules, ending: string) => {
      const path = join(folder, `also-${format}.${ending}`);
      await writeMolecules(path, molecules, { ...about, format, overwrite: true });
      return (await readMolecules(path, about)).features;
    };
    expect(await read("stopgap", particles, "star")).toMatchObject({
      halfset: [1, 2, 2],
      class: [4, 5, 6],
    });
    expect(await read("dynamo", particles, "tbl")).toMatchObject({ class: [4, 5, 6] });
    const fromDynamo = random.dropFeatures("score").withFeatures({ cc: [0.25, 0.5, 0.75] });
    expect(await read("av3", fromDynamo, "em")).toMatchObject({ score: [0.25, 0.5, 0.75] });
    expect(await read("dynamo", random, "tbl")).toMatchObject({ cc: [0.5, 0.25, 0.125] });
  });

  test("what has no number or no half is said, and several tomograms in files of one are refused", async () => {
    const warnings: string[] = [];
    const onLog = (message: string) => warnings.push(message);
    const path = join(folder, "halves.star");
    const numbered = random
      .dropFeatures("halfset")
      .withFeatures({ tomogram: ["3", "4", "3"], class: [1, null, 2], object: ["a", "a", "a"] });
    await writeMolecules(path, numbered, { ...about, format: "stopgap", onLog });
    expect(warnings).toEqual([
      `${path}: class is no number in 1 of 3 molecules; they get STOPGAP's default`,
      `${path}: left out object: STOPGAP has no such columns`,
      `${path}: no halfset is known: even numbers of subtomograms are A, odd ones B`,
    ]);
    expect((await readMolecules(path, about)).features).toMatchObject({
      tomogram: ["3", "4", "3"],
      halfset: [2, 1, 2],
      class: [1, 1, 2],
    });
    const picks = join(folder, "several.json");
    for (const format of ["copick", "eman2", "peet"] as const)
      await expect(
        writeMolecules(format === "peet" ? join(folder, "several.mod") : picks, random, { ...about, format }),
      ).rejects.toThrow("those of 2: a, b. Take those of one with --tomogram");
    const one = random.subset([0, 2]).withFeatures({ object: ["ribosome", "proteasome"] });
    await expect(writeMolecules(picks, one, about)).rejects.toThrow("molecules of one object");

    warnings.length = 0;
    await writeMolecules(picks, random, { ...about, tomogram: "a", onLog });
    expect(warnings[0]).toBe(
      `${picks}: 1 of 3 molecules are of other tomograms than a and are left out (--tomogram)`,
    );
    expect((await readMolecules(picks)).features.tomogram).toEqual(["a", "a"]);
    await expect(writeMolecules(picks, random, { ...about, overwrite: true, tomogram: "c" })).rejects.toThrow(
      "expected molecules of the tomogram c, found those of a, b",
    );
  });

  test("a change of the pixel size leaves places in nm", async () => {
    const path = join(folder, "bin.star");
    await writeMolecules(path, random, { ...about, format: "relion4", pixelSizeA: 2.7 });
    expect([...(await readMolecules(path)).pos]).toEqual(near(random.pos, 3));
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
