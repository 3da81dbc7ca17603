/** Label images coloured by features of their objects, in the page of `vitrine serve`: of their own pixels, of tables, of map objects of an experiment. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createExperiment, importMapobjects } from "../src/experiment/index.ts";
import { createOmeZarrImage, createOmeZarrLabels, formatMrc, writeTiff } from "../src/io/index.ts";
import { type Server, startServer } from "../src/server/index.ts";
import { labelColor } from "../src/viewer/labels/colors.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { drawn, expectText, openViewer, pixelsOf, SHOTS } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const WIDE = { width: 1280, height: 800 };
/** Squares of labels, so many a side; label = 1 + their place in rows. */
const COUNT = 8;
const SIDE = 1024;
const CELL = SIDE / COUNT;

let browser: Browser;
let server: Server;
const scratch = scratchFolder("viewer-labels");
const own = (name: string) => join(scratch.path, name);

describe.skipIf(!available)("labels", () => {
  beforeAll(async () => {
    await makeFiles();
    server = await startServer([scratch.path], { objects: own("features.csv") });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    scratch.remove();
  });
  const open = (name: string, more = "", viewport = WIDE) =>
    openViewer(browser, `${server.address}#at=${server.roots[0]}/${name}${more}`, viewport);

  test("take the colours of a table that was named, by any map and range, brushed, picked, classified, undone", async () => {
    const { page, errors } = await open("cells.zarr");
    // the table that the command line named, without a word
    await expect
      .poll(() => page.getByLabel("Measured by").locator("option:checked").textContent())
      .toBe("features.csv");
    await page.getByLabel("Opacity of labels").fill("1");
    await expect
      .poll(() => page.getByLabel("Colour by").locator("option:checked").textContent())
      .toBe("rank");
    await page.getByLabel("Colour map of the feature").selectOption("grey");
    await type(page, "Value of the first colour", "0");
    await type(page, "Value of the last colour", "63");
    // label 1 has rank 0, label 64 has 63: black and white, halfway grey
    await expect.poll(() => colorOf(page, 1)).toEqual([0, 0, 0]);
    await expect.poll(() => colorOf(page, 64)).toEqual([255, 255, 255]);
    const middle = async () => Math.abs((await colorOf(page, 33))[0] - (255 * 32) / 63);
    await expect.poll(middle).toBeLessThan(3);
    await page.screenshot({ path: join(SHOTS, "labels-feature-1280.png") });
    expect.soft(await barriersOf(page), "feature").toEqual([]);

    // a brush leaves those within as they are and dims the others
    await page.getByRole("button", { name: "Table and plots" }).click();
    await page.getByRole("combobox", { name: /^Brush/ }).selectOption("rank");
    const plot = page.getByRole("figure", { name: "Histogram of rank" }).locator(".plot");
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 1, box.y + 10, { steps: 5 });
    await page.mouse.up();
    await expectText(page, /of 64 objects within the brushes/);
    await expect.poll(() => isGreyOf(page, 16)).toBe(false);
    await expect.poll(() => isGreyOf(page, 60)).toBe(true);
    await page.screenshot({ path: join(SHOTS, "labels-brushed-1280.png") });

    // the address shows the same to whoever opens it
    await page.waitForURL(/brush=rank/);
    const again = await openViewer(browser, page.url(), WIDE);
    await expectText(again.page, /of 64 objects within the brushes/);
    await expect.poll(() => isGreyOf(again.page, 60)).toBe(true);
    await expect.poll(() => isGreyOf(again.page, 16)).toBe(false);
    await again.page.close();
    await page.getByRole("button", { name: "Remove brushes" }).click();

    // a click on a label chooses its row
    await clickOn(page, 20);
    await expectText(page, "1 selected.");
    await expect.poll(() => page.getByLabel("Chosen object").locator("dd").first().textContent()).toBe("20");
    await expect.poll(() => edgeOf(page, 20)).toEqual([255, 255, 255]);
    await page.getByLabel("Class", { exact: true }).fill("odd");
    await page.getByLabel("Colour of the class").fill("#ff0000");
    await page.getByRole("button", { name: "Assign" }).click();
    const classes = own("cells.zarr.labels%2Fcells.classes.csv");
    await expect
      .poll(() => existsSync(classes) && readFileSync(classes, "utf8"))
      .toBe("label,class,color\n20,odd,FF0000\n");
    // the page has read them again: the next step comes after this one
    await expect.poll(() => page.locator("#classes option").count()).toBe(1);
    await page.getByLabel("Colour by").selectOption("class");
    await page.getByRole("button", { name: "Select none" }).click();
    await expect.poll(() => colorOf(page, 20)).toEqual([255, 0, 0]);
    await expect.poll(() => page.getByLabel("Legend").textContent()).toBe("odd1none63");
    await page.screenshot({ path: join(SHOTS, "labels-classes-1280.png") });
    // looks are steps of their own: back to the feature, then the class itself
    await page.getByRole("heading", { name: "Labels", exact: true }).click();
    await page.keyboard.press("Control+z");
    await expect.poll(() => colorOf(page, 64)).toEqual([255, 255, 255]);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("are selected by lasso and in the table, grouped, and right on every level", async () => {
    const { page, errors } = await open("cells.zarr", "&labelOpacity=1");
    await page.getByLabel("Measured by").selectOption({ label: "their own pixels" });
    await expectText(page, "kept in");
    await page.getByRole("button", { name: "Box", exact: true }).click();
    const stage = (await page.getByTestId("canvas").boundingBox())!;
    await page.mouse.move(stage.x + 3, stage.y + 3);
    await page.mouse.down();
    await page.mouse.move(stage.x + stage.width - 3, stage.y + stage.height / 2, { steps: 4 });
    await page.mouse.up();
    await expectText(page, "32 selected.");
    await page.getByRole("button", { name: "Table and plots" }).click();
    const grid = page.getByRole("grid", { name: "Objects" });
    await expect.poll(() => grid.getAttribute("aria-rowcount")).toBe("65");
    await page.getByRole("button", { name: "Select none" }).click();
    await page.getByRole("button", { name: "Table and plots" }).click();
    // far out, labels are those of pixels: no colour that is none of theirs
    await page.getByRole("button", { name: "Move", exact: true }).click();
    const known = new Set(Array.from({ length: COUNT * COUNT }, (_, i) => labelColor(i + 1).join()));
    const share = async () => {
      const pixels = await pixelsOf(page, page.getByTestId("canvas"));
      const ofLabels = pixels.count((rgb) => known.has(rgb.join()));
      // the overview, and black and bars about the image, are none
      return (await imageArea(page, ofLabels)) > 0.9;
    };
    await expect.poll(share).toBe(true);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("in a TIFF beside a micrograph lie over it, measured by map objects of an experiment", async () => {
    const { page, errors } = await open("micrograph.mrc", "", { width: 390, height: 844 });
    await page.getByLabel("Over the image").selectOption({ label: "labels.tif" });
    await page.getByLabel("Opacity of labels").fill("1");
    await page.getByLabel("Measured by").selectOption({ label: "Nuclei of screen (64)" });
    await page.getByLabel("Colour by").selectOption("feature rank");
    await page.getByLabel("Colour map of the feature").selectOption("grey");
    await type(page, "Value of the first colour", "0");
    await type(page, "Value of the last colour", "63");
    await expect.poll(() => colorOf(page, 64)).toEqual([255, 255, 255]);
    await expect.poll(() => colorOf(page, 1)).toEqual([0, 0, 0]);
    await page.screenshot({ path: join(SHOTS, "labels-beside-390.png") });
    expect.soft(await barriersOf(page), "beside").toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("by themselves are coloured once somebody says what they are, and other values are refused in words", async () => {
    const { page, errors } = await open("labels.tif");
    await drawn(page, ([red, green, blue]) => red === green && green === blue);
    await page.getByLabel("Values are labels").check();
    await page.waitForURL(/as=labels/);
    await expect.poll(async () => new Set(await colorOf(page, 36)).size).toBeGreaterThan(1);
    await page.getByLabel("Measured by").selectOption({ label: "features.csv" });
    await expectText(page, "Objects of the labels");
    await page.goto(`${server.address}#at=${server.roots[0]}/micrograph.mrc&as=labels`);
    await page.reload();
    await page
      .getByText(/is no label image/)
      .first()
      .waitFor();
    expect(errors).toEqual([]);
    await page.close();
  });

  async function type(page: Page, label: string, text: string): Promise<void> {
    await page.getByLabel(label).fill(text);
    await page.getByLabel(label).press("Enter");
  }
});

/** Place of a label's middle on the screen while all of the image is shown, moved by a part of its side. */
async function placeOf(page: Page, label: number, part = 0) {
  const box = (await page.getByTestId("canvas").boundingBox())!;
  const scale = (Math.min(box.width, box.height) * 0.96) / SIDE;
  const at = (index: number) => ((index + 0.5) * CELL - SIDE / 2) * scale;
  return {
    x: box.x + box.width / 2 + at((label - 1) % COUNT) - part * CELL * scale,
    y: box.y + box.height / 2 + at(Math.floor((label - 1) / COUNT)),
  };
}

/** A number of pixels as a part of those that show the image. */
async function imageArea(page: Page, pixels: number): Promise<number> {
  const box = (await page.getByTestId("canvas").boundingBox())!;
  return pixels / (Math.min(box.width, box.height) * 0.96) ** 2;
}

async function colorAt(page: Page, x: number, y: number): Promise<number[]> {
  const stage = page.getByTestId("canvas");
  const box = (await stage.boundingBox())!;
  return (await pixelsOf(page, stage)).at(Math.round(x - box.x), Math.round(y - box.y));
}

async function colorOf(page: Page, label: number): Promise<number[]> {
  const { x, y } = await placeOf(page, label);
  return colorAt(page, x, y);
}

/** Whether a label has the colour of its rank, from black to white. */
async function isGreyOf(page: Page, label: number): Promise<boolean> {
  const expected = (255 * (label - 1)) / (COUNT * COUNT - 1);
  return (await colorOf(page, label)).every((part) => Math.abs(part - expected) < 3);
}

/** The brightest of the pixels about a label's left edge. */
async function edgeOf(page: Page, label: number): Promise<number[]> {
  const { x, y } = await placeOf(page, label, 0.5);
  const seen = await Promise.all([-2, -1, 0, 1, 2, 3].map((by) => colorAt(page, x + by, y)));
  return seen.sort((a, b) => b[0] + b[1] + b[2] - a[0] - a[1] - a[2])[0];
}

async function clickOn(page: Page, label: number): Promise<void> {
  const { x, y } = await placeOf(page, label);
  await page.mouse.click(x, y);
}

/** `cells.zarr` with `labels/cells`, `labels.tif` and `micrograph.mrc` as large, `features.csv`, and an experiment with the labels as Nuclei. */
async function makeFiles(): Promise<void> {
  const labels = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [row, column] = [Math.floor(i / SIDE / CELL), Math.floor((i % SIDE) / CELL)];
    return 1 + row * COUNT + column;
  });
  const ranks = Array.from({ length: COUNT * COUNT }, (_, i) => `${i + 1},${i},${(i * 7) % 10}\n`).join("");
  writeFileSync(own("features.csv"), `label,rank,other\n${ranks}`);
  await writeTiff(own("labels.tif"), { pages: [{ data: labels, width: SIDE, height: SIDE, channels: 1 }] });
  const values = Float32Array.from({ length: SIDE * SIDE }, (_, i) => ((i * 31) % 97) / 7);
  writeFileSync(own("micrograph.mrc"), formatMrc({ data: values, shape: [SIDE, SIDE], voxelSizeA: 1.2 }));
  {
    await using experiment = await createExperiment(own("screen"));
    await importMapobjects(experiment, { path: own("labels.tif"), type: "Nuclei" });
    await importMapobjects(experiment, { path: own("features.csv"), type: "Nuclei" });
  }
  const space = [
    { name: "y", kind: "space", unit: "micrometer" },
    { name: "x", kind: "space", unit: "micrometer" },
  ] as const;
  {
    await using writer = await createOmeZarrImage({
      ...{ directory: own("cells.zarr"), shape: [1, SIDE, SIDE], scale: [1, 1, 1], dtype: "uint8" },
      axes: [{ name: "channel", kind: "channel" }, ...space],
      channels: [{ name: "red", color: "FF0000", window: { start: 0, end: 255 } }],
    });
    await writer.write({ channel: 0 }, new Uint8Array(SIDE * SIDE).fill(60));
    await writer.finish();
  }
  await using writer = await createOmeZarrLabels({
    ...{ directory: own("cells.zarr"), name: "cells", axes: space, shape: [SIDE, SIDE], scale: [1, 1] },
    dtype: "uint16",
  });
  await writer.write({}, labels);
  await writer.finish();
}
