import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeDatabases } from "../../../../test/support/databases.ts";
import { python, requirement } from "../../../../test/support/require.ts";
import {
  addMapobjects,
  type Experiment,
  exportTable,
  importTable,
  type NewMapobject,
  readMapobjects,
} from "../../index.ts";

const readers = requirement("readers");
const square = (x: number, y: number, side = 10) =>
  ({
    type: "Polygon",
    coordinates: [
      [
        [x, y],
        [x + side, y],
        [x + side, y + side],
        [x, y + side],
        [x, y],
      ],
    ],
  }) as const;

const OBJECTS: readonly NewMapobject[] = [
  {
    ...{
      name: 'a "name", with commas',
      className: "Tumor",
      classColor: "C80000",
      objectType: "cell",
      externalId: "u1",
    },
    segmentations: [
      { timepoint: 0, label: 7, geometry: square(5, 6), nucleus: square(7, 8, 2) },
      { timepoint: 1, label: 7, geometry: square(6, 6) },
    ],
    features: [
      { timepoint: 0, values: { "Mean: DAPI": 0.1, label: 3 } },
      { timepoint: 1, values: { "Mean: DAPI": 0.25, label: null } },
    ],
  },
  {
    externalId: "u2",
    segmentations: [{ timepoint: 0, label: 8, geometry: { type: "Point", coordinates: [1.5, 2.5] } }],
  },
];

async function all(experiment: Experiment, type: string) {
  const found = [];
  for await (const { id, ...object } of readMapobjects(experiment, type)) found.push(object);
  return found;
}

