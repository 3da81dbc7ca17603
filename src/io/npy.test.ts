import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { deflateSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesOf, swapBytes } from "./byteOrder.ts";
import { halfToNumber } from "./half.ts";
import {
  formatNpy,
  formatNpz,
  type NpyContent,
  parseNpy,
  parseNpz,
  readNpy,
  readNpz,
  writeNpy,
  writeNpz,
} from "./index.ts";

const golden = (name: string) => new URL(`../../test/golden/match/${name}`, import.meta.url);
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-npy-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A file as another writer could have made it, header text given. */
function npyFile(header: string, values: Uint8Array, version = 1): Uint8Array {
  const text = new TextEncoder().encode(`${header}\n`);
  const length =
    version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"), version, 0, ...length, ...text, ...values);
}

const dict = (descr: string, shape: string, fortran = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

const TYPES = {
  i1: Int8Array.of(-128, 0, 1, 2, 3, 127),
  i2: Int16Array.of(-32768, 0, 1, 2, 3, 32767),
  i4: Int32Array.of(-(2 ** 31), 0, 1, 2, 3, 2 ** 31 - 1),
  i8: BigInt64Array.of(-(2n ** 63n), 0n, 1n, 2n, 3n, 2n ** 63n - 1n),
  u1: Uint8Array.of(0, 1, 2, 3, 4, 255),
  u2: Uint16Array.of(0, 1, 2, 3, 4, 65535),
  u4: Uint32Array.of(0, 1, 2, 3, 4, 2 ** 32 - 1),
  u8: BigUint64Array.of(0n, 1n, 2n, 3n, 4n, 2n ** 64n - 1n),
  f4: Float32Array.of(0, -1, 1.5, Number.NaN, Infinity, 1e-45),
  f8: Float64Array.of(0, -1, 1.5, Number.NaN, Infinity, 5e-324),
} as const;

describe("npy", () => {
  test.each(Object.entries(TYPES))("%s in both byte orders and all versions", (dtype, data) => {
    const swapped = bytesOf(data).slice();
    swapBytes(swapped, data.BYTES_PER_ELEMENT);
    for (const version of [1, 2, 3]) {
      const little = parseNpy(npyFile(dict(`<${dtype}`, "(2, 3)"), bytesOf(data), version), "test");
      const big = parseNpy(npyFile(dict(`>${dtype}`, "(2, 3)"), swapped, version), "test");
      expect(little).toEqual({ dtype, shape: [2, 3], data });
      expect(big).toEqual(little);
    }
    expect(parseNpy(formatNpy({ shape: [6], data }), "test")).toEqual({ dtype, shape: [6], data });
  });

  test("booleans, halves and complex numbers", () => {
    expect(parseNpy(npyFile(dict("|b1", "(3,)"), Uint8Array.of(1, 0, 1)), "test")).toEqual({
      dtype: "b1",
      shape: [3],
      data: Uint8Array.of(1, 0, 1),
    });
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001);
    const read = parseNpy(npyFile(dict("<f2", "(3,)"), bytesOf(halves)), "test");
    expect(read.data).toEqual(Float32Array.from(halves, halfToNumber));
    expect(bytesOf(halves)).toEqual(formatNpy({ dtype: "f2", shape: [3], data: read.data }).slice(-6));
    const complex: NpyContent = { dtype: "c16", shape: [2], data: Float64Array.of(1, 2, 3, 4) };
    expect(parseNpy(formatNpy(complex), "test")).toEqual(complex);
    const big = bytesOf(Float32Array.of(1, 2, 3, 4)).slice();
    swapBytes(big, 4);
    expect(parseNpy(npyFile(dict(">c8", "(2,)"), big), "test").data).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  test("Fortran order comes out in C order, complex values too", () => {
    const shape = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 0, maxLength: 4 });
    fc.assert(
      fc.property(shape, fc.constantFrom("f8", "c16"), (shape, dtype) => {
        const parts = dtype === "c16" ? 2 : 1;
        const count = shape.reduce((product, length) => product * length, 1);
        const stored = Float64Array.from({ length: count * parts }, (_, i) => i);
        const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
        const { data } = parseNpy(npyFile(dict(`<${dtype}`, tuple, "True"), bytesOf(stored)), "test");
        for (let i = 0; i < count; i++) {
          // The index along each axis of element i in C order, then its place with the first axis contiguous.
          let [rest, from, stride] = [i, 0, count];
          for (let axis = shape.length - 1; axis >= 0; axis--) {
            stride /= shape[axis];
            from += (rest % shape[axis]) * stride;
            rest = Math.floor(rest / shape[axis]);
          }
          for (let part = 0; part < parts; part++)
            expect(data[i * parts + part]).toBe(stored[from * parts + part]);
        }
      }),
    );
  });

  test("what is written reads back, in any shape; a view reads as its copy and nothing is shared", () => {
    const shape = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 5 });
    fc.assert(
      fc.property(shape, fc.integer({ min: 0, max: 9 }), (shape, shift) => {
        const length = shape.reduce((product, axis) => product * axis, 1);
        const owner = Float32Array.from({ length: length + 2 }, (_, i) => i / 7);
        const data = owner.subarray(1, length + 1);
        const bytes = formatNpy({ shape, data });
        expect((bytes.length - length * 4) % 64).toBe(0);
        const padded = new Uint8Array(bytes.length + 20);
        padded.set(bytes, shift);
        const read = parseNpy(padded.subarray(shift, shift + bytes.length), "test");
        padded.fill(0);
        expect(read).toEqual({ dtype: "f4", shape, data: data.slice() });
      }),
    );
  });

  test("files, the peer's and ours", async () => {
    const slices = await readNpy(golden("unit/fourier_slices_fftshifted.npy"));
    expect([slices.dtype, slices.shape, slices.data.length]).toEqual(["c8", [6, 48, 25], 6 * 48 * 25 * 2]);
    expect(slices).toEqual(
      parseNpy(new Uint8Array(await readFile(golden("unit/fourier_slices_fftshifted.npy"))), "a"),
    );
    const path = join(folder, "a.npy");
    await writeNpy(path, slices);
    expect(await readFile(path)).toEqual(await readFile(golden("unit/fourier_slices_fftshifted.npy")));
    await expect(writeNpy(path, slices)).rejects.toMatchObject({ code: "exists" });
    const long = npyFile(dict("<f4", "(2,)") + " ".repeat(3000), new Uint8Array(8));
    await writeFile(path, long);
    expect((await readNpy(path)).data).toEqual(new Float32Array(2));
  });

  test("the rotation matrices of the peer are rotations", async () => {
    const { data, shape } = await readNpy(golden("unit/rot_matrix.npy"));
    expect(shape).toEqual([6, 3, 3]);
    for (let m = 0; m < 6; m++) {
      const row = (data as Float32Array).subarray(m * 9, m * 9 + 3);
      // The peer's matrices are float32.
      expect(Math.hypot(...row)).toBeCloseTo(1, 6);
    }
  });

  test("faults name file and field", () => {
    const parse = (bytes: Uint8Array) => () => parseNpy(bytes, "a.npy");
    expect(parse(npyFile(dict("<f4", "(3,)"), new Uint8Array(11)))).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: a.npy: expected 12 bytes of values (3, f4), found 11. The file is truncated, or its header lies about its size.]`,
    );
    expect(parse(npyFile(dict("<f4", "(3,)"), new Uint8Array(13)))).toThrow(/12 bytes of values/);
    expect(parse(npyFile(dict("|O", "(3,)"), new Uint8Array(24)))).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: a.npy header.descr: expected one numeric type (b1, i1..i8, u1..u8, f2..f8, c8, c16), found "|O". Convert it with numpy.astype and save it again.]`,
    );
    expect(
      parse(npyFile("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", new Uint8Array(4))),
    ).toThrow(/found a record/);
    expect(parse(npyFile(dict("<f4", "(1e9,)"), new Uint8Array(4)))).toThrow(
      /descr, fortran_order and shape/,
    );
    expect(parse(npyFile(dict("<f4", "(9999999999999999999,)"), new Uint8Array(4)))).toThrow(/header.shape/);
    expect(parse(npyFile(dict("<f4", "(0, 9007199254740991)"), new Uint8Array(4)))).toThrow(
      /0 bytes of values/,
    );
    expect(parse(npyFile(dict("<f4", "(3,)"), new Uint8Array(12), 4))).toThrow(/version/);
    expect(parse(formatNpy({ shape: [3], data: TYPES.u1.slice(0, 3) }).subarray(0, 40))).toThrow(/truncated/);
    expect(parse(new Uint8Array(0))).toThrow(/the first bytes of a .npy file/);
    expect(() => formatNpy({ shape: [2], data: TYPES.f4 })).toThrow(/expected 2 values/);
    expect(() => formatNpy({ dtype: "f8", shape: [6], data: TYPES.f4 })).toThrow(
      /expected Float64Array for f8/,
    );
  });
});

