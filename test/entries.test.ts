import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
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
