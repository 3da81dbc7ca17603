import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { python, requirement, sharedReal } from "../../../test/support/require.ts";
import type { PixelImage, PixelType } from "../../core/index.ts";
import { imageBytes, pixelView } from "../../core/index.ts";
import { openTiff, readTiffImage } from "./tiffFile.ts";
import { writeTiff } from "./write.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-tiff-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs Python in the folder of the test; what it prints is JSON. */
const ask = (code: string): unknown =>
  JSON.parse(
    execFileSync(python, ["-c", `import json, numpy as np, tifffile\n${code}`], {
      cwd: folder,
      encoding: "utf8",
    }) || "null",
  );

const image = (width: number, height: number, dtype: PixelType, channels = 1): PixelImage => {
  const layout = { width, height, channels, dtype };
  const data = pixelView(layout, new ArrayBuffer(imageBytes(layout)));
  for (let i = 0; i < data.length; i++) data[i] = (i * 37) % 251;
  return { data, width, height, channels };
};

const all = async (path: string) => {
  const file = await openTiff(path);
  try {
    const pages = [];
    for (const index of file.pages.keys()) pages.push(await file.readPage(index));
    return pages;
  } finally {
    await file.close();
  }
};

describe("our own files", () => {
  const types = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] as const;
  const size = fc.integer({ min: 1, max: 9 });

  test("read back, of any type, size, number of pages and colours", async () => {
    const path = join(folder, "any.tif");
    const pixelSize = fc.option(fc.double({ min: 0.03, max: 1e5, noNaN: true }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(size, size, fc.constantFrom(...types), fc.constantFrom(1, 2, 3, 4)),
        fc.integer({ min: 1, max: 4 }),
        pixelSize,
        async (shape, count, pixelSizeA) => {
          const pages = Array.from({ length: count }, () => image(...shape));
          await writeTiff(path, { pages, ...(pixelSizeA && { pixelSizeA }) }, { overwrite: true });
          expect(await all(path)).toEqual(pages);
          const file = await openTiff(path);
          await file.close();
          // 32-bit numbers of the ratio
          if (pixelSizeA === undefined) expect(file.pixelSizeA).toBeUndefined();
          else expect(Math.abs((file.pixelSizeA ?? 0) / pixelSizeA - 1)).toBeLessThan(1e-8);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("as an image, with the page that was chosen", async () => {
    const path = join(folder, "movie.tif");
    const pages = [image(3, 2, "uint16"), image(3, 2, "uint16")];
    pages[1].data.fill(7);
    await writeTiff(path, { pages, pixelSizeA: 1.06 });
    expect(await readTiffImage(path, { page: 1 })).toEqual({
      data: new Float32Array(6).fill(7),
      shape: [2, 3],
      pixelSizeA: 1.06,
    });
    await expect(readTiffImage(path)).rejects.toThrow("expected one page, found 2. Choose one of them");
    await expect(readTiffImage(path, { page: 2 })).rejects.toThrow("expected a page within 0..1, found 2");
    await expect(writeTiff(path, { pages })).rejects.toThrow("expected no file of this name");
    await writeTiff(path, { pages: [image(3, 2, "uint8", 3)] }, { overwrite: true });
    await expect(readTiffImage(path)).rejects.toThrow(
      "movie.tif page 0: expected one value a pixel, found 3",
    );
  });

  test("what does not agree is not written", async () => {
    const path = join(folder, "not.tif");
    const pages = [image(3, 2, "uint8"), image(2, 3, "uint8")];
    await expect(writeTiff(path, { pages })).rejects.toThrow(
      "page 1: expected 3 x 2 x 1 uint8, found 2 x 3 x 1 uint8",
    );
    await expect(writeTiff(path, { pages: [] })).rejects.toThrow("expected at least one page, found none");
    await expect(writeTiff(path, { pages: pages.slice(1), pixelSizeA: -1 })).rejects.toThrow(
      "at least 0, found -1",
    );
  });
});

interface Golden {
  readonly shape: readonly number[];
  readonly sum: number;
  readonly weighted: number;
  readonly first: readonly number[];
}

const golden = new URL("../../../test/golden/match-extra/tiff/", import.meta.url);
const packed: Record<string, Golden> = JSON.parse(await readFile(new URL("tiff.json", golden), "utf8"));

describe("packed files of another program", () => {
  test.each(Object.entries(packed))("%s", async (name, { shape, sum, weighted, first }) => {
    const pages = await all(fileURLToPath(new URL(`${name}.tif`, golden)));
    const values = pages.flatMap(({ data }) => Array.from(data));
    const { width, height, channels } = pages[0];
    expect([
      ...(pages.length > 1 ? [pages.length] : []),
      height,
      width,
      ...(channels > 1 ? [channels] : []),
    ]).toEqual(shape);
    if (name === "jpeg") {
      // Decoders of JPEG round differently by one grey value, and one more where a block's sum does.
      expect(Math.abs(values.reduce((total, value) => total + value, 0) / sum - 1)).toBeLessThan(0.01);
      return;
    }
    expect(values.slice(0, 5)).toEqual(first);
    expect(sums(values)).toEqual({ sum: expect.closeTo(sum, 6), weighted: expect.closeTo(weighted, 4) });
  });
});

const sums = (values: readonly number[]) => ({
  sum: values.reduce((total, value) => total + value, 0),
  weighted: values.reduce((total, value, i) => total + value * (i % 97), 0),
});

describe("damaged files", () => {
  /** A file of one page of 5 x 4 whose bytes are changed. */
  const damaged = async (change: (view: DataView) => void, length?: number) => {
    const path = join(folder, "good.tif");
    await writeTiff(path, { pages: [image(5, 4, "uint16")] }, { overwrite: true });
    const bytes = new Uint8Array(await readFile(path));
    change(new DataView(bytes.buffer));
    return all2(new Blob([bytes.slice(0, length)]));
  };
  const all2 = async (blob: Blob) => (await openTiff(blob)).readPage(0);
  /** Place of the value of a tag in the directory at 8. */
  const valueAt = (view: DataView, tag: number) => {
    for (let at = 10; ; at += 12) if (view.getUint16(at, true) === tag) return at + 8;
  };
  const set = (tag: number, value: number) => (view: DataView) =>
    view.setUint32(valueAt(view, tag), value, true);

  test.each([
    [
      "no header",
      (view: DataView) => view.setUint8(0, 0),
      "expected a TIFF header: II or MM and 42 or 43, found 0 73",
    ],
    ["no directory", (view: DataView) => view.setUint32(4, 9999, true), "page 0: expected an IFD within"],
    [
      "no page",
      (view: DataView) => view.setUint32(4, 0, true),
      "blob: expected at least one page, found none",
    ],
    ["too wide", set(256, 2 ** 31), "blob page 0 strip 0: expected at least 17179869184 bytes"],
    ["too high", set(257, 2 ** 31), "places of"],
    [
      "absurd",
      (view: DataView) => [256, 257].map((tag) => set(tag, 2 ** 31)(view)),
      "expected width, height and samples",
    ],
    ["no width", set(256, 0), "expected width, height and samples of an image, found 0 x 4 x 1"],
    ["bits", set(258, 48), "found unsigned integers of 48 bits"],
    ["beyond the end", set(273, 2 ** 31), "blob page 0 strip 0: expected pixels within"],
    ["short", set(279, 3), "strip 0: expected at least 40 bytes for 40 of pixels, found 3"],
    ["rows", set(278, 0), "expected sides of strips or tiles, found 5 x 0"],
    ["compression", set(259, 99), "expected a compression that can be read, found"],
    ["deflate", set(259, 8), "expected deflated bytes"],
    ["LZW", set(259, 5), "strip 0: expected"],
  ])("%s: one error that names the place", async (_, change, message) => {
    await expect(damaged(change)).rejects.toThrow(message);
    await expect(damaged(change)).rejects.toMatchObject({ name: "VitrineError" });
  });

  test("a cut file and a ring of directories", async () => {
    await expect(damaged(() => {}, 150)).rejects.toThrow("The file is truncated or damaged");
    await expect(damaged(() => {}, 60)).rejects.toThrow("expected an IFD of");
    await expect(
      damaged((view) => view.setUint32(10 + 12 * view.getUint16(8, true), 8, true)),
    ).rejects.toThrow("blob page 1: expected a page of its own, found an earlier one again.");
  });
});

const { available } = requirement("readers");

describe.skipIf(!available)("beside tifffile (needs readers)", () => {
  const read = async (name: string) => {
    const pages = await all(join(folder, `${name}.tif`));
    return pages.map(({ data, width, height, channels }) => [[height, width, channels], Array.from(data)]);
  };

  test("every type, byte order, compression, predictor, strips and tiles", async () => {
    const cases = ask(`
cases = []
rng = np.random.default_rng(7)
def write(a, **options):
    name = f"c{len(cases)}"
    tifffile.imwrite(name + ".tif", a, **options)
    rgb = options.get("photometric") == "rgb"
    planes = a if a.ndim == (4 if rgb else 3) else a[None]
    if options.get("planarconfig") == "separate": planes = np.moveaxis(planes, 1, -1)
    cases.append([name, [[list(p.shape) if rgb else [*p.shape, 1], p.astype("f8").ravel().tolist()] for p in planes]])
def smooth(t, shape):
    a = np.cumsum(rng.integers(0, 5, shape), axis=-1) % 120
    return (a + rng.random(shape) if t[-2] == "f" else a).astype(t)
for order in "<>":
    for t in ["u1", "i1", "u2", "i2", "u4", "i4", "f2", "f4", "f8"]:
        for big in [False, True]:
            write(smooth(order + t, (2, 19, 23)), byteorder=order, bigtiff=big, photometric="minisblack", rowsperstrip=5)
    for t in ["u1", "u2", "i4", "f4"]:
        write(smooth(order + t, (40, 50)), byteorder=order, photometric="minisblack", tile=(16, 32))
    write(smooth(order + "u2", (17, 13, 3)), byteorder=order, photometric="rgb", rowsperstrip=4)
    write(smooth(order + "u1", (3, 17, 13)), byteorder=order, photometric="rgb", planarconfig="separate", rowsperstrip=4)
    write(smooth(order + "u1", (2, 33, 21, 3)), byteorder=order, photometric="rgb", tile=(16, 16))
    for t in ["u1", "u2", "u4", "f4"]:
        for predictor in [1, 2] if t[0] == "u" else [1]:
            write(smooth(order + t, (2, 31, 37)), byteorder=order, photometric="minisblack", compression="zlib",
                predictor=predictor, rowsperstrip=8)
print(json.dumps(cases))`);
    expect(Array.isArray(cases) && cases.length).toBeGreaterThan(60);
    for (const [name, pages] of cases as [string, unknown][]) expect(await read(name), name).toEqual(pages);
  });

  test("64-bit integers are read as float64; beyond 2^53 they are refused with their place", async () => {
    const numbers = ask(`
a = np.random.default_rng(1).integers(-2**53, 2**53, (40, 37))
for name, order in [("little", "<"), ("big", ">")]:
    for way, more in [("plain", {}), ("strips", {"rowsperstrip": 8, "compression": "zlib"}), ("tiles", {"tile": (16, 16)})]:
        tifffile.imwrite(f"wide-{name}-{way}.tif", a.astype(order + "i8"), byteorder=order, photometric="minisblack", **more)
a[23, 5] = 2**53
tifffile.imwrite("beyond.tif", a, photometric="minisblack", tile=(16, 16))
tifffile.imwrite("predicted.tif", a.astype("u8"), photometric="minisblack", predictor=2, compression="zlib")
a[23, 5] = 0
print(json.dumps(a.ravel().tolist()))`) as number[];
    for (const name of ["little", "big"])
      for (const way of ["plain", "strips", "tiles"]) {
        const [page] = await all(join(folder, `wide-${name}-${way}.tif`));
        const own = Array.from(page.data);
        own[23 * 37 + 5] = 0;
        expect(own, `${name} ${way}`).toEqual(numbers);
      }
    await expect(all(join(folder, "beyond.tif"))).rejects.toThrow(/value \[23, 5\]: expected int64 .*2\^53/);
    await expect(all(join(folder, "predicted.tif"))).rejects.toThrow(/expected uint64 without a predictor/);
  });

  test("values of one bit, and of 12 that a camera packs", async () => {
    const found = ask(`
a = np.random.default_rng(1).integers(0, 2, (9, 13)).astype(bool)
tifffile.imwrite("bits.tif", a, photometric="minisblack")
print(json.dumps(a.astype(int).ravel().tolist()))`);
    const file = await openTiff(join(folder, "bits.tif"));
    expect(file.pages).toEqual([
      { width: 13, height: 9, channels: 1, dtype: "uint8", bits: 1, compression: 1 },
    ]);
    expect(Array.from((await file.readPage(0)).data)).toEqual(found);
    await file.close();
    const twelve = ask(`
a = np.random.default_rng(1).integers(0, 4096, (4, 5))
rows = ["".join(f"{v:012b}" for v in row) for row in a]
packed = b"".join(int(r.ljust(64, "0"), 2).to_bytes(8, "big") for r in rows)
with tifffile.TiffWriter("twelve.tif") as f:
    f.write(np.frombuffer(packed, "u1").reshape(4, 8), photometric="minisblack", metadata=None)
b = bytearray(open("twelve.tif", "rb").read())
n = int.from_bytes(b[8:10], "little")
for at in range(10, 10 + 12 * n, 12):
    tag = int.from_bytes(b[at:at + 2], "little")
    if tag == 258: b[at + 8:at + 10] = (12).to_bytes(2, "little")
    if tag == 256: b[at + 8:at + 10] = (5).to_bytes(2, "little")
open("twelve.tif", "wb").write(b)
print(json.dumps(a.ravel().tolist()))`);
    const [page] = await all(join(folder, "twelve.tif"));
    expect([page.data.constructor, Array.from(page.data)]).toEqual([Uint16Array, twelve]);
  });

  test("pixel sizes: resolution, ImageJ, OME, DigitalMicrograph; a printer's are none", async () => {
    ask(`
a = np.zeros((4, 5), "u2")
tifffile.imwrite("cm.tif", a, resolution=(2e7, 2e7), resolutionunit="CENTIMETER")
tifffile.imwrite("inch.tif", a, resolution=(2.54e8 / 50, 2.54e8 / 50), resolutionunit="INCH")
tifffile.imwrite("screen.tif", a, resolution=(72, 72), resolutionunit="INCH")
tifffile.imwrite("oblong.tif", a, resolution=(2e7, 1e7), resolutionunit="CENTIMETER")
tifffile.imwrite("imagej.tif", a, imagej=True, resolution=(1 / 0.25, 1 / 0.25), metadata={"unit": "nm"})
tifffile.imwrite("ome.ome.tif", a, metadata={"axes": "YX", "PhysicalSizeX": 0.65, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.65, "PhysicalSizeYUnit": "nm"})
tifffile.imwrite("dm.tif", a, extratags=[(65003, 2, 3, "nm", True), (65009, 12, 1, 0.106, True), (65010, 12, 1, 0.106, True)])
tifffile.imwrite("none.tif", a)`);
    const names = ["cm", "inch", "screen", "oblong", "imagej", "ome.ome", "dm", "none"];
    const sizes = [];
    for (const name of names) {
      const file = await openTiff(join(folder, `${name}.tif`));
      await file.close();
      sizes.push(file.pixelSizeA);
    }
    expect(sizes).toEqual([5, 50, undefined, undefined, 2.5, 6.5, 1.06, undefined]);
  });

  test("tifffile reads ours", async () => {
    const pages = [image(5, 4, "float32"), image(5, 4, "float32")];
    await writeTiff(join(folder, "ours.tif"), { pages, pixelSizeA: 2 });
    await writeTiff(join(folder, "rgb.tif"), { pages: [image(5, 4, "uint8", 3)] });
    const found = ask(`
with tifffile.TiffFile("ours.tif") as f:
    a = f.asarray(); r = f.pages[0].tags["XResolution"].value; u = int(f.pages[0].tags["ResolutionUnit"].value)
b = tifffile.imread("rgb.tif")
print(json.dumps([a.dtype.str, list(a.shape), a.ravel().tolist(), r[0] / r[1], u, list(b.shape), b.ravel().tolist()]))`);
    const values = Array.from(pages[0].data);
    const rgb = Array.from(image(5, 4, "uint8", 3).data);
    expect(found).toEqual(["<f4", [2, 4, 5], [...values, ...values], 5e7, 3, [4, 5, 3], rgb]);
  });
});

const real = requirement("shared-real");

test.skipIf(!real.available || !available)("real files (needs shared-real, readers)", async () => {
  const paths = [
    "ome-tiff/multi-channel.ome.tif",
    "ome-tiff/multi-tiff/Channel_0.tif",
    "ome-tiff/multi-tiff/Channel_2.tif",
  ].map((name) => join(sharedReal, name));
  const found = ask(`
import glob
paths = ${JSON.stringify(paths)} + sorted(glob.glob(${JSON.stringify(join(sharedReal, "ndtiff"))} + "/v3/*/*.tif"))[:6]
out = []
for path in paths:
    with tifffile.TiffFile(path) as f:
        pages = [p.asarray().astype("f8") for p in f.pages[:3]]
        out.append([path, len(f.pages), [[list(p.shape), p.sum(), (p.ravel() * (np.arange(p.size) % 97)).sum()] for p in pages]])
print(json.dumps(out))`) as [string, number, [number[], number, number][]][];
  expect(found.length).toBeGreaterThan(4);
  for (const [path, count, pages] of found) {
    const file = await openTiff(path);
    expect(file.pages.length, path).toBe(count);
    for (const [i, [shape, sum, weighted]] of pages.entries()) {
      const { data, width, height, channels } = await file.readPage(i);
      expect(channels === 1 ? [height, width] : [height, width, channels]).toEqual(shape);
      expect(sums(Array.from(data))).toEqual({ sum, weighted });
    }
    await file.close();
  }
});
