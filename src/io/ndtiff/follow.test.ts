import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Axes } from "../../core/index.ts";
import type { DatasetImage } from "../dataset/dataset.ts";
import { openNdtiff } from "./open.ts";
import { createNdtiffPyramid } from "./pyramidWriter.ts";
import { createNdtiff } from "./writer.ts";

let folder = "";
let count = 0;
const fresh = () => join(folder, `set${count++}`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-follow-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function image(axes: Axes, value: number): DatasetImage {
  const data = new Uint8Array(16).fill(value);
  return { axes, image: { data, width: 4, height: 4, channels: 1 }, metadata: { value } };
}

/** Only what is on disk joins the two sides: as if another program wrote. */
describe("a dataset that another program writes", () => {
  test("its images come as they are saved, until it is finished", async () => {
    const directory = fresh();
    // the second stack begins in the middle
    const writer = await createNdtiff({ directory, maxFileBytes: 5_000_700 });
    await using reader = await openNdtiff(directory, { pollMs: 2 });
    expect([reader.isFinished, reader.imageCoordinates()]).toEqual([false, []]);
    for (let time = 0; time < 6; time++) {
      const next = reader.awaitNewImage();
      await writer.put(image({ time }, time));
      expect(await next).toEqual({ time });
      expect((await reader.readImage({ time })).data).toEqual(new Uint8Array(16).fill(time));
      expect(await reader.readMetadata({ time })).toEqual({ value: time, Axes: { time } });
    }
    const end = reader.awaitNewImage();
    await writer.finish();
    expect([await end, reader.isFinished, await reader.awaitNewImage()]).toEqual([null, true, null]);
    expect([reader.recovered, reader.axes]).toEqual([0, { time: [0, 1, 2, 3, 4, 5] }]);
    await writer.dataset.close();
  });

  test("several wait for the same image; one gives up", async () => {
    const directory = fresh();
    const writer = await createNdtiff({ directory });
    await using reader = await openNdtiff(directory, { pollMs: 2 });
    const stop = new AbortController();
    const waiting = [reader.awaitNewImage(), reader.awaitNewImage()];
    const stopped = reader.awaitNewImage({ signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
    await writer.put(image({ time: 7 }, 1));
    expect(await Promise.all(waiting)).toEqual([{ time: 7 }, { time: 7 }]);
    await writer.finish();
    await writer.dataset.close();
  });

  test("looks that overlap find every image once", async () => {
    const directory = fresh();
    const writer = await createNdtiff({ directory });
    await using reader = await openNdtiff(directory);
    const times = Array.from({ length: 20 }, (_, time) => time);
    const looks = times.map(async (time) => {
      await writer.put(image({ time }, time));
      await Promise.all([reader.refresh(), reader.refresh(), reader.refresh()]);
      return reader.hasImage({ time });
    });
    expect(await Promise.all(looks)).toEqual(times.map(() => true));
    expect(reader.imageCoordinates()).toEqual(times.map((time) => ({ time })));
    await writer.finish();
    await writer.dataset.close();
  });

  test("an image that is saved again is read anew", async () => {
    const directory = fresh();
    const writer = await createNdtiff({ directory });
    await writer.put(image({ channel: 0 }, 1));
    await using reader = await openNdtiff(directory, { pollMs: 2 });
    expect((await reader.readImage({ channel: 0 })).data[0]).toBe(1);
    const next = reader.awaitNewImage();
    await writer.put(image({ channel: 0 }, 2));
    expect(await next).toEqual({ channel: 0 });
    expect((await reader.readImage({ channel: 0 })).data[0]).toBe(2);
    expect([writer.duplicates, reader.imageCoordinates()]).toEqual([1, [{ channel: 0 }]]);
    await writer.finish();
    await writer.dataset.close();
  });

  test("an index with room for more, as Micro-Manager's, grows into its zeros", async () => {
    const directory = fresh();
    const writer = await createNdtiff({ directory });
    for (let time = 0; time < 4; time++) await writer.put(image({ time }, time));
    await writer.finish();
    await writer.dataset.close();
    const [index, stack] = ["NDTiff.index", "NDTiffStack.tif"].map((name) => join(directory, name));
    const entries = await readFile(index);
    const [stackBytes, half] = [(await stat(stack)).size, entries.length / 2];
    await truncate(index, half);
    await truncate(index, 200_000);
    await truncate(stack, 2 ** 20);
    await using reader = await openNdtiff(directory, { pollMs: 2 });
    // the images are in the stack before the index has them
    expect([reader.imageCoordinates().length, reader.recovered, reader.isFinished]).toEqual([4, 2, false]);
    await writeFile(index, Buffer.concat([entries, new Uint8Array(200_000 - entries.length)]));
    await reader.refresh();
    expect([reader.imageCoordinates().length, reader.isFinished]).toEqual([4, false]);
    await truncate(stack, stackBytes);
    expect([await reader.awaitNewImage(), reader.isFinished]).toEqual([null, true]);
  });

  test("the levels of a pyramid appear and fill", async () => {
    const directory = fresh();
    const writer = await createNdtiffPyramid({ directory, overlapPx: { x: 0, y: 0 } });
    await writer.put(image({ row: 0, column: 0 }, 10));
    await using reader = await openNdtiff(directory, { pollMs: 2 });
    expect(reader.levels).toEqual([0]);
    for (const column of [1, 2]) await writer.put(image({ row: 0, column }, 20 * column));
    await reader.refresh();
    expect(reader.levels).toEqual([0, 1, 2]);
    const { data } = await reader.level(2).readImage({ row: 0, column: 0 });
    expect(Array.from(data)).toEqual([10, 20, 40, 0, ...new Array(12).fill(0)]);
    await writer.finish();
    expect([await reader.awaitNewImage(), reader.isFinished, reader.level(2).isFinished]).toEqual([
      null,
      true,
      true,
    ]);
    await writer.dataset.close();
  });
});
