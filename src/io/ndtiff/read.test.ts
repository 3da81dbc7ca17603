import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { pixelBytes } from "../../core/index.ts";
import { openNdtiff } from "./open.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../test/golden/acquire/${name}`, import.meta.url));

interface GoldenImage {
  readonly axes: Record<string, number | string>;
  readonly shape: readonly [number, number];
  readonly dtype: string;
  readonly sha256_le_bytes: string;
  readonly sum: number;
  readonly metadata: Record<string, unknown>;
  readonly index_entry: { pixel_type: number; pixel_offset: number };
}
interface GoldenSet {
  readonly dataset: string;
  readonly summary_metadata: Record<string, unknown>;
  readonly major: number;
  readonly minor: number;
  readonly axes: Record<string, (number | string)[]>;
  readonly axes_types: Record<string, "int" | "str">;
  readonly images: readonly GoldenImage[];
  readonly note?: string;
}
const listing: GoldenSet[] = JSON.parse(readFileSync(golden("ndtiff_listing.json"), "utf8"));
const complete = listing.filter(({ images }) => images !== undefined);

async function expectImages(folder: string, images: readonly GoldenImage[]) {
  await using dataset = await openNdtiff(folder);
  expect(dataset.imageCoordinates()).toHaveLength(images.length);
  for (const { axes, shape, dtype, sha256_le_bytes, metadata } of images) {
    const image = await dataset.readImage(axes);
    expect([image.height, image.width, image.channels]).toEqual([...shape, 1]);
    expect(dataset.imageLayout(axes).dtype).toBe(dtype);
    expect(createHash("sha256").update(pixelBytes(image.data)).digest("hex")).toBe(sha256_le_bytes);
    expect(await dataset.readMetadata(axes)).toEqual(metadata);
  }
  return dataset;
}

describe("datasets of an independent writer", () => {
  test.each(complete)("$dataset: pixels, metadata and axes", async (set) => {
    await using dataset = await openNdtiff(golden(set.dataset));
    expect(dataset.summaryMetadata).toEqual(set.summary_metadata);
    expect(dataset.version).toEqual({ major: set.major, minor: set.minor });
    expect(dataset.axes).toEqual(set.axes);
    const types = Object.entries(set.axes_types).map(([name, type]) => [
      name,
      type === "str" ? "string" : type,
    ]);
    expect(dataset.axesTypes).toEqual(Object.fromEntries(types));
    expect([dataset.levels, dataset.recovered, dataset.isFinished]).toEqual([[0], 0, true]);
    await expectImages(golden(set.dataset), set.images);
  });
});
