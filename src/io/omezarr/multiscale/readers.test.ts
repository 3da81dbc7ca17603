import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { python, requirement } from "../../../../test/support/require.ts";
import { pixelBytes } from "../../../core/index.ts";
import { sourceAxis } from "../../source/axes.ts";
import { openZarrImages } from "../../source/zarr/open.ts";
import { createOmeZarrCollection } from "./collection.ts";
import { createOmeZarrLabels } from "./labels.ts";
import { createOmeZarrPlate } from "./plate.ts";
import { createOmeZarrImage } from "./writer.ts";

const { available } = requirement("readers");
const scratch = mkdtempSync(join(tmpdir(), "vitrine-multiscale-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Answers each line, a store, with what both validators and zarr-python say of it: hashes of all levels of all images. */
const PROGRAM = `
import sys, json, hashlib, warnings
warnings.simplefilter("ignore")
import numpy as np, zarr, yaozarrs
import ome_zarr_models.v04 as v04, ome_zarr_models.v05 as v05
def check(path):
    yaozarrs.validate_zarr_store(path)
    root = zarr.open_group(path, mode="r")
    found = {}
    def visit(group, name):
        ome = group.attrs.get("ome", group.attrs)
        models = v05 if "ome" in group.attrs else v04
        if "plate" in ome:
            models.HCS.from_zarr(group)
            plate = ome["plate"]
            for well in plate["wells"]:
                row, column = well["path"].split("/")
                assert plate["rows"][well["rowIndex"]]["name"] == row, well
                assert plate["columns"][well["columnIndex"]]["name"] == column, well
                images = group[well["path"]].attrs
                for image in images.get("ome", images)["well"]["images"]:
                    visit(group[well["path"]][image["path"]], well["path"] + "/" + image["path"])
        elif "bioformats2raw.layout" in ome:
            models.BioFormats2Raw.from_zarr(group) if models is v05 else None
            series = group["OME"].attrs
            for image in series.get("ome", series)["series"]: visit(group[image], image)
        else:
            (models.ImageLabel if "image-label" in ome else models.Image).from_zarr(group)
            found[name] = [hashlib.sha256(np.ascontiguousarray(group[d["path"]][...]).tobytes()).hexdigest()
                for d in ome["multiscales"][0]["datasets"]]
            if "labels" in group:
                labels = group["labels"].attrs
                for label in labels.get("ome", labels)["labels"]: visit(group["labels"][label], name + "/labels/" + label)
    visit(root, "")
    return found
for line in sys.stdin:
    try: answer = [check(json.loads(line))]
    except Exception as e: answer = [None, type(e).__name__ + ": " + str(e)]
    print(json.dumps(answer), flush=True)
`;

const AXES = [
  sourceAxis("time", { unit: "second" }),
  sourceAxis("channel"),
  sourceAxis("z", { unit: "micrometer" }),
  sourceAxis("y", { unit: "micrometer" }),
  sourceAxis("x", { unit: "micrometer" }),
];

describe.skipIf(!available)("validators and zarr-python", () => {
  let child: ChildProcess;
  let answers: AsyncIterator<string>;
  beforeAll(() => {
    child = spawn(python, ["-c", PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
    answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  });
  afterAll(() => {
    child.stdin?.end();
  });
  const check = async (store: string): Promise<Record<string, readonly string[]>> => {
    child.stdin?.write(`${JSON.stringify(store)}\n`);
    const [answer, error] = JSON.parse((await answers.next()).value);
    if (error !== undefined) throw new Error(error);
    return answer;
  };

  /** What we read of all levels of the images that they found. */
  const ours = async (store: string, names: readonly string[]) => {
    await using images = await openZarrImages(store);
    const found: Record<string, string[]> = {};
    for (const name of names) {
      await using image = await images.open(name === "" ? undefined : name.replace(/^\//, ""));
      found[name] = [];
      for (const level of image.levels.keys()) {
        const { data } = await image.read({ level });
        found[name].push(createHash("sha256").update(pixelBytes(data)).digest("hex"));
      }
    }
    return found;
  };

  test.each([
    ["0.4", "uint16", { compression: "zstd" }],
    ["0.4", "float32", { compression: "blosc", chunkShape: [1, 2, 1, 101, 77] }],
    ["0.4", "uint8", { compression: "gzip", chunkShape: [2, 1, 2, 64, 64] }],
    ["0.5", "int16", { compression: "blosc" }],
    ["0.5", "float64", { compression: "gzip", chunkShape: [1, 1, 2, 100, 90] }],
    ["0.5", "uint32", { compression: "none" }],
    ["0.5", "int8", { chunkShape: [1, 1, 1, 50, 64], shardShape: [1, 2, 2, 200, 128] }],
    [
      "0.5",
      "uint16",
      { chunkShape: [1, 1, 1, 64, 64], shardShape: [1, 1, 1, 256, 256], compression: "none" },
    ],
  ] as const)("accept and read %s of %s, %j", async (version, dtype, more) => {
    const directory = join(scratch, `${version}-${dtype}-${Object.values(more).join("-")}.zarr`);
    const shape = [2, 2, 3, 301, 277];
    const channels = [{ name: "DAPI" }, { name: "GFP" }];
    const layout = {
      axes: AXES,
      shape,
      scale: [2, 1, 0.5, 0.1, 0.1],
      version,
      channels,
      threads: 0,
    } as const;
    await using writer = await createOmeZarrImage({ ...layout, ...more, dtype, directory });
    const source = writer.levels[0].shape.reduce((product, side) => product * side, 1);
    const types = {
      uint8: Uint8Array,
      int8: Int8Array,
      uint16: Uint16Array,
      int16: Int16Array,
      uint32: Uint32Array,
    };
    const Pixels = { ...types, float32: Float32Array, float64: Float64Array }[dtype];
    const data = new Pixels(source);
    for (let i = 0; i < source; i++) data[i] = (i * 7 + (i >> 9)) % 251;
    await writer.write({}, data);
    await writer.finish();
    await using labels = await createOmeZarrLabels({
      directory,
      name: "cells",
      axes: AXES.slice(2),
      shape: shape.slice(2),
      dtype: "uint16",
      colors: [{ value: 1, rgba: [255, 0, 0, 255] }],
      properties: [{ value: 1, area: 4 }],
    });
    await labels.write({ z: 1 }, new Uint16Array(301 * 277).fill(1));
    await labels.finish();
    const found = await check(directory);
    expect(Object.keys(found)).toEqual(["", "/labels/cells"]);
    expect(await ours(directory, Object.keys(found))).toEqual(found);
  });

  test.each(["0.4", "0.5"] as const)(
    "accept a plate of %s after every field, and a store of several images",
    async (version) => {
      const directory = join(scratch, `plate-${version}.zarr`);
      const layout = { axes: AXES.slice(1), shape: [2, 1, 300, 200], dtype: "uint8" } as const;
      const named = { rows: ["A", "B"], columns: ["1", "2", "3"], acquisitions: [{ id: 0, name: "a" }] };
      await using plate = await createOmeZarrPlate({ directory, version, name: "P", ...named, threads: 0 });
      for (const [row, column] of [
        ["B", "3"],
        ["A", "1"],
        ["B", "3"],
      ]) {
        await using field = await plate.createField({ ...layout, row, column, acquisition: 0 });
        await check(directory);
        await field.write({}, new Uint8Array(2 * 300 * 200).fill(Number(column)));
        await field.finish();
      }
      const found = await check(directory);
      expect(Object.keys(found)).toEqual(["A/1/0", "B/3/0", "B/3/1"]);
      expect(await ours(directory, Object.keys(found))).toEqual(found);
      const several = join(scratch, `several-${version}.zarr`);
      await using collection = await createOmeZarrCollection({ directory: several, version, threads: 0 });
      for (let i = 0; i < 2; i++) await (await collection.createImage(layout)).finish();
      expect(Object.keys(await check(several))).toEqual(["0", "1"]);
    },
  );

  test("accept what a program leaves that is killed, at ten moments: every chunk is whole", async () => {
    for (let moment = 0; moment < 10; moment++) {
      const directory = join(scratch, `killed-${moment}.zarr`);
      const version = moment % 2 === 0 ? "0.5" : "0.4";
      const acknowledged = await killedAfter(directory, { version, ms: 15 + moment * moment * 9 });
      const found = await check(directory);
      expect(Object.keys(found).length).toBeGreaterThanOrEqual(acknowledged);
      expect(await ours(directory, Object.keys(found))).toEqual(found);
      await using images = await openZarrImages(directory);
      for (const name of images.images) {
        await using image = await images.open(name);
        const { data } = await image.read();
        // a chunk is 64 x 64 of one value or fill
        for (let y = 0; y < 512; y += 64) {
          for (let x = 0; x < 512; x += 64) {
            for (const at of [63, 63 * 512]) expect(data[y * 512 + x + at]).toBe(data[y * 512 + x]);
          }
        }
      }
    }
  });
});

/** Writes a plate in a process of its own, which is killed some time after the first field is there; gives its fields. */
async function killedAfter(
  directory: string,
  { version, ms }: { readonly version: string; readonly ms: number },
): Promise<number> {
  const built = new URL("../../../../dist/io/index.js", import.meta.url);
  if (!existsSync(fileURLToPath(built))) throw new Error("there is no dist: npm run build makes it");
  const code = `
    import { createOmeZarrPlate } from ${JSON.stringify(built.href)};
    const [directory, version] = process.argv.slice(1);
    const columns = Array.from({ length: 24 }, (_, i) => String(i + 1));
    const plate = await createOmeZarrPlate({ directory, version, rows: ["A"], columns, threads: 2 });
    const axes = ["y", "x"].map((name) => ({ name, kind: "space" }));
    for (let i = 0; ; i++) {
      const layout = { axes, shape: [512, 512], dtype: "uint16", chunkShape: [64, 64] };
      const field = await plate.createField({ ...layout, row: "A", column: columns[i % 24] });
      process.stdout.write(i + 1 + "\\n");
      await field.write({}, new Uint16Array(512 * 512).fill(i + 1));
      await field.finish();
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code, directory, version], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let fields = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (fields === 0) setTimeout(() => child.kill("SIGKILL"), ms);
    fields = Number(line);
  }
  expect(readdirSync(directory).length).toBeGreaterThan(0);
  return fields;
}
