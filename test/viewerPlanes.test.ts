/** Planes and channels by clicks: playback of time, keys for z, ten channels at once, the overview. */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOmeZarrImage } from "../src/io/index.ts";
import { type Server, startServer } from "../src/server/index.ts";
import { launchBrowser } from "./support/browser.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { drawn, openViewer } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const SIDE = 256;
const CHANNELS = 10;

let browser: Browser;
let server: Server;
const scratch = scratchFolder("viewer-planes");

describe.skipIf(!available)("planes and channels", () => {
  beforeAll(async () => {
    const space = { kind: "space", unit: "micrometer" } as const;
    await using writer = await createOmeZarrImage({
      ...{ directory: join(scratch.path, "ten.zarr"), dtype: "uint8" },
      axes: [
        { name: "time", kind: "time" },
        { name: "channel", kind: "channel" },
        { name: "z", ...space },
        { name: "y", ...space },
        { name: "x", ...space },
      ],
      shape: [3, CHANNELS, 2, SIDE, SIDE],
      scale: [1, 1, 1, 1, 1],
      channels: Array.from({ length: CHANNELS }, (_, i) => ({
        name: `c${i}`,
        color: "FFFFFF",
        window: { start: 0, end: 255 },
      })),
    });
    for (let time = 0; time < 3; time++)
      for (let channel = 0; channel < CHANNELS; channel++)
        for (let z = 0; z < 2; z++)
          await writer.write({ time, channel, z }, new Uint8Array(SIDE * SIDE).fill(10 + 5 * time + 3 * z));
    await writer.finish();
    server = await startServer([join(scratch.path, "ten.zarr")]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    scratch.remove();
  });

  test("ten channels add up, time plays and stops, keys leaf through z, the overview moves", async () => {
    const viewport = { width: 1280, height: 800 };
    const { page, errors } = await openViewer(browser, `${server.address}#at=ten.zarr`, viewport);
    // four are on at first
    await drawn(page, ([red]) => Math.abs(red - 40) < 3);
    for (let i = 4; i < CHANNELS; i++) await page.getByRole("checkbox", { name: `c${i}` }).check();
    await drawn(page, ([red]) => Math.abs(red - 100) < 4);
    await page.getByRole("button", { name: "Show all" }).focus();
    await page.keyboard.press("PageUp");
    await drawn(page, ([red]) => Math.abs(red - 130) < 4);
    await page.waitForURL(/z%3A1/);
    const play = page.getByRole("button", { name: /^Play/ }).first();
    await play.click();
    // the address follows once it stands still: time goes on sooner than that
    const time = page.getByLabel("time", { exact: true });
    const seen = new Set<string>();
    await expect.poll(async () => seen.add(await time.inputValue()).size, { interval: 20 }).toBe(3);
    await play.click();
    // a step may still be under way
    const addressed = () => /time%3A(\d)/.exec(page.url())?.[1] ?? "0";
    await expect.poll(async () => (await time.inputValue()) === addressed()).toBe(true);
    const last = await time.inputValue();
    await page.waitForTimeout(1500);
    expect(await time.inputValue()).toBe(last);
    // a click in the overview's corner goes there
    const overview = (await page.getByLabel("Overview; a click goes there").boundingBox())!;
    await page.mouse.click(overview.x + 4, overview.y + 4);
    await page.waitForURL(/view=\d{1,2}[.\d]*%2C\d{1,2}[.\d]*%2C/);
    expect(errors).toEqual([]);
    await page.close();
  });
});
