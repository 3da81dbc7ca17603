import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { python, requirement, sharedReal } from "../../../test/support/require.ts";
import type { Axes, PixelImage } from "../../core/index.ts";
import { axesKey, pixelBytes } from "../../core/index.ts";
import type { DatasetImage } from "../dataset/dataset.ts";
import { openNdtiff } from "./open.ts";
import { createNdtiff } from "./writer.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-ndtiff-ndstorage-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs Python in the folder of the test; what it prints last is JSON. */
const ask = (code: string) => {
  const lines = execFileSync(python, ["-W", "ignore", "-c", `import json\n${code}`], {
    cwd: folder,
    encoding: "utf8",
  });
  return JSON.parse(
    lines
      .trim()
      .split(/[\n\r]/)
      .at(-1) ?? "null",
  );
};

const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function picture(bits: number, channels: number, { width = 7, height = 5 } = {}): PixelImage {
  const values = Array.from({ length: width * height * channels }, (_, i) => (i * 7919 + bits) % 2 ** bits);
  return { data: bits > 8 ? Uint16Array.from(values) : Uint8Array.from(values), width, height, channels };
}

/** Every kind of image that the format knows. */
const IMAGES: DatasetImage[] = [
  ...[8, 10, 11, 12, 14, 16].map((bits, time) => ({
    axes: { time, channel: "µ ✓ DAPI" },
    image: picture(bits, 1),
    metadata: { text: "µm ünïcode ✓ 𝄞", nested: { a: [1, null, true] }, BitDepth: bits },
    bitDepth: bits,
  })),
  {
    axes: { time: 6, channel: "FITC" },
    image: picture(8, 3),
    metadata: { Axes: { time: 6, channel: "FITC" } },
  },
  { axes: { time: 7, channel: "FITC" }, image: picture(8, 1, { width: 1, height: 3 }), metadata: {} },
  { axes: { time: -1, channel: "FITC" }, image: picture(16, 1, { width: 33, height: 1 }), metadata: {} },
];

const { available } = requirement("readers");

