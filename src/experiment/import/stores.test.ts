/** Plates of OME-Zarr and OME-TIFF with their places, holes and rounds, and files of pages that nothing names. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { folderOf, planOf, scratch } from "../../../test/support/importCase.ts";
import { makeTiff, textTag } from "../../../test/support/tiff.ts";
import { createOmeZarrPlate, writeTiff } from "../../io/index.ts";

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Field {
  readonly column: string;
  /** (y, x), nm. */
  readonly at: readonly [number, number];
  readonly acquisition?: number;
}

/** Fields of 2 x 3 pixels of 500 nm. */
async function plateOf(directory: string, fields: readonly Field[]): Promise<void> {
  const columns = ["1", "2", "3"];
  const ids = [...new Set(fields.flatMap(({ acquisition }) => acquisition ?? []))];
  const acquisitions = ids.map((id) => ({ id }));
  const plate = await createOmeZarrPlate({
    ...{ directory, name: "P", rows: ["A", "B"], columns, threads: 0 },
    ...(ids.length > 0 && { acquisitions }),
  });
  for (const { column, at, acquisition } of fields) {
    await using field = await plate.createField({
      axes: [
        { name: "y", kind: "space", unit: "nanometer" },
        { name: "x", kind: "space", unit: "nanometer" },
      ],
      ...{ shape: [2, 3], dtype: "uint16", scale: [500, 500], translation: at, row: "B", column },
      ...(acquisition !== undefined && { acquisition }),
    });
    await field.finish();
  }
  await plate.close();
}

const SQUARE = [
  [0, 0],
  [0, 1500],
  [1000, 0],
  [1000, 1500],
] as const;

test("fields of OME-Zarr lie where their translations say; one whose group is gone costs no other", async () => {
  const folder = await folderOf([], { "notes.txt": "" });
  const store = join(folder, "p.zarr");
  await plateOf(
    store,
    [1, 3].flatMap((column) => SQUARE.map((at) => ({ column: String(column), at }))),
  );
  rmSync(join(store, "B", "3", "1"), { recursive: true });
  const plan = await planOf(folder);
  expect(plan.sites).toEqual([
    ["B01", 0, [0, 0]],
    ["B01", 1, [0, 3]],
    ["B01", 2, [2, 0]],
    ["B01", 3, [2, 3]],
    ["B03", 0, [0, 0]],
    ["B03", 2, [2, 0]],
    ["B03", 3, [2, 3]],
  ]);
  expect(plan.missing.at(-1)).toBe("plate P: no site 1 in B03");
  expect(plan.warnings).toEqual([expect.stringMatching(/p\.zarr B\/3\/1 cannot be read and is left out: /)]);
});

test("acquisitions of a well are rounds on the same sites", async () => {
  const folder = await folderOf([], { "notes.txt": "" });
  const fields = [4, 5].flatMap((acquisition) => SQUARE.map((at) => ({ column: "1", at, acquisition })));
  await plateOf(join(folder, "p.zarr"), fields);
  const plan = await planOf(folder);
  expect(plan.sites.map(([, site]) => site)).toEqual([0, 1, 2, 3]);
  expect(plan.content.images.map(({ siteIndex, cycleIndex }) => [siteIndex, cycleIndex])).toEqual(
    [0, 1].flatMap((cycle) => [0, 1, 2, 3].map((site) => [site, cycle])),
  );
  expect(plan.missing).toEqual([]);
});

test("plates of one name in several stores are called as their stores", async () => {
  const folder = await folderOf([], { "notes.txt": "" });
  for (const name of ["one", "two"])
    await plateOf(join(folder, `${name}.ome.zarr`), [{ column: "1", at: [0, 0] }]);
  expect((await planOf(folder)).plates.map(([name]) => name)).toEqual(["one", "two"]);
});

test("samples of wells of OME-TIFF lie where they say that the stage was", async () => {
  const samples = [0, 1].map(
    (i) =>
      `<WellSample ID="S:${i}" Index="${i}" PositionX="${i * 0.0015}" PositionXUnit="mm" PositionY="0" PositionYUnit="mm"><ImageRef ID="Image:${i}"/></WellSample>`,
  );
  const images = [0, 1].map(
    (
      i,
    ) => `<Image ID="Image:${i}"><Pixels ID="P:${i}" DimensionOrder="XYCZT" Type="uint8" SizeX="3" SizeY="2" SizeC="1" SizeZ="1" SizeT="1"
      PhysicalSizeX="0.5" PhysicalSizeY="0.5"><TiffData IFD="${i}" PlaneCount="1"/></Pixels></Image>`,
  );
  const xml = `<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Plate ID="Plate:0" Name="P" Rows="8" Columns="12">
    <Well ID="W:0" Row="1" Column="2">${samples.join("")}</Well></Plate>${images.join("")}</OME>`;
  const page = (i: number) => ({
    pixels: new Uint8Array(6),
    tags: (at: number) => [
      ...([
        [256, 3, [3]],
        [257, 3, [2]],
        [258, 3, [8]],
        [259, 3, [1]],
        [262, 3, [1]],
        [273, 4, [at]],
      ] as const),
      ...([
        [277, 3, [1]],
        [278, 3, [2]],
        [279, 4, [6]],
      ] as const),
      ...(i === 0 ? [textTag(270, xml)] : []),
    ],
  });
  const folder = await folderOf([], { "notes.txt": "" });
  writeFileSync(join(folder, "p.ome.tif"), makeTiff([0, 1].map(page)));
  const plan = await planOf(folder);
  expect(plan.sites).toEqual([
    ["B03", 0, [0, 0]],
    ["B03", 1, [0, 3]],
  ]);
});

test("pages of which nothing says what they are are time points, which is said once", async () => {
  const folder = await folderOf([], { "notes.txt": "" });
  const page = { data: new Uint16Array(6), width: 3, height: 2, channels: 1 };
  for (const well of ["A01", "A02", "A03"])
    await writeTiff(join(folder, `p_${well}_s1_w1.tif`), { pages: [page, page] });
  const plan = await planOf(folder, { format: [8, 12] });
  expect(plan.images.slice(0, 2)).toEqual(["A01 0 1 0 0", "A01 0 1 1 0"]);
  expect(plan.warnings).toEqual([
    "nothing says what the pages of p_A01_s1_w1.tif, p_A02_s1_w1.tif, p_A03_s1_w1.tif are: taken as time points (z planes, where names or a table have t)",
  ]);
});
