import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
// Inside the package, so that `vitrine/…` means this one; in dist, which git ignores.
const scratch = join(root, "dist", `readme-${process.pid}`);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const folders = readdirSync(join(root, "src")).map((folder) => `src/${folder}/README.md`);
const pages = ["README.md", ...folders].filter((page) => existsSync(join(root, page)));

/** Examples are blocks of `js`; one may hold several files, each begun by a comment with its name; the last one runs. */
const examples = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, code], i) => ({
    name: `${page} ${i + 1}`,
    code,
  }));
});

test("the first page has an example", () => {
  expect(examples.filter(({ name }) => name.startsWith("README.md"))).not.toEqual([]);
});

test.each(examples)("the example of $name runs and prints what it says", async ({ name, code }) => {
  const folder = join(scratch, name.replaceAll(/\W/g, "-"));
  mkdirSync(folder, { recursive: true });
  const parts = code.split(/^\/\/ (\w+\.js)\n/m);
  const files = parts.length === 1 ? [["main.js", code]] : [];
  for (let i = 1; i < parts.length; i += 2) files.push([parts[i], parts[i + 1]]);
  for (const [file, content] of files) writeFileSync(join(folder, file), content);
  const last = files[files.length - 1][0];
  const { stdout } = await execute(process.execPath, [join(folder, last)], { cwd: root });
  const promised = [...code.matchAll(/^console\.log\([\s\S]*?\); \/\/ (.*)$/gm)].map(([, text]) => text);
  expect(stdout.trim().split("\n")).toEqual(promised.length === 0 ? [""] : promised);
});
