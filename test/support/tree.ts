import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Tree } from "./layers.ts";

/** Folders of the repository that hold code. */
const ROOTS = ["src", "test", "bench", "bin", "examples", "scripts"];

/** Reads every source file of the repository at `root`, and its package.json. */
export function readTree(root: string): Tree {
  const paths = ROOTS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
      .filter((path) => /\.(tsx?|js|mjs)$/.test(path)),
  );
  const all = [...paths.sort(), "package.json"];
  return {
    files: new Map(all.map((path) => [path, readFileSync(join(root, path), "utf8")])),
    package: JSON.parse(readFileSync(join(root, "package.json"), "utf8")),
  };
}

/** Whether a file is a test or helps only tests. */
export function isTest(path: string): boolean {
  return path.startsWith("test/") || path.endsWith(".test.ts");
}
