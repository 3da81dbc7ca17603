import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cellsValue, makeServedCase, type ServedCase } from "../../test/support/servedCase.ts";
import { formatNpy, openImage } from "../io/index.ts";
import type { Server } from "./index.ts";

let served: ServedCase;
let server: Server;
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { headers });
const query = (route: string, values: Record<string, string | number>) =>
  get(
    `/api/${route}?${new URLSearchParams(Object.entries(values).map(([key, value]) => [key, String(value)]))}`,
  );
const jsonOf = async (response: Response | Promise<Response>) => (await response).json();

beforeAll(async () => {
  served = await makeServedCase();
  server = await served.serve();
});
afterAll(async () => {
  await server?.close();
  served?.remove();
});

test("what is served, and what a folder holds: links that lead out are not there", async () => {
  expect(await jsonOf(get("/api/roots"))).toEqual([
    { name: "lab", at: "lab", kind: "folder", format: "folder", bytes: null },
  ]);
  const { entries } = await jsonOf(query("browse", { at: "lab" }));
  const kinds = Object.fromEntries(
    entries.map((entry: { name: string; kind: string }) => [entry.name, entry.kind]),
  );
  expect(kinds).toMatchObject({
    "cells.zarr": "image",
    "map.mrc": "image",
    "spots.tif": "image",
    inside: "folder",
  });
  expect(kinds).toMatchObject({ "<img src=x onerror=alert(1)>.txt": "file", "line\nfeed.txt": "file" });
  expect(Object.keys(kinds)).not.toEqual(expect.arrayContaining(["link.txt"]));
  expect(Object.keys(kinds)).not.toEqual(expect.arrayContaining(["out"]));
});

describe("an image", () => {
  test("is described with channels and levels that are halves down to one screen", async () => {
    const image = await jsonOf(query("image", { at: "lab/cells.zarr" }));
    expect(image).toMatchObject({ format: "ome-zarr", dtype: "uint16", plate: null, isLabels: false });
    expect(image.axes.map(({ name, length }: { name: string; length: number }) => [name, length])).toEqual([
      ["time", 2],
      ["channel", 3],
      ["y", 1031],
      ["x", 1100],
    ]);
    expect(image.views).toEqual([
      { height: 1031, width: 1100, factor: 1 },
      { height: 516, width: 550, factor: 2 },
      { height: 258, width: 275, factor: 4 },
    ]);
    expect(image.channels[1]).toMatchObject({
      name: "GFP",
      color: "00FF00",
      window: { start: 0, end: 4000 },
    });
  });

  test("gives tiles with the file's values, smaller at the end", async () => {
    const places = "time:1,channel:2";
    const response = await query("image/tile", { at: "lab/cells.zarr", level: 0, row: 2, column: 2, places });
    expect(response.headers.get("x-vitrine-shape")).toBe("7,76");
    expect(response.headers.get("x-vitrine-type")).toBe("uint16");
    const values = new Uint16Array(await response.arrayBuffer());
    const expected = (y: number, x: number) =>
      cellsValue({ time: 1, channel: 2, i: y * 1100 + x, width: 1100 });
    expect([values[0], values[77]]).toEqual([expected(1024, 1024), expected(1025, 1025)]);
  });

  test("gives labels of 64 bits as they are, and says which it cannot", async () => {
    const labels = BigInt64Array.of(0n, 1n, 2n ** 24n + 1n, 2n ** 31n - 1n);
    const path = `${served.root}/wide.npy`;
    const write = () => writeFileSync(path, formatNpy({ data: labels, shape: [2, 2] }));
    write();
    const which = { at: "lab/wide.npy", as: "labels" };
    expect(await jsonOf(query("image", which))).toMatchObject({ dtype: "int32", isLabels: true });
    const tile = { ...which, level: 0, row: 0, column: 0 };
    const response = await query("image/tile", tile);
    expect(response.headers.get("x-vitrine-type")).toBe("int32");
    expect(Array.from(new Int32Array(await response.arrayBuffer()))).toEqual(Array.from(labels, Number));
    labels[3] = 2n ** 31n;
    rmSync(path);
    write();
    const { error } = await jsonOf(query("image/tile", tile));
    expect(error).toMatch(/wide.npy: expected labels: whole numbers of 32 bits, found 2147483648/);
    rmSync(path);
  });

  test("has levels that the file lacks: means of its pixels", async () => {
    const at = `${served.root}/spots.tif`;
    const response = await query("image/tile", {
      at: "lab/spots.tif",
      level: 2,
      row: 0,
      column: 0,
      size: 64,
    });
    const values = new Uint16Array(await response.arrayBuffer());
    await using source = await openImage(at);
    const { data } = await source.read({ region: { y: [0, 256], x: [0, 256] } });
    const mean = (row: number, column: number) => {
      let sum = 0;
      for (let y = 0; y < 4; y++)
        for (let x = 0; x < 4; x++) sum += data[(4 * row + y) * 256 + 4 * column + x];
      return Math.round(sum / 16);
    };
    expect([values[0], values[5], values[64 * 9 + 11]]).toEqual([mean(0, 0), mean(0, 5), mean(9, 11)]);
  });

  test("has contrast that shows what is small and bright", async () => {
    const spread = await jsonOf(query("image/statistics", { at: "lab/spots.tif" }));
    expect(spread).toMatchObject({ min: 98, max: 3000, low: 98, high: 3000, isWhole: false, missing: 0 });
    const whole = await jsonOf(query("image/statistics", { at: "lab/map.mrc", places: "z:1" }));
    expect(whole.isWhole).toBe(true);
    expect(whole.min).toBeCloseTo(200);
    expect(whole.histogram.reduce((sum: number, count: number) => sum + count)).toBe(2000);
  });

  test("gives regions of its own levels, and pictures", async () => {
    const region = await query("image/region", { at: "lab/map.mrc", y: "3-5", x: "7-10", places: "z:2" });
    const values = new Float32Array(await region.arrayBuffer());
    expect([...values]).toEqual([...Float32Array.of(415.7, 415.8, 415.9, 420.7, 420.8, 420.9)]);
    const picture = await query("image/picture", {
      at: "lab/cells.zarr",
      level: 1,
      places: "channel:1",
      color: "00ff00",
    });
    expect([picture.status, picture.headers.get("content-type")]).toEqual([200, "image/png"]);
    const bytes = new Uint8Array(await picture.arrayBuffer());
    expect([...bytes.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
  });

  test("is not sent again to whoever has it", async () => {
    const path = "/api/image/tile?at=lab%2Fmap.mrc&level=0&row=0&column=0";
    const etag = (await get(path)).headers.get("etag")!;
    const again = await get(path, { "If-None-Match": etag });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });
});

describe("files", () => {
  test("come whole or in parts", async () => {
    const whole = await get("/files/lab/inner/digits.txt");
    expect([whole.status, await whole.text()]).toEqual([200, "0123456789"]);
    const part = await get("/files/lab/inside/digits.txt", { Range: "bytes=2-4" });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
      206,
      "bytes 2-4/10",
      "234",
    ]);
    const etag = whole.headers.get("etag")!;
    expect(
      (await get("/files/lab/inner/digits.txt", { "If-None-Match": etag, "Cache-Control": "max-age=0" }))
        .status,
    ).toBe(304);
  });

  test("hidden files of Zarr stores come too, folders do not", async () => {
    expect((await get("/files/lab/cells.zarr/zarr.json")).status).toBe(200);
    expect((await get("/files/lab/inner")).status).toBe(404);
  });
});