describe("npz", () => {
  const arrays = new Map<string, NpyContent>([
    ["a", { shape: [2, 3], data: TYPES.i4 }],
    ["names/ü", { shape: [500], data: new Float64Array(500) }],
    ["empty", { shape: [0], data: new Uint8Array(0) }],
  ]);
  const plain = [...arrays].map(([name, { data }]) => [name, data]);
  const dataOf = (read: Map<string, { data: unknown }>) => [...read].map(([name, { data }]) => [name, data]);

  test.each([false, true])("what is written reads back, compressed %s", async (compress) => {
    expect(dataOf(parseNpz(formatNpz(arrays, { compress }), "test"))).toEqual(plain);
    const path = join(folder, `${compress}.npz`);
    await writeNpz(path, arrays, { compress });
    expect(dataOf(await readNpz(path))).toEqual(plain);
    expect((await readFile(path)).length < 3000).toBe(compress);
    await expect(writeNpz(path, arrays)).rejects.toMatchObject({ code: "exists" });
    await writeNpz(path, [], { overwrite: true });
    expect((await readNpz(path)).size).toBe(0);
  });

  test("the peer's archives, in which numpy uses the fields for large sizes", async () => {
    const grids = await readNpz(golden("unit/orientation_grids.npz"));
    const counts = JSON.parse(await readFile(golden("unit/orientation_grids_shapes.json"), "utf8"));
    expect(Object.fromEntries([...grids].map(([name, { shape }]) => [name, shape]))).toEqual(counts);
    const update = await readNpz(golden("unit/seed_stats_update_in.npz"));
    expect(update.get("cross_correlation")?.shape).toEqual([2, 3, 5, 18, 22]);
  });

  test("a bomb, a changed byte and a cut are refused", () => {
    const zeros = { shape: [2 ** 22], data: new Uint8Array(2 ** 22) };
    const bomb = formatNpz([["zeros", zeros]], { compress: true });
    expect(bomb.length).toBeLessThan(6000);
    expect(() => parseNpz(bomb, "b.npz", { maxBytes: 1e6 })).toThrow(
      /expected at most 1000000 bytes of content, found 4194432/,
    );
    expect(parseNpz(bomb, "b.npz").get("zeros")?.shape).toEqual([2 ** 22]);
    const stored = formatNpz(arrays);
    const changed = stored.slice();
    changed[180]++;
    expect(() => parseNpz(changed, "b.npz")).toThrow(/b.npz a.npy: expected checksum 0x/);
    expect(() => parseNpz(stored.subarray(0, stored.length - 30), "b.npz")).toThrow(/directory at the end/);
  });

  test("a size that lies is refused before anything is allocated, entries that share their bytes too", () => {
    const content = deflateSync(formatNpy({ shape: [1], data: Uint8Array.of(1) }));
    const lying = handMade([{ packed: content, bytes: 2 ** 31 }]);
    expect(() => parseNpz(lying, "b.npz", { maxBytes: 2 ** 40 })).toThrow(
      /at most \d+ bytes from \d+, found 2147483648/,
    );
    const entry = { packed: new Uint8Array(5000), bytes: 5000 };
    expect(() => parseNpz(handMade([entry], 40), "b.npz")).toThrow(/files of at most \d+ bytes together/);
  });
});

/** A zip archive whose directory says what it is told, `times` over for the same bytes. */
function handMade(entries: readonly { packed: Uint8Array; bytes: number }[], times = 1): Uint8Array {
  const [{ packed, bytes }] = entries;
  const name = new TextEncoder().encode("a.npy");
  const local = new Uint8Array(30 + name.length);
  new DataView(local.buffer).setUint32(0, 0x04034b50, true);
  new DataView(local.buffer).setUint16(26, name.length, true);
  const central = new Uint8Array(46 + name.length);
  const view = new DataView(central.buffer);
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(10, 8, true);
  view.setUint32(20, packed.length, true);
  view.setUint32(24, bytes, true);
  view.setUint16(28, name.length, true);
  central.set(name, 46);
  const end = new Uint8Array(22);
  new DataView(end.buffer).setUint32(0, 0x06054b50, true);
  new DataView(end.buffer).setUint16(10, times, true);
  new DataView(end.buffer).setUint32(16, local.length + packed.length, true);
  return Uint8Array.of(
    ...local,
    ...packed,
    ...Array.from({ length: times }, () => [...central]).flat(),
    ...end,
  );
}
