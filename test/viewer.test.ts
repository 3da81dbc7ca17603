/** The page of `vitrine serve` in a real browser, by clicks and keys; pixels are those of the picture on the screen. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Acquisition, eachEvent, multiDAcquisitionEvents, openDemoMicroscope } from "../src/acquire/index.ts";
import { type Server, startServer } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { gridSites, makePlate, scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { makeScreen } from "./support/screenCase.ts";
import { makeServedCase, type ServedCase } from "./support/servedCase.ts";
import { chosenBy, drawn, expectText, fits, openViewer, SHOTS } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
let browser: Browser;
let served: ServedCase;
let server: Server;
const scratch = scratchFolder("viewer");

describe.skipIf(!available)("the page", () => {
  beforeAll(async () => {
    served = await makeServedCase();
    await makeScreen(join(scratch.path, "screen"));
    server = await startServer([served.root, join(scratch.path, "screen")]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    served?.remove();
    scratch.remove();
  });

  test("leads from what is served to an image, whose channels, planes and contrast change what is drawn", async () => {
    const { page, errors } = await openPage("");
    await page.getByRole("button", { name: /^lab/ }).click();
    await expectText(page, "<img src=x onerror=alert(1)>.txt");
    expect.soft(await barriersOf(page), "folder").toEqual([]);
    await page.getByRole("button", { name: /cells\.zarr/ }).click();
    await drawn(page, ([r, g, b]) => r > g && g > b && b > 0);
    for (const name of ["GFP", "RFP"]) await page.getByRole("checkbox", { name }).uncheck();
    await drawn(page, ([r, g, b]) => r === 0 && g === 0 && b > 5);
    await page.getByRole("button", { name: "Auto contrast of DAPI" }).click();
    await drawn(page, ([, , b]) => b > 60);
    // a channel that is alone can have a colour map; its legend and its address have it too
    await page.getByLabel("Colour map of DAPI").selectOption("viridis");
    await drawn(page, ([r, g, b]) => g > 60 && r > 20 && b > 40);
    await page.waitForURL(/viridis/);
    await page.getByLabel("Colour map of DAPI").selectOption("inverted grey");
    await drawn(page, ([r, g, b]) => r > 100 && Math.abs(r - g) < 3 && Math.abs(g - b) < 3);
    await page.screenshot({ path: join(SHOTS, "colormap-900.png") });
    await page.getByLabel("Colour map of DAPI").selectOption("its colour");
    await drawn(page, ([r, , b]) => r === 0 && b > 60);
    await page.getByLabel("Colour of DAPI").fill("#ff8000");
    await drawn(page, ([r, g, b]) => r > 60 && Math.abs(g - r / 2) < 12 && b === 0);
    await page.getByLabel("Full of DAPI, as a number").fill("60000");
    await drawn(page, ([r]) => r < 5);
    await page.getByLabel("Full of DAPI, as a number").fill("700");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Show all" }).focus();
    await page.keyboard.press(".");
    await expectText(page, "2 of 2");
    await page.waitForURL(/places=time%3A1/);
    expect.soft(await barriersOf(page), "image").toEqual([]);
    // the address is the state: another window shows the same
    const again = await openPage(new URL(page.url()).hash);
    await drawn(again.page, ([r, , b]) => r > 60 && b === 0);
    await expect.poll(() => again.page.getByRole("checkbox", { name: "GFP" }).isChecked()).toBe(false);
    await expect.poll(() => again.page.getByLabel("Full of DAPI, as a number").inputValue()).toBe("700");
    expect([...errors, ...again.errors]).toEqual([]);
  });

  test("zooms and moves by keys and wheel, with scale bar and values of the pixel under the pointer", async () => {
    const { page, errors } = await openPage("#at=lab/cells.zarr");
    const bar = page.getByRole("img", { name: /^Scale bar: / });
    await drawn(page, ([r]) => r > 0);
    await expect.poll(() => bar.textContent()).toBe("50 µm");
    for (let i = 0; i < 6; i++) await page.keyboard.press("+");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => bar.textContent()).toBe("10 µm");
    const box = (await page.getByTestId("canvas").boundingBox())!;
    await page.mouse.move(box.x + 300, box.y + 300);
    const readout = page.getByLabel("Pixel under the pointer");
    await expect
      .poll(() => readout.textContent())
      .toMatch(/^x \d+, y \d+ · .* µm · DAPI \d+ · GFP \d+ · RFP \d+$/);
    const [x, y, value] = /^x (\d+), y (\d+) .*DAPI (\d+)/
      .exec((await readout.textContent())!)!
      .slice(1)
      .map(Number);
    expect(value).toBe(((x + y) % 64) * 10);
    await page.mouse.wheel(0, -400);
    await expect.poll(() => bar.textContent()).not.toBe("10 µm");
    await page.keyboard.press("0");
    await expect.poll(() => bar.textContent()).toBe("50 µm");
    expect(errors).toEqual([]);
  });

  test("opens maps and TIFFs, on a telephone too, and says in words what it cannot show", async () => {
    const { page, errors } = await openPage("#at=lab/map.mrc", { width: 390, height: 844 });
    await drawn(page, ([r]) => r > 0);
    await expectText(page, "2 of 3"); // a volume begins in its middle
    await page.waitForURL(/places=z%3A1/);
    await fits(page, 390);
    await page.screenshot({ path: join(SHOTS, "map-390.png") });
    expect.soft(await barriersOf(page), "narrow").toEqual([]);
    await page.goto(`${server.address}#at=lab/spots.tif`);
    await expectText(page, "1300 × 1200 px, uint16");
    await expect.poll(() => page.getByLabel(/^Full of .* as a number$/).inputValue()).toBe("3000");
    await page.goto(`${server.address}#at=lab/broken.mrc`);
    await expectText(page, "expected a header of 1024 bytes, found 13 bytes");
    await page.goto(`${server.address}#at=lab/none.mrc`);
    await expectText(page, "expected a file or folder that is served, found none");
    expect.soft(await barriersOf(page), "error").toEqual([]);
    await page.getByRole("button", { name: /^(Dark|Light) colours$/ }).click();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toMatch(/^(dark|light)$/);
    expect(errors).toEqual([]);
  });

  test("shows the map of an experiment: wells and sites, layers in colours, objects by a feature, jobs", async () => {
    const { page, errors } = await openPage("#at=screen");
    await page.getByRole("button", { name: "Well B03" }).click();
    await page.getByRole("button", { name: "Site 1 of B03" }).click();
    await drawn(page, (pixel) => Math.max(...pixel) > 20);
    // the site as files: its picture, and its pixels of 8 bits
    const saved = async (name: string) => {
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name }).click(),
      ]);
      return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
    };
    const picture = await saved("Save as shown (PNG)");
    expect(picture.name).toBe("screen-B03-1.png");
    const { width, height, data, channels } = decode(picture.bytes);
    expect([width, height]).toEqual([240, 200]);
    expect(Math.max(...data.subarray(0, channels * 240))).toBeGreaterThan(100);
    const pixels = await saved("Save pixels (TIFF)");
    expect(pixels.name).toBe("screen-B03-1-DAPI-t0-z0.tif");
    expect(pixels.bytes.subarray(-1000).every((value) => value === 180)).toBe(true);
    await page.screenshot({ path: join(SHOTS, "site-900.png") });
    // channels and types get other names, and their own back
    await page.locator("details.rename summary").click();
    await page.getByLabel("What").selectOption({ label: "channel GFP" });
    await page.getByLabel("New name").fill("<i>membranes</i>");
    await page.getByRole("button", { name: "Give it this name" }).click();
    await page.getByRole("checkbox", { name: "<i>membranes</i>" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("checkbox", { name: "GFP" }).waitFor();
    await page.getByLabel("Type").selectOption("Cells");
    await expectText(page, "1 in view");
    // objects that are shown stay shown under their new name
    await page.getByLabel("What").selectOption({ label: "objects Cells" });
    await page.getByLabel("New name").fill("Nuclei");
    await page.getByRole("button", { name: "Give it this name" }).click();
    await expect.poll(() => page.getByLabel("Type").inputValue()).toBe("Nuclei");
    await expectText(page, "1 in view");
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => page.getByLabel("Type").inputValue()).toBe("Cells");
    await page.getByLabel("Colour by").selectOption("area");
    await drawn(page, ([r, g, b]) => r > 100 && g > 100 && b < 120);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.waitForTimeout(1000);
    await page.screenshot({ path: join(SHOTS, "screen-1280.png") });
    const middle = async () => {
      const { x, y, width, height } = (await page.getByTestId("canvas").boundingBox())!;
      return [x + width / 2, y + height / 2] as const;
    };
    await expect.poll(async () => chosenBy(page, await middle())).toContain("area3");
    await page.locator("summary").filter({ hasText: "illuminati" }).click();
    await expectText(page, /\/0 done/);
    expect.soft(await barriersOf(page), "map").toEqual([]);
    expect(errors).toEqual([]);
  });

  test("starts the step of an experiment, and shows how far it is without being asked again", async () => {
    await using experiment = await makePlate(join(scratch.path, "fresh"), {
      plates: [{ wells: [{ name: "A01", sites: gridSites(1, 1, [64, 64]) }] }],
      pixels: ({ height, width }) => new Uint8Array(height * width).fill(90),
    });
    await using own = await startServer([experiment.directory]);
    const { page, errors } = await openPage("#at=fresh", undefined, own.address);
    await expectText(page, "has no layers yet");
    await page.getByRole("button", { name: "Initialise illuminati" }).click();
    await page.getByRole("button", { name: "Submit" }).click();
    await page.getByText(/1 of 1/).waitFor();
    await page.locator("summary").first().click();
    await page.getByRole("button", { name: /\/0 done/ }).click();
    await page.getByLabel(/^Log of /).waitFor();
    await page.screenshot({ path: join(SHOTS, "jobs-860.png") });
    expect.soft(await barriersOf(page), "jobs").toEqual([]);
    await page.getByRole("button", { name: "Look again" }).click();
    await drawn(page, (pixel) => Math.max(...pixel) > 20);
    await page.goto(`${own.address}#at=fresh/jobs/illuminati`);
    await page.getByRole("heading", { name: "illuminati", level: 1 }).waitFor();
    expect.soft(await barriersOf(page), "a step").toEqual([]);
    expect(errors).toEqual([]);
  });

  test("shows an acquisition as it runs, outlives its server, takes tiles by a click, and stops it", async () => {
    const microscope = await openDemoMicroscope();
    const acquisition = await Acquisition.open({
      ...{ microscope, directory: scratch.path, name: "run" },
      hooks: { preHardware: eachEvent((event) => (event.axes.time === 1 ? null : event)) },
    });
    await using view = await acquisition.view();
    acquisition.acquire(
      multiDAcquisitionEvents({
        ...{ num_time_points: 10_000, time_interval_s: 0.2, xy_positions: [[100, 200]] },
        ...{ channel_group: "Channel", channels: ["DAPI", "FITC"], channel_exposures_ms: [5, 5] },
      }),
    );
    const { page, errors } = await openPage("", { width: 1280, height: 800 }, view.address);
    const status = page.getByRole("status", { name: "State" });
    await expect.poll(() => status.textContent()).toMatch(/^Running/);
    await drawn(page, (pixel) => Math.max(...pixel) > 3);
    for (const name of ["DAPI", "FITC"]) await page.getByRole("checkbox", { name }).waitFor();
    // channels that come are nobody's steps
    expect(await page.getByRole("button", { name: "Undo" }).isDisabled()).toBe(true);
    const newest = page.getByLabel("Newest image");
    const before = await newest.textContent();
    await expect.poll(() => newest.textContent()).not.toBe(before);
    await expect
      .poll(() => page.getByRole("row", { name: /^preHardware/ }).textContent())
      .toMatch(/^preHardware\d+01/);
    await page.screenshot({ path: join(SHOTS, "live-1280.png") });
    expect.soft(await barriersOf(page), "acquisition").toEqual([]);

    // a tile by a click: 100 screen pixels right of the middle, where the stage stands
    await page.getByRole("button", { name: "Queue tiles by hand" }).click();
    const box = (await page.getByTestId("canvas").boundingBox())!;
    await page.mouse.click(box.x + box.width / 2 + 100, box.y + box.height / 2);
    await expect
      .poll(() => page.getByLabel("Queued").textContent())
      .toMatch(/^Queued x 1\d\d\.\d, y (199|200)\.\d µm$/);

    // saved planes by the slider, and back
    await page.getByRole("slider", { name: "time" }).fill("2");
    await page.getByRole("button", { name: "Follow the newest image" }).click();
    await page.setViewportSize({ width: 390, height: 844 });
    await fits(page, 390);
    await page.screenshot({ path: join(SHOTS, "live-390.png") });
    expect.soft(await barriersOf(page), "acquisition, narrow").toEqual([]);

    const killed = view.pid;
    process.kill(killed, "SIGKILL");
    await expect.poll(() => status.textContent()).toMatch(/^The server does not answer/);
    await expect.poll(() => status.textContent()).toMatch(/^Running/);
    expect(view.pid).not.toBe(killed);
    await page.getByRole("button", { name: "Stop" }).click();
    await acquisition.done();
    await expect.poll(() => status.textContent()).toMatch(/^Done/);

    // nothing is lost: every frame of the camera is saved
    const stages = new Map(acquisition.report().map((stage) => [stage.stage, stage]));
    expect(stages.get("camera")).toMatchObject({ dropped: 0, done: stages.get("saving")!.done });
    expect(acquisition.dataset!.imageCoordinates()).toHaveLength(stages.get("saving")!.done);
    await microscope.close();
    expect(errors).toEqual([]);
  });
});

async function openPage(hash: string, viewport = { width: 860, height: 560 }, address = server.address) {
  return openViewer(browser, `${address}${hash}`, viewport);
}
