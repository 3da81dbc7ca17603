// The page in Chromium without a graphics card: its first picture, the frames while it moves and zooms, its memory while a large store is roamed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { median, percentile } from "../figures.js";
import { makeLayer } from "./layer.js";
import { startProcess } from "./tiles.js";

const PROGRAM = fileURLToPath(new URL("../../bin/vitrine.js", import.meta.url));
const SOFTWARE = "--no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist";
const VIEWPORT = { width: 900, height: 700 };
const LOADS = 5;
/** A sparse store: every chunk that is not there is 0. 262144 x 196608 pixels of 16 bits are 103 GB. */
const STORE = { height: 196_608, width: 262_144, chunk: 512 };

/** `server page [side] [seconds of roaming]`: default 16384, 300. */
export async function measurePage([side = "16384", seconds = "300"]) {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-bench-page-"));
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [...SOFTWARE.split(" "), "--disable-dev-shm-usage", "--enable-precise-memory-info"],
  });
  let served;
  try {
    const { directory } = await makeLayer(folder, { side: Number(side), channels: 5 });
    const store = join(folder, "large.zarr");
    writeStore(store);
    served = await startProcess([PROGRAM, "serve", directory, store, "--json"]);
    const address = `http://127.0.0.1:${served.port}/`;
    await firstPicture(browser, address, side);
    await frames(browser, address, side);
    await roam(browser, address, Number(seconds));
  } finally {
    await browser.close();
    served?.child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Time from the page's `load` until the middle of the stage has colour. */
async function firstPicture(browser, address, side) {
  const times = [];
  for (let i = 0; i < LOADS; i++) {
    const page = await browser.newPage({ viewport: VIEWPORT });
    await page.addInitScript(watchPicture);
    await page.goto(`${address}#at=screen`);
    times.push(await page.evaluate("picture"));
    await page.close();
  }
  console.log(
    `first picture of ${side}², five channels: ${median(times).toFixed(0)} ms after load (${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)}; bar 1500)`,
  );
}

/** Runs in the page: looks at the drawn canvas once a frame. */
function watchPicture() {
  const small = document.createElement("canvas");
  [small.width, small.height] = [16, 16];
  const context = small.getContext("2d", { willReadFrequently: true });
  let loaded = Number.NaN;
  addEventListener("load", () => {
    loaded = performance.now();
  });
  // what was drawn can be read only while it was just drawn
  const original = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, options) {
    return original.call(
      this,
      kind,
      kind === "webgl2" ? { ...options, preserveDrawingBuffer: true } : options,
    );
  };
  globalThis.picture = new Promise((resolve) => {
    const look = () => {
      const canvas = document.querySelector(".canvas canvas");
      if (canvas !== null && canvas.width > 16 && !Number.isNaN(loaded)) {
        context.drawImage(canvas, canvas.width / 2 - 50, canvas.height / 2 - 50, 100, 100, 0, 0, 16, 16);
        const { data } = context.getImageData(0, 0, 16, 16);
        if (data.some((value, i) => i % 4 < 3 && value > 20)) return resolve(performance.now() - loaded);
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

/** Times between frames while the stage is zoomed and dragged, six times. */
async function frames(browser, address, side) {
  const page = await browser.newPage({ viewport: VIEWPORT });
  await page.addInitScript(watchPicture);
  await page.goto(`${address}#at=screen`);
  await page.evaluate("picture");
  await page.waitForTimeout(2000);
  await page.evaluate(() => {
    globalThis.times = [];
    let last = performance.now();
    const tick = () => {
      const now = performance.now();
      globalThis.times.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  for (let i = 0; i < 6; i++) {
    await page.mouse.move(300, 350);
    await page.mouse.wheel(0, i < 3 ? -300 : 300);
    await page.mouse.down();
    for (let step = 0; step < 10; step++) await page.mouse.move(300 + 16 * step, 350 + 8 * step);
    await page.mouse.up();
  }
  const times = await page.evaluate("times");
  await page.close();
  console.log(
    `moved and zoomed, ${VIEWPORT.width} x ${VIEWPORT.height}, ${side}², software rendering: ${times.length} frames, median ${median(times).toFixed(0)} ms, ` +
      `95 % below ${percentile(times, 0.95).toFixed(0)}, longest ${Math.max(...times).toFixed(0)} ms (bar 100)`,
  );
}

/** Heap and tiles' memory of the page while a store of 100 GB is roamed. */
async function roam(browser, address, seconds) {
  const page = await browser.newPage({ viewport: VIEWPORT });
  await page.goto(`${address}#at=large.zarr`);
  await page.getByTestId("canvas").waitFor();
  const client = await page.context().newCDPSession(page);
  const memory = async () => {
    await client.send("HeapProfiler.collectGarbage");
    const { usedJSHeapSize } = await page.evaluate(() => ({
      usedJSHeapSize: performance.memory.usedJSHeapSize,
    }));
    return usedJSHeapSize / 2 ** 20;
  };
  const seen = [];
  const end = performance.now() + 1000 * seconds;
  for (let i = 0; performance.now() < end; i++) {
    const [x, y] = [(i * 7919 * 512) % STORE.width, (i * 104_729 * 512) % STORE.height];
    await page.evaluate(
      ([at, zoom]) => {
        location.hash = `at=large.zarr&view=${at},${zoom}`;
        dispatchEvent(new PopStateEvent("popstate"));
      },
      [`${x},${y}`, -(i % 6)],
    );
    await page.waitForTimeout(500);
    if (i % 10 === 9) seen.push(await memory());
  }
  await page.close();
  const half = seen.slice(seen.length >> 1);
  console.log(
    `roamed ${seconds} s in ${((STORE.height * STORE.width * 2) / 1e9).toFixed(0)} GB: heap ${seen[0]?.toFixed(0)} MiB at first, at most ${Math.max(...seen).toFixed(0)}, ` +
      `second half ${Math.min(...half).toFixed(0)} to ${Math.max(...half).toFixed(0)}`,
  );
}

/** OME-Zarr 0.4 with levels down to a screen, without any chunk but one. */
function writeStore(folder) {
  const { height, width, chunk } = STORE;
  const datasets = [];
  for (let level = 0; Math.max(height, width) / 2 ** level > chunk; level++) {
    const shape = [height, width].map((length) => Math.ceil(length / 2 ** level));
    mkdirSync(join(folder, String(level)), { recursive: true });
    const array = { shape, chunks: [chunk, chunk], dtype: "<u2", fill_value: 7 * (level + 1), order: "C" };
    const rest = { filters: null, compressor: null, zarr_format: 2, dimension_separator: "/" };
    writeFileSync(join(folder, String(level), ".zarray"), JSON.stringify({ ...array, ...rest }));
    datasets.push({
      path: String(level),
      coordinateTransformations: [{ type: "scale", scale: [2 ** level, 2 ** level] }],
    });
  }
  const axes = ["y", "x"].map((name) => ({ name, type: "space", unit: "micrometer" }));
  writeFileSync(join(folder, ".zgroup"), JSON.stringify({ zarr_format: 2 }));
  writeFileSync(
    join(folder, ".zattrs"),
    JSON.stringify({ multiscales: [{ version: "0.4", axes, datasets }] }),
  );
}
