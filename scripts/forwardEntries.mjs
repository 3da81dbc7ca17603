// Makes the package's entries for Node, a file each that passes on the names of what tsc made, until scripts/bundleEntries.mjs joins what they load.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { dist, entries } from "./entries.mjs";

rmSync(`${dist}node`, { recursive: true, force: true });
for (const { file, module } of entries) {
  const made = `${dist}node/${file}`;
  mkdirSync(dirname(made), { recursive: true });
  writeFileSync(made, `export * from "${relative(dirname(made), dist + module)}";\n`);
}
