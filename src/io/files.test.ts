import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mountSmallDisk } from "../../test/support/smallDisk.ts";
import { VitrineError } from "../core/index.ts";
import * as browser from "./files.browser.ts";
import * as node from "./files.node.ts";
import type { FileSystem } from "./files.ts";
import { writeMrc } from "./index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-files-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => i);
const twins: Record<"node" | "browser", FileSystem> = { node, browser };

describe.each(["node", "browser"] as const)("the twin of %s", (name) => {
  test("reads a Blob in parts, into given arrays, and never beyond its end", async () => {
    const file = await twins[name].openFile(new File([BYTES], "a.bin"));
    expect([file.name, file.size]).toEqual(["a.bin", 1000]);
    expect(await file.read(10, 5)).toEqual(BYTES.slice(10, 15));
    const into = new Uint8Array(8);
    expect((await file.read(990, 6, into)).buffer).toBe(into.buffer);
    expect(into).toEqual(Uint8Array.of(...BYTES.slice(990, 996), 0, 0));
    await expect(file.read(998, 5)).rejects.toThrow("a.bin: expected 5 bytes at offset 998, found 2.");
    await expect(file.read(2000, 5)).rejects.toMatchObject({ code: "format" });
    await expect(file.read(0, 5, new Uint8Array(4))).rejects.toMatchObject({ code: "shape" });
    expect(await twins[name].readFileBytes(new Blob([BYTES]))).toEqual(BYTES);
  });
});

describe("reading in Node", () => {
  test("paths and file: addresses, in parts and whole", async () => {
    const path = join(folder, "with space.bin");
    await writeFile(path, BYTES);
    const file = await node.openFile(path);
    const shared = new Uint8Array(new SharedArrayBuffer(50));
    expect(Array.from(await file.read(300, 50, shared))).toEqual(Array.from(BYTES.slice(300, 350)));
    await expect(file.read(990, 11)).rejects.toMatchObject({ code: "format" });
    await file.close();
    expect(await node.readFileBytes(pathToFileURL(path))).toEqual(BYTES);
    expect(await node.fileExists(path)).toBe(true);
    expect(await node.fileExists(join(path, "below"))).toBe(false);
  });

  test("what cannot be read says why", async () => {
    await expect(node.openFile(join(folder, "none"))).rejects.toMatchObject({ code: "missing" });
    await expect(node.openFile(folder)).rejects.toMatchObject({
      code: "storage",
      fault: { found: "a folder" },
    });
    await expect(node.openFile(new URL("ftp://localhost/a"))).rejects.toMatchObject({ code: "unsupported" });
  });
});

describe("writing in Node", () => {
  const leftOvers = async () => (await readdir(folder)).filter((name) => name.endsWith(".tmp"));

  test("bytes, pieces and streams of pieces", async () => {
    const pieces = [BYTES.subarray(0, 1), BYTES.subarray(1, 1), BYTES.subarray(1)];
    async function* later() {
      yield* pieces;
    }
    const sources = { bytes: BYTES, pieces, later: later() };
    for (const [name, chunks] of Object.entries(sources)) {
      await node.writeFileAtomic(join(folder, name), chunks);
      expect(new Uint8Array(await readFile(join(folder, name)))).toEqual(BYTES);
    }
    expect(await leftOvers()).toEqual([]);
  });

  test("an existing file stays unless overwriting is allowed", async () => {
    const path = join(folder, "once");
    await node.writeFileAtomic(path, BYTES);
    await expect(node.writeFileAtomic(path, Uint8Array.of(1))).rejects.toThrow(
      `${path}: expected no file of this name, found one. Remove it, choose another name, or allow overwriting.`,
    );
    expect((await readFile(path)).length).toBe(1000);
    await node.writeFileAtomic(path, Uint8Array.of(1), { overwrite: true });
    expect((await readFile(path)).length).toBe(1);
  });

  test("of two writers at once one wins and the other is told", async () => {
    const path = join(folder, "race");
    async function* slow(value: number) {
      await new Promise((done) => setTimeout(done, 20));
      yield Uint8Array.of(value);
    }
    const ends = await Promise.allSettled([1, 2].map((value) => node.writeFileAtomic(path, slow(value))));
    const failed = ends.filter((end) => end.status === "rejected");
    expect(failed.map((end) => end.reason.code)).toEqual(["exists"]);
    expect(await leftOvers()).toEqual([]);
  });

  test("a source that fails leaves nothing, and the old file as it was", async () => {
    const path = join(folder, "source");
    await writeFile(path, "old");
    function* failing(error: unknown) {
      yield BYTES;
      throw error;
    }
    const write = (error: unknown) => node.writeFileAtomic(path, failing(error), { overwrite: true });
    await expect(write(new TypeError("no more"))).rejects.toMatchObject({
      code: "storage",
      fault: { found: "no more" },
    });
    await expect(write(AbortSignal.abort().reason)).rejects.toMatchObject({ code: "aborted" });
    const own = new VitrineError({ code: "range", at: "a", expected: "b", found: "c" });
    await expect(write(own)).rejects.toBe(own);
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await leftOvers()).toEqual([]);
  });

  test("a folder that is missing or in the way says so", async () => {
    const below = join(folder, "none", "a");
    await expect(node.writeFileAtomic(below, BYTES)).rejects.toMatchObject({
      code: "missing",
      message: `${below}: expected a complete write, found no such folder. Create its folder first.`,
    });
    await mkdir(join(folder, "way"));
    const over = node.writeFileAtomic(join(folder, "way"), BYTES, { overwrite: true });
    await expect(over).rejects.toMatchObject({ code: "storage" });
    await symlink(join(folder, "nowhere"), join(folder, "dangling"));
    await expect(node.writeFileAtomic(join(folder, "dangling"), BYTES)).rejects.toMatchObject({
      code: "exists",
    });
    expect(await leftOvers()).toEqual([]);
  });
});

