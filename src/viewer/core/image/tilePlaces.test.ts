import fc from "fast-check";
import { expect, test } from "vitest";
import { keyOf } from "./tileLoads.ts";
import { levelAt, type PlacedTile, placed, type TileGrid, tilesWithin } from "./tilePlaces.ts";

const GRID: TileGrid = {
  levels: [
    { width: 1000, height: 700 },
    { width: 500, height: 350 },
    { width: 250, height: 175 },
  ],
  tileSize: 256,
};

const areaOf = ({ box: [left, top, right, bottom] }: PlacedTile) => (right - left) * (bottom - top);

test("the level has about as many pixels as the screen", () => {
  expect([0, 0.6, 3, -0.4, -0.6, -1.4, -1.6, -9].map((zoom) => levelAt(GRID, zoom))).toEqual([
    0, 0, 0, 0, 1, 1, 2, 2,
  ]);
});

test("tiles that meet a part of the image come from its middle outwards, none from beyond its end", () => {
  const tiles = tilesWithin(GRID, 0, [300, -500, 2000, 300]);
  expect(new Set(tiles.map(keyOf))).toEqual(new Set(["0 0 1", "0 0 2", "0 0 3", "0 1 1", "0 1 2", "0 1 3"]));
  expect(tilesWithin(GRID, 0, [0, 0, 1000, 700]).length).toBe(4 * 3);
  expect(tilesWithin(GRID, 0, [2000, 0, 3000, 100])).toEqual([]);
  expect(keyOf(tilesWithin(GRID, 0, [0, 0, 1000, 700])[0])).toBe("0 1 1");
});

test("a tile is drawn whole; without it the part of the nearest coarser one is", () => {
  const tile = { level: 0, row: 2, column: 3 };
  expect(placed(GRID, tile, () => true)).toEqual([
    { tile, box: [768, 512, 1000, 700], part: [0, 0, 232, 188] },
  ]);
  const only = (key: string) => placed(GRID, tile, (other) => keyOf(other) === key);
  expect(only("1 1 1")).toEqual([
    { tile: { level: 1, row: 1, column: 1 }, box: [768, 512, 1000, 700], part: [128, 0, 244, 94] },
  ]);
  expect(only("2 0 0")).toEqual([
    { tile: { level: 2, row: 0, column: 0 }, box: [768, 512, 1000, 700], part: [192, 128, 250, 175] },
  ]);
  expect(only("1 0 0")).toEqual([]);
});

test("finer tiles stand in for one where all of them are there", () => {
  const tile = { level: 1, row: 0, column: 0 };
  const four = placed(GRID, tile, ({ level }) => level === 0);
  expect(four.map(({ tile: each }) => keyOf(each))).toEqual(["0 0 0", "0 0 1", "0 1 0", "0 1 1"]);
  expect(placed(GRID, tile, (each) => each.level === 0 && keyOf(each) !== "0 1 1")).toEqual([]);
  // two levels further in, where the image has a part of the tile alone
  const corner = placed(GRID, { level: 2, row: 0, column: 0 }, ({ level }) => level === 0);
  expect(corner.length).toBe(4 * 3);
});

test("whatever is there, no pixel is drawn twice and none beyond its tile", () => {
  const tiles = GRID.levels.flatMap((_, level) => tilesWithin(GRID, level, [0, 0, 1000, 700]));
  const there = fc.subarray(tiles.map(keyOf));
  fc.assert(
    fc.property(there, fc.constantFrom(...tiles), (keys, tile) => {
      const parts = placed(GRID, tile, (each) => keys.includes(keyOf(each)));
      const [whole] = placed(GRID, tile, () => true);
      const area = parts.reduce((sum, part) => sum + areaOf(part), 0);
      expect([0, areaOf(whole)]).toContain(area);
      for (const { box, part, tile: source } of parts) {
        expect(box[0]).toBeGreaterThanOrEqual(whole.box[0]);
        expect(box[3]).toBeLessThanOrEqual(whole.box[3]);
        expect((part[2] - part[0]) * 2 ** source.level).toBe(box[2] - box[0]);
      }
    }),
  );
});
