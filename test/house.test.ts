import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { describeHouse, functionSizes, measureHouse } from "./support/house.ts";
import { circles, deepImports, importsOf } from "./support/imports.ts";
import { folderOf, type Tree } from "./support/layers.ts";
import { publicNames } from "./support/publicNames.ts";
import { DOMAIN_WORDS, DOORS, TEST_DOORS } from "./support/rules.ts";
import { usesOfProperties } from "./support/specifiers.ts";
import { isTest, readTree } from "./support/tree.ts";
import { wordsIn } from "./support/words.ts";

const tree = readTree(fileURLToPath(new URL("..", import.meta.url)));
const imports = importsOf(tree);

test("no file imports past another folder's index.ts", () => {
  expect(imports.length).toBeGreaterThan(1000);
  expect(deepImports(imports, [...DOORS, ...TEST_DOORS])).toEqual([]);
});

test("no files import each other in a circle, types included", () => {
  expect(circles(imports)).toEqual([]);
});

test("what all domains stand on knows no word of any", () => {
  const ground = [...tree.files].filter(
    ([path]) => path.startsWith("src/") && ["compute", "jobs"].includes(folderOf(path)) && !isTest(path),
  );
  expect(ground.length).toBeGreaterThan(20);
  expect(ground.flatMap(([path, source]) => wordsIn(path, source, DOMAIN_WORDS))).toEqual([]);
});

test("memory of a pool has names, and addresses only in compute and in folders of kernels", () => {
  const users = [...tree.files].filter(
    ([path]) =>
      /^src\/(optics|match|program|cli)\//.test(path) && !path.includes("/kernels/") && !isTest(path),
  );
  expect(users.length).toBeGreaterThan(100);
  const names = ["memory", "address", "allocate", "arena", "f32"];
  expect(users.flatMap(([path, source]) => usesOfProperties(path, source, names))).toEqual([]);
});

test("nine in ten functions and files are as short as they should be", () => {
  const { functions, files } = measureHouse(tree);
  expect(functions.median).toBeLessThanOrEqual(10);
  expect(functions.p90).toBeLessThanOrEqual(35);
  expect(functions.largest.lines).toBeLessThanOrEqual(80);
  expect(files.p90).toBeLessThanOrEqual(250);
});

/** A small tree: the files by path, and what the package exports. */
function sample(files: Readonly<Record<string, string>>): Tree {
  const exports = { ".": { source: "./src/index.ts" }, "./package.json": "./package.json" };
  return {
    files: new Map(Object.entries({ "src/index.ts": 'export { x } from "./a/index.ts";\n', ...files })),
    package: { exports },
  };
}

describe("deep imports", () => {
  const found = (files: Readonly<Record<string, string>>) =>
    deepImports(importsOf(sample({ "src/a/b/c.ts": "", "src/a/index.ts": "", ...files })), DOORS);

  test.each([
    ["a value", 'import { x } from "../a/b/c.ts";'],
    ["a type", 'import type { X } from "../a/b/c.ts";'],
    ["a type in place", 'let x: import("../a/b/c.ts").X;'],
    ["what is exported again", 'export { x } from "../a/b/c.ts";'],
    ["a dynamic import", 'await import("../a/b/c.ts");'],
    ["a URL", 'new URL("../a/b/c.ts", import.meta.url);'],
  ])("%s counts", (_, source) => {
    expect(found({ "src/d/e.ts": source })).toEqual(["src/d/e.ts -> src/a/b/c.ts"]);
  });

  test("a folder's own files, its index.ts and fixtures of tests do not count", () => {
    expect(found({ "src/a/d.ts": 'import "./b/c.ts";' })).toEqual([]);
    expect(found({ "src/d/e.ts": 'import "../a/index.ts";' })).toEqual([]);
    expect(found({ "src/d/e.test.ts": 'new URL("../a/b/c.ts", import.meta.url);' })).toEqual([]);
    expect(found({ "test/e.test.ts": 'import "../src/a/b/c.ts";' })).toHaveLength(1);
  });

  test("only kernels and workers pass the kernels' door of compute", () => {
    const compute = { "src/compute/kernels/index.ts": "", "src/compute/assembly/lines.ts": "" };
    const door = 'import "../../compute/kernels/index.ts";';
    expect(found({ ...compute, "src/a/kernels/f.ts": door })).toEqual([]);
    expect(found({ ...compute, "src/worker/f.ts": 'import "../compute/kernels/index.ts";' })).toEqual([]);
    expect(found({ ...compute, "src/a/search/f.ts": door })).toHaveLength(1);
    const lines = { "src/a/kernels/assembly/f.ts": 'import "../../../compute/assembly/lines";' };
    expect(found({ ...compute, ...lines })).toEqual([]);
  });
});

