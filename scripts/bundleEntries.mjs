// Joins what each entry of the package loads in Node into few files, dist/node: an entry reads a tenth of the modules then, and nothing of another
// folder that it does not use. Comes before the programs are joined, since entries load some of them.
import { readFileSync, rmSync } from "node:fs";
import { join, requireUnjoined } from "./bundling.mjs";
import { dist, entries } from "./entries.mjs";

requireUnjoined();
rmSync(`${dist}node`, { recursive: true, force: true });

/** An entry is a module of its own, or all of its folder would go wherever some of it goes. */
const ENTRY = ".entry.js";
const ownEntries = {
  name: "own-entries",
  enforce: "pre",
  resolveId: (id) => (id.endsWith(ENTRY) ? id : null),
  load: (id) => (id.endsWith(ENTRY) ? readFileSync(id.replace(ENTRY, ".js"), "utf8") : null),
};

const input = entries.map(({ file, module }) => [
  `node/${file.replace(/\.js$/, "")}`,
  dist + module.replace(/\.js$/, ENTRY),
]);
await join(Object.fromEntries(input), {
  pieces: "node/pieces",
  plugins: [ownEntries],
  hasOwnNames: true,
  // large, and loaded when an image needs them
  external: ["geotiff", "numcodecs"],
});
