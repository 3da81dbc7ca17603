import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PixelImage } from "../../core/index.ts";
import { openNdtiff } from "./open.ts";
import { createNdtiff, openFolderWriter } from "./writer.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-held-"));
});
afterAll(() => rm(folder, { recursive: true }));

const grey = (values: Uint8Array | Uint16Array, width: number): PixelImage => {
  return { data: values, width, height: values.length / width, channels: 1 };
};

test("an image is read from the memory that is held, and from its stack afterwards", async () => {
  await using writer = await createNdtiff({ directory: join(folder, "first"), durability: "process" });
  const { dataset } = writer;
  const data = Uint16Array.from({ length: 12 }, (_, i) => i);
  const letGo = await writer.putHeld!({ axes: { time: 0 }, image: grey(data, 4), metadata: { a: 1 } });
  const whole = await dataset.readImage({ time: 0 });
  expect(whole).toEqual(grey(data, 4));
  expect(whole.data.buffer).not.toBe(data.buffer);
  expect(await dataset.readMetadata({ time: 0 })).toEqual({ a: 1, Axes: { time: 0 } });
  // only a test changes pixels that are held
  data.fill(9);
  const into = new Uint16Array(12);
  expect((await dataset.readImage({ time: 0 }, { into })).data).toBe(into);
  expect(into).toEqual(data);
  letGo();
  letGo();
  expect((await dataset.readImage({ time: 0 })).data).toEqual(Uint16Array.from({ length: 12 }, (_, i) => i));
});

test("a later image of equal axes is read, whichever of the two is held", async () => {
  for (const held of [0, 1]) {
    await using writer = await createNdtiff({ directory: join(folder, `twice${held}`) });
    const image = (value: number) => ({
      axes: { time: 0 },
      image: grey(new Uint8Array(6).fill(value), 3),
      metadata: {},
    });
    const puts = [0, 1].map((i) => (i === held ? writer.putHeld!(image(i)) : writer.put(image(i))));
    await Promise.all(puts);
    expect((await writer.dataset.readImage({ time: 0 })).data).toEqual(new Uint8Array(6).fill(1));
  }
});

test("a dataset that is closed reads nothing, held or not", async () => {
  const writer = await createNdtiff({ directory: join(folder, "closed") });
  await writer.putHeld!({ axes: { time: 0 }, image: grey(new Uint8Array(4), 2), metadata: {} });
  await writer.finish();
  await writer.dataset.close();
  await expect(writer.dataset.readImage({ time: 0 })).rejects.toThrow(/open dataset, found a closed one/);
});

test("rows that are written over are read, not those that are held", async () => {
  const directory = join(folder, "rows");
  const writer = await openFolderWriter({ directory, datasetName: directory, resolutionLevel: 0 });
  await writer.putHeld({ axes: { time: 0 }, image: grey(new Uint8Array(6), 2), metadata: {} });
  await writer.overwriteRows({ time: 0 }, new Uint8Array([5, 6]), 1);
  expect((await writer.dataset.readImage({ time: 0 })).data).toEqual(new Uint8Array([0, 0, 5, 6, 0, 0]));
  await writer.finish();
});

test("any images, held for any time, are what is on the disk", async () => {
  let run = 0;
  const one = fc.record({ held: fc.boolean(), width: fc.integer({ min: 1, max: 9 }), colours: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 8 }), async (images) => {
      const directory = join(folder, `any${run++}`);
      const writer = await createNdtiff({ directory, durability: "process" });
      const given = images.map(({ width, colours }, time): PixelImage => {
        const channels = colours ? 3 : 1;
        const length = width * 2 * channels;
        const data = new (colours ? Uint8Array : Uint16Array)(length).map((_, i) => 7 * time + i);
        return { data, width, height: 2, channels };
      });
      const letGo = await Promise.all(
        given.map(async (image, time) => {
          const what = { axes: { time }, image, metadata: {} };
          return images[time].held ? writer.putHeld!(what) : await writer.put(what).then(() => undefined);
        }),
      );
      const during = await Promise.all(given.map((_, time) => writer.dataset.readImage({ time })));
      for (const each of letGo) each?.();
      await writer.finish();
      await using again = await openNdtiff(directory);
      const after = await Promise.all(given.map((_, time) => again.readImage({ time })));
      expect(during).toEqual(given);
      expect(after).toEqual(given);
    }),
    { numRuns: 30 },
  );
});
