import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { formatMrc } from "../mrcWrite.ts";
import { memorySource } from "./memory.ts";
import { openImage } from "./open.ts";
import { volumeAxes } from "./volumeAxes.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-volume-axes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A source of these axes and lengths, as `time 3`. */
function sourceOf(...axes: readonly string[]) {
  const named = axes.map((axis) => axis.split(" "));
  const shape = named.map(([, length]) => Number(length));
  const data = new Uint8Array(shape.reduce((all, length) => all * length, 1));
  return memorySource({ data, shape, axes: named.map(([name]) => name) }, { name: "a.tif" });
}

describe("the axes of one volume", () => {
  test.each([
    [
      ["z 4", "y 3", "x 2"],
      [0, 1, 2],
    ],
    [
      ["y 3", "x 2"],
      [-1, 0, 1],
    ],
    [
      ["time 1", "channel 1", "z 4", "y 3", "x 2"],
      [2, 3, 4],
    ],
    [
      ["time 1", "z 1", "y 3", "x 2"],
      [1, 2, 3],
    ],
  ])("%s", (axes, places) => {
    expect(volumeAxes(sourceOf(...axes))).toEqual({ places, warnings: [] });
  });

  test.each([
    [
      ["time 4", "y 3", "x 2"],
      [0, 1, 2],
    ],
    [
      ["time 4", "channel 1", "z 1", "y 3", "x 2"],
      [0, 3, 4],
    ],
  ])("%s: a stack of images is taken for a volume, which is said", (axes, places) => {
    const warnings = ["a.tif: the axis time of 4 says a stack of 4 images; taken for a volume of 4 planes"];
    expect(volumeAxes(sourceOf(...axes))).toEqual({ places, warnings });
  });

  test.each([
    [["time 4", "z 2", "y 3", "x 2"]],
    [["channel 4", "y 3", "x 2"]],
    [["time 4", "channel 2", "y 3", "x 2"]],
    [["position 4", "y 3", "x 2"]],
    [["z 4", "y 3", "x 2", "sample 3"]],
  ])("%s is no volume", (axes) => {
    expect(() => volumeAxes(sourceOf(...axes))).toThrow(
      `a.tif: expected one volume (z, y, x), found ${axes.join(", ")}. Cut one out first, with vitrine convert.`,
    );
  });

  test("an MRC file of space group 0 is named by its field", async () => {
    const path = join(folder, "a.mrc");
    const data = Float32Array.from({ length: 24 }, (_, i) => i);
    writeFileSync(path, formatMrc({ data, shape: [4, 3, 2], voxelSizeA: 10, kind: "stack" }));
    await using source = await openImage(path);
    const { places, warnings } = volumeAxes(source);
    expect(places).toEqual([0, 1, 2]);
    expect(warnings).toEqual([
      expect.stringMatching(
        /a\.mrc: header\.ispg 0 says a stack of 4 images; taken for a volume of 4 planes$/,
      ),
    ]);
  });
});
