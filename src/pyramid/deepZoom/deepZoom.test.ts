import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gridSites, makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { python, requirement } from "../../../test/support/require.ts";
import { decodeGreyJpeg, type ImageSource, memorySource, writeTiff } from "../../io/index.ts";
import { openLayerImages, PyramidBuilder, writeDeepZoom } from "../index.ts";
import { deepZoomLevels, deepZoomPhases } from "./levels.ts";

const { available } = requirement("readers");
const scratch = scratchFolder("deepzoom");
afterAll(() => scratch.remove());

const [HEIGHT, WIDTH] = [700, 4500]; // two blocks, two phases
const data = Uint8Array.from({ length: HEIGHT * WIDTH }, (_, i) => {
  const [y, x] = [Math.floor(i / WIDTH), i % WIDTH];
  return 128 + 90 * Math.sin(x / 300) * Math.cos(y / 230);
});
const source = chunked(memorySource({ data, axes: ["y", "x"], shape: [HEIGHT, WIDTH] }), [256, 256]);

/** The same image, as if it lay in chunks. */
function chunked(image: ImageSource, chunkShape: readonly number[]): ImageSource {
  return Object.create(image, { levels: { value: [{ ...image.levels[0], chunkShape }] } });
}

beforeAll(async () => {
  const report = await writeDeepZoom(source, join(scratch.path, "own.dzi"), { workers: 2, quality: 100 });
  expect(report).toEqual({ height: HEIGHT, width: WIDTH, levels: 14, tiles: 91, range: [0, 255] });
});

/** The image again and again, down. */
function repeated(image: Uint8Array, [height, width]: readonly [number, number]): Uint8Array {
  return Uint8Array.from({ length: height * width }, (_, i) => image[i % image.length]);
}

/** Names of all tiles. */
function tilesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((level) =>
      readdirSync(join(folder, level)).map((name) => `${level}/${name.replace(/\.\w+$/, "")}`),
    )
    .sort();
}

test("blocks are squares or bands, as the image lies in its file; the tiles are the same", async () => {
  const shape = [2304, 4500] as const;
  const tall = memorySource({ data: repeated(data, shape), axes: ["y", "x"], shape: [...shape] });
  const sizes = deepZoomLevels({ height: shape[0], width: shape[1] });
  const chunks = { strips: [1, shape[1]], tiles: [256, 256] };
  const blocks = Object.values(chunks).map(
    ([height, width]) => deepZoomPhases(sizes, { height, width })[0].block,
  );
  expect(blocks).toEqual([
    { height: 2048, width: 4500 },
    { height: 4096, width: 4096 },
  ]);
  for (const [name, chunkShape] of Object.entries(chunks)) {
    await writeDeepZoom(chunked(tall, chunkShape), join(scratch.path, `${name}.dzi`), { workers: 2 });
  }
  const of = (name: string) => join(scratch.path, `${name}_files`);
  expect(tilesOf(of("strips"))).toEqual(tilesOf(of("tiles")));
  for (const tile of tilesOf(of("strips")))
    expect(
      readFileSync(join(of("strips"), `${tile}.jpg`)).equals(readFileSync(join(of("tiles"), `${tile}.jpg`))),
    ).toBe(true);
});

test("every level is the mean of the one before, cut into tiles of what there is", async () => {
  const sizes = deepZoomLevels({ height: HEIGHT, width: WIDTH });
  let level: ArrayLike<number> = data;
  for (const [i, { height, width }] of sizes.entries()) {
    const folder = join(scratch.path, "own_files", `${sizes.length - 1 - i}`);
    let worst = 0;
    for (const name of readdirSync(folder)) {
      const [column, row] = name.replace(".jpg", "").split("_").map(Number);
      const tile = await decodeGreyJpeg(readFileSync(join(folder, name)), name);
      expect([name, tile.height, tile.width]).toEqual([
        name,
        Math.min(256, height - 256 * row),
        Math.min(256, width - 256 * column),
      ]);
      tile.data.forEach((value, k) => {
        const place = (256 * row + Math.floor(k / tile.width)) * width + 256 * column + (k % tile.width);
        worst = Math.max(worst, Math.abs(value - level[place]));
      });
    }
    expect([i, worst <= 3 ? 0 : worst]).toEqual([i, 0]); // roundings of each level, and of JPEG
    level = halved(level, height, width);
  }
});

function halved(from: ArrayLike<number>, height: number, width: number): Float64Array {
  const columns = Math.ceil(width / 2);
  return Float64Array.from({ length: Math.ceil(height / 2) * columns }, (_, i) => {
    const [y, x] = [2 * Math.floor(i / columns), 2 * (i % columns)];
    const [below, right] = [Math.min(y + 1, height - 1), Math.min(x + 1, width - 1)];
    return (
      (from[y * width + x] +
        from[y * width + right] +
        from[below * width + x] +
        from[below * width + right]) /
      4
    );
  });
}

