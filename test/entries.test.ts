import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
};
const entries = Object.values(manifest.exports).filter((target) => typeof target !== "string");

/** Runs a module in a Node of its own, at the root of the package, and parses what it prints. */
function inNode(program: string): unknown {
  const cwd = new URL("..", import.meta.url);
  const args = ["--input-type=module", "-e", program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd, encoding: "utf8" }));
}

test("an entry has the same names in Node, where what it loads is joined, as elsewhere", () => {
  const program = `const entries = ${JSON.stringify(entries)};
const differing = [];
for (const { node, default: module } of entries) {
  const [joined, single] = await Promise.all([import(node), import(module)]);
  if (Object.keys(joined).join() !== Object.keys(single).join()) differing.push(node);
}
console.log(JSON.stringify({ count: entries.length, differing }));`;
  expect(inNode(program)).toEqual({ count: 15, differing: [] });
});

test("entries share modules: what one makes another knows, errors included", () => {
  const program = `import { VitrineError } from "vitrine/core";
import { readStar } from "vitrine/io";
import { thresholdOtsu } from "vitrine/pipe";
import { ZnccAlignment } from "vitrine/subtomogram";
const error = await readStar("no such file").catch((reason) => reason);
const shape = [4, 4, 4];
const template = { data: Float32Array.from({ length: 64 }, (_, i) => i), shape };
let other;
try {
  ZnccAlignment.create({ templates: [template], mask: thresholdOtsu() }, { rotatoins: [5, 5] });
} catch (reason) {
  other = reason;
}
console.log(JSON.stringify([error instanceof VitrineError, other instanceof VitrineError]));`;
  expect(inNode(program)).toEqual([true, true]);
});

const node = fileURLToPath(new URL("../dist/node/", import.meta.url));

/** What a joined entry loads before anything is called, with what is outside of the package. */
function loadedBy(path: string, seen = new Map<string, string>()): ReadonlyMap<string, string> {
  if (seen.has(path)) return seen;
  const text = readFileSync(path, "utf8");
  seen.set(path, text);
  for (const [, name] of text.matchAll(/^(?:import|export)\s(?:[^"';]*\sfrom\s)?"(\.[^"]+)"/gm))
    loadedBy(join(dirname(path), name!), seen);
  return seen;
}

// `npm run build:ts` alone leaves entries that pass on what tsc made
test.skipIf(!existsSync(join(node, "pieces")))("models of alignments load nothing of files", () => {
  const sizeOf = (entry: string) =>
    [...loadedBy(join(node, entry)).values()].reduce((sum, text) => sum + text.length, 0);
  expect(sizeOf("subtomogram/models.js")).toBeLessThan(sizeOf("subtomogram.js") / 4);
  const loaded = [...loadedBy(join(node, "subtomogram/models.js")).values()].join("\n");
  expect(loaded).toContain("function createPool");
  expect(loaded).not.toMatch(/function (readMolecules|openImage|readStar)\b/);
});
