import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { composedMap } from "../../../test/support/composedMap.ts";
import { makePlate, mosaicPixels, scratchFolder } from "../../../test/support/plateCase.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { TILE_SIZE } from "../geometry/levels.ts";
import { halve } from "../tiles/pixels.ts";

interface Mosaic {
  readonly spec: {
    readonly well_spacer_size: number;
    readonly vertical_site_displacement: number;
    readonly horizontal_site_displacement: number;
    readonly plates: readonly {
      readonly wells: readonly {
        readonly name: string;
        readonly sites: readonly { y: number; x: number; height: number; width: number; id: number }[];
      }[];
    }[];
  };
  readonly level_image_sizes: readonly (readonly [number, number])[];
  readonly tile_shapes: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly tile_sha256?: Readonly<Record<string, readonly (readonly [number, number, string])[]>>;
  readonly tiles_different_from_ideal?: readonly (readonly [number, number, number])[];
}

const scratch = scratchFolder("mosaics");
let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 1 });
});
afterAll(async () => {
  await pool.dispose();
  scratch.remove();
});

const golden: [string, Mosaic][] = Object.entries(
  JSON.parse(
    readFileSync(new URL("../../../test/golden/pyramid/tile_geometry.json", import.meta.url), "utf8"),
  ),
);
const hashed = golden.filter(([, mosaic]) => mosaic.tile_sha256 !== undefined);

/** Tiles of a level as the peer hashes them: of 256 x 256 pixels, 0 where the level ends. */
function tileHash(pixels: Uint8Array, width: number, [row, column]: readonly [number, number]): string {
  const tile = new Uint8Array(TILE_SIZE ** 2);
  for (let y = 0; y < TILE_SIZE; y++) {
    const from = (row * TILE_SIZE + y) * width + column * TILE_SIZE;
    const end = Math.min(from + TILE_SIZE, (row * TILE_SIZE + y + 1) * width, pixels.length);
    if (from < end) tile.set(pixels.subarray(from, end), y * TILE_SIZE);
  }
  return createHash("sha256").update(tile).digest("hex");
}

/** All of the map, from the blocks of all jobs, none of whose pixels is in two. */
async function composeAll(directory: string, mosaic: Mosaic): Promise<Uint8Array> {
  const { spec } = mosaic;
  const ids: number[] = [];
  for (const { wells } of spec.plates)
    for (const { sites } of wells) for (const { id } of sites) ids.push(id);
  await using experiment = await makePlate(directory, {
    plates: spec.plates.map(({ wells }) => ({
      wells: wells.map(({ name, sites }) => ({
        name,
        sites: sites.map(({ y, x, height, width }) => ({ cell: [y, x] as const, height, width })),
      })),
    })),
    spacing: {
      wellSpacerSize: spec.well_spacer_size,
      verticalSiteDisplacement: spec.vertical_site_displacement,
      horizontalSiteDisplacement: spec.horizontal_site_displacement,
    },
    pixels: ({ site, ...size }) => mosaicPixels({ ...size, site: ids[site] - 1 }),
  });
  const { height, width, pixels, owners } = await composedMap(experiment, { pool, batchSize: 2 });
  expect([height, width]).toEqual(mosaic.level_image_sizes.at(-1));
  expect(owners.every((count) => count <= 1)).toBe(true);
  return pixels;
}

test.each(hashed)(
  "%s: tiles before JPEG are the peer's at all levels, the ideal ones where it loses pixels",
  async (name, mosaic) => {
    let pixels = await composeAll(join(scratch.path, name), mosaic);
    let [height, width] = mosaic.level_image_sizes.at(-1)!;
    let lost = new Set(mosaic.tiles_different_from_ideal?.map(([row, column]) => `${row} ${column}`));
    let compared = 0;
    for (let z = mosaic.level_image_sizes.length - 1; z >= 0; z--) {
      expect([height, width]).toEqual(mosaic.level_image_sizes[z]);
      const isWhole = new Set(
        mosaic.tile_shapes[z]
          .filter(([, , h, w]) => h === TILE_SIZE && w === TILE_SIZE)
          .map(([r, c]) => `${r} ${c}`),
      );
      for (const [row, column, hash] of mosaic.tile_sha256?.[z] ?? []) {
        // the peer's end of an odd level is darkened by what lies beyond
        const isInside =
          z === mosaic.level_image_sizes.length - 1 ||
          ((row + 1) * TILE_SIZE <= height && (column + 1) * TILE_SIZE <= width);
        if (!isWhole.has(`${row} ${column}`) || !isInside) continue;
        const isSame = tileHash(pixels, width, [row, column]) === hash;
        expect(isSame, `level ${z} tile ${row} ${column}`).toBe(!lost.has(`${row} ${column}`));
        compared++;
      }
      pixels = halve(pixels, { height, width });
      [height, width] = [Math.ceil(height / 2), Math.ceil(width / 2)];
      lost = new Set(
        [...lost].map((key) =>
          key
            .split(" ")
            .map((place) => Number(place) >> 1)
            .join(" "),
        ),
      );
    }
    expect(compared).toBeGreaterThan(0);
  },
);