test("what is there is not replaced, what is asked for that is not there is told; nothing half-written stays", async () => {
  const path = join(scratch.path, "own.dzi");
  await expect(writeDeepZoom(source, path)).rejects.toMatchObject({ code: "exists" });
  await expect(writeDeepZoom(source, join(scratch.path, "a.jpg"))).rejects.toThrow(
    "a path that ends with .dzi",
  );
  await expect(writeDeepZoom(source, join(scratch.path, "a.dzi"), { at: { z: 1 } })).rejects.toMatchObject({
    code: "missing",
  });
  const floats = memorySource({ data: new Float32Array(6), axes: ["y", "x"], shape: [2, 3] });
  await expect(writeDeepZoom(floats, join(scratch.path, "a.dzi"))).rejects.toThrow("--bits 16");
  const signal = AbortSignal.abort();
  await expect(writeDeepZoom(source, join(scratch.path, "a.dzi"), { signal })).rejects.toMatchObject({
    code: "aborted",
  });
  expect(readdirSync(scratch.path).filter((name) => name.startsWith("a"))).toEqual([]);
  const small = memorySource({ data: new Uint8Array(6), axes: ["y", "x"], shape: [2, 3] });
  await writeDeepZoom(small, path, { overwrite: true });
  expect(tilesOf(join(scratch.path, "own_files"))).toEqual(["0/0_0", "1/0_0", "2/0_0"]);
  await writeDeepZoom(source, path, { overwrite: true });
});

test("a collected layer is an image of its tiles, and becomes DeepZoom", async () => {
  await using experiment = await makePlate(join(scratch.path, "screen"), {
    plates: [{ wells: [{ name: "B02", sites: gridSites(1, 2, [150, 200]) }] }],
    channels: [{ name: "DAPI", bitDepth: 12 }],
    pixels: ({ site, height, width }) => new Uint16Array(height * width).fill(1000 * (site + 1)),
  });
  const builder = new PyramidBuilder(experiment);
  await builder.init();
  const { layers } = await builder.submit({ memory: 300 }, { engine: { kind: "local" } });
  await using images = await openLayerImages(join(experiment.directory, layers[0].path));
  await using layer = await images.open();
  expect(layer).toMatchObject({
    dtype: "uint8",
    channels: [{ name: "DAPI" }],
    metadata: { maxIntensity: 4095 },
  });
  const { data: row } = await layer.read({ region: { y: 100, x: [90, 310] } });
  expect([row[0], row[219]]).toEqual([62, 124]);
  const report = await writeDeepZoom(layer, join(scratch.path, "layer.dzi"), { workers: 1 });
  expect(report).toMatchObject({ height: 150, width: 400, levels: 10 });
});

test.skipIf(!available)(
  "libvips has the same tiles of the same image, and 16 bits are shown by their range",
  async () => {
    const plain = join(scratch.path, "plain.tif");
    await writeTiff(plain, { pages: [{ data, height: HEIGHT, width: WIDTH, channels: 1 }] });
    const code = [
      "import sys, pyvips",
      "im = pyvips.Image.new_from_file(sys.argv[1])",
      "im.dzsave(sys.argv[2], tile_size=256, overlap=0, suffix='.jpg[Q=100]')",
      "own = pyvips.Image.new_from_file(sys.argv[3])",
      "print((own - im.crop(4352, 512, own.width, own.height)).abs().avg(), own.width, own.height)",
    ].join("\n");
    const theirs = join(scratch.path, "theirs");
    const corner = join(scratch.path, "own_files", "13", "17_2.jpg");
    const out = execFileSync(python, ["-c", code, plain, theirs, corner], { encoding: "utf8" }).split(" ");
    expect(Number(out[0])).toBeLessThan(1);
    expect(out.slice(1).map(Number)).toEqual([WIDTH - 4352, HEIGHT - 512]);
    expect(tilesOf(join(scratch.path, "own_files"))).toEqual(tilesOf(`${theirs}_files`));
    expect(existsSync(`${theirs}.dzi`)).toBe(true);
    const sizeOf = (path: string) =>
      readFileSync(path, "utf8")
        .match(/(Width|Height|TileSize|Overlap)="\d+"/g)
        ?.sort();
    expect(sizeOf(join(scratch.path, "own.dzi"))).toEqual(sizeOf(`${theirs}.dzi`));
    const deep = memorySource({
      data: Uint16Array.from([100, 355, 610, 4000]),
      axes: ["y", "x"],
      shape: [2, 2],
    });
    const shown = await writeDeepZoom(deep, join(scratch.path, "deep.dzi"), {
      range: [100, 610],
      quality: 100,
    });
    expect(shown.range).toEqual([100, 610]);
    const tile = await decodeGreyJpeg(readFileSync(join(scratch.path, "deep_files/1/0_0.jpg")), "deep");
    expect([...tile.data].map((value, i) => Math.abs(value - [0, 127, 255, 255][i]) <= 2)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  },
);
