import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { parseCsv } from "../../io/index.ts";
import { type CorrelationTable, writeCorrelationTable } from "../search/correlationTable.ts";
import { inspectPeaks } from "./inspectProgram.ts";

const folder = scratchFolder();
const path = join(folder, "table.h5");

/** Three orientations (the second turned by 10°, the third by half a turn) and two defocus values. */
const ANGLES = Float32Array.of(0, 0, 0, 0, 0, 10, 0, 0, 180);

/** Row by row: search index, x, y, z-score; mean 1 and deviation 2 everywhere. */
function tableOf(rows: readonly (readonly [number, number, number, number])[]): CorrelationTable {
  const column = (k: number) => rows.map((row) => row[k]);
  return {
    threshold: 5,
    searchIndex: Int32Array.from(column(0)),
    x: Int32Array.from(column(1)),
    y: Int32Array.from(column(2)),
    correlation: Float32Array.from(column(3), (z) => 1 + 2 * z),
    mean: new Float32Array(rows.length).fill(1),
    deviation: new Float32Array(rows.length).fill(2),
    eulerAnglesDeg: ANGLES,
    defocusOffsetsA: Float32Array.of(-200, 300),
    pixelSizeOffsetsA: new Float32Array(1),
  };
}

const TABLE = tableOf([
  [0, 40, 30, 7],
  [1, 41, 30, 8],
  [4, 40, 30, 9], // turned by 10°, +300 Å: the best
  [2, 40, 33, 8.5], // half a turn away
  [0, 40, 36, 6.5], // beyond the radius
  [5, 90, 10, 7.5],
]);

test("peaks are told from each other, with what lies around them and other poses that fit", async () => {
  await writeCorrelationTable(path, TABLE);
  const { correlations, threshold, peaks, files } = await inspectPeaks(path);
  expect({ correlations, threshold, files }).toEqual({ correlations: 6, threshold: 5, files: [] });
  expect(peaks.map(({ x, y, zScore, correlations: n }) => [x, y, zScore, n])).toEqual([
    [40, 30, 9, 4],
    [90, 10, 7.5, 1],
    [40, 36, 6.5, 1],
  ]);
  expect(peaks[0]).toMatchObject({ psiDeg: 10, relativeDefocusA: 300, correlation: 19 });
  expect(peaks[0].rival).toMatchObject({ psiDeg: 180, zScore: 8.5, relativeDefocusA: -200, y: 33 });
  expect(peaks[0].rival?.angleDeg).toBeCloseTo(170, 4);
  // with a twofold axis the other pose is 10° away: the same
  const symmetric = await inspectPeaks(path, { symmetry: "C2", limit: 1 });
  expect(symmetric.peaks).toHaveLength(1);
  expect(symmetric.peaks[0].rival).toBeNull();
  const narrow = await inspectPeaks(path, { symmetry: "C2", rivalDeg: 5 });
  expect(narrow.peaks[0].rival?.angleDeg).toBeCloseTo(10, 4);
});

test("detections have Leopard-EM's columns; the picture is a PNG", async () => {
  const constant = { ...TABLE, deviation: Float32Array.of(2, 0, 2, 2, 2, 2) };
  await writeCorrelationTable(path, constant);
  const [detectionsPath, picturePath] = [join(folder, "all.csv"), join(folder, "peaks.png")];
  const { files } = await inspectPeaks(path, { detectionsPath, picturePath, overwrite: true });
  expect(files).toEqual([detectionsPath, picturePath]);
  const { columns, rows } = parseCsv(readFileSync(detectionsPath, "utf8"), "all.csv");
  expect(columns.join()).toBe(
    "search_index,x,y,phi,theta,psi,relative_defocus,correlation_value,correlation_mean,correlation_variance,z_score",
  );
  expect(rows.map((row) => Number(row.z_score))).toEqual([7, 0, 9, 8.5, 6.5, 7.5]); // 0: no variation
  expect(rows[2]).toMatchObject({ search_index: "4", psi: "10", relative_defocus: "300" });
  const png = readFileSync(picturePath);
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  // three columns of panels, three rows of peaks
  expect([png.readUInt32BE(16) > 1200, png.readUInt32BE(20) > 900]).toEqual([true, true]);
});

test("an empty table has no peaks, and a picture that says so", async () => {
  await writeCorrelationTable(path, tableOf([]));
  const picturePath = join(folder, "none.png");
  const { peaks } = await inspectPeaks(path, { picturePath });
  expect(peaks).toEqual([]);
  expect(readFileSync(picturePath).length).toBeGreaterThan(100);
});

test("a table over pixel sizes keeps them", async () => {
  const sizes = { ...tableOf([[7, 1, 1, 6]]), pixelSizeOffsetsA: Float32Array.of(-0.5, 0.25) };
  await writeCorrelationTable(path, sizes);
  const detectionsPath = join(folder, "sizes.csv");
  const { peaks } = await inspectPeaks(path, { detectionsPath });
  expect(peaks[0]).toMatchObject({ pixelSizeOffsetA: 0.25, relativeDefocusA: -200, psiDeg: 10 });
  expect(readFileSync(detectionsPath, "utf8").split("\n")[0]).toMatch(/z_score,pixel_size_offset$/);
});

const REFUSED: readonly (readonly [string, CorrelationTable, object, RegExp])[] = [
  ["a search index beyond the search", { ...TABLE, searchIndex: new Int32Array(6).fill(6) }, {}, /0 to 5/],
  ["a column that is cut", { ...TABLE, y: new Int32Array(5) }, {}, /6 values in every column/],
  ["a radius that is none", TABLE, { maskRadiusPx: -1 }, /maskRadiusPx/],
  ["a symmetry that is none", TABLE, { symmetry: "X9" }, /symmetry|X9/],
  ["an unknown option", TABLE, { maskRadius: 3 }, /did you mean "maskRadiusPx"/],
];
test.each(REFUSED)("%s is refused", async (_, table, options, message) => {
  await writeCorrelationTable(path, table);
  await expect(inspectPeaks(path, options)).rejects.toThrow(message);
});
