// `npm run bench -- experiment objects`: 10^5 outlines of 20 corners on 20,000² pixels, 1,000 windows that some 93 of them meet each, with whole
// outlines, and simplified; beside shapely's STRtree in memory (VITRINE_PYTHON), which keeps no database. Interleaved.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "vitrine/core";
import { createExperiment, importGeojson, queryMapobjects } from "vitrine/experiment";
import { startChild } from "../child.js";
import { printTable } from "../figures.js";

const [OBJECTS, EXTENT, WINDOWS, SIDE, ROUNDS] = [100_000, 20_000, 1000, 590, 5];
const PEER = fileURLToPath(new URL("peer.py", import.meta.url));
const MAX_ZOOM = 8;

export async function run([what = "objects"]) {
  if (what !== "objects") throw new Error(`bench: expected objects, found ${what}`);
  const folder = mkdtempSync(join(tmpdir(), "bench-experiment-"));
  try {
    await measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder) {
  const random = seededRandom(5);
  const path = join(folder, "cells.geojson");
  writeFileSync(path, scene(random));
  const windows = Array.from({ length: WINDOWS }, () => [
    random.uniform() * EXTENT,
    random.uniform() * EXTENT,
  ]);
  const experiment = await createExperiment(join(folder, "screen"));
  try {
    await compare(experiment, path, windows);
  } finally {
    await experiment.close();
  }
}

async function compare(experiment, path, windows) {
  const imported = await timed(() => importGeojson(experiment, { path, type: "Cells" }));
  console.log(
    `import of ${OBJECTS} features (GeoJSON, checked, indexed, on the disk): ${imported.seconds.toFixed(2)} s`,
  );
  const ask = (options) => async () => {
    let hits = 0;
    for (const [y, x] of windows) {
      const window = { y, x, height: SIDE, width: SIDE };
      hits += (await queryMapobjects(experiment, { type: "Cells", window, ...options })).ids.length;
    }
    return hits;
  };
  const peer = startPeer(path, windows);
  const ours = { first: [], whole: [], coarse: [] };
  const theirs = [];
  ours.first.push(await timed(ask({})));
  await ask({ zoom: 6, maxZoom: MAX_ZOOM })();
  for (let round = 0; round < ROUNDS; round++) {
    ours.whole.push(await timed(ask({})));
    if (peer) theirs.push(await peer.ask({}));
    ours.coarse.push(await timed(ask({ zoom: 6, maxZoom: MAX_ZOOM })));
  }
  await peer?.end();
  const row = (name, runs) => {
    const times = runs.map(({ seconds }) => seconds).sort((a, b) => a - b);
    return [
      name,
      String(runs[0].result ?? runs[0].hits),
      times[0].toFixed(3),
      times[times.length >> 1].toFixed(3),
      Math.min(...runs.map(({ cpu = Number.NaN }) => cpu)).toFixed(3),
    ];
  };
  printTable(
    ["1,000 windows", "hits", "minimum, s", "median, s", "least CPU, s"],
    [
      row("first time, layer loaded on the way", ours.first),
      row("whole outlines", ours.whole),
      row("simplified, 2 zooms above", ours.coarse),
      ...(theirs.length > 0 ? [row("shapely STRtree: outlines as WKB", theirs)] : []),
    ],
  );
}

async function timed(task) {
  const [began, before] = [performance.now(), process.cpuUsage()];
  const result = await task();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 };
}

/** Outlines of 20 corners at random radii about a centre, at quarters of pixels. */
function scene(random) {
  const round = (value) => Math.round(4 * value) / 4;
  const features = Array.from({ length: OBJECTS }, () => {
    const [x, y, radius] = [
      20 + random.uniform() * (EXTENT - 40),
      20 + random.uniform() * (EXTENT - 40),
      5 + 12 * random.uniform(),
    ];
    const ring = Array.from({ length: 20 }, (_, k) => {
      const [angle, r] = [(k * Math.PI) / 10, radius * (0.8 + 0.4 * random.uniform())];
      return [round(x + r * Math.cos(angle)), round(y + r * Math.sin(angle))];
    });
    return JSON.stringify({
      type: "Feature",
      geometry: { type: "Polygon", coordinates: [[...ring, ring[0]]] },
      properties: {},
    });
  });
  return `{"type":"FeatureCollection","features":[${features.join(",\n")}]}`;
}

function startPeer(path, windows) {
  const python = process.env.VITRINE_PYTHON;
  if (python !== undefined) return startChild(python, [PEER, path, JSON.stringify(windows), String(SIDE)]);
  console.log("no VITRINE_PYTHON: without shapely");
  return undefined;
}
