/** Wells of plates in the page: all fields in place, one alone, acquisitions, the address, fields that differ or are lost. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOmeZarrPlate } from "../src/io/index.ts";
import { exportSite, type Server, startServer } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { serveFiles } from "./support/fileServer.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { expectText, fits, keepShot, openViewer, pixelsOf } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };
/** Pixels of a field, 0.5 µm each. */
const SIDE = 600;
const ACQUISITIONS = [
  { id: 0, name: "live" },
  { id: 1, name: "fixed" },
];

interface Planted {
  readonly row: string;
  readonly column: string;
  readonly acquisition: number;
  /** µm. */
  readonly at: readonly [y: number, x: number];
  /** Grey of the first z plane; the second one has 20 more. */
  readonly grey: number;
  readonly sides?: readonly [height: number, width: number];
}

const FIELDS: readonly Planted[] = [
  ...[0, 1, 2, 3].map((i) => {
    const at = [300 * (i >> 1), 300 * (i % 2)] as const;
    return { row: "A", column: "1", acquisition: 0, at, grey: 40 + 50 * i };
  }),
  { row: "A", column: "1", acquisition: 1, at: [0, 0], grey: 70 },
  { row: "A", column: "1", acquisition: 1, at: [0, 300], grey: 120, sides: [300, 600] },
  ...[0, 1, 2].map((i) => {
    return { row: "A", column: "2", acquisition: 0, at: [5, 5] as const, grey: 60 + 60 * i };
  }),
  { row: "B", column: "2", acquisition: 0, at: [0, 0], grey: 100 },
  ...[0, 1, 2].map((i) => {
    // the later ones lie above
    return { row: "C", column: "3", acquisition: 0, at: [0, 150 * i] as const, grey: 50 + 60 * i };
  }),
];

let browser: Browser;
let server: Server;
const scratch = scratchFolder("viewer-wells");
const store = join(scratch.path, "plate.zarr");

async function makePlate(): Promise<void> {
  const named = { rows: ["A", "B", "C"], columns: ["1", "2", "3", "4"], acquisitions: ACQUISITIONS };
  await using plate = await createOmeZarrPlate({ directory: store, name: "P", ...named, threads: 0 });
  const unit = "micrometer";
  const space = ["z", "y", "x"].map((name) => ({ name, kind: "space", unit }) as const);
  const axes = [{ name: "channel", kind: "channel" } as const, ...space];
  for (const { at, grey, sides: [height, width] = [SIDE, SIDE], ...place } of FIELDS) {
    await using writer = await plate.createField({
      ...{ ...place, axes, shape: [2, 2, height, width], dtype: "uint8" },
      ...{ scale: [1, 1, 0.5, 0.5], translation: [0, 0, ...at] },
      channels: ["FFFFFF", "FF0000"].map((color, i) => {
        return { name: `c${i}`, color, window: { start: 0, end: 255 } };
      }),
    });
    for (const channel of [0, 1])
      for (const z of [0, 1]) {
        const value = channel === 0 ? grey + 20 * z : 0;
        await writer.write({ channel, z }, new Uint8Array(height * width).fill(value));
      }
    await writer.finish();
  }
}

/** Greys of the stage at places from 0 to 1, rounded to tens: left to right in lines from above. */
async function greysOf(page: Page, places: readonly (readonly [x: number, y: number])[]): Promise<number[]> {
  const { at, width, height } = await pixelsOf(page, page.getByTestId("canvas"));
  return places.map(([x, y]) => Math.round(at(Math.round(x * width), Math.round(y * height))[0] / 10) * 10);
}

/** Middles of four quarters of a square that the stage shows whole. */
const QUARTERS = [
  [0.4, 0.3],
  [0.6, 0.3],
  [0.4, 0.7],
  [0.6, 0.7],
] as const;

