// The whole step: 16-bit sites in TIFF files to an archive of tiles, through PyramidBuilder and the engine's processes on this machine.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { addContent, createExperiment } from "vitrine/experiment";
import { writeTiff } from "vitrine/io";
import { computeIllumination, PyramidBuilder } from "vitrine/pyramid";

const SITE = 2048;

/** An experiment of one well whose sites are the parts of a square image of `side` pixels, which may show a smaller one again and again. */
export async function makeExperiment(directory, { pixels, shown }, side) {
  mkdirSync(join(directory, "images"), { recursive: true });
  const experiment = await createExperiment(directory);
  const cells = side / SITE;
  const [sites, images] = [[], []];
  for (let siteIndex = 0; siteIndex < cells * cells; siteIndex++) {
    const [row, column] = [Math.floor(siteIndex / cells), siteIndex % cells];
    const data = new Uint16Array(SITE * SITE);
    for (let y = 0; y < SITE; y++) {
      const from = ((row * SITE + y) % shown) * shown + ((column * SITE) % shown);
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

/** Seconds from the first job to the archive, with what processes take to start, and the most memory of all processes together, MiB. */
export async function measureStep(experiment, { quality, batchSize, illumcorr = false }) {
  const builder = new PyramidBuilder(experiment);
  const correction = illumcorr ? { illumcorr, illumcorrModel: "median" } : {};
  await builder.init({ quality, clipValue: 4000, batchSize, ...correction });
  const memory = watchMemory();
  const start = performance.now();
  await builder.submit({}, { engine: { kind: "local", tasks: 2 } });
  const seconds = (performance.now() - start) / 1000;
  return { seconds, memory: memory.stop() };
}

/** Looks every 50 ms at the memory of this process's children; on Linux alone. */
function watchMemory() {
  let most = Number.NaN;
  const timer = setInterval(() => {
    try {
      const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
      const bytes = children.filter(Boolean).reduce((sum, pid) => sum + residentMib(pid), 0);
      most = Math.max(Number.isNaN(most) ? 0 : most, bytes);
    } catch {
      // another system, or a process that has just ended
    }
  }, 50);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}

function residentMib(pid) {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return line === null ? 0 : Number(line[1]) / 1024;
}
