import { createReadStream, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool } from "../src/compute/index.ts";
import { readMrcImage, readMrcVolume } from "../src/io/index.ts";
import {
  type MapName,
  parseMatchSettings,
  resultMap,
  TemplateSearch,
  templateFromVolume,
} from "../src/match/index.ts";
import { goldenBytes } from "./support/npy.ts";
import { chromium as executablePath, requirement } from "./support/require.ts";
import { scratchFolder } from "./support/searchCase.ts";

const { available } = requirement("chromium");
const root = fileURLToPath(new URL("..", import.meta.url));
const golden = join(root, "test/golden/match");
const folder = scratchFolder();

const NAMES: readonly MapName[] = [
  "mip",
  "scaledMip",
  "correlationAverage",
  "correlationVariance",
  "orientationPsi",
  "orientationTheta",
  "orientationPhi",
  "relativeDefocus",
];

/** The page's program, written as a user would write it; maps go back as base64 of their bytes. */
const PROGRAM = `
import { createPool } from "vitrine/compute";
import { readMrcImage, readMrcVolume } from "vitrine/io";
import { parseMatchSettings, resultMap, TemplateSearch, templateFromVolume } from "vitrine/match";

const base64 = (map) =>
  new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1]);
    reader.readAsDataURL(new Blob([map]));
  });

window.search = async (names) => {
  const text = await (await fetch("/golden/search1_config.yaml")).text();
  const settings = parseMatchSettings(text, "search1_config.yaml");
  const micrograph = await readMrcImage(new URL("/golden/micrograph.mrc", location.href));
  const template = templateFromVolume(await readMrcVolume(new URL("/golden/template.mrc", location.href)));
  await using pool = await createPool({ workers: 2 });
  const search = await TemplateSearch.create(pool, { settings, micrograph, template });
  let told = 0;
  await search.run({ firstBlock: 0, lastBlock: search.blockCount }, { onProgress: (done) => { told = done; } });
  const source = { statistics: search.statistics, space: search.space };
  const maps = {};
  for (const name of names) maps[name] = await base64(resultMap(source, name));
  return { maps, told, workers: pool.workers, threads: crossOriginIsolated };
};
`;

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Serves the bundle, and the golden files below /golden, with the two headers that threads need. */
function serve(): Promise<Server> {
  const server = createServer(({ url = "/" }, response) => {
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    const path = normalize(url === "/" ? "/index.html" : url);
    const file = path.startsWith("/golden/") ? join(golden, path.slice(8)) : join(folder, "dist", path);
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** Bundles the program with the built package, as a user's own build would. */
async function bundleProgram(): Promise<void> {
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "vitrine"));
  writeFileSync(join(folder, "index.html"), '<!doctype html><script type="module" src="./main.js"></script>');
  writeFileSync(join(folder, "main.js"), PROGRAM);
  await build({
    configFile: false,
    root: folder,
    logLevel: "error",
    build: { target: "esnext" },
    worker: { format: "es" },
  });
}

/** The same search in Node. */
async function searchInNode(): Promise<Record<string, Float32Array>> {
  const text = new TextDecoder().decode(goldenBytes("search1_config.yaml"));
  const settings = parseMatchSettings(text, "search1_config.yaml");
  const micrograph = await readMrcImage(join(golden, "micrograph.mrc"));
  const template = templateFromVolume(await readMrcVolume(join(golden, "template.mrc")));
  await using pool = await createPool({ workers: 2 });
  const search = await TemplateSearch.create(pool, { settings, micrograph, template });
  await search.run({ firstBlock: 0, lastBlock: search.blockCount });
  const source = { statistics: search.statistics, space: search.space };
  return Object.fromEntries(NAMES.map((name) => [name, resultMap(source, name)]));
}

describe.skipIf(!available)("the golden search in a page with two workers", () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    await bundleProgram();
    server = await serve();
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test("gives the maps that Node gives, byte for byte", async () => {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const found: PageResult = await page.evaluate(`search(${JSON.stringify(NAMES)})`);
    expect(errors).toEqual([]);
    expect([found.told, found.workers, found.threads]).toEqual([13248, 2, true]);
    const expected = await searchInNode();
    for (const name of NAMES) {
      const { buffer, byteOffset, byteLength } = expected[name];
      const bytes = Buffer.from(found.maps[name], "base64");
      expect(bytes.equals(new Uint8Array(buffer, byteOffset, byteLength)), name).toBe(true);
    }
  });
});

interface PageResult {
  readonly maps: Readonly<Record<string, string>>;
  readonly told: number;
  readonly workers: number;
  readonly threads: boolean;
}
