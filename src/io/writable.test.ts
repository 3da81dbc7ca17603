import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as browser from "./files.browser.ts";
import * as node from "./files.node.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-writable-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a file that grows", () => {
  test("is written at any place, in pieces, by calls that overlap, and read meanwhile", async () => {
    const path = join(folder, "a.bin");
    const file = await node.openWritable(path, { create: true });
    await file.resize(12);
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    shared.set([5, 6, 7, 8]);
    const empty = new Uint8Array(0);
    await Promise.all([
      file.write([shared.subarray(2), empty, Uint8Array.of(9)], 6),
      file.write([Uint8Array.of(1), Uint8Array.of(2, 3)], 1),
      file.write([], 3),
    ]);
    expect(Array.from(await file.read(0, 12))).toEqual([0, 1, 2, 3, 0, 0, 7, 8, 9, 0, 0, 0]);
    await expect(file.read(10, 3)).rejects.toMatchObject({ code: "format" });
    await file.sync();
    await file.resize(9);
    await file.close();
    expect(Array.from(await readFile(path))).toEqual([0, 1, 2, 3, 0, 0, 7, 8, 9]);
    const again = await node.openWritable(path, { create: false });
    await again.write([Uint8Array.of(4, 5)], 4);
    await again.close();
    expect(Array.from(await readFile(path))).toEqual([0, 1, 2, 3, 4, 5, 7, 8, 9]);
  });

  test("is new or there already, as was asked; a page has none", async () => {
    await (await node.openWritable(join(folder, "b.bin"), { create: true })).close();
    const open = (name: string, create: boolean) => node.openWritable(join(folder, name), { create });
    await expect(open("b.bin", true)).rejects.toMatchObject({ code: "exists" });
    await expect(open("none.bin", false)).rejects.toMatchObject({ code: "missing" });
    await expect(open("none/b.bin", true)).rejects.toMatchObject({ code: "missing" });
    await expect(browser.openWritable("b.bin", { create: true })).rejects.toMatchObject({
      code: "unsupported",
    });
  });
});

test("a new folder belongs to one of those who ask for it", async () => {
  const path = join(folder, "new");
  const asked = await Promise.allSettled([1, 2, 3].map(() => node.makeNewFolder(path)));
  expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const refused = asked.flatMap((result) => (result.status === "rejected" ? [result.reason.code] : []));
  expect(refused).toEqual(["exists", "exists"]);
  await expect(node.makeNewFolder(join(folder, "no", "such"))).rejects.toMatchObject({ code: "missing" });
  await expect(browser.makeNewFolder("new")).rejects.toMatchObject({ code: "unsupported" });
});
