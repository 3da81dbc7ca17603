/** Plans built in the page: without a microscope as a file that the command runs, on an acquisition as images that come. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Acquisition, openDemoMicroscope, parsePlan } from "../src/acquire/index.ts";
import { type Server, startServer } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { drawn, fits, openViewer, SHOTS } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const scratch = scratchFolder("plan");

let browser: Browser;
let server: Server;

describe.skipIf(!available)("plans in the page", () => {
  beforeAll(async () => {
    server = await startServer([scratch.path]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    scratch.remove();
  });

  test("builds a plan by fields and on the map, says what is wrong with it, and saves what the command runs", async () => {
    const { page, errors } = await openViewer(browser, server.address, { width: 1280, height: 800 });
    await page.getByRole("button", { name: "Plan an acquisition" }).click();
    const planned = page.getByRole("status", { name: "Planned" });
    const save = page.getByRole("button", { name: "Save plan.json" });
    expect(await save.isDisabled()).toBe(true);
    await addChannel(page, 1, "DAPI", 20);
    await addChannel(page, 2, "FITC", 5);
    await page.getByRole("checkbox", { name: "z stack" }).check();
    await page.getByLabel("Range").fill("4");
    await page.getByLabel("Step").fill("");
    await expect.poll(() => planned.textContent()).toMatch(/^plan z_plan/);
    expect(await save.isDisabled()).toBe(true);
    expect.soft(await barriersOf(page), "wrong").toEqual([]);
    await page.screenshot({ path: join(SHOTS, "plan-1280-wrong.png") });
    await page.getByLabel("Step").fill("2");
    await page.getByRole("button", { name: "Click them on the map" }).click();
    const map = (await page.getByTestId("draw").boundingBox())!;
    await page.mouse.click(map.x + map.width / 2, map.y + map.height / 2);
    await page.getByLabel("x of position 1, µm").fill("100");
    await page.getByLabel("y of position 1, µm").fill("-50");
    await page.getByLabel("Name of position 1").fill("here");
    await page.getByRole("button", { name: "Add a position" }).click();
    await page.getByRole("checkbox", { name: "Tiles" }).check();
    await page.getByLabel("Rows").fill("3");
    await expect.poll(() => planned.textContent()).toBe("72 images, 12 places, at least 1 s");
    await page.getByRole("img", { name: "Map of 12 places" }).waitFor();
    await page.screenshot({ path: join(SHOTS, "plan-1280.png") });
    expect.soft(await barriersOf(page), "plan").toEqual([]);
    const plan = await saved(page);
    expect(plan).toMatchObject({
      channels: [
        { group: "Channel", config: "DAPI", exposure: 20 },
        { config: "FITC", exposure: 5 },
      ],
      z_plan: { range: 4, step: 2 },
      stage_positions: [
        { name: "here", x: 100, y: -50 },
        { x: 0, y: 0 },
      ],
      grid_plan: { rows: 3, columns: 2, overlap: 10 },
    });
    expect([...parsePlan(plan, "plan", { fieldUm: [665, 665] })]).toHaveLength(72);

    // tiles over a part of the stage, drawn; the plan stays while other things are looked at
    await page.getByRole("button", { name: "Remove position 2" }).click();
    await page.getByRole("button", { name: "Remove position 1" }).click();
    await page.getByRole("button", { name: "Draw them on the map" }).click();
    const box = (await page.getByTestId("draw").boundingBox())!;
    await dragOver(page, [box.x + 300, box.y + 200], [box.x + 600, box.y + 420]);
    await page.getByText(/^Over x -?[\d.]+ to/).waitFor();
    await page.getByRole("button", { name: "Vitrine" }).click();
    await page.getByRole("button", { name: "Plan an acquisition" }).click();
    const region = (await saved(page)).grid_plan as Record<string, number>;
    expect(region.right).toBeGreaterThan(region.left);
    expect(region.top).toBeGreaterThan(region.bottom);
    await page.setViewportSize({ width: 390, height: 844 });
    await fits(page, 390);
    await page.screenshot({ path: join(SHOTS, "plan-390.png") });
    expect.soft(await barriersOf(page), "narrow").toEqual([]);
    expect(errors).toEqual([]);
  });

  test("runs plans on the microscope of an acquisition, and queues the tiles that a hand drags over", async () => {
    const microscope = await openDemoMicroscope();
    const acquisition = await Acquisition.open({ microscope, directory: scratch.path, name: "live" });
    await using view = await acquisition.view();
    acquisition.acquire([
      { axes: { channel: "DAPI" }, config_group: ["Channel", "DAPI"], exposure: 5, x: 0, y: 0 },
    ]);
    const { page, errors } = await openViewer(browser, view.address, { width: 1280, height: 800 });
    await drawn(page, (pixel) => Math.max(...pixel) > 3);
    // the microscope says which presets there are
    await page.getByRole("button", { name: "Add a channel" }).click();
    await expect.poll(() => page.getByLabel("Preset of channel 1").inputValue()).not.toBe("");
    await page.getByLabel("Preset of channel 1").fill("FITC");
    await page.getByLabel("Exposure of channel 1, ms").fill("5");
    // with a key: the panel of an acquisition moves while it is told of
    await page.getByRole("checkbox", { name: "Tiles" }).press("Space");
    await page.getByRole("button", { name: "Draw them on the map" }).click();
    for (let i = 0; i < 3; i++) await page.keyboard.press("-");
    const box = (await page.getByTestId("draw").boundingBox())!;
    const middle = [box.x + box.width / 2, box.y + box.height / 2] as const;
    await dragOver(page, [middle[0] - 250, middle[1] - 200], [middle[0] + 250, middle[1] + 200]);
    const planned = page.getByRole("status", { name: "Planned" });
    // two rows of two about where the stage is, until what was drawn is looked at
    await expect.poll(() => planned.textContent()).toMatch(/^([5-9]|\d\d) images, \1 places/);
    const count = Number.parseInt((await planned.textContent())!, 10);
    await page.screenshot({ path: join(SHOTS, "plan-live-1280.png") });
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect.poll(() => page.getByLabel("Queued").textContent()).toBe(`Queued ${count} images`);
    const images = () => acquisition.dataset.imageCoordinates();
    await expect.poll(() => images().length).toBe(1 + count);
    // channels had names before: the plan's have them too, though useq counts them
    expect(images().filter(({ plan, channel }) => plan === 1 && channel === "FITC")).toHaveLength(count);

    // explore: a drag queues what covers it, as the last events were
    const before = images().length;
    await page.getByRole("button", { name: "Queue tiles by hand" }).click();
    await page.keyboard.press("0");
    for (let i = 0; i < 3; i++) await page.keyboard.press("-");
    await page.waitForTimeout(300);
    await dragOver(page, [middle[0] - 200, middle[1] - 100], [middle[0] + 200, middle[1] + 100]);
    await expect.poll(() => page.getByLabel("Queued").textContent()).toMatch(/^Queued \d+ tiles from x/);
    const tiles = Number(/(\d+) tiles/.exec((await page.getByLabel("Queued").textContent())!)![1]);
    expect(tiles).toBeGreaterThan(1);
    await expect.poll(() => images().filter(({ explored }) => explored !== undefined).length).toBe(2 * tiles);
    expect(images().length).toBe(before + 2 * tiles);
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(SHOTS, "live-map-1280.png") });
    expect.soft(await barriersOf(page), "live").toEqual([]);

    // a plan that the microscope cannot run is refused in words
    await page.getByLabel("Preset of channel 1").fill("None");
    await page.getByRole("button", { name: "Stop" }).click();
    await acquisition.done();
    await expect.poll(() => page.getByRole("button", { name: "Run", exact: true }).count()).toBe(0);
    const refused = await page.evaluate(async () => {
      const body = JSON.stringify({ plan: { channels: [{ cofnig: "DAPI" }] } });
      const headers = { "Content-Type": "application/json" };
      const response = await fetch("/api/acquisition/run", { method: "POST", headers, body });
      return `${response.status} ${await response.text()}`;
    });
    expect(refused).toMatch(/^422 .*cofnig/);
    await microscope.close();
    expect(errors).toEqual([]);
  });
});

async function addChannel(page: Page, number: number, preset: string, exposureMs: number): Promise<void> {
  await page.getByRole("button", { name: "Add a channel" }).click();
  await page.getByLabel(`Preset of channel ${number}`).fill(preset);
  await page.getByLabel(`Exposure of channel ${number}, ms`).fill(String(exposureMs));
}

async function saved(page: Page): Promise<Record<string, unknown>> {
  const button = page.getByRole("button", { name: "Save plan.json" });
  await expect.poll(() => button.isDisabled()).toBe(false);
  const coming = page.waitForEvent("download");
  await button.click();
  const path = join(scratch.path, "plan.json");
  writeFileSync(path, readFileSync(await (await coming).path()));
  return JSON.parse(readFileSync(path, "utf8"));
}

async function dragOver(
  page: Page,
  from: readonly [number, number],
  to: readonly [number, number],
): Promise<void> {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  await page.mouse.move(...to);
  await page.mouse.up();
}
