/** `vitrine serve --export`: the files, handed out by a web server that knows nothing, show what the server shows. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../src/server/index.ts";
import { launchBrowser } from "./support/browser.ts";
import { filesBelow, vitrineHere } from "./support/command.ts";
import { type FileServer, serveFiles } from "./support/fileServer.ts";
import { requirement } from "./support/require.ts";
import { makeScreen } from "./support/screenCase.ts";
import { makeServedCase, type ServedCase } from "./support/servedCase.ts";
import { openViewer, SHOTS } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const VIEWPORT = { width: 860, height: 560 };

let scratch: string;
let served: ServedCase;
const site = () => join(scratch, "site");

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "vitrine-export-"));
  served = await makeServedCase();
  // a way round in circles
  symlinkSync(served.root, join(served.root, "inner", "above"));
  await makeScreen(join(scratch, "screen"));
});
afterAll(() => {
  served?.remove();
  rmSync(scratch, { recursive: true, force: true });
});

test("writes the page and its data, and says what is left out, in addresses", async () => {
  const call = ["serve", served.root, join(scratch, "screen"), "--export", site(), "--json"];
  const { code, stdout, stderr } = await vitrineHere(call);
  expect([code, stderr.includes(scratch)]).toEqual([0, false]);
  const { results, warnings } = JSON.parse(stdout);
  expect(results).toMatchObject({ directory: site(), files: filesBelow(join(site(), "data")).length });
  expect(warnings).toEqual(results.leftOut.map((what: string) => `left out: ${what}`));
  expect(results.leftOut.filter((what: string) => what.startsWith("lab/"))).toEqual([
    expect.stringMatching(/^lab\/broken\.mrc, which cannot be read: lab\/broken\.mrc: expected a header/),
  ]);
  expect(results.leftOut).toContain("what lies behind lab/inner/above, a link to a folder above it");
  const tiles = filesBelow(join(site(), "data")).filter((name) => name.includes("/image-tile/"));
  // 3 channels, 2 time points, 3 x 3, 2 x 2 and 1 tiles of the cells; 3 planes of the map; 3 x 3, 2 x 2 and 1 tiles of the spots
  expect(tiles.length).toBe(6 * (9 + 4 + 1) + 3 + (9 + 4 + 1));
});

test("a folder with files, a path that is not there and options of a server are told; nothing is written", async () => {
  writeFileSync(join(scratch, "notes.txt"), "mine");
  const complaints = [];
  for (const args of [
    [served.root, "--export", scratch],
    [join(scratch, "none"), "--export", join(scratch, "new")],
    [join(served.root, "inner", "digits.txt"), "--export", join(scratch, "digits"), "--port", "80"],
  ]) {
    const { code, stderr } = await vitrineHere(["serve", ...args]);
    complaints.push([code, stderr.split("\n")[0].replaceAll(scratch, "X")]);
  }
  expect(complaints).toEqual([
    [1, "vitrine: X: expected no folder, or an empty one, found one with files. Name another."],
    [1, "vitrine: X/none: expected a file or folder to serve, found none. Check the path."],
    [0, "vitrine: --port has no effect here with --export, which serves nothing"],
  ]);
  expect([existsSync(join(scratch, "new")), readFileSync(join(scratch, "notes.txt"), "utf8")]).toEqual([
    false,
    "mine",
  ]);
});

describe.skipIf(!available)("the exported page", () => {
  let browser: Browser;
  let server: Server;
  let web: FileServer;
  let address: string;

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    server = await startServer([served.root, join(scratch, "screen")]);
    web = await serveFiles(site(), "/copy/");
    ({ address } = web);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    web?.close();
    await server?.close();
  });

  test.each([
    ["a part of an image of channels and time points", "at=lab/cells.zarr&places=time:1&view=700,700,1"],
    ["an image without levels", "at=lab/spots.tif&view=600,600,-1"],
    ["the layers and objects of an experiment", "at=screen&objects=Cells"],
    ["sites of it", "at=screen&objects=Sites&view=300,120,0.5"],
  ])("shows the same pixels as the server: %s", async (_, state) => {
    const shown = [];
    for (const from of [server.address, address]) {
      const { page, errors } = await openViewer(browser, `${from}#${state}`, VIEWPORT);
      shown.push({
        errors,
        picture: await settled(page),
        isolated: await page.evaluate(() => crossOriginIsolated),
      });
      await page.close();
    }
    const [live, copy] = shown;
    expect([live.errors, copy.errors, live.isolated, copy.isolated]).toEqual([[], [], true, false]);
    expect(new Set(live.picture).size).toBeGreaterThan(2);
    expect(Buffer.compare(live.picture, copy.picture)).toBe(0);
  });

  test("lists folders and what is left out; files cannot be saved; asks for nothing that is not there", async () => {
    const missing: string[] = [];
    const { page, errors } = await openViewer(browser, address, VIEWPORT);
    page.on("response", (response) => response.ok() || missing.push(response.url()));
    await page.getByText("A copy without a server").click();
    await page.getByText("acquisitions and jobs: they need the server").waitFor();
    await page.getByRole("button", { name: /^lab/ }).click();
    await page.getByText("<img src=x onerror=alert(1)>.txt").waitFor();
    expect(await page.getByRole("link").count()).toBe(0);
    await page.screenshot({ path: join(SHOTS, "export-folder.png") });
    await page
      .getByRole("button", { name: /^screen|Vitrine/ })
      .first()
      .click();
    await page.getByRole("button", { name: /^screen/ }).click();
    await page.getByText("DAPI").first().waitFor();
    await page.waitForTimeout(500);
    expect([missing, errors]).toEqual([[], []]);
    await page.goto(`${address}#at=lab/gone.mrc`);
    await page.getByText("what it would tell here is left out").first().waitFor();
  });
});

/** The picture of the stage, once two in a row are the same and something is in it. */
async function settled(page: Page): Promise<Buffer> {
  await page.getByTestId("canvas").waitFor();
  const box = (await page.getByTestId("canvas").boundingBox())!;
  let last: Buffer = Buffer.alloc(0);
  for (let same = 0; same < 3; ) {
    await page.waitForTimeout(250);
    const { data } = decode(await page.screenshot({ clip: box }));
    const picture = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    same = picture.equals(last) && new Set(picture).size > 4 ? same + 1 : 0;
    last = picture;
  }
  return last;
}
