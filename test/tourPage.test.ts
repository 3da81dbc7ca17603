/** The guided strip of a tour in a real browser. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatMrc } from "../src/io/index.ts";
import { formatTour, type Server, startServer, type TourStep } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser, openPage } from "./support/browser.ts";
import { requirement } from "./support/require.ts";
import { fits, openViewer, SHOTS } from "./support/viewerPage.ts";

const { available } = requirement("chromium");

const STEPS: readonly TourStep[] = ["first", "second"].map((name, i) => ({
  name,
  title: `The ${name} step`,
  text: `What the ${name} step did <b>here</b>.`,
  commands: [`npx vitrine info ${name}.mrc`, `npx vitrine convert ${name}.mrc ${name}.npy`],
  at: `${name}.mrc`,
  ...(i === 1 && { view: "view=20,15,3" }),
  ...{ planted: 3, found: 3 - i, others: 0, isRight: i === 0 },
}));

let folder: string;
let browser: Browser;
let server: Server;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-tour-"));
  for (const { at } of STEPS)
    writeFileSync(
      join(folder, at),
      formatMrc({ data: new Float32Array(1200), shape: [30, 40], voxelSizeA: 2 }),
    );
  writeFileSync(join(folder, "tour.json"), formatTour(STEPS));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the route of a tour", () => {
  const told = async () => {
    await using own = await startServer([folder]);
    const response = await fetch(`${own.address}api/tour`);
    return { status: response.status, body: await response.json() };
  };

  test("tells its steps at addresses of the server; nothing of a file that is none", async () => {
    const name = folder.split("/").at(-1);
    expect(await told()).toEqual({
      status: 200,
      body: STEPS.map((step) => ({ ...step, at: `${name}/${step.at}` })),
    });
    writeFileSync(join(folder, "tour.json"), '{"stops": ["Rome", "Paris"]}');
    expect(await told()).toEqual({ status: 200, body: null });
    writeFileSync(join(folder, "tour.json"), '{"format": "vitrine tour", "steps": [{"name": 1}]}');
    expect((await told()).status).toBe(422);
    writeFileSync(join(folder, "tour.json"), '{"format": "vitrine tour", ');
    expect((await told()).status).toBe(422);
    writeFileSync(join(folder, "tour.json"), formatTour(STEPS));
  });
});

describe.skipIf(!available)("the strip of a tour", () => {
  beforeAll(async () => {
    server = await startServer([folder]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test("leads to each step's result, says what was done, and copies its commands", async () => {
    const { page, errors } = await openPage(browser, server.address, {
      viewport: { width: 1280, height: 800 },
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const strip = page.getByRole("region", { name: "Tour" });
    await strip.getByRole("button", { name: /1 The first step ✓ 3 of 3/ }).click();
    await page.getByText("What the first step did <b>here</b>.").waitFor();
    await page.getByText("40 × 30 px, float32").waitFor();
    await strip.getByText("The 2 commands that do this").click();
    await strip.getByRole("button", { name: "Copy vitrine convert first.mrc" }).click();
    await strip.getByText("Copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(STEPS[0].commands[1]);
    expect.soft(await barriersOf(page)).toEqual([]);
    await strip.getByRole("button", { name: /2 The second step ✗ 2 of 3/ }).click();
    await page.waitForURL(/second\.mrc.*view=20%2C15%2C3/);
    const second = strip.getByRole("button", { name: /second step/ });
    await expect.poll(() => second.getAttribute("aria-current")).toBe("step");
    // the browser's back button leads to the step before
    await page.goBack();
    await page.getByText("What the first step did").waitFor();
    await strip.getByRole("button", { name: "Less" }).click();
    await expect.poll(() => page.getByText("What the first step did").count()).toBe(0);
    expect(errors).toEqual([]);
  });

  test("fits on a telephone", async () => {
    const address = `${server.address}#at=${folder.split("/").at(-1)}/first.mrc`;
    const { page } = await openViewer(browser, address, { width: 390, height: 844 });
    await page.getByText("What the first step did").waitFor();
    await page.getByText("The 2 commands that do this").click();
    await fits(page, 390);
    await page.screenshot({ path: join(SHOTS, "tour-strip-390.png") });
  });
});
