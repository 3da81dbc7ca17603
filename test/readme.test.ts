import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { examplesOf, promisedLines, runExample } from "./support/examples.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
// Inside the package, so that `vitrine/…` means this one; in dist, which git ignores.
const scratch = join(root, "dist", `readme-${process.pid}`);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const folders = readdirSync(join(root, "src")).map((folder) => `src/${folder}/README.md`);
const pages = ["README.md", ...folders].filter((page) => existsSync(join(root, page)));
const examples = pages.flatMap((page) => examplesOf(page, readFileSync(join(root, page), "utf8")));

test("the first page has an example that prints something", () => {
  const first = examples.find(({ name }) => name.startsWith("README.md"));
  expect(first && promisedLines(first)).toHaveLength(1);
});

test("the first page says how to install the package", () => {
  expect(readFileSync(join(root, "README.md"), "utf8")).toContain("\nnpm install vitrine\n");
});

test.each(examples)("the example of $name runs and prints what it says", async (example) => {
  const folder = join(scratch, example.name.replaceAll(/\W/g, "-"));
  expect(await runExample(example, { folder, cwd: root })).toEqual(promisedLines(example));
});
