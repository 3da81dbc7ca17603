// `npm run bench -- pyramid registration`: sites of planted plates, registered by us and by ashlar (PyPI) on the same two cores, one after the
// other, case by case. VITRINE_ASHLAR is a Python that has ashlar; it needs Java, which it loads though nothing here is read through it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { createPool } from "vitrine/compute";
import { registerMosaic } from "vitrine/pyramid";
import { printTable } from "../figures.js";

const PEER = fileURLToPath(new URL("registrationPeer.py", import.meta.url));
const PLATE = { rows: 5, columns: 5, height: 512, width: 512, overlapPx: 52, stageErrorPx: 3 };
const CASES = {
  "3 cells on 10,000 px": {},
  "1 cell": { density: 1 },
  "0.3 cells": { density: 0.3 },
  "noise of 15": { noise: 15 },
  "light falls off by 0.4": { falloff: 0.4 },
  "backlash of 8 px, 3 empty sites": { backlashPx: 8, blank: [6, 12, 18] },
  "camera turned by 0.5°, 3 empty sites": { cameraAngleDeg: 0.5, blank: [6, 12, 18] },
};
/** Sites further off than that have failed, pixels. */
const FAILED = 1;
const MAX_SHIFT = 16;
const SIGMAS = [1];

/** Everything beside ashlar with its own filter (Laplacian) and with the better one (LoG, sigma 1). */
export async function runRegistration() {
  const support = fileURLToPath(new URL("../../test/support/syntheticPlate.ts", import.meta.url));
  const { module } = await runnerImport(support, { logLevel: "error" });
  const rows = [];
  const pool = await createPool({ workers: 2 });
  for (const [name, options] of Object.entries(CASES)) {
    const plate = module.syntheticPlate({ ...PLATE, ...options });
    const images = plate.nominal.map((_, i) => plate.image(i));
    if (rows.length === 0) await ours(pool, plate, images);
    const found = await ours(pool, plate, images);
    const scored = (result) => scoreOf(result, plate, options.blank ?? []);
    rows.push([name, "ours", ...scored(found), ""]);
    for (const sigma of SIGMAS) {
      const peer = askAshlar(plate, images, sigma);
      const ratio = peer && peer.seconds / found.seconds;
      rows.push([
        "",
        `ashlar, sigma ${sigma}`,
        ...(peer ? scored(peer) : Array(6).fill("-")),
        ratio?.toFixed(0) ?? "-",
      ]);
    }
  }
  await pool.dispose();
  const head = [
    "plate",
    "by",
    "rms px",
    "max px",
    "failed",
    "empty sites, rms px",
    "seconds",
    "CPU s",
    "times ours",
  ];
  printTable(head, rows);
}

async function ours(pool, plate, images) {
  const { height, width } = plate;
  const sites = plate.nominal.map((place) => ({ ...place, height, width }));
  const readSite = async (i) => ({ height, width, data: images[i] });
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const { positions } = await registerMosaic(pool, { sites, readSite }, { maxShiftPx: MAX_SHIFT });
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - start) / 1000;
  return { seconds, cpu: (user + system) / 1e6, positions: positions.map(({ y, x }) => [y, x]) };
}

/** Of sites with cells, in the frame of their middle error: rms of those that have not failed, largest, how many failed; then of empty ones. */
function scoreOf({ positions, seconds, cpu }, plate, blank) {
  const off = positions.map(([y, x], i) => [y - plate.true[i].y, x - plate.true[i].x]);
  const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  const seen = off.filter((_, i) => !blank.includes(i));
  const [y, x] = [0, 1].map((k) => middle(seen.map((one) => one[k])));
  const distance = (one) => Math.hypot(one[0] - y, one[1] - x);
  const rms = (values) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  const distances = seen.map(distance);
  const empty = off.filter((_, i) => blank.includes(i)).map(distance);
  const failed = distances.filter((value) => value > FAILED).length;
  return [
    rms(distances.filter((value) => value <= FAILED)).toFixed(3),
    Math.max(...distances).toFixed(2),
    `${failed} of ${seen.length}`,
    empty.length === 0 ? "" : rms(empty).toFixed(2),
    seconds.toFixed(2),
    cpu.toFixed(2),
  ];
}

function askAshlar({ height, width, nominal }, images, sigma) {
  const folder = mkdtempSync(join(tmpdir(), "bench-registration-"));
  try {
    const plate = { height, width, maxShiftPx: MAX_SHIFT, nominal: nominal.map(({ y, x }) => [y, x]) };
    writeFileSync(join(folder, "plate.json"), JSON.stringify(plate));
    writeFileSync(join(folder, "sites"), Buffer.concat(images.map(({ buffer }) => Buffer.from(buffer))));
    const python = process.env.VITRINE_ASHLAR ?? "python3";
    const { status, stdout } = spawnSync(python, [PEER, folder, `${sigma}`], { encoding: "utf8" });
    return status === 0 ? JSON.parse(stdout.trim().split("\n").at(-1)) : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
