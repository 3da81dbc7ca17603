import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeMrcStack } from "./mrcStack.ts";
import { formatMrc } from "./mrcWrite.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-stack-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const SHAPE = { sections: 5, rows: 3, columns: 4, voxelSizeA: 1.5 };

test("sections in any order are the bytes of all at once; values that are no numbers do not count", async () => {
  const data = Float32Array.from({ length: 60 }, (_, i) => (i === 7 ? Number.NaN : Math.sin(i) * 1e3));
  const path = join(scratch, "a.mrcs");
  await writeMrcStack(path, SHAPE, async (put) => {
    for (const section of [3, 0, 4, 1, 2]) await put(section, data.subarray(12 * section, 12 * section + 12));
  });
  const whole = formatMrc({ data, shape: [5, 3, 4], voxelSizeA: 1.5, kind: "stack" });
  expect(readFileSync(path).equals(whole)).toBe(true);
});

test("sections that there are not, or of another size, are refused, and no file is left", async () => {
  const path = join(scratch, "b.mrcs");
  const put = (section: number, length: number) =>
    writeMrcStack(path, SHAPE, (write) => write(section, new Float32Array(length)));
  await expect(put(5, 12)).rejects.toThrow("b.mrcs: expected a section from 0 to 4, found 5.");
  await expect(put(0, 11)).rejects.toThrow("b.mrcs: expected sections of 3 x 4 values, found 11.");
  expect(existsSync(path)).toBe(false);
});
