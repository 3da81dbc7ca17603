import { afterAll, expect, test } from "vitest";
import { linksOf, runDocsPage } from "./support/docsPage.ts";
import { scratchFolder } from "./support/plateCase.ts";

const PAGE = "fromPlateToLayers.md";
const scratch = scratchFolder("plates");
afterAll(() => scratch.remove());

/** What is the same on every machine: times and the folder are not. */
const steady = (text: string) =>
  text
    .replaceAll(/\([^)\n]*\/screen, /g, "(screen, ")
    .replaceAll(/^.+ of work in all$/gm, "# of work in all");

test(`the commands of docs/${PAGE} do what the page says`, async () => {
  await runDocsPage(PAGE, { folder: scratch.path, steady });
});

test("the page names files that are there", () => {
  expect(linksOf(PAGE).lost).toEqual([]);
});
