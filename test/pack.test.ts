import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const { name, version, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

let folder: string;
let listed: string[];

/** Packs the built package and installs it with its dependencies in an empty folder, as a user would. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-pack-"));
  // The built files are there already; a second build would change them under tests that run beside this one.
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const packed = JSON.parse((await execute("npm", pack, { cwd: root })).stdout);
  listed = packed[0].files.map((file: { path: string }) => file.path);
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", `./${name}-${version}.tgz`];
  await execute("npm", install, { cwd: folder });
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball holds the built package and no source, tests or golden data", () => {
  const kinds = new Set(listed.map((path) => path.split("/")[0]));
  expect([...kinds].sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "bin", "dist", "package.json"]);
  expect(listed).toContain("dist/compute/kernels.wasm");
  expect(listed).toContain("dist/acquire/mmcore/python/child.py");
  expect(listed.filter((path) => /\.test\.|golden|\.pyc$/.test(path))).toEqual([]);
});

test("its command explains itself", async () => {
  const { stdout } = await execute("npx", ["--no-install", "vitrine", "--help"], { cwd: folder });
  expect(stdout).toMatch(/Usage: vitrine/);
});

test("every entry can be imported", async () => {
  const entries = Object.keys(exports).filter((entry) => !entry.endsWith(".json"));
  const paths = entries.map((entry) => entry.replace(/^\./, name));
  const script = join(folder, "imports.mjs");
  writeFileSync(
    script,
    `for (const path of ${JSON.stringify(paths)}) {
  const names = Object.keys(await import(path));
  console.log(path, names.length > 0);
}`,
  );
  const { stdout } = await execute(process.execPath, [script], { cwd: folder });
  expect(stdout.trim().split("\n")).toEqual(paths.map((path) => `${path} true`));
});

test("its job processes find their entry", async () => {
  writeFileSync(
    join(folder, "work.mjs"),
    "export const add = (results, i, { a, b }) => { results[i] = a + b; };",
  );
  const script = join(folder, "jobs.mjs");
  writeFileSync(
    script,
    `import { runMultiprocessJobs } from "vitrine/jobs";
const target = { module: new URL("./work.mjs", import.meta.url), export: "add" };
console.log(JSON.stringify(await runMultiprocessJobs(target, [{ a: 1, b: 2 }, { a: 3, b: 4 }])));`,
  );
  const { stdout } = await execute(process.execPath, [script], { cwd: folder });
  expect(stdout).toBe('{"0":3,"1":7}\n');
});
