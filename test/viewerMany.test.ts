/** More map objects than a frame draws, in the page: painted as a picture, moved, coloured, chosen. */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addMapobjects } from "../src/experiment/index.ts";
import { PyramidBuilder } from "../src/pyramid/index.ts";
import { type Server, startServer } from "../src/server/index.ts";
import { gridSites, makePlate, scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { expectText, keepShot, launchBrowser, openViewer, pixelsOf } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const VIEWPORT = { width: 900, height: 700 };
/** Objects across and down, and the room of each, pixels. */
const ACROSS = 72;
const STEP = 14;
const SIDE = ACROSS * STEP;

let browser: Browser;
let server: Server;
const scratch = scratchFolder("viewer-many");
const directory = join(scratch.path, "screen");

describe.skipIf(!available)("thousands of map objects", () => {
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

  test("are a picture that stays in place as the image moves, in colours, with what is chosen over it", async () => {
    const { page, errors } = await openViewer(browser, `${server.address}#at=screen&objects=Cells`, VIEWPORT);
    await expectText(page, `${ACROSS * ACROSS} in view`);
    await painted(page);
    await keepShot(page, "objects-many-900");
    const plain = await stageColors(page);
    expect(plain.orange).toBeGreaterThan(20_000);

    // an object in the middle
    const box = (await page.getByTestId("canvas").boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const scale = (Math.min(box.width, box.height) * 0.96) / SIDE;
    await page.mouse.click(x + (STEP / 2) * scale, y + (STEP / 2) * scale);
    await page.getByLabel("Chosen object").waitFor();
    await painted(page);
    // besides the scale bar's
    expect((await stageColors(page)).white).toBeGreaterThan(plain.white);

    // a drag takes the picture along; it is painted anew where it stands still
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 100, y - 80, { steps: 5 });
    await page.mouse.up();
    await painted(page);
    const moved = await stageColors(page);
    expect(moved.orange).toBeGreaterThan(10_000);
    expect(moved.white).toBeGreaterThan(plain.white);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("are dim outside of a brush and coloured by a feature", async () => {
    const { page, errors } = await openViewer(
      browser,
      `${server.address}#at=screen&objects=Cells&feature=row&brush=row:0:35&table=open`,
      VIEWPORT,
    );
    await expectText(page, `${ACROSS * 36} of ${ACROSS * ACROSS} objects within the brushes`);
    await painted(page);
    await keepShot(page, "objects-many-brushed-900");
    // from dark blue at the top to yellow: the lower half, which would be yellow, is dim
    const { yellow, blue } = await stageColors(page);
    expect(blue).toBeGreaterThan(1000);
    expect(yellow).toBe(0);
    expect(errors).toEqual([]);
    await page.close();
  });

  test("are drawn in each frame where a view shows few of them", async () => {
    const shown = `view=${SIDE / 2},${SIDE / 2},2`;
    const { page, errors } = await openViewer(
      browser,
      `${server.address}#at=screen&objects=Cells&${shown}`,
      VIEWPORT,
    );
    await expect.poll(() => page.getByText(/^\d+ in view/).textContent()).toMatch(/^\d{2,3} in view/);
    await painted(page);
    await expect.poll(async () => (await stageColors(page)).orange).toBeGreaterThan(5000);
    expect(errors).toEqual([]);
    await page.close();
  });
});

/** Waits until the stage has no picture to come. */
async function painted(page: Page): Promise<void> {
  await page.getByText(/^\d+ in view/).waitFor();
  await page.locator('.stage-cell[aria-busy="false"]').first().waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function stageColors(page: Page) {
  const pixels = await pixelsOf(page, page.getByTestId("canvas"));
  const is = (test: (red: number, green: number, blue: number) => boolean) =>
    pixels.count(([red, green, blue]) => test(red, green, blue));
  return {
    orange: is((red, green, blue) => red > 1.25 * green && green > 1.25 * blue && red > 80),
    yellow: is((red, green, blue) => red > 180 && green > 180 && blue < 120),
    blue: is((red, green, blue) => blue > 1.3 * red && blue > 1.1 * green && blue > 60),
    white: is((red, green, blue) => Math.min(red, green, blue) > 235),
  };
}

async function makeScreen(): Promise<void> {
  await using experiment = await makePlate(directory, {
    plates: [{ wells: [{ name: "A01", sites: gridSites(1, 1, [SIDE, SIDE]) }] }],
    pixels: ({ height, width }) => new Uint8Array(height * width).fill(60),
  });
  const builder = new PyramidBuilder(experiment);
  await builder.init();
  await builder.submit({}, { engine: { kind: "local" } });
  const objects = Array.from({ length: ACROSS * ACROSS }, (_, i) => {
    const [column, row] = [i % ACROSS, Math.floor(i / ACROSS)];
    const [left, top] = [column * STEP + 2, row * STEP + 2];
    const ring = [
      [left, top + 3],
      [left + 3, top],
      [left + 10, top],
      [left + 10, top + 7],
      [left + 7, top + 10],
      [left, top + 10],
      [left, top + 3],
    ].map(([x, y]) => [x, y] as const);
    return {
      segmentations: [{ geometry: { type: "Polygon" as const, coordinates: [ring] } }],
      features: [{ values: { row } }],
    };
  });
  await addMapobjects(experiment, { type: "Cells", objects });
}
