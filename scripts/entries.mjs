// The package's entries as Node loads them: `vitrine/io` is dist/node/io.js, and so on.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const dist = `${root}dist/`;
export const manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

/** Of each entry: its file's name in dist/node, and the module in dist that has its names. */
export const entries = Object.values(manifest.exports).flatMap(({ node, default: module }) => {
  if (node === undefined) return [];
  return [{ file: node.replace("./dist/node/", ""), module: module.replace("./dist/", "") }];
});
