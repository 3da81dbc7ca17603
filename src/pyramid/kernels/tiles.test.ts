import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cosineTransform, parseGreyJpeg } from "../../../test/support/jpeg.ts";
import { python, requirement } from "../../../test/support/require.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import { createTiles, type EncodedTile } from "../index.ts";
import { quantiserSteps, ZIGZAG } from "./jpegTables.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

/** Cells on a background with noise, as a site shows them. */
function scene(width: number, height: number, { top = 255, seed = 1 } = {}): Float64Array {
  const random = seededRandom(seed);
  const image = new Float64Array(width * height).fill(0.05);
  for (let cell = 0; cell < (width * height) / 1600; cell++) {
    const [cy, cx, r, a] = [
      random.uniform() * height,
      random.uniform() * width,
      4 + 10 * random.uniform(),
      0.2 + 0.5 * random.uniform(),
    ];
    for (let y = Math.max(0, Math.floor(cy - 3 * r)); y < Math.min(height, cy + 3 * r); y++) {
      for (let x = Math.max(0, Math.floor(cx - 3 * r)); x < Math.min(width, cx + 3 * r); x++) {
        image[y * width + x] += a * Math.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * r * r));
      }
    }
  }
  return image.map((value) => Math.min(top, Math.max(0, top * value + top * 0.01 * random.normal())));
}

async function encode(
  pixels: Uint8Array,
  size: { width: number; height: number; levels?: number; tileSize?: number },
  quality: number,
): Promise<readonly EncodedTile[]> {
  const plan = createTiles(pool, { levels: 1, type: "uint8", ...size });
  try {
    plan.set("pixels", pixels);
    return await plan.run({ quality });
  } finally {
    plan.dispose();
  }
}

/** Our tile's coefficients beside those of the definition; both in the order of the file. */
function coefficientErrors(pixels: Uint8Array, width: number, file: Uint8Array): number {
  const jpeg = parseGreyJpeg(file);
  const across = Math.ceil(jpeg.width / 8);
  let wrong = 0;
  jpeg.blocks.forEach((block, i) => {
    const [top, left] = [8 * Math.floor(i / across), 8 * (i % across)];
    const values = Array.from({ length: 64 }, (_, j) => {
      const y = Math.min(jpeg.height - 1, top + (j >> 3));
      return pixels[y * width + Math.min(jpeg.width - 1, left + (j % 8))];
    });
    const exact = cosineTransform(values);
    ZIGZAG.forEach((natural, k) => {
      // Floats of 24 bits, sums up to 16320: where two steps are equally near, either will do.
      if (Math.abs(block[k] - exact[natural] / jpeg.steps[k]) > 0.5 + 1e-3) wrong++;
    });
  });
  return wrong;
}

describe("every coefficient is the nearest of its exact value", () => {
  test.each([1, 10, 50, 75, 95, 100])("quality %i", async (quality) => {
    const pixels = Uint8Array.from(scene(72, 40));
    const [tile] = await encode(pixels, { width: 72, height: 40 }, quality);
    expect(parseGreyJpeg(tile.bytes).steps).toEqual(ZIGZAG.map((i) => quantiserSteps(quality)[i]));
    expect(coefficientErrors(pixels, 72, tile.bytes)).toBe(0);
  });

  test.each([
    ["noise of all values", (random: () => number) => Math.floor(256 * random())],
    ["black and white", (random: () => number) => (random() < 0.5 ? 0 : 255)],
    ["a checkerboard", (_: () => number, i: number) => (((i >> 7) + i) % 2 === 0 ? 0 : 255)],
    ["lone pixels: long runs of zeros", (random: () => number) => (random() < 0.002 ? 255 : 0)],
    ["white", () => 255],
    ["black", () => 0],
  ])("%s", async (_, value) => {
    const { uniform } = seededRandom(4);
    const pixels = Uint8Array.from({ length: 128 * 128 }, (_, i) => value(uniform, i));
    for (const quality of [5, 100]) {
      const [tile] = await encode(pixels, { width: 128, height: 128 }, quality);
      expect(coefficientErrors(pixels, 128, tile.bytes)).toBe(0);
    }
  });

  test.each([
    [1, 1],
    [7, 9],
    [8, 8],
    [255, 3],
    [30, 257],
  ])("a block of %i x %i", async (width, height) => {
    const pixels = Uint8Array.from(scene(width, height, { seed: width }));
    const tiles = await encode(pixels, { width, height }, 90);
    for (const { row, bytes } of tiles) {
      expect(parseGreyJpeg(bytes)).toMatchObject({ width, height: Math.min(256, height - 256 * row) });
      expect(coefficientErrors(pixels.subarray(256 * row * width), width, bytes)).toBe(0);
    }
  });
});

