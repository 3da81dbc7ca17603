import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { formatNpy } from "../npy.ts";
import { openNpySource } from "./npy.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-npywide-"));
afterAll(() => rmSync(scratch, { recursive: true }));

test("64-bit integers are numbers of float64, in parts too; beyond 2^53 they are refused with their place", async () => {
  const path = join(scratch, "wide.npy");
  const data = BigInt64Array.from({ length: 24 }, (_, i) => BigInt(i - 3) * 10n ** 9n);
  writeFileSync(path, formatNpy({ data, shape: [2, 3, 4] }));
  await using source = await openNpySource(path);
  expect(source.dtype).toBe("float64");
  expect(Array.from((await source.read()).data)).toEqual(Array.from(data, Number));
  const part = { region: { z: 1, y: [1, 3] as const, x: [1, 4] as const } };
  const numbers = [17, 18, 19, 21, 22, 23].map((i) => Number(data[i]));
  expect(Array.from((await source.read(part)).data)).toEqual(numbers);
  data[23] = 2n ** 53n;
  writeFileSync(path, formatNpy({ data, shape: [2, 3, 4] }));
  await expect(source.read(part)).rejects.toThrow(
    /value \[1, 2, 3\]: expected int64 .* found 9007199254740992/,
  );
});
