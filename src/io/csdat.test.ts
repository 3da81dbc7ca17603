import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { VitrineError } from "../core/index.ts";
import { parseCsdat } from "./csdat.ts";
import { readNpyRecords } from "./npyRecords.ts";

// written by cryosparc-tools 5.0.3: Dataset.save with CSDAT_FORMAT, with NUMPY_FORMAT, and Dataset.stream without compression
const golden = (name: string) =>
  fileURLToPath(new URL(`../../test/golden/cryosparc/particles_${name}.cs`, import.meta.url));
const bytes = (name: string) => new Uint8Array(readFileSync(golden(name)));

test.each(["csdat", "stream"])("%s holds what numpy's form of the same particles holds", async (name) => {
  const [found, expected] = [await readNpyRecords(golden(name)), await readNpyRecords(golden("numpy"))];
  expect([found.rows, [...found.fields].sort()]).toEqual([3, [...expected.fields].sort()]);
  for (const field of expected.fields)
    for (let row = 0; row < 3; row++) {
      expect(found.count(field)).toBe(expected.count(field));
      if (expected.type(field) === "text" || field === "uid")
        expect(found.text(row, field)).toBe(expected.text(row, field));
      else
        for (let i = 0; i < expected.count(field); i++)
          expect(found.number(row, field, i)).toBe(expected.number(row, field, i));
    }
  expect(found.text(1, "uid")).toBe("9223372036854775813");
  expect(found.text(1, "location/micrograph_path")).toBe(">mics/a.mrc");
});

test("cut or damaged files are one clear error, and never take memory that they do not have", async () => {
  const whole = bytes("csdat");
  await expect(parseCsdat(whole.subarray(0, 1000), "cut.cs")).rejects.toThrow(
    /^cut\.cs: expected \d+ bytes at least, found 1000: it is cut off\.$/,
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, value) => {
      const damaged = whole.slice();
      damaged[at] = value;
      await parseCsdat(damaged, "damaged.cs").catch((error) => expect(error).toBeInstanceOf(VitrineError));
    }),
    { numRuns: 2000 },
  );
});
