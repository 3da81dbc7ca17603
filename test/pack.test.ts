import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { examplesOf, promisedLines, runExample } from "./support/examples.ts";
import { manifest, type Packed, packPackage } from "./support/packed.ts";

const execute = promisify(execFile);
const { name, exports } = manifest;

let packed: Packed;

/** Installs the package with its dependencies in an empty folder, as a user would. */
beforeAll(async () => {
  packed = await packPackage();
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", packed.tarball];
  await execute("npm", install, { cwd: packed.folder });
}, 300_000);

afterAll(() => packed?.[Symbol.dispose]());

test("the tarball holds the built package and its pages, and no source, tests or golden data", () => {
  const kinds = new Set(packed.paths.map((path) => path.split("/")[0]));
  expect([...kinds].sort()).toEqual([
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "bin",
    "dist",
    "docs",
    "examples",
    "package.json",
    "src",
  ]);
  expect(packed.paths).toContain("dist/compute/kernels.wasm");
  expect(packed.paths).toContain("dist/io/omezarr/multiscale/kernels.wasm");
  expect(packed.paths).toContain("dist/acquire/mmcore/python/child.py");
  expect(packed.paths).toContain("src/match/README.md");
  expect(packed.paths.filter((path) => /\.test\.|golden|\.pyc$/.test(path))).toEqual([]);
  const sources = packed.paths.filter((path) => path.startsWith("src/"));
  expect(sources.filter((path) => !path.endsWith("/README.md"))).toEqual([]);
});

test("every link of its pages leads to something in it", () => {
  const root = join(packed.folder, "node_modules", name);
  const pages = packed.paths.filter((path) => path.endsWith(".md"));
  expect(pages.length).toBeGreaterThan(10);
  const broken = pages.flatMap((page) => {
    const links = readFileSync(join(root, page), "utf8").matchAll(/\]\(([^)#\s]+)[^)]*\)/g);
    const files = [...links].map(([, link]) => link).filter((link) => !/^\w+:/.test(link));
    return files
      .filter((file) => !existsSync(join(root, dirname(page), file)))
      .map((file) => `${page}: ${file}`);
  });
  expect(broken).toEqual([]);
});

test("its command explains itself", async () => {
  const { stdout } = await execute("npx", ["--no-install", "vitrine", "--help"], { cwd: packed.folder });
  expect(stdout).toMatch(/Usage: vitrine/);
});

test("every entry can be imported", async () => {
  const entries = Object.keys(exports).filter((entry) => !entry.endsWith(".json"));
  const paths = entries.map((entry) => entry.replace(/^\./, name));
  const script = join(packed.folder, "imports.mjs");
  writeFileSync(
    script,
    `for (const path of ${JSON.stringify(paths)}) {
  const names = Object.keys(await import(path));
  console.log(path, names.length > 0);
}`,
  );
  const { stdout } = await execute(process.execPath, [script], { cwd: packed.folder });
  expect(stdout.trim().split("\n")).toEqual(paths.map((path) => `${path} true`));
});

test("the example of its first page runs and prints what it says", async () => {
  const text = readFileSync(join(packed.folder, "node_modules", name, "README.md"), "utf8");
  const [example] = examplesOf("README.md", text);
  expect(await runExample(example, { folder: packed.folder })).toEqual(promisedLines(example));
});

test("its job processes find their entry", async () => {
  writeFileSync(
    join(packed.folder, "work.mjs"),
    "export const add = (results, i, { a, b }) => { results[i] = a + b; };",
  );
  const script = join(packed.folder, "jobs.mjs");
  writeFileSync(
    script,
    `import { runMultiprocessJobs } from "vitrine/jobs";
const target = { module: new URL("./work.mjs", import.meta.url), export: "add" };
console.log(JSON.stringify(await runMultiprocessJobs(target, [{ a: 1, b: 2 }, { a: 3, b: 4 }])));`,
  );
  const { stdout } = await execute(process.execPath, [script], { cwd: packed.folder });
  expect(stdout).toBe('{"0":3,"1":7}\n');
});
