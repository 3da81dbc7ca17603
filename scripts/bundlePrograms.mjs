// Joins what each program of the package loads into few files, in place: the command, and what starts as a process or a thread. A start reads a dozen
// files then instead of some hundred. What others import stays as tsc made it. After a change of any source, tsc comes first, whole.
import { rmSync } from "node:fs";
import { join, requireUnjoined } from "./bundling.mjs";
import { dist, manifest } from "./entries.mjs";

requireUnjoined();
rmSync(`${dist}programs`, { recursive: true, force: true });

/** Names that lead to the same file everywhere are of programs, or of what a program loads by name. */
const programs = [
  "cli/main.js",
  ...Object.values(manifest.imports)
    .filter((path) => typeof path === "string" && path.endsWith(".js"))
    .map((path) => path.replace("./dist/", "")),
];

await join(Object.fromEntries(programs.map((path) => [path.replace(/\.js$/, ""), dist + path])), {
  pieces: "programs",
});