describeDatabases("tables of objects", ({ isSkipped, isPostgres, create, path }) => {
  test.skipIf(isSkipped)("Parquet holds all of them; CSV all but outlines", async () => {
    await using experiment = await create();
    await addMapobjects(experiment, { type: "Cells", objects: OBJECTS });
    const [parquet, csv] = [path("cells.parquet"), path("cells.csv")];
    expect(await exportTable(experiment, { path: parquet, type: "Cells" })).toMatchObject({
      objects: 2,
      segmentations: 3,
    });
    await importTable(experiment, { path: parquet, type: "Again" });
    const before = await all(experiment, "Cells");
    const after = await all(experiment, "Again");
    expect(after[0]).toEqual(before[0]);
    expect(after[1]).toEqual({
      ...before[1],
      features: [{ timepoint: 0, values: { "Mean: DAPI": null, label: null } }],
    });
    await exportTable(experiment, { path: csv, type: "Cells" });
    const lines = readFileSync(csv, "utf8").split("\n");
    expect(lines[0]).toBe(
      "id,external_id,label,timepoint,zplane,object_type,name,class,class_color,centroid_y,centroid_x,min_y,min_x,max_y,max_x,area_px,Mean: DAPI,feature label",
    );
    expect(lines[1]).toMatch(
      /^\d+,u1,7,0,,cell,"a ""name"", with commas",Tumor,C80000,11,10,6,5,16,15,100,0.1,3$/,
    );
    await importTable(experiment, { path: csv, type: "Points" });
    expect(await all(experiment, "Points")).toMatchObject([
      {
        name: 'a "name", with commas',
        segmentations: [{ label: 7, geometry: { type: "Point", coordinates: [10, 11] } }, { timepoint: 1 }],
        features: [{ timepoint: 0, values: { "Mean: DAPI": 0.1, label: 3 } }, { timepoint: 1 }],
      },
      { externalId: "u2" },
    ]);
    await expect(exportTable(experiment, { path: path("a.xlsx"), type: "Cells" })).rejects.toMatchObject({
      code: "unsupported",
    });
    if (isPostgres || !readers.available) return;
    const code = `
import json, sys, pyarrow.parquet, shapely
table = pyarrow.parquet.read_table(sys.argv[1])
rows = table.to_pylist()
areas = [shapely.from_wkb(row["geometry"]).area for row in rows]
geo = json.loads(table.schema.metadata[b"geo"])
print(json.dumps([str(table.schema.field("label").type), [r["name"] for r in rows], [r["Mean: DAPI"] for r in rows], areas, geo["primary_column"]]))`;
    const { stdout, stderr } = spawnSync(python, ["-c", code, parquet], { encoding: "utf8" });
    expect(stderr).toBe("");
    const name = 'a "name", with commas';
    expect(JSON.parse(stdout)).toEqual([
      "int64",
      [name, name, null],
      [0.1, 0.25, null],
      [100, 100, 0],
      "geometry",
    ]);
    const theirs = path("theirs.parquet");
    const write = `
import sys, pyarrow as pa, pyarrow.parquet as pq
table = pa.table({"y": pa.array([1.5, 2.5], pa.float32()), "x": pa.array([3, 4], pa.int64()), "class": ["a", None], "score": pa.array([0.5, None], pa.float64()), "ok": [True, False]})
pq.write_table(table, sys.argv[1], compression=sys.argv[2])`;
    for (const compression of ["snappy", "gzip", "zstd", "none"]) {
      expect(spawnSync(python, ["-c", write, theirs, compression], { encoding: "utf8" }).stderr).toBe("");
      await importTable(experiment, { path: theirs, type: compression });
      expect(await all(experiment, compression)).toMatchObject([
        {
          className: "a",
          segmentations: [{ geometry: { coordinates: [3, 1.5] } }],
          features: [{ values: { score: 0.5, ok: 1 } }],
        },
        { className: null, features: [{ values: { score: null, ok: 0 } }] },
      ]);
    }
    spawnSync(python, ["-c", write, theirs, "brotli"]);
    await expect(importTable(experiment, { path: theirs, type: "brotli" })).rejects.toMatchObject({
      code: "unsupported",
    });
  });

  test.skipIf(isSkipped)(
    "names of other programs, boxes, and features of objects that are there",
    async () => {
      await using experiment = await create();
      const load = async (name: string, type: string, text: string) => {
        const file = path(name);
        writeFileSync(file, text);
        const warnings: string[] = [];
        return {
          ...(await importTable(experiment, { path: file, type }, { onLog: (line) => warnings.push(line) })),
          warnings,
        };
      };
      expect(
        await load(
          "skimage.csv",
          "A",
          "label,centroid-0,centroid-1,area,kind\n3,10.5,20.25,7,round\n4,1,2,nan,\n",
        ),
      ).toMatchObject({
        objects: 2,
        features: ["area", "kind"],
        warnings: ["cells that are no numbers were left out of features: kind (1)"],
      });
      expect(await all(experiment, "A")).toMatchObject([
        {
          segmentations: [{ label: 3, geometry: { coordinates: [20.25, 10.5] } }],
          features: [{ values: { area: 7 } }],
        },
        { features: [{ values: { area: null, kind: null } }] },
      ]);
      await load("profiler.csv", "B", "ObjectNumber,Location_Center_X,Location_Center_Y\n1,5,6\n");
      expect((await all(experiment, "B"))[0].segmentations[0]).toMatchObject({
        label: 1,
        centroid: { x: 5, y: 6 },
      });
      await load("boxes.csv", "C", "min_y,min_x,max_y,max_x\n1,2,3,7\n");
      expect((await all(experiment, "C"))[0].segmentations[0]).toMatchObject({
        box: { minY: 1, maxX: 7 },
        geometry: { type: "Polygon" },
      });
      const later = await load("later.csv", "A", "label,area,round\n4,9,0.5\n3,8,0.25\n");
      expect(later).toMatchObject({ objects: 2, segmentations: 0, features: ["area", "round"] });
      expect((await all(experiment, "A")).map(({ features }) => features[0].values)).toMatchObject([
        { area: 8, round: 0.25 },
        { area: 9, round: 0.5 },
      ]);
    },
  );

  test.skipIf(isSkipped)("broken tables are one clear error", async () => {
    await using experiment = await create();
    await addMapobjects(experiment, {
      type: "Cells",
      objects: [1, 1, 2].map((label) => ({ segmentations: [{ label, geometry: square(0, 0) }] })),
    });
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ["none.csv", "area,mean\n1,2\n", /expected columns geometry, centroid_y and centroid_x/],
      ["empty.csv", "y,x\n", /a table with at least one row/],
      ["word.csv", "y,x\n1,2\n1,two\n", /row 2 x: expected a number, found two/],
      ["blank.csv", "y,x\n1,\n", /row 1 x: expected a number, found nothing/],
      ["outside.csv", "y,x\n-5,1\n", /row 1: expected an outline within y and x of at least 0/],
      ["wkt.csv", "geometry\nPOINT (1 2)\n", /row 1 geometry: expected an outline as WKB/],
      ["unknown.csv", "label,area\n9,1\n", /row 1: expected an object of the type, found label 9/],
      ["double.csv", "label,area\n1,1\n", /expected a label of one object, found label 1, of several/],
      [
        "fake.parquet",
        "PAR1 and no more, but long enough to have an end PAR1",
        /fake.parquet: expected a Parquet file/,
      ],
    ];
    for (const [name, text, message] of cases) {
      const file = path(name);
      writeFileSync(file, text);
      await expect(importTable(experiment, { path: file, type: "Cells" }), name).rejects.toThrow(message);
    }
    expect(await all(experiment, "Cells")).toHaveLength(3);
  });
});
