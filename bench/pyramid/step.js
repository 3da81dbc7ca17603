// The whole step: 16-bit sites in TIFF files to an archive of tiles, through PyramidBuilder and the engine's processes on this machine.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { addContent, createExperiment } from "vitrine/experiment";
import { writeTiff } from "vitrine/io";
import { computeIllumination, PyramidBuilder } from "vitrine/pyramid";

const SITE = 2048;

/** An experiment of one well whose sites are the parts of a square image. */
export async function makeExperiment(directory, pixels, side) {
  mkdirSync(join(directory, "images"), { recursive: true });
  const experiment = await createExperiment(directory);
  const cells = side / SITE;
  const [sites, images] = [[], []];
  for (let siteIndex = 0; siteIndex < cells * cells; siteIndex++) {
    const [row, column] = [Math.floor(siteIndex / cells), siteIndex % cells];
    const data = new Uint16Array(SITE * SITE);
    for (let y = 0; y < SITE; y++) {
      const from = (row * SITE + y) * side + column * SITE;
      data.set(pixels.subarray(from, from + SITE), y * SITE);
    }
    const path = `images/${siteIndex}.tif`;
    await writeTiff(join(directory, path), { pages: [{ data, height: SITE, width: SITE, channels: 1 }] });
    const place = { plate: "P", well: "A01", siteIndex };
    sites.push({ ...place, height: SITE, width: SITE, grid: [row, column] });
    images.push({ ...place, cycleIndex: 0, channel: "DAPI", tpoint: 0, zplane: 0, path });
  }
  await addContent(experiment, {
    plates: [{ name: "P", nRows: 8, nColumns: 12, wells: [{ name: "A01" }] }],
    cycles: [{ cycleIndex: 0 }],
    channels: [{ name: "DAPI", bitDepth: 12 }],
    sites,
    images,
  });
  return experiment;
}

/** Statistics, once, for what is corrected. */
export function prepareCorrection(experiment) {
  return computeIllumination(experiment, { model: "median", dark: 100 });
}

/** Seconds from the first job to the archive, with what processes take to start. */
export async function measureStep(experiment, { quality, illumcorr = false }) {
  const builder = new PyramidBuilder(experiment);
  const correction = illumcorr ? { illumcorr, illumcorrModel: "median" } : {};
  await builder.init({ quality, clipValue: 4000, batchSize: 10, ...correction });
  const start = performance.now();
  await builder.submit({}, { engine: { kind: "local", tasks: 2 } });
  return (performance.now() - start) / 1000;
}
