/** A search in the page: files are dropped, its workers find what was planted, and what is saved is what the command line writes. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool } from "../src/compute/index.ts";
import { formatMrc } from "../src/io/index.ts";
import {
  type PlantedParticle,
  type PotentialAtom,
  parseMatchSettings,
  runMatch,
  searchSpace,
  simulateMap,
  simulateMicrographOfMap,
  simulateMolecule,
} from "../src/match/index.ts";
import { type Server, startServer } from "../src/server/index.ts";
import { barriersOf } from "./support/accessible.ts";
import { launchBrowser } from "./support/browser.ts";
import { requirement } from "./support/require.ts";
import { scratchFolder } from "./support/searchCase.ts";
import { fits, openViewer, SHOTS } from "./support/viewerPage.ts";

const { available } = requirement("chromium");
const folder = scratchFolder();
const BOX = 32;
const PIXEL_SIZE_A = 4;
/** What the form is told; planted particles have orientations of this grid. */
const STEP_DEG = 24;

let browser: Browser;
let server: Server;
let planted: readonly PlantedParticle[];

// it searches with all threads that it has while the page is looked at
describe.skipIf(!available)("a search in the page", { timeout: 400_000 }, () => {
  beforeAll(async () => {
    planted = await makeScene();
    server = await startServer([folder]);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test("finds what was planted in dropped files, and saves what the command line writes, byte for byte", async () => {
    const { page, errors } = await openViewer(browser, server.address, { width: 1280, height: 800 });
    const posts: string[] = [];
    page.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
    await page.getByRole("button", { name: "Search a micrograph" }).waitFor();
    expect.soft(await barriersOf(page), "list").toEqual([]);
    await drop(page, "micrograph.mrc");
    await page.getByText("micrograph.mrc, 300 × 256").waitFor();
    await page.waitForURL(/#.*%40search/);
    await expect.poll(() => page.getByLabel("Pixel size").inputValue()).toBe("4");
    expect(await searchButton(page).isDisabled()).toBe(true);
    await page.screenshot({ path: join(SHOTS, "search-1280-form.png") });
    await drop(page, "template.mrc");
    await page.getByText(`template.mrc, ${BOX}³`).waitFor();
    await fill(page, { "Defocus U": 12_000, "Defocus V": 11_500, "Astigmatism angle": 20 });
    await fill(page, { "Out-of-plane step": STEP_DEG, "In-plane step": STEP_DEG, Threads: 2 });
    await page.getByText(/^[\d,]+ correlations: /).waitFor();
    await searchButton(page).click();
    const result = page.getByRole("status", { name: "Result" });
    await result.waitFor();
    expect(await result.textContent()).toMatch(new RegExp(`^${planted.length} particles above z = \\d`));
    const places = await page.locator("[aria-label=Particles] tbody td:nth-child(2)").allTextContents();
    const found = places.map((place) => place.split(", ").map(Number));
    for (const { posX, posY } of planted) {
      const [x, y] = [posX + BOX / 2, posY + BOX / 2];
      expect(found.some(([fx, fy]) => Math.hypot(fx - x, fy - y) < 3)).toBe(true);
    }
    // what came of the files and of the search is no step
    const undo = page.getByRole("button", { name: "Undo" });
    expect(await undo.isDisabled()).toBe(true);
    await page.getByRole("table", { name: "Particles" }).getByRole("button").first().click();
    await expect.poll(() => undo.isEnabled()).toBe(true);
    await page.waitForURL(/view=/);
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(SHOTS, "search-1280.png") });
    expect.soft(await barriersOf(page), "found").toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await fits(page, 390);
    await page.screenshot({ path: join(SHOTS, "search-390.png") });

    const saved = await download(page, "Save all (zip)");
    const files = unzipSync(saved);
    expect(Object.keys(files)).toHaveLength(10);
    const table = await download(page, "Save particles.csv");
    expect(Buffer.from(table).equals(files["particles.csv"])).toBe(true);
    const expected = await commandLine(files["config.yaml"]);
    for (const [name, bytes] of Object.entries(files)) {
      if (name === "config.yaml") continue;
      expect(Buffer.from(bytes).equals(expected(name)), name).toBe(true);
    }
    expect(posts).toEqual([]);
    expect(errors).toEqual([]);
  });

  test("makes the map of atoms, shows how far it is, stops, and says what it cannot search", async () => {
    const { page, errors } = await openViewer(browser, `${server.address}#at=@search`, {
      width: 1280,
      height: 800,
    });
    await choose(page, "micrograph.mrc", "molecule.pdb");
    await page.getByText(/molecule\.pdb, \d+ atoms/).waitFor();
    await expect
      .poll(async () => Number(await page.getByLabel("Box of the map").inputValue()))
      .toBeGreaterThanOrEqual(BOX);
    await fill(page, { "Box of the map": BOX, "Out-of-plane step": 1, "In-plane step": 1, Threads: 1 });
    const run = searchButton(page);
    await run.click();
    await expect.poll(() => page.getByRole("status", { name: "Progress" }).textContent()).toMatch(/\d %/);
    await page.screenshot({ path: join(SHOTS, "search-1280-running.png") });
    expect.soft(await barriersOf(page), "running").toEqual([]);
    // what is looked at meanwhile does not end it
    await page.getByRole("button", { name: "Vitrine" }).click();
    await page.getByRole("button", { name: "Search a micrograph" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await run.waitFor();
    await fill(page, { "Out-of-plane step": STEP_DEG, "In-plane step": STEP_DEG });
    await run.click();
    await page.getByRole("status", { name: "Result" }).waitFor();
    const files = unzipSync(await download(page, "Save all (zip)"));
    const map = readFileSync(join(folder, "template.mrc")).subarray(1024);
    expect(Buffer.from(files["molecule_map.mrc"]).subarray(1024).equals(map)).toBe(true);

    await choose(page, "notes.txt");
    await page
      .getByRole("alert")
      .getByText(/notes\.txt: expected a micrograph .*found/)
      .waitFor();
    await choose(page, "movie.mrc");
    await page
      .getByRole("alert")
      .getByText(/expected one section.*found 3 x 8 x 8/)
      .waitFor();
    await page.screenshot({ path: join(SHOTS, "search-1280-refused.png") });
    await choose(page, "ctf.txt");
    await expect.poll(() => page.getByLabel("Defocus V").inputValue()).toBe("10200");
    expect(await page.getByLabel("Phase shift").inputValue()).toBe("0");
    expect(errors).toEqual([]);
  });
});

/** Of the form: the way of places has one of this name too, which is all there is while a search runs. */
function searchButton(page: Page): Locator {
  return page
    .getByRole("complementary", { name: "Controls" })
    .getByRole("button", { name: "Search", exact: true });
}

/** As a hand drops a file on the page. */
async function drop(page: Page, name: string): Promise<void> {
  const base64 = readFileSync(join(folder, name)).toString("base64");
  await page.evaluate(
    ([file, text]) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], file));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    },
    [name, base64],
  );
}

