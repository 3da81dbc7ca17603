/** Annotations over images without an experiment: drawn, edited, classified, taken back and saved in a real browser, kept beside the image. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { formatMrc } from "../src/io/index.ts";
import { type Server, startServer } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { chosenBy, drawn, expectText, openViewer, SHOTS } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const WIDE = { width: 1280, height: 800 };
const SIDE = 600;

let browser: Browser;
const scratch = scratchFolder("viewer-annotations");
const micrograph = join(scratch.path, "micrograph.mrc");
const FILE = `${micrograph}.annotations.geojson`;

interface Feature {
  readonly geometry: { readonly type: string; readonly coordinates: readonly (readonly number[][])[] };
  readonly properties: {
    readonly objectType: string;
    readonly name?: string;
    readonly classification?: { readonly name: string };
  };
}
const kept = () =>
  existsSync(FILE)
    ? (JSON.parse(readFileSync(FILE, "utf8")) as { readonly features: readonly Feature[] }).features
    : [];

describe.skipIf(!available)("annotations", () => {
  beforeAll(async () => {
    const data = Float32Array.from({ length: SIDE * SIDE }, (_, i) => ((i * 31) % 97) / 7);
    writeFileSync(micrograph, formatMrc({ data, shape: [SIDE, SIDE], voxelSizeA: 1.2 }));
    browser = await launchBrowser();
  });
  beforeEach(() => rmSync(FILE, { force: true, recursive: true }));
  afterAll(async () => {
    await browser?.close();
    scratch.remove();
  });

  const open = async (server: Server, more = "") => {
    const opened = await openViewer(browser, `${server.address}#at=micrograph.mrc${more}`, WIDE);
    await drawn(opened.page, ([red]) => red > 20);
    return opened;
  };

  test("of every shape over a lone file are kept beside it, in QuPath's form, edited, classified and taken back", async () => {
    await using server = await startServer([micrograph]);
    const { page, errors } = await open(server);
    await expectText(page, /kept in micrograph\.mrc\.annotations\.geojson/);
    const stage = (await page.getByTestId("canvas").boundingBox())!;
    const at = (x: number, y: number) => [stage.x + x * stage.width, stage.y + y * stage.height] as const;
    const drag = async (tool: string, from: readonly [number, number], to: readonly [number, number]) => {
      await page.getByRole("button", { name: tool, exact: true }).click();
      await page.mouse.move(...at(...from));
      await page.mouse.down();
      await page.mouse.move(...at(...to), { steps: 4 });
      await page.mouse.up();
    };
    await page.getByRole("button", { name: "Rectangle", exact: true }).click();
    await page.getByLabel("Name", { exact: true }).fill("hole");
    await drag("Rectangle", [0.3, 0.3], [0.4, 0.4]);
    await expect.poll(() => kept().length).toBe(1);
    expect(kept()[0].properties).toEqual({ objectType: "annotation", name: "hole" });
    await drag("Ellipse", [0.5, 0.5], [0.6, 0.6]);
    await expect.poll(() => kept().length).toBe(2);
    expect(kept()[1].geometry.coordinates[0].length).toBe(73);
    await page.getByRole("button", { name: "Point", exact: true }).click();
    await page.mouse.click(...at(0.45, 0.7));
    await expect.poll(() => kept().length).toBe(3);
    expect(kept()[2].geometry.type).toBe("Point");
    await page.getByRole("button", { name: "Polygon", exact: true }).click();
    for (const [x, y] of [
      [0.6, 0.2],
      [0.68, 0.2],
      [0.64, 0.32],
    ])
      await page.mouse.click(...at(x, y));
    await page.keyboard.press("Enter");
    await expect.poll(() => kept().length).toBe(4);
    await expectText(page, "4 in view");
    await page.screenshot({ path: join(SHOTS, "annotations-1280.png") });
    expect.soft(await barriersOf(page), "annotations").toEqual([]);

    // chosen by a click, a corner moved by keys
    await page.getByRole("button", { name: "Move", exact: true }).click();
    await expect.poll(() => chosenBy(page, at(0.35, 0.35))).toContain("hole");
    await page.getByRole("button", { name: "Corners", exact: true }).click();
    const before = kept()[0].geometry.coordinates[0][0][0];
    await page.getByRole("button", { name: "Corner 1 of 4" }).focus();
    await page.keyboard.press("Shift+ArrowLeft");
    await expect.poll(() => kept()[0]?.geometry.coordinates[0][0][0]).toBeLessThan(before);
    // classified; then that and the corner are taken back, and done again
    await page.getByLabel("Class", { exact: true }).fill("carbon");
    await page.getByRole("button", { name: "Assign" }).click();
    const classOf = () =>
      kept().find(({ properties }) => properties.name === "hole")?.properties.classification;
    await expect.poll(classOf).toMatchObject({ name: "carbon" });
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(classOf).toBeUndefined();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => kept()[0]?.geometry.coordinates[0][0][0]).toBe(before);
    await page.getByRole("button", { name: "Redo" }).click();
    await expect.poll(() => kept()[0]?.geometry.coordinates[0][0][0]).toBeLessThan(before);
    // removed, and saved as a file
    await page.getByRole("button", { name: "Remove this object" }).click();
    await expect.poll(() => kept().length).toBe(3);
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save all" }).click();
    const saved = JSON.parse(readFileSync((await (await saving).path())!, "utf8")) as { features: Feature[] };
    expect(saved.features).toEqual(kept());
    expect(errors).toEqual([]);
    await page.close();
  });

  test("of another page and another program show by themselves, and are there when the image is opened again", async () => {
    await using server = await startServer([micrograph]);
    const [one, two] = [await open(server), await open(server)];
    for (const [i, { page }] of [one, two].entries()) {
      await page.getByRole("button", { name: "Point", exact: true }).click();
      const box = (await page.getByTestId("canvas").boundingBox())!;
      await page.mouse.click(box.x + box.width / 2 + 40 * i, box.y + box.height / 2);
      await expect.poll(() => kept().length).toBe(i + 1);
    }
    await one.page.getByText("2 in view").waitFor();
    const theirs = { type: "Feature", id: "7f", geometry: { type: "Point", coordinates: [300, 100] } };
    writeFileSync(
      FILE,
      JSON.stringify({ type: "FeatureCollection", features: [...kept(), { ...theirs, properties: {} }] }),
    );
    await expectText(one.page, "3 in view");
    await expectText(two.page, "3 in view");
    const again = await open(server);
    await expectText(again.page, "3 in view");
    // whoever hides them is not asked again
    await again.page.getByLabel("Type").selectOption("");
    const seenAgain = again.page.getByText("3 in view");
    await seenAgain.waitFor({ state: "detached" });
    await again.page.waitForTimeout(1000);
    expect(await seenAgain.count()).toBe(0);
    expect([one, two, again].flatMap(({ errors }) => errors)).toEqual([]);
    for (const { page } of [one, two, again]) await page.close();
  });

  test("that cannot be kept, read or written anew are said so in words", async () => {
    {
      await using server = await startServer([micrograph], { isReadOnly: true });
      const { page } = await open(server);
      await expectText(page, /lasts until\s+the server ends/);
      await drawPoint(page);
      await expectText(page, "1 in view");
      expect(existsSync(FILE)).toBe(false);
      await page.close();
    }
    await using server = await startServer([micrograph]);
    writeFileSync(FILE, "not json");
    const damaged = await openViewer(browser, `${server.address}#at=micrograph.mrc`, WIDE);
    await expectText(damaged.page, /micrograph\.mrc\.annotations\.geojson.*expected/);
    await damaged.page.screenshot({ path: join(SHOTS, "annotations-damaged-1280.png") });
    await damaged.page.close();
    const line = {
      type: "LineString",
      coordinates: [
        [1, 1],
        [9, 9],
      ],
    };
    const features = [
      { type: "Feature", geometry: line, properties: {} },
      { type: "Feature", geometry: { type: "Point", coordinates: [9, 9] }, properties: {} },
    ];
    writeFileSync(FILE, JSON.stringify({ type: "FeatureCollection", features }));
    const locked = await open(server);
    await expectText(locked.page, /cannot be changed here.*LineString/);
    expect(await locked.page.getByRole("button", { name: "Polygon", exact: true }).count()).toBe(0);
    await locked.page.screenshot({ path: join(SHOTS, "annotations-locked-1280.png") });
    await locked.page.close();
  });
});

async function drawPoint(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Point", exact: true }).click();
  const box = (await page.getByTestId("canvas").boundingBox())!;
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}
