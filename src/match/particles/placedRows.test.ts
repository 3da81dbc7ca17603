import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { convertParticles } from "./convertParticles.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-placed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const COLUMNS = "pos_x_img,pos_y_img,phi,theta,psi,micrograph_path";
const csv = (name: string, rows: readonly string[]) => written(name, `${COLUMNS}\n${rows.join("\n")}\n`);

async function converted(from: string, to: string) {
  const warnings: string[] = [];
  const onLog = (line: string, kind?: string) => void (kind === "warning" && warnings.push(line));
  const count = await convertParticles(from, join(folder, to), { onLog, overwrite: true });
  return {
    count,
    warnings: warnings.filter((line) => line.includes("number")),
    text: readFileSync(join(folder, to), "utf8"),
  };
}

test("a particle without a place or with half an orientation is left out, with its row", async () => {
  const table = csv("a.csv", ["1,2,3,4,5,m.mrc", "6,,3,4,5,m.mrc", "7,8,3,4,,m.mrc", "9,nan,3,4,5,m.mrc"]);
  const { count, warnings, text } = await converted(table, "a.star");
  expect(count).toBe(1);
  expect(warnings).toEqual([
    `${table} row 2 pos_y_img: "" is no number: this particle and 1 more are left out`,
    `${table} row 3 psi: "" is no number: this particle is left out`,
  ]);
  expect(text.trim().split("\n").at(-1)?.trim().split(/\s+/).slice(0, 2)).toEqual(["1", "2"]);
  expect(text).not.toContain('""');
});

test("a table in which no particle has a place is an error; one without any angles is not", async () => {
  await expect(converted(csv("b.csv", ["1,,3,4,5,m.mrc"]), "b.star")).rejects.toThrow(
    'b.csv pos_y_img: expected a number for a particle at least, found "".',
  );
  const { count, warnings } = await converted(csv("c.csv", ["1,2,,,,m.mrc", "3,4,,,,m.mrc"]), "c.star");
  expect([count, warnings]).toEqual([2, []]);
});

const STAR = (groups: string, x: string) => `data_optics
loop_
_rlnOpticsGroup
_rlnVoltage
_rlnMicrographPixelSize
${groups}

data_particles
loop_
_rlnCoordinateX
_rlnCoordinateY
_rlnOpticsGroup
5 6 1
${x} 6 1
`;

test("a coordinate that is nan leaves its particle out of CSV, too", async () => {
  const table = written("d.star", STAR("1 300 2", "nan"));
  const { count, warnings } = await converted(table, "d.csv");
  expect(count).toBe(1);
  expect(warnings).toEqual([`${table} row 2 pos_x_img: "nan" is no number: this particle is left out`]);
});

test("two groups of optics of one number are refused, micrographs and texts told with the way out", async () => {
  await expect(converted(written("e.star", STAR("1 300 2\n1 200 2", "7")), "e.csv")).rejects.toThrow(
    "e.star data_optics rlnOpticsGroup: expected each group once, found 1 twice. Give each group a number of its own.",
  );
  const micrographs = "data_micrographs\nloop_\n_rlnMicrographName\n_rlnDefocusU\na.mrc 9000\n";
  await expect(converted(written("f.star", micrographs), "f.csv")).rejects.toThrow(
    /match --micrographs … --ctf takes it/,
  );
  await expect(converted(written("g.tsv", "pos_x_img\tpos_y_img\n1\t2\n"), "g.star")).rejects.toThrow(
    /found text\. Save a table with tabs or spaces with commas/,
  );
});
