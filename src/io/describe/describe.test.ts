import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { formatMrc } from "../mrcWrite.ts";
import { formatNpy } from "../npy.ts";
import { formatNpz } from "../npz.ts";
import { formatTorch, type TorchContent } from "../torch/write.ts";
import { describeFile } from "./describe.ts";

const golden = fileURLToPath(new URL("../../../test/golden/acquire", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "vitrine-describe-"));
afterAll(() => rmSync(scratch, { recursive: true }));

async function described(name: string, content: string | Uint8Array) {
  writeFileSync(join(scratch, name), content);
  return describeFile(join(scratch, name));
}

test("arrays by their shape and type, whatever their name", async () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  expect(await described("map.bin", formatMrc({ data, shape: [1, 2, 3], voxelSizeA: 1.5 }))).toMatchObject({
    kind: "mrc",
    dtype: "float32",
    shape: [1, 2, 3],
    content: "volume",
    voxelSizeA: [1.5, 1.5, 1.5],
    statistics: { min: 1, max: 6, mean: 3.5 },
    labels: ["Written by Vitrine"],
    image: {
      dtype: "float32",
      axes: [
        { name: "z", length: 1, unit: "angstrom", step: 1.5 },
        { name: "y", length: 2, unit: "angstrom", step: 1.5 },
        { name: "x", length: 3, unit: "angstrom", step: 1.5 },
      ],
    },
  });
  const array = { data, shape: [3, 2] };
  expect(await described("a", formatNpy(array))).toMatchObject({
    kind: "npy",
    dtype: "float32",
    shape: [3, 2],
    fortranOrder: false,
    image: {
      axes: [
        { name: "y", length: 3 },
        { name: "x", length: 2 },
      ],
      levels: [{ shape: [3, 2] }],
    },
  });
  // what is no image is told as an array alone
  const line = { data: Float64Array.of(1, 2), shape: [2] };
  const told = await described("line", formatNpy(line));
  expect(told).not.toHaveProperty("image");
  expect(told).toMatchObject({
    warnings: [expect.stringMatching(/^no image can be read of it: .*2 to 5 dim/)],
  });
  const archive = formatNpz([
    ["a", array],
    ["b", { data: Uint8Array.of(1), shape: [], dtype: "b1" }],
  ]);
  expect(await described("b", archive)).toEqual({
    kind: "npz",
    arrays: { a: { dtype: "float32", shape: [3, 2] }, b: { dtype: "bool", shape: [] } },
  });
});

test("what torch.save wrote by its tensors", async () => {
  const tensor = (shape: number[]) => ({ data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape });
  expect(await described("a.pt", formatTorch(tensor([2, 3])))).toEqual({
    kind: "torch",
    arrays: { tensor: { dtype: "float32", shape: [2, 3] } },
  });
  const several = new Map<string, TorchContent>([
    ["weights", tensor([4])],
    ["more", [tensor([1, 2])]],
  ]);
  expect(await described("b.pt", formatTorch(several))).toMatchObject({
    arrays: { weights: { shape: [4] }, "more.0": { shape: [1, 2] } },
  });
});

test("tables and texts by their lines, other files by their size", async () => {
  expect(await described("a.csv", "x,y\n1,2\n3,4\n")).toEqual({ kind: "csv", columns: ["x", "y"], rows: 2 });
  expect(await described("a.json", '{"a":\n1}')).toEqual({ kind: "json", bytes: 8, lines: 2 });
  expect(await described("µ", "µ\n".repeat(3000))).toEqual({ kind: "text", bytes: 9000, lines: 3000 });
  expect(await described("empty", "")).toEqual({ kind: "empty", bytes: 0 });
  for (const [kind, mark] of [
    ["bzip2", "BZh9"],
    ["xz", "\xfd7zXZ"],
    ["zstd", "\x28\xb5\x2f\xfd"],
    ["zip", "PK\x03\x04"],
  ] as const)
    expect(await described("a.tif", Buffer.from(`${mark}${"\0".repeat(60)}`, "latin1"))).toEqual({
      kind,
      bytes: mark.length + 60,
    });
  expect(await described("a.dat", Uint8Array.of(0, 1, 2))).toEqual({ kind: "unknown", bytes: 3 });
  expect(await describeFile(join(golden, "tcz_u16/NDTiffStack.tif"))).toEqual({
    kind: "tiff",
    bytes: 61895,
    pages: 18,
    layouts: [{ width: 48, height: 32, channels: 1, dtype: "uint16", images: 18 }],
  });
  const tiffs = join(golden, "../tiff-others");
  expect(await describeFile(join(tiffs, "shaped.twice.tif"))).toMatchObject({
    kind: "images",
    names: ["0", "1"],
    images: [{ axes: [{ name: "z", length: 2 }, {}, {}] }, { axes: [{ name: "z", length: 2 }, {}, {}] }],
  });
  mkdirSync(join(scratch, "folder"));
  expect(await describeFile(join(scratch, "folder"))).toEqual({ kind: "folder" });
});

test("datasets by their axes, sizes, gaps and first metadata", async () => {
  expect(await describeFile(join(golden, "strpos_u16_sparse"))).toMatchObject({
    kind: "ndtiff",
    version: "3.3",
    recovered: 0,
    levels: [0],
    images: 8,
    missing: 1,
    axes: { position: ["A1", "B2-µ", "C 3"], time: [0, 1, 2] },
    layouts: [{ width: 48, height: 32, channels: 1, dtype: "uint16", images: 8 }],
    pixelSizeUm: 0.11,
    firstMetadata: { i: 0 },
    image: { axes: [{ name: "position" }, { name: "time" }, { name: "y" }, { name: "x" }] },
  });
  expect(await describeFile(join(golden, "tcz_u16_crashed"))).toMatchObject({ images: 18, recovered: 1 });
});

test("damaged files and paths without a file are errors", async () => {
  await expect(
    described("cut.npy", formatNpy({ data: new Uint8Array(9), shape: [9] }).slice(0, 130)),
  ).rejects.toMatchObject({ code: "format" });
  await expect(described("a.mrc", "no map")).rejects.toMatchObject({ code: "format" });
  await expect(describeFile(join(scratch, "nothing"))).rejects.toMatchObject({ code: "missing" });
});
