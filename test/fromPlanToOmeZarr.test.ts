import { join } from "node:path";
import { expect, test } from "vitest";
import { openNdtiff, openOmeZarr } from "../src/io/index.ts";
import { linksOf, runDocsPage } from "./support/docsPage.ts";
import { scratchFolder } from "./support/mmcore.ts";
import { python, requirement } from "./support/require.ts";

const PAGE = "fromPlanToOmeZarr.md";
const folder = scratchFolder();
const { available } = requirement("readers");

/** What is the same on every machine: times and rates are not. */
const steady = (text: string) =>
  text.replaceAll(/ \([^)]*\/s\)/g, "").replaceAll(/, \d+(\.\d+)? s$/gm, ", # s");

test.skipIf(!available)(
  `the commands of docs/${PAGE} do what the page says (needs readers)`,
  async () => {
    await runDocsPage(PAGE, { folder, steady, python });
    // beyond what the page prints: the same pixels and the processor's word by every way
    await using direct = await openOmeZarr(join(folder, "data", "run_1"));
    await using tiff = await openNdtiff(join(folder, "data", "run_2"));
    await using converted = await openOmeZarr(join(folder, "run.zarr"));
    const axes = { time: 0, position: 1, channel: 1, z: 2 };
    for (const dataset of [direct, tiff, converted]) {
      expect(dataset.imageCoordinates()).toHaveLength(24);
      expect(await dataset.readImage(axes)).toMatchObject({ width: 512, height: 512 });
      expect((await dataset.readMetadata(axes)).Mean).toEqual(expect.any(Number));
    }
    expect(await converted.readImage(axes)).toEqual(await tiff.readImage(axes));
  },
  120_000,
);

test("the page names files that are there", () => {
  const { targets, lost } = linksOf(PAGE);
  expect(targets).toBeGreaterThan(1);
  expect(lost).toEqual([]);
});
