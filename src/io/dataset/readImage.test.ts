import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/mmcore.ts";
import { createNdtiff } from "../ndtiff/writer.ts";
import { createOmeZarr } from "../omezarr/writer.ts";
import type { DatasetWriter } from "./dataset.ts";
import { createMemoryDataset } from "./memory.ts";

const scratch = scratchFolder();
const image = (first: number) => ({
  data: Uint16Array.from({ length: 24 }, (_, i) => first + i),
  width: 6,
  height: 4,
  channels: 1,
});

describe("an image is read into memory that the caller has", () => {
  test.each([
    ["NDTiff", () => createNdtiff({ directory: join(scratch, "ndtiff") })],
    ["OME-Zarr", () => createOmeZarr({ directory: join(scratch, "zarr") })],
    ["memory", async () => createMemoryDataset()],
  ] as [string, () => Promise<DatasetWriter>][])("%s", async (_, create) => {
    const writer = await create();
    for (const time of [0, 1]) await writer.put({ axes: { time }, image: image(100 * time), metadata: {} });
    await writer.finish();
    await using dataset = writer.dataset;
    const into = new Uint16Array(24);
    for (const time of [0, 1]) {
      const read = await dataset.readImage({ time }, { into });
      expect(read).toEqual(image(100 * time));
      expect(read.data).toBe(into);
    }
    expect(await dataset.readImage({ time: 0 })).toEqual(image(0));
    const wrong = { code: "shape", message: expect.stringMatching(/24 values of uint16, found 24 of uint8/) };
    await expect(dataset.readImage({ time: 0 }, { into: new Uint8Array(24) })).rejects.toMatchObject(wrong);
    const long = dataset.readImage({ time: 0 }, { into: new Uint16Array(25) });
    await expect(long).rejects.toMatchObject({ code: "shape" });
    const misspelt = { in: into } as { into?: Uint16Array };
    await expect(dataset.readImage({ time: 0 }, misspelt)).rejects.toMatchObject({ code: "format" });
  });
});
