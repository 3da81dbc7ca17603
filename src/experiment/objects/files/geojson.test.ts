import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { describeDatabases } from "../../../../test/support/databases.ts";
import { python, requirement } from "../../../../test/support/require.ts";
import {
  type AddMapobjectsOptions,
  addMapobjects,
  createExperiment,
  type Experiment,
  exportGeojson,
  importGeojson,
  listMapobjectTypes,
  type NewMapobject,
  openExperiment,
  readMapobjects,
} from "../../index.ts";
import { geometryOf } from "../geometry.ts";
import { traceLabels } from "../trace.ts";
import { FeatureScanner } from "./featureScan.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-geojson-"));

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const ring = (x: number, y: number, side = 10) => [
  [x, y],
  [x + side, y],
  [x + side, y + side],
  [x, y + side],
  [x, y],
];

/** What QuPath 0.3 to 0.5 write: measurements as a list or an object, bare NaN, colours in two forms, a nucleus, planes, locks. */
const QUPATH = `{ "type": "FeatureCollection", "features": [
{ "type": "Feature", "id": "0f1e", "geometry": { "type": "Polygon", "coordinates": [${JSON.stringify(ring(5, 5))}] },
  "nucleusGeometry": { "type": "Polygon", "coordinates": [${JSON.stringify(ring(7, 7, 3))}] },
  "properties": { "objectType": "cell", "isLocked": true, "classification": { "name": "Tumor", "color": [200, 0, 0] },
    "measurements": [ { "name": "Cell: Area µm^2", "value": 12.5 }, { "name": "Nucleus: Mean", "value": NaN } ] } },
{ "type": "Feature", "id": "PathAnnotationObject", "geometry": { "type": "MultiPolygon", "coordinates": [[${JSON.stringify(ring(40, 5))}], [${JSON.stringify(ring(60, 5))}]] },
  "properties": { "name": "region {\\"1\\"}", "classification": { "names": ["Stroma", "Positive"], "colorRGB": -3670016 }, "measurements": { "Num": 3 } } },
{ "type": "Feature", "geometry": { "type": "Point", "coordinates": [1.5, 2.5], "plane": { "c": -1, "z": 2, "t": 4 } }, "properties": { "objectType": "annotation", "score": 0.5 } },
{ "type": "Feature", "geometry": { "type": "LineString", "coordinates": [[0, 0], [5, 5]] }, "properties": {} },
{ "type": "Feature", "geometry": { "type": "MultiPoint", "coordinates": [[1, 1], [2, 2]] }, "properties": { "objectType": "annotation" } }
], "features_of": "QuPath" }`;

async function all(experiment: Experiment, type = "Cells") {
  const objects = [];
  for await (const object of readMapobjects(experiment, type)) objects.push(object);
  return objects;
}

async function load(experiment: Experiment, path: string, options: AddMapobjectsOptions = {}) {
  const warnings: string[] = [];
  const onLog = (message: string) => warnings.push(message);
  return { ...(await importGeojson(experiment, { path, type: "Cells" }, { ...options, onLog })), warnings };
}