test("wrong requests are told what is wrong, without paths of this machine", async () => {
  const said = async (response: Promise<Response>) => {
    const { status } = await response;
    const { error } = await jsonOf(response);
    expect(error).not.toContain(served.root);
    return `${status} ${error}`;
  };
  expect(await said(query("image", { at: "lab/none.mrc" }))).toMatch(
    /^404 lab\/none\.mrc: expected a file or folder that is served/,
  );
  expect(await said(query("image", { at: "lab/broken.mrc" }))).toMatch(/^422 lab\/broken\.mrc/);
  expect(await said(query("image", { at: "lab/map.mrc", levle: 1 }))).toMatch(
    /^400 \/api\/image levle: expected a known key/,
  );
  expect(await said(query("image/tile", { at: "lab/map.mrc", level: 9, row: 0, column: 0 }))).toBe(
    "400 lab/map.mrc: expected a level below 1, found 9.",
  );
  expect(await said(query("image/tile", { at: "lab/map.mrc", level: "x", row: 0, column: 0 }))).toMatch(
    /^400 .*level: expected a whole number/,
  );
  expect(
    await said(query("image/tile", { at: "lab/map.mrc", level: 0, row: 0, column: 0, places: "z:9" })),
  ).toMatch(/^400 lab\/map\.mrc level 0 z: expected indices within 0\.\.3/);
  expect(await said(get("/api/nothing"))).toBe("404 Nothing has this address");
});

test("a port that is taken is told", async () => {
  await expect(served.serve({ port: server.port })).rejects.toThrow(
    `127.0.0.1:${server.port}: expected a port that is free, found one in use.`,
  );
});

test("a token is kept in a file of its owner alone, and no other file is believed", async () => {
  const file = join(served.root, "../token");
  const first = await served.serve({ host: "0.0.0.0", tokenFile: file });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).toBe(`${first.token}\n`);
  await first.close();
  const second = await served.serve({ host: "0.0.0.0", tokenFile: file });
  expect(second.token).toBe(first.token);
  const ask = (token: string) =>
    fetch(`http://127.0.0.1:${second.port}/api/roots`, { headers: { Authorization: `Bearer ${token}` } });
  expect([(await ask(second.token!)).status, (await ask("none")).status]).toEqual([200, 401]);
  await second.close();
  chmodSync(file, 0o644);
  await expect(served.serve({ host: "0.0.0.0", tokenFile: file })).rejects.toThrow(
    /expected a file that its owner alone may read, found mode 644/,
  );
  writeFileSync(file, "secret\n");
  chmodSync(file, 0o600);
  await expect(served.serve({ host: "0.0.0.0", tokenFile: file })).rejects.toThrow(
    /expected a token of 43 to 128 letters, digits, - and _, found 6 characters/,
  );
  await expect(served.serve({ host: "0.0.0.0", token: "" })).rejects.toThrow(/^startServer token: expected/);
  await expect(served.serve({ host: "0.0.0.0", tokenFile: join(file, "deeper") })).rejects.toThrow(
    /expected a file for the token, found ENOTDIR/,
  );
});
