import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  alignedWindow,
  childTiles,
  emptyTile,
  outlineOf,
  type PlacedImage,
  type PlateWells,
  pastePixels,
  placePlates,
  pyramidLevels,
  residuesOf,
  tileBox,
  tileSpans,
  touchedTiles,
} from "../index.ts";

const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../test/golden/pyramid/${name}.json`, import.meta.url), "utf8"));

/** A mosaic of tile_geometry.json. */
interface Mosaic {
  readonly spec: {
    readonly well_spacer_size: number;
    readonly vertical_site_displacement: number;
    readonly horizontal_site_displacement: number;
    readonly plates: readonly PlateWells[];
  };
  readonly pyramid_height: number;
  readonly pyramid_width: number;
  readonly level_image_sizes: readonly number[][];
  readonly tile_grid_per_level: readonly number[][];
  readonly n_tiles: number;
  readonly plate_grid: readonly number[][];
  readonly plates: readonly GoldenPlace[];
  readonly wells: readonly GoldenPlace[];
  readonly sites: readonly GoldenPlace[];
  readonly empty_base_tiles?: readonly number[][];
  readonly next_higher: readonly { z: number; y: number; x: number; out: number[][] }[];
  readonly tile_bounding_box: readonly {
    z: number;
    y: number;
    x: number;
    minx: number;
    miny: number;
    maxx: number;
    maxy: number;
  }[];
  readonly tile_sha256?: Readonly<Record<string, readonly [number, number, string][]>>;
  readonly tiles_different_from_ideal?: readonly [number, number, number][];
}

interface GoldenPlace {
  readonly id: number;
  readonly offset: readonly [number, number];
  readonly image_size?: readonly [number, number];
  readonly polygon: number[][];
}

const mosaics = Object.entries(golden("tile_geometry") as Record<string, Mosaic>);

const mapOf = ({ spec }: Mosaic) =>
  placePlates(spec.plates, {
    wellSpacer: spec.well_spacer_size,
    verticalSiteDisplacement: spec.vertical_site_displacement,
    horizontalSiteDisplacement: spec.horizontal_site_displacement,
  });

function expectPlaces(found: readonly PlacedImage[], expected: readonly GoldenPlace[]): void {
  // The largest mosaic lists its first sites alone.
  expect(found.length).toBeGreaterThanOrEqual(expected.length);
  for (const { id, offset, image_size, polygon } of expected) {
    const one = found.find((place) => place.id === id)!;
    expect([one.y, one.x]).toEqual(offset);
    if (image_size !== undefined) expect([one.height, one.width]).toEqual(image_size);
    expect(outlineOf(one)).toEqual(polygon);
  }
}

describe.each(mosaics)("golden mosaic %s", (_, mosaic) => {
  const map = mapOf(mosaic);
  const levels = pyramidLevels(map);

  test("size, levels, places and outlines", () => {
    expect([map.height, map.width]).toEqual([mosaic.pyramid_height, mosaic.pyramid_width]);
    expect(levels.map(({ height, width }) => [height, width]).reverse()).toEqual(mosaic.level_image_sizes);
    expect(levels.map(({ tileRows, tileColumns }) => [tileRows, tileColumns]).reverse()).toEqual(
      mosaic.tile_grid_per_level,
    );
    expect(levels.reduce((sum, level) => sum + level.tileRows * level.tileColumns, 0)).toBe(mosaic.n_tiles);
    expect(map.plateGrid).toEqual(mosaic.plate_grid);
    expectPlaces(map.plates, mosaic.plates);
    expectPlaces(map.wells, mosaic.wells);
    expectPlaces(map.sites, mosaic.sites);
  });

  test("children and boxes of tiles", () => {
    const levelOf = (z: number) => levels.length - 1 - z;
    for (const { z, y, x, out } of mosaic.next_higher) {
      const children = childTiles({ level: levelOf(z), row: y, column: x }, levels);
      expect(children.map(({ row, column }) => [row, column])).toEqual(out);
    }
    for (const { z, y, x, ...box } of mosaic.tile_bounding_box) {
      const { minX, minY, maxX, maxY } = tileBox({ level: levelOf(z), row: y, column: x });
      expect({ minx: minX, miny: minY, maxx: maxX, maxy: maxY }).toEqual(box);
    }
  });

  test("tiles that sites touch are all but the empty ones", () => {
    if (mosaic.empty_base_tiles === undefined) return;
    const touched = new Set(
      touchedTiles(map.sites).map(({ row, column }) => row * levels[0].tileColumns + column),
    );
    const all = Array.from({ length: levels[0].tileRows * levels[0].tileColumns }, (_, i) => i);
    const empty = all
      .filter((i) => !touched.has(i))
      .map((i) => [Math.floor(i / levels[0].tileColumns), i % levels[0].tileColumns]);
    expect(empty).toEqual(mosaic.empty_base_tiles);
  });
});

/** Pixels that the golden mosaics were made of. */
function sitePixels({ id, height, width }: PlacedImage): Uint8Array {
  return Uint8Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return ((y * (id + 1) + x * 3 + 37 * id) % 251) + 4;
  });
}

test("pasted tiles are the peer's, byte by byte, but for those where it loses pixels", () => {
  let [compared, lost] = [0, 0];
  for (const [name, mosaic] of mosaics) {
    const hashes = mosaic.tile_sha256?.[`${mosaic.level_image_sizes.length - 1}`];
    if (hashes === undefined) continue;
    const isLost = new Set(mosaic.tiles_different_from_ideal?.map(([row, column]) => `${row} ${column}`));
    const expected = new Map(hashes.map(([row, column, hash]) => [`${row} ${column}`, hash]));
    for (const { row, column, sites } of touchedTiles(mapOf(mosaic).sites)) {
      const tile = emptyTile(row, column);
      // Where sites overlap the peer keeps the later one's own tiles: so do we.
      for (const site of sites) pastePixels({ ...site, data: sitePixels(site) }, tile);
      const key = `${row} ${column}`;
      const same = createHash("sha256").update(tile.data).digest("hex") === expected.get(key);
      expect(same, `${name} ${key}`).toBe(!isLost.has(key));
      if (same) compared++;
      else lost++;
    }
  }
  expect(compared).toBeGreaterThan(60);
  expect(lost).toBeGreaterThan(5);
});

test("golden levels and tiles along an axis", () => {
  for (const { height, width, level_sizes, tile_grid } of golden("pyramid_levels")) {
    const levels = pyramidLevels({ height, width }).reverse();
    expect(levels.map((level) => [level.height, level.width])).toEqual(level_sizes);
    expect(levels.map((level) => [level.tileRows, level.tileColumns])).toEqual(tile_grid);
  }
  for (const { position, length, displacement, indices, offsets } of golden("tile_indices_offsets")) {
    const spans = tileSpans(position, length, displacement);
    expect(spans.map(({ index }) => index)).toEqual(indices);
    expect(spans.map(({ offset }) => offset)).toEqual(offsets);
  }
});

test("golden residues, and windows that show the same in all cycles", () => {
  for (const { y_shifts, x_shifts, returned_tuple } of golden("align_overlap")) {
    const { top, bottom, left, right } = residuesOf(
      y_shifts.map((y: number, i: number) => ({ y, x: x_shifts[i] })),
    );
    // The peer names them differently: its two errors cancel.
    expect([bottom, top, left, right]).toEqual(returned_tuple);
  }
  const { image, cases } = golden("align_shift_and_crop");
  const data = Uint16Array.from((image as number[][]).flat());
  const [height, width] = [image.length, image[0].length];
  for (const { y_shift: y, x_shift: x, site_residues, crop, padded } of cases) {
    const window = alignedWindow({ height, width }, { y, x }, site_residues);
    const target = { ...window, data: new Uint16Array(window.height * window.width) };
    pastePixels({ y: 0, x: 0, height, width, data }, target);
    expect(target.data).toEqual(Uint16Array.from((crop as number[][]).flat()));
    const whole = { y: 0, x: 0, height, width, data: new Uint16Array(height * width) };
    pastePixels({ ...target, y: site_residues.top, x: site_residues.left }, whole);
    expect(whole.data).toEqual(Uint16Array.from((padded as number[][]).flat()));
  }
});

test("a map without a site is refused", () => {
  expect(() => placePlates([{ id: 1, wells: [] }])).toThrow("expected at least one site, found none");
});

test("sites of several sizes never cover each other", () => {
  const site = fc.record({
    height: fc.integer({ min: 1, max: 700 }),
    width: fc.integer({ min: 1, max: 700 }),
  });
  fc.assert(
    fc.property(fc.array(site, { minLength: 1, maxLength: 9 }), (sizes) => {
      const sites = sizes.map((size, i) => ({ id: i, y: Math.floor(i / 3), x: i % 3, ...size }));
      const placed = placePlates([{ id: 1, wells: [{ id: 1, name: "B02", sites }] }]).sites;
      const apart = (a: PlacedImage, b: PlacedImage) => a.y + a.height <= b.y || a.x + a.width <= b.x;
      for (const a of placed)
        for (const b of placed) expect(a === b || apart(a, b) || apart(b, a)).toBe(true);
    }),
  );
});

test("wells of a plate have room for its own mosaic, whatever other plates have", () => {
  const site = (id: number, y: number, x: number) => ({ id, y, x, height: 10, width: 20 });
  const plates = [
    { id: 1, wells: [{ id: 1, name: "A01", sites: [site(1, 0, 0), site(2, 1, 1)] }] },
    {
      id: 2,
      wells: [
        { id: 2, name: "A01", sites: [site(3, 0, 0)] },
        { id: 3, name: "C05", sites: [site(4, 0, 0)] },
      ],
    },
  ];
  const map = placePlates(plates, { wellSpacer: 5, verticalSiteDisplacement: 1 });
  // plates of 21 x 40 and of 25 x 45, one below the other, 10 between
  expect([map.height, map.width]).toEqual([25 + 10 + 25, 45]);
  expect(map.wells.map(({ y, x, height, width }) => [y, x, height, width])).toEqual([
    [0, 0, 21, 40],
    [35, 0, 10, 20],
    [50, 25, 10, 20],
  ]);
});
