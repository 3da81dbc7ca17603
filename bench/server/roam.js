// The memory of the page's own process in Chromium while a sparse store of 100 GB is roamed.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { SOFTWARE, VIEWPORT } from "./page.js";
import { startProcess } from "./tiles.js";

const PROGRAM = fileURLToPath(new URL("../../bin/vitrine.js", import.meta.url));
/** A sparse store: every chunk that is not there is 0. 262144 x 196608 pixels of 16 bits are 103 GB. */
const STORE = { height: 196_608, width: 262_144, chunk: 512 };

/** `server roam [seconds]`: default 300. */
export async function measureRoam([seconds = "300"]) {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-bench-roam-"));
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [...SOFTWARE.split(" "), "--disable-dev-shm-usage"],
  });
  let served;
  try {
    const store = join(folder, "large.zarr");
    writeStore(store);
    served = await startProcess([PROGRAM, "serve", store, "--json"]);
    await roam(browser, `http://127.0.0.1:${served.port}/`, Number(seconds));
  } finally {
    await browser.close();
    served?.child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function roam(browser, address, seconds) {
  const page = await browser.newPage({ viewport: VIEWPORT });
  let tiles = 0;
  page.on("response", (response) => {
    if (response.url().includes("image/tile") && response.ok()) tiles++;
  });
  await page.goto(`${address}#at=large.zarr`);
  await page.getByTestId("canvas").waitFor();
  const client = await browser.newBrowserCDPSession();
  const seen = [];
  const end = performance.now() + 1000 * seconds;
  for (let i = 0; performance.now() < end; i++) {
    const [x, y] = [(i * 7919 * 512) % STORE.width, (i * 104_729 * 512) % STORE.height];
    await page.evaluate(
      (hash) => {
        history.replaceState(null, "", hash);
        dispatchEvent(new PopStateEvent("popstate"));
      },
      `#at=large.zarr&view=${x},${y},${-(i % 6)}&channels=1:FFFFFF:0:1000:1`,
    );
    await page.waitForTimeout(500);
    seen.push(await memoryOf(client));
  }
  await page.close();
  const half = seen.slice(seen.length >> 1);
  console.log(
    `roamed ${seconds} s in ${((STORE.height * STORE.width * 2) / 1e9).toFixed(0)} GB, ${tiles} tiles of 0.5 MiB: process of the page ${seen[0].toFixed(0)} MiB at first, ` +
      `at most ${Math.max(...seen).toFixed(0)}; second half ${Math.min(...half).toFixed(0)} to ${Math.max(...half).toFixed(0)}`,
  );
}

/** Resident memory of the largest page's process, MiB: pixels are not in JavaScript's heap. */
async function memoryOf(client) {
  const { processInfo } = await client.send("SystemInfo.getProcessInfo");
  const sizes = processInfo
    .filter(({ type }) => type === "renderer")
    .map(
      ({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0) / 1024,
    );
  return Math.max(...sizes);
}

/** OME-Zarr 0.4 with levels down to a screen, without any chunk but one. */
function writeStore(folder) {
  const { height, width, chunk } = STORE;
  const datasets = [];
  for (let level = 0; Math.max(height, width) / 2 ** level > chunk; level++) {
    const shape = [height, width].map((length) => Math.ceil(length / 2 ** level));
    mkdirSync(join(folder, String(level)), { recursive: true });
    const array = { shape, chunks: [chunk, chunk], dtype: "<u2", fill_value: 700, order: "C" };
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
