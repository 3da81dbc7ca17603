import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { python, requirement } from "../../../test/support/require.ts";
import type { Axes, PixelImage } from "../../core/index.ts";
import { pixelBytes } from "../../core/index.ts";
import type { Dataset, DatasetImage } from "../dataset/dataset.ts";
import { openOmeZarr } from "./open.ts";
import { createOmeZarr } from "./writer.ts";

const { available } = requirement("readers");
const scratch = mkdtempSync(join(tmpdir(), "vitrine-omezarr-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/**
 * Answers each line of JSON with one: `check` judges a store by both validators and reads all of it, `make` writes stores.
 * Pixels are told by the hash of their C-order bytes.
 */
const PROGRAM = `
import sys, json, hashlib, warnings
warnings.simplefilter("ignore")
import numpy as np, zarr, yaozarrs
import ome_zarr_models.v05 as v05
def check(path):
    yaozarrs.validate_zarr_store(path)
    root = zarr.open_group(path, mode="r")
    v05.BioFormats2Raw.from_zarr(root)
    found = {}
    for name in root["OME"].attrs["ome"]["series"]:
        v05.Image.from_zarr(root[name])
        a = root[name]["0"]
        planes = np.asarray(a[...])
        found[name] = dict(shape=list(a.shape), dtype=str(a.dtype), sum=float(planes.astype(float).sum()),
            sha=hashlib.sha256(np.ascontiguousarray(planes).tobytes()).hexdigest())
    return found
def make(path, version, shape, chunks, dtype, compressor, order):
    rng = np.random.default_rng(5)
    data = (rng.random(shape) * 200).astype(dtype)
    data[(0,) * (len(shape) - 2)] = 0
    axes = [dict(name=n, type=dict(t="time", c="channel").get(n, "space")) for n in "tczyx"[-len(shape):]]
    for a in axes:
        if a["type"] == "space": a["unit"] = "nanometer"
    scales = [dict(type="scale", scale=[1] * (len(shape) - 3) + [2000, 500, 500])]
    ms = [dict(version="0.4", axes=axes, datasets=[dict(path="s0", coordinateTransformations=scales)])]
    omero = dict(channels=[dict(label=l, color="FFFFFF", window=dict(min=0,max=1,start=0,end=1)) for l in ("a", "b")])
    root = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    codecs = dict(none=None, auto="auto")
    more = {}
    if version == "0.4":
        import numcodecs
        more = dict(compressors=numcodecs.Blosc("lz4") if compressor else None, order=order,
            chunk_key_encoding=dict(name="v2", separator="/"))
        root.attrs.update(dict(multiscales=ms, omero=omero))
    else:
        from zarr.codecs import BloscCodec, TransposeCodec
        more = dict(compressors=[BloscCodec()] if compressor == "blosc" else None)
        if compressor == "shards": more = dict(shards=[c * 2 for c in chunks])
        if order == "F": more["filters"] = [TransposeCodec(order=tuple(reversed(range(len(shape)))))]
        del ms[0]["version"]
        root.attrs["ome"] = dict(version="0.5", multiscales=ms, omero=omero)
    array = root.create_array("s0", shape=shape, chunks=chunks, dtype=dtype, **more)
    array[...] = data
    return [hashlib.sha256(np.ascontiguousarray(data[i]).tobytes()).hexdigest() for i in np.ndindex(*shape[:-2])]
for line in sys.stdin:
    name, *args = json.loads(line)
    try: answer = [globals()[name](*args)]
    except Exception as e: answer = [None, type(e).__name__ + ": " + str(e)]
    print(json.dumps(answer), flush=True)
`;

interface Found {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly sum: number;
  readonly sha: string;
}

describe.skipIf(!available)("other programs", () => {
  let child: ChildProcess;
  let answers: AsyncIterator<string>;
  const ask = async <T>(...call: unknown[]): Promise<T> => {
    child.stdin?.write(`${JSON.stringify(call)}\n`);
    const [answer, error] = JSON.parse((await answers.next()).value);
    if (error !== undefined) throw new Error(error);
    return answer;
  };
  const check = (store: string) => ask<Record<string, Found>>("check", store);
  beforeAll(() => {
    child = spawn(python, ["-c", PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
    answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  });
  afterAll(() => {
    child.stdin?.end();
  });

  test("accept the store after every image, and read its pixels", async () => {
    const directory = join(scratch, "live.zarr");
    await using writer = await createOmeZarr({ directory, summaryMetadata: { PixelSize_um: 0.1 } });
    let sum = 0;
    for (const [i, { axes, image }] of mixedImages().entries()) {
      await writer.put({ axes, image, metadata: { i } });
      for (const value of image.data) sum += value;
      const found = Object.values(await check(directory));
      expect(found.reduce((total, { sum }) => total + sum, 0)).toBeCloseTo(sum, 3);
    }
    await writer.finish();
    const found = await check(directory);
    expect(Object.values(found).map(({ shape, dtype }) => [dtype, ...shape])).toEqual([
      ["uint16", 2, 2, 2, 4, 6],
      ["uint16", 1, 1, 1, 4, 6],
      ["float32", 1, 1, 1, 4, 6],
      ["uint8", 1, 3, 1, 4, 6],
      ["int8", 1, 1, 1, 4, 6],
    ]);
    const array = writer.dataset.asArray(["time", "channel", "z"], { slice: { position: 0 } });
    expect(found["0"].sha).toBe(sha256((await array.read()).data));
  });

  test("accept tiles after each of them, and read one image of all", async () => {
    const directory = join(scratch, "tiles.zarr");
    const tiling = { overlapPx: { x: 2, y: 0 } };
    await using writer = await createOmeZarr({ directory, tiling, maxLevel: 2 });
    for (const [row, column] of [
      [0, 1],
      [2, 0],
      [0, 0],
    ]) {
      const axes = { row, column, channel: "DAPI" };
      await writer.put({ axes, image: image(new Uint16Array(24), row + column), metadata: {} });
      await check(directory);
    }
    expect(Object.values(await check(directory)).map(({ shape }) => shape)).toEqual([[1, 1, 1, 12, 8]]);
  });

  test("accept the store while it is being written", async () => {
    const directory = join(scratch, "busy.zarr");
    await using writer = await createOmeZarr({ directory, compression: "zstd" });
    await writer.put(numbered(0));
    let isWriting = true;
    const writing = (async () => {
      for (let i = 1; isWriting; i++) await writer.put(numbered(i));
    })();
    for (let round = 0; round < 12; round++) {
      const before = writer.dataset.imageCoordinates().length;
      const found = await check(directory);
      const images = Object.values(found).reduce((sum, { shape }) => sum + shape[0], 0);
      expect(images).toBeGreaterThanOrEqual(before);
    }
    isWriting = false;
    await writing;
  });

  test.each(["position", "row"])(
    "by %s: accept the store after kill -9, which holds every image that was acknowledged",
    async (axis) => {
      const directory = join(scratch, `killed-${axis}.zarr`);
      const acknowledged = await killedAfter(directory, { images: 12, axis });
      const found = await check(directory);
      expect(Object.keys(found).length > 1).toBe(axis === "position");
      await using dataset = await openOmeZarr(directory);
      expect(acknowledged).toBeGreaterThanOrEqual(12);
      for (let i = 0; i < acknowledged; i++) {
        const { axes, image, metadata } = numbered(i, axis);
        expect(await dataset.readImage(axes)).toEqual(image);
        expect(await dataset.readMetadata(axes)).toEqual(metadata);
      }
    },
  );

  test.each([
    ["0.4", [2, 2, 3, 5, 7], [1, 1, 1, 5, 7], "<u2", "lz4", "C"],
    ["0.4", [2, 2, 3, 5, 7], [2, 1, 2, 2, 3], ">u2", null, "F"],
    ["0.5", [2, 2, 3, 5, 7], [1, 2, 2, 3, 3], "float32", "blosc", "C"],
    ["0.5", [2, 2, 3, 5, 7], [1, 1, 2, 3, 4], "int16", null, "F"],
    ["0.5", [2, 2, 4, 6, 8], [1, 1, 1, 3, 4], "uint8", "shards", "C"],
    ["0.5", [3, 5, 7], [1, 5, 7], "float64", null, "C"],
  ] as const)(
    "write stores of %s, %j in %j, %s %s %s, that are read to the same pixels",
    async (...store) => {
      const [version, shape, chunks, dtype, compressor, order] = store;
      const path = join(scratch, `foreign-${store.flat().join("-").replace(/[<>]/g, "")}.zarr`);
      const hashes = await ask<string[]>("make", path, version, shape, chunks, dtype, compressor, order);
      await using dataset = await openOmeZarr(path);
      const coordinates = dataset.imageCoordinates();
      const axes = shape.length === 5 ? { time: 1, channel: "b", z: 2 } : { z: 2 };
      expect(dataset.hasImage(axes)).toBe(true);
      expect(dataset.summaryMetadata).toEqual({ PixelSize_um: 0.5, "z-step_um": 2 });
      for (const round of [1, 2]) {
        expect([round, await planes(dataset, coordinates, dtype.startsWith(">"))]).toEqual([round, hashes]);
      }
    },
  );

  test("a chunk of theirs that was cut short is an error", async () => {
    const path = join(scratch, "cut.zarr");
    await ask("make", path, "0.5", [3, 5, 7], [1, 5, 7], "uint16", null, "C");
    truncateSync(join(path, "s0", "c", "2", "0", "0"), 60);
    await using dataset = await openOmeZarr(path);
    await expect(dataset.readImage({ z: 2 })).rejects.toMatchObject({ code: "format" });
    expect((await dataset.readImage({ z: 1 })).width).toBe(7);
  });
});

const sha256 = (data: PixelImage["data"]) => createHash("sha256").update(pixelBytes(data)).digest("hex");

async function planes(
  dataset: Dataset,
  coordinates: readonly Axes[],
  isBigEndian: boolean,
): Promise<string[]> {
  const hashes = [];
  for (const axes of coordinates) {
    const { data } = await dataset.readImage(axes);
    const bytes = Buffer.from(pixelBytes(data));
    hashes.push(
      createHash("sha256")
        .update(isBigEndian ? bytes.swap16() : bytes)
        .digest("hex"),
    );
  }
  return hashes;
}

/** 24 pixels of seeded values. */
function image<T extends PixelImage["data"]>(data: T, seed: number, channels = 1): PixelImage {
  for (let i = 0; i < data.length; i++) data[i] = (i * 7 + seed * 13) % 100;
  return { data, width: 6, height: 4, channels };
}

function mixedImages(): { axes: Axes; image: PixelImage }[] {
  const grey = (seed: number) => image(new Uint16Array(24), seed);
  return [
    { axes: { position: 0, time: 0, channel: "DAPI", z: 0 }, image: grey(1) },
    { axes: { position: 0, time: 0, channel: "DAPI", z: 1 }, image: grey(2) },
    { axes: { position: 1, time: 0, channel: "DAPI", z: 0 }, image: grey(3) },
    { axes: { position: 0, time: 1, channel: "FITC", z: 0 }, image: grey(4) },
    { axes: { fit: "gauss" }, image: image(new Float32Array(24), 5) },
    { axes: { overview: 1, time: 0 }, image: image(new Uint8Array(72), 6, 3) },
    { axes: { overview: 2 }, image: image(new Int8Array(24), 7) },
  ];
}

/** The same function runs in the process that is killed. */
function numbered(i: number, axis = "position"): DatasetImage {
  const data = new Uint16Array(4000).fill(i);
  const axes = { [axis]: i % 2, column: 0, time: i >> 1 };
  return { axes, image: { data, width: 80, height: 50, channels: 1 }, metadata: { i } };
}

/** Writes in a process of its own, as fast as it can, until so many images were acknowledged; gives their number. */
async function killedAfter(
  directory: string,
  { images, axis }: { readonly images: number; readonly axis: string },
): Promise<number> {
  const built = new URL("../../../dist/io/index.js", import.meta.url);
  if (!existsSync(fileURLToPath(built))) throw new Error("there is no dist: npm run build makes it");
  const code = `
    import { createOmeZarr } from ${JSON.stringify(built.href)};
    ${numbered.toString()}
    const writer = await createOmeZarr({
      directory: process.argv[1],
      maxLevel: 2,
      ...(${axis === "row"} && { tiling: { overlapPx: { x: 4, y: 4 } } }),
    });
    let acknowledged = 0;
    for (let i = 0; ; i++) {
      const saved = writer.put(numbered(i, ${JSON.stringify(axis)})).then(() => process.stdout.write(++acknowledged + "\\n"));
      if (i % 3 === 0) await saved;
    }`;
  const writer = spawn(process.execPath, ["--input-type=module", "-e", code, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let acknowledged = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged = Number(line);
    if (acknowledged >= images) writer.kill("SIGKILL");
  }
  return acknowledged;
}
