import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { goldenBytes } from "./npy.ts";

/** Writes a golden refinement, all paths made absolute, into a folder of its own: `config.yaml` and `particles.csv`. Its path. */
export function writeGoldenRefinement(scratch: string, name: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  const table = join(folder, "particles.csv");
  writeFileSync(table, withPaths(goldenText("search1_particles.csv")));
  const config = withPaths(goldenText(`${name}_config.yaml`));
  writeFileSync(join(folder, "config.yaml"), config.replace("search1_particles.csv", table));
  return folder;
}

function goldenText(file: string): string {
  return new TextDecoder().decode(goldenBytes(file));
}

function withPaths(text: string): string {
  return text.replace(/\b[\w]+\.mrc\b/g, (file) =>
    fileURLToPath(new URL(`../golden/match/${file}`, import.meta.url)),
  );
}