describe.skipIf(!available)("ndstorage and tifffile (need readers)", () => {
  test("read what we write: all bit depths, RGB, odd sizes, unicode, several stacks", async () => {
    const directory = join(folder, "ours");
    const summaryMetadata = { PixelSize_um: 0.11, µ: "✓" };
    // two or three images a stack
    const writer = await createNdtiff({ directory, name: "µ", summaryMetadata, maxFileBytes: 5_001_200 });
    for (const image of IMAGES) await writer.put(image);
    await writer.finish();
    await writer.dataset.close();
    const found = ask(`
import glob, hashlib, ndstorage, tifffile
d = ndstorage.Dataset("ours")
sha = lambda a: hashlib.sha256(a.tobytes()).hexdigest()
images = [[c, list(d.read_image(**c).shape), sha(d.read_image(**c)), d.read_metadata(**c)] for c in d.get_image_coordinates_list()]
files = sorted(glob.glob("ours/*.tif"), key=lambda f: (len(f), f))
pages, bits, sizes = [], [], []
for f in files:
    with tifffile.TiffFile(f) as t:
        pages += [[list(p.shape), sha(p.asarray())] for p in t.pages]
        bits += [p.bitspersample for p in t.pages]
        sizes.append(t.pages[0].tags[282].value)
print(json.dumps([d.summary_metadata, d.major_version, d.minor_version, images, len(files), pages, bits, sizes[0]]))`);
    const [summary, major, minor, images, files, pages, bits, resolution] = found;
    expect([summary, major, minor]).toEqual([summaryMetadata, 3, 3]);
    expect(files).toBeGreaterThan(2);
    const expected = IMAGES.map(({ axes, image, metadata }) => ({
      axes,
      shape: image.channels === 1 ? [image.height, image.width] : [image.height, image.width, 3],
      pixels: sha(pixelBytes(image.data)),
      metadata: { ...metadata, Axes: axes },
    }));
    const byAxes = new Map<string, unknown[]>(
      images.map((item: unknown[]) => [axesKey(item[0] as Axes), item.slice(1)]),
    );
    for (const { axes, shape, pixels, metadata } of expected)
      expect(byAxes.get(axesKey(axes))).toEqual([shape, pixels, metadata]);
    expect(pages).toEqual(expected.map(({ shape, pixels }) => [shape, pixels]));
    expect(bits).toEqual(IMAGES.map(({ image }) => (image.data instanceof Uint8Array ? 8 : 16)));
    // 0.11 µm a pixel are 90,909.09 pixels a centimetre
    expect(resolution[0] / resolution[1]).toBeCloseTo(1e4 / 0.11, 2);
  });

  test("read a dataset that is still written, and one that was left in the middle", async () => {
    const writer = await createNdtiff({ directory: join(folder, "open") });
    for (const image of IMAGES) await writer.put(image);
    const code = `
import ndstorage, tifffile
d = ndstorage.Dataset("open")
with tifffile.TiffFile("open/NDTiffStack.tif") as t:
    print(json.dumps([len(d.get_image_coordinates_list()), len(t.pages)]))`;
    const [images, pages] = ask(code);
    expect(images).toBe(IMAGES.length);
    // the chain follows the index at a small distance
    expect(pages).toBeGreaterThanOrEqual(IMAGES.length - 1);
    await writer.finish();
    await writer.dataset.close();
    expect(ask(code)).toEqual([IMAGES.length, IMAGES.length]);
  });

  test("we read what ndstorage writes", async () => {
    const expected = ask(`
import hashlib, numpy as np, ndstorage
d = ndstorage.NDTiffDataset(".", name="theirs", summary_metadata={"nan": float("nan"), "a": 1}, writable=True)
rng, out = np.random.default_rng(20), []
for t in range(4):
    for c in ["DAPI", "µ"]:
        a = rng.integers(0, 65536, (5, 9 + t), dtype=np.uint16)
        d.put_image({"time": t, "channel": c}, a, {"t": t, "inf": float("inf"), "s": "NaN, µ \\" NaN"})
        out.append([{"time": t, "channel": c}, hashlib.sha256(a.tobytes()).hexdigest(), [9 + t, 5]])
d.finish()
print(json.dumps(out))`);
    await using dataset = await openNdtiff(join(folder, "theirs_1"));
    expect([dataset.summaryMetadata, dataset.channelNames]).toEqual([
      { nan: Number.NaN, a: 1 },
      ["DAPI", "µ"],
    ]);
    expect(dataset.imageCoordinates()).toHaveLength(expected.length);
    for (const [axes, pixels, [width, height]] of expected) {
      const image = await dataset.readImage(axes);
      expect([sha(pixelBytes(image.data)), image.width, image.height]).toEqual([pixels, width, height]);
      expect(await dataset.readMetadata(axes)).toEqual({
        t: axes.time,
        inf: Number.POSITIVE_INFINITY,
        s: 'NaN, µ " NaN',
      });
    }
  });
});

const real = requirement("shared-real").available;
const root = join(sharedReal, "ndtiff");

