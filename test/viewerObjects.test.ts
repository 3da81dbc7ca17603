/** Map objects in the page of `vitrine serve`: brushed, selected, classified, saved, drawn and edited by clicks and keys in a real browser. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addMapobjects, openExperiment, readMapobjects } from "../src/experiment/index.ts";
import { PyramidBuilder } from "../src/pyramid/index.ts";
import { type Server, startServer } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { gridSites, makePlate, scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { chosenBy, drawn, expectText, fits, openViewer, SHOTS } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const HOSTILE = "<img src=x onerror=document.title='hit'>";
const WIDE = { width: 1280, height: 800 };

let browser: Browser;
let server: Server;
const scratch = scratchFolder("viewer-objects");
const directory = join(scratch.path, "screen");

describe.skipIf(!available)("map objects", () => {
  beforeAll(async () => {
    await makeScreen();
    server = await startServer([directory]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    scratch.remove();
  });

  const open = (more = "", viewport = WIDE) =>
    openViewer(browser, `${server.address}#at=screen&objects=Cells${more}`, viewport);

  test("are listed, sorted and brushed; the address keeps what is brushed", async () => {
    const { page, errors } = await open("&feature=area&table=open");
    const grid = page.getByRole("grid", { name: "Objects" });
    await expectText(page, "100 objects");
    // by the numbers, down: a second click
    for (let i = 0; i < 2; i++) await grid.getByRole("button", { name: /^area/ }).click();
    await expect.poll(() => cellsOf(grid, 1)).toMatchObject({ 0: "cell 99", 2: "99" });
    // keys: the third row, opened
    await grid.focus();
    for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
    await page.waitForURL(/view=/);
    const histogram = page.getByRole("figure", { name: "Histogram of area" });
    await drag(page, histogram.locator(".plot"), [0.5, 0.5], [0.76, 0.5]);
    await expectText(page, /^2\d of 100 objects within the brushes/);
    await page.waitForURL(/brush=area%3A49/);
    await expect.poll(() => grid.getAttribute("aria-rowcount")).toMatch(/^2[5-8]$/);
    const low = page.getByRole("slider", { name: "Lowest of area" });
    const before = Number(await low.getAttribute("aria-valuenow"));
    await low.focus();
    await page.keyboard.press("Shift+ArrowLeft");
    await expect.poll(async () => Number(await low.getAttribute("aria-valuenow"))).toBeLessThan(before - 4);
    await page.screenshot({ path: join(SHOTS, "objects-brushed-1280.png") });
    expect.soft(await barriersOf(page), "brushed").toEqual([]);
    const again = await openViewer(browser, page.url(), WIDE);
    await expectText(again.page, /^3\d of 100 objects within the brushes/);
    await again.page.close();
    await low.focus();
    await page.keyboard.press("Escape");
    await expectText(page, "100 objects");
    expect(errors).toEqual([]);
    await page.close();
  });

  test("are selected by lasso, box and scatter plot, and become classes that are kept, taken back and saved", async () => {
    const { page, errors } = await open("&color=class&table=open");
    await expectText(page, "100 objects");
    const stage = page.getByTestId("canvas");
    const status = page.getByLabel("Selection").getByRole("status");
    await page.getByRole("button", { name: "Box", exact: true }).click();
    await drag(page, stage, [0.02, 0.02], [0.98, 0.98]);
    await expect.poll(() => status.textContent()).toBe("100 selected.");
    await page.getByRole("button", { name: "Lasso", exact: true }).first().click();
    const box = (await stage.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 5);
    await page.mouse.down();
    for (const [x, y] of [
      [0.98, 0.02],
      [0.98, 0.98],
      [0.5, 0.98],
    ])
      await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => status.textContent()).toBe("50 selected.");
    await page.getByLabel("Class", { exact: true }).fill(HOSTILE);
    await page.getByLabel("Colour of the class").fill("#00ff00");
    await page.getByRole("button", { name: "Assign" }).click();
    await expect.poll(() => page.getByLabel("Legend").textContent()).toBe(`${HOSTILE}50none50`);
    expect(
      (await kept()).filter(({ className, classColor }) => className === HOSTILE && classColor === "00FF00"),
    ).toHaveLength(50);
    await page.getByRole("button", { name: "Move", exact: true }).click();
    await page.getByRole("button", { name: "Select none" }).click();
    await page.screenshot({ path: join(SHOTS, "objects-classes-1280.png") });
    expect.soft(await barriersOf(page), "classes").toEqual([]);

    // the last class is taken back and done again
    await page.keyboard.press("Control+z");
    await expect.poll(() => page.getByLabel("Legend").textContent()).toBe("none100");
    await page.keyboard.press("Control+Shift+z");
    await expect.poll(() => page.getByLabel("Legend").textContent()).toBe(`${HOSTILE}50none50`);

    await drag(page, page.getByRole("img", { name: /^100 points/ }), [0.01, 0.01], [0.3, 0.99]);
    await expect.poll(() => status.textContent()).toMatch(/No object|selected/);
    await page.getByRole("button", { name: "Choose by a free line; change" }).click();
    await drag(page, page.getByRole("img", { name: /^100 points/ }), [0.005, 0.005], [0.225, 0.995]);
    await expect.poll(() => status.textContent()).toBe("20 selected.");
    await page.getByLabel("Format").selectOption("csv");
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save these 20" }).click();
    const file = await saving;
    expect(file.suggestedFilename()).toBe("Cells.csv");
    expect(
      readFileSync((await file.path())!, "utf8")
        .trim()
        .split("\n"),
    ).toHaveLength(21);
    expect(await page.title()).not.toBe("hit");
    expect(errors).toEqual([]);
    await page.close();
  });

  test("are drawn as a type of their own, changed by their corners, removed, and all of it taken back", async () => {
    const { page, errors } = await open();
    const stage = page.getByTestId("canvas");
    await drawn(page, (pixel) => Math.max(...pixel) > 5);
    await page.getByRole("button", { name: "Rectangle", exact: true }).click();
    await page.getByLabel("Kept as type").fill(HOSTILE);
    await page.getByLabel("Name", { exact: true }).fill(HOSTILE);
    await drag(page, stage, [0.3, 0.3], [0.5, 0.6]);
    await expect
      .poll(() => page.getByLabel("Map objects").locator("select").first().inputValue())
      .toBe(HOSTILE);
    expect(await kept(HOSTILE)).toHaveLength(1);

    await page.getByRole("button", { name: "Polygon", exact: true }).click();
    const box = (await stage.boundingBox())!;
    const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
    for (const [x, y] of [
      [0.6, 0.3],
      [0.8, 0.3],
      [0.7, 0.6],
    ])
      await page.mouse.click(...at(x, y));
    await page.keyboard.press("Enter");
    await expect.poll(async () => (await kept(HOSTILE)).length).toBe(2);
    await page.getByRole("button", { name: "Line", exact: true }).click();
    await drag(page, stage, [0.1, 0.8], [0.4, 0.8]);
    await page.getByRole("button", { name: "Point", exact: true }).click();
    await page.mouse.click(...at(0.2, 0.2));
    await expect.poll(async () => (await kept(HOSTILE)).length).toBe(4);
    const geometries = (await kept(HOSTILE)).map(({ segmentations: [{ geometry }] }) => geometry.type);
    expect(geometries).toEqual(["Polygon", "Polygon", "Polygon", "Point"]);

    await page.getByRole("button", { name: "Move", exact: true }).click();
    await expectText(page, "4 in view");
    await expect.poll(() => chosenBy(page, at(0.4, 0.45))).toContain(HOSTILE);
    await page.getByRole("button", { name: "Corners" }).click();
    const corner = page.getByRole("button", { name: "Corner 1 of 4" });
    await page.screenshot({ path: join(SHOTS, "objects-drawn-1280.png") });
    expect.soft(await barriersOf(page), "corners").toEqual([]);
    const area = async () => {
      const [{ segmentations }] = await kept(HOSTILE);
      return segmentations[0].box;
    };
    const before = await area();
    await corner.focus();
    await page.keyboard.press("Shift+ArrowLeft");
    await expect.poll(async () => (await area()).minX).toBeLessThan(before.minX);
    await page.getByRole("button", { name: "Corner 2 of 4" }).focus();
    await page.keyboard.press("Delete");
    await page.getByRole("button", { name: "Corner 1 of 3" }).waitFor();
    await page.getByRole("button", { name: "Remove this object" }).click();
    await expect.poll(async () => (await kept(HOSTILE)).length).toBe(3);
    for (let i = 0; i < 3; i++) await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(async () => (await kept(HOSTILE)).length).toBe(4);
    await expect.poll(area).toEqual(before);
    expect(await page.title()).not.toBe("hit");
    expect(errors).toEqual([]);
    await page.close();
  });

  test("are grouped by features, and wells are coloured by a mean", async () => {
    const { page, errors } = await open();
    await page.getByText("Groups by features").click();
    await page.getByLabel("Clusters", { exact: true }).fill("2");
    await page.getByRole("checkbox", { name: "mean" }).check();
    await page.getByRole("button", { name: "Group", exact: true }).click();
    await expect.poll(() => page.getByLabel("Legend").textContent()).toBe("cluster 150cluster 250");
    await page.waitForURL(/groups=clusters%3A2%3Amean/);
    // the upper half in one colour, the lower in the other
    await drawn(page, ([r, g, b]) => Math.abs(r - b) > 10 || g > 10);
    await page.screenshot({ path: join(SHOTS, "objects-groups-1280.png") });
    expect.soft(await barriersOf(page), "groups").toEqual([]);
    // the server has the classes before the page reads them again
    const read = page.waitForResponse(/experiment\/objects\/columns/);
    await page.getByRole("button", { name: "Keep as classes" }).click();
    await expect
      .poll(async () => (await kept()).filter(({ className }) => className === "cluster 1").length)
      .toBe(50);
    await read;
    await page.getByLabel("Method").selectOption("classes");
    await page.getByRole("button", { name: "Group", exact: true }).click();
    await expectText(page, /^Learned from 100 examples; the others tell 100 % of them right/);
    await page.getByLabel("Colour by").selectOption("area");
    await page.getByRole("button", { name: "Well A01, mean area 49.5 of 100 objects" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await expectText(page, /^Learned from 100 examples/);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("fit a telephone", async () => {
    const { page, errors } = await open("&color=class&table=open", { width: 390, height: 844 });
    await expectText(page, "100 objects");
    await fits(page, 390);
    await page.screenshot({ path: join(SHOTS, "objects-390.png") });
    expect.soft(await barriersOf(page), "narrow").toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });
});

/** Presses, moves and lets go, between parts of an element. */
async function drag(
  page: Page,
  element: Locator,
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
): Promise<void> {
  await element.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await element.boundingBox())!;
  await page.mouse.move(x + x1 * width, y + y1 * height);
  await page.mouse.down();
  await page.mouse.move(x + x2 * width, y + y2 * height, { steps: 5 });
  await page.mouse.up();
}