async function choose(page: Page, ...names: string[]): Promise<void> {
  await page.getByLabel("Choose files…").setInputFiles(names.map((name) => join(folder, name)));
}

async function fill(page: Page, values: Readonly<Record<string, number>>): Promise<void> {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label).fill(String(value));
}

async function download(page: Page, button: string): Promise<Uint8Array> {
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: button }).click();
  return new Uint8Array(readFileSync(await (await coming).path()));
}

/** What `vitrine match config.yaml` writes in a folder with the same files. */
async function commandLine(config: Uint8Array): Promise<(name: string) => Uint8Array> {
  const own = join(folder, "command");
  mkdirSync(own);
  const text = new TextDecoder().decode(config);
  // paths of a configuration are relative to the working directory
  const moved = text.replaceAll(/: (\S+\.mrc)$/gm, (_, name: string) =>
    /_(mip|average|variance|psi|theta|phi|defocus)\.mrc$/.test(name)
      ? `: ${own}/${name}`
      : `: ${folder}/${name}`,
  );
  writeFileSync(join(own, "config.yaml"), moved);
  await runMatch(join(own, "config.yaml"), { particlesPath: join(own, "particles.csv"), workers: 2 });
  return (name) => {
    const bytes = readFileSync(join(own, name));
    if (!name.endsWith(".csv")) return bytes;
    return Buffer.from(bytes.toString().replaceAll(`${own}/`, "").replaceAll(`${folder}/`, ""));
  };
}

