import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/plateCase.ts";
import { readFileBytes } from "../../io/index.ts";
import { type IlluminationKind, illuminationPaths, writeIllumination } from "./places.ts";

const scratch = scratchFolder("illumination-places");
afterAll(() => scratch.remove());

type Content = Partial<Record<IlluminationKind, number>>;

const filesOf = (content: Content) =>
  new Map(Object.entries(content).map(([kind, byte]) => [kind as IlluminationKind, Uint8Array.of(byte)]));

async function contentOf(directory: string): Promise<Content> {
  const paths = Object.entries(await illuminationPaths(directory, 1));
  const bytes = await Promise.all(paths.map(([, path]) => readFileBytes(path)));
  return Object.fromEntries(paths.map(([kind], i) => [kind, bytes[i][0]]));
}

test("statistics and models take the place of those of before, all at once", async () => {
  const directory = join(scratch.path, "whole");
  expect(await illuminationPaths(directory, 1)).toEqual({});
  await writeIllumination(directory, 1, filesOf({ zscore: 1, median: 2, statistics: 3 }));
  expect(await contentOf(directory)).toEqual({ zscore: 1, median: 2, statistics: 3 });
  await writeIllumination(directory, 1, filesOf({ zscore: 4, statistics: 3 }));
  expect(await contentOf(directory)).toEqual({ zscore: 4, statistics: 3 });
  expect(readdirSync(join(directory, "illumination/1"))).toHaveLength(3);
});

test("where one cannot be written, those of before stay; what a killed run left is removed by the next", async () => {
  const directory = join(scratch.path, "failed");
  const folder = join(directory, "illumination/1");
  await writeIllumination(directory, 1, filesOf({ zscore: 1, statistics: 2 }));
  const before = readdirSync(folder);
  await writeIllumination(directory, 1, filesOf({ zscore: 1, statistics: 3 }));
  const [name] = readdirSync(folder).filter((one) => !before.includes(one));
  await writeIllumination(directory, 1, filesOf({ zscore: 1, statistics: 2 }));
  mkdirSync(join(folder, name)); // nothing can be written there
  await expect(writeIllumination(directory, 1, filesOf({ basic: 5, statistics: 3 }))).rejects.toThrow(name);
  expect(readdirSync(folder).some((one) => one.startsWith("basic-"))).toBe(true);
  expect(await contentOf(directory)).toEqual({ zscore: 1, statistics: 2 });
  await writeIllumination(directory, 2, filesOf({ statistics: 9 }));
  writeFileSync(join(directory, "illumination/2/basic-000000000000.npz"), "half");
  expect(Object.keys(await illuminationPaths(directory, 2))).toEqual(["statistics"]);
  await writeIllumination(directory, 2, filesOf({ statistics: 9 }));
  expect(readdirSync(join(directory, "illumination/2"))).toHaveLength(2);
});

test("folders of before there was an index are read by their files' names", async () => {
  const folder = join(scratch.path, "old/illumination/1");
  mkdirSync(folder, { recursive: true });
  for (const [i, name] of ["statistics.npz", "zscore-0123456789ab.npz"].entries())
    writeFileSync(join(folder, name), Uint8Array.of(i));
  expect(await contentOf(join(scratch.path, "old"))).toEqual({ statistics: 0, zscore: 1 });
});
