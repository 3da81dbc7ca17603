import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openNdtiff } from "./open.ts";
import { createNdtiff } from "./writer.ts";

// what a page loads in place of Node's files
vi.mock("#files", () => import("../files.browser.ts"));

const golden = fileURLToPath(new URL("../../../test/golden/acquire/", import.meta.url));
let server: Server;
let address = "";
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const bytes = await readFile(golden + decodeURIComponent(request.url ?? "")).catch(() => undefined);
    if (bytes === undefined) {
      response.writeHead(404).end();
      return;
    }
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
    if (from === undefined) {
      response.end(bytes);
      return;
    }
    const part = bytes.subarray(Number(from), Number(to) + 1);
    response.writeHead(206, { "Content-Range": `bytes ${from}-${to}/${bytes.length}` }).end(part);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

test("a page reads a dataset, and a crashed one, by its address", async () => {
  const listing = JSON.parse(await readFile(`${golden}ndtiff_listing.json`, "utf8"));
  const [{ images }] = listing;
  for (const [name, recovered] of [
    ["tcz_u16", 0],
    ["tcz_u16_crashed", 1],
  ] as const) {
    await using dataset = await openNdtiff(`${address}/${name}`);
    expect([dataset.recovered, dataset.levels]).toEqual([recovered, [0]]);
    for (const { axes, sum, metadata } of images) {
      const { data } = await dataset.readImage(axes);
      expect(Array.from(data).reduce((total, value) => total + value, 0)).toBe(sum);
      expect(await dataset.readMetadata(axes)).toEqual(metadata);
    }
  }
  await expect(openNdtiff(`${address}/none`)).rejects.toMatchObject({ code: "unsupported" });
  await expect(createNdtiff({ directory: "cells_1" })).rejects.toMatchObject({ code: "unsupported" });
});
