import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, expect, test, vi } from "vitest";
import { python, requirement } from "../../../test/support/require.ts";
import { describeFile } from "../describe/describe.ts";
import { type Hdf5Node, parseHdf5, readHdf5 } from "./read.ts";
import { formatHdf5, writeHdf5 } from "./write.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-hdf5-"));
afterAll(() => rmSync(folder, { recursive: true }));

const content = {
  attributes: {
    version: "1.3",
    total: 483n,
    threshold: 6,
    size: [528n, 512n],
    stored: false,
    columns: ["a", "é"],
  },
  groups: {
    tensors: {
      datasets: {
        mip: {
          data: Float32Array.from({ length: 12_000 }, (_, i) => Math.sin(i)),
          shape: [100, 120],
          compress: true,
        },
        none: { data: new Int32Array(0), compress: true },
      },
    },
    particles: {
      datasets: { path: { data: ["x.mrc", "", "µ.mrc"] }, x: { data: Float64Array.of(1, NaN, 3) } },
    },
  },
};

test("what is written is read: groups, datasets, attributes", async () => {
  const bytes = await formatHdf5(content);
  const read = await parseHdf5(bytes, "a.h5", (file) => ({
    attributes: file.attributes("/"),
    mip: file.read("/tensors/mip"),
    none: file.read("/tensors/none"),
    path: file.read("particles/path"),
    x: file.read("particles/x"),
    has: [file.has("/tensors"), file.has("/tensors/nothing")],
  }));
  const { attributes, mip, none, path, x, has } = read;
  expect(attributes).toEqual({ ...content.attributes, total: 483, size: [528, 512], stored: 0 });
  expect(mip.data).toEqual(content.groups.tensors.datasets.mip.data);
  expect(mip.shape).toEqual([100, 120]);
  expect(none).toEqual({ data: new Int32Array(0), shape: [0] });
  expect(path.data).toEqual(["x.mrc", "", "µ.mrc"]);
  expect(x.data).toEqual(Float64Array.of(1, NaN, 3));
  expect(has).toEqual([true, false]);
});

test("numbers of every kind survive", async () => {
  const arrays = fc.oneof(
    fc.float32Array({ maxLength: 50 }),
    fc.float64Array({ maxLength: 50 }),
    fc.int32Array({ maxLength: 50 }),
    fc.array(
      fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
      { minLength: 1, maxLength: 9 },
    ),
  );
  await fc.assert(
    fc.asyncProperty(arrays, fc.boolean(), async (data, compress) => {
      const bytes = await formatHdf5({ datasets: { data: { data, compress } } });
      expect((await parseHdf5(bytes, "a.h5", (file) => file.read("data"))).data).toEqual(data);
    }),
    { numRuns: 60 },
  );
});

test("the same content gives the same bytes at another time", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-01T00:00:00Z") });
  const first = await formatHdf5(content);
  vi.setSystemTime(new Date("2027-03-04T05:06:07Z"));
  const second = await formatHdf5(content);
  vi.useRealTimers();
  expect(Buffer.compare(first, second)).toBe(0);
});

test("a damaged or missing file, and a place that is not there, are named", async () => {
  const bytes = await formatHdf5(content);
  const message = (run: Promise<unknown>) =>
    run.then(
      () => "nothing",
      (error: Error) => error.message.replaceAll(folder, ""),
    );
  writeFileSync(join(folder, "text.h5"), "no HDF5");
  const messages = [
    await message(parseHdf5(bytes.slice(0, bytes.length / 2), "cut.h5", (file) => file.nodes())),
    await message(readHdf5(join(folder, "text.h5"), (file) => file.nodes())),
    await message(readHdf5(join(folder, "none.h5"), (file) => file.nodes())),
    await message(parseHdf5(bytes, "a.h5", (file) => file.read("/tensors/best"))),
    await message(parseHdf5(bytes, "a.h5", (file) => file.read("/tensors"))),
  ];
  expect(messages.join("\n")).toMatchInlineSnapshot(`
    "cut.h5: expected a whole HDF5 file, found a damaged one (File has been truncated).
    /text.h5: expected an HDF5 file, found text.
    /none.h5: expected a readable file, found no such file. Check the path.
    a.h5 /tensors/best: expected a group or dataset, found none.
    a.h5 /tensors: expected a dataset, found a group."
  `);
});

test("a filter that the library has not is named; the file is not called damaged", async () => {
  const path = fileURLToPath(new URL("../../../test/golden/cases/hdf5/lzf.h5", import.meta.url));
  await expect(readHdf5(path, (file) => file.read("/a"))).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringMatching(/found the filter lzf\. Write it anew with gzip/),
  });
});

