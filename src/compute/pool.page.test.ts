import { createReadStream } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, extname, join, normalize } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromium as executablePath, requirement } from "../../test/support/require.ts";

const { available } = requirement("chromium");
const dist = dirname(dirname(createRequire(import.meta.url).resolve("#compute-worker")));
const TYPES: Record<string, string> = { ".js": "text/javascript", ".wasm": "application/wasm" };
const PAGE = `<!doctype html><script type="importmap">
{ "imports": { "#threads": "/compute/threads.browser.js" } }
</script>`;

/** Serves dist and, at /isolated and /plain, an empty page with and without the two headers. */
function serveDist(): Promise<Server> {
  const server = createServer(({ url = "/" }, response) => {
    if (url !== "/plain") {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    const file = join(dist, normalize(url));
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "text/html");
    if (!(extname(file) in TYPES)) response.end(PAGE);
    else
      createReadStream(file)
        .on("error", () => response.writeHead(404).end())
        .pipe(response);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** Runs in the page: two workers fill and abort; gives what came out. */
const SCRIPT = `(async () => {
  const { createPool, defaultWorkerCount } = await import("/compute/index.js");
  const pool = await createPool({ workers: 2 });
  const { address } = pool.allocate(4e6);
  const phase = { kernel: "fillF32", args: [address, 2.5], count: 1e6, step: 1e4 };
  await pool.run({ kind: "phases", phases: [phase] });
  const filled = pool.f32(address, 1e6).every((value) => value === 2.5);
  const signal = AbortSignal.timeout(50);
  const long = { kind: "phases", phases: Array(1e5).fill(phase) };
  const aborted = await pool.run(long, { signal }).catch((error) => error.code);
  const unknown = await pool.run({ kind: "phases", phases: [{ ...phase, kernel: "fil" }] }).catch((error) => error.code);
  const ending = pool.run(long).catch((error) => error.code);
  await pool.dispose();
  return { filled, aborted, unknown, disposed: await ending, workers: defaultWorkerCount() >= 1 };
})()`;

describe.skipIf(!available)("a pool in a page", () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    server = await serveDist();
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function openPage(path: string) {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    return page;
  }

  test("runs, aborts, names a missing kernel and is disposed as in Node", async () => {
    const page = await openPage("/isolated");
    expect(await page.evaluate(SCRIPT)).toEqual({
      filled: true,
      aborted: "aborted",
      unknown: "missing",
      disposed: "aborted",
      workers: true,
    });
  });

  test("names the two headers where the page lacks them", async () => {
    const page = await openPage("/plain");
    const message = await page.evaluate(
      `import("/compute/index.js").then((m) => m.createPool()).catch((error) => error.code + " " + error.message)`,
    );
    expect(message).toMatch(/^unsupported .*Cross-Origin-Opener-Policy: same-origin/);
  });
});
