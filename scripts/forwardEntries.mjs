// Makes the package's entries for Node, a file each that passes on the names of what tsc made, until scripts/bundleEntries.mjs joins what they load.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dist, entries } from "./entries.mjs";

rmSync(`${dist}node`, { recursive: true, force: true });
mkdirSync(`${dist}node`);
for (const { file, module } of entries)
  writeFileSync(`${dist}node/${file}`, `export * from "../${module}";\n`);
