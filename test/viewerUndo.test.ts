/** Undo in the page takes back what a person did last, whatever came in between: late answers, what the page did by itself, a changed window. */
import { join } from "node:path";
import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../src/server/index.ts";
import { launchBrowser } from "./support/browser.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { makeScreen } from "./support/screenCase.ts";
import { expectText, openViewer } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const scratch = scratchFolder("viewer-undo");

let browser: Browser;
let server: Server;

describe.skipIf(!available)("undo in the page", () => {
  beforeAll(async () => {
    await makeScreen(join(scratch.path, "screen"));
    server = await startServer([join(scratch.path, "screen")]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    scratch.remove();
  });

  const open = async () => {
    const opened = await openViewer(browser, `${server.address}#at=screen&objects=Cells&color=class`, {
      width: 1280,
      height: 800,
    });
    await expectText(opened.page, "4 in view");
    return opened;
  };
  const legend = (page: Page) => page.getByLabel("Legend");
  const undo = (page: Page) => page.getByRole("button", { name: "Undo" });
  const redo = (page: Page) => page.getByRole("button", { name: "Redo" });
  const opacity = (page: Page) => page.getByLabel("Opacity").first();

  test("opening is no step; each act is one, and what was read late stays when an act is taken back", async () => {
    const { page, errors } = await open();
    await page.getByLabel("Full of DAPI, as a number").waitFor();
    expect(await undo(page).isDisabled()).toBe(true);
    // its histogram is read when a channel is switched on again: the answer comes after other acts
    const gfp = page.getByRole("checkbox", { name: "GFP" });
    const held = await hold(page, /image\/statistics/);
    await page.reload();
    await expectText(page, "4 in view");
    await gfp.uncheck();
    await opacity(page).fill("0.5");
    await page.setViewportSize({ width: 1100, height: 700 });
    await page.screenshot();
    await held.release();
    const full = page.getByLabel("Full of DAPI, as a number");
    const limit = await full.inputValue();
    await undo(page).click();
    await expect.poll(() => opacity(page).inputValue()).toBe("1");
    expect(await gfp.isChecked()).toBe(false);
    expect(await full.inputValue()).toBe(limit);
    await page.keyboard.press("Control+z");
    await expect.poll(() => gfp.isChecked()).toBe(true);
    expect(await full.inputValue()).toBe(limit);
    await expect.poll(() => undo(page).isDisabled()).toBe(true);
    for (let i = 0; i < 2; i++) await page.keyboard.press("Control+Shift+z");
    await expect.poll(() => gfp.isChecked()).toBe(false);
    await expect.poll(() => opacity(page).inputValue()).toBe("0.5");
    expect(errors).toEqual([]);
  });

  test("an act that the server has not answered yet is the last one all the same", async () => {
    const { page, errors } = await open();
    await chooseAll(page);
    await opacity(page).fill("0.5");
    const held = await hold(page, /objects\/edit/);
    const answers: number[] = [];
    page.on("response", (answer) => /objects\/edit/.test(answer.url()) && answers.push(answer.status()));
    await assign(page, "round");
    await held.isAsked;
    await undo(page).click();
    await held.release();
    // done and taken back, in this order
    await expect.poll(() => answers).toEqual([200, 200]);
    await expect.poll(() => legend(page).textContent()).toBe("none4");
    expect(await opacity(page).inputValue()).toBe("0.5");
    await redo(page).click();
    await expect.poll(() => legend(page).textContent()).toBe("round4");
    // back and forth faster than the server: the last one counts
    for (const button of [undo, redo, undo, redo, undo]) await button(page).click();
    await expect.poll(() => legend(page).textContent()).toBe("none4");
    await page.waitForLoadState("networkidle");
    expect(await legend(page).textContent()).toBe("none4");
    await undo(page).click();
    await expect.poll(() => opacity(page).inputValue()).toBe("1");
    expect(errors).toEqual([]);
  });

  test("an act that the server refuses is no step", async () => {
    const { page, errors } = await open();
    await chooseAll(page);
    await opacity(page).fill("0.5");
    await page.route(/objects\/edit/, (route) => route.abort());
    await assign(page, "square");
    await page.getByRole("alert").waitFor();
    await page.unroute(/objects\/edit/);
    await undo(page).click();
    await expect.poll(() => opacity(page).inputValue()).toBe("1");
    await expect.poll(() => legend(page).textContent()).toBe("none4");
    expect(errors).toEqual([]);
  });

  test("other names come and go between the steps of objects", async () => {
    const { page, errors } = await open();
    await chooseAll(page);
    await assign(page, "round");
    await expect.poll(() => legend(page).textContent()).toBe("round4");
    await page.locator("details.rename summary").click();
    await page.getByLabel("What").selectOption({ label: "objects Cells" });
    await page.getByLabel("New name").fill("Nuclei");
    await page.getByRole("button", { name: "Give it this name" }).click();
    await expect.poll(() => page.getByLabel("Type").inputValue()).toBe("Nuclei");
    await opacity(page).fill("0.5");
    for (let i = 0; i < 3; i++) await page.keyboard.press("Control+z");
    await expect.poll(() => page.getByLabel("Type").inputValue()).toBe("Cells");
    await expect.poll(() => legend(page).textContent()).toBe("none4");
    expect(await opacity(page).inputValue()).toBe("1");
    for (let i = 0; i < 2; i++) await redo(page).click();
    await expect.poll(() => page.getByLabel("Type").inputValue()).toBe("Nuclei");
    await expect.poll(() => legend(page).textContent()).toBe("round4");
    for (let i = 0; i < 2; i++) await undo(page).click();
    await expect.poll(() => page.getByLabel("Type").inputValue()).toBe("Cells");
    await expect.poll(() => legend(page).textContent()).toBe("none4");
    expect(errors).toEqual([]);
  });
});

/** Keeps requests back until they are released. */
async function hold(page: Page, address: RegExp) {
  const held: Route[] = [];
  let isHeld = true;
  let tell = () => {};
  const isAsked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  await page.route(address, async (route) => {
    if (!isHeld) {
      await route.continue();
      return;
    }
    held.push(route);
    tell();
  });
  return {
    isAsked,
    async release() {
      isHeld = false;
      for (const route of held) await route.continue();
    },
  };
}

/** Selects every object by a box around all of the map. */
async function chooseAll(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Box", exact: true }).click();
  const { x, y, width, height } = (await page.getByTestId("canvas").boundingBox())!;
  await page.mouse.move(x + 3, y + 3);
  await page.mouse.down();
  await page.mouse.move(x + width - 3, y + height - 3, { steps: 4 });
  await page.mouse.up();
  await expectText(page, "4 selected.");
}

async function assign(page: Page, name: string): Promise<void> {
  await page.getByLabel("Class", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Assign" }).click();
}
