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

// Node 20 reads these at the start of every process, 40 ms where they are all certificates of a system; no other program here does.
delete process.env.NODE_EXTRA_CA_CERTS;

/**
 * Seconds from the first job to the archive of jobs of 100 sites, as is the default, with what processes take to start; what all processes together take, this one too: the most memory,
 * MiB, and processor time, s. Both of children are looked at every 50 ms, on Linux alone.
 */
export async function measureStep(experiment, { quality, illumcorr = false }) {
  const builder = new PyramidBuilder(experiment);
  const correction = illumcorr ? { illumcorr, illumcorrModel: "median" } : {};
  await builder.init({ quality, clipValue: 4000, ...correction });
  const children = watchChildren();
  const [start, before] = [performance.now(), process.cpuUsage()];
  await builder.submit({}, { engine: { kind: "local", tasks: 2 } });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const { memory, cpu } = children.stop();
  return { seconds, memory, cpu: cpu + (user + system) / 1e6 };
}

function watchChildren() {
  let memory = Number.NaN;
  const cpus = new Map();
  const timer = setInterval(() => {
    try {
      const pids = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
      let mib = process.memoryUsage.rss() / 2 ** 20;
      for (const pid of pids.filter(Boolean)) {
        mib +=
          Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
        const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        cpus.set(pid, (Number(fields[11]) + Number(fields[12])) / 100);
      }
      memory = Math.max(Number.isNaN(memory) ? 0 : memory, mib);
    } catch {
      // another system, or a process that has just ended
    }
  }, 50);
  return {
    stop() {
      clearInterval(timer);
      return {
        memory,
        cpu: cpus.size === 0 ? Number.NaN : [...cpus.values()].reduce((sum, one) => sum + one, 0),
      };
    },
  };
}
