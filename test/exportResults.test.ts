/** `vitrine serve --export` of results: any web server shows their pages, by clicks; nothing is asked for that is not there. */
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseCsv, writeMrc } from "../src/io/index.ts";
import { startServer } from "../src/server/index.ts";
import { runAverage, runFsc } from "../src/subtomogram/index.ts";
import { launchBrowser } from "./support/browser.ts";
import { filesBelow, vitrineHere } from "./support/command.ts";
import { type FileServer, serveFiles } from "./support/fileServer.ts";
import { makeLikelihoodProject } from "./support/likelihoodProject.ts";
import { scratchFolder } from "./support/plateCase.ts";
import { requirement } from "./support/require.ts";
import { subtomogramGolden, subtomogramVolume } from "./support/subtomogramCase.ts";
import { keepShot, openViewer, pixelsOf } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const scratch = scratchFolder("export-results");
const site = join(scratch.path, "site");
const served = (["match", "molecules", "project"] as const).map((name) => join(scratch.path, name));

interface Report {
  readonly files: number;
  readonly bytes: number;
  readonly parts: readonly { readonly what: string; readonly files: number; readonly bytes: number }[];
  readonly leftOut: readonly string[];
}

let report: Report;

beforeAll(async () => {
  const [match, molecules, project] = served;
  cpSync(fileURLToPath(new URL("golden/match/", import.meta.url)), match, { recursive: true });
  mkdirSync(molecules);
  const tomogramPath = join(molecules, "tomogram.mrc");
  await writeMrc(tomogramPath, { ...subtomogramVolume("tomo.npy"), voxelSizeA: 5 });
  const moleculesPath = join(molecules, "aligned.csv");
  cpSync(subtomogramGolden("align_zncc_rot125_mask_cut0.3.csv"), moleculesPath);
  const inputs = { tomogramPath, moleculesPath, outputShape: 24 };
  await runAverage({ ...inputs, outPath: join(molecules, "average.mrc") });
  await runFsc({ ...inputs, outPath: join(molecules, "fsc.csv") });
  await makeLikelihoodProject(project);
  const { code, stdout, stderr } = await vitrineHere(["serve", ...served, "--export", site, "--json"]);
  expect([code, stderr.includes(scratch.path)]).toEqual([0, false]);
  report = JSON.parse(stdout).results;
}, 240_000);
afterAll(() => scratch.remove());

/** Files of a route in the export. */
const filesOf = (route: string) =>
  filesBelow(join(site, "data")).filter((name) => name.includes(`/${route}/`));

test("maps, particles, sections, boxes, landscapes, images and views are files, once however many addresses lead to them", () => {
  // folder, configurations and tables lead to two searches of 8 maps of one tile
  expect(filesOf("match-tile")).toHaveLength(2 * 8);
  // 120 x 120 x 60 voxels, 24 cubed ones
  const { shape } = subtomogramVolume("tomo.npy");
  const sections = shape.reduce((sum, side) => sum + side, 0) + 3 * 24;
  expect(filesOf("subtomogram-slice")).toHaveLength(sections);
  expect(filesOf("subtomogram-box").filter((name) => name.endsWith(".bin"))).toHaveLength(40);
  expect(filesOf("subtomogram-landscape").filter((name) => name.endsWith(".bin"))).toHaveLength(40);
  const { parts, files, bytes } = report;
  expect(parts.map(({ what }) => what).sort()).toEqual(
    ["images", "likelihoods", "lists", "molecules", "searches"].sort(),
  );
  const sum = (key: "files" | "bytes") => parts.reduce((all, part) => all + part[key], 0);
  expect([sum("files"), sum("bytes")]).toEqual([files, bytes]);
  const told = report.leftOut.filter((what) => !what.includes("which cannot be read"));
  expect(told.filter((what) => !what.startsWith("pictures of particles of match"))).toEqual([
    "acquisitions and jobs: they need the server",
    "changes of map objects: they need the server",
    "annotations of images, and features of their labels: they need the server",
    "files that are no images: they are listed and cannot be saved",
    "landscapes of molecules/aligned.csv beyond 1 nm, or with other files than those shown first",
  ]);
  expect(existsSync(join(site, "index.html"))).toBe(true);
});

