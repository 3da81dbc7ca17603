import { expect, test } from "vitest";
import { describeDatabases } from "../../../test/support/databases.ts";
import {
  type AddMapobjectsOptions,
  addMapobjects,
  createMapobjectType,
  createStaticMapobjects,
  deleteMapobjectType,
  type Experiment,
  listMapobjectTypes,
  type MapobjectGeometry,
  type NewMapobject,
  readMapobjects,
  renameMapobjectType,
} from "../index.ts";

const square = (x: number, y: number, side = 10): MapobjectGeometry => ({
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
});

const CELL: NewMapobject = {
  name: "the first",
  objectType: "cell",
  className: "Tumor: Positive",
  classColor: "C80000",
  externalId: "1f6c-",
  segmentations: [
    { timepoint: 0, zplane: 2, label: 7, geometry: square(5, 6), nucleus: square(7, 8, 2) },
    { timepoint: 1, zplane: 2, label: 9, geometry: { type: "Point", coordinates: [3.5, 4.25] } },
  ],
  features: [
    { timepoint: 0, values: { area: 100, "Mean: DAPI": 0.1, empty: null } },
    { values: { area: 1e-300 } },
  ],
};

async function all(experiment: Experiment, ...[type, options]: [string, object?]) {
  const objects = [];
  for await (const object of readMapobjects(experiment, type, options)) objects.push(object);
  return objects;
}

async function add(
  experiment: Experiment,
  objects: readonly NewMapobject[],
  options: AddMapobjectsOptions = {},
) {
  const warnings: string[] = [];
  const onLog = (message: string, kind: string) => kind === "warning" && warnings.push(message);
  return {
    ...(await addMapobjects(experiment, { type: "Cells", objects }, { ...options, onLog })),
    warnings,
  };
}

