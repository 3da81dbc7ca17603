/** Annotations and labels of images without an experiment: kept beside them, told to every page, never lost in silence. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/plateCase.ts";
import { formatMrc, writeTiff } from "../../io/index.ts";
import { type Server, type ServerOptions, startServer } from "../index.ts";
import { formatObjectsAt, parseObjectsAt } from "./names.ts";

const scratch = scratchFolder("image-objects");
const lab = join(scratch.path, "lab");
const FILE = join(lab, "map.mrc.annotations.geojson");
const ANNOTATIONS = formatObjectsAt({ of: "annotations", at: "lab/map.mrc" });
const SIDE = 64;

let server: Server;
const serve = async (options: ServerOptions = {}) => {
  await server?.close();
  server = await startServer([lab], options);
};

beforeEach(async () => {
  rmSync(lab, { recursive: true, force: true });
  mkdirSync(lab, { recursive: true });
  const data = new Float32Array(SIDE * SIDE);
  writeFileSync(join(lab, "map.mrc"), formatMrc({ data, shape: [SIDE, SIDE], voxelSizeA: 1 }));
  await serve();
});
afterEach(() => server.close());
afterAll(() => scratch.remove());

interface Facts {
  readonly types: readonly { readonly name: string; readonly objects: number; readonly features: string[] }[];
  readonly version: string;
  readonly changes: number;
  readonly notKept: string | null;
  readonly locked: string | null;
  readonly warnings: readonly string[];
}

const ask = async (route: string, query: Record<string, string>) => {
  const response = await fetch(`${server.address}api/${route}?${new URLSearchParams(query)}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const factsOf = async (at = ANNOTATIONS) => (await ask("objects", { at })).body as unknown as Facts;
const edit = async (change: object, seen?: string, at = ANNOTATIONS) => {
  const response = await fetch(`${server.address}api/experiment/objects/edit`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ at, edit: change, seen: seen ?? (await factsOf(at)).version }),
  });
  const body = (await response.json()) as {
    readonly added: readonly number[];
    readonly inverse: object;
    readonly error?: string;
  };
  return { status: response.status, body };
};
const square = (x: number, y: number, name?: string) => ({
  type: "Annotations",
  add: [
    {
      objectType: "annotation",
      ...(name !== undefined && { name }),
      segmentations: [
        {
          geometry: {
            type: "Polygon",
            coordinates: [
              [
                [x, y],
                [x + 10, y],
                [x + 10, y + 10],
                [x, y + 10],
                [x, y],
              ],
            ],
          },
        },
      ],
    },
  ],
});
interface Kept {
  readonly features: readonly {
    readonly id: string;
    readonly properties: { readonly name?: string; readonly classification?: { readonly name: string } };
  }[];
}
const kept = () => JSON.parse(readFileSync(FILE, "utf8")) as Kept;
const namesKept = () => kept().features.map(({ properties }) => properties.name);

test("names of objects of images are read as they are written, and nothing else is", () => {
  for (const name of [
    { of: "annotations", at: "lab/a b&c=d.mrc" },
    { of: "labels", at: "x.zarr", image: "labels/ä?", table: "lab/t.csv" },
  ] as const)
    expect(parseObjectsAt(formatObjectsAt(name))).toEqual(name);
  for (const text of [
    "lab/map.mrc",
    "@objects?",
    "@objects?of=annotations",
    "@objects?of=cells&at=a",
    "@objects?of=annotations&at=a&table=b",
    "@objects?of=labels&at=a&at=b",
    "@objects?of=labels&at=a&path=/etc",
  ])
    expect(parseObjectsAt(text)).toBeUndefined();
});

describe("annotations", () => {
  test("are kept beside the image before the page hears so, come back after a restart, and are taken back", async () => {
    expect(await factsOf()).toMatchObject({
      types: [{ name: "Annotations", objects: 0 }],
      file: "map.mrc.annotations.geojson",
      notKept: null,
      locked: null,
    });
    const { body } = await edit(square(5, 5, "one"));
    expect(namesKept()).toEqual(["one"]);
    expect(kept().features[0].id).toMatch(/^[0-9a-f-]{36}$/);
    const classify = [{ className: "Tumor", classColor: "C80000", ids: body.added }];
    const classified = await edit({ type: "Annotations", classify });
    expect(kept().features[0].properties.classification?.name).toBe("Tumor");
    await serve();
    expect((await factsOf()).types).toMatchObject([{ name: "Annotations", objects: 1 }]);
    expect(kept().features[0].properties.classification?.name).toBe("Tumor");
    expect(classified.status).toBe(200);
    // another page's way back holds as long as the objects that it knew
    const stale = await edit({ type: "Annotations", remove: body.added }, "a version of before");
    expect(stale.status).toBe(409);
    expect(stale.body.error).toContain("written since");
    const removed = await edit({ type: "Annotations", remove: body.added });
    expect(kept().features).toEqual([]);
    await edit(removed.body.inverse);
    expect(namesKept()).toEqual(["one"]);
  });

  test("of two pages both stay, and each hears of the other's", async () => {
    const { version, changes } = await factsOf();
    await Promise.all([edit(square(1, 1, "A"), version), edit(square(30, 30, "B"), version)]);
    expect([...namesKept()].sort()).toEqual(["A", "B"]);
    expect((await factsOf()).changes).toBe(changes + 2);
  });

  test("that another program wrote meanwhile are read again, and nothing of them is written over", async () => {
    await edit(square(1, 1, "mine"));
    const { version } = await factsOf();
    const [mine] = kept().features;
    const theirs = { ...mine, id: "4a", properties: { objectType: "annotation", name: "theirs" } };
    writeFileSync(FILE, JSON.stringify({ type: "FeatureCollection", features: [mine, theirs] }));
    // files of one tick of a clock differ in size here, of course; their times differ as well
    utimesSync(FILE, 1, 1);
    const refused = await edit(square(30, 30, "late"), version);
    expect(refused.status).toBe(409);
    expect(namesKept()).toEqual(["mine", "theirs"]);
    await edit(square(30, 30, "late"));
    expect(namesKept()).toEqual(["mine", "theirs", "late"]);
  });

  test("two servers on one folder do not write over each other", async () => {
    await using other = await startServer([lab]);
    await edit(square(1, 1, "first"));
    const at = ANNOTATIONS;
    const seen = (
      (await (await fetch(`${other.address}api/objects?${new URLSearchParams({ at })}`)).json()) as Facts
    ).version;
    const { version } = await factsOf();
    const post = (address: string, change: object, by: string) =>
      fetch(`${address}api/experiment/objects/edit`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ at, edit: change, seen: by }),
      });
    expect((await post(other.address, square(20, 20, "second"), seen)).status).toBe(200);
    expect((await post(server.address, square(40, 40, "third"), version)).status).toBe(409);
    expect(namesKept()).toEqual(["first", "second"]);
  });

  test.each([
    ["no JSON", "{ not json", /map\.mrc\.annotations\.geojson/],
    ["another format", '{"type":"Topology","objects":{}}', /map\.mrc\.annotations\.geojson/],
    [
      "an outline beyond the image",
      JSON.stringify({
        type: "FeatureCollection",
        features: [{ type: "Feature", geometry: { type: "Point", coordinates: [900, 900] }, properties: {} }],
      }),
      /64 x 64 pixels/,
    ],
  ])("a file with %s is refused with its name, and stays as it is", async (_, text, said) => {
    writeFileSync(FILE, text);
    const { status, body } = await ask("objects", { at: ANNOTATIONS });
    expect([status, body.error]).toEqual([
      expect.toSatisfy((code) => code >= 400 && code < 500),
      expect.stringMatching(said),
    ]);
    expect(JSON.stringify(body)).not.toContain(scratch.path);
    expect((await edit(square(1, 1), "any")).status).toBeGreaterThanOrEqual(400);
    expect(readFileSync(FILE, "utf8")).toBe(text);
  });

  test("a file that could not be written anew whole is shown and locked", async () => {
    const line = {
      type: "LineString",
      coordinates: [
        [1, 1],
        [9, 9],
      ],
    };
    const text = JSON.stringify({
      type: "FeatureCollection",
      features: [
        { type: "Feature", geometry: line, properties: {} },
        { type: "Feature", geometry: { type: "Point", coordinates: [3, 4] }, properties: { owner: "Ada" } },
      ],
    });
    writeFileSync(FILE, text);
    const facts = await factsOf();
    expect(facts.types).toMatchObject([{ objects: 1 }]);
    expect(facts.locked).toContain("LineString");
    expect(facts.locked).toContain("owner");
    const { status, body } = await edit(square(1, 1));
    expect([status, body.error]).toEqual([422, expect.stringContaining("LineString")]);
    expect(readFileSync(FILE, "utf8")).toBe(text);
  });

  test("with --read-only nothing is written, and what is drawn lasts until the server ends", async () => {
    await serve({ isReadOnly: true });
    expect((await factsOf()).notKept).toContain("--read-only");
    expect((await edit(square(1, 1))).status).toBe(200);
    expect((await factsOf()).types).toMatchObject([{ objects: 1 }]);
    expect(readdirSync(lab)).toEqual(["map.mrc"]);
    const rename = await fetch(`${server.address}api/experiment/rename`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ at: "lab/map.mrc", what: "type", from: "a", to: "b" }),
    });
    expect([rename.status, await rename.text()]).toEqual([403, expect.stringContaining("--read-only")]);
  });

  test("a file that cannot be written takes the change back", async () => {
    await factsOf();
    mkdirSync(FILE);
    const { status } = await edit(square(1, 1), "any");
    expect(status).toBeGreaterThanOrEqual(400);
    rmSync(FILE, { recursive: true });
    expect((await factsOf()).types).toMatchObject([{ objects: 0 }]);
  });

  test("of a file that is served alone lie beside it, and no link leads them elsewhere", async () => {
    await server.close();
    server = await startServer([join(lab, "map.mrc")]);
    const at = formatObjectsAt({ of: "annotations", at: "map.mrc" });
    await edit(square(2, 2, "alone"), undefined, at);
    expect(namesKept()).toEqual(["alone"]);
    // what is beside is for nobody to read
    expect((await ask("browse", { at: "map.mrc.annotations.geojson" })).status).toBe(404);
    rmSync(FILE);
    const secret = join(scratch.path, "secret.geojson");
    writeFileSync(secret, '{"type":"FeatureCollection","features":[]}');
    symlinkSync(secret, FILE);
    const { status, body } = await ask("objects", { at });
    expect([status, JSON.stringify(body)]).toEqual([403, expect.not.stringContaining("secret")]);
  });

  test.each(["lab/../secret", "lab/none.mrc", "other/map.mrc"])("of %s there are none", async (at) => {
    const { status } = await ask("objects", { at: formatObjectsAt({ of: "annotations", at }) });
    expect(status).toBe(404);
  });
});

describe("labels", () => {
  const TABLE = "label,area,roundness\n3,11,0.5\n8,22,0.25\n99,1,1\n";
  beforeEach(async () => {
    // 3 in the upper half, 8 in a square below
    const data = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => {
      const [y, x] = [Math.floor(i / SIDE), i % SIDE];
      return y < SIDE / 2 ? 3 : x < 8 && y < SIDE / 2 + 8 ? 8 : 0;
    });
    await writeTiff(join(lab, "labels.tif"), { pages: [{ data, width: SIDE, height: SIDE, channels: 1 }] });
    writeFileSync(join(lab, "features.csv"), TABLE);
    writeFileSync(join(lab, "other.csv"), "name,value\na,1\n");
  });
  const at = formatObjectsAt({ of: "labels", at: "lab/labels.tif", table: "lab/features.csv" });

  test("are points with their pixels and the features of a table, whose other rows are counted", async () => {
    const facts = await factsOf(at);
    expect(facts.types).toMatchObject([
      { name: "Labels", objects: 2, features: ["pixels", "area", "roundness"] },
    ]);
    expect(facts.warnings).toEqual([expect.stringContaining("1 rows of labels that are not in the image")]);
    expect(JSON.stringify(facts)).not.toContain(scratch.path);
    const columns = await fetch(`${server.address}api/experiment/objects/export`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ at, type: "Labels", format: "csv" }),
    });
    const [head, first, second] = (await columns.text())
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const cell = (row: string[], name: string) => Number(row[head.indexOf(name)]);
    expect(["label", "centroid_y", "centroid_x", "pixels", "area"].map((name) => cell(first, name))).toEqual([
      3, 16, 32, 2048, 11,
    ]);
    expect(["label", "centroid_y", "centroid_x", "pixels", "area"].map((name) => cell(second, name))).toEqual(
      [8, 36, 4, 64, 22],
    );
  });

  test("get classes, kept in a table beside them, and are themselves never changed", async () => {
    const all = { type: "Labels", classify: [{ className: "big", classColor: "00FF00", ids: [1] }] };
    expect((await edit(all, undefined, at)).status).toBe(200);
    const file = join(lab, "labels.tif.classes.csv");
    expect(readFileSync(file, "utf8")).toBe("label,class,color\n3,big,00FF00\n");
    await serve();
    expect((await edit({ type: "Labels", remove: [1] }, undefined, at)).status).toBe(400);
    const more = { type: "Labels", classify: [{ className: "small", ids: [2] }] };
    await edit(more, undefined, at);
    expect(readFileSync(file, "utf8")).toBe("label,class,color\n3,big,00FF00\n8,small,\n");
    writeFileSync(file, "something,else\n1,2\n");
    expect((await ask("objects", { at })).body.error).toContain("label, class, color");
  });

  test("are offered what lies beside: tables with labels, files as large", async () => {
    const { body } = await ask("objects/choices", { at: "lab/labels.tif" });
    expect(body).toEqual({ tables: ["lab/features.csv"], types: [], labels: [], first: null });
    const beside = await ask("objects/choices", { at: "lab/map.mrc" });
    expect(beside.body).toMatchObject({ labels: ["lab/labels.tif"] });
    await serve({ objects: join(lab, "features.csv") });
    expect((await ask("objects/choices", { at: "lab/labels.tif" })).body.first).toBe("features.csv");
  });

  test("of an image without labels are none", async () => {
    const { status, body } = await ask("objects", {
      at: formatObjectsAt({ of: "labels", at: "lab/map.mrc" }),
    });
    expect([status, (body as { types?: object }).types]).toEqual([200, [{ ...EMPTY, name: "Labels" }]]);
    const data = Float32Array.from({ length: SIDE * SIDE }, (_, i) => i / 2);
    writeFileSync(join(lab, "half.mrc"), formatMrc({ data, shape: [SIDE, SIDE], voxelSizeA: 1 }));
    const half = await ask("objects", { at: formatObjectsAt({ of: "labels", at: "lab/half.mrc" }) });
    expect([half.status, half.body.error]).toEqual([422, expect.stringContaining("whole numbers")]);
  });

  test("of a file that does not call them so are no means on any level", async () => {
    const side = 1100;
    const data = Uint8Array.from({ length: side * side }, (_, i) => (((i % side) & 1) === 0 ? 10 : 20));
    await writeTiff(join(lab, "wide.tif"), { pages: [{ data, width: side, height: side, channels: 1 }] });
    const tile = async (as: Record<string, string>) => {
      const query = new URLSearchParams({ at: "lab/wide.tif", level: "1", row: "0", column: "0", ...as });
      const bytes = await (await fetch(`${server.address}api/image/tile?${query}`)).arrayBuffer();
      return new Set(new Uint8Array(bytes));
    };
    expect(await tile({})).toEqual(new Set([15]));
    for (const value of await tile({ as: "labels" })) expect([10, 20]).toContain(value);
  });
});

const EMPTY = { refType: null, objects: 0, layers: [], features: [] };
