/** A search's result in the page: Leopard-EM's own files, by clicks; pixels are those of the screen. */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseCsv } from "../src/io/index.ts";
import { type Server, startServer } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { fits, keepShot, openViewer, pixelsOf } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const GOLDEN = fileURLToPath(new URL("golden/match/", import.meta.url));
const scratch = scratchFolder("viewer-match");

let browser: Browser;
let server: Server;

/** Standard deviation of the grey values in a square of an element, from a part of its width to another. */
function spreadOf({ width, at }: Awaited<ReturnType<typeof pixelsOf>>, from: number, to: number): number {
  const side = Math.round((to - from) * width);
  const values = Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)].map((step) => Math.round(from * width) + step);
    return at(x, y)[0];
  });
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

describe.skipIf(!available)("a search in the page", () => {
  beforeAll(async () => {
    const alone = join(scratch.path, "alone");
    mkdirSync(alone, { recursive: true });
    cpSync(join(GOLDEN, "search1_particles.csv"), join(alone, "particles.csv"));
    server = await startServer([GOLDEN, alone]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    scratch.remove();
  });

  const open = (hash: string, size = { width: 1280, height: 800 }) =>
    openViewer(browser, `${server.address}${hash}`, size);
  const countOf = (page: Page) => page.getByRole("status", { name: "Particles above the cutoff" });
  /** Circles of particles on the stage. */
  const circles = async (page: Page) =>
    (await pixelsOf(page, page.getByTestId("canvas").first())).count(
      ([r, g, b]) => r > 200 && g > 160 && b < 90,
    );

  test("particles appear and vanish with the cutoff, which the address keeps and files take over", async () => {
    const { page, errors } = await open("");
    await page.getByRole("button", { name: /^match Search/ }).click();
    await expect
      .poll(() => countOf(page).textContent())
      .toBe("9 particles above 5.95; of noise alone 1 expected");
    await expect.poll(() => circles(page)).toBeGreaterThan(300);
    expect(await page.getByRole("button", { name: "Undo" }).isDisabled()).toBe(true);
    await page.waitForTimeout(700);
    await keepShot(page, "match-1280");
    const before = await circles(page);
    await page.getByLabel("Cutoff, as a number").fill("6.9");
    await expect.poll(() => countOf(page).textContent()).toMatch(/^3 particles above 6\.90/);
    await expect.poll(() => circles(page)).toBeLessThan(0.6 * before);
    await page.getByLabel("Cutoff, as a number").fill("5.4");
    await expect
      .poll(() => countOf(page).textContent())
      .toMatch(/^(1[1-9]|[2-9]\d|\d{3}) particles above 5\.40/);
    await expect.poll(() => circles(page)).toBeGreaterThan(1.3 * before);
    await page.waitForURL(/r\.cutoff=5\.40/);

    // the pointer moves it, too
    const chart = (await page.getByRole("img", { name: "Pixels above each z-score" }).boundingBox())!;
    await page.mouse.move(chart.x + chart.width * 0.7, chart.y + chart.height / 2);
    await page.mouse.down();
    await page.mouse.move(chart.x + chart.width * 0.9, chart.y + chart.height / 2, { steps: 3 });
    await page.mouse.up();
    await expect.poll(() => countOf(page).textContent()).toMatch(/^[0-9] particles? above (6\.[5-9]|7)/);

    await page.getByLabel("Cutoff, as a number").fill("6.9");
    const saving = page.waitForEvent("download");
    await page.getByRole("link", { name: "Save as CSV" }).click();
    const chunks: Buffer[] = [];
    for await (const chunk of await (await saving).createReadStream()) chunks.push(chunk as Buffer);
    const { rows } = parseCsv(Buffer.concat(chunks).toString(), "saved");
    expect(rows.map(({ scaled_mip }) => Number(scaled_mip) > 6.9)).toEqual([true, true, true]);
    expect(errors).toEqual([]);
  });

  test("a row leads to its particle, which stands beside its template in the same pose, with its CTF", async () => {
    const { page, errors } = await open("#at=match");
    const table = page.getByRole("grid", { name: "Particles above the cutoff" });
    await table.getByRole("row").nth(1).click();
    await page.getByRole("heading", { name: "Particle 1" }).waitFor();
    await page.getByText("245, 228 px").waitFor();
    const template = page.getByRole("img", { name: "template of the particle" });
    await template.waitFor();
    // a molecule in the middle of nothing
    const contrast = async () => {
      const picture = await pixelsOf(page, template);
      return spreadOf(picture, 0.3, 0.7) / spreadOf(picture, 0.03, 0.13);
    };
    await expect.poll(contrast).toBeGreaterThan(2);
    await page.getByText("defocus 0.950 µm").waitFor();
    await page.getByText("astigmatism 400 Å at 25.0°").waitFor();
    await page.waitForURL(/r\.particle=1.*|.*view=/);
    await page.waitForTimeout(700);
    await keepShot(page, "match-particle-1280");
    await page.setViewportSize({ width: 1280, height: 1500 });
    await page.waitForTimeout(500);
    await keepShot(page, "match-particle-whole");
    await page.setViewportSize({ width: 1280, height: 800 });
    expect.soft(await barriersOf(page), "search").toEqual([]);

    // the address is the state: another window shows the same
    await expect.poll(() => page.url()).toMatch(/r\.particle=1/);
    const again = await open(new URL(page.url()).hash);
    await again.page.getByText("245, 228 px").waitFor();
    // a click beside all particles takes the choice away
    await page.keyboard.press("0");
    await page.getByRole("button", { name: "Side by side" }).click();
    await expect.poll(() => page.getByTestId("canvas").count()).toBe(2);
    const [left, right] = [page.getByTestId("canvas").first(), page.getByTestId("canvas").last()];
    const isBlue = ([r, g, b]: readonly number[]) => r < 120 && g > 180 && b > 220;
    for (const canvas of [left, right])
      await expect.poll(async () => (await pixelsOf(page, canvas)).count(isBlue)).toBeGreaterThan(50);
    await page.waitForTimeout(500);
    await keepShot(page, "match-split-1280");
    await page.getByRole("combobox", { name: /^Map/ }).selectOption("mip");
    await page.getByRole("checkbox", { name: "correlation" }).waitFor();
    expect([...errors, ...again.errors]).toEqual([]);
  });

  test("a table of a refinement, and one alone whose images are not there; a telephone", async () => {
    const { page, errors } = await open("#at=match", { width: 390, height: 844 });
    await page.getByLabel("Particles of").selectOption({ label: "refine1_particles.csv (9, refined)" });
    await expect.poll(() => countOf(page).textContent()).toMatch(/^9 particles/);
    await expect.poll(() => circles(page)).toBeGreaterThan(100);
    await fits(page, 390);
    await page.waitForTimeout(500);
    await keepShot(page, "match-390");
    expect.soft(await barriersOf(page), "narrow").toEqual([]);
    await page.goto(`${server.address}#at=alone/particles.csv`);
    await page.getByText("Neither the micrograph nor a map of this search can be shown").waitFor();
    await page
      .getByText("The micrograph micrograph.mrc is not there, or not served: it is left out")
      .waitFor();
    await expect.poll(() => countOf(page).textContent()).toMatch(/^9 particles/);
    await page.setViewportSize({ width: 1280, height: 800 });
    await keepShot(page, "match-alone-1280");
    expect.soft(await barriersOf(page), "alone").toEqual([]);
    await page.getByRole("button", { name: "Files" }).click();
    await page.goto(`${server.address}#at=match`);
    await page.getByRole("button", { name: "Files" }).click();
    await page.getByRole("button", { name: /template\.mrc/ }).waitFor();
    expect(errors).toEqual([]);
  });
});