describe.skipIf(!real)("datasets that Micro-Manager wrote (need shared-real)", () => {
  test("all open; where the stacks are there, all images read, else they are missing by name", async () => {
    const counts: Record<string, string> = {};
    for (const version of await readdir(root)) {
      for (const name of await readdir(join(root, version))) {
        await using dataset = await openNdtiff(join(root, version, name));
        expect([name, dataset.recovered, dataset.lostImages, dataset.isFinished]).toEqual([
          name,
          0,
          [],
          true,
        ]);
        let [read, missing] = [0, 0];
        for (const level of dataset.levels) {
          const images = dataset.level(level);
          for (const axes of images.imageCoordinates()) {
            const path = join(
              images === dataset ? join(root, version, name) : images.name,
              images.entry(axes).file,
            );
            const full = join(root, version, name, "Full resolution", images.entry(axes).file);
            if (existsSync(path) || (images === dataset && existsSync(full))) {
              const { data, width, height, channels } = await images.readImage(axes);
              expect(data).toHaveLength(width * height * channels);
              expect(await images.readMetadata(axes)).toHaveProperty("Axes");
              read++;
            } else {
              const error = await images.readImage(axes).catch((thrown) => thrown);
              expect([error.code, error.message.includes(images.entry(axes).file)]).toEqual([
                "missing",
                true,
              ]);
              missing++;
            }
          }
        }
        counts[name] =
          `${dataset.version?.major}.${dataset.version?.minor} ${dataset.levels.length} ${read} ${missing}`;
      }
    }
    expect(counts).toMatchInlineSnapshot(`
      {
        "12_bit_pycromanager_mda": "3.3 1 8 0",
        "Magellan_expolore_multi_channel": "3.0 4 6 48",
        "Magellan_expolore_negative_indices_and_overwritten": "undefined.undefined 11 0 101",
        "Nonstandard_axis_names": "undefined.undefined 1 0 100",
        "labeled_positions_1": "3.3 1 3 0",
        "mm_mda_tcz_15": "undefined.undefined 1 0 112",
        "ndtiff3.2_11bit_1": "3.3 1 10 0",
        "ndtiff3.2_magellan_explore_rgb": "3.2 6 12 0",
        "ndtiff3.2_monochrome": "3.2 1 128 0",
        "ndtiff3.2_multichannel": "3.2 1 256 0",
        "ndtiffv2.0_stitched_test": "2.0 5 6 0",
        "ndtiffv2.0_test": "2.0 1 10 0",
        "ndtiffv3.0_stitched_test": "3.0 5 6 0",
        "ndtiffv3.0_test": "3.0 1 10 0",
        "no_magellan_explore_multi_channel": "3.3 7 65 0",
        "no_magellan_explore_no_channel": "3.3 8 37 0",
        "unordered_z_1": "undefined.undefined 1 0 20",
      }
    `);
  });

  test.skipIf(!available)(
    "have the axes, channels and pixels that ndstorage finds (needs readers)",
    async () => {
      const sets = [
        "v2/ndtiffv2.0_test",
        "v3/ndtiffv3.0_test",
        "v3/12_bit_pycromanager_mda",
        "v3/labeled_positions_1",
      ];
      const code = `
import hashlib, ndstorage
out = []
for name in ${JSON.stringify([...sets, "v3/ndtiff3.2_11bit_1"].map((name) => join(root, name)))}:
    d = ndstorage.Dataset(name)
    names = getattr(d, "_channel_names", None) or {}
    images = [[c, hashlib.sha256(d.read_image(**c).tobytes()).hexdigest()] for c in (d.get_index_keys() if hasattr(d, "res_levels") else d.get_image_coordinates_list())]
    out.append([list(d.get_channel_names()), {k: sorted(v) for k, v in d.axes.items()}, images])
print(json.dumps(out))`;
      const found: [string[], Record<string, unknown[]>, [Axes, string][]][] = ask(code);
      for (const [i, name] of [...sets, "v3/ndtiff3.2_11bit_1"].entries()) {
        const [channels, axes, images] = found[i];
        await using dataset = await openNdtiff(join(root, name));
        expect(dataset.axes).toEqual(axes);
        // ndstorage forgets the names of channels since version 3.2
        if (channels.length > 0) expect(dataset.channelNames).toEqual(channels);
        expect(images.length).toBe(dataset.imageCoordinates().length);
        for (const [at, pixels] of images)
          expect(sha(pixelBytes((await dataset.readImage(at)).data))).toBe(pixels);
      }
    },
  );
});
