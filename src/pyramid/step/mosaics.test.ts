import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type CaseSite,
  makePlate,
  mosaicPixels,
  type PlateCase,
  scratchFolder,
} from "../../../test/support/plateCase.ts";
import { shownBlocks } from "../../../test/support/shownBlocks.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { TILE_SIZE } from "../geometry/levels.ts";
import { pastePixels } from "../geometry/paste.ts";
import { readExperimentMap } from "../layers/experimentMap.ts";
import type { BatchImage, SitesBatch } from "../tiles/batch.ts";
import { placeSites } from "../tiles/compose.ts";
import { halve } from "../tiles/pixels.ts";
import { SiteReader } from "../tiles/siteReader.ts";
import { IlluminatiBatchArguments } from "./arguments.ts";
import { planBatches } from "./planBatches.ts";

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

/** The map that all jobs of a plan make together. */
interface ComposedMap {
  readonly height: number;
  readonly width: number;
  /** (height, width) of the map's only layer, which has 8 bits. */
  readonly pixels: Uint8Array;
  /** How many jobs made each pixel. */
  readonly owners: Uint8Array;
}

/** Puts the blocks of all jobs of the first phase together. */
async function composedMap(
  experiment: Experiment,
  { pool, batchSize }: { readonly pool: Pool; readonly batchSize: number },
): Promise<ComposedMap> {
  const options = IlluminatiBatchArguments.parse({ batchSize });
  const plan = await planBatches(experiment, { options, onLog: () => {} });
  const { height, width } = plan.map.map;
  const pixels = new Uint8Array(height * width);
  const owners = new Uint8Array(height * width);
  for await (const { batch } of plan.phaseBatches(0)) {
    await using reader = new SiteReader({ type: "uint8" });
    const read = (image: BatchImage) => reader.readWhole(image);
    const parts = placeSites(batch as SitesBatch, { read, release: (image) => reader.release(image) });
    for await (const { box, pixels: shown } of shownBlocks(pool, parts)) {
      for (let y = 0; y < box.height; y++) {
        const at = (box.y + y) * width + box.x;
        pixels.set(shown.subarray(y * box.width, (y + 1) * box.width), at);
        for (let x = 0; x < box.width; x++) owners[at + x]++;
      }
    }
  }
  return { height, width, pixels, owners };
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

const site = fc.record({
  /** Neither cell nor image. */
  isThere: fc.boolean(),
  hasImage: fc.boolean(),
  height: fc.integer({ min: 1, max: 400 }),
  width: fc.integer({ min: 1, max: 400 }),
});

/** Wells of up to 2 x 3 sites of any sizes, in any distance, overlapping or apart, with holes. */
const anyPlate = fc.record({
  plates: fc.array(fc.uniqueArray(fc.constantFrom("A01", "A02", "B04", "P24"), { minLength: 1 }), {
    minLength: 1,
    maxLength: 2,
  }),
  sites: fc.array(site, { minLength: 6, maxLength: 6 }),
  spacing: fc.record({
    wellSpacerSize: fc.integer({ min: 0, max: 300 }),
    verticalSiteDisplacement: fc.integer({ min: -60, max: 60 }),
    horizontalSiteDisplacement: fc.integer({ min: -60, max: 60 }),
  }),
  batchSize: fc.integer({ min: 1, max: 9 }),
});

let plates = 0;

test("any plate: jobs make the map together as if all sites were pasted into one image, and no pixel is two jobs'", async () => {
  await fc.assert(
    fc.asyncProperty(anyPlate, async ({ plates: wells, sites, spacing, batchSize }) => {
      const cells = sites.flatMap(({ isThere, height, width }, i): CaseSite[] =>
        isThere || i === 0 ? [{ cell: [Math.floor(i / 3), i % 3], height, width }] : [],
      );
      const shown = sites
        .filter(({ isThere }, i) => isThere || i === 0)
        .map(({ hasImage }, i) => hasImage || i === 0);
      const of: PlateCase = {
        plates: wells.map((names) => ({ wells: names.map((name) => ({ name, sites: cells })) })),
        spacing,
        pixels: (image) => (shown[image.site % cells.length] ? mosaicPixels(image) : undefined),
      };
      await using experiment = await makePlate(join(scratch.path, `${plates++}`), of);
      const { height, width, pixels, owners } = await composedMap(experiment, { pool, batchSize });
      const { map } = await readExperimentMap(experiment);
      const whole = { y: 0, x: 0, height, width, data: new Uint8Array(height * width) };
      for (const [i, place] of map.sites.entries())
        if (shown[i % cells.length])
          pastePixels({ ...place, data: mosaicPixels({ ...place, site: i }) }, whole);
      expect(owners.every((count) => count <= 1)).toBe(true);
      expect(Buffer.compare(pixels, whole.data)).toBe(0);
    }),
    { seed: 12, numRuns: 12 },
  );
});
