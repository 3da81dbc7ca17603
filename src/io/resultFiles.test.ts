import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../test/support/searchCase.ts";
import { writeFileAtomic } from "./index.ts";
import { prepareResultFiles, writeTogether } from "./resultFiles.ts";

const scratch = scratchFolder();

function folderOf(name: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  return folder;
}

const text = (value: string) => new TextEncoder().encode(value);
const write = (path: string) => writeFileAtomic(path, text("new"), { overwrite: true });
const prepare = (outputs: string[], { inputs = [] as string[], overwrite = false } = {}) =>
  prepareResultFiles({ inputs, outputs, overwrite });

test("results are refused before the work: over another file, an input, each other, a folder", async () => {
  const folder = folderOf("refused");
  const [old, fresh] = [join(folder, "old.csv"), join(folder, "deep/er/fresh.csv")];
  writeFileSync(old, "old");
  await expect(prepare([fresh, old])).rejects.toThrow(
    `${old}: expected no file of this name, found one. Allow it with --overwrite, or choose another path.`,
  );
  await prepare([fresh, old], { overwrite: true });
  expect(readdirSync(join(folder, "deep/er"))).toEqual([]);
  await expect(prepare([old], { inputs: [join(folder, "./old.csv")], overwrite: true })).rejects.toThrow(
    /expected one result of this name, found an input/,
  );
  await expect(prepare([fresh, join(folder, "deep/../deep/er/fresh.csv")])).rejects.toThrow(/two results/);
  await expect(prepare([join(folder, "deep")], { overwrite: true })).rejects.toThrow(
    /deep: expected a file, found a folder/,
  );
});

test("all results come to their places, and nothing else stays", async () => {
  const folder = folderOf("together");
  const paths = ["a.mrc", "b.csv", "c.png"].map((name) => join(folder, name));
  writeFileSync(paths[1], "old");
  const seen = await writeTogether(async (results) => {
    for (const path of paths) await results.write(path, write);
    return readdirSync(folder);
  });
  const names = seen.map((name) => name.replace(/\.[0-9a-f]{8}\./, ".RUN."));
  expect(names).toEqual(["a.mrc.RUN.unfinished", "b.csv", "b.csv.RUN.unfinished", "c.png.RUN.unfinished"]);
  expect(readdirSync(folder)).toEqual(["a.mrc", "b.csv", "c.png"]);
  expect(readFileSync(paths[1], "utf8")).toBe("new");
});

test("what fails while it is written leaves nothing, and what was there", async () => {
  const folder = folderOf("failed");
  const [first, second] = ["a.mrc", "b.csv"].map((name) => join(folder, name));
  writeFileSync(second, "old");
  const failing = writeTogether(async (results) => {
    await results.write(first, write);
    await results.write(second, async (path) => {
      await write(path);
      throw new Error("disk full");
    });
  });
  await expect(failing).rejects.toThrow("disk full");
  expect(readdirSync(folder)).toEqual(["b.csv"]);
  expect(readFileSync(second, "utf8")).toBe("old");
});

test("a rename that fails puts back what the ones before it replaced", async () => {
  const folder = folderOf("renamed");
  const [first, second, third] = ["a.mrc", "b.csv", "c.png"].map((name) => join(folder, name));
  writeFileSync(first, "old");
  const failing = writeTogether(async (results) => {
    for (const path of [first, second]) await results.write(path, write);
    await results.write(third, async () => {}); // nothing there to rename
  });
  await expect(failing).rejects.toThrow(
    /c\.png\.\w+\.unfinished: expected a readable file, found no such file/,
  );
  expect([readFileSync(first, "utf8"), existsSync(second), readdirSync(folder)]).toEqual([
    "old",
    false,
    ["a.mrc"],
  ]);
});

test("two runs at once that replace the same results do not disturb each other", async () => {
  const folder = folderOf("two");
  const paths = ["a.mrc", "b.csv"].map((name) => join(folder, name));
  const run = (value: string) =>
    writeTogether(async (results) => {
      for (const path of paths)
        await results.write(path, (temporary) => writeFileAtomic(temporary, text(value)));
    });
  await Promise.all([run("one"), run("two")]);
  expect(readdirSync(folder)).toEqual(["a.mrc", "b.csv"]);
});
