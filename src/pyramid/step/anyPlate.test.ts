import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { composedMap } from "../../../test/support/composedMap.ts";
import {
  type CaseSite,
  makePlate,
  mosaicPixels,
  type PlateCase,
  scratchFolder,
} from "../../../test/support/plateCase.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { pastePixels } from "../geometry/paste.ts";
import { readExperimentMap } from "../layers/experimentMap.ts";

const scratch = scratchFolder("any-plate");
let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 1 });
});
afterAll(async () => {
  await pool.dispose();
  scratch.remove();
});

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
