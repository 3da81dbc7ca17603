import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { breachesOf, folderOf, nodeReachedFrom, type Rules, type Tree } from "./support/layers.ts";
import { usesOfGlobals } from "./support/specifiers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The diagram of the design: what each folder of src may import besides itself. */
const RULES: Rules = {
  mayImport: {
    core: [],
    io: ["core"],
    compute: ["core"],
    jobs: ["core"],
    program: ["core", "io", "compute"],
    experiment: ["core", "io"],
    optics: ["core", "compute"],
    pipe: ["core", "io", "compute"],
    acquire: ["core", "io", "compute"],
    pyramid: ["core", "io", "compute", "jobs", "experiment", "program"],
    match: ["core", "io", "compute", "optics", "jobs", "program"],
    likelihood: ["core", "io", "compute", "optics", "jobs", "program"],
    subtomogram: ["core", "io", "compute", "optics", "pipe", "jobs", "program"],
    server: "all",
    viewer: ["core", "io", "compute", "optics", "match"],
    worker: ["compute", "match"],
    cli: "all",
  },
  // They load the module that their caller names; the last resolves "#…" names, which the check sees by themselves.
  computed: [
    "src/jobs/process.ts",
    "src/acquire/processors/worker.node.ts",
    "src/acquire/processors/worker.browser.ts",
    "src/core/threads/workerThread.node.ts",
    "src/compute/threads.browser.ts",
  ],
  outside: ["package.json", "src/worker/worker.browser.ts"],
};

/** Folders that never run in a browser; everywhere else only `*.node.ts` may use Node. */
const NODE_FOLDERS = ["jobs", "experiment", "server", "cli"];

const isCode = (path: string) => /\.(ts|js|mjs)$/.test(path);
const roots = ["src", "test", "bench", "bin"].filter((folder) => existsSync(join(root, folder)));
const paths = roots.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
    .filter(isCode),
);
const tree: Tree = {
  files: new Map([...paths, "package.json"].map((path) => [path, readFileSync(join(root, path), "utf8")])),
  package: JSON.parse(readFileSync(join(root, "package.json"), "utf8")),
};
const library = [...tree.files].filter(([path]) => path.startsWith("src/") && !path.endsWith(".test.ts"));
const forBrowsers = library.filter(
  ([path]) =>
    !NODE_FOLDERS.includes(folderOf(path)) && !path.endsWith(".node.ts") && !path.includes("/assembly/"),
);

test("folders import only what the design's arrows allow, and every specifier leads somewhere", () => {
  expect(library.length).toBeGreaterThan(10);
  expect(breachesOf(tree, RULES)).toEqual([]);
});

test("every folder of src is in the diagram and says in a README what it is for", () => {
  const folders = readdirSync(join(root, "src"));
  expect(folders.filter((folder) => RULES.mayImport[folder] === undefined)).toEqual([]);
  expect(folders.filter((folder) => !existsSync(join(root, "src", folder, "README.md")))).toEqual([]);
});

