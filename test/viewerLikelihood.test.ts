/** Images against structures in the page: CryoLike's own run and an ensemble judged of it, by clicks. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { likelihoodGolden } from "./support/likelihoodCase.ts";
import { makeLikelihoodProject } from "./support/likelihoodProject.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { fits, keepShot, openViewer, pixelsOf } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const scratch = scratchFolder("viewer-likelihood");

let browser: Browser;
let server: Server;

describe.skipIf(!available)("images against structures in the page", () => {
  beforeAll(async () => {
    const project = join(scratch.path, "project");
    await makeLikelihoodProject(project);
    const alone = join(scratch.path, "alone");
    cpSync(join(likelihoodGolden("run"), "likelihood"), alone, { recursive: true });
    server = await startServer([project, alone]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    scratch.remove();
  });

  const open = (hash: string, size = { width: 1280, height: 800 }) =>
    openViewer(browser, `${server.address}${hash}`, size);

  test("images stand beside their best templates; structures have weights with intervals; one image its posteriors", async () => {
    const { page, errors } = await open("#at=project");
    await page.getByRole("button", { name: /^ensemble Likelihood/ }).click();
    const weights = page.getByRole("table", { name: "Weights in the ensemble" });
    await expect
      .poll(() => weights.textContent())
      .toMatch(/^vol<?[\d.]+<?[\d.]+–<?[\d.]+model<?[\d.]+<?[\d.]+–<?[\d.]+$/);
    const first = page.getByRole("img", { name: "image 1", exact: true });
    await first.waitFor();
    const isDrawn = async () => {
      const { count, width, height } = await pixelsOf(page, first);
      const dark = count(([value]) => value < 80) / (width * height);
      return dark > 0.02 && dark < 0.6;
    };
    await expect.poll(isDrawn).toBe(true);
    await page.waitForTimeout(500);
    await keepShot(page, "likelihood-1280");
    expect.soft(await barriersOf(page), "comparison").toEqual([]);

    await page.getByRole("grid", { name: "Images of the comparison" }).getByRole("row").nth(3).click();
    await page.getByRole("heading", { name: "Image 3" }).waitFor();
    const shares = page.getByRole("table", { name: "Posterior over structures" });
    const bothShares = /vol(<?[\d.]+)model(<?[\d.]+)/;
    await expect.poll(() => shares.textContent()).toMatch(bothShares);
    const [, vol, model] = bothShares.exec((await shares.textContent())!)!;
    expect(Number(vol.replace("<", "")) + Number(model.replace("<", ""))).toBeCloseTo(1, 2);
    await page.getByRole("img", { name: "Posterior of image 3 over views" }).waitFor();
    await page.waitForURL(/r\.image=3/);
    await page.setViewportSize({ width: 1280, height: 1200 });
    await page.waitForTimeout(700);
    await keepShot(page, "likelihood-image-whole");
    // a card of the gallery is another image; another structure stands beside it
    await page.getByRole("button", { name: /^Image 2 beside/ }).click();
    await page.getByRole("heading", { name: "Image 2" }).waitFor();
    await page.getByRole("combobox", { name: /^Of/ }).selectOption("model");
    await expect.poll(() => page.getByLabel("Chosen image").textContent()).toMatch(/^besidemodel/);
    expect(errors).toEqual([]);
  });

  test("a run alone says what is missing; a telephone", async () => {
    const { page, errors } = await open("#at=alone");
    await page.getByText("No folder of particles lies beside: images are not shown").waitFor();
    await page.getByText("A click on an image or a row shows").waitFor();
    await keepShot(page, "likelihood-alone-1280");
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${server.address}#at=project/likelihood`);
    await page.getByRole("img", { name: "image 1", exact: true }).waitFor();
    await fits(page, 390);
    await page.waitForTimeout(500);
    await keepShot(page, "likelihood-390");
    expect.soft(await barriersOf(page), "narrow").toEqual([]);
    expect(errors).toEqual([]);
  });
});
