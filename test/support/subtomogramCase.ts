/** Vectors of acryo 0.9.1; see test/golden/subtomogram/README.md. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseNpy } from "../../src/io/index.ts";
import type { PipeImage } from "../../src/pipe/index.ts";
import { type Molecules, parseMoleculesCsv } from "../../src/subtomogram/index.ts";

/** A file of the golden subtomograms. */
export function subtomogramGolden(name: string): string {
  return fileURLToPath(new URL(`../golden/subtomogram/${name}`, import.meta.url));
}

/** A golden volume in single precision. */
export function subtomogramVolume(name: string): PipeImage {
  const { data, shape } = parseNpy(readFileSync(subtomogramGolden(name)), name);
  return { data: Float32Array.from(data, Number), shape: [shape[0], shape[1], shape[2]] };
}

/** A golden table of molecules. */
export function subtomogramMolecules(name: string): Molecules {
  return parseMoleculesCsv(readFileSync(subtomogramGolden(name), "utf8"), name);
}