test("library folders use Node only in a *.node.ts twin", () => {
  const imports = forBrowsers.flatMap(([path, source]) => (/["']node:/.test(source) ? [path] : []));
  const globals = forBrowsers.flatMap(([path, source]) => usesOfGlobals(path, source, ["process", "Buffer"]));
  expect([...imports, ...globals]).toEqual([]);
});

test("a browser that loads a library folder loads nothing of Node", () => {
  const folders = Object.keys(RULES.mayImport).filter((folder) => !NODE_FOLDERS.includes(folder));
  const entries = folders.map((folder) => `src/${folder}/index.ts`).filter((path) => tree.files.has(path));
  expect(entries.flatMap((entry) => nodeReachedFrom(tree, entry))).toEqual([]);
});

test("only the command line writes to the console", () => {
  const uses = library.filter(([path]) => folderOf(path) !== "cli");
  expect(uses.flatMap(([path, source]) => usesOfGlobals(path, source, ["console"]))).toEqual([]);
});

test("no file is longer than 500 lines", () => {
  const long = [...tree.files].filter(([, source]) => source.split("\n").length > 501);
  expect(long.map(([path]) => path)).toEqual([]);
});

/** A small tree with one file of interest, for the checks' own tests. */
function sample(path: string, source: string): Tree {
  const others: [string, string][] = [
    ["src/core/index.ts", ""],
    ["src/io/index.ts", 'import "#files";'],
    ["src/io/files.node.ts", 'import "node:fs";'],
    ["src/io/files.browser.ts", ""],
    ["src/compute/index.ts", ""],
    ["src/worker/worker.node.ts", ""],
    ["src/compute/assembly/index.ts", 'import { a } from "./kernels";'],
    ["src/compute/assembly/kernels.ts", ""],
    ["package.json", ""],
  ];
  return {
    files: new Map([...others, [path, source]]),
    package: {
      imports: {
        "#files": {
          browser: "./dist/io/files.browser.js",
          source: "./src/io/files.node.ts",
          default: "./dist/io/files.node.js",
        },
        "#worker-entry": "./dist/worker/worker.node.js",
        "#compute-kernels": "./dist/compute/kernels.wasm",
        "#lost": "./dist/io/lost.js",
      },
      dependencies: { zod: "1", "@scope/name": "1" },
      devDependencies: { vitest: "1" },
    },
  };
}

const inIo = (source: string) => breachesOf(sample("src/io/a.ts", source), RULES);

test.each([
  ["import", 'import { x } from "../compute/index.ts";'],
  ["import of a type", 'import type { X } from "../compute/index.ts";'],
  ["re-export", 'export * from "../compute/index.ts";'],
  ["re-export of a type", 'export type { X } from "../compute/index.ts";'],
  ["import type in place", 'let x: import("../compute/index.ts").X;'],
  ["dynamic import", 'await import("../compute/index.ts");'],
  ["template as specifier", "await import(`../compute/index.ts`);"],
  ["URL", 'new URL("../compute/index.ts", import.meta.url);'],
  ["createRequire", 'createRequire(import.meta.url).resolve("../compute/index.ts");'],
  ["a named require", 'const need = createRequire(import.meta.url);\nneed("../compute/index.ts");'],
  ["import.meta.resolve", 'import.meta.resolve("#worker-entry");'],
  ["twin", 'import worker from "#worker-entry";'],
  ["name of a twin given to a function", 'builtFile("#worker-entry");'],
  ["built kernels", 'createRequire(import.meta.url).resolve("#compute-kernels");'],
  ["way out of src", 'new URL("../../bin/vitrine.js", import.meta.url);'],
])("the arrows' check sees a forbidden %s", (_, source) => {
  expect(inIo(source)).toHaveLength(1);
});

test.each([
  ["file that is not there", 'import "./b.ts";', "there is no src/io/b.ts"],
  ["file without extension", 'import "../core/index";', "there is no src/core/index"],
  ["unknown twin", 'import "#nothing";', "package.json imports has no such name"],
  ["twin without a file", 'import "#lost";', "there is no src/io/lost.ts"],
  ["undeclared package", 'import "left-pad";', "package.json dependencies has no left-pad"],
  ["development package", 'import "vitest";', "package.json dependencies has no vitest"],
  ["unknown built-in", 'import "node:nothing";', "Node has no such module"],
  ["misspelt name given to a function", 'builtFile("#wroker-entry");', "imports has no such name"],
  ["built file without a source", 'new URL("./b.js", import.meta.url);', "there is no src/io/b.ts"],
  ["computed import", "await import(name);", "it is computed"],
  ["computed URL", "new URL(name, import.meta.url);", "it is computed"],
])("the arrows' check fails on a %s", (_, source, why) => {
  expect(inIo(source)).toEqual([expect.stringContaining(why)]);
});

test("the arrows' check passes what is allowed", () => {
  const allowed = [
    'import "../core/index.ts";',
    'import "zod/v4";',
    'import "@scope/name/sub";',
    'import "#files";',
  ];
  expect(inIo([...allowed, 'new URL("../../package.json", import.meta.url);'].join("\n"))).toEqual([]);
  expect(
    breachesOf(sample("src/io/a.test.ts", 'import "vitest"; import "../compute/index.ts";'), RULES),
  ).toEqual([]);
  expect(breachesOf(sample("src/jobs/process.ts", "await import(name);"), RULES)).toEqual([]);
});

test("the browser's check takes the browser's twin and ignores types", () => {
  const reach = (source: string) =>
    nodeReachedFrom(sample("src/match/index.ts", source), "src/match/index.ts");
  expect(reach('import "../io/index.ts";')).toEqual([]);
  expect(reach('import type { A } from "../io/files.node.ts";')).toEqual([]);
  expect(reach('import { type A } from "../io/files.node.ts";')).toEqual([]);
  expect(reach('export { a } from "../io/files.node.ts";')).toEqual([
    "src/match/index.ts -> src/io/files.node.ts -> node:fs",
  ]);
});

test("the globals' check sees uses and not properties of the same name", () => {
  const uses = usesOfGlobals("a.ts", "console.log(1); x.console.y; globalThis; Buffer.from('a');", [
    "console",
  ]);
  expect(uses).toEqual(["a.ts:1 console"]);
});
