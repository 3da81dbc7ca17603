import fc from "fast-check";
import { expect, test } from "vitest";
import { describeDatabases } from "../../../test/support/databases.ts";
import { addMapobjects, editMapobjects, queryMapobjects, readFeatureColumn } from "../index.ts";
import { ALL_ROWS, readNumbers, readTexts } from "./columnArrays.ts";

const point = (x: number, y: number) => ({
  geometry: { type: "Point" as const, coordinates: [x, y] as const },
});

describeDatabases("columns as arrays", ({ isSkipped, create }) => {
  test.skipIf(isSkipped)(
    "numbers are the database's to the last bit; nothing is null, as of no row",
    async () => {
      await using experiment = await create();
      const doubles = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), 300);
      // SQLite keeps no sign of 0
      const values = [...doubles.map((value) => value || 0), 5e-324, null, 0.1 + 0.2];
      await addMapobjects(experiment, {
        type: "Spots",
        objects: values.map((value, i) => ({
          ...(i % 3 === 0 && { name: `it's "${i}",\n` }),
          segmentations: [point(i + 1 / 3, 0.1 * i)],
          features: [{ values: { value } }],
        })),
      });
      const column = await readFeatureColumn(experiment, { type: "Spots", feature: "value" });
      expect(column.values).toEqual(Float64Array.from(values, (value) => value ?? Number.NaN));

      // another program may have written what JSON has no word for
      const endless = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (const [i, value] of endless.entries())
        await experiment.query
          .updateTable("featureValues")
          .set({ value })
          .where("mapobjectId", "=", column.ids[i])
          .execute();
      const changed = await readFeatureColumn(experiment, { type: "Spots", feature: "value" });
      expect([...changed.values.slice(0, 3)]).toEqual([...endless, values[2]]);

      const rows = experiment.query.selectFrom("mapobjects").orderBy("id").limit(ALL_ROWS);
      const named = await readTexts(experiment, rows.select(["name", "className"]).as("r"), [
        "name",
        "className",
      ]);
      expect(named.name.slice(0, 4)).toEqual(['it\'s "0",\n', null, null, 'it\'s "3",\n']);
      expect(new Set(named.className)).toEqual(new Set([null]));
      const none = rows.where("id", "<", 0);
      expect(await readNumbers(experiment, none.select("id").as("r"), ["id"])).toEqual({ id: [] });
      expect(await readTexts(experiment, none.select("name").as("r"), ["name"])).toEqual({ name: [] });
    },
  );

  test.skipIf(isSkipped)(
    "centroids of a layer that was asked for as a whole are kept until it changes",
    async () => {
      await using experiment = await create();
      const count = 10_500;
      const objects = Array.from({ length: count }, (_, i) => ({
        segmentations: [point(i % 105, Math.floor(i / 105) + 0.25)],
      }));
      await addMapobjects(experiment, { type: "Spots", objects });
      const ask = (width: number, y = 0) =>
        queryMapobjects(experiment, {
          type: "Spots",
          window: { y, x: 0, height: 200, width },
          ...{ zoom: 3, maxZoom: 3 },
        });
      const whole = await ask(105);
      expect([whole.detail, whole.ids.length]).toEqual(["centroids", count]);
      expect([...whole.centroids.slice(-2)]).toEqual([104, 99.25]);
      // out of memory: the same as out of the database
      expect((await ask(9.5)).ids.length).toBe(10 * 100);
      expect((await ask(105, 99)).ids).toEqual(whole.ids.slice(-105));
      await editMapobjects(experiment, { type: "Spots", remove: [...whole.ids.slice(0, 5)] });
      expect((await ask(105)).ids).toEqual(whole.ids.slice(5));
    },
  );
});
