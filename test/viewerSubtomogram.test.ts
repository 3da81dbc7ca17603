/** Molecules in a tomogram in the page: results of the programs themselves, by clicks; pixels are those of the screen. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeMrc } from "../src/io/index.ts";
import { type Server, startServer } from "../src/server/index.ts";
import { runAverage, runFsc, writeMolecules } from "../src/subtomogram/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { subtomogramGolden, subtomogramMolecules, subtomogramVolume } from "./support/subtomogramCase.ts";
import { fits, keepShot, openViewer, pixelsOf } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const scratch = scratchFolder("viewer-subtomogram");
/** nm/voxel. */
const SCALE = 0.5;

let browser: Browser;
let server: Server;

describe.skipIf(!available)("molecules in the page", () => {
  beforeAll(async () => {
    const folder = join(scratch.path, "aligned");
    mkdirSync(folder, { recursive: true });
    await writeMrc(join(folder, "tomogram.mrc"), {
      ...subtomogramVolume("tomo.npy"),
      voxelSizeA: 10 * SCALE,
    });
    const table = join(folder, "aligned.csv");
    cpSync(subtomogramGolden("align_zncc_rot125_mask_cut0.3.csv"), table);
    cpSync(subtomogramGolden("molecules_start.csv"), join(folder, "start.csv"));
    const inputs = { tomogramPath: join(folder, "tomogram.mrc"), moleculesPath: table, outputShape: 24 };
    await runAverage({ ...inputs, outPath: join(folder, "average.mrc") });
    await runFsc({ ...inputs, outPath: join(folder, "fsc.csv") });
    const alone = join(scratch.path, "alone");
    mkdirSync(alone);
    cpSync(table, join(alone, "m.csv"));
    server = await startServer([folder, alone]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    scratch.remove();
  });

  const open = (hash: string, size = { width: 1280, height: 800 }) =>
    openViewer(browser, `${server.address}${hash}`, size);
  /** The section across an axis; its name has the voxel. */
  const plane = (page: Page, axis: string) =>
    page.getByRole("img", { name: new RegExp(`across ${axis}, voxel`) });
  const rowOf = (page: Page, row: number) =>
    page.getByRole("grid", { name: "Molecules of the table" }).getByRole("row").nth(row);
  /** Grey is not one value: a section was drawn. */
  const isDrawn = async (page: Page, axis: string) => {
    const { count, width, height } = await pixelsOf(page, plane(page, axis));
    const dark = count(([r, g, b]) => r < 90 && g < 90 && b < 90);
    return dark > 0.02 * width * height && dark < 0.9 * width * height;
  };

  test("three planes meet in a voxel: a click moves the others, a row leads to its molecule", async () => {
    const { page, errors } = await open("");
    await page.getByRole("button", { name: /^aligned Molecules/ }).click();
    for (const axis of ["z", "y", "x"]) await expect.poll(() => isDrawn(page, axis)).toBe(true);
    await expect.poll(() => page.getByLabel("Molecules", { exact: true }).textContent()).toMatch(/40 of 40/);
    await page.waitForTimeout(500);
    await keepShot(page, "subtomogram-1280");
    expect.soft(await barriersOf(page), "molecules").toEqual([]);

    // in a low window the table lies below the planes, and nothing of the panel reaches beyond it
    await page.setViewportSize({ width: 1280, height: 360 });
    await page.waitForTimeout(500);
    await keepShot(page, "subtomogram-low-1280");
    const laidOut = async () => {
      const planes = (await page.getByRole("region", { name: "Planes of tomogram.mrc" }).boundingBox())!;
      const table = (await page.getByRole("region", { name: "Molecules", exact: true }).boundingBox())!;
      return { isSeen: planes.height > 100, isAbove: planes.y + planes.height <= table.y };
    };
    await expect.poll(laidOut).toEqual({ isSeen: true, isAbove: true });
    const isWide = (panel: Element) => panel.scrollWidth > panel.clientWidth;
    await expect.poll(() => page.getByRole("complementary").evaluate(isWide)).toBe(false);
    await page.setViewportSize({ width: 1280, height: 800 });

    await expect
      .poll(() => plane(page, "x").getAttribute("aria-label"))
      .toBe("tomogram.mrc across x, voxel 60");
    const box = (await plane(page, "z").boundingBox())!;
    await page.mouse.click(box.x + 0.25 * box.width, box.y + 0.75 * box.height);
    await expect.poll(() => plane(page, "x").getAttribute("aria-label")).toMatch(/voxel (29|30)$/);
    await expect.poll(() => plane(page, "y").getAttribute("aria-label")).toMatch(/voxel (89|90)$/);
    await page.getByRole("slider", { name: "Voxel z" }).fill("7");
    await expect.poll(() => plane(page, "z").getAttribute("aria-label")).toMatch(/voxel 7$/);

    // the first molecule lies at 7.978, 6.481, 5.232 nm: voxels of half a nanometre
    await rowOf(page, 1).click();
    for (const [axis, voxel] of [
      ["z", 16],
      ["y", 13],
      ["x", 10],
    ])
      await expect
        .poll(() => plane(page, String(axis)).getAttribute("aria-label"))
        .toMatch(new RegExp(`voxel ${voxel}$`));
    await page.waitForURL(/r\.at=16%2C13%2C10/);
    expect(errors).toEqual([]);
  });

  test("molecules lie in place with their axes; the chosen one stands beside the average, with its landscape", async () => {
    const { page, errors } = await open("#at=aligned&r.molecule=1&r.at=16,13,10&r.window=64");
    const blue = async () =>
      (await pixelsOf(page, page.getByLabel("Planes of tomogram.mrc"))).count(
        ([r, g, b]) => r < 120 && g > 190 && b > 220,
      );
    await expect.poll(blue).toBeGreaterThan(60);
    for (const axis of ["z", "y", "x"]) {
      await page.getByRole("img", { name: `molecule across its ${axis} axis` }).waitFor();
      await page.getByRole("img", { name: `average across its ${axis} axis` }).waitFor();
      await page.getByRole("img", { name: `scores across its ${axis} axis` }).waitFor();
    }
    // it was aligned: the best shift is none, but for the steps of voxels
    const said = await page.getByText(/^Best score with the average/).textContent();
    const [, score, z, y, x] = /average (\S+), shifted by (\S+), (\S+), (\S+) nm/.exec(said!)!.map(Number);
    // one molecule in much noise, no mask
    expect(score).toBeGreaterThan(0.35);
    for (const shift of [z, y, x]) expect(Math.abs(shift)).toBeLessThanOrEqual(SCALE);
    await expect
      .poll(() => page.getByLabel("Fourier shell correlation").first().textContent())
      .toMatch(/fsc\.csv: /);
    await page.setViewportSize({ width: 1280, height: 1700 });
    await page.waitForTimeout(500);
    await keepShot(page, "subtomogram-molecule-whole");
    await page.setViewportSize({ width: 1280, height: 800 });

    await page.getByRole("button", { name: "Average", exact: true }).click();
    await expect
      .poll(() => plane(page, "z").getAttribute("aria-label"))
      .toBe("average.mrc across z, voxel 12");
    await expect.poll(() => isDrawn(page, "z")).toBe(true);
    await page.waitForTimeout(500);
    await keepShot(page, "subtomogram-average-1280");

    // a cutoff of the score leaves molecules out
    await page.getByRole("slider", { name: /Least score/ }).focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press("Shift+ArrowRight");
    await expect
      .poll(() => page.getByLabel("Molecules", { exact: true }).textContent())
      .toMatch(/([1-9]|[123]\d) of 40/);
    expect(errors).toEqual([]);
  });

  test("RELION's table beside a tomogram that does not say its voxels' size: the page asks for it, then shows molecules", async () => {
    const folder = join(scratch.path, "relion");
    mkdirSync(folder);
    const { data, shape } = subtomogramVolume("tomo.npy");
    await writeMrc(join(folder, "TS_1.mrc"), { data, shape, voxelSizeA: 0 });
    const molecules = subtomogramMolecules("molecules_start.csv");
    await writeMolecules(join(folder, "particles.star"), molecules, {
      ...{ pixelSizeA: 10 * SCALE, tomogramSize: [120, 120, 60], tomogram: "TS_1" },
    });
    // RELION has it in the table, too
    const path = join(folder, "particles.star");
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("_rlnTomoTiltSeriesPixelSize", "_rlnOther"));
    const own = await startServer([join(folder, "TS_1.mrc"), path]);
    const { page, errors } = await openViewer(browser, own.address, { width: 1280, height: 800 });
    await page.getByRole("button", { name: /^particles\.star Molecules/ }).click();
    await page.getByText("does not say how large its voxels are").waitFor();
    await page.getByText("Molecules are read once nm/voxel is given.").waitFor();
    await keepShot(page, "subtomogram-relion-asks-1280");
    await page.getByLabel("nm/voxel").fill(String(SCALE));
    await expect
      .poll(() => page.getByLabel("Molecules", { exact: true }).textContent())
      .toMatch(new RegExp(`${molecules.count} of ${molecules.count}`));
    await rowOf(page, 1).click();
    const voxel = Math.round(molecules.place(0)[0] / SCALE);
    await expect
      .poll(() => plane(page, "z").getAttribute("aria-label"))
      .toMatch(new RegExp(`voxel ${voxel}$`));
    await page.getByRole("img", { name: "molecule across its z axis" }).waitFor();
    await page.waitForTimeout(300);
    await keepShot(page, "subtomogram-relion-1280");
    expect(await page.getByRole("alert").count()).toBe(0);
    expect(errors).toEqual([]);
    await own.close();
  });

  test("a table without a tomogram says so; a telephone", async () => {
    const { page, errors } = await open("#at=alone");
    await page.getByText("No volume lies beside this table").waitFor();
    await rowOf(page, 2).click();
    await page.getByRole("heading", { name: "Molecule 2" }).waitFor();
    await keepShot(page, "subtomogram-alone-1280");
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${server.address}#at=aligned/start.csv`);
    await expect.poll(() => isDrawn(page, "z")).toBe(true);
    await fits(page, 390);
    await page.waitForTimeout(500);
    await keepShot(page, "subtomogram-390");
    expect.soft(await barriersOf(page), "narrow").toEqual([]);
    expect(errors).toEqual([]);
  });
});
