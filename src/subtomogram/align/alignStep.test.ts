import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runStepHere } from "../../jobs/index.ts";
import { readMolecules } from "../formats/moleculeFiles.ts";
import { readMoleculesCsv } from "../molecules/csv.ts";
import { type AlignBatch, alignBatch } from "./alignBatch.ts";
import type { AlignChoices } from "./alignChoices.ts";
import { alignStep } from "./alignStep.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../test/golden/subtomogram/${name}`, import.meta.url));
const TOMOGRAM = { path: golden("tomo.npy"), molecules: golden("molecules_start.csv") };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "align-step-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const choicesOf = (name: string, more: Partial<AlignChoices> = {}): AlignChoices => ({
  tomograms: [TOMOGRAM],
  templates: [golden("template_A.mrc")],
  mask: "soft-otsu:sigma=1,radius=1",
  scale: 0.5,
  maxShiftsNm: [1.5, 1.5, 1.5],
  cutoff: 0.3,
  model: "zncc",
  order: 3,
  cornerSafe: false,
  dropOutside: false,
  compat: true,
  search: "exhaustive",
  outPath: join(folder, name),
  ...more,
});

interface RunChoice {
  readonly tasks?: number;
  readonly cores?: number;
  readonly onLog?: (message: string) => void;
}

async function run(choices: AlignChoices, { tasks = 1, cores = 1, onLog = () => {} }: RunChoice = {}) {
  const { step, ...work } = await alignStep(choices, { tasks, module: "unused" });
  const batches: AlignBatch[] = [];
  const align: typeof alignBatch = (batch, context) => {
    batches.push(batch);
    return alignBatch(batch, context);
  };
  const report = await runStepHere(step, {
    ...work,
    run: { align },
    cores,
    onLog,
    signal: new AbortController().signal,
  });
  return { report, batches };
}

describe("molecules of a tomogram", () => {
  test("are where acryo finds them, and their table is the same for any division and number of workers", async () => {
    const { report } = await run(choicesOf("one.csv"));
    expect(report.molecules).toBe(40);
    const { batches } = await run(choicesOf("five.csv"), { tasks: 5, cores: 2 });
    expect(batches.map(({ first }) => first)).toEqual([0, 8, 16, 24, 32]);
    const bytes = readFileSync(join(folder, "one.csv"));
    expect(readFileSync(join(folder, "five.csv")).equals(bytes)).toBe(true);
    const found = await readMoleculesCsv(join(folder, "one.csv"));
    const wanted = await readMoleculesCsv(golden("align_zncc_norot_mask_cut0.3.csv"));
    found.features.score.forEach((score, i) => {
      expect(Number(score)).toBeCloseTo(Number(wanted.features.score[i]), 5);
    });
    found.pos.forEach((place, i) => {
      // A step of the grid is 0.025 nm.
      expect(Math.abs(place - wanted.pos[i])).toBeLessThan(1e-3);
    });
  });

  test("of several tomograms say which", async () => {
    const wedge = { path: golden("tomo_wedge.npy"), molecules: golden("molecules_start.csv") };
    const rows = choicesOf("both.csv", { tomograms: [TOMOGRAM, wedge], maxShiftsNm: [0.5, 0.5, 0.5] });
    const { report } = await run(rows, { tasks: 2 });
    expect(report).toMatchObject({ tomograms: 2, molecules: 80 });
    const { features } = await readMoleculesCsv(join(folder, "both.csv"));
    expect([0, 39, 40, 79].map((i) => features["image-id"][i])).toEqual([0, 0, 1, 1]);
  });
});

describe("the table of another program", () => {
  const few = () => {
    const rows = readFileSync(golden("molecules_start.csv"), "utf8").split("\n").slice(0, 5);
    writeFileSync(join(folder, "few.csv"), `${rows.join("\n")}\n`);
    return { ...TOMOGRAM, molecules: join(folder, "few.csv") };
  };
  const warnings: string[] = [];
  const onLog = (message: string) => warnings.push(message.replaceAll(`${folder}/`, ""));

  test.each(["star", "tbl", "em", "json"])(".%s has the places of the .csv", async (ending) => {
    warnings.length = 0;
    const tomograms = [few()];
    await run(choicesOf(`few_${ending}.csv`, { tomograms }));
    await run(choicesOf(`few.${ending}`, { tomograms }), { onLog });
    const wanted = await readMoleculesCsv(join(folder, `few_${ending}.csv`));
    const found = await readMolecules(join(folder, `few.${ending}`), {
      pixelSizeA: 5,
      tomogramSize: [120, 120, 60],
    });
    found.pos.forEach((nm, i) => {
      // four decimals of a voxel, or floats
      expect(Math.abs(nm - wanted.pos[i])).toBeLessThan(1e-3);
    });
    expect(found.features.tomogram?.[0]).toBe({ star: "tomo", json: "tomo" }[ending] ?? "1");
    expect(warnings.some((line) => line.includes("voxels are those of") && line.includes("5 Å"))).toBe(
      ending !== "json",
    );
  });

  test("counts voxels without binning where they are told", async () => {
    await run(choicesOf("unbinned.star", { tomograms: [few()], pixelSizeA: 2.5 }));
    const text = readFileSync(join(folder, "unbinned.star"), "utf8");
    expect(text).toMatch(/opticsGroup1 +2\.5/);
    await run(choicesOf("few_unbinned.csv", { tomograms: [few()] }));
    const wanted = await readMoleculesCsv(join(folder, "few_unbinned.csv"));
    const found = await readMolecules(join(folder, "unbinned.star"), { tomogramSize: [240, 240, 120] });
    found.pos.forEach((nm, i) => {
      expect(Math.abs(nm - wanted.pos[i])).toBeLessThan(1e-3);
    });
  });

  test("of one tomogram is refused for several before anything runs", async () => {
    const both = choicesOf("both.json", { tomograms: [TOMOGRAM, TOMOGRAM] });
    await expect(alignStep(both, { module: "unused" })).rejects.toThrow(
      "expected one tomogram, as picks of copick have, found 2",
    );
  });
});

