import { mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { PMTiles, type Source, tileIdToZxy, zxyToTileId } from "pmtiles";
import { afterAll, describe, expect, test } from "vitest";
import { parseGreyJpeg } from "../../../test/support/jpeg.ts";
import { type ChannelLayerTile, pyramidLevels } from "../geometry/levels.ts";
import { formatDirectories, formatDirectory, parseDirectory } from "./directory.ts";
import { type LayerMetadata, writeArchive } from "./merge.ts";
import { openLayerArchive } from "./read.ts";
import { hilbertIndex, tileNumber } from "./tileOrder.ts";
import { formatPackIndex, type PackedTile } from "./tilePack.ts";

const folder = mkdtempSync(join(tmpdir(), "archive-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("tiles are numbered as PMTiles numbers them, and a block of tiles is one piece of the curve", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), fc.nat(), fc.nat(), (zoom, a, b) => {
      const [x, y] = [a % 2 ** zoom, b % 2 ** zoom];
      expect(tileNumber(zoom, x, y)).toBe(zxyToTileId(zoom, x, y));
      expect(tileIdToZxy(tileNumber(zoom, x, y))).toEqual([zoom, x, y]);
      if (zoom > 0)
        expect(Math.floor(hilbertIndex(zoom, x, y) / 4)).toBe(hilbertIndex(zoom - 1, x >> 1, y >> 1));
    }),
  );
});

describe("directories", () => {
  const entry = fc.record({ gap: fc.nat(40), run: fc.integer({ min: 1, max: 9 }), length: fc.nat(90_000) });

  test("come back as they were", () => {
    fc.assert(
      fc.property(fc.array(entry), fc.boolean(), (list, isGapped) => {
        let [tile, offset] = [0, 0];
        const entries = list.map(({ gap, run, length }) => {
          const one = { tile: tile + gap, run, offset, length };
          tile = one.tile + run;
          offset += length + (isGapped ? gap * 2 ** 20 : 0);
          return one;
        });
        expect(parseDirectory(formatDirectory(entries), "test")).toEqual(entries);
      }),
    );
  });

  test("the first has room for what points to all others", () => {
    const entries = Array.from({ length: 30_000 }, (_, i) => ({
      tile: 2 * i,
      run: 1,
      offset: i * 7919,
      length: 4000 + ((i * 2654435761) % 1000),
    }));
    const { root, leaves } = formatDirectories(entries, 1000);
    expect(root.length).toBeLessThanOrEqual(1000);
    const found = parseDirectory(root, "test").flatMap(({ offset, length }) =>
      parseDirectory(leaves.subarray(offset, offset + length), "test"),
    );
    expect(found).toEqual(entries);
  });

  test("damage is told", () => {
    expect(() => parseDirectory(Uint8Array.of(1, 2, 3), "a.pmtiles")).toThrow(
      /^a.pmtiles: expected a directory packed by gzip/,
    );
  });
});

/** Reads a file for the pmtiles package. */
function fileSource(path: string): Source {
  const fd = openSync(path, "r");
  return {
    getKey: () => path,
    async getBytes(offset, length) {
      const data = Buffer.alloc(length);
      const read = readSync(fd, data, 0, length, offset);
      return { data: new Uint8Array(data.subarray(0, read)).buffer };
    },
  };
}

/** Packs of blocks of 2 x 2 tiles, as jobs of one block each leave them; every fifth tile is not there, some are alike. */
function packsOf(size: { height: number; width: number }) {
  const levels = pyramidLevels(size);
  const metadata: LayerMetadata = {
    ...{ name: "DAPI, t 0, z 0", channel: "DAPI", tpoint: 0, zplane: 0 },
    ...{ ...size, tileSize: 256, levels, minIntensity: 100, maxIntensity: 4000 },
  };
  const contents = new Map<string, Uint8Array>();
  const packs: { path: string; index: Uint8Array }[] = [];
  for (const [level, { tileRows, tileColumns }] of levels.entries()) {
    const zoom = levels.length - 1 - level;
    const places = Array.from({ length: tileRows * tileColumns }, (_, i) => ({
      level,
      row: Math.floor(i / tileColumns),
      column: i % tileColumns,
    }))
      .filter((_, i) => level > 0 || i % 5 !== 4)
      .sort((a, b) => hilbertIndex(zoom, a.column, a.row) - hilbertIndex(zoom, b.column, b.row));
    for (let from = 0; from < places.length; from += 4) {
      const tiles: PackedTile[] = [];
      const bytes: number[] = [];
      let before: number | undefined;
      for (const place of places.slice(from, from + 4)) {
        const number = tileNumber(zoom, place.column, place.row);
        const isSame = before === number - 1 && place.row % 3 === 0;
        const content = isSame
          ? contents.get(keyOf(tiles.at(-1)!))!
          : Uint8Array.of(level, place.row, place.column, ...new Uint8Array(place.column));
        contents.set(keyOf(place), content);
        tiles.push({ ...place, length: isSame ? 0 : content.length });
        if (!isSame) bytes.push(...content);
        before = number;
      }
      const path = join(folder, `pack-${packs.length}`);
      writeFileSync(path, Uint8Array.from(bytes));
      packs.push({ path, index: formatPackIndex(tiles) });
    }
  }
  return { packs, metadata, contents };
}

