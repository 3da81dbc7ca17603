/** The page of `vitrine serve` in a real browser that draws without a graphics card. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode } from "fast-png";
import type { Browser, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { type OpenedPage, openPage } from "./browser.ts";

export { launchBrowser } from "./browser.ts";

/** Screenshots of each run, to be looked at; git and npm leave them out. */
export const SHOTS = fileURLToPath(new URL("../../shots", import.meta.url));

/** Opens the page in light colours; `errors` fills with what nobody caught there. */
export function openViewer(
  browser: Browser,
  address: string,
  viewport: { readonly width: number; readonly height: number },
): Promise<OpenedPage> {
  mkdirSync(SHOTS, { recursive: true });
  return openPage(browser, address, { viewport, colorScheme: "light" });
}

/** Keeps a picture of the page. */
export async function keepShot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** Pixels of an element as they are on the screen. */
export async function pixelsOf(page: Page, element: Locator) {
  const box = (await element.boundingBox())!;
  const { data, channels, width, height } = decode(await page.screenshot({ clip: box }));
  const rgbAt = (from: number) => Array.from(data.subarray(from, from + 3));
  return {
    ...{ width, height },
    at: (x: number, y: number) => rgbAt(channels * (y * width + x)),
    /** How many pixels are as said. */
    count: (isOne: (rgb: readonly number[]) => boolean) => {
      let count = 0;
      for (let from = 0; from < data.length; from += channels) if (isOne(rgbAt(from))) count++;
      return count;
    },
  };
}

/** What the panel says of the object that a click chooses; for polls, as objects and their table come one after the other. */
export async function chosenBy(page: Page, place: readonly [x: number, y: number]): Promise<string> {
  await page.mouse.click(...place);
  const told = page.getByLabel("Chosen object");
  return (await told.textContent({ timeout: 1000 }).catch(() => null)) ?? "";
}

/** Waits until nothing of the page reaches beyond its width. */
export async function fits(page: Page, width: number): Promise<void> {
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth))
    .toBeLessThanOrEqual(width);
}

/** Waits for a text. */
export async function expectText(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).first().waitFor();
}

/** Waits until the mean colour of the middle of the stage is as said. */
export async function drawn(
  page: Page,
  isSo: (mean: readonly [number, number, number]) => boolean,
): Promise<void> {
  await page.getByTestId("canvas").waitFor();
  let mean: readonly [number, number, number] = [-1, -1, -1];
  const end = performance.now() + 60_000;
  while (performance.now() < end) {
    mean = await middleOf(page);
    if (isSo(mean)) return;
    await page.waitForTimeout(100);
  }
  throw new Error(`the middle of the stage stays ${mean.join(", ")}: not ${isSo}`);
}

async function middleOf(page: Page): Promise<[number, number, number]> {
  const box = (await page.getByTestId("canvas").boundingBox())!;
  const clip = { x: box.x + box.width / 2 - 40, y: box.y + box.height / 2 - 40, width: 80, height: 80 };
  const { data, channels } = decode(await page.screenshot({ clip }));
  const mean = (c: number) => {
    let sum = 0;
    for (let i = c; i < data.length; i += channels) sum += data[i];
    return Math.round((sum * channels) / data.length);
  };
  return [mean(0), mean(1), mean(2)];
}
