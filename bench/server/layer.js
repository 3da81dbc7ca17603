// An experiment of one well with layers, for the bench.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { addContent, createExperiment } from "vitrine/experiment";
import { writeTiff } from "vitrine/io";
import { PyramidBuilder } from "vitrine/pyramid";

const SITE = 2048;

/** A layer a channel of `side` x `side` pixels: noise and cells, so that tiles have the size of a real one's. */
export async function makeLayer(folder, { side, channels }) {
  const directory = join(folder, "screen");
  mkdirSync(join(directory, "images"), { recursive: true });
  const experiment = await createExperiment(directory);
  const cells = side / SITE;
  const names = Array.from({ length: channels }, (_, i) => `C${i}`);
  for (const [i, name] of names.entries())
    await writeTiff(join(directory, `images/${name}.tif`), {
      pages: [{ data: siteOf(i), height: SITE, width: SITE, channels: 1 }],
    });
  const places = Array.from({ length: cells * cells }, (_, siteIndex) => ({
    ...{ plate: "P", well: "A01", siteIndex },
    grid: [Math.floor(siteIndex / cells), siteIndex % cells],
  }));
  await addContent(experiment, {
    plates: [{ name: "P", nRows: 1, nColumns: 1, wells: [{ name: "A01" }] }],
    cycles: [{ cycleIndex: 0 }],
    channels: names.map((name) => ({ name, bitDepth: 16 })),
    sites: places.map((place) => ({ ...place, height: SITE, width: SITE })),
    images: places.flatMap(({ grid: _, ...place }) =>
      names.map((channel) => ({
        ...{ ...place, cycleIndex: 0, channel, tpoint: 0, zplane: 0 },
        path: `images/${channel}.tif`,
      })),
    ),
  });
  const builder = new PyramidBuilder(experiment);
  await builder.init({ clipValue: 4000 });
  await builder.submit({}, { engine: { kind: "local", tasks: 2 } });
  const { path } = await experiment.query.selectFrom("channelLayers").select("path").executeTakeFirst();
  await experiment.close();
  return { directory, archivePath: join(directory, path) };
}

/** Round cells on noise. */
function siteOf(seed) {
  const data = new Uint16Array(SITE * SITE);
  let state = 1 + seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = 180 + (state >>> 25);
  }
  for (let cell = 0; cell < 600; cell++) {
    const [cy, cx] = [(cell * 7907 + 131 * seed) % SITE, (cell * 4099 + 257 * seed) % SITE];
    for (let y = Math.max(0, cy - 20); y < Math.min(SITE, cy + 20); y++)
      for (let x = Math.max(0, cx - 20); x < Math.min(SITE, cx + 20); x++) {
        const inside = 1 - Math.hypot(y - cy, x - cx) / 20;
        if (inside > 0) data[y * SITE + x] += 2500 * inside;
      }
  }
  return data;
}