const keyOf = ({ level, row, column }: ChannelLayerTile) => `${level} ${row} ${column}`;

test("every tile of an archive is read back, by the pmtiles package and by us; what is not there is black", async () => {
  const { packs, metadata, contents } = packsOf({ height: 5200, width: 9000 });
  const path = join(folder, "layer.pmtiles");
  await writeArchive(path, { packs, metadata });
  const theirs = new PMTiles(fileSource(path));
  const header = await theirs.getHeader();
  const maxZoom = metadata.levels.length - 1;
  expect(header).toMatchObject({ minZoom: 0, maxZoom, tileType: 3, clustered: true, specVersion: 3 });
  expect(header.numAddressedTiles).toBe(contents.size);
  expect(header.numTileEntries).toBeLessThan(contents.size);
  expect(await theirs.getMetadata()).toMatchObject({ name: "DAPI, t 0, z 0", vitrine: { width: 9000 } });
  await using ours = await openLayerArchive(path);
  expect(ours.metadata).toEqual(metadata);
  let black = 0;
  for (const [level, { tileRows, tileColumns }] of metadata.levels.entries()) {
    for (let row = 0; row < tileRows; row++) {
      for (let column = 0; column < tileColumns; column++) {
        const content = contents.get(keyOf({ level, row, column }));
        const theirTile = await theirs.getZxy(maxZoom - level, column, row);
        expect(theirTile && new Uint8Array(theirTile.data)).toEqual(content);
        const tile = await ours.readTile({ level, row, column });
        if (content !== undefined) expect(tile).toEqual(content);
        else black++;
        expect(await ours.hasTile({ level, row, column })).toBe(content !== undefined);
      }
    }
  }
  expect(black).toBeGreaterThan(100);
  await expect(ours.readTile({ level: 0, row: 21, column: 0 })).rejects.toThrow("a row below 21");
  await expect(ours.readTile({ level: 9, row: 0, column: 0 })).rejects.toThrow("a level below 7, found 9");
});

test("the black tile is a JPEG of zeros", async () => {
  const { packs, metadata } = packsOf({ height: 600, width: 1500 });
  await writeArchive(join(folder, "small.pmtiles"), { packs, metadata });
  await using archive = await openLayerArchive(join(folder, "small.pmtiles"));
  const tile = parseGreyJpeg(await archive.readTile({ level: 0, row: 0, column: 4 }));
  expect([tile.width, tile.height]).toEqual([256, 256]);
  for (const block of tile.blocks) {
    // what is below 0 by rounding of the mean is cut to 0
    expect(block[0] * tile.steps[0]).toBeLessThanOrEqual(-1024);
    expect(block.subarray(1).every((value) => value === 0)).toBe(true);
  }
});

test("packs out of order, cut off, and other files are refused", async () => {
  const { packs, metadata } = packsOf({ height: 2000, width: 2000 });
  const path = join(folder, "bad.pmtiles");
  await expect(writeArchive(path, { packs: [...packs].reverse(), metadata })).rejects.toMatchObject({
    code: "format",
  });
  await expect(writeArchive(path, { packs: [...packs, packs[0]], metadata })).rejects.toThrow("twice");
  writeFileSync(packs[0].path, Uint8Array.of(1, 2));
  await expect(writeArchive(path, { packs, metadata })).rejects.toMatchObject({ code: "format" });
  await expect(openLayerArchive(path)).rejects.toMatchObject({ code: "missing" });
  writeFileSync(path, "no archive");
  await expect(openLayerArchive(path)).rejects.toThrow("expected a PMTiles archive, found another file");
});
