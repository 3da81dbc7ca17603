import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleForNode } from "../../../test/support/bundle.ts";
import { requirement, sharedReal } from "../../../test/support/require.ts";
import { pixelBytes, VitrineError } from "../../core/index.ts";
import type { NdtiffDataset } from "./dataset.ts";
import { openNdtiff } from "./open.ts";
import { createNdtiff } from "./writer.ts";

let folder = "";
let count = 0;
const fresh = () => join(folder, `set${count++}`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-crash-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../test/golden/acquire/${name}`, import.meta.url));

/** A copy of a dataset that may be damaged. */
async function copyOf(path: string): Promise<string> {
  const copy = fresh();
  await cp(path, copy, { recursive: true });
  return copy;
}

/** Axes, pixels and metadata of all images. */
async function contentOf(dataset: NdtiffDataset) {
  const images = dataset.imageCoordinates().map(async (axes) => {
    const { data } = await dataset.readImage(axes);
    const pixels = createHash("sha256").update(pixelBytes(data)).digest("hex");
    return { axes, pixels, metadata: await dataset.readMetadata(axes), bits: dataset.imageBitDepth(axes) };
  });
  return Promise.all(images);
}

async function contentAt(path: string) {
  await using dataset = await openNdtiff(path);
  return await contentOf(dataset);
}

describe("golden datasets of a crash", () => {
  test("a cut index and zeros behind the last image: all images, one of them recovered", async () => {
    await using dataset = await openNdtiff(golden("tcz_u16_crashed"));
    expect([dataset.recovered, dataset.isFinished]).toEqual([1, false]);
    expect(await contentOf(dataset)).toEqual(await contentAt(golden("tcz_u16")));
  });

  test("zeros at the end of the index are its end", async () => {
    await using dataset = await openNdtiff(golden("tcz_u16_zeroterm"));
    expect([dataset.recovered, dataset.isFinished]).toEqual([0, true]);
    expect(await contentOf(dataset)).toEqual(await contentAt(golden("tcz_u16")));
  });

  test("repair writes what is missing, once", async () => {
    const path = await copyOf(golden("tcz_u16_crashed"));
    await (await openNdtiff(path, { repair: true })).close();
    await using dataset = await openNdtiff(path);
    expect([dataset.recovered, dataset.isFinished]).toEqual([0, true]);
    expect(await contentOf(dataset)).toEqual(await contentAt(golden("tcz_u16")));
    const { size } = await stat(join(golden("tcz_u16"), "NDTiffStack.tif"));
    expect((await stat(join(path, "NDTiffStack.tif"))).size).toBe(size);
  });

  test("without repair nothing is written", async () => {
    const path = await copyOf(golden("tcz_u16_crashed"));
    const before = await readFile(join(path, "NDTiff.index"));
    await rm(join(path, "NDTiff.index"));
    await (await openNdtiff(path)).close();
    await expect(stat(join(path, "NDTiff.index"))).rejects.toThrow();
    await writeFile(join(path, "NDTiff.index"), before);
    await (await openNdtiff(path)).close();
    expect(await readFile(join(path, "NDTiff.index"))).toEqual(before);
  });
});

const real = requirement("shared-real").available;
test.skipIf(!real)(
  "without their index, Micro-Manager's stacks give the same images (needs shared-real)",
  async () => {
    const sets = ["v2/ndtiffv2.0_test/Full resolution", "v3/ndtiffv3.0_test", "v3/12_bit_pycromanager_mda"];
    for (const name of [
      ...sets,
      "v3/ndtiff3.2_11bit_1",
      "v3/ndtiff3.2_magellan_explore_rgb/Full resolution",
    ]) {
      const path = await copyOf(join(sharedReal, "ndtiff", name));
      const expected = await contentAt(path);
      await rm(join(path, "NDTiff.index"), { force: true });
      await using dataset = await openNdtiff(path);
      expect([dataset.recovered, dataset.isFinished]).toEqual([expected.length, true]);
      expect(await contentOf(dataset)).toEqual(expected);
    }
  },
);

/** Six images in two stacks. */
async function sixImages(): Promise<string> {
  const directory = fresh();
  const writer = await createNdtiff({ directory, maxFileBytes: 5_001_000 });
  for (let time = 0; time < 6; time++) {
    const data = Uint8Array.from({ length: 99 }, (_, i) => time + i);
    await writer.put({
      axes: { time },
      image: { data, width: 11, height: 9, channels: 1 },
      metadata: { time },
    });
  }
  await writer.finish();
  await writer.dataset.close();
  return directory;
}

describe("damage", () => {
  test("an index cut anywhere, a stack cut anywhere, zeros behind: every whole image is found, nothing else", async () => {
    const original = await sixImages();
    const expected = await contentAt(original);
    await using intact = await openNdtiff(original);
    const ends = intact.imageCoordinates().map((axes) => {
      const { file, metadataOffset, metadataBytes } = intact.entry(axes);
      return file === "NDTiffStack_1.tif" ? metadataOffset + metadataBytes : 0;
    });
    expect(ends.filter((end) => end > 0).length).toBeGreaterThan(1);
    const bytes = async (name: string) => (await stat(join(original, name))).size;
    const cuts = [fc.nat(await bytes("NDTiff.index")), fc.nat(await bytes("NDTiffStack_1.tif"))] as const;
    await fc.assert(
      fc.asyncProperty(...cuts, fc.nat(3000), async (cutIndex, cutStack, zeros) => {
        const path = await copyOf(original);
        await truncate(join(path, "NDTiff.index"), cutIndex);
        await truncate(join(path, "NDTiffStack_1.tif"), cutStack);
        await truncate(join(path, "NDTiffStack_1.tif"), cutStack + zeros);
        const whole = expected.slice(0, ends.filter((end) => end <= cutStack).length);
        expect(await contentAt(path)).toEqual(whole);
        await (await openNdtiff(path, { repair: true })).close();
        await using repaired = await openNdtiff(path);
        expect([repaired.recovered, repaired.lostImages, repaired.isFinished]).toEqual([0, [], true]);
        expect(await contentOf(repaired)).toEqual(whole);
      }),
      { numRuns: 40, seed: 5 },
    );
  });

  test("images that the index names and the stack lost are told, by file and place", async () => {
    const path = await sixImages();
    await truncate(join(path, "NDTiffStack_1.tif"), 400);
    await using dataset = await openNdtiff(path);
    expect(dataset.lostImages).toEqual([{ time: 4 }, { time: 5 }]);
    await expect(dataset.readImage({ time: 5 })).rejects.toThrow(
      /NDTiffStack_1.tif image at time 5: expected \d+ bytes of metadata at byte \d+, found none/,
    );
  });

  test("files that say nothing: no index, no bytes, zeros, a stack that was just begun", async () => {
    const path = await sixImages();
    const expected = await contentAt(path);
    await writeFile(join(path, "NDTiffStack_2.tif"), "");
    await using dataset = await openNdtiff(path);
    expect([dataset.recovered, dataset.isFinished]).toEqual([0, false]);
    expect(await contentOf(dataset)).toEqual(expected);
    await writeFile(join(path, "NDTiffStack_2.tif"), new Uint8Array(5000));
    await rm(join(path, "NDTiff.index"));
    expect(await contentAt(path)).toEqual(expected);
    const empty = fresh();
    await mkdir(empty);
    await expect(openNdtiff(empty)).rejects.toMatchObject({ code: "missing" });
    await expect(openNdtiff(join(empty, "none"))).rejects.toMatchObject({ code: "missing" });
    await writeFile(join(empty, "a_NDTiffStack.tif"), "");
    await using nothing = await openNdtiff(empty);
    expect([nothing.imageCoordinates(), nothing.isFinished]).toEqual([[], false]);
  });

  test.each([
    ["NDTiff.index", 4, "x", "NDTiff.index entry 0 at byte 0 axes: expected JSON, found"],
    ["NDTiff.index", 45, "\t", "NDTiff.index entry 0 at byte 0 pixel type: expected one of 0 to 6, found 9"],
    [
      "NDTiffStack.tif",
      0,
      "x",
      "NDTiffStack.tif header byte order: expected II or MM, then 42, found 120 73 42 0",
    ],
    ["NDTiffStack.tif", 12, "\x01", "NDTiffStack.tif header version: expected 2 or 3, found 1"],
    ["NDTiffStack.tif", 27, "\x01", "NDTiffStack.tif header summary metadata: expected an end within"],
    ["NDTiffStack.tif", 28, "x", "NDTiffStack.tif summary metadata: expected JSON, found"],
  ])("a broken %s, byte %i: one error that names file and field", async (file, at, text, message) => {
    const path = await sixImages();
    const bytes = await readFile(join(path, file));
    bytes.write(text, at, "latin1");
    await writeFile(join(path, file), bytes);
    const error = await openNdtiff(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(VitrineError);
    expect(String(error)).toContain(message);
  });

  test("half of the display settings withholds no image", async () => {
    const path = await sixImages();
    await writeFile(join(path, "display_settings.txt"), '{"DAPI": {"min"');
    await using dataset = await openNdtiff(path);
    expect([dataset.displaySettings, dataset.imageCoordinates().length]).toEqual([undefined, 6]);
  });

  test("pixels outside the file are an error, and no memory is taken for them", async () => {
    const path = await sixImages();
    const bytes = await readFile(join(path, "NDTiff.index"));
    // width of the first image
    bytes.writeUInt32LE(2 ** 31, 4 + 10 + 4 + 15 + 4);
    await writeFile(join(path, "NDTiff.index"), bytes);
    await using dataset = await openNdtiff(path);
    await expect(dataset.readImage({ time: 0 })).rejects.toThrow(
      /NDTiffStack.tif pixels of time 0: expected bytes/,
    );
  });
});

test("big-endian stacks read alike", async () => {
  const path = await copyOf(golden("tcz_u16"));
  const expected = await contentAt(path);
  await swapDataset(path);
  await using dataset = await openNdtiff(path);
  expect(dataset.version).toEqual({ major: 3, minor: 3 });
  expect(await contentOf(dataset)).toEqual(expected);
  await rm(join(path, "NDTiff.index"));
  expect(await contentAt(path)).toEqual(expected);
});

/** Turns a little-endian dataset of 16-bit images in one stack into a big-endian one. */
async function swapDataset(path: string): Promise<void> {
  const [index, stack] = [join(path, "NDTiff.index"), join(path, "NDTiffStack.tif")];
  await using dataset = await openNdtiff(path);
  const entries = dataset.imageCoordinates().map((axes) => dataset.entry(axes));
  const tif = await readFile(stack);
  const words = (from: number, count: number) => tif.subarray(from, from + 4 * count).swap32();
  tif.write("MM", 0);
  tif.subarray(2, 4).swap16();
  words(4, 6);
  for (const { pixelOffset, width, height } of entries) {
    const ifd = pixelOffset - 178;
    tif.subarray(ifd, ifd + 2).swap16();
    for (let at = ifd + 2; at < ifd + 158; at += 12) {
      const isShort = tif.readUInt16LE(at + 2) === 3;
      tif.subarray(at, at + 4).swap16();
      words(at + 4, 1);
      if (isShort) tif.subarray(at + 8, at + 10).swap16();
      else words(at + 8, 1);
    }
    words(ifd + 158, 5);
    tif.subarray(pixelOffset, pixelOffset + 2 * width * height).swap16();
  }
  await writeFile(stack, tif);
  const bytes = await readFile(index);
  for (let at = 0; at < bytes.length; at += 32) {
    for (let part = 0; part < 2; part++) {
      const length = bytes.readUInt32LE(at);
      bytes.subarray(at, at + 4).swap32();
      at += 4 + length;
    }
    bytes.subarray(at, at + 32).swap32();
  }
  await writeFile(index, bytes);
}

describe("kill -9", () => {
  test("at any moment: every image that was saved can be read, and repair makes the dataset whole", async () => {
    const child = await bundleForNode(
      fileURLToPath(new URL("../../../test/support/ndtiffChild.ts", import.meta.url)),
      folder,
    );
    for (const [killAfter, durability] of [
      [1, "process"],
      [17, "power"],
      [60, "process"],
    ] as const) {
      const path = fresh();
      const saved = await writeUntil([child, path, "100000", durability], killAfter);
      await using dataset = await openNdtiff(path);
      const found = new Set(dataset.imageCoordinates().map(({ time }) => time));
      expect(saved.filter((time) => !found.has(time))).toEqual([]);
      for (const { time } of dataset.imageCoordinates()) await expectPixels(dataset, Number(time));
      expect(dataset.isFinished).toBe(false);
      await (await openNdtiff(path, { repair: true })).close();
      await using repaired = await openNdtiff(path);
      expect([repaired.recovered, repaired.isFinished]).toEqual([0, true]);
      expect(new Set(repaired.imageCoordinates().map(({ time }) => time))).toEqual(found);
    }
  });
});

/** Runs the child until it has saved so many images, kills it, and gives the numbers that it had printed. */
async function writeUntil(command: readonly string[], killAfter: number): Promise<number[]> {
  const process_ = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  const saved: number[] = [];
  for await (const line of createInterface(process_.stdout)) {
    saved.push(Number(line));
    if (saved.length === killAfter) process_.kill("SIGKILL");
  }
  expect(saved.length).toBeGreaterThanOrEqual(killAfter);
  return saved;
}

async function expectPixels(dataset: NdtiffDataset, time: number): Promise<void> {
  const { data } = await dataset.readImage({ time });
  const expected = Uint16Array.from({ length: 64 * 128 }, (_, i) => (time * 1000 + i) % 65_536);
  expect(Buffer.compare(pixelBytes(data), pixelBytes(expected))).toBe(0);
}