describeDatabases("map objects", ({ isSkipped, create }) => {
  test.skipIf(isSkipped)("what was added is read again", async () => {
    await using experiment = await create();
    const holed: MapobjectGeometry = {
      type: "MultiPolygon",
      coordinates: [
        [square(0, 0, 20), square(4, 4, 3)].map(({ coordinates }) => coordinates[0]),
        square(30, 30).coordinates,
      ] as never,
    };
    const report = await add(experiment, [CELL, { segmentations: [{ geometry: holed }] }]);
    expect(report).toEqual({
      type: "Cells",
      objects: 2,
      segmentations: 3,
      features: ["area", "Mean: DAPI", "empty"],
      skipped: 0,
      warnings: [],
    });
    const [first, second] = await all(experiment, "Cells");
    const { segmentations, features, ...traits } = CELL;
    expect(first).toMatchObject({ ...traits, refId: null });
    expect(first.segmentations[0]).toEqual({
      ...{ timepoint: 0, zplane: 2, label: 7, geometry: square(5, 6), nucleus: square(7, 8, 2) },
      ...{ centroid: { y: 11, x: 10 }, box: { minY: 6, minX: 5, maxY: 16, maxX: 15 } },
    });
    expect(first.segmentations[1]).toMatchObject({ timepoint: 1, label: 9, centroid: { y: 4.25, x: 3.5 } });
    expect(first.segmentations[1].box).toEqual({ minY: 4, minX: 3, maxY: 5, maxX: 4 });
    expect(first.features).toEqual([
      { timepoint: null, values: { area: 1e-300 } },
      { timepoint: 0, values: { area: 100, "Mean: DAPI": 0.1, empty: null } },
    ]);
    expect(second.segmentations).toMatchObject([{ timepoint: null, zplane: null, geometry: holed }]);
    expect(await all(experiment, "Cells", { timepoint: 1 })).toMatchObject([
      { segmentations: [{ timepoint: 1 }] },
      { segmentations: [{ timepoint: null }] },
    ]);
    const window = { y: 16, x: 0, height: 3, width: 5 };
    expect(
      (await all(experiment, "Cells", { window })).map(({ segmentations }) => segmentations.length),
    ).toEqual([1, 1]);
    expect(await all(experiment, "Cells", { window: { ...window, y: 41 } })).toEqual([]);
  });

  test.skipIf(isSkipped)(
    "types are made, listed, renamed and removed; names of the experiment's own are not taken",
    async () => {
      await using experiment = await create();
      await createMapobjectType(experiment, "Nuclei");
      await add(experiment, [CELL]);
      await createStaticMapobjects(experiment, {
        plates: [],
        wells: [],
        sites: [{ id: 1, y: 0, x: 0, height: 9, width: 9 }],
        maxZoom: 3,
      });
      await renameMapobjectType(experiment, "Nuclei", "nuclei");
      expect(await listMapobjectTypes(experiment)).toMatchObject([
        { name: "nuclei", refType: null, objects: 0, layers: [], features: [] },
        {
          name: "Cells",
          objects: 1,
          layers: [
            { timepoint: 0, zplane: 2, objects: 1 },
            { timepoint: 1, zplane: 2, objects: 1 },
          ],
          features: ["area", "Mean: DAPI", "empty"],
        },
        { name: "Plates", refType: "Plate", objects: 0 },
        { name: "Wells", refType: "Well", objects: 0 },
        {
          name: "Sites",
          refType: "Site",
          objects: 1,
          layers: [{ timepoint: null, zplane: null, objects: 1 }],
        },
      ]);
      await expect(createMapobjectType(experiment, "Cells")).rejects.toMatchObject({ code: "exists" });
      await expect(renameMapobjectType(experiment, "nuclei", "Wells")).rejects.toMatchObject({
        code: "range",
      });
      await expect(deleteMapobjectType(experiment, "Sites")).rejects.toThrow(
        /stands for the experiment's own/,
      );
      await expect(deleteMapobjectType(experiment, "Cels")).rejects.toThrow(
        'map objects Cels: expected one of the types nuclei, Cells, Plates, Wells, Sites, found "Cels".',
      );
      await deleteMapobjectType(experiment, "Cells");
      expect((await listMapobjectTypes(experiment)).map(({ name }) => name)).not.toContain("Cells");
      for (const table of ["mapobjectSegmentations", "featureValues"] as const) {
        const rows = await experiment.query.selectFrom(table).selectAll().execute();
        expect(rows).toHaveLength(table === "featureValues" ? 0 : 1);
      }
    },
  );

  test.skipIf(isSkipped)(
    "objects of one type become those of another, or it is said why they cannot",
    async () => {
      await using experiment = await create();
      await add(experiment, [CELL]);
      async function* copies() {
        for await (const { segmentations } of readMapobjects(experiment, "Cells"))
          yield { segmentations: segmentations.map(({ geometry }) => ({ geometry })).slice(0, 1) };
      }
      const copied = addMapobjects(experiment, { type: "Copies", objects: copies() });
      if (experiment.databaseKind === "postgres") expect(await copied).toMatchObject({ objects: 1 });
      else
        await expect(copied).rejects.toThrow(/expected the transaction's own queries within a transaction/);
      expect(await all(experiment, "Cells")).toHaveLength(1);
    },
  );

  test.skipIf(isSkipped)("more than a page, added twice, replaced", async () => {
    await using experiment = await create();
    const many = Array.from(
      { length: 4500 },
      (_, i): NewMapobject => ({
        segmentations: [{ label: i + 1, geometry: square(i, 2 * i, 3) }],
        features: [{ values: { place: i } }],
      }),
    );
    await add(experiment, many, { timepoint: 3 });
    await add(experiment, many.slice(0, 10), { timepoint: 4 });
    const objects = await all(experiment, "Cells");
    expect(objects).toHaveLength(4510);
    expect(objects[4321]).toMatchObject({
      segmentations: [{ timepoint: 3, label: 4322, centroid: { y: 8643.5, x: 4322.5 } }],
      features: [{ values: { place: 4321 } }],
    });
    const report = await add(experiment, [{ segmentations: [{ geometry: square(0, 0) }] }], {
      replace: true,
    });
    expect(report).toMatchObject({ objects: 1, features: [] });
    expect(await listMapobjectTypes(experiment)).toMatchObject([
      { objects: 1, layers: [{ timepoint: null, objects: 1 }], features: [] },
    ]);
  });

  test.skipIf(isSkipped)(
    "of objects with one fault none is added; or the faulty ones are left out or redrawn",
    async () => {
      await using experiment = await create();
      const bow = {
        type: "Polygon",
        coordinates: [
          [
            [0, 0],
            [9, 9],
            [9, 0],
            [0, 9],
            [0, 0],
          ],
        ],
      } as const;
      const short = {
        type: "Polygon",
        coordinates: [
          [
            [0, 0],
            [9, 9],
          ],
        ],
      } as const;
      const objects = [square(0, 0), bow, short].map((geometry) => ({ segmentations: [{ geometry }] }));
      await expect(add(experiment, objects)).rejects.toThrow(
        /object 1: expected a valid outline, found a ring that crosses itself near .*--broken skip/,
      );
      expect(await listMapobjectTypes(experiment)).toEqual([]);
      await expect(add(experiment, objects, { broken: "redraw" })).rejects.toThrow(
        /object 2: .* a ring of 2 points/,
      );
      expect(await add(experiment, objects, { broken: "skip" })).toMatchObject({
        objects: 1,
        skipped: 2,
        warnings: [expect.stringMatching(/^2 objects were left out: object 1: expected a valid outline/)],
      });
      expect(await add(experiment, objects.slice(0, 2), { broken: "redraw" })).toMatchObject({
        objects: 2,
        warnings: ["1 outline crossed or touched itself and was drawn anew along pixels"],
      });
    },
  );

  test.skipIf(isSkipped)(
    "beyond the map, partly beyond it, y upwards, in another place and scale",
    async () => {
      await using experiment = await create();
      const up: MapobjectGeometry = {
        type: "Polygon",
        coordinates: [
          [
            [5, -5],
            [9, -5],
            [9, -9],
            [5, -5],
          ],
        ],
      };
      const objects = [{ segmentations: [{ geometry: up }] }];
      await expect(add(experiment, objects)).rejects.toThrow(
        /object 0: expected an outline within y and x of at least 0, found y -9 to -5.*--flip-y/,
      );
      await add(experiment, objects, { placement: { flipY: true, scale: 2, y: 100, x: 1000 } });
      expect((await all(experiment, "Cells"))[0].segmentations[0].box).toEqual({
        minY: 110,
        minX: 1010,
        maxY: 118,
        maxX: 1018,
      });
      await experiment.query.insertInto("channels").values({ name: "DAPI", bitDepth: 16 }).execute();
      const layer = {
        channelId: 1,
        tpoint: 0,
        zplane: 0,
        minIntensity: 0,
        maxIntensity: 1,
        height: 100,
        width: 200,
        maxZoom: 2,
      };
      await experiment.query.insertInto("channelLayers").values(layer).execute();
      const at = (x: number) => [{ segmentations: [{ geometry: square(x, 0) }] }];
      await expect(add(experiment, at(201))).rejects.toThrow(/within the map's 100 x 200 pixels/);
      expect((await add(experiment, at(195))).warnings).toEqual(["1 object lies partly beyond the map"]);
    },
  );
});
