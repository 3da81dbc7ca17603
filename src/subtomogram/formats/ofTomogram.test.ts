import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { readTomogramMolecules, type TomogramMoleculesOptions } from "./ofTomogram.ts";

const folder = scratchFolder();

function put(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const star = (columns: string, rows: readonly string[]) =>
  `data_optics\n\nloop_\n_rlnOpticsGroup\n_rlnTomoTiltSeriesPixelSize\n1 1.35\n\ndata_particles\n\nloop_\n${columns
    .split(" ")
    .map((name) => `_${name}\n`)
    .join("")}${rows.join("\n")}\n`;

/** A tomogram of 1000 x 960 x 400 voxels of 1.35 Å, binned by four. */
const BINNED = { pixelSizeA: 5.4, size: [250, 240, 100] } as const;

async function read(path: string, more: Partial<TomogramMoleculesOptions> = {}) {
  const warnings: string[] = [];
  const onLog = (message: string) => warnings.push(message.replaceAll(`${folder}/`, ""));
  const molecules = await readTomogramMolecules(path, {
    tomogramPath: "rec_TS_01_bin4.mrc",
    volume: BINNED,
    onLog,
    ...more,
  });
  return { molecules, warnings };
}

describe("places in a binned tomogram are those of the table's own voxels", () => {
  /** The voxel 400, 200, 100 without binning, nm. */
  const WANTED = [13.5, 27, 54];

  const dynamo = (apix: number) => {
    const row = new Array<number>(35).fill(0);
    row.splice(23, 3, 401, 201, 101);
    row[34] = apix;
    return `${row.join(" ")}\n`;
  };

  test.each([
    ["four.star", star("rlnCoordinateX rlnCoordinateY rlnCoordinateZ rlnOpticsGroup", ["400 200 100 1"])],
    [
      "five.star",
      star(
        "rlnCenteredCoordinateXAngst rlnCenteredCoordinateYAngst rlnCenteredCoordinateZAngst rlnOpticsGroup",
        // from the centre, the voxel 500, 480, 200
        ["-135 -378 -135 1"],
      ),
    ],
    ["crop.tbl", dynamo(1.35)],
    [
      "ts_info.json",
      JSON.stringify({ apix_unbin: 1.35, boxes_3d: [[400 - 500, 200 - 480, 100 - 200, "manual"]] }),
    ],
  ])("%s", async (name, text) => {
    const { molecules } = await read(put(name, text));
    [...molecules.place(0)].forEach((nm, axis) => {
      expect(nm).toBeCloseTo(WANTED[axis], 4);
    });
  });

  test("a table that says nothing is of the tomogram's voxels", async () => {
    const { molecules } = await read(put("bare.tbl", dynamo(0)));
    [...molecules.place(0)].forEach((nm, axis) => {
      expect(nm).toBeCloseTo(4 * WANTED[axis], 4);
    });
  });
});

describe("of a table of several tomograms", () => {
  const rows = ["TS_01 1 0 0 1", "TS_02 2 0 0 1", "TS_01 3 0 0 1", "TS_010 4 0 0 1"];
  const several = () =>
    put(
      "several.star",
      star("rlnTomoName rlnCoordinateX rlnCoordinateY rlnCoordinateZ rlnOpticsGroup", rows),
    );
  const voxels = (pos: Float32Array) =>
    [...pos].filter((_, i) => i % 3 === 2).map((nm) => Math.round(nm / 0.135));

  test("those of the one that the file is called after, which is said", async () => {
    const { molecules, warnings } = await read(several());
    expect(voxels(molecules.pos)).toEqual([1, 3]);
    expect(warnings).toEqual([
      "several.star has molecules of 3 tomograms: those of TS_01 are taken, as rec_TS_01_bin4.mrc is called; others: --tomogram NAME (tomogram)",
    ]);
  });

  test("those of the series or the name that is given, without a word", async () => {
    const ofSeries = await read(several(), { tomogramPath: "TS_02@tomograms.star" });
    expect([voxels(ofSeries.molecules.pos), ofSeries.warnings]).toEqual([[2], []]);
    const named = await read(several(), { tomogram: "TS_010" });
    expect([voxels(named.molecules.pos), named.warnings]).toEqual([[4], []]);
  });

  test("where it cannot be told: an error, or all", async () => {
    const wanted = { tomogramPath: "tomogram.mrc" };
    await expect(read(several(), wanted)).rejects.toThrow(
      "several.star: expected molecules of one tomogram, or of one that is called as tomogram.mrc, found those of TS_01, TS_02, TS_010. Say of which: --tomogram NAME (tomogram).",
    );
    const { molecules, warnings } = await read(several(), { ...wanted, ifUnclear: "all" });
    expect([molecules.count, warnings]).toEqual([
      4,
      [
        "several.star has molecules of 3 tomograms, and which of them tomogram.mrc is cannot be told: all are taken",
      ],
    ]);
    await expect(read(several(), { tomogram: "TS_03" })).rejects.toThrow(
      "several.star: expected molecules of the tomogram TS_03, found those of TS_01, TS_02, TS_010.",
    );
  });

  test("image-id of an alignment of several counts too", async () => {
    const header = "z,y,x,zvec,yvec,xvec,image-id\n";
    const path = put("aligned.csv", `${header}0,0,1,0,0,0,0\n0,0,2,0,0,0,1\n`);
    await expect(read(path)).rejects.toThrow(/found those of 0, 1\. Say of which: --tomogram NAME/);
    const { molecules } = await read(path, { tomogram: "1" });
    expect([...molecules.pos]).toEqual([0, 0, 2]);
  });

  test("a name that no molecule of the series has is said", async () => {
    const path = put(
      "one.star",
      star("rlnTomoName rlnCoordinateX rlnCoordinateY rlnCoordinateZ", ["TS_05 1 0 0"]),
    );
    const { warnings } = await read(path, { tomogramPath: "TS_02@tomograms.star" });
    expect(warnings).toEqual(["one.star: its molecules are of TS_05, not of TS_02"]);
  });
});

test("places and angles of Dynamo that are no numbers are refused, other columns are not looked at", async () => {
  const row = new Array<number | string>(35).fill(0);
  row.splice(23, 3, 5, 6, 7);
  const table = (column: number, value: string) =>
    put(`nan${column}.tbl`, `${row.map((cell, i) => (i === column ? value : cell)).join(" ")}\n`);
  for (const [column, value] of [
    [24, "NaN"],
    [6, "nan"],
    [3, "-Inf"],
  ] as const)
    await expect(read(table(column, value))).rejects.toThrow(
      `line 1 column ${column + 1}: expected a finite number: a place, a shift or an angle, found ${value}.`,
    );
  const { molecules } = await read(table(12, "NaN"));
  expect(molecules.count).toBe(1);
});