async function cellsOf(grid: Locator, row: number): Promise<string[]> {
  return grid.getByRole("row").nth(row).getByRole("gridcell").allTextContents();
}

async function kept(type = "Cells") {
  await using experiment = await openExperiment(directory, { isReadOnly: true });
  const objects = [];
  for await (const object of readMapobjects(experiment, type)) objects.push(object);
  return objects;
}

/** A site of 400 x 400 pixels with 10 x 10 squares; the area of one is its number, its mean the number of its row. */
async function makeScreen(): Promise<void> {
  await using experiment = await makePlate(directory, {
    plates: [{ wells: [{ name: "A01", sites: gridSites(1, 1, [400, 400]) }] }],
    pixels: ({ height, width }) =>
      Uint8Array.from({ length: height * width }, (_, i) => 30 + ((i % width) >> 2)),
  });
  const builder = new PyramidBuilder(experiment);
  await builder.init();
  await builder.submit({}, { engine: { kind: "local" } });
  const objects = Array.from({ length: 100 }, (_, i) => {
    const [x, y] = [(i % 10) * 40 + 8, Math.floor(i / 10) * 40 + 8];
    const ring = [
      [x, y],
      [x + 24, y],
      [x + 24, y + 24],
      [x, y + 24],
      [x, y],
    ].map(([px, py]) => [px, py] as const);
    return {
      name: `cell ${i}`,
      segmentations: [{ geometry: { type: "Polygon" as const, coordinates: [ring] } }],
      features: [{ values: { area: i, mean: Math.floor(i / 10) } }],
    };
  });
  await addMapobjects(experiment, { type: "Cells", objects });
}
