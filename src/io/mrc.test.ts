import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requirement, sharedReal } from "../../test/support/require.ts";
import { seededRandom } from "../core/index.ts";
import { swapBytes } from "./byteOrder.ts";
import { halfToNumber, numberToHalf } from "./half.ts";
import {
  formatMrc,
  formatMrcHeader,
  type MrcHeader,
  type MrcWriteMode,
  openMrc,
  parseMrc,
  parseMrcHeader,
  readMrcImage,
  readMrcVolume,
  readNpy,
  writeMrc,
} from "./index.ts";

const golden = (name: string) => new URL(`../../test/golden/match/${name}`, import.meta.url);
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-mrc-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const HEADER: MrcHeader = {
  shape: [1, 2, 3],
  mode: 2,
  bigEndian: false,
  unsignedBytes: false,
  kind: "volume",
  spaceGroup: 1,
  start: [-1, 2, -3],
  sampling: [3, 2, 1],
  cellA: [3, 2, 1],
  cellAnglesDeg: [90, 90, 90],
  voxelSizeA: [1, 1, 1],
  axes: [1, 2, 3],
  originA: [0.5, -1.5, 2],
  statistics: { min: -1, max: 2, mean: 0.5, rms: 1 },
  extendedType: "",
  extendedBytes: 0,
  labels: ["first", "second"],
};

/** A file of this header with these bytes of values behind it. */
function fileOf(header: Partial<MrcHeader>, values: readonly number[] | Uint8Array): Uint8Array {
  const head = formatMrcHeader({ ...HEADER, ...header });
  const extended = new Uint8Array(header.extendedBytes ?? 0).fill(7);
  return Uint8Array.of(...head, ...extended, ...values);
}

const bytesOfNumbers = (values: Int16Array | Uint16Array | Float32Array, bigEndian: boolean) => {
  const bytes = new Uint8Array(values.buffer.slice(0));
  if (bigEndian) swapBytes(bytes, values.BYTES_PER_ELEMENT);
  return bytes;
};

/** Byte by byte; the matcher of the test library takes seconds for a million values. */
const isSame = (a: Float32Array, b: Float32Array) =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));

const blob = (bytes: Uint8Array) => new Blob([bytes.slice()]);

