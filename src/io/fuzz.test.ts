import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bundleForNode } from "../../test/support/bundle.ts";
import { isLong } from "../../test/support/long.ts";

const entry = (name: string) => fileURLToPath(new URL(`../../test/fuzz/${name}.ts`, import.meta.url));

/** Of the cases, of which `.ci/run` tries all. */
const SHARE = isLong ? 1 : 0.2;

test.each([
  ["files", "parsers", 100_000],
  ["OME-XML, directories of TIFF, metadata of Zarr", "images", 300_000],
])(
  "%s, damaged: each is read or refused with a VitrineError, quickly and in little memory",
  async (_, name, cases) => {
    const folder = await mkdtemp(join(tmpdir(), "vitrine-fuzz-"));
    try {
      const limits = ["--max-old-space-size=256"];
      const child = promisify(execFile)(
        process.execPath,
        [...limits, await bundleForNode(entry(name), folder), "1", String(SHARE)],
        {
          timeout: 390_000,
        },
      );
      const report = JSON.parse((await child).stdout);
      expect(report.faults).toEqual([]);
      expect(report.cases).toBeGreaterThanOrEqual(cases * SHARE);
      // Both ends of every parser are reached: a fuzzer whose files are all refused at once would test little.
      expect(report.parsed).toBeGreaterThan(report.cases / 10);
      expect(report.refused).toBeGreaterThan(report.cases / 10);
      // A case takes microseconds; this leaves room for pauses of a busy machine.
      expect(report.slowestMs).toBeLessThan(2000);
      expect(report.maxRssMiB).toBeLessThan(512);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  400_000,
);
