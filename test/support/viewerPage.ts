/** The page of `vitrine serve` in a real browser, for tests of its modules. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode } from "fast-png";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { chromium as executablePath } from "./require.ts";

/** Screenshots of each run, to be looked at; git and npm leave them out. */
const SHOTS = fileURLToPath(new URL("../../shots", import.meta.url));
const SOFTWARE = "--no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist";

/** A browser that draws without a graphics card. Whoever opened it closes it. */
export function openBrowser(): Promise<Browser> {
  mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({ executablePath, args: [...SOFTWARE.split(" "), "--disable-dev-shm-usage"] });
}

/** A page at an address of the server; `errors` fills with what nobody caught there. */
export async function openViewer(
  browser: Browser,
  address: string,
  { width = 1280, height = 800 }: { readonly width?: number; readonly height?: number } = {},
) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: "light" });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(address);
  return { page, errors };
}

/** Keeps a picture of the page. */
export async function keepShot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** Pixels of an element of the page as they are on the screen. */
export async function pixelsOf(page: Page, element: Locator) {
  const box = (await element.boundingBox())!;
  const { data, channels, width, height } = decode(await page.screenshot({ clip: box }));
  return {
    width,
    height,
    at: (x: number, y: number) =>
      Array.from(data.subarray(channels * (y * width + x), channels * (y * width + x) + 3)),
    /** How many pixels are as said. */
    count: (isOne: (rgb: readonly number[]) => boolean) => {
      let count = 0;
      for (let i = 0; i < data.length; i += channels) if (isOne([data[i], data[i + 1], data[i + 2]])) count++;
      return count;
    },
  };
}