/** A molecule as PDB and as map, and a micrograph with two of it. */
async function makeScene(): Promise<readonly PlantedParticle[]> {
  const { positionsA } = simulateMolecule({ seed: 7, atomCount: 300, radiusA: 44, sigmaA: 2 });
  const atoms = Array.from({ length: 300 }, (_, i): PotentialAtom => {
    const [x, y, z] = positionsA.subarray(3 * i, 3 * i + 3).map((value) => Number(value.toFixed(3)));
    return { x, y, z, element: "C", occupancy: 1, bFactorA2: 20 };
  });
  writeFileSync(join(folder, "molecule.pdb"), pdbOf(atoms));
  await using pool = await createPool({ workers: 2 });
  const map = await simulateMap(pool, atoms, { boxSize: BOX, pixelSizeA: PIXEL_SIZE_A });
  writeFileSync(join(folder, "template.mrc"), formatMrc(map));
  const text = `
template_volume_path: t.mrc
micrograph_path: m.mrc
optics_group: {label: x, pixel_size: 4, voltage: 300, defocus_u: 12000, defocus_v: 11500, astigmatism_angle: 20}
defocus_search_config: {enabled: false}
orientation_search_config: {psi_step: ${STEP_DEG}, theta_step: ${STEP_DEG}}
preprocessing_filters: {}
match_template_result: {${RESULTS.map((name) => `${name}_path: ${name}`).join(", ")}}
`;
  const settings = parseMatchSettings(text, "scene");
  const { eulerAnglesDeg } = searchSpace(settings);
  const particles = [
    { posX: 40, posY: 60, grid: 333 },
    { posX: 200, posY: 150, grid: 777 },
  ].map(({ grid, ...place }) => {
    const [phiDeg, thetaDeg, psiDeg] = eulerAnglesDeg.subarray(3 * grid, 3 * grid + 3);
    return { ...place, phiDeg, thetaDeg, psiDeg, relativeDefocusA: 0 };
  });
  const { image } = await simulateMicrographOfMap(
    pool,
    { map, particles },
    { shape: [256, 300], optics: settings.optics, noise: { kind: "white", zScore: 16 }, seed: 11 },
  );
  writeFileSync(
    join(folder, "micrograph.mrc"),
    formatMrc({ data: image.data, shape: image.shape, voxelSizeA: PIXEL_SIZE_A }),
  );
  writeFileSync(join(folder, "notes.txt"), "nothing of this kind\n");
  writeFileSync(
    join(folder, "movie.mrc"),
    formatMrc({ data: new Float32Array(192), shape: [3, 8, 8], voxelSizeA: 1 }),
  );
  writeFileSync(
    join(folder, "ctf.txt"),
    "# Output from CTFFind version 4.1.14\n# Input file: m.mrc ; Number of micrographs: 1\n1.0 10400.0 10200.0 31.0 0.0 0.2 5.0\n",
  );
  return particles;
}

const RESULTS = [
  ..."mip scaled_mip correlation_average correlation_variance".split(" "),
  ..."orientation_psi orientation_theta orientation_phi relative_defocus".split(" "),
];

function pdbOf(atoms: readonly PotentialAtom[]): string {
  const lines = atoms.map(({ x, y, z }, i) => {
    const at = [x, y, z].map((value) => value.toFixed(3).padStart(8)).join("");
    return `ATOM  ${String(i + 1).padStart(5)}  CA  ALA A${String(i + 1).padStart(4)}    ${at}  1.00 20.00           C  `;
  });
  return `${lines.join("\n")}\nEND\n`;
}
