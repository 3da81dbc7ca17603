import { createReadStream } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, extname, join, normalize } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, openPage } from "../../test/support/browser.ts";
import { requirement } from "../../test/support/require.ts";

const { available } = requirement("chromium");
const dist = dirname(dirname(createRequire(import.meta.url).resolve("#worker-entry")));
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

/** Runs in the page: two workers transform and abort; gives what came out. */
const SCRIPT = `(async () => {
  const { createPool, createFft, defaultWorkerCount } = await import("/compute/index.js");
  const { phasesJob } = await import("/compute/phases.js");
  const pool = await createPool({ workers: 2 });
  const plan = createFft(pool, { kind: "real2d", shape: [512, 512] });
  plan.set("real", new Float32Array(512 * 512).fill(2));
  await plan.run("forward");
  const spectrum = new Float32Array(512 * 514);
  plan.read("spectrum", spectrum);
  const transformed = spectrum[0] === 2 * 512 * 512 && spectrum.subarray(1).every((value) => value === 0);
  const line = pool.allocate(1e6).address;
  const phase = { kernel: "resampleSpectrum", args: [line, line, 1, 99, 99, 1, 99, 99, 1], count: 99, step: 9 };
  const signal = AbortSignal.timeout(50);
  const long = Array(1e5).fill(phase);
  const aborted = await pool.run(phasesJob, long, { signal }).catch((error) => error.code);
  const unknown = await pool.run(phasesJob, [{ ...phase, kernel: "fil" }]).catch((error) => error.code);
  const ending = pool.run(phasesJob, long).catch((error) => error.code);
  await pool.dispose();
  return { transformed, aborted, unknown, disposed: await ending, workers: defaultWorkerCount() >= 1 };
})()`;

describe.skipIf(!available)("a pool in a page", () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    server = await serveDist();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function pageAt(path: string) {
    const { port } = server.address() as AddressInfo;
    return (await openPage(browser, `http://127.0.0.1:${port}${path}`)).page;
  }

  test("loads no more than it uses: transforms need nothing of other domains", async () => {
    const page = await pageAt("/isolated");
    const loaded: string[] = [];
    page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    page.on("worker", (worker) => loaded.push(new URL(worker.url()).pathname));
    await page.evaluate(SCRIPT);
    expect(loaded).toContain("/worker/worker.browser.js");
    const folders = new Set(loaded.map((path) => path.split("/")[1]));
    expect([...folders].sort()).toEqual(["compute", "core", "worker"]);
  });

  test("runs, aborts, names a missing kernel and is disposed as in Node", async () => {
    const page = await pageAt("/isolated");
    expect(await page.evaluate(SCRIPT)).toEqual({
      transformed: true,
      aborted: "aborted",
      unknown: "missing",
      disposed: "aborted",
      workers: true,
    });
  });

  test("names the two headers where the page lacks them", async () => {
    const page = await pageAt("/plain");
    const message = await page.evaluate(
      `import("/compute/index.js").then((m) => m.createPool()).catch((error) => error.code + " " + error.message)`,
    );
    expect(message).toMatch(/^unsupported .*Cross-Origin-Opener-Policy: same-origin/);
  });
});
