/** Molecules in tomograms as the server answers of them, beside acryo's own numbers. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  subtomogramGolden,
  subtomogramMolecules,
  subtomogramVolume,
} from "../../../../test/support/subtomogramCase.ts";
import { writeMrc } from "../../../io/index.ts";
import { SubtomogramLoader } from "../../../subtomogram/index.ts";
import { type Server, startServer } from "../../index.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-molecules-"));
const TABLE = "align_zncc_rot125_mask_cut0.3.csv";
let server: Server;

beforeAll(async () => {
  const found = join(scratch, "found");
  mkdirSync(found);
  await writeMrc(join(found, "tomogram.mrc"), { ...subtomogramVolume("tomo.npy"), voxelSizeA: 5 });
  await writeMrc(join(found, "average.mrc"), { ...subtomogramVolume("average_aligned.npy"), voxelSizeA: 5 });
  cpSync(subtomogramGolden(TABLE), join(found, "aligned.csv"));
  cpSync(subtomogramGolden("fsc_aligned_nomask_dfreq0.05.csv"), join(found, "fsc.csv"));
  writeFileSync(join(found, "broken.mrc"), "no map");
  await writeMrc(join(scratch, "secret.mrc"), { ...subtomogramVolume("template_A.npy"), voxelSizeA: 5 });
  symlinkSync(join(scratch, "secret.mrc"), join(found, "link.mrc"));
  server = await startServer([found]);
});
afterAll(async () => {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
});

const get = (path: string) => fetch(new URL(`api/${path}`, server.address));

async function picturesOf(path: string) {
  const answer = await get(path);
  expect(answer.status, path).toBe(200);
  const bytes = await answer.arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
  let at = 8 * Math.ceil((4 + length) / 8);
  const pictures = head.pictures.map(({ name, shape }: { name: string; shape: number[] }) => {
    const data = new Float32Array(bytes, at, shape[0] * shape[1]);
    at += data.byteLength;
    return { name, shape, data };
  });
  return { head, pictures };
}

test("a folder tells its volumes, tables and curves; what is damaged or leads out is left aside", async () => {
  const { volumes, tables, curves } = await (await get("subtomogram?at=found")).json();
  expect(volumes).toEqual([
    { at: "found/average.mrc", name: "average.mrc", shape: [24, 24, 24], scale: 0.5 },
    { at: "found/tomogram.mrc", name: "tomogram.mrc", shape: [60, 120, 120], scale: 0.5 },
  ]);
  expect(tables.map(({ at }: { at: string }) => at)).toEqual(["found/aligned.csv"]);
  expect(curves[0].frequencies[0]).toBe(0.025);
  expect(curves[0].curves[0][0]).toBeCloseTo(0.9924923, 6);
  const { entries } = await (await get("browse?at=found")).json();
  expect(entries.find(({ name }: { name: string }) => name === "aligned.csv").kind).toBe("subtomogram");
});

test("molecules have places in nm, axes of length 1, and what of their features is a number", async () => {
  const { columns, count, values } = await (await get("subtomogram/molecules?at=found/aligned.csv")).json();
  const golden = subtomogramMolecules(TABLE);
  expect(count).toBe(golden.count);
  const column = (name: string): number[] => values[columns.indexOf(name)];
  for (const i of [0, 7, 39]) {
    expect([column("z")[i], column("y")[i], column("x")[i]]).toEqual(golden.place(i));
    const axis = ["z", "y", "x"].map((part) => column(`axis-z-${part}`)[i]);
    expect(axis).toEqual([...golden.z.subarray(3 * i, 3 * i + 3)]);
    expect(Math.hypot(...axis)).toBeCloseTo(1, 6);
    expect(column("feature-score")[i]).toBe(golden.features.score[i]);
  }
});

test("sections are the tomogram's voxels, across each axis, and means of them where there are too many", async () => {
  const { data, shape } = subtomogramVolume("tomo.npy");
  const value = (z: number, y: number, x: number) => data[(z * shape[1] + y) * shape[2] + x];
  const at = "subtomogram/slice?at=found/tomogram.mrc";
  const [across] = (await picturesOf(`${at}&axis=x&index=33&rows=4-14&columns=50-90`)).pictures;
  expect(across.shape).toEqual([10, 40]);
  expect(across.data[3 * 40 + 5]).toBe(value(7, 55, 33));
  const { head, pictures } = await picturesOf(`${at}&axis=z&index=9&most=60`);
  expect(head.factor).toBe(2);
  expect(pictures[0].shape).toEqual([60, 60]);
  const square = [value(9, 20, 40), value(9, 20, 41), value(9, 21, 40), value(9, 21, 41)];
  expect(pictures[0].data[10 * 60 + 20]).toBeCloseTo(square.reduce((sum, one) => sum + one, 0) / 4, 5);
  for (const wrong of ["axis=z&index=60", "axis=y&index=3&rows=0-61", "axis=z&index=3&columns=9-9"])
    expect((await get(`${at}&${wrong}`)).status, wrong).toBe(400);
  expect((await get("subtomogram/slice?at=found/link.mrc&axis=z&index=0")).status).toBe(404);
});

test("boxes are those of a loader, landscapes too; what does not fit is refused in words", async () => {
  const which = "tomogram=found/tomogram.mrc&table=found/aligned.csv&molecule=3";
  const loader = new SubtomogramLoader(subtomogramVolume("tomo.npy"), subtomogramMolecules(TABLE), {
    scale: 0.5,
  });
  const box = await loader.load(3, { outputShape: [16, 16, 16] });
  const { pictures } = await picturesOf(`subtomogram/box?${which}&size=16`);
  expect(pictures.map(({ name }: { name: string }) => name)).toEqual(["z", "y", "x"]);
  for (let i = 0; i < 256; i++) expect(pictures[0].data[i]).toBeCloseTo(box.data[8 * 256 + i], 5);

  const { head } = await picturesOf(`subtomogram/landscape?${which}&template=found/average.mrc&maxShift=1.5`);
  expect(head.pictures[0].shape).toEqual([7, 7]);
  const scores = await loader
    .replace({ molecules: loader.molecules.subset([3]) })
    .constructLandscape(subtomogramVolume("average_aligned.npy"), { maxShifts: 1.5 });
  expect(head.score).toBeCloseTo(
    scores.data.reduce((most, value) => Math.max(most, value)),
    5,
  );
  const outside = await get(`subtomogram/box?${which.replace("molecule=3", "molecule=40")}&size=16`);
  expect([outside.status, (await outside.json()).error]).toEqual([
    404,
    expect.stringContaining("a row below 40"),
  ]);
});