describe("circles", () => {
  const found = (files: Readonly<Record<string, string>>) => circles(importsOf(sample(files)));

  test("of values and of types are found, the shortest of each group", () => {
    const files = {
      "src/a/a.ts": 'import "./b.ts"; import "./c.ts";',
      "src/a/b.ts": 'import "./c.ts";',
      "src/a/c.ts": 'import type { A } from "./a.ts";',
      "src/a/e.ts": 'import "./f.ts";',
      "src/a/f.ts": 'export * from "./e.ts";',
      "src/a/g.ts": 'import "./g.ts"; import "./a.ts";',
    };
    expect(found(files)).toEqual([
      "src/a/a.ts -> src/a/c.ts -> src/a/a.ts",
      "src/a/e.ts -> src/a/f.ts -> src/a/e.ts",
      "src/a/g.ts -> src/a/g.ts",
    ]);
  });

  test("a worker that is started by URL closes none", () => {
    const files = {
      "src/a/a.ts": 'new URL("./b.ts", import.meta.url);',
      "src/a/b.ts": 'import "./a.ts";',
    };
    expect(found(files)).toEqual([]);
  });
});

describe("public names", () => {
  test("are values and types, whichever way they are exported", () => {
    const source = `export { a, type B } from "./a.ts";
export type { C } from "./c.ts";
export * as d from "./d.ts";
export const e = 1;
export class F {}
export interface G {}
export type H = G;
export function i() {}
const inner = 1;`;
    expect(publicNames("index.ts", source)).toEqual({
      values: ["F", "a", "d", "e", "i"],
      types: ["B", "C", "G", "H"],
    });
  });

  test("must be listed", () => {
    expect(() => publicNames("index.ts", 'export * from "./a.ts";')).toThrow("found export *");
  });
});

test("words are found in names and comments, singular and plural, and not inside other words", () => {
  const source = "// Plates of cells\nconst templateCount = poseXYZ;\nconst CTFs = atomics + platelet;";
  expect(wordsIn("a.ts", source, ["plate", "template", "pose", "ctf", "atom"])).toEqual([
    "a.ts:1 plates",
    "a.ts:2 template",
    "a.ts:2 pose",
  ]);
});

test("uses of properties are found by their name and line", () => {
  const source = "const memory = pool.memory;\nthis.#pool.allocate(3); const { address } = region;";
  expect(usesOfProperties("a.ts", source, ["memory", "allocate"])).toEqual([
    "a.ts:1 pool.memory",
    "a.ts:2 this.#pool.allocate",
  ]);
});

test("functions are measured from their first to their last line", () => {
  const source = `function a() {
  const b = () => {
    return 1;
  };
  return [1].map((x) => x);
}
class C { constructor() {} get d() { return 1; } }
declare function e(): void;`;
  expect(functionSizes("a.ts", source)).toEqual([
    { name: "a.ts a", lines: 6 },
    { name: "a.ts b", lines: 3 },
    { name: "a.ts C.constructor", lines: 1 },
    { name: "a.ts d", lines: 1 },
  ]);
});

test("the numbers of a house read as sentences", () => {
  const small = sample({
    "src/a/index.ts": 'export { x } from "./x.ts";\n',
    "src/a/x.ts": "export function x() {\n  return 1;\n}\n",
    "src/b/index.ts": 'import "../a/x.ts";\n',
    "test/x.test.ts": 'import "../src/a/x.ts";\n\n',
  });
  expect(describeHouse(measureHouse(small))).toMatchInlineSnapshot(`
    "public names: 1
      vitrine: 1 values, 0 types
    deep imports: 1
      src/b/index.ts -> src/a/x.ts
    deep imports of tests: 1
      test/x.test.ts -> src/a/x.ts
    circles: 0
    lines (code, tests):
      src: 1, 0
      src/a: 4, 0
      src/b: 1, 0
      test: 0, 2
    functions of src: 1, median 3 lines, nine in ten up to 3, largest 3 (src/a/x.ts x)
    files of src: 4, median 1 lines, nine in ten up to 3, largest 3 (src/a/x.ts)
    test files: 1, median 2 lines, nine in ten up to 2, largest 2 (test/x.test.ts)
    "
  `);
});