const smallDisk = mountSmallDisk();

test.skipIf(smallDisk === undefined)(
  "a full disk is one clear error and leaves no file (needs root on Linux)",
  async () => {
    const path = join(smallDisk ?? "", "map.mrc");
    const content = {
      data: new Float32Array(600 * 1000).fill(1),
      shape: [600, 1000],
      voxelSizeA: 1,
    } as const;
    const failure = await writeMrc(path, content).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(VitrineError);
    expect(failure).toMatchObject({
      code: "storage",
      fault: { at: path, found: expect.stringMatching(/ENOSPC/) },
    });
    expect(await readdir(smallDisk ?? "")).toEqual([]);
    await writeMrc(path, { ...content, data: content.data.subarray(0, 1000), shape: [1, 1000] });
    await expect(writeMrc(path, content, { overwrite: true })).rejects.toMatchObject({ code: "storage" });
    expect(await readdir(smallDisk ?? "")).toEqual(["map.mrc"]);
    expect((await readFile(path)).length).toBe(1024 + 4000);
  },
);

describe("addresses in a page", () => {
  let server: Server;
  let address = "";
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === "/none") return response.writeHead(404).end();
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
      if (request.url === "/plain" || from === undefined) return response.end(BYTES);
      const part = BYTES.subarray(Number(from), Number(to) + 1);
      const cut = request.url === "/short" && part.length > 1 ? part.subarray(1) : part;
      return response.writeHead(206, { "Content-Range": `bytes ${from}-${to}/1000` }).end(cut);
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  test.each(["/ranges", "/plain"])("%s are read in parts", async (path) => {
    const file = await browser.openFile(address + path);
    expect(file.size).toBe(1000);
    expect(await file.read(10, 5)).toEqual(BYTES.slice(10, 15));
    expect(await file.read(10, 0)).toEqual(new Uint8Array(0));
    await expect(file.read(998, 5)).rejects.toMatchObject({ code: "format" });
    expect(await browser.readFileBytes(new URL(address + path))).toEqual(BYTES);
    expect(await browser.fileExists(address + path)).toBe(true);
  });

  test("what fails says why; a page writes nothing", async () => {
    await expect(browser.openFile(`${address}/none`)).rejects.toMatchObject({ code: "missing" });
    expect(await browser.fileExists(`${address}/none`)).toBe(false);
    await expect(browser.openFile("http://127.0.0.1:1/")).rejects.toMatchObject({ code: "storage" });
    const short = await browser.openFile(`${address}/short`);
    await expect(short.read(0, 9)).rejects.toThrow(/expected 9 bytes at offset 0, found 8/);
    await expect(browser.writeFileAtomic("a", BYTES)).rejects.toMatchObject({ code: "unsupported" });
  });
});

describe("makeFolder", () => {
  test("makes a folder and those above it, also when several make it at once, and again", async () => {
    const path = join(folder, "a", "b", "c");
    await Promise.all([
      node.makeFolder(path),
      node.makeFolder(path),
      node.makeFolder(join(folder, "a", "d")),
    ]);
    await node.makeFolder(path);
    expect(await readdir(join(folder, "a"))).toEqual(["b", "d"]);
    expect(await readdir(join(folder, "a", "b"))).toEqual(["c"]);
  });

  test.runIf(process.platform === "linux")("refuses a disk that takes no folders", async () => {
    await expect(node.makeFolder("/proc/vitrine/data")).rejects.toThrow(
      "/proc/vitrine: expected a disk that takes folders, found one that does not.",
    );
  });

  test("refuses a file in its place", async () => {
    const path = join(folder, "a file");
    await writeFile(path, BYTES);
    await expect(node.makeFolder(path)).rejects.toThrow(
      `${path}: expected a folder, or nothing, found a file.`,
    );
    await expect(node.makeFolder(join(path, "below"))).rejects.toMatchObject({ code: "missing" });
  });
});

test("canonicalPath: one name for a file, whatever it is called, also where it is not there yet", async () => {
  const whole = await realpath(folder);
  await writeFile(join(folder, "one"), "");
  await symlink(folder, join(folder, "link"));
  for (const name of ["one", "./one", "link/one", "link/./one"])
    expect(await node.canonicalPath(`${folder}/${name}`)).toBe(join(whole, "one"));
  const relativePath = relative(process.cwd(), join(folder, "link", "new", "b"));
  expect(await node.canonicalPath(relativePath)).toBe(join(whole, "new", "b"));
});