describeDatabases("GeoJSON", ({ isSkipped, create, path }) => {
  test.skipIf(isSkipped)("what QuPath writes", async () => {
    await using experiment = await create();
    const file = path("cells.geojson.gz");
    writeFileSync(file, gzipSync(QUPATH));
    expect(await load(experiment, file)).toMatchObject({
      objects: 5,
      skipped: 1,
      features: ["Cell: Area µm^2", "Nucleus: Mean", "Num", "score"],
      warnings: [
        "1 feature was left out: LineString; map objects are points and polygons",
        "1 feature of several points became an object a point",
        "properties that are neither known nor numbers were left out: isLocked (1)",
      ],
    });
    const [cell, region, spot, , last] = await all(experiment);
    expect(cell).toMatchObject({
      ...{ objectType: "cell", className: "Tumor", classColor: "C80000", externalId: "0f1e" },
      segmentations: [{ timepoint: null, nucleus: { coordinates: [ring(7, 7, 3)] } }],
      features: [{ values: { "Cell: Area µm^2": 12.5, "Nucleus: Mean": null } }],
    });
    expect(region).toMatchObject({
      ...{
        objectType: "annotation",
        name: 'region {"1"}',
        className: "Stroma: Positive",
        classColor: "C80000",
      },
      ...{ externalId: null, features: [{ values: { Num: 3 } }] },
    });
    expect(region.segmentations[0].geometry.type).toBe("MultiPolygon");
    expect(spot).toMatchObject({
      segmentations: [{ timepoint: 4, zplane: 2 }],
      features: [{ timepoint: 4, values: { score: 0.5 } }],
    });
    expect(last.segmentations[0].geometry).toEqual({ type: "Point", coordinates: [2, 2] });
    const written = path("again.geojson");
    expect(await exportGeojson(experiment, { path: written, type: "Cells" })).toMatchObject({
      objects: 5,
      segmentations: 5,
    });
    const { features } = JSON.parse(readFileSync(written, "utf8"));
    expect(features[0]).toEqual({
      type: "Feature",
      id: "0f1e",
      geometry: { type: "Polygon", coordinates: [ring(5, 5)] },
      nucleusGeometry: { type: "Polygon", coordinates: [ring(7, 7, 3)] },
      properties: {
        objectType: "cell",
        classification: { name: "Tumor", color: [200, 0, 0] },
        measurements: { "Cell: Area µm^2": 12.5, "Nucleus: Mean": null },
      },
    });
    expect(features[2].geometry.plane).toEqual({ c: -1, z: 2, t: 4 });
    await expect(exportGeojson(experiment, { path: written, type: "Cells" })).rejects.toMatchObject({
      code: "exists",
    });
  });

  test.skipIf(isSkipped)("a collection is its polygons and its points; its lines are counted", async () => {
    await using experiment = await create();
    const file = path("collection.geojson");
    const polygon = (at: number) => ({ type: "Polygon", coordinates: [ring(at, at)] });
    const line = { type: "LineString", coordinates: [[0, 0], [5, 5]] }; // biome-ignore format: one line
    const inner = { type: "GeometryCollection", geometries: [polygon(40), line] };
    const geometries = [polygon(5), inner, { type: "Point", coordinates: [1, 2] }];
    const geometry = { type: "GeometryCollection", geometries };
    writeFileSync(file, JSON.stringify({ type: "Feature", id: "a", geometry, properties: {} }));
    expect(await load(experiment, file)).toMatchObject({
      ...{ objects: 2, skipped: 1 },
      warnings: ["1 feature was left out: LineString; map objects are points and polygons"],
    });
    const found = (await all(experiment)).map(({ segmentations: [{ geometry: one }] }) => one);
    expect(found).toEqual([
      { type: "MultiPolygon", coordinates: [[ring(5, 5)], [ring(40, 40)]] },
      { type: "Point", coordinates: [1, 2] },
    ]);
  });

  test.skipIf(isSkipped)("whatever objects there are, written and read they are the same", async () => {
    const text = fc.string({ minLength: 1, maxLength: 5 }).filter((name) => name !== "__proto__");
    const geometry = fc
      .array(fc.integer({ min: 0, max: 1 }), { minLength: 16, maxLength: 16 })
      .map((data) => {
        const [traced] = traceLabels({
          data: data.includes(1) ? data : [1],
          height: data.includes(1) ? 4 : 1,
          width: data.includes(1) ? 4 : 1,
        });
        return geometryOf({ kind: "polygons", polygons: traced.polygons });
      });
    const index = fc.integer({ min: 0, max: 9 });
    const object = fc.record({
      externalId: fc.uuid(),
      objectType: fc.constantFrom("annotation", "detection", "cell" as const),
      className: text,
      classColor: fc.constantFrom("000000", "FF8001"),
      name: text,
      segmentations: fc.tuple(
        fc.record({ timepoint: index, zplane: index, label: index, geometry, nucleus: geometry }),
      ),
      values: fc.dictionary(text, fc.option(fc.integer({ min: -1000, max: 1000 }).map((v) => v / 8)), {
        minKeys: 1,
        maxKeys: 4,
      }),
    });
    const objects = fc.sample(object, { numRuns: 40, seed: 9 }).map(({ values, ...one }): NewMapobject => {
      return { ...one, features: [{ timepoint: one.segmentations[0].timepoint, values }] } as NewMapobject;
    });
    await using experiment = await create();
    await addMapobjects(experiment, { type: "Cells", objects });
    const file = path("written.geojson");
    await exportGeojson(experiment, { path: file, type: "Cells" });
    await importGeojson(experiment, { path: file, type: "Again" });
    const known = ({ id, ...object }: Awaited<ReturnType<typeof all>>[number]) => object;
    expect((await all(experiment, "Again")).map(known)).toEqual((await all(experiment)).map(known));
  });

  test.skipIf(isSkipped)(
    "an object at several time points is one again; relative to a site's corner",
    async () => {
      await using experiment = await create();
      const outlines = [0, 1, 2].map((timepoint) => ({
        timepoint,
        geometry: { type: "Polygon" as const, coordinates: [ring(100 + timepoint, 50)] as never },
      }));
      await addMapobjects(experiment, {
        type: "Cells",
        objects: [{ segmentations: outlines }, { segmentations: outlines.slice(1) }],
      });
      const file = path("tracks.geojson");
      await exportGeojson(experiment, { path: file, type: "Cells" }, { origin: { y: 50, x: 100 } });
      expect(JSON.parse(readFileSync(file, "utf8")).features[0].geometry.coordinates).toEqual([ring(0, 0)]);
      await importGeojson(experiment, { path: file, type: "Again" }, { placement: { y: 50, x: 100 } });
      const sizes = (await all(experiment, "Again")).map(({ segmentations }) => segmentations.length);
      expect(sizes).toEqual([3, 2]);
      const late = path("late.geojson");
      expect(await exportGeojson(experiment, { path: late, type: "Cells" }, { timepoint: 0 })).toMatchObject({
        objects: 1,
      });
    },
  );

  test.skipIf(isSkipped)("broken files are one clear error, and nothing is added", async () => {
    await using experiment = await create();
    const feature = (geometry: string) => `{"type":"Feature","geometry":${geometry},"properties":{}}`;
    const good = feature(`{"type":"Polygon","coordinates":[${JSON.stringify(ring(0, 0))}]}`);
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [
        "cut",
        `{"features":[${good},{"type":"Fea`,
        /byte \d+: expected GeoJSON: a closing bracket, found the end of the file/,
      ],
      ["word", `{"features":[${good},7]}`, /byte \d+: expected GeoJSON: a feature, found "7"/],
      ["bracket", `${good}]`, /a closing bracket/],
      ["json", `[${good},{"type":"Feature","geometry":}]`, /feature 1: expected JSON/],
      [
        "bow",
        `[${good},${feature('{"type":"Polygon","coordinates":[[[0,0],[9,9],[9,0],[0,9],[0,0]]]}')}]`,
        /feature 1: expected a valid outline, found a ring that crosses itself/,
      ],
      [
        "null",
        `[${feature('{"type":"Polygon","coordinates":[[[0,null],[9,9],[9,0]]]}')}]`,
        /feature 0 coordinates: expected a position .* found \[0,null\]/,
      ],
      ["nan", `[${feature('{"type":"Polygon","coordinates":[[[0,NaN],[9,9],[9,0]]]}')}]`, /found \[0,null\]/],
      [
        "kind",
        `[${feature('{"type":"Circle","coordinates":[]}')}]`,
        /feature 0 geometry: expected a Point, Polygon or MultiPolygon, found Circle/,
      ],
      ["deep", `[${feature('{"type":"Polygon","coordinates":[[0,0],[1,1]]}')}]`, /feature 0 coordinates/],
      [
        "measurement",
        '{"type":"Feature","geometry":null,"properties":{"measurements":{"a":"x"}}}',
        /measurements "a": expected a name and a number/,
      ],
    ];
    for (const [name, text, message] of cases) {
      const file = path(`${name}.geojson`);
      writeFileSync(file, text);
      await expect(load(experiment, file), name).rejects.toThrow(message);
    }
    expect(await listMapobjectTypes(experiment)).toEqual([]);
    const open = path("open.geojson");
    writeFileSync(
      open,
      `${feature('{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9]]]}')}\n${feature("null")}\n`,
    );
    expect((await load(experiment, open)).warnings).toEqual([
      "1 ring did not end where it began and was closed",
      "1 feature was left out: no geometry; map objects are points and polygons",
    ]);
    await expect(load(experiment, path("none.geojson"))).rejects.toMatchObject({ code: "missing" });
  });
});

