/** Objects that are drawn, changed, classified and saved by requests. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gridSites, makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { addMapobjects, type NewMapobject, openExperiment, readMapobjects } from "../../experiment/index.ts";
import { type Server, startServer } from "../index.ts";

const scratch = scratchFolder("served-edits");
let [server, open]: [Server?, Server?] = [];
const square = (x: number, y: number) => ({
  type: "Polygon" as const,
  coordinates: [
    [
      [x, y],
      [x + 9, y],
      [x + 9, y + 9],
      [x, y + 9],
      [x, y],
    ].map(([px, py]) => [px, py] as const),
  ],
});
const cell = (x: number): NewMapobject => ({
  segmentations: [{ geometry: square(x, 3) }],
  features: [{ values: { area: x } }],
});

beforeAll(async () => {
  const directory = join(scratch.path, "screen");
  await using experiment = await makePlate(directory, {
    plates: [{ wells: [{ name: "A01", sites: gridSites(1, 1, [100, 100]) }] }],
    pixels: () => undefined,
  });
  await addMapobjects(experiment, { type: "Cells", objects: [cell(0), cell(20), cell(40)] });
  [server, open] = [await startServer([directory]), await startServer([directory], { host: "0.0.0.0" })];
});
afterAll(async () => {
  await server?.close();
  await open?.close();
  scratch.remove();
});

function post(route: string, body: object, headers: Record<string, string> = {}, port = server!.port) {
  const sent = { "Content-Type": "application/json", ...headers };
  return fetch(`http://127.0.0.1:${port}/api/experiment/objects/${route}`, {
    method: "POST",
    headers: sent,
    body: JSON.stringify({ at: "screen", ...body }),
  });
}

async function kept(type = "Cells") {
  await using experiment = await openExperiment(join(scratch.path, "screen"), { isReadOnly: true });
  const objects = [];
  for await (const object of readMapobjects(experiment, type)) objects.push(object);
  return objects;
}

test("an edit is kept, its answer takes it back, and what is wrong with one is said", async () => {
  const before = await kept();
  const edit = { type: "Cells", classify: [{ className: "Big", classColor: "FF0000", ids: [before[2].id] }] };
  const answer = await post("edit", { edit: { ...edit, remove: [before[0].id] } });
  const { inverse } = await answer.json();
  expect((await kept()).map(({ id, className }) => [id, className])).toEqual([
    [before[1].id, null],
    [before[2].id, "Big"],
  ]);
  expect((await post("edit", { edit: inverse })).status).toBe(200);
  expect(await kept()).toEqual(before);
  const wrong: [object, number, RegExp][] = [
    [{ type: "Cells", remove: [99_999] }, 404, /found 99999/],
    [{ type: "Wells", remove: [1] }, 400, /type of your own/],
    [{ type: "Cells", removed: [1] }, 422, /did you mean .*remove/],
    [{ remove: [1] }, 400, /type/],
  ];
  for (const [each, status, message] of wrong) {
    const refused = await post("edit", { edit: each });
    const { error } = await refused.json();
    expect.soft([refused.status, error]).toEqual([status, expect.stringMatching(message)]);
  }
  expect(await kept()).toEqual(before);
});

test("nobody edits from another page, without the token, by a form, or outside of what is served", async () => {
  const before = await kept();
  const edit = { type: "Cells", remove: [before[0].id] };
  const status = async (answer: Promise<Response>) => (await answer).status;
  expect(await status(post("edit", { edit }, { Origin: "http://evil.example" }))).toBe(403);
  expect(await status(post("edit", { edit }, { Origin: "null" }))).toBe(403);
  expect(await status(post("edit", { edit }, { "Sec-Fetch-Site": "cross-site" }))).toBe(403);
  expect(await status(post("edit", { edit }, { "Content-Type": "text/plain" }))).toBe(415);
  expect(await status(post("edit", { edit }, {}, open!.port))).toBe(401);
  expect(await status(post("edit", { edit }, { Authorization: "Bearer wrong" }, open!.port))).toBe(401);
  expect(await status(post("edit", { at: "screen/../screen", edit }))).toBe(404);
  expect(await status(post("edit", { at: "other", edit }))).toBe(404);
  expect(await status(post("edit", { edit: { ...edit, remove: Array(3_000_000).fill(1_000_000) } }))).toBe(
    413,
  );
  expect(await kept()).toEqual(before);
  const mine = post(
    "edit",
    { edit: { type: "Cells" } },
    { Authorization: `Bearer ${open!.token}` },
    open!.port,
  );
  expect(await status(mine)).toBe(200);
});

test("a selection is exported in each format, names that are none of HTML's business as they are", async () => {
  const type = "</script><img src=x onerror=alert(1)>";
  const added = await post("edit", { edit: { type, add: [{ ...cell(60), name: type }, cell(80)] } });
  const { added: ids } = await added.json();
  const file = async (format: string, more: object = {}) => post("export", { type, format, ...more });
  const geojson = await (await file("geojson", { ids: [ids[0]] })).json();
  expect(geojson.features).toMatchObject([{ properties: { name: type, measurements: { area: 60 } } }]);
  const csv = await file("csv");
  expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect((await csv.text()).trim().split("\n")).toHaveLength(3);
  const parquet = new Uint8Array(await (await file("parquet")).arrayBuffer());
  expect(new TextDecoder().decode(parquet.subarray(0, 4))).toBe("PAR1");
  expect((await file("xls")).status).toBe(400);
});

test("channels and types get other names, with the guards of edits", async () => {
  const rename = (body: object, headers: Record<string, string> = {}, port = server!.port) =>
    fetch(`http://127.0.0.1:${port}/api/experiment/rename`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify({ at: "screen", ...body }),
    });
  const status = async (answer: Promise<Response>) => (await answer).status;
  const type = { what: "type", from: "Cells", to: "Nuclei" };
  expect(await status(rename(type, { Origin: "http://evil.example" }))).toBe(403);
  expect(await status(rename(type, {}, open!.port))).toBe(401);
  expect(await status(rename({ ...type, at: "other" }))).toBe(404);
  expect(await status(rename({ ...type, what: "well" }))).toBe(400);
  expect(await status(rename({ ...type, to: "Wells" }))).toBe(400);
  expect(await status(rename({ ...type, from: "None" }))).toBe(404);
  const before = await kept();
  expect(await status(rename(type))).toBe(200);
  expect(await kept("Nuclei")).toEqual(before);
  expect(await status(rename({ what: "type", from: "Nuclei", to: "Cells" }))).toBe(200);
  expect(await status(rename({ what: "channel", from: "DAPI", to: "<b>DNA</b>" }))).toBe(200);
  expect(await status(rename({ what: "channel", from: "DAPI", to: "DNA" }))).toBe(404);
  const overview = await (await fetch(`http://127.0.0.1:${server!.port}/api/experiment?at=screen`)).json();
  expect(overview.channels).toEqual(["<b>DNA</b>"]);
});
