import { copyFileSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gridSites, makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { addMapobjects, decodeMapobjects } from "../../experiment/index.ts";
import { PyramidBuilder } from "../../pyramid/index.ts";
import { type Server, startServer } from "../index.ts";

const scratch = scratchFolder("served-experiment");
let server: Server;
const ask = (route: string, values: Record<string, string | number> = {}) => {
  const query = Object.entries({ at: "screen", ...values }).map(([key, value]) => [key, String(value)]);
  return fetch(`${server.address}api/${route}?${new URLSearchParams(query)}`);
};
const square = (x: number, y: number) => {
  const corners = [
    [x, y],
    [x + 4, y],
    [x + 4, y + 4],
    [x, y + 4],
    [x, y],
  ] as const;
  return { type: "Polygon", coordinates: [corners.map(([px, py]) => [px, py] as const)] } as const;
};

/** The columns of an answer by their names. */
async function columnsOf(response: Response): Promise<Record<string, ArrayLike<number> & number[]>> {
  const bytes = await response.arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const { columns } = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
  let at = 8 * Math.ceil((4 + length) / 8);
  return Object.fromEntries(
    columns.map(({ name, type, length: count }: { name: string; type: string; length: number }) => {
      const Values = { uint32: Uint32Array, int32: Int32Array, float32: Float32Array, float64: Float64Array }[
        type
      ]!;
      const values = new Values(bytes, at, count);
      at += 8 * Math.ceil(values.byteLength / 8);
      return [name, values];
    }),
  );
}

/** One well of one site, and 10,201 squares of which the first is far from the others. */
beforeAll(async () => {
  const directory = join(scratch.path, "screen");
  await using experiment = await makePlate(directory, {
    plates: [{ wells: [{ name: "A01", sites: gridSites(1, 1, [700, 700]) }] }],
    pixels: ({ height, width }) => new Uint8Array(height * width).fill(90),
  });
  const builder = new PyramidBuilder(experiment);
  await builder.init();
  await builder.submit({}, { engine: { kind: "local" } });
  const objects = Array.from({ length: 10_201 }, (_, i) => ({
    name: `cell ${i}`,
    segmentations: [
      { geometry: i === 0 ? square(680, 680) : square((i % 100) * 6, Math.floor(i / 102) * 6) },
    ],
    features: [{ values: { area: i === 1 ? null : i } }],
  }));
  await addMapobjects(experiment, { type: "Cells", objects });
  server = await startServer([directory]);
});
afterAll(async () => {
  await server?.close();
  scratch.remove();
});

test("an experiment is described with the places of its parts, its layers and types", async () => {
  const found = await (await ask("experiment")).json();
  expect(found.layers).toMatchObject([{ channel: "DAPI", tpoint: 0, zplane: 0, height: 700, width: 700 }]);
  expect(found.parts.wells).toMatchObject([{ name: "A01", box: { minY: 1, minX: 1 } }]);
  expect(found.parts.sites).toHaveLength(1);
  expect(found.types.at(-1)).toMatchObject({ name: "Cells", objects: 10_201, features: ["area"] });
  expect(JSON.stringify(found)).not.toContain(scratch.path);
});

test("tiles of a layer are JPEGs with a tag, and what is not there is told", async () => {
  const place = { layer: 1, level: 0, row: 0, column: 2 };
  const tile = await ask("experiment/tile", place);
  expect([tile.status, tile.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
  expect([...new Uint8Array(await tile.arrayBuffer()).subarray(0, 2)]).toEqual([0xff, 0xd8]);
  expect((await ask("experiment/tile", { ...place, column: 3 })).status).toBe(400);
  expect((await ask("experiment/tile", { ...place, layer: 9 })).status).toBe(404);
});

test("objects of a window come as GeoJSON, of a large one as bytes", async () => {
  const window = { type: "Cells", y: 660, x: 660, height: 40, width: 40 };
  const few = await (await ask("experiment/objects", window)).json();
  expect(few).toMatchObject({ type: "FeatureCollection", detail: "outlines" });
  expect(few.features).toHaveLength(1);
  const many = await ask("experiment/objects", { ...window, y: 0, x: 0, height: 700, width: 700 });
  expect(many.headers.get("content-type")).toBe("application/vnd.vitrine.mapobjects");
  const block = decodeMapobjects(new Uint8Array(await many.arrayBuffer()));
  expect(block.ids).toHaveLength(10_201);
  const id = few.features[0].id;
  expect(await (await ask("experiment/object", { id })).json()).toMatchObject({
    ...{ id, name: "cell 0", type: "Cells", values: [{ name: "area", value: 0 }] },
  });
  const values = await columnsOf(await ask("experiment/features", { type: "Cells", feature: "area" }));
  expect([values.ids.length, values.values[values.ids.indexOf(id)]]).toEqual([10_201, 0]);
  expect(values.values[1]).toBeNaN();
  const columns = await columnsOf(await ask("experiment/objects/columns", { type: "Cells" }));
  expect([columns.ids[0], columns.x[0], columns.y[0], columns.size[0], columns.classOf[0]]).toEqual([
    ...[id, 682, 682, 5, -1],
  ]);
  expect((await ask("experiment/objects", { ...window, type: "None" })).status).toBe(404);
});

test("steps of jobs are told with their batches and logs", async () => {
  const [job] = await (await ask("jobs")).json();
  expect(job).toMatchObject({ at: "screen/jobs/illuminati", name: "illuminati" });
  const { batches } = await (await ask("job", { at: job.at })).json();
  expect(batches[0]).toMatchObject({ index: 0, state: "done", share: 1 });
  const log = await ask("job/log", { at: job.at, phase: batches[0].phase, batch: 0 });
  expect([log.status, log.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
});

test("a tile has the tag of its archive and place: who has it costs no read, another archive is seen within a second", async () => {
  const place = { layer: 1, level: 0, row: 0, column: 0 };
  const first = await ask("experiment/tile", place);
  const tag = first.headers.get("etag")!;
  const other = await ask("experiment/tile", { ...place, column: 1 });
  expect(other.headers.get("etag")).not.toBe(tag);
  const query = new URLSearchParams({ at: "screen", ...place } as never);
  const again = (etag: string) =>
    fetch(`${server.address}api/experiment/tile?${query}`, { headers: { "If-None-Match": etag } });
  expect((await again(tag)).status).toBe(304);
  expect((await again('"none"')).status).toBe(200);
  const layers = join(scratch.path, "screen/layers");
  const [name] = readdirSync(layers).filter((file) => file.endsWith(".pmtiles"));
  copyFileSync(join(layers, name), join(layers, "copy"));
  renameSync(join(layers, "copy"), join(layers, name));
  await expect.poll(async () => (await again(tag)).status).toBe(200);
  expect(
    Buffer.from(await (await again("")).arrayBuffer()).equals(Buffer.from(await first.arrayBuffer())),
  ).toBe(true);
});
