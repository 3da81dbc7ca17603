import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { mountSmallDisk } from "../../../test/support/smallDisk.ts";
import type { DatasetImage, DatasetWriter } from "../dataset/dataset.ts";
import { openOmeZarr } from "./open.ts";
import { createOmeZarr } from "./writer.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-omezarr-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const smallDisk = mountSmallDisk(4);

/** 128 KiB. */
function imageAt(time: number): DatasetImage {
  const data = new Uint16Array(256 * 256).fill(time);
  return { axes: { time }, image: { data, width: 256, height: 256, channels: 1 }, metadata: { time } };
}

describe.skipIf(smallDisk === undefined)("a full disk", () => {
  test("refuses images by name, keeps those before, and takes others when there is room", async () => {
    const directory = join(smallDisk ?? "", "full.zarr");
    const filler = join(smallDisk ?? "", "filler");
    writeFileSync(filler, new Uint8Array(3 * 2 ** 20));
    const writer = await createOmeZarr({ directory });
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, time) => writer.put(imageAt(time))),
    );
    const saved = results.flatMap(({ status }, time) => (status === "fulfilled" ? [time] : []));
    const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect([saved.length > 3, refused.length > 3]).toEqual([true, true]);
    for (const error of refused) expect(error).toMatchObject({ code: "storage" });
    expect(refused[0].message).toMatch(/full\.zarr\/0\/0\/c\/.*The disk is full/);
    rmSync(filler);
    await writer.put(imageAt(20));
    await writer.finish();
    await writer.dataset.close();
    await using dataset = await openOmeZarr(directory);
    expect([dataset.axes.time, dataset.isFinished]).toEqual([[...saved, 20], true]);
    for (const time of [...saved, 20]) {
      expect(await dataset.readImage({ time })).toEqual(imageAt(time).image);
    }
    expect(dataset.asArray().missing).toEqual([]);
  });
});

/** Puts metadata that hold themselves; gives the error. */
async function putFaulty(writer: DatasetWriter, time: number): Promise<unknown> {
  const { axes, image } = imageAt(time);
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  return writer.put({ axes, image, metadata: circular as DatasetImage["metadata"] }).catch((error) => error);
}

test("metadata that are no JSON are refused alone", async () => {
  const directory = join(scratch, "faulty.zarr");
  await using writer = await createOmeZarr({ directory });
  const puts = [writer.put(imageAt(0)), putFaulty(writer, 1), writer.put(imageAt(2))];
  const [, error] = await Promise.all(puts);
  expect(error).toMatchObject({ code: "type" });
  await writer.finish();
  await using dataset = await openOmeZarr(directory);
  expect(dataset.axes.time).toEqual([0, 2]);
});

test("pixels may lie in shared memory and be part of a larger array", async () => {
  const directory = join(scratch, "shared.zarr");
  await using writer = await createOmeZarr({ directory, compression: "zstd" });
  const whole = new Float32Array(new SharedArrayBuffer(40));
  whole.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const data = whole.subarray(3, 9);
  await writer.put({ axes: {}, image: { data, width: 3, height: 2, channels: 1 }, metadata: {} });
  expect([...(await writer.dataset.readImage({})).data]).toEqual([4, 5, 6, 7, 8, 9]);
});
