/** OME-Zarr stores at addresses of the web: from plain file servers of every kind, and what is said where one refuses. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scratchFolder } from "../../test/support/plateCase.ts";
import { startWebServer, type WebServerOptions } from "../../test/support/webServer.ts";
import {
  createOmeZarrImage,
  createOmeZarrPlate,
  formatMrc,
  openImage,
  writeFileAtomic,
} from "../io/index.ts";
import { type Server, startServer } from "./index.ts";

const scratch = scratchFolder("web");
const SIDE = 300;
const CHUNK = 64;

const space = ["y", "x"].map((name) => ({ name, kind: "space", unit: "micrometer" }) as const);
const value = (i: number) => (i * 7) % 251;

beforeAll(async () => {
  await writeImage("v4.zarr", { version: "0.4" });
  await writeImage("v5.zarr", { version: "0.5" });
  await writeImage("sharded.zarr", { version: "0.5", shardShape: [2 * CHUNK, 2 * CHUNK] });
  await using plate = await createOmeZarrPlate({
    ...{ directory: join(scratch.path, "plate.zarr"), rows: ["A"], columns: ["1", "2"], threads: 0 },
  });
  for (const column of ["1", "2"]) {
    const field = { row: "A", column, axes: space, shape: [8, 9], scale: [1, 1], dtype: "uint8" } as const;
    await using image = await plate.createField(field);
    await image.write({}, new Uint8Array(72).fill(Number(column)));
    await image.finish();
  }
});
afterAll(() => scratch.remove());

async function writeImage(
  name: string,
  options: Pick<Parameters<typeof createOmeZarrImage>[0], "version" | "shardShape">,
): Promise<void> {
  await using writer = await createOmeZarrImage({
    ...{ directory: join(scratch.path, name), axes: space, shape: [SIDE, SIDE], scale: [1, 1] },
    ...{ dtype: "uint8", chunkShape: [CHUNK, CHUNK], threads: 0, ...options },
  });
  await writer.write(
    {},
    Uint8Array.from({ length: SIDE * SIDE }, (_, i) => value(i)),
  );
  await writer.finish();
}

const get = async (server: Server, path: string) => {
  const response = await fetch(server.address + path);
  return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
};
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const region = (at: string) => `api/image/region?at=${encodeURIComponent(at)}&y=60-70&x=120-140`;
const EXPECTED = Uint8Array.from({ length: 200 }, (_, i) =>
  value((60 + Math.floor(i / 20)) * SIDE + 120 + (i % 20)),
);

const SERVERS: Readonly<Record<string, WebServerOptions>> = {
  "without ranges": {},
  "with ranges": { hasRanges: true },
  "that packs all": { isPacked: true },
  "that packs parts": { isPacked: true, hasRanges: true },
  "that wants a signature": { query: "?sig=a/b%2Bc&e=1", hasRanges: true },
  "that refuses what is not there": { missing: 403, hasRanges: true },
};

describe.each(Object.entries(SERVERS))("a file server %s", (_, options) => {
  test.each(["v4.zarr", "v5.zarr", "sharded.zarr"])("gives %s, served by its address", async (name) => {
    await using web = await startWebServer(scratch.path, options);
    await using server = await startServer([`${web.address}/${name}/${options.query ?? ""}`]);
    expect(server.roots).toEqual([name]);
    const { status, bytes } = await get(server, region(name));
    expect([status, bytes]).toEqual([200, EXPECTED]);
    const listed = textOf((await get(server, "api/roots")).bytes);
    expect(JSON.parse(listed)).toMatchObject([{ name, at: name, kind: "image", format: "ome-zarr" }]);
    // a signature is for nobody to read
    const facts = textOf((await get(server, `api/image?at=${name}`)).bytes);
    expect(facts).not.toContain("sig=");
  });
});

test("a plate below folders has its wells, a chunk that is not there is empty", async () => {
  await using web = await startWebServer(join(scratch.path, ".."), { hasRanges: true });
  const folder = scratch.path.split("/").at(-1);
  rmSync(join(scratch.path, "v5.zarr/0/c/1/1"), { force: true });
  await using server = await startServer([
    `${web.address}/${folder}/plate.zarr`,
    `${web.address}/${folder}/v5.zarr`,
  ]);
  const { plate } = JSON.parse(textOf((await get(server, "api/image?at=plate.zarr")).bytes)) as {
    readonly plate: { readonly fields: readonly { readonly well: string }[] };
  };
  expect(plate.fields.map(({ well }) => well)).toEqual(["A1", "A2"].map((_, i) => plate.fields[i].well));
  expect(plate.fields).toHaveLength(2);
  const field = await get(server, "api/image/region?at=plate.zarr&image=A/2/0");
  expect(new Set(field.bytes)).toEqual(new Set([2]));
  const { bytes } = await get(server, "api/image/region?at=v5.zarr&y=70-72&x=70-72");
  expect([...bytes]).toEqual([0, 0, 0, 0]);
});

test.each<[string, WebServerOptions, string, RegExp]>([
  ["that is not there", {}, "none.zarr", /none\.zarr/],
  ["that wants to know who asks", { refuses: () => 401 }, "v4.zarr", /401.*signed/],
  ["that gives no permission", { refuses: () => 403 }, "v4.zarr", /403.*signed/],
  ["that fails", { refuses: () => 503 }, "v4.zarr", /503.*later/],
])("what is wrong with an address %s is said before anything is served", async (_, options, name, said) => {
  await using web = await startWebServer(scratch.path, options);
  await expect(startServer([`${web.address}/${name}?secret=1`])).rejects.toThrow(said);
  await expect(startServer([`${web.address}/${name}?secret=1`])).rejects.not.toThrow(/secret/);
});

test("chunks that are refused are told, with what to do, and are never empty in silence", async () => {
  await using web = await startWebServer(scratch.path, {
    refuses: (path) => (/\/c\/|\/0\/\d/.test(path) ? 403 : undefined),
  });
  await using server = await startServer([`${web.address}/v4.zarr`]);
  const { status, bytes } = await get(server, region("v4.zarr"));
  expect(status).toBe(403);
  expect(textOf(bytes)).toMatch(/403.*signed/);
});

test("a server that nobody listens at, and what is no address, are told", async () => {
  await expect(startServer(["http://127.0.0.1:1/a.zarr"])).rejects.toThrow(/127\.0\.0\.1:1.*network/);
  await expect(startServer(["http://"])).rejects.toThrow(/whole address/);
});

test("the page opens addresses on this machine alone, and nothing that nobody opened is read", async () => {
  await using web = await startWebServer(scratch.path, { query: "?sig=1" });
  const address = `${web.address}/v4.zarr?sig=1`;
  await using server = await startServer([join(scratch.path, "v5.zarr")]);
  const open = (on: Server, headers: Record<string, string> = {}) =>
    fetch(`${on.address.replace(/\?.*/, "")}api/address/open`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify({ address }),
    });
  const at = `@${encodeURIComponent(address)}`;
  expect((await get(server, region(at))).status).toBe(404);
  expect(web.asked).toEqual([]);
  expect((await open(server, { Origin: "https://elsewhere.example" })).status).toBe(403);
  expect(await (await open(server)).json()).toEqual({ at });
  expect((await get(server, region(at))).bytes).toEqual(EXPECTED);
  // what lies beside is not opened with it, nor is it a file to save
  expect((await get(server, region(`${at}/0`))).status).toBe(404);
  expect((await get(server, `files/${encodeURIComponent(at)}`)).status).toBe(404);
  const objects = `api/objects?at=${encodeURIComponent(`@objects?of=annotations&at=${encodeURIComponent(at)}`)}`;
  expect(textOf((await get(server, objects)).bytes)).toContain("lies at an address");

  await using reached = await startServer([join(scratch.path, "v5.zarr")], { host: "0.0.0.0" });
  const refused = await open(reached, { Authorization: `Bearer ${reached.token}` });
  expect([refused.status, await refused.text()]).toEqual([
    403,
    expect.stringContaining("vitrine serve ADDRESS"),
  ]);
});

test("a map at an address is read in parts", async () => {
  const data = Float32Array.from({ length: 40 * 50 }, (_, i) => i);
  await writeFileAtomic(join(scratch.path, "map.mrc"), formatMrc({ data, shape: [40, 50], voxelSizeA: 1 }));
  await using web = await startWebServer(scratch.path, { hasRanges: true });
  await using image = await openImage(`${web.address}/map.mrc`);
  const read = await image.read({ region: { y: [1, 2], x: [0, 3] } });
  expect([...read.data]).toEqual([50, 51, 52]);
});
