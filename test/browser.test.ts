import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool } from "../src/compute/index.ts";
import { readMrcImage, readMrcVolume } from "../src/io/index.ts";
import {
  type MapName,
  parseMatchSettings,
  resultMap,
  TemplateSearch,
  templateFromVolume,
} from "../src/match/index.ts";
import { goldenBytes } from "./support/npy.ts";
import { openProgramPage, type ProgramPage } from "./support/page.ts";
import { requirement } from "./support/require.ts";
import { scratchFolder } from "./support/searchCase.ts";

const { available } = requirement("chromium");
const root = fileURLToPath(new URL("..", import.meta.url));
const golden = join(root, "test/golden/match");
const folder = scratchFolder();

const NAMES: readonly MapName[] = [
  "mip",
  "scaledMip",
  "correlationAverage",
  "correlationVariance",
  "orientationPsi",
  "orientationTheta",
  "orientationPhi",
  "relativeDefocus",
];

/** The page's program, written as a user would write it; maps go back as base64 of their bytes. */
const PROGRAM = `
import { createPool } from "vitrine/compute";
import { readMrcImage, readMrcVolume } from "vitrine/io";
import { parseMatchSettings, resultMap, TemplateSearch, templateFromVolume } from "vitrine/match";

const base64 = (map) =>
  new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1]);
    reader.readAsDataURL(new Blob([map]));
  });

window.search = async (names) => {
  const text = await (await fetch("/golden/search1_config.yaml")).text();
  const settings = parseMatchSettings(text, "search1_config.yaml");
  const micrograph = await readMrcImage(new URL("/golden/micrograph.mrc", location.href));
  const template = templateFromVolume(await readMrcVolume(new URL("/golden/template.mrc", location.href)));
  await using pool = await createPool({ workers: 2 });
  const search = await TemplateSearch.create(pool, { settings, micrograph, template });
  let told = 0;
  await search.run({}, { onProgress: (done) => { told = done; } });
  const source = { statistics: search.statistics, space: search.space };
  const maps = {};
  for (const name of names) maps[name] = await base64(resultMap(source, name));
  return { maps, told, workers: pool.workers, threads: crossOriginIsolated };
};
`;

/** The same search in Node. */
async function searchInNode(): Promise<Record<string, Float32Array>> {
  const text = new TextDecoder().decode(goldenBytes("search1_config.yaml"));
  const settings = parseMatchSettings(text, "search1_config.yaml");
  const micrograph = await readMrcImage(join(golden, "micrograph.mrc"));
  const template = templateFromVolume(await readMrcVolume(join(golden, "template.mrc")));
  await using pool = await createPool({ workers: 2 });
  const search = await TemplateSearch.create(pool, { settings, micrograph, template });
  await search.run();
  const source = { statistics: search.statistics, space: search.space };
  return Object.fromEntries(NAMES.map((name) => [name, resultMap(source, name)]));
}

describe.skipIf(!available)("the golden search in a page with two workers", () => {
  let program: ProgramPage;

  beforeAll(async () => {
    program = await openProgramPage({ folder, program: PROGRAM, served: { golden } });
  });
  afterAll(() => program?.[Symbol.asyncDispose]());

  test("gives the maps that Node gives, byte for byte", async () => {
    const { page, errors } = await program.open();
    const found: PageResult = await page.evaluate(`search(${JSON.stringify(NAMES)})`);
    expect(errors).toEqual([]);
    expect([found.told, found.workers, found.threads]).toEqual([13248, 2, true]);
    const expected = await searchInNode();
    for (const name of NAMES) {
      const { buffer, byteOffset, byteLength } = expected[name];
      const bytes = Buffer.from(found.maps[name], "base64");
      expect(bytes.equals(new Uint8Array(buffer, byteOffset, byteLength)), name).toBe(true);
    }
  });
});

interface PageResult {
  readonly maps: Readonly<Record<string, string>>;
  readonly told: number;
  readonly workers: number;
  readonly threads: boolean;
}
