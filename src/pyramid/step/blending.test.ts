import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { createPool } from "../../compute/index.ts";
import { composeBlock, createTiles, openLayerArchive, PyramidBuilder, scaleTable } from "../index.ts";

const scratch = scratchFolder("blending");
afterAll(() => scratch.remove());

const [HEIGHT, WIDTH] = [120, 200];
const PLACES = [
  [0, 0],
  [3.4, 150.3],
] as const;

function sitePixels(site: number): Uint16Array {
  return Uint16Array.from({ length: HEIGHT * WIDTH }, (_, i) => 300 + ((i * (7 + site)) % 2000) + 500 * site);
}

test("sites that lie at fractions of a pixel are blended as composeBlock does, whatever jobs they fall into", async () => {
  const sites = PLACES.map((positionPx) => ({ positionPx, height: HEIGHT, width: WIDTH }));
  await using experiment = await makePlate(join(scratch.path, "screen"), {
    plates: [{ wells: [{ name: "A01", sites }] }],
    channels: [{ name: "DAPI", bitDepth: 12 }],
    pixels: ({ site }) => sitePixels(site),
  });
  const builder = new PyramidBuilder(experiment);
  const how = { blend: "linear", featherPx: 30, resample: "bilinear" } as const;
  await builder.init(how);
  const { layers } = await builder.submit({ memory: 300 }, { engine: { kind: "local" } });

  const map = { y: 0, x: 0, height: 3 + HEIGHT, width: 150 + WIDTH };
  const block = { ...map, data: new Uint16Array(map.height * map.width) };
  const placed = PLACES.map(([y, x], site) => ({
    y,
    x,
    height: HEIGHT,
    width: WIDTH,
    data: sitePixels(site),
  }));
  composeBlock(placed, block, how);
  await using pool = await createPool({ workers: 1 });
  const plan = createTiles(pool, {
    height: map.height,
    width: map.width,
    type: "uint16",
    levels: 1,
    areTilesFull: true,
  });
  plan.set("lookup", scaleTable({ lower: 0, upper: 4095 }));
  plan.set("pixels", block.data);
  await using archive = await openLayerArchive(join(experiment.directory, layers[0].path));
  for (const { bytes, ...place } of await plan.run({ quality: 95 }))
    expect(await archive.readTile(place)).toEqual(bytes);
  plan.dispose();
});
