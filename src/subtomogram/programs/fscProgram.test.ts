import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { formatMrc } from "../../io/index.ts";
import { runFsc } from "./fscProgram.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fsc-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the shell of the mean alone does not tell the resolution, nor do shells without frequencies", async () => {
  // Two boxes that differ in a constant alone: opposite in the mean, alike in all else.
  const random = seededRandom(2);
  const box = Float32Array.from({ length: 512 }, () => random.normal());
  const data = Float32Array.from({ length: 1024 }, (_, i) => box[i % 512] + (i < 512 ? 0 : 5));
  const tomogramPath = join(folder, "t.mrc");
  writeFileSync(tomogramPath, formatMrc({ data, shape: [16, 8, 8], voxelSizeA: 10 }));
  const moleculesPath = join(folder, "m.csv");
  writeFileSync(moleculesPath, "z,y,x,zvec,yvec,xvec\n3.5,3.5,3.5,0,0,0\n11.5,3.5,3.5,0,0,0\n");
  const inputs = { tomogramPath, moleculesPath, outputShape: 8, order: 1, workers: 1 } as const;
  for (const dfreq of [0.05, 0.02]) {
    const outPath = join(folder, `${dfreq}.csv`);
    const { resolutionNm } = await runFsc({ ...inputs, dfreq, outPath });
    expect(resolutionNm).toEqual({ "0.143": null, "0.5": null });
  }
});
