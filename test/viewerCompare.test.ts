/** Two images, or one with other channels, side by side, parted by a line and through a lens; label images in colours over the image. */
import { join } from "node:path";
import { decode } from "fast-png";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOmeZarrImage, createOmeZarrLabels } from "../src/io/index.ts";
import { type Server, startServer } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { openViewer, SHOTS } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const WIDE = { width: 1280, height: 800 };
const SIDE = 512;

let browser: Browser;
let server: Server;
const scratch = scratchFolder("viewer-compare");

describe.skipIf(!available)("two images", () => {
  beforeAll(async () => {
    await makeImages();
    server = await startServer([scratch.path]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    scratch.remove();
  });

  const open = async (viewport = WIDE) => {
    const root = server.roots[0];
    return openViewer(browser, `${server.address}#at=${root}/cells.zarr`, viewport);
  };

  test("are parted by a line that is moved, seen through a lens, and side by side", async () => {
    const { page, errors } = await open();
    await page.getByText("Compare", { exact: true }).click();
    await page.getByLabel("Show both").selectOption("split");
    // the other one in blue
    const other = page.getByLabel("Channels of the other image");
    await other.getByLabel("Colour of red").fill("#0000ff");
    await expect.poll(() => colorAt(page, 0.4)).toMatchObject({ r: 200, b: 0 });
    await expect.poll(() => colorAt(page, 0.6)).toMatchObject({ r: 0, b: 200 });
    const line = page.getByRole("slider", { name: "Line between the images" });
    await line.focus();
    for (let i = 0; i < 2; i++) await page.keyboard.press("Shift+ArrowRight");
    await expect.poll(() => colorAt(page, 0.6)).toMatchObject({ r: 200, b: 0 });
    await page.screenshot({ path: join(SHOTS, "compare-split-1280.png") });
    expect.soft(await barriersOf(page), "split").toEqual([]);
    await page.waitForURL(/compare=.*0000FF/);
    const again = await openViewer(browser, page.url(), WIDE);
    await expect.poll(() => colorAt(again.page, 0.66)).toMatchObject({ r: 200, b: 0 });
    await again.page.close();

    await page.getByLabel("Show both").selectOption("lens");
    const box = (await page.getByTestId("canvas").boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.5);
    await expect.poll(() => colorAt(page, 0.4)).toMatchObject({ r: 0, b: 200 });
    await expect.poll(() => colorAt(page, 0.66)).toMatchObject({ r: 200, b: 0 });
    await page.screenshot({ path: join(SHOTS, "compare-lens-1280.png") });

    await page.getByLabel("Show both").selectOption("side");
    await expect.poll(() => colorAt(page, 0.5, 0)).toMatchObject({ r: 200, b: 0 });
    await expect.poll(() => colorAt(page, 0.5, 1)).toMatchObject({ r: 0, b: 200 });
    // moved together: neither shows the image any more
    await page.getByRole("button", { name: "Show all" }).focus();
    for (let i = 0; i < 12; i++) await page.keyboard.press("ArrowLeft");
    await expect.poll(() => colorAt(page, 0.5, 0)).toMatchObject({ r: 0, b: 0 });
    await expect.poll(() => colorAt(page, 0.5, 1)).toMatchObject({ r: 0, b: 0 });
    await page.keyboard.press("0");
    await expect.poll(() => colorAt(page, 0.5, 1)).toMatchObject({ b: 200 });
    await page.screenshot({ path: join(SHOTS, "compare-side-1280.png") });
    expect.soft(await barriersOf(page), "side").toEqual([]);

    // an image of another file, twice as large
    await page.getByLabel("Address").fill(`${server.roots[0]}/large.zarr`);
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await expect.poll(() => colorAt(page, 0.5, 1)).toMatchObject({ g: 200, b: 0 });
    expect(errors).toEqual([]);
    await page.close();
  });

  test("labels lie over their image in colours, by themselves they are coloured, too", async () => {
    const { page, errors } = await open({ width: 390, height: 844 });
    await expect.poll(() => colorAt(page, 0.5)).toMatchObject({ r: 200, g: 0 });
    await page.getByLabel("Over the image").selectOption({ index: 1 });
    await page.getByLabel("Opacity of labels").fill("1");
    await expect.poll(async () => (await colorAt(page, 0.7)).g).toBeGreaterThan(40);
    const right = await colorAt(page, 0.7);
    await expect.poll(() => colorAt(page, 0.3)).not.toEqual(right);
    await page.screenshot({ path: join(SHOTS, "labels-390.png") });
    expect.soft(await barriersOf(page), "labels").toEqual([]);
    await page.getByLabel("Opacity of labels").fill("0");
    await expect.poll(() => colorAt(page, 0.7)).toMatchObject({ r: 200, g: 0 });
    await page.getByLabel("Opacity of labels").fill("1");
    await page
      .getByLabel("Image", { exact: true })
      .locator("select")
      .or(page.locator("aside > label.row select"))
      .first()
      .selectOption({ index: 1 });
    await expect.poll(async () => (await colorAt(page, 0.7)).g).toBeGreaterThan(40);
    expect(errors).toEqual([]);
    await page.close();
  });
});

/** The mean colour of 10 x 10 pixels, a part of the stage's width from its left edge, below the middle. */
async function colorAt(page: Page, part: number, stage = 0): Promise<{ r: number; g: number; b: number }> {
  const box = (await page.getByTestId("canvas").nth(stage).boundingBox())!;
  const clip = { x: box.x + part * box.width - 5, y: box.y + box.height * 0.55, width: 10, height: 10 };
  const { data, channels } = decode(await page.screenshot({ clip }));
  const mean = (c: number) => {
    let sum = 0;
    for (let i = c; i < data.length; i += channels) sum += data[i];
    return Math.round((sum * channels) / data.length);
  };
  return { r: mean(0), g: mean(1), b: mean(2) };
}

/** `cells.zarr`: red, 200 of 255 throughout, with two labels left and right; `large.zarr`: green, twice the size. */
async function makeImages(): Promise<void> {
  const axes = [
    { name: "channel", kind: "channel" },
    { name: "y", kind: "space", unit: "micrometer" },
    { name: "x", kind: "space", unit: "micrometer" },
  ] as const;
  const image = async (name: string, color: string, side: number) => {
    await using writer = await createOmeZarrImage({
      ...{
        directory: join(scratch.path, name),
        axes,
        shape: [1, side, side],
        scale: [1, 1, 1],
        dtype: "uint8",
      },
      channels: [{ name: "red", color, window: { start: 0, end: 255 } }],
    });
    await writer.write({ channel: 0 }, new Uint8Array(side * side).fill(200));
    await writer.finish();
  };
  await image("cells.zarr", "FF0000", SIDE);
  await image("large.zarr", "00FF00", 2 * SIDE);
  await writeLabels();
}

/** 3 in the left half, 8 in the right. */
async function writeLabels(): Promise<void> {
  await using writer = await createOmeZarrLabels({
    directory: join(scratch.path, "cells.zarr"),
    name: "cells",
    axes: [
      { name: "y", kind: "space", unit: "micrometer" },
      { name: "x", kind: "space", unit: "micrometer" },
    ],
    shape: [SIDE, SIDE],
    scale: [1, 1],
    dtype: "uint16",
  });
  await writer.write(
    {},
    Uint16Array.from({ length: SIDE * SIDE }, (_, i) => (i % SIDE < SIDE / 2 ? 3 : 8)),
  );
  await writer.finish();
}
