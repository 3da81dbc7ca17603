import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { syntheticPlate } from "../../../test/support/syntheticPlate.ts";
import { PyramidBuilder, registerExperiment } from "../index.ts";

const scratch = scratchFolder("register");
afterAll(() => scratch.remove());

const SIDE = 240;
const plate = syntheticPlate({
  rows: 3,
  columns: 3,
  height: SIDE,
  width: SIDE,
  overlapPx: 48,
  density: 8,
  blank: [4],
});

test("sites of an experiment lie where their images say, also on the layers that init plans", async () => {
  const directory = join(scratch.path, "screen");
  await using experiment = await makePlate(directory, {
    plates: [
      {
        wells: [
          {
            name: "A01",
            sites: plate.nominal.map(({ y, x }) => ({ positionPx: [y, x], height: SIDE, width: SIDE })),
          },
        ],
      },
    ],
    channels: [{ name: "DAPI", bitDepth: 16 }],
    pixels: ({ site }) => (site === 8 ? undefined : plate.image(site)),
  });
  const report = await registerExperiment(experiment, { workers: 2 });
  expect(report).toMatchObject({ wells: 1, registered: 7, modelled: 2, overlaps: 12, trusted: 6 });
  expect(report.largestPx).toBeLessThan(10);
  const sites = await experiment.query
    .selectFrom("sites")
    .select(["yPx", "xPx"])
    .orderBy("siteIndex")
    .execute();
  const off = [0, 1, 2, 3, 5, 6, 7].map((i) => [
    (sites[i].yPx ?? Number.NaN) - plate.true[i].y,
    (sites[i].xPx ?? Number.NaN) - plate.true[i].x,
  ]);
  for (const axis of [0, 1]) {
    const values = off.map((one) => one[axis]);
    expect(Math.max(...values) - Math.min(...values)).toBeLessThan(0.3);
  }
  expect(Math.min(...sites.map(({ yPx, xPx }) => Math.min(yPx ?? -1, xPx ?? -1)))).toBeGreaterThanOrEqual(0);
  const builder = new PyramidBuilder(experiment);
  await builder.init({ register: true });
  await expect(registerExperiment(experiment, { channel: "none" })).rejects.toThrow(
    "expected a channel none, found",
  );
});
