/** An OME-Zarr at an address of the web, opened in the page of `vitrine serve`: typed, linked, after a restart, and where its server refuses. */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOmeZarrImage } from "../src/io/index.ts";
import { startServer } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { drawn, expectText, openViewer, SHOTS } from "./support/viewerPage.ts";
import { startWebServer } from "./support/webServer.ts";

const { available } = requirement("chromium");
const WIDE = { width: 1280, height: 800 };
const SIDE = 700;

let browser: Browser;
const scratch = scratchFolder("viewer-address");

describe.skipIf(!available)("an OME-Zarr at an address", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    browser = await launchBrowser();
    await using writer = await createOmeZarrImage({
      ...{
        directory: join(scratch.path, "green.zarr"),
        shape: [1, SIDE, SIDE],
        scale: [1, 1, 1],
        dtype: "uint8",
      },
      axes: [
        { name: "channel", kind: "channel" },
        { name: "y", kind: "space", unit: "micrometer" },
        { name: "x", kind: "space", unit: "micrometer" },
      ],
      channels: [{ name: "GFP", color: "00FF00", window: { start: 0, end: 255 } }],
    });
    await writer.write({ channel: 0 }, new Uint8Array(SIDE * SIDE).fill(200));
    await writer.finish();
  });
  afterAll(async () => {
    await browser?.close();
    scratch.remove();
  });
  const isGreen = ([red, green, blue]: readonly number[]) => green > 150 && red < 60 && blue < 60;

  test("is served by the command's own argument, and typed into the page; its link outlives the server", async () => {
    // neither ranges nor CORS: the page's own server asks
    await using web = await startWebServer(scratch.path, { query: "?sig=a/b" });
    const address = `${web.address}/green.zarr/?sig=a/b`;
    {
      await using server = await startServer([address]);
      const { page, errors } = await openViewer(browser, `${server.address}#at=green.zarr`, WIDE);
      await drawn(page, isGreen);
      await expectText(page, "image lies at an address of the web");
      expect(errors).toEqual([]);
      await page.close();
    }
    const server = await startServer([scratch.path]);
    const { page, errors } = await openViewer(browser, server.address, { width: 390, height: 844 });
    const open = page.getByRole("button", { name: "Open", exact: true });
    expect(await open.isDisabled()).toBe(true);
    await page.getByLabel("OME-Zarr at an address").fill(address);
    await page.screenshot({ path: join(SHOTS, "address-390.png") });
    expect.soft(await barriersOf(page), "address").toEqual([]);
    await open.click();
    await drawn(page, isGreen);
    await expectText(page, "green.zarr");
    expect(await page.locator("header nav").textContent()).not.toContain("%");
    const { hash } = new URL(page.url());
    await server.close();
    // a server that never heard of it
    await using anew = await startServer([scratch.path]);
    const again = await openViewer(browser, anew.address + hash, WIDE);
    await drawn(again.page, isGreen);
    await again.page.screenshot({ path: join(SHOTS, "address-1280.png") });
    expect([...errors, ...again.errors]).toEqual([]);
    await again.page.close();
    await page.close();
  });

  test("that is not there or refuses says so, with what to do", async () => {
    await using web = await startWebServer(scratch.path, {
      refuses: (path) => (path.startsWith("/secret") ? 403 : undefined),
    });
    await using server = await startServer([scratch.path]);
    for (const [name, said] of [
      ["none.zarr", /none\.zarr/],
      ["secret.zarr", /403.*signed/],
    ] as const) {
      const { page } = await openViewer(browser, server.address, WIDE);
      await page.getByLabel("OME-Zarr at an address").fill(`${web.address}/${name}`);
      await page.keyboard.press("Enter");
      await page.getByRole("alert").getByText(said).waitFor({ timeout: 20_000 });
      await page.screenshot({ path: join(SHOTS, `address-${name}-1280.png`) });
      await page.close();
    }
  });
});