describe.skipIf(!available)("wells", () => {
  beforeAll(async () => {
    await makePlate();
    server = await startServer([store]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    scratch.remove();
  });
  const open = (hash = "", viewport = WIDE) =>
    openViewer(browser, `${server.address}#at=plate.zarr${hash}`, viewport);

  test("show all their fields in place; z acts on all; one alone is chosen and stays in the address", async () => {
    const { page, errors } = await open();
    await expect.poll(() => greysOf(page, QUARTERS)).toEqual([40, 90, 140, 190]);
    await expectText(page, "1200 × 1200 px");
    await expect
      .poll(() => page.getByRole("button", { name: "All sites of A01, live" }).getAttribute("aria-pressed"))
      .toBe("true");
    await keepShot(page, "well-1280");
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole("button", { name: "Show all" }).focus();
    await page.keyboard.press("PageUp");
    await expect.poll(() => greysOf(page, QUARTERS)).toEqual([60, 110, 160, 210]);
    // the pixel under the pointer is that of a field
    const box = (await page.getByTestId("canvas").boundingBox())!;
    await page.mouse.move(box.x + 0.6 * box.width, box.y + 0.7 * box.height);
    await expectText(page, /210/);

    await page.getByRole("button", { name: "Site 2 of A01, live" }).click();
    await expectText(page, "600 × 600 px");
    await expect.poll(() => greysOf(page, QUARTERS)).toEqual([160, 160, 160, 160]);
    await page.waitForURL(/image=A%2F1%2F2/);
    const again = await openViewer(browser, page.url(), WIDE);
    await expect.poll(() => greysOf(again.page, QUARTERS)).toEqual([160, 160, 160, 160]);
    await keepShot(again.page, "well-field-1280");
    await again.page.close();
    expect(errors).toEqual([]);
  });

  test("of several acquisitions show one at a time, by its name; another well keeps it", async () => {
    const { page } = await open();
    await page.getByRole("button", { name: "All sites of A01, fixed" }).click();
    await page.waitForURL(/image=A01/);
    // the second field is half as high
    await expect
      .poll(() =>
        greysOf(page, [
          [0.3, 0.4],
          [0.7, 0.4],
          [0.7, 0.6],
        ]),
      )
      .toEqual([70, 120, 0]);
    await keepShot(page, "well-acquisition-1280");
    const again = await openViewer(browser, page.url(), NARROW);
    await expectText(again.page, "1200 × 600 px");
    await fits(again.page, NARROW.width);
    await keepShot(again.page, "well-acquisition-390");
    await again.page.close();
    await page.getByRole("button", { name: "Well B02" }).click();
    await expectText(page, "600 × 600 px");
  });

  test("are exported with all their fields", async () => {
    await exportSite([store], join(scratch.path, "site"));
    const web = await serveFiles(join(scratch.path, "site"), "/copy/");
    const { page, errors } = await openViewer(browser, `${web.address}#at=plate.zarr`, WIDE);
    await expect.poll(() => greysOf(page, QUARTERS)).toEqual([40, 90, 140, 190]);
    await page.getByRole("button", { name: "Site 1 of A01, live" }).click();
    await expect.poll(() => greysOf(page, QUARTERS)).toEqual([90, 90, 90, 90]);
    expect(errors).toEqual([]);
    web.close();
  });

  test("without positions lie in a grid, which is said; later fields lie above; lost ones are told", async () => {
    const { page } = await open("&image=A02");
    await expectText(page, "fields have no positions: placed in a grid");
    await expect.poll(() => greysOf(page, QUARTERS)).toEqual([60, 120, 180, 0]);
    await keepShot(page, "well-grid-1280");
    await page.getByRole("button", { name: "Well C03" }).click();
    await expectText(page, "1200 × 600 px");
    await expect
      .poll(() =>
        greysOf(page, [
          [0.2, 0.5],
          [0.4, 0.5],
          [0.7, 0.5],
        ]),
      )
      .toEqual([50, 110, 170]);
    rmSync(join(store, "C", "3", "1"), { recursive: true });
    await server.close();
    server = await startServer([store]);
    const other = await open("&image=C03");
    await expectText(other.page, /field C\/3\/1 is left out/);
    await expect
      .poll(() =>
        greysOf(other.page, [
          [0.4, 0.5],
          [0.7, 0.5],
        ]),
      )
      .toEqual([50, 170]);
    await keepShot(other.page, "well-lost-1280");
    rmSync(join(store, "A", "1", "0"), { recursive: true });
    await server.close();
    server = await startServer([store]);
    const first = await open();
    await expectText(first.page, /field A\/1\/0 is left out/);
    await expect.poll(() => greysOf(first.page, QUARTERS)).toEqual([0, 90, 140, 190]);
    const none = await open("&image=D09");
    await expectText(none.page, /D09/);
    await keepShot(none.page, "well-none-1280");
  });
});
