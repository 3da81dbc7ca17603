/** An experiment for pages to show. */
import { addMapobjects } from "../../src/experiment/index.ts";
import { PyramidBuilder } from "../../src/pyramid/index.ts";
import { gridSites, makePlate } from "./plateCase.ts";

/** Two wells of two sites, two channels, and a square in the middle of each site whose area is its number. */
export async function makeScreen(directory: string): Promise<void> {
  await using experiment = await makePlate(directory, {
    plates: [{ wells: ["A01", "B03"].map((name) => ({ name, sites: gridSites(1, 2, [200, 240]) })) }],
    channels: ["DAPI", "GFP"].map((name) => ({ name, bitDepth: 8 })),
    pixels: ({ site, channel, height, width }) =>
      Uint8Array.from({ length: height * width }, (_, i) =>
        channel === "DAPI" ? 60 + 40 * site : (i % width) & 127,
      ),
  });
  const builder = new PyramidBuilder(experiment);
  await builder.init();
  await builder.submit({}, { engine: { kind: "local" } });
  const sites = await experiment.query
    .selectFrom("mapobjectSegmentations as s")
    .innerJoin("mapobjects as o", "o.id", "s.mapobjectId")
    .innerJoin("mapobjectTypes as t", "t.id", "o.mapobjectTypeId")
    .select(["minY", "minX", "maxY", "maxX"])
    .where("t.refType", "=", "Site")
    .orderBy("o.refId")
    .execute();
  const objects = sites.map(({ minY, minX, maxY, maxX }, i) => {
    const [y, x] = [Math.round((minY + maxY) / 2), Math.round((minX + maxX) / 2)];
    const ring = [
      [x - 40, y - 40],
      [x + 40, y - 40],
      [x + 40, y + 40],
      [x - 40, y + 40],
      [x - 40, y - 40],
    ].map(([px, py]) => [px, py] as const);
    return {
      segmentations: [{ geometry: { type: "Polygon" as const, coordinates: [ring] } }],
      features: [{ values: { area: i } }],
    };
  });
  await addMapobjects(experiment, { type: "Cells", objects });
}
