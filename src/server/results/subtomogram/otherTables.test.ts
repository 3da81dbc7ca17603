/** Molecules of other programs' tables, as those of acryo's. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../../../../test/support/plateCase.ts";
import { subtomogramMolecules, subtomogramVolume } from "../../../../test/support/subtomogramCase.ts";
import { writeMrc } from "../../../io/index.ts";
import { type MoleculeFormat, writeMolecules } from "../../../subtomogram/index.ts";
import { type Server, startServer } from "../../index.ts";

const scratch = scratchFolder("other-tables");
const about = { pixelSizeA: 5, tomogramSize: [120, 120, 60] } as const;
const FORMATS: readonly (readonly [MoleculeFormat, string])[] = [
  ["relion5", "five.star"],
  ["relion4", "four.star"],
  ["dynamo", "d.tbl"],
  ["av3", "list.em"],
  ["stopgap", "motl.star"],
  ["copick", "picks.json"],
  ["peet", "model.mod"],
  ["eman2", "tomo_info.json"],
  ["acryo", "m.parquet"],
];
const molecules = subtomogramMolecules("molecules_start.csv");
let server: Server;
let alone: Server;

beforeAll(async () => {
  const folder = join(scratch.path, "lab");
  mkdirSync(folder, { recursive: true });
  await writeMrc(join(folder, "TS_1.mrc"), { ...subtomogramVolume("tomo.npy"), voxelSizeA: 5 });
  for (const [format, name] of FORMATS)
    await writeMolecules(join(folder, name), molecules, { ...about, format, tomogram: "TS_1" });
  // of two tomograms: the first ten are of another
  const names = Array.from({ length: molecules.count }, (_, i) => (i < 10 ? "TS_10" : "TS_1"));
  await writeMolecules(join(folder, "both.star"), molecules.withFeatures({ tomogram: names }), {
    ...about,
    format: "relion5",
  });
  // by their endings alone they would be tables
  writeFileSync(join(folder, "other.json"), '{"points": 3}');
  writeFileSync(join(folder, "notes.tbl"), "no numbers here\n");
  writeFileSync(join(folder, "volume.em"), Buffer.alloc(600));
  writeFileSync(join(folder, "particles.star"), "data_\n\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 2\n");
  writeFileSync(join(folder, "cut.parquet"), "PAR1PAR1");
  server = await startServer([folder]);
  alone = await startServer([join(folder, "five.star"), join(folder, "TS_1.mrc")]);
});
afterAll(async () => {
  await server.close();
  await alone.close();
  scratch.remove();
});

interface Rows {
  readonly columns: readonly string[];
  readonly count: number;
  readonly values: readonly (readonly number[])[];
  readonly warnings: readonly string[];
}

async function get(path: string, of = server) {
  const answer = await fetch(new URL(`api/${path}`, of.address));
  return { status: answer.status, body: await answer.json() };
}

async function rowsOf(name: string, more = ""): Promise<Rows> {
  const { status, body } = await get(`subtomogram/molecules?at=lab/${name}&tomogram=lab/TS_1.mrc${more}`);
  expect([status, body.error]).toEqual([200, undefined]);
  return body;
}

const column = ({ columns, values }: Rows, name: string) => values[columns.indexOf(name)];

test("tables are known by what is in them; whose places are voxels is told", async () => {
  const { body } = await get("subtomogram?at=lab");
  const isVoxels = Object.fromEntries(
    body.tables.map((table: { name: string; isVoxels: boolean }) => [table.name, table.isVoxels]),
  );
  const others = FORMATS.map(([, name]) => [name, name !== "m.parquet"]);
  // PEET's list lies beside its model
  expect(isVoxels).toEqual({ ...Object.fromEntries(others), "both.star": true });
  const { body: listing } = await get("browse?at=lab");
  const kinds = Object.fromEntries(
    listing.entries.map((entry: { name: string; kind: string }) => [entry.name, entry.kind]),
  );
  expect(kinds).toMatchObject({
    "five.star": "subtomogram",
    "d.tbl": "subtomogram",
    "model.mod": "subtomogram",
  });
  for (const name of ["other.json", "notes.tbl", "volume.em", "particles.star", "cut.parquet"])
    expect.soft([name, kinds[name]]).toEqual([name, "file"]);
});

test.each(FORMATS)("%s: the same places and axes", async (format, name) => {
  const rows = await rowsOf(name);
  const said =
    format === "eman2" ? [`lab/${name}: EMAN2's boxes have no orientations: no molecule is turned`] : [];
  expect([rows.count, rows.warnings]).toEqual([molecules.count, said]);
  for (const i of [0, 7, molecules.count - 1]) {
    const place = ["z", "y", "x"].map((axis) => column(rows, axis)[i]);
    // a thousandth of a voxel: tables have so many digits
    for (const [axis, nm] of molecules.place(i).entries()) expect(place[axis]).toBeCloseTo(nm, 2);
    // EMAN2 keeps no orientations
    if (format === "eman2") continue;
    const axis = ["z", "y", "x"].map((part) => column(rows, `axis-x-${part}`)[i]);
    for (const [part, value] of [...molecules.x.subarray(3 * i, 3 * i + 3)].entries())
      expect(axis[part]).toBeCloseTo(value, 3);
  }
});

test("of a table of several tomograms those of the file's are shown, and boxes are theirs", async () => {
  const rows = await rowsOf("both.star");
  expect([rows.count, rows.warnings]).toEqual([
    molecules.count - 10,
    ["lab/both.star has molecules of 2 tomograms: those of TS_1 are taken, as TS_1.mrc is called"],
  ]);
  expect(column(rows, "z")[0]).toBeCloseTo(molecules.place(10)[0], 2);
  const boxOf = async (table: string, molecule: number) => {
    const query = `tomogram=lab/TS_1.mrc&table=lab/${table}&molecule=${molecule}&size=16`;
    const answer = await fetch(new URL(`api/subtomogram/box?${query}`, server.address));
    expect(answer.status).toBe(200);
    const bytes = Buffer.from(await answer.arrayBuffer());
    return new Float32Array(bytes.buffer, bytes.byteOffset + bytes.length - 3 * 4 * 256, 3 * 256);
  };
  const [own, whole] = [await boxOf("both.star", 0), await boxOf("five.star", 10)];
  expect(own).toEqual(whole);
});

test("the size of voxels is the tomogram's, or what is given; without either it is asked for", async () => {
  const twice = await rowsOf("d.tbl", "&scale=1");
  // tables of Dynamo and RELION 4 have their own, of voxels without binning; a motive list's are the tomogram's
  expect(column(twice, "z")[0]).toBeCloseTo(molecules.place(0)[0], 2);
  const four = await rowsOf("four.star", "&scale=1");
  expect(column(four, "z")[0]).toBeCloseTo(molecules.place(0)[0], 2);
  const motl = await rowsOf("list.em", "&scale=1");
  expect(column(motl, "z")[0]).toBeCloseTo(2 * molecules.place(0)[0], 2);
  const { status, body } = await get("subtomogram/molecules?at=lab/five.star");
  expect([status, body.error]).toEqual([
    404,
    expect.stringMatching(/five\.star.*expected the tomogram's size/),
  ]);
});

test("files that are served by themselves lie beside one another", async () => {
  const { body } = await get("subtomogram?at=five.star", alone);
  expect(body).toMatchObject({
    volumes: [{ at: "TS_1.mrc", scale: 0.5 }],
    tables: [{ at: "five.star", isVoxels: true }],
  });
  const { body: rows } = await get("subtomogram/molecules?at=five.star&tomogram=TS_1.mrc", alone);
  expect(rows.count).toBe(molecules.count);
});
