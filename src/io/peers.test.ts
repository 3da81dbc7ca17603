import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { python, requirement } from "../../test/support/require.ts";
import { type MrcWriteMode, readMrcVolume, readNpy, readNpz, writeMrc, writeNpy, writeNpz } from "./index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-peers-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs Python in the folder of the test; what it prints is JSON. */
const ask = (code: string): unknown =>
  JSON.parse(
    execFileSync(python, ["-W", "error", "-c", `import json\n${code}`], { cwd: folder, encoding: "utf8" }) ||
      "null",
  );

const { available } = requirement("readers");

describe.skipIf(!available)("against numpy and mrcfile (needs readers)", () => {
  const data = Float32Array.from({ length: 60 }, (_, i) => i * 3 - 20);

  test("mrcfile finds nothing wrong with our files and reads the same values", async () => {
    for (const mode of [0, 1, 2, 6, 12] satisfies MrcWriteMode[]) {
      // mrcfile sums float16 values in float16: small ones, or its own check overflows.
      const scale = { 0: 1 / 2, 1: 1, 2: 1, 6: 1, 12: 1 / 8 }[mode];
      const values = data.map((value) => (mode === 6 ? Math.abs(value) : value * scale));
      for (const kind of ["volume", "stack"] as const) {
        const content = {
          data: values,
          shape: [3, 4, 5],
          voxelSizeA: 1.5,
          originA: [1, 2, 3],
          mode,
          kind,
        } as const;
        await writeMrc(join(folder, "ours.mrc"), content, { overwrite: true });
        const found = ask(`import mrcfile, io
log = io.StringIO()
valid = mrcfile.validate("ours.mrc", print_file=log)
with mrcfile.open("ours.mrc") as f:
    print(json.dumps([valid, list(f.data.shape), f.data.astype("f8").ravel().tolist(),
        [float(f.voxel_size.x), float(f.voxel_size.z), float(f.header.origin.z)], bool(f.is_volume())]))`);
        const stored = mode === 2 || mode === 12 ? values : values.map((value) => Math.round(value) + 0);
        expect(found).toEqual([true, [3, 4, 5], Array.from(stored), [1.5, 1.5, 3], kind === "volume"]);
      }
    }
  });

  test("we read what mrcfile writes, big-endian too", async () => {
    ask(`import mrcfile, numpy
for t in ["i1", "i2", "u2", "f2", "f4"]:
    for order in "<>":
        d = (numpy.arange(60).reshape(3, 4, 5) * 2).astype(order + t)
        with mrcfile.new(f"{t}{'b' if order == '>' else 'l'}.mrc") as f:
            f.set_data(d)
            f.voxel_size = 2.5`);
    for (const type of ["i1", "i2", "u2", "f2", "f4"]) {
      for (const order of ["l", "b"]) {
        const { data, voxelSizeA } = await readMrcVolume(join(folder, `${type}${order}.mrc`));
        expect(Array.from(data)).toEqual(Array.from({ length: 60 }, (_, i) => i * 2));
        expect(voxelSizeA).toBe(2.5);
      }
    }
  });

  test("numpy reads our arrays and archives", async () => {
    await writeNpy(join(folder, "a.npy"), { shape: [3, 4, 5], data });
    await writeNpy(join(folder, "c.npy"), { dtype: "c16", shape: [2], data: Float64Array.of(1, 2, 3, 4) });
    await writeNpz(join(folder, "z.npz"), [["a", { shape: [60], data }]], { compress: true });
    const found = ask(`import numpy
a, c, z = numpy.load("a.npy"), numpy.load("c.npy"), numpy.load("z.npz")
print(json.dumps([list(a.shape), a.ravel().tolist(), str(c.tolist()), z.files, z["a"].tolist()]))`);
    expect(found).toEqual([[3, 4, 5], Array.from(data), "[(1+2j), (3+4j)]", ["a"], Array.from(data)]);
  });

  test("we read numpy's, in either order of bytes and axes", async () => {
    ask(`import numpy
a = numpy.arange(24).reshape(2, 3, 4)
for i, t in enumerate(["<i2", ">i4", "<i8", ">u8", ">f2", ">f4", "<f8", ">c8", "<c16", "?"]):
    numpy.save(f"n{i}.npy", a.astype(t))
    numpy.save(f"f{i}.npy", numpy.asfortranarray(a.astype(t)))
numpy.savez("p.npz", a=a, b=a.T)
numpy.savez_compressed("q.npz", a=a, b=a.T)`);
    for (let i = 0; i < 10; i++) {
      const plain = await readNpy(join(folder, `n${i}.npy`));
      expect(await readNpy(join(folder, `f${i}.npy`))).toEqual(plain);
      const parts = plain.dtype.startsWith("c") ? 2 : 1;
      const real = Array.from(plain.data, Number).filter((_, at) => at % parts === 0);
      expect(real).toEqual(
        Array.from({ length: 24 }, (_, at) => (plain.dtype === "b1" ? Math.min(at, 1) : at)),
      );
    }
    const archive = await readNpz(join(folder, "p.npz"));
    expect(archive.get("b")?.shape).toEqual([4, 3, 2]);
    expect(await readNpz(join(folder, "q.npz"))).toEqual(archive);
  });
});