describe("header", () => {
  const int = fc.integer({ min: -1000, max: 1000 });
  const side = fc.integer({ min: 1, max: 5000 });
  const float = fc.float({ noDefaultInfinity: true, noNaN: true, min: -1e6, max: 1e6 });
  const statistic = fc.float();

  test("survives write then read", () => {
    const header = fc.record({
      shape: fc.tuple(side, side, side),
      mode: fc.constantFrom(0, 1, 2, 4, 6, 12, 101),
      bigEndian: fc.boolean(),
      start: fc.tuple(int, int, int),
      axes: fc.constantFrom([1, 2, 3], [3, 2, 1], [2, 1, 3]),
      originA: fc.tuple(float, float, float),
      statistics: fc.record({ min: statistic, max: statistic, mean: statistic, rms: statistic }),
      labels: fc.array(fc.stringMatching(/^[a-z]{1,80}$/), { maxLength: 10 }),
    });
    fc.assert(
      fc.property(header, (fields) => {
        const whole = { ...HEADER, ...fields, extendedType: "CCP4", extendedBytes: 160 } as MrcHeader;
        expect(parseMrcHeader(formatMrcHeader(whole), "test")).toEqual(whole);
      }),
    );
  });

  test("of the peer's own writer: size, voxels, labels", async () => {
    const bytes = new Uint8Array(await readFile(golden("template.mrc")));
    expect(parseMrcHeader(bytes, "template.mrc")).toMatchObject({
      shape: [48, 48, 48],
      mode: 2,
      kind: "volume",
      voxelSizeA: [2, 2, 2],
      bigEndian: false,
    });
    expect(parseMrcHeader(bytes, "template.mrc").labels[0]).toMatch(/^Created by mrcfile.py/);
  });

  test.each([0, 1])(
    "stamp %i: without one, or with the wrong one, the numbers tell the byte order",
    (stamp) => {
      for (const bigEndian of [false, true]) {
        const bytes = formatMrcHeader({ ...HEADER, bigEndian });
        bytes.fill(stamp === 0 ? 0 : bigEndian ? 0x44 : 0x11, 212, 214);
        expect(parseMrcHeader(bytes, "test")).toEqual({ ...HEADER, bigEndian });
      }
    },
  );

  test("a voxel size of 0, a cell that is no number and statistics that are none are taken as they are", () => {
    const none = {
      ...HEADER,
      cellA: [0, Number.NaN, -3],
      statistics: { min: Number.NaN, max: 0, mean: 0, rms: -1 },
    } as const;
    const read = parseMrcHeader(formatMrcHeader(none), "test");
    expect(read.voxelSizeA).toEqual([0, 0, 0]);
    expect(read.statistics).toEqual(none.statistics);
  });

  test.each([
    ["image", 0, 1],
    ["stack", 0, 5],
    ["volume", 1, 5],
    ["volumeStack", 401, 6],
  ] as const)("%s: space group %i with %i sections", (kind, spaceGroup, sections) => {
    const bytes = formatMrcHeader({ ...HEADER, shape: [sections, 2, 3], spaceGroup });
    expect(parseMrcHeader(bytes, "test").kind).toBe(kind);
  });

  test("faults name file and field", () => {
    const broken = (offset: number, value: number) => () => {
      const bytes = formatMrcHeader(HEADER);
      new DataView(bytes.buffer).setInt32(offset, value, true);
      parseMrcHeader(bytes, "run7.mrc");
    };
    expect(broken(12, 77)).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run7.mrc header.mode: expected one of 0, 1, 2, 4, 6, 12, 101, found 77. Convert with IMOD newstack -mode 2.]`,
    );
    expect(broken(4, 0)).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run7.mrc header.nx, ny, nz: expected sizes of at least 1, found 3, 0, 1. The file is damaged or no MRC file.]`,
    );
    expect(broken(68, 1)).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run7.mrc header.mapc, mapr, maps: expected a permutation of 1, 2, 3, found 1, 1, 3. The file is damaged.]`,
    );
    expect(broken(92, -4)).toThrow(/header.nsymbt/);
    expect(() => parseMrcHeader(new Uint8Array(100), "run7.mrc")).toThrow(/found 100 bytes/);
  });
});

describe("values", () => {
  const shape = [2, 1, 3] as const;
  const signed = [-32768, -1, 0, 1, 256, 32767];
  const halves = [0, -0, 1, -2.5, 65504, 2 ** -24];

  test.each([false, true])("every mode, big-endian %s", (bigEndian) => {
    const read = (header: Partial<MrcHeader>, values: readonly number[] | Uint8Array) =>
      Array.from(parseMrc(fileOf({ shape, bigEndian, ...header }, values), "test").data);
    expect(read({ mode: 0 }, [0, 1, 127, 128, 255, 2])).toEqual([0, 1, 127, -128, -1, 2]);
    expect(read({ mode: 0, unsignedBytes: true }, [0, 1, 127, 128, 255, 2])).toEqual([
      0, 1, 127, 128, 255, 2,
    ]);
    expect(read({ mode: 1 }, bytesOfNumbers(Int16Array.from(signed), bigEndian))).toEqual(signed);
    expect(read({ mode: 6 }, bytesOfNumbers(Uint16Array.from(signed), bigEndian))).toEqual([
      32768, 65535, 0, 1, 256, 32767,
    ]);
    expect(read({ mode: 2 }, bytesOfNumbers(Float32Array.from(halves), bigEndian))).toEqual(
      halves.map(Math.fround),
    );
    const complex = Float32Array.from({ length: 12 }, (_, i) => i / 8);
    expect(read({ mode: 4 }, bytesOfNumbers(complex, bigEndian))).toEqual(Array.from(complex));
    expect(read({ mode: 12 }, bytesOfNumbers(Uint16Array.from(halves, numberToHalf), bigEndian))).toEqual(
      halves,
    );
  });

  test("4-bit values: the low half first, rows padded to whole bytes", () => {
    const { data } = parseMrc(fileOf({ shape: [2, 1, 3], mode: 101 }, [0x21, 0x03, 0xfe, 0x0d]), "test");
    expect(Array.from(data)).toEqual([1, 2, 3, 14, 15, 13]);
  });

  test("all 65536 halves survive decode then encode (a NaN as a NaN)", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToNumber(bits);
      if (Number.isNaN(value)) expect(numberToHalf(value) & 0x7fff).toBeGreaterThan(0x7c00);
      else if (numberToHalf(value) !== bits) expect.fail(`${bits} became ${numberToHalf(value)}`);
    }
  });

  test("halves are rounded to the nearest, ties to even", () => {
    fc.assert(
      fc.property(fc.float({ min: -65519, max: 65519, noNaN: true }), (value) => {
        const error = Math.abs(halfToNumber(numberToHalf(value)) - value);
        const bits = numberToHalf(value);
        for (const other of [bits - 1, bits + 1]) {
          const distance = Math.abs(halfToNumber(other & 0xffff) - value);
          expect(error <= distance || Number.isNaN(distance)).toBe(true);
        }
      }),
    );
    expect([2049, 2051, 65519.99].map((value) => halfToNumber(numberToHalf(value)))).toEqual([
      2048, 2052, 65504,
    ]);
  });

  test("a view of a larger array reads as its copy, and stays as it was", () => {
    for (const mode of [1, 2, 4, 12] as const) {
      const bytes = fileOf(
        { shape: [3, 5, 7], mode, bigEndian: true },
        new Uint8Array(3 * 5 * 7 * 8).map((_, i) => i),
      );
      const padded = new Uint8Array(bytes.length + 9);
      padded.set(bytes, 3);
      const view = padded.subarray(3, 3 + bytes.length);
      const first = parseMrc(view, "test");
      expect(parseMrc(view, "test")).toEqual(first);
      expect(first).toEqual(parseMrc(bytes, "test"));
      expect(view).toEqual(bytes);
    }
  });

  test("the peer's mrc and npy of the same map agree, whole and by sections", async () => {
    const whole = await readMrcImage(golden("search1_mip.mrc"));
    const same = await readNpy(golden("search1_same_mip.npy"));
    expect(whole.shape).toEqual([209, 273]);
    // The map is the valid part of the full one: the first 209 rows and 273 columns of 256 x 320.
    for (let y = 0; y < 209; y++) {
      const row = (same.data as Float32Array).subarray(y * 320, y * 320 + 273);
      expect(whole.data.subarray(y * 273, (y + 1) * 273)).toEqual(row);
    }
  });
});

const { available: hasReal } = requirement("shared-real");
test.skipIf(!hasReal)("real files of CryoLike (needs shared-real)", async () => {
  for (const name of ["ctf", "ctf_cs_corrected", "templates"]) {
    const { data, shape } = await readMrcImage(join(sharedReal, "cryolike", `${name}.mrc`));
    expect(shape).toEqual([256, 256]);
    const file = await openMrc(join(sharedReal, "cryolike", `${name}.mrc`));
    await file.close();
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const { min, max, mean: stated } = file.header.statistics;
    expect(min).toBe(data.reduce((a, b) => Math.min(a, b)));
    expect(max).toBe(data.reduce((a, b) => Math.max(a, b)));
    // Both means are sums of 65,536 values of up to max in float32 or float64.
    expect(Math.abs(mean - stated)).toBeLessThan(1e-5 * (max - min));
  }
});

describe("files", () => {
  const random = seededRandom(5);
  const numbers = (count: number) => Float32Array.from({ length: count }, () => random.normal() * 40);

  test("sections read in parts equal the whole, into given and into shared memory", async () => {
    const bytes = await readFile(golden("template.mrc"));
    const volume = await readMrcVolume(golden("template.mrc"));
    expect(volume.shape).toEqual([48, 48, 48]);
    expect(volume.voxelSizeA).toBe(2);
    const file = await openMrc(golden("template.mrc"));
    const shared = new Float32Array(new SharedArrayBuffer(5 * 48 * 48 * 4));
    expect(await file.readSections(17, 5, shared)).toBe(shared);
    expect(isSame(shared, volume.data.subarray(17 * 48 * 48, 22 * 48 * 48))).toBe(true);
    await expect(file.readSections(47, 2)).rejects.toThrow(/expected sections within 0..47, found 47..48/);
    await expect(file.readSections(0, 1, new Float32Array(7))).rejects.toThrow(
      /expected 2304 values, found 7/,
    );
    await file.close();
    expect(isSame((await readMrcVolume(blob(bytes))).data, volume.data)).toBe(true);
  });

  test("what is written in any mode and shape reads back, within the rounding of the mode", async () => {
    const length = fc.integer({ min: 1, max: 9 });
    const mode = fc.constantFrom<MrcWriteMode>(0, 1, 2, 6, 12);
    await fc.assert(
      fc.asyncProperty(fc.tuple(length, length, length), mode, async (shape, mode) => {
        const drawn = numbers(shape[0] * shape[1] * shape[2]);
        const data = drawn.map((value) =>
          mode === 6 ? Math.abs(value) : Math.max(-127, Math.min(127, value)),
        );
        const kept = data.slice();
        const read = await readMrcVolume(blob(formatMrc({ data, shape, voxelSizeA: 1.25, mode })));
        expect(data).toEqual(kept);
        expect(read.shape).toEqual(shape);
        expect(read.voxelSizeA).toBe(1.25);
        read.data.forEach((value, i) => {
          const stored =
            mode === 2 ? data[i] : mode === 12 ? halfToNumber(numberToHalf(data[i])) : Math.round(data[i]);
          expect(value + 0).toBe(stored + 0);
        });
      }),
      { numRuns: 60 },
    );
  });

  test("a written file is that of the bytes, over several blocks, with statistics, origin and kind", async () => {
    const path = join(folder, "stack.mrc");
    const data = numbers(3 * 700 * 801);
    await writeMrc(path, { data, shape: [3, 700, 801], voxelSizeA: 2, originA: [1, 2, 3], kind: "stack" });
    const file = await openMrc(path);
    expect(file.header).toMatchObject({
      kind: "stack",
      originA: [1, 2, 3],
      voxelSizeA: [2, 2, 2],
      sampling: [801, 700, 1],
    });
    expect(isSame(await file.readSections(0, 3), data)).toBe(true);
    await file.close();
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const rms = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
    // The header holds float32.
    expect(file.header.statistics.mean).toBeCloseTo(mean, 6);
    expect(file.header.statistics.rms / rms).toBeCloseTo(1, 6);
    expect(file.header.statistics.min).toBe(data.reduce((a, b) => Math.min(a, b)));
    const integers = join(folder, "integers.mrc");
    await writeMrc(integers, { data, shape: [3, 700, 801], voxelSizeA: 2, mode: 1 });
    expect(
      isSame(
        (await readMrcVolume(integers)).data,
        data.map((value) => Math.round(value) + 0),
      ),
    ).toBe(true);
  });

  test("float values that are no numbers are kept; statistics leave them out", async () => {
    const data = Float32Array.of(Number.NaN, Infinity, 1, 3);
    const { header, data: read } = parseMrc(formatMrc({ data, shape: [2, 2], voxelSizeA: 0 }), "test");
    expect(read).toEqual(data);
    expect(header.statistics).toEqual({ min: 1, max: 3, mean: 2, rms: 1 });
    expect(header.kind).toBe("image");
    expect(header.voxelSizeA).toEqual([0, 0, 0]);
  });

  test("a value that the mode cannot hold leaves no file", async () => {
    const path = join(folder, "range.mrc");
    const write = (mode: MrcWriteMode, value: number) =>
      writeMrc(path, { data: Float32Array.of(0, value), shape: [1, 2], voxelSizeA: 1, mode });
    await expect(write(0, 128)).rejects.toThrow(/mode 0: expected values within -128..127, found 128/);
    await expect(write(6, -1)).rejects.toMatchObject({ code: "range" });
    await expect(write(1, Number.NaN)).rejects.toMatchObject({ code: "range" });
    await expect(write(12, 70000)).rejects.toMatchObject({ code: "range" });
    expect((await readdir(folder)).filter((name) => name.includes("range") || name.endsWith(".tmp"))).toEqual(
      [],
    );
  });

  test("content that does not agree with itself is refused", () => {
    const data = new Float32Array(6);
    expect(() => formatMrc({ data, shape: [2, 2], voxelSizeA: 1 })).toThrow(/expected 2 x 2 values/);
    expect(() => formatMrc({ data, shape: [0, 3], voxelSizeA: 1 })).toThrow(/shape|values/);
    expect(() => formatMrc({ data, shape: [2, 3], voxelSizeA: -1 })).toThrow(/voxelSizeA/);
    expect(() => formatMrc({ data, shape: [2, 1, 3], voxelSizeA: 1, kind: "image" })).toThrow(/one section/);
  });

  test("axes in another order come out as (z, y, x)", async () => {
    // Columns run along z, rows along x, sections along y: stored[y][x][z].
    const stored = Float32Array.from({ length: 24 }, (_, i) => i);
    const file = fileOf(
      { shape: [2, 3, 4], axes: [3, 1, 2], sampling: [3, 2, 4], cellA: [3, 2, 4] },
      bytesOfNumbers(stored, false),
    );
    const { data, shape } = await readMrcVolume(blob(file));
    expect(shape).toEqual([4, 2, 3]);
    for (let z = 0; z < 4; z++)
      for (let y = 0; y < 2; y++)
        for (let x = 0; x < 3; x++) expect(data[(z * 2 + y) * 3 + x]).toBe(stored[(y * 3 + x) * 4 + z]);
  });

  test("what is not one image or one volume says what to do", async () => {
    const many = blob(
      fileOf(
        { shape: [4, 1, 1], spaceGroup: 401, sampling: [1, 1, 2], cellA: [1, 1, 2] },
        new Uint8Array(16),
      ),
    );
    await expect(readMrcImage(many)).rejects.toThrow(/expected one section along z, found 4.*--at z=0/);
    await expect(readMrcVolume(many)).rejects.toThrow(
      /4 sections in volumes of 2.*readSections\(2 \* index, 2\)/,
    );
    const flat = blob(fileOf({ cellA: [3, 2, 1.5] }, new Uint8Array(24)));
    await expect(readMrcVolume(flat)).rejects.toThrow(/found 1, 1, 1.5 Å/);
    expect((await readMrcImage(flat)).pixelSizeA).toBe(1);
    const complex = blob(fileOf({ mode: 4 }, new Uint8Array(48)));
    await expect(readMrcImage(complex)).rejects.toMatchObject({ code: "unsupported" });
  });

  test("extended headers are passed over and kept", async () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    const file = await openMrc(
      blob(fileOf({ extendedBytes: 160, extendedType: "FEI1" }, bytesOfNumbers(values, false))),
    );
    expect(file.header.extendedType).toBe("FEI1");
    expect(await file.readExtendedHeader()).toEqual(new Uint8Array(160).fill(7));
    expect(await file.readSections(0, 1)).toEqual(values);
  });

  test("a truncated file and a header that lies are one clear error", async () => {
    const bytes = await readFile(golden("micrograph.mrc"));
    const path = join(folder, "cut.mrc");
    await writeFile(path, bytes.subarray(0, bytes.length - 1));
    await expect(readMrcImage(path)).rejects.toThrow(/cut.mrc: expected 328704 bytes .*, found 328703 bytes/);
    await writeFile(path, bytes.subarray(0, 500));
    await expect(readMrcImage(path)).rejects.toThrow(
      /cut.mrc: expected a header of 1024 bytes, found 500 bytes/,
    );
    const lying = fileOf({ shape: [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1] }, new Uint8Array(64));
    expect(() => parseMrc(lying, "lying.mrc")).toThrow(/header lies about its size/);
  });
});
