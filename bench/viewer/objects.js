// Map objects in the page: how long until they are drawn, how long frames take while the image is moved, how long a click takes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { addContent, addMapobjects, createExperiment } from "../../dist/experiment/index.js";
import { writeTiff } from "../../dist/io/index.js";
import { PyramidBuilder } from "../../dist/pyramid/index.js";
import { startProcess } from "../server/tiles.js";

const PROGRAM = fileURLToPath(new URL("../../bin/vitrine.js", import.meta.url));
const SIDE = 2048;
const SOFTWARE =
  "--disable-dev-shm-usage --no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist";
const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Frames that are drawn while the image is dragged. */
const MOVES = 60;

/** `[polygons] [points]`, default 100,000 and 1,000,000. */
export async function runObjects([polygons = "100000", points = "1000000"]) {
  const scratch = mkdtempSync(join(tmpdir(), "vitrine-bench-viewer-"));
  try {
    await makeScreen(join(scratch, "screen"), Number(polygons), Number(points));
    // a process of its own, as it is with `vitrine serve`
    const served = await startProcess([PROGRAM, "serve", join(scratch, "screen"), "--json"]);
    const browser = await chromium.launch({ executablePath: EXECUTABLE, args: SOFTWARE.split(" ") });
    for (const type of ["Cells", "Spots"]) {
      const page = await browser.newPage({ viewport: { width: 900, height: 700 } });
      await measure(page, `http://127.0.0.1:${served.port}/#at=screen&objects=${type}`, type);
      await page.close();
    }
    await browser.close();
    served.child.kill();
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function measure(page, address, type) {
  const start = performance.now();
  await page.goto(address);
  const text = page.getByText(/^\d+ in view/);
  await text.waitFor({ timeout: 300_000 });
  // many objects are painted beside the page's thread
  await page.locator('.stage-cell[aria-busy="false"]').first().waitFor({ timeout: 60_000 });
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
  );
  console.log(
    `${type}: ${await text.textContent()}, drawn ${seconds(performance.now() - start)} after the page is asked for`,
  );
  const box = await page.getByTestId("canvas").boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.evaluate(() => {
    window.frames60 = [];
    let last = performance.now();
    const next = (now) => {
      window.frames60.push(now - last);
      last = now;
      window.isMeasured = requestAnimationFrame(next);
    };
    window.isMeasured = requestAnimationFrame(next);
  });
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let i = 0; i < MOVES; i++) await page.mouse.move(x + 2 * i, y + i);
  await page.mouse.up();
  const frames = await page.evaluate(() => {
    cancelAnimationFrame(window.isMeasured);
    return window.frames60;
  });
  frames.sort((a, b) => a - b);
  const at = (share) => Math.round(frames[Math.min(frames.length - 1, Math.floor(share * frames.length))]);
  console.log(
    `  ${frames.length} frames while it is moved: median ${at(0.5)} ms, nine in ten below ${at(0.9)}, longest ${at(1)}`,
  );
  await page.waitForTimeout(3000);
  const clicked = performance.now();
  await page.mouse.click(x, y);
  const found = await page
    .getByLabel("Chosen object")
    .waitFor({ timeout: 60_000 })
    .then(() => `${Math.round(performance.now() - clicked)} ms`)
    .catch(() => "nothing lay there");
  console.log(`  a click until what is known of the object is told: ${found}`);
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** A site with a grid of hexagons and one of points. */
async function makeScreen(directory, polygons, points) {
  const experiment = await createExperiment(directory, { pixelSizeUm: 0.65 });
  const pixels = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => 40 + ((i * 7919) % 60));
  await writeTiff(join(directory, "site.tif"), {
    pages: [{ data: pixels, width: SIDE, height: SIDE, channels: 1 }],
  });
  const place = { plate: "P", well: "A01", siteIndex: 0 };
  await addContent(experiment, {
    plates: [{ name: "P", nRows: 1, nColumns: 1, wells: [{ name: "A01" }] }],
    cycles: [{ cycleIndex: 0 }],
    channels: [{ name: "DAPI", bitDepth: 8 }],
    sites: [{ ...place, height: SIDE, width: SIDE, grid: [0, 0] }],
    images: [{ ...place, cycleIndex: 0, channel: "DAPI", tpoint: 0, zplane: 0, path: "site.tif" }],
  });
  const builder = new PyramidBuilder(experiment);
  await builder.init();
  await builder.submit({}, { engine: { kind: "local" } });
  await addMapobjects(experiment, { type: "Cells", objects: gridOf(polygons, hexagon) });
  await addMapobjects(experiment, {
    type: "Spots",
    objects: gridOf(points, (x, y) => ({ type: "Point", coordinates: [x, y] })),
  });
  await experiment.close();
}

function* gridOf(count, geometryOf) {
  const across = Math.ceil(Math.sqrt(count));
  const step = (SIDE - 8) / across;
  for (let i = 0; i < count; i++) {
    const [x, y] = [4 + ((i % across) + 0.5) * step, 4 + (Math.floor(i / across) + 0.5) * step];
    yield {
      segmentations: [{ geometry: geometryOf(x, y, step) }],
      features: [{ values: { area: i % 997 } }],
    };
  }
}

function hexagon(x, y, step) {
  const ring = Array.from({ length: 7 }, (_, k) => {
    const angle = ((k % 6) * Math.PI) / 3;
    return [x + 0.45 * step * Math.cos(angle), y + 0.45 * step * Math.sin(angle)];
  });
  return { type: "Polygon", coordinates: [ring] };
}
