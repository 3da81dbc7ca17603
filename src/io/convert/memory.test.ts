import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { formatMrcHeader, parseMrcHeader } from "../mrc.ts";
import { formatMrc } from "../mrcWrite.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-memory-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SIDE = 512;

/** A volume of holes, whose bytes no disk has. */
function sparse(name: string, sections: number): string {
  const path = join(folder, name);
  const one = formatMrc({ data: new Float32Array(SIDE * SIDE), shape: [1, SIDE, SIDE], voxelSizeA: 2 });
  const header = { ...parseMrcHeader(one, name), shape: [sections, SIDE, SIDE] as const };
  writeFileSync(path, formatMrcHeader(header));
  truncateSync(path, 1024 + sections * SIDE * SIDE * 4);
  return path;
}

/** The most memory of a process that converts a volume into each format, MiB, after each. */
const PROGRAM = `
import { convertDataset } from ${JSON.stringify(new URL("../../../dist/io/index.js", import.meta.url).href)};
import { peakMemoryMiB } from ${JSON.stringify(new URL("../../../test/support/peakMemory.mjs", import.meta.url).href)};
const [from, folder] = process.argv.slice(1);
const peaks = {};
for (const to of ["mrc", "ome.tif", "zarr"]) {
  await convertDataset(from, folder + "/out." + to, { overwrite: true });
  peaks[to] = peakMemoryMiB();
}
console.log(JSON.stringify(peaks));
`;

function peaksOf(path: string): Record<string, number> {
  const args = ["--input-type=module", "-e", PROGRAM, path, folder];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

test("a volume of 320 MiB is converted in less memory than it takes, Node included", () => {
  const peaks = peaksOf(sparse("large.mrc", 320));
  // with all of it in memory a process has 390 MiB; without, 130 to 200 of pieces under way and of what the collector has not taken yet
  for (const [format, peak] of Object.entries(peaks)) expect(peak, `${format} ${peak} MiB`).toBeLessThan(300);
});
