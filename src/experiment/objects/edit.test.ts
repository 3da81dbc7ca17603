import fc from "fast-check";
import { expect, test } from "vitest";
import { describeDatabases } from "../../../test/support/databases.ts";
import {
  addMapobjects,
  createStaticMapobjects,
  type Experiment,
  editMapobjects,
  type MapobjectEdit,
  type MapobjectGeometry,
  mapobjectFileBytes,
  queryMapobjects,
  readFeatureColumn,
  readMapobjectColumns,
  readMapobjects,
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
const at = (geometry: MapobjectGeometry) => [{ geometry }];

async function all(experiment: Experiment, type = "Cells", options = {}) {
  const objects = [];
  for await (const object of readMapobjects(experiment, type, options)) objects.push(object);
  return objects;
}

async function withCells(create: () => Promise<Experiment>, count = 5): Promise<Experiment> {
  const experiment = await create();
  const objects = Array.from({ length: count }, (_, i) => ({
    ...(i === 0 && { name: "the first", className: "Tumor", classColor: "C80000", externalId: "a-b" }),
    segmentations: [
      { geometry: square(20 * i, 5), timepoint: 0, label: i + 1 },
      { geometry: square(20 * i, 9), timepoint: 1 },
    ],
    features: [{ values: { area: 10 * i } }, { timepoint: 1, values: { area: 10 * i + 1, mean: null } }],
  }));
  await addMapobjects(experiment, { type: "Cells", objects });
  return experiment;
}

describeDatabases("edits", ({ isSkipped, create }) => {
  test.skipIf(isSkipped)("are taken back by their inverse, and done again by its inverse", async () => {
    await using experiment = await withCells(create);
    const before = await all(experiment);
    const ids = before.map(({ id }) => id);
    const edit: MapobjectEdit = {
      type: "Cells",
      add: [{ name: "new", segmentations: at(square(300, 7)), features: [{ values: { area: 7 } }] }],
      change: [{ id: ids[1], segmentations: at({ type: "Point", coordinates: [9, 8] }) }],
      remove: [ids[0], ids[4]],
      classify: [{ className: "Stroma", classColor: "00FF00", ids: [ids[2], ids[3]] }],
    };
    const done = await editMapobjects(experiment, edit);
    const after = await all(experiment);
    expect(after.map(({ id }) => id)).toEqual([ids[1], ids[2], ids[3], ...done.added]);
    expect(after[0].segmentations).toMatchObject([{ geometry: { type: "Point" }, timepoint: null }]);
    expect(after.map(({ className }) => className)).toEqual([null, "Stroma", "Stroma", null]);
    const undone = await editMapobjects(experiment, done.inverse);
    expect(await all(experiment)).toEqual(before);
    await editMapobjects(experiment, undone.inverse);
    expect(await all(experiment)).toEqual(after);
  });

  test.skipIf(isSkipped)(
    "any of them one after another, taken back in turn, leave what was there",
    async () => {
      await using experiment = await withCells(create);
      const index = fc.nat({ max: 30 });
      const step = fc.oneof(
        fc.record({ kind: fc.constant("add" as const), x: index }),
        fc.record({
          kind: fc.constantFrom("change" as const, "remove" as const, "classify" as const),
          x: index,
        }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
          const before = await all(experiment);
          const inverses: MapobjectEdit[] = [];
          for (const { kind, x } of steps) {
            const present = (await all(experiment)).map(({ id }) => id);
            const id = present[x % Math.max(1, present.length)];
            if (kind !== "add" && id === undefined) continue;
            const parts = {
              add: { add: [{ segmentations: at(square(x, x)) }] },
              change: { change: [{ id, segmentations: at(square(x, 2 * x)) }] },
              remove: { remove: [id] },
              classify: { classify: [{ className: x % 3 === 0 ? null : `class ${x}`, ids: [id] }] },
            };
            inverses.unshift((await editMapobjects(experiment, { type: "Cells", ...parts[kind] })).inverse);
          }
          for (const inverse of inverses) await editMapobjects(experiment, inverse);
          expect(await all(experiment)).toEqual(before);
        }),
        { seed: 15, numRuns: 12 },
      );
    },
  );

  test.skipIf(isSkipped)("are seen by windows that were asked before", async () => {
    await using experiment = await withCells(create);
    const window = { y: 0, x: 0, height: 100, width: 1000 };
    const shown = async () => [
      ...(await queryMapobjects(experiment, { type: "Cells", timepoint: 0, window })).ids,
    ];
    for (let i = 0; i < 5; i++) await shown(); // so often that the layer is kept in memory
    const [first, second, ...others] = await shown();
    await editMapobjects(experiment, { type: "Cells", remove: [first] });
    expect(await shown()).toEqual([second, ...others]);
    await editMapobjects(experiment, {
      type: "Cells",
      change: [{ id: second, segmentations: [{ geometry: square(2000, 5), timepoint: 0 }] }],
    });
    expect(await shown()).toEqual(others);
  });

  test.skipIf(isSkipped)("of nothing, or that cannot be, change nothing and say so", async () => {
    await using experiment = await withCells(create, 2);
    const before = await all(experiment);
    const [a, b] = before.map(({ id }) => id);
    const bowtie: MapobjectGeometry = {
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
    };
    const wrong: [Partial<MapobjectEdit>, RegExp][] = [
      [{ remove: [a, 4711] }, /expected objects of the type, found 4711/],
      [
        {
          classify: [
            { className: "x", ids: [a] },
            { className: "y", ids: [a] },
          ],
        },
        /in one class, found one twice/,
      ],
      [{ classify: [{ className: "x", classColor: "red", ids: [b] }] }, /six hexadecimal digits/],
      [{ remove: [a], change: [{ id: b, segmentations: at(bowtie) }] }, /crosses itself|self/],
      [{ add: [{ id: b, segmentations: at(square(0, 0)) }] }, /numbers of objects that were removed/],
      [
        { add: [{ segmentations: at({ type: "LineString", coordinates: [] } as never) }] },
        /found LineString/,
      ],
      [{ type: "Wells", remove: [a] }, /type of your own/],
      [{ type: "None", remove: [a] }, /expected one of the types Cells/],
      [{ type: "Cells", delete: [a] } as never, /remove|delete/],
    ];
    for (const [edit, message] of wrong)
      await expect.soft(editMapobjects(experiment, { type: "Cells", ...edit })).rejects.toThrow(message);
    expect(await all(experiment)).toEqual(before);
    expect(await editMapobjects(experiment, { type: "Cells" })).toEqual({
      added: [],
      inverse: { type: "Cells" },
    });
  });

  test.skipIf(isSkipped)("make a type, and leave the experiment's own alone", async () => {
    await using experiment = await withCells(create, 1);
    const box = [{ id: 1, y: 0, x: 0, height: 50, width: 50 }];
    await createStaticMapobjects(experiment, { plates: box, wells: box, sites: box, maxZoom: 3 });
    const hostile = "<img src=x onerror=alert(1)>";
    const { added } = await editMapobjects(experiment, {
      type: hostile,
      add: [{ name: hostile, segmentations: at(square(3, 4)) }],
    });
    expect(await all(experiment, hostile)).toMatchObject([{ id: added[0], name: hostile }]);
    // anew, as a cleanup and another run make them
    await createStaticMapobjects(experiment, { plates: box, wells: box, sites: box, maxZoom: 3 });
    expect(await all(experiment, hostile)).toHaveLength(1);
  });

  test.skipIf(isSkipped)("objects and features come as columns, and as the bytes of files", async () => {
    await using experiment = await withCells(create);
    const columns = await readMapobjectColumns(experiment, { type: "Cells", timepoint: 1 });
    expect([...columns.x]).toEqual([5, 25, 45, 65, 85]);
    expect([...columns.y]).toEqual([14, 14, 14, 14, 14]);
    expect(columns).toMatchObject({
      classes: [{ name: "Tumor", color: "C80000" }],
      names: { 0: "the first" },
    });
    expect([...columns.classOf]).toEqual([0, -1, -1, -1, -1]);
    const of = { type: "Cells", feature: "area" };
    expect([...(await readFeatureColumn(experiment, of)).values]).toEqual([0, 10, 20, 30, 40]);
    const later = await readFeatureColumn(experiment, { ...of, timepoint: 1 });
    expect([...later.values]).toEqual([1, 11, 21, 31, 41]);
    expect([...later.ids]).toEqual([...columns.ids]);
    await expect(readFeatureColumn(experiment, { type: "Cells", feature: "aera" })).rejects.toThrow(
      'expected one of the features area, mean, found "aera"',
    );
    const ids = [columns.ids[3], columns.ids[1], columns.ids[1]];
    expect((await all(experiment, "Cells", { ids })).map(({ id }) => id)).toEqual([
      columns.ids[1],
      columns.ids[3],
    ]);
    const decoder = new TextDecoder();
    let text = "";
    for await (const part of mapobjectFileBytes(
      experiment,
      { type: "Cells", format: "csv" },
      { ids, timepoint: 0 },
    ))
      text += decoder.decode(part);
    expect(text.trim().split("\n")).toHaveLength(3);
    expect(text).toMatch(new RegExp(`^${columns.ids[1]},`, "m"));
  });
});