describe("a block of several levels", () => {
  const [width, height, levels, tileSize] = [203, 150, 3, 64];
  const intensities = Uint16Array.from(scene(width, height, { top: 4000 }));
  const lookup = Uint8Array.from({ length: 65_536 }, (_, i) => Math.min(255, i >> 4));

  /** The mean of what is there, halves up. */
  function halved(pixels: Uint8Array, [w, h]: readonly [number, number]): Uint8Array {
    const [half, rows] = [(w + 1) >> 1, (h + 1) >> 1];
    return Uint8Array.from({ length: half * rows }, (_, i) => {
      const [y, x] = [2 * Math.floor(i / half), 2 * (i % half)];
      const four = [
        [y, x],
        [y, x + 1],
        [y + 1, x],
        [y + 1, x + 1],
      ].filter(([v, u]) => v < h && u < w);
      return Math.floor(four.reduce((sum, [v, u]) => sum + pixels[v * w + u], 0) / four.length + 0.5);
    });
  }

  test("looked up, halved from uncompressed pixels, tile by tile in order", async () => {
    const plan = createTiles(pool, { width, height, levels, tileSize, type: "uint16" });
    plan.set("lookup", lookup);
    plan.set("pixels", intensities.subarray(0, 100 * width));
    plan.set("pixels", intensities.subarray(100 * width), 100);
    const progress: number[] = [];
    const tiles = await plan.run({ quality: 90 }, { onProgress: (done) => progress.push(done) });
    const last = new Uint8Array(51 * 38);
    plan.read("last", last);
    plan.dispose();
    let pixels: Uint8Array = Uint8Array.from(intensities, (value) => lookup[value]);
    let size: [number, number] = [width, height];
    const order: string[] = [];
    for (let level = 0; level < levels; level++) {
      for (let y = 0; y < size[1]; y += tileSize) {
        for (let x = 0; x < size[0]; x += tileSize) {
          const { bytes, ...place } = tiles[order.length];
          order.push(`${place.level} ${place.row} ${place.column}`);
          expect(order.at(-1)).toBe(`${level} ${y / tileSize} ${x / tileSize}`);
          expect(coefficientErrors(pixels.subarray(y * size[0] + x), size[0], bytes)).toBe(0);
        }
      }
      if (level === levels - 1) break;
      pixels = halved(pixels, size);
      size = [(size[0] + 1) >> 1, (size[1] + 1) >> 1];
    }
    expect(order).toHaveLength(tiles.length);
    expect(progress.at(-1)).toBe(tiles.length);
    expect(last).toEqual(pixels);
  });

  test("one worker makes the same bytes", async () => {
    const pixels = Uint8Array.from(intensities, (value) => lookup[value]);
    const two = await encode(pixels, { width, height, levels, tileSize }, 75);
    await using one = await createPool({ workers: 1 });
    const plan = createTiles(one, { width, height, levels, tileSize, type: "uint8" });
    plan.set("pixels", pixels);
    expect(await plan.run({ quality: 75 })).toEqual(two);
  });

  test("full tiles at the ends are black where there are no pixels", async () => {
    const pixels = Uint8Array.from(intensities, (value) => lookup[value]);
    const plan = createTiles(pool, { width, height, levels, tileSize, type: "uint8", areTilesFull: true });
    plan.set("pixels", pixels);
    const tiles = await plan.run({ quality: 90 });
    plan.dispose();
    const last = tiles.find(({ level, row, column }) => level === 0 && row === 2 && column === 3)!;
    const padded = new Uint8Array(tileSize ** 2);
    for (let y = 128; y < height; y++)
      padded.set(pixels.subarray(y * width + 192, (y + 1) * width), (y - 128) * tileSize);
    expect(coefficientErrors(padded, tileSize, last.bytes)).toBe(0);
    for (const { bytes } of tiles)
      expect(parseGreyJpeg(bytes)).toMatchObject({ width: tileSize, height: tileSize });
  });

  test("sizes and qualities that cannot be are refused", async () => {
    const size = { width, height, levels, type: "uint8" } as const;
    expect(() => createTiles(pool, { ...size, tileSize: 100 })).toThrow(
      "expected a multiple of 8, found 100",
    );
    expect(() => createTiles(pool, { ...size, width: 70_000 })).toThrow("from 1 to 65535, found 70000");
    const plan = createTiles(pool, size);
    expect(() => plan.set("pixels", intensities)).toThrow("expected Uint8Array, found Uint16Array");
    expect(() => plan.set("lookup", lookup)).toThrow("expected values 0 to 0, found");
    await expect(plan.run({ quality: 0 })).rejects.toMatchObject({ code: "range" });
    plan.dispose();
  });
});

/** Encodes and decodes with libjpeg-turbo: PSNR and bytes of ours and its own, a line each. */
const PILLOW = `
import io, sys, numpy as np
from PIL import Image
folder, quality = sys.argv[1], int(sys.argv[2])
pixels = np.frombuffer(open(folder + "/pixels", "rb").read(), np.uint8).reshape(512, 512)
def psnr(file):
    image = Image.open(io.BytesIO(file)); assert image.mode == "L", image.mode
    error = np.asarray(image, float) - pixels
    return 10 * np.log10(255 ** 2 / np.mean(error ** 2))
peer = io.BytesIO(); Image.fromarray(pixels).save(peer, "JPEG", quality=quality)
for file in (open(folder + "/ours.jpg", "rb").read(), peer.getvalue()):
    print(psnr(file), len(file))
`;

const { available } = requirement("readers");
describe.skipIf(!available)("beside libjpeg-turbo", () => {
  test.each([50, 75, 95, 100])("quality %i: the same error and size", async (quality) => {
    const folder = mkdtempSync(join(tmpdir(), "jpeg-"));
    try {
      const pixels = Uint8Array.from(scene(512, 512, { seed: quality }));
      const [tile] = await encode(pixels, { width: 512, height: 512, tileSize: 512 }, quality);
      writeFileSync(join(folder, "pixels"), pixels);
      writeFileSync(join(folder, "ours.jpg"), tile.bytes);
      const { stdout, stderr } = spawnSync(python, ["-c", PILLOW, folder, `${quality}`], {
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      const [ours, peer] = stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ").map(Number));
      // At quality 100 its whole-number transform costs it 0.4 dB.
      expect(ours[0] - peer[0]).toBeGreaterThan(-0.1);
      if (quality < 100) expect(ours[0] - peer[0]).toBeLessThan(0.1);
      expect(Math.abs(ours[1] / peer[1] - 1)).toBeLessThan(0.03);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
