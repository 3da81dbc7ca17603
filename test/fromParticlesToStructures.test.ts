import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseCsvTable } from "../src/io/index.ts";
import { linksOf, runDocsPage } from "./support/docsPage.ts";
import { scratchFolder } from "./support/searchCase.ts";

const PAGE = "fromParticlesToStructures.md";
const folder = scratchFolder();

test(`the commands of docs/${PAGE} do what the page says`, async () => {
  await runDocsPage(PAGE, { folder, tolerance: 0.05 });
  // beyond what it prints: each image is of the structure that it was made of
  const table = parseCsvTable(readFileSync(join(folder, "ensemble", "posteriors.csv"), "utf8"), PAGE);
  const [closed, open] = ["p_closed", "p_open"].map((name) => table.numbers(name));
  const best = Array.from(closed, (share, i) => (share > open[i] ? "closed" : "open"));
  expect(best).toEqual(Array.from({ length: 18 }, (_, i) => (i < 12 ? "closed" : "open")));
}, 300_000);

test("the page names files that are there", () => {
  expect(linksOf(PAGE)).toEqual({ targets: 1, lost: [] });
});
