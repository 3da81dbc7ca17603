import { statSync } from "node:fs";
import fs, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { scratchFolder, smallConfiguration, writeConfig } from "../../../test/support/searchCase.ts";
import { runOptimizeBFactor } from "../refine/optimizeBFactor.ts";
import { collectMatch } from "./collect.ts";
import { estimateMatch } from "./estimate.ts";
import { runMatch } from "./program.ts";

const folder = scratchFolder();
const config = writeConfig(folder, smallConfiguration(folder, { image: [96, 80], template: 22 }));
const INPUTS = ["image.mrc", "volume.mrc"].map((name) => join(folder, name));

/** Counts the bytes that are read of every file, until the test ends. */
function countReads(): Map<string, number> {
  const bytes = new Map<string, number>();
  const { open } = fs;
  fs.open = async (path, ...options) => {
    const handle = await open(path, ...options);
    const read = handle.read.bind(handle) as (...args: unknown[]) => ReturnType<FileHandle["read"]>;
    const counting = async (...args: unknown[]) => {
      const result = await read(...args);
      bytes.set(String(path), (bytes.get(String(path)) ?? 0) + result.bytesRead);
      return result;
    };
    return Object.assign(handle, { read: counting });
  };
  syncBuiltinESMExports();
  onTestFinished(() => {
    fs.open = open;
    syncBuiltinESMExports();
  });
  return bytes;
}

const particlesPath = join(folder, "particles.csv");
const shared = { particlesPath, workers: 1, overwrite: true };

test.each([
  ["a search with a picture", () => runMatch(config, { ...shared, picturePath: join(folder, "all.png") })],
  ["a part", () => runMatch(config, { ...shared, part: { index: 1, count: 1 } })],
  ["a collection", () => collectMatch(config, { ...shared, picturePath: join(folder, "all.png") })],
  ["an estimate", () => estimateMatch(config, shared)],
  [
    "two B-factors, which prepare the template twice",
    () =>
      runOptimizeBFactor(config, {
        ...{ workers: 1, overwrite: true },
        bFactorsA2: { min: 0, step: 10, max: 10 },
        resultsPath: join(folder, "b.csv"),
      }),
  ],
])("%s reads micrograph and template once", async (name, run) => {
  const bytes = countReads();
  await run();
  const templates = name.startsWith("two") ? 2 : 1;
  const times = INPUTS.map((path) => bytes.get(path)! / statSync(path).size);
  // headers are looked at before
  expect(times[0]).toBeLessThan(1.2);
  expect(times[1]).toBeLessThan(templates + 0.2);
});

test("an estimate names no search: it hashes nothing", async () => {
  const digest = vi.spyOn(crypto.subtle, "digest");
  onTestFinished(() => digest.mockRestore());
  await estimateMatch(config, shared);
  expect(digest).not.toHaveBeenCalled();
  await runMatch(config, shared);
  expect(digest).toHaveBeenCalled();
});
