// The page in Chromium without a graphics card: its first picture, and the frames while it moves and zooms.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { median, percentile } from "../figures.js";
import { makeLayer } from "./layer.js";
import { startProcess } from "./tiles.js";

const PROGRAM = fileURLToPath(new URL("../../bin/vitrine.js", import.meta.url));
export const SOFTWARE =
  "--no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist";
export const VIEWPORT = { width: 900, height: 700 };
const LOADS = 5;

/** `server page [side]`: default 16384. */
export async function measurePage([side = "16384"]) {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-bench-page-"));
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [...SOFTWARE.split(" "), "--disable-dev-shm-usage"],
  });
  let served;
  try {
    const { directory } = await makeLayer(folder, { side: Number(side), channels: 5 });
    served = await startProcess([PROGRAM, "serve", directory, "--json"]);
    const address = `http://127.0.0.1:${served.port}/`;
    await firstPicture(browser, address, side);
    await frames(browser, address, side);
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