test("bytes that were changed give a file or an error of ours", async () => {
  const bytes = await formatHdf5(content);
  const place = fc.nat({ max: Math.min(4000, bytes.length - 1) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(place, fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 }),
      async (changes) => {
        const damaged = bytes.slice();
        for (const [at, value] of changes) damaged[at] = value;
        const read = (nodes: readonly Hdf5Node[]) => nodes.length;
        const found = await parseHdf5(damaged, "a.h5", (file) => read(file.nodes())).catch(
          (error: Error) => error.name,
        );
        expect(typeof found === "number" || found === "VitrineError").toBe(true);
      },
    ),
    { numRuns: 100, seed: 1 }, // no test can end a library that reads for ever
  );
});

test("a heap whose free space has no length, which the library would read for ever, is refused", async () => {
  const bytes = await formatHdf5(content);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const heap = Buffer.from(bytes).indexOf("GCOL");
  let object = heap + 16;
  while (view.getUint16(object, true) !== 0)
    object += 16 + 8 * Math.ceil(Number(view.getBigUint64(object + 8, true)) / 8);
  view.setBigUint64(object + 8, 0n, true);
  await expect(parseHdf5(bytes, "a.h5", (file) => file.nodes())).rejects.toThrow(
    "a.h5: expected a whole HDF5 file, found a damaged one (a heap of texts has no end).",
  );
});

test("a description lists what is in it", async () => {
  const path = join(folder, "described.dat");
  await writeHdf5(path, content);
  const description = await describeFile(path);
  expect(description).toMatchObject({ kind: "hdf5" });
  expect(description).toMatchInlineSnapshot(`
    {
      "attributes": {
        "columns": [
          "a",
          "é",
        ],
        "size": [
          528,
          512,
        ],
        "stored": 0,
        "threshold": 6,
        "total": 483,
        "version": "1.3",
      },
      "attributesOf": {},
      "content": "match results",
      "datasets": {
        "/particles/path": {
          "dtype": "text",
          "filters": [],
          "shape": [
            3,
          ],
        },
        "/particles/x": {
          "dtype": "float64",
          "filters": [],
          "shape": [
            3,
          ],
        },
        "/tensors/mip": {
          "dtype": "float32",
          "filters": [
            "deflate",
          ],
          "shape": [
            100,
            120,
          ],
        },
        "/tensors/none": {
          "dtype": "int32",
          "filters": [],
          "shape": [
            0,
          ],
        },
      },
      "kind": "hdf5",
    }
  `);
});

const { available } = requirement("readers");
test.skipIf(!available)("h5py reads what we write (needs readers)", async () => {
  const path = join(folder, "ours.h5");
  await writeHdf5(path, content);
  const code = `
import h5py, json, sys
with h5py.File(sys.argv[1]) as f:
    mip = f["tensors/mip"]
    print(json.dumps({
        "attributes": {k: (v if isinstance(v, str) else v.tolist()) for k, v in f.attrs.items()},
        "mip": [mip.compression, mip.compression_opts, str(mip.dtype), list(mip.shape), float(mip[1, 0])],
        "path": [t.decode() for t in f["particles/path"][:]], "x": str(f["particles/x"][:].tolist()),
    }))`;
  expect(JSON.parse(execFileSync(python, ["-c", code, path], { encoding: "utf8" }))).toEqual({
    attributes: { ...content.attributes, total: 483, size: [528, 512], stored: 0 },
    mip: ["gzip", 4, "float32", [100, 120], Math.fround(Math.sin(120))],
    path: ["x.mrc", "", "µ.mrc"],
    x: "[1.0, nan, 3.0]",
  });
});

test.skipIf(!available)("what h5py writes is read (needs readers)", async () => {
  const path = join(folder, "theirs.h5");
  const code = `
import h5py, numpy as np, sys
with h5py.File(sys.argv[1], "w") as f:
    f.attrs["flag"] = True
    f.attrs["size"] = [528, 512]
    f.attrs["columns"] = ["a", "b"]
    f.create_dataset("s", data=np.array(["x", ""], dtype=object), dtype=h5py.string_dtype())
    f.create_dataset("i", data=np.arange(6).reshape(2, 3))
    f.create_dataset("h", data=np.arange(4, dtype=np.int16), chunks=(2,), compression="gzip", shuffle=True)`;
  execFileSync(python, ["-c", code, path]);
  const read = await readHdf5(path, (file) => [
    file.attributes("/"),
    file.read("s"),
    file.read("i"),
    file.read("h"),
  ]);
  expect(read).toEqual([
    { flag: 1, size: [528, 512], columns: ["a", "b"] },
    { data: ["x", ""], shape: [2] },
    { data: BigInt64Array.of(0n, 1n, 2n, 3n, 4n, 5n), shape: [2, 3] },
    { data: Int16Array.of(0, 1, 2, 3), shape: [4] },
  ]);
});
