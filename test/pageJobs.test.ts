/** Jobs from the page: options, cancel, what is missing; the server is killed meanwhile, and nothing is lost. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stepInfo } from "../src/jobs/index.ts";
import { startServer } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { freePorts } from "./support/freePorts.ts";
import { holdBatches } from "./support/killedRun.ts";
import { gridSites, makePlate, scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { drawn, openViewer, SHOTS } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const scratch = scratchFolder("page-jobs");
const PROGRAM = fileURLToPath(new URL("../bin/vitrine.js", import.meta.url));
/** Rows and columns of sites of 1500 x 1500 pixels: jobs that take seconds together. */
const SITES = [3, 6] as const;

let browser: Browser;

describe.skipIf(!available)("jobs from the page", () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    scratch.remove();
  });

  test("are initialised with options, cancelled, and go on while the server is killed and comes back", async () => {
    const experiment = join(scratch.path, "screen");
    await using _plate = await makePlate(experiment, {
      plates: [{ wells: [{ name: "A01", sites: gridSites(...SITES, [1500, 1500]) }] }],
      pixels: ({ height, width, site }) =>
        Uint8Array.from({ length: height * width }, (_, i) => 60 + 10 * site + (i % 97)),
    });
    const tokenFile = join(scratch.path, "token");
    await using serve = await server(experiment, tokenFile, (await freePorts(1))[0]);
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    const { page, errors } = await openViewer(browser, serve.address, { width: 860, height: 900 });
    await page.getByRole("button", { name: /^screen/ }).click();
    await page.getByText("Options of the initialisation").click();
    await page.getByLabel("Images of a job").fill("1");
    await page.getByLabel("Quality of tiles").fill("90");
    await page.screenshot({ path: join(SHOTS, "jobs-options-860.png") });
    expect.soft(await barriersOf(page), "options").toEqual([]);
    await page.getByRole("button", { name: "Initialise illuminati" }).click();
    await page.getByLabel("Jobs at a time").fill("1");
    // its second job waits until the server is gone: none is done before it is cancelled, and before the server is killed
    const path = join(experiment, "jobs/illuminati");
    const [{ name: phase }] = (await stepInfo(path)).phases;
    const release = holdBatches(path, [{ phase, index: 1 }], "gate");
    await page.getByRole("button", { name: "Submit" }).click();
    const cancel = page.getByRole("button", { name: "Cancel" });
    await cancel.click();
    await page.screenshot({ path: join(SHOTS, "jobs-running-860.png") });
    // nothing was done yet where it was cancelled at once
    const rest = page.getByRole("button", { name: /^(Run what is missing|Submit)$/ }).last();
    await rest.waitFor();
    const first = await stepInfo(path);
    const done = first.batches.filter(({ state }) => state === "done").length;
    expect(done).toBeLessThan(first.batches.length);

    // the server dies without a word; the step does not
    await rest.click();
    await cancel.waitFor();
    serve.child.kill("SIGKILL");
    release();
    await page.getByText("The server does not answer. Looking for it…").waitFor();
    await using again = await server(experiment, tokenFile, serve.port);
    expect(again.address).toBe(serve.address);
    await page.getByRole("button", { name: "Submit again" }).waitFor({ timeout: 90_000 });
    const { batches } = await stepInfo(path);
    expect(new Set(batches.map(({ state }) => state))).toEqual(new Set(["done"]));
    const look = page.getByRole("button", { name: "Look again" });
    await look.click();
    await drawn(page, (pixel) => Math.max(...pixel) > 20);

    // started anew, what was there is asked for once
    page.once("dialog", (dialog) => void dialog.dismiss());
    await page.getByRole("button", { name: "Initialise anew" }).click();
    await drawn(page, (pixel) => Math.max(...pixel) > 20);
    expect(errors).toEqual([]);
  });

  test("nothing but the experiment's own step is ended, and options are those of the command", async () => {
    const experiment = join(scratch.path, "other");
    await using _plate = await makePlate(experiment, {
      plates: [{ wells: [{ name: "A01", sites: gridSites(1, 1, [64, 64]) }] }],
      pixels: ({ height, width }) => new Uint8Array(height * width).fill(90),
    });
    await using own = await startServer([experiment]);
    const ask = async (route: string, body: object) => {
      const headers = { "Content-Type": "application/json" };
      const init = { method: "POST", headers, body: JSON.stringify({ at: "other", ...body }) };
      const response = await fetch(`${own.address}api/${route}`, init);
      return `${response.status} ${await response.text()}`;
    };
    expect(await ask("job/start", { what: "submit", options: { quality: 5 } })).toMatch(
      /^400 .*options of submit: expected one of tasks, found quality/,
    );
    expect(await ask("job/start", { what: "init", options: { qualiy: 5 } })).toMatch(
      /^400 .*qualiy.*quality/,
    );
    expect(await ask("job/cancel", {})).toMatch(/^404 .*a step that was started from a page here/);
    // a file that names another process: whoever can write into the experiment wrote it
    const victim = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    try {
      const args = ["-e", "setInterval(() => {}, 1000)"];
      const file = join(experiment, "jobs/illuminati.started.json");
      await ask("job/start", { what: "init" });
      await expect.poll(() => readFileSync(file, "utf8")).toContain("init");
      await expect.poll(() => ask("job/cancel", {})).toMatch(/^404/);
      writeFileSync(file, JSON.stringify({ pid: victim.pid, args }));
      expect(await ask("job/cancel", {})).toMatch(/^404/);
      expect([victim.exitCode, victim.signalCode]).toEqual([null, null]);
      writeFileSync(file, '{"pid":');
      expect(await ask("job/cancel", {})).toMatch(/^404/);
    } finally {
      victim.kill();
    }
  });
});

/** A server as a user starts it, for others: its page is opened by this machine's name. */
async function server(path: string, tokenFile: string, port: number) {
  const args = [PROGRAM, "serve", path, "--host", "0.0.0.0", "--port", String(port)];
  const child = spawn(process.execPath, [...args, "--token-file", tokenFile, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await addressOf(child);
  return {
    ...{ child, port, address: address.replace("0.0.0.0", "127.0.0.1") },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout!.on("data", (chunk) => {
      text += chunk;
      const found = /"address":\s*"([^"]+)"/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
}
