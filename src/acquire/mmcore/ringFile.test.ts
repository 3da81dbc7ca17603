import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/mmcore.ts";
import { makeRingFile, removeRingFiles, removeStaleRings, ringName } from "./ringFile.node.ts";

const folder = scratchFolder();

test("a ring's file has its size, and is only its owner's", async () => {
  const path = await makeRingFile(ringName(), 10_000_001, folder);
  expect(statSync(path).size).toBe(10_000_001);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  removeRingFiles(path);
  expect(readdirSync(folder)).toEqual([]);
});

test("a ring that is too large for the folder is an error, and nothing of it stays", async () => {
  const making = makeRingFile(ringName(), 2 ** 50, folder);
  await expect(making).rejects.toMatchObject({
    code: "storage",
    message: expect.stringMatching(/fewer ringSlots/),
  });
  expect(readdirSync(folder)).toEqual([]);
});

test("a name that is taken is an error, and the other file stays", async () => {
  writeFileSync(join(folder, "taken"), "mine");
  await expect(makeRingFile("taken", 100, folder)).rejects.toMatchObject({ code: "storage" });
  expect(statSync(join(folder, "taken")).size).toBe(4);
  removeRingFiles(join(folder, "taken"));
});

test("removing a ring takes the files beside it along, and no other ring's", async () => {
  const name = ringName();
  const [first, second] = [
    await makeRingFile(`${name}-1`, 10, folder),
    await makeRingFile(`${name}-2`, 10, folder),
  ];
  const eleventh = await makeRingFile(`${name}-11`, 10, folder);
  writeFileSync(`${first}-1`, "an image larger than a slot");
  removeRingFiles(first);
  expect([first, `${first}-1`, second, eleventh].map((path) => existsSync(path))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  removeStaleRings(folder); // this process runs
  expect(existsSync(second)).toBe(true);
});