describe.skipIf(!available)("exported results in a page", () => {
  let browser: Browser;
  let web: FileServer;

  beforeAll(async () => {
    web = await serveFiles(site, "/some/path/");
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    web?.close();
  });

  /** Opens the copy; `wrong` fills with errors of the page and of its console. */
  const open = async (hash: string) => {
    const { page, errors: wrong } = await openViewer(browser, `${web.address}${hash}`, {
      width: 1280,
      height: 800,
    });
    page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    page.on("requestfailed", (request) => {
      if (request.failure()?.errorText !== "net::ERR_ABORTED") wrong.push(request.url());
    });
    return { page, wrong };
  };
  const isRight = async (page: Page, wrong: readonly string[]) => {
    expect([wrong, web.missing, await page.getByRole("alert").count()]).toEqual([[], [], 0]);
    await page.close();
  };
  const saved = async (page: Page, name: string) => {
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name }).click();
    const chunks: Buffer[] = [];
    for await (const chunk of await (await saving).createReadStream()) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };

  test("a search: cutoff by hand, particles beside their template, other maps and tables, files as the server's", async () => {
    const { page, wrong } = await open("");
    await page.getByRole("button", { name: /^match Search/ }).click();
    const count = page.getByRole("status", { name: "Particles above the cutoff" });
    await expect.poll(() => count.textContent()).toMatch(/^9 particles above 5\.95/);
    await page.getByLabel("Cutoff, as a number").fill("6.9");
    await expect.poll(() => count.textContent()).toMatch(/^3 particles above 6\.90/);
    await page.getByRole("grid", { name: "Particles above the cutoff" }).getByRole("row").nth(1).click();
    for (const name of ["micrograph", "template", "without CTF"])
      await page.getByRole("img", { name: `${name} of the particle` }).waitFor();
    await page.getByText("defocus 0.950 µm").waitFor();
    await page.waitForTimeout(700);
    await keepShot(page, "export-match-1280");
    const circles = async () =>
      (await pixelsOf(page, page.getByTestId("canvas").first())).count(
        ([r, g, b]) => r < 120 && g > 180 && b > 220,
      );
    await expect.poll(circles).toBeGreaterThan(30);

    const server = await startServer([served[0]]);
    const query = { at: "match", cutoff: "6.9" };
    for (const as of ["csv", "star"]) {
      const own = await fetch(
        new URL(`api/match/table?${new URLSearchParams({ ...query, as })}`, server.address),
      );
      expect(await saved(page, `Save as ${as.toUpperCase()}`)).toBe(await own.text());
    }
    await server.close();

    await page.getByRole("combobox", { name: /^Map/ }).selectOption("orientationPhi");
    await page.getByRole("checkbox", { name: "φ" }).waitFor();
    await page.getByRole("button", { name: "Side by side" }).click();
    await expect.poll(() => page.getByTestId("canvas").count()).toBe(2);
    await page.getByLabel("Particles of").selectOption({ label: "refine1_particles.csv (9, refined)" });
    await expect.poll(() => count.textContent()).toMatch(/^9 particles/);
    await page.getByRole("grid", { name: "Particles above the cutoff" }).getByRole("row").nth(2).click();
    await page.getByRole("img", { name: "template of the particle" }).waitFor();
    const { columns, rows } = parseCsv(await saved(page, "Save as CSV"), "saved");
    expect([columns.includes("refined_scaled_mip"), rows.length]).toEqual([true, 9]);
    // its files, and the table by itself: the same tiles
    await page.getByRole("button", { name: "Files" }).click();
    await page.getByRole("button", { name: /^search1_particles\.csv Search/ }).click();
    await expect.poll(() => count.textContent()).toMatch(/particles/);
    await page.getByTestId("canvas").waitFor();
    await page.waitForTimeout(700);
    await isRight(page, wrong);
  });

  test("molecules: three planes, a part of them, a box beside the average, its landscape, agreement of halves", async () => {
    const { page, wrong } = await open("#at=molecules");
    const plane = (axis: string) => page.getByRole("img", { name: new RegExp(`across ${axis}, voxel`) });
    const isDrawn = async (axis: string) => {
      const { count, width, height } = await pixelsOf(page, plane(axis));
      const dark = count(([r, g, b]) => r < 90 && g < 90 && b < 90);
      return dark > 0.02 * width * height && dark < 0.9 * width * height;
    };
    for (const axis of ["z", "y", "x"]) await expect.poll(() => isDrawn(axis)).toBe(true);
    const rows = page.getByRole("grid", { name: "Molecules of the table" }).getByRole("row");
    await rows.nth(1).click();
    await expect.poll(() => plane("z").getAttribute("aria-label")).toMatch(/voxel 16$/);
    for (const axis of ["z", "y", "x"])
      for (const what of ["molecule", "average", "scores"])
        await page.getByRole("img", { name: `${what} across its ${axis} axis` }).waitFor();
    await page.getByText(/^Best score with the average 0\.\d/).waitFor();
    await page.getByRole("img", { name: "Fourier shell correlation" }).waitFor();
    // a part is the same voxels as the server's
    await page
      .getByRole("region", { name: "Planes", exact: true })
      .getByRole("combobox")
      .first()
      .selectOption("64");
    await page.waitForTimeout(700);
    await keepShot(page, "export-molecules-1280");
    const server = await startServer([served[1]]);
    const live = await openViewer(browser, `${server.address}${new URL(page.url()).hash}`, {
      width: 1280,
      height: 800,
    });
    const picture = (of: Page) =>
      of
        .getByRole("img", { name: /across x, voxel/ })
        .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    await live.page.waitForTimeout(1500);
    await expect.poll(async () => (await picture(live.page)) === (await picture(page))).toBe(true);
    await live.page.close();
    await server.close();
    await page.getByRole("button", { name: "Average", exact: true }).click();
    await page.getByRole("region", { name: "Planes of average.mrc" }).waitFor();
    for (const axis of ["z", "y", "x"]) await expect.poll(() => isDrawn(axis)).toBe(true);
    // boxes of another size are none of this copy's
    await page.getByRole("combobox", { name: "Average" }).selectOption({ label: "tomogram.mrc" });
    await page.getByText("what it would tell here is left out").first().waitFor();
    await isRight(page, wrong);
  });

  test("images against structures: gallery, one image beside each structure, posteriors; run and ensemble", async () => {
    const { page, wrong } = await open("#at=project");
    await page.getByRole("button", { name: /^ensemble Likelihood/ }).click();
    await page.getByRole("table", { name: "Weights in the ensemble" }).waitFor();
    await page.getByRole("img", { name: "image 1", exact: true }).first().waitFor();
    await page.getByRole("grid", { name: "Images of the comparison" }).getByRole("row").nth(3).click();
    await page.getByRole("heading", { name: "Image 3" }).waitFor();
    await page.getByRole("table", { name: "Posterior over structures" }).waitFor();
    await page.getByRole("img", { name: "Posterior of image 3 over views" }).waitFor();
    await page.getByRole("combobox", { name: /^Of/ }).selectOption("model");
    await expect.poll(() => page.getByLabel("Chosen image").textContent()).toMatch(/^besidemodel/);
    await page
      .getByRole("region", { name: "Image", exact: true })
      .getByRole("img", { name: "template 3" })
      .waitFor();
    await page.waitForTimeout(500);
    await keepShot(page, "export-likelihood-1280");
    await page.getByRole("navigation").getByText("project", { exact: true }).click();
    await page.getByRole("button", { name: /^likelihood Likelihood/ }).click();
    await page.getByRole("img", { name: "image 2", exact: true }).first().waitFor();
    await isRight(page, wrong);
  });
});