describe("features of a text", () => {
  const scan = (text: string, size: number) => {
    const scanner = new FeatureScanner("test");
    const bytes = Buffer.from(text);
    const found = [];
    for (let at = 0; at < bytes.length; at += size)
      found.push(...scanner.push(bytes.subarray(at, at + size)));
    scanner.end();
    return found.map((one) => JSON.parse(one));
  };

  test("a collection, a list, lines and one value, in chunks of any size", () => {
    const values = [{ a: '"}]{' }, { b: [[{ c: "\\" }], []], feature: [1] }, {}];
    const list = values.map((value) => JSON.stringify(value)).join(" ,\n");
    for (const size of [1, 2, 3, 7, 1000]) {
      expect(
        scan(
          `\ufeff{"type":"FeatureCollection","x":{"features":[{"no":1}]},"features":[${list}],"y":[{"no":2}]}`,
          size,
        ),
      ).toEqual(values);
      expect(scan(`[${list}]`, size)).toEqual(values);
      expect(scan(values.map((value) => `\u001e${JSON.stringify(value)}\n`).join(""), size)).toEqual(values);
      expect(scan(JSON.stringify(values[1]), size)).toEqual([values[1]]);
    }
  });
});

const readers = requirement("readers");

test("outlines that were traced are valid for shapely", { skip: !readers.available }, async () => {
  await using experiment = await createExperiment(join(scratch, "shapely"));
  const data = Uint8Array.from({ length: 60 * 60 }, (_, i) => ((i * 2654435761) >>> 13) % 3);
  const objects = traceLabels({ data, height: 60, width: 60 }).map(
    ({ label, polygons }): NewMapobject => ({
      segmentations: [{ label, geometry: geometryOf({ kind: "polygons", polygons }) }],
    }),
  );
  await addMapobjects(experiment, { type: "Cells", objects });
  const path = `${experiment.directory}/cells.geojson`;
  await exportGeojson(experiment, { path, type: "Cells" });
  const code = `
import json, sys, shapely
from shapely.geometry import shape
collection = json.load(open(sys.argv[1]))
outlines = [shape(f["geometry"]) for f in collection["features"]]
print(json.dumps([[o.is_valid, o.area] for o in outlines]))`;
  const { stdout, stderr } = spawnSync(python, ["-c", code, path], { encoding: "utf8" });
  expect(stderr).toBe("");
  const count = (label: number) => data.filter((value) => value === label).length;
  expect(JSON.parse(stdout)).toEqual([1, 2].map((label) => [true, count(label)]));
});

test("an import that is killed leaves nothing", async () => {
  const directory = join(scratch, "killed");
  await (await createExperiment(directory)).close();
  const features = Array.from({ length: 12_000 }, (_, i) =>
    JSON.stringify({ type: "Feature", geometry: { type: "Polygon", coordinates: [ring(i, i)] } }),
  );
  writeFileSync(`${directory}/many.geojson`, `[${features.join(",\n")}]`);
  const code = `
    import { importGeojson, openExperiment } from "vitrine/experiment";
    const experiment = await openExperiment(process.argv[1]);
    const onProgress = ({ done }) => done >= 4000 && process.kill(process.pid, "SIGKILL");
    await importGeojson(experiment, { path: process.argv[1] + "/many.geojson", type: "Cells" }, { onProgress });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code, directory], { stdio: "inherit" });
  const [, signal] = await once(child, "close");
  expect(signal).toBe("SIGKILL");
  await using experiment = await openExperiment(directory);
  expect(await listMapobjectTypes(experiment)).toEqual([]);
  expect(await importGeojson(experiment, { path: `${directory}/many.geojson`, type: "Cells" })).toMatchObject(
    { objects: 12_000 },
  );
});
