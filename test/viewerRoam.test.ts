/** A store of 100 GB in the page: wherever one goes in it, its process keeps the memory of what is seen. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, CDPSession, Request } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../src/server/index.ts";
import { launchBrowser } from "./support/browser.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { drawn, openViewer } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const scratch = scratchFolder("viewer-roam");
/** Every chunk that is not there is 700. */
const STORE = { height: 196_608, width: 262_144, chunk: 512 };
/** Places that are looked at, each with some four tiles that are new; what is kept in case of a way back is full after some sixty. */
const ALL = 90;
/** Over so many places the least memory counts: before the last twenty, and at the end. */
const WINDOW = 10;
/** 512 x 512 pixels of 16 bits. */
const TILE_MIB = 0.5;
/** Of the process of the page, MiB: 190 at first, some 470 when full. */
const MOST_MIB = 800;
/** Over the last twenty places; their tiles and textures would be 100. */
const MORE_MIB = 30;

let browser: Browser;
let server: Server;

describe.skipIf(!available)("a large store", () => {
  beforeAll(async () => {
    writeStore(join(scratch.path, "large.zarr"));
    server = await startServer([join(scratch.path, "large.zarr")]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    scratch.remove();
  });

  test("is roamed in bounded memory, which does not grow with the way", async () => {
    const at = "#at=large.zarr&channels=1:FFFFFF:0:1000:1";
    const { page, errors } = await openViewer(browser, `${server.address}${at}`, {
      width: 1300,
      height: 1000,
    });
    let asked = 0;
    let ended = 0;
    let came = 0;
    const isTile = (request: Request) => request.url().includes("image/tile");
    page.on("request", (request) => isTile(request) && asked++);
    page.on("requestfailed", (request) => isTile(request) && ended++); // one that was given up
    page.on("requestfinished", (request) => {
      if (!isTile(request)) return;
      ended++;
      came++;
    });
    await drawn(page, ([grey]) => grey > 150);
    const client = await browser.newBrowserCDPSession();
    const own = await page.context().newCDPSession(page);
    const sizes: number[] = [];
    const cameBy: number[] = [];
    for (let i = 1; i <= ALL; i++) {
      const [x, y] = [(i * 7919 * 512) % STORE.width, (i * 104_729 * 512) % STORE.height];
      await page.evaluate(
        (hash) => {
          history.replaceState(null, "", hash);
          dispatchEvent(new PopStateEvent("popstate"));
        },
        `${at}&view=${x},${y},${-(i % 6)}`,
      );
      // some of what is seen there may be known
      await page.waitForTimeout(100);
      await expect.poll(() => asked - ended).toBe(0);
      // what nobody holds any more is not what is asked for
      await own.send("HeapProfiler.collectGarbage");
      sizes.push(await memoryOf(client));
      cameBy.push(came);
    }
    const [before, late] = [ALL - 20, ALL].map((end) => Math.min(...sizes.slice(end - WINDOW, end)));
    expect(TILE_MIB * (came - cameBy[ALL - 21])).toBeGreaterThan(MORE_MIB);
    expect(Math.max(...sizes)).toBeLessThan(MOST_MIB);
    expect(late).toBeLessThan(before + MORE_MIB);
    expect(errors).toEqual([]);
  });
});

/** Resident memory of the largest page's process, MiB: pixels are not in JavaScript's heap. */
async function memoryOf(client: CDPSession): Promise<number> {
  const { processInfo } = await client.send("SystemInfo.getProcessInfo");
  const sizes = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(statusOf(id))?.[1] ?? 0) / 1024);
  return Math.max(...sizes);
}

function statusOf(id: number): string {
  try {
    return readFileSync(`/proc/${id}/status`, "utf8");
  } catch {
    return ""; // it has just ended
  }
}

/** OME-Zarr 0.4 with levels down to a screen, without any chunk. */
function writeStore(folder: string): void {
  const { height, width, chunk } = STORE;
  const datasets = [];
  for (let level = 0; Math.max(height, width) / 2 ** level > chunk; level++) {
    const shape = [height, width].map((length) => Math.ceil(length / 2 ** level));
    mkdirSync(join(folder, String(level)), { recursive: true });
    const array = { shape, chunks: [chunk, chunk], dtype: "<u2", fill_value: 700, order: "C" };
    const rest = { filters: null, compressor: null, zarr_format: 2, dimension_separator: "/" };
    writeFileSync(join(folder, String(level), ".zarray"), JSON.stringify({ ...array, ...rest }));
    const scale = [2 ** level, 2 ** level];
    datasets.push({ path: String(level), coordinateTransformations: [{ type: "scale", scale }] });
  }
  const axes = ["y", "x"].map((name) => ({ name, type: "space", unit: "micrometer" }));
  writeFileSync(join(folder, ".zgroup"), JSON.stringify({ zarr_format: 2 }));
  const multiscales = [{ version: "0.4", axes, datasets }];
  writeFileSync(join(folder, ".zattrs"), JSON.stringify({ multiscales }));
}