test("an interrupted batch goes on from the molecules that it had done, to the same bytes", async () => {
  await run(choicesOf("whole.csv"));
  const { step, ...work } = await alignStep(choicesOf("parts.csv"), { module: "unused" });
  let kept: Uint8Array | undefined;
  const notes: string[] = [];
  const attempt = (signal: AbortSignal, onProgress: (done: number) => void) =>
    runStepHere(step, {
      ...work,
      cores: 1,
      signal,
      onLog: (message) => notes.push(message),
      run: {
        align: (batch, context) =>
          alignBatch(batch, {
            ...context,
            checkpoint: {
              read: async () => kept,
              write: async (bytes) => {
                kept = bytes;
              },
            },
            onProgress: ({ done, total }) => {
              expect(total).toBe(40);
              onProgress(done);
            },
          }),
      },
    });
  const controller = new AbortController();
  // Of 40 molecules 32 are aligned at a time: boxes are read after the first of them.
  const stopped = attempt(controller.signal, (done) => done > 32 && controller.abort());
  await expect(stopped).rejects.toMatchObject({ code: "aborted" });
  expect(JSON.parse(new TextDecoder().decode(kept)).results.length).toBe(32);
  const told: number[] = [];
  await attempt(new AbortController().signal, (done) => told.push(done));
  expect(notes).toContain("continuing after 32 of 40 molecules");
  expect(Math.min(...told)).toBeGreaterThan(32);
  const read = (name: string) => readFileSync(join(folder, name));
  expect(read("parts.csv").equals(read("whole.csv"))).toBe(true);
});

describe("what cannot be aligned is said before anything runs", () => {
  const refusal = (name: string, more: Partial<AlignChoices>) =>
    alignStep(choicesOf(name, more), { module: "unused" }).catch((error: Error) =>
      error.message.replaceAll(golden(""), "").replaceAll(folder, "FOLDER"),
    );

  test("another ending", async () => {
    expect(await refusal("a.txt", {})).toMatchInlineSnapshot(
      `"FOLDER/a.txt: expected a name that ends with .csv, .parquet, .star, .tbl, .em or .json, found .txt."`,
    );
  });
  test("a template without a scale", async () => {
    expect(await refusal("a.csv", { templates: [golden("template_A.npy")] })).toMatchInlineSnapshot(
      `"template_A.npy: expected a pixel size, found none. Give it as the second argument of fromFile or with --template-scale or --mask-scale, in nm/pixel."`,
    );
  });
  test("rotations that are none", async () => {
    expect(
      await refusal("a.csv", {
        rotations: [
          [5, -1],
          [5, 5],
          [5, 5],
        ],
      }),
    ).toMatchInlineSnapshot(
      `"rotations z: expected max and step not below 0, at most 180 steps to a side, found [5, -1]."`,
    ); // prettier-ignore
  });
  test("shifts that leave nothing of the box", async () => {
    expect(await refusal("a.csv", { maxShiftsNm: [1.5, 40, 1.5] })).toMatchInlineSnapshot(
      `"largest shift along y: expected 0 to 21 voxels, for boxes of 24, found 80 voxels."`,
    );
    expect(await refusal("a.csv", { model: "pcc", maxShiftsNm: [1.5, 1.5, 6.5] })).toMatchInlineSnapshot(
      `"largest shift along x: expected 0 to 11 voxels, for boxes of 24, found 13 voxels."`,
    );
  });
  test("a molecule outside of the tomogram, unless such are left out: the others are as without it", async () => {
    const [head, ...rows] = readFileSync(golden("molecules_start.csv"), "utf8").split("\n").slice(0, 5);
    const far = rows[0].replace(/^[^,]+/, "9999");
    writeFileSync(join(folder, "far.csv"), `${[head, rows[0], far, ...rows.slice(1)].join("\n")}\n`);
    writeFileSync(join(folder, "near.csv"), `${[head, ...rows].join("\n")}\n`);
    const of = (molecules: string) => [{ ...TOMOGRAM, molecules: join(folder, molecules) }];
    expect(await refusal("a.csv", { tomograms: of("far.csv") })).toMatch(
      /tomo\.npy, molecule 1: expected a place whose box touches the 60 x 120 x 120 voxels/,
    );
    await run(choicesOf("kept.csv", { tomograms: of("far.csv"), dropOutside: true }), { tasks: 2 });
    await run(choicesOf("wanted.csv", { tomograms: of("near.csv") }));
    const read = (name: string) => readFileSync(join(folder, name), "utf8");
    expect(read("kept.csv")).toBe(read("wanted.csv"));
  });
  test("no such tomogram", async () => {
    expect(await refusal("a.csv", { tomograms: [{ ...TOMOGRAM, path: "none.mrc" }] })).toMatchInlineSnapshot(
      `"none.mrc: expected a file or folder, found none. Check the path."`,
    );
  });
});
