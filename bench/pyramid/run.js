// `npm run bench -- pyramid [registration | step | tiles, and which sizes, qualities, kinds]`: 16-bit pixels to JPEG tiles of all levels, packed into one file, beside libvips' dzsave (pyvips) on as many
// cores; the encoder alone on one worker beside libjpeg-turbo (Pillow); and the whole step from site files at 8192 and 16384 pixels a side. The peer
// is warm, in one process, with all pixels in memory, and once more from the same files. Interleaved; VITRINE_PYTHON has the peers.
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPool } from "vitrine/compute";
import { seededRandom } from "vitrine/core";
import { correctionTable, createTiles } from "vitrine/pyramid";
import { printTable } from "../figures.js";
import { makeExperiment, measureStep, prepareCorrection } from "./step.js";

const SIDE = 8192;
const BLOCK = 4096;
const SITE = 2048;
const ROUNDS = 2;
const PEER = fileURLToPath(new URL("peer.py", import.meta.url));

/** What rows can be chosen by; of each of which none is named, all are measured. */
const CHOICES = {
  parts: ["step", "tiles"],
  sides: [`${SIDE}`, `${2 * SIDE}`],
  qualities: ["75", "95"],
  kinds: ["plain", "corrected"],
};

function choiceOf(words) {
  const known = Object.values(CHOICES).flat();
  const odd = words.find((word) => !known.includes(word));
  if (odd !== undefined)
    throw new Error(`bench pyramid: expected registration, or some of ${known.join(", ")}, found ${odd}.`);
  return Object.fromEntries(
    Object.entries(CHOICES).map(([name, all]) => {
      const some = all.filter((one) => words.includes(one));
      return [name, some.length === 0 ? all : some];
    }),
  );
}

export async function run(words = []) {
  if (words[0] === "registration") return (await import("./registration.js")).runRegistration();
  const { parts, sides, qualities, kinds } = choiceOf(words);
  const folder = mkdtempSync(join(tmpdir(), "bench-pyramid-"));
  try {
    const pixels = scene();
    writeFileSync(join(folder, "pixels"), pixels);
    const lookup = Uint8Array.from({ length: 65_536 }, (_, i) =>
      Math.max(0, Math.min(255, Math.floor(((i - 100) * 255) / 3899))),
    );
    if (parts.includes("step")) {
      const steps = [];
      for (const side of sides.map(Number))
        steps.push(...(await compareSteps({ folder, pixels, side, qualities, kinds })));
      printTable(
        [
          ...["step", "ours, MP/s", "peer, MP/s", "ratio", "peer from files", "ratio"],
          ...["ours, MP a CPU s", "peer, MP a CPU s", "ratio", "memory, MiB"],
        ],
        steps,
      );
    }
    if (!parts.includes("tiles")) return;
    const rows = [];
    for (const quality of qualities.map(Number))
      rows.push(...(await compare({ folder, pixels, lookup, quality })));
    const head = [
      "work",
      "ours, MP/s",
      "peer, MP/s",
      "ratio",
      "ours, MP a CPU s",
      "peer, MP a CPU s",
      "ratio",
      "bytes a tile",
    ];
    printTable(head, rows);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareSteps({ folder, pixels, side, qualities, kinds }) {
  const directory = join(folder, `screen${side}`);
  const experiment = await makeExperiment(directory, { pixels, shown: SIDE }, side);
  try {
    await prepareCorrection(experiment);
    const rows = [];
    for (const quality of qualities.map(Number))
      rows.push(...(await compareStep({ folder, experiment, quality, side, kinds })));
    return rows;
  } finally {
    await experiment.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The step from files to an archive, processes included, beside libvips' dzsave; interleaved, bests. */
async function compareStep({ folder, experiment, quality, side, kinds }) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const ours = {};
    for (const kind of kinds)
      ours[kind] = await measureStep(experiment, { quality, illumcorr: kind === "corrected" });
    const sites = join(experiment.directory, "images");
    const peer = askPeer([join(folder, "pixels"), `${SIDE}`, `${quality}`, folder, `${side}`, sites]);
    rounds.push({ ...ours, ...peer });
  }
  const best = (what, key) => Math.min(...rounds.map((round) => round[what]?.[key] ?? Number.NaN));
  const speed = (what, key = "seconds") => side ** 2 / 1e6 / best(what, key);
  return kinds.map((name) => [
    `${side} Q${quality} ${name}`,
    ...[speed(name), speed("ready"), best("ready", "seconds") / best(name, "seconds")],
    ...[speed("files"), best("files", "seconds") / best(name, "seconds")],
    ...[speed(name, "cpu"), speed("files", "cpu"), best("files", "cpu") / best(name, "cpu")],
    Math.max(...rounds.map((round) => round[name].memory)),
  ]);
}

async function compare({ folder, pixels, lookup, quality }) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const ours = {
      pyramid: await measurePyramid({ folder, pixels, lookup, quality }),
      corrected: await measureCorrected({ folder, pixels, lookup, quality }),
      tiles: await measureTiles(pixels, lookup, quality),
    };
    const peer = askPeer([join(folder, "pixels"), `${SIDE}`, `${quality}`, folder]);
    // Beside the peer's pyramid without any correction, which it does not have.
    rounds.push({ ours, peer: peer && { ...peer, corrected: peer.pyramid } });
  }
  return [
    row(`Q${quality} pyramid, 2 workers`, SIDE ** 2 / 1e6, rounds, "pyramid"),
    row(`Q${quality} corrected, 2 workers`, SIDE ** 2 / 1e6, rounds, "corrected"),
    row(`Q${quality} tiles, 1 thread`, (2048 ** 2 * 4) / 1e6, rounds, "tiles"),
  ];
}

/** Bests of all rounds: what a shared machine disturbs least. Processor time counts all threads. */
function row(name, megapixels, rounds, what) {
  const best = (side, key) => Math.min(...rounds.map((round) => round[side]?.[what][key] ?? Number.NaN));
  const cells = ["seconds", "cpu"].flatMap((key) => {
    const [ours, peer] = [megapixels / best("ours", key), megapixels / best("peer", key)];
    return [ours, peer, ours / peer];
  });
  const bytes =
    what === "tiles" ? `${best("ours", "bytes").toFixed(0)}, ${best("peer", "bytes").toFixed(0)}` : "";
  return [name, ...cells, bytes];
}

/** Wall clock and processor time of this process since `start`. */
function elapsed(start, cpu) {
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
}

/** All levels of all blocks but those below a block's own: those are 1/1024 of the pixels. */
async function measurePyramid({ folder, pixels, lookup, quality }) {
  const pool = await createPool({ workers: 2 });
  const plan = createTiles(pool, { width: BLOCK, height: BLOCK, type: "uint16", levels: 5 });
  plan.set("lookup", lookup);
  await plan.run({ quality });
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const file = openSync(join(folder, "ours.pack"), "w");
  for (let y = 0; y < SIDE; y += BLOCK) {
    for (let x = 0; x < SIDE; x += BLOCK) {
      for (let row = 0; row < BLOCK; row++) {
        const from = (y + row) * SIDE + x;
        plan.set("pixels", pixels.subarray(from, from + BLOCK), row);
      }
      const tiles = await plan.run({ quality });
      writeSync(file, Buffer.concat(tiles.map(({ bytes }) => bytes)));
    }
  }
  closeSync(file);
  const result = elapsed(start, cpu);
  await pool.dispose();
  return result;
}

/** The same of sites, each corrected on the way (z-scores of every pixel). */
async function measureCorrected({ folder, pixels, lookup, quality }) {
  const sites = cutSites(pixels);
  const area = SITE * SITE;
  const map = (value) => Float64Array.from({ length: area }, (_, i) => value(((i % SITE) / SITE - 0.5) ** 2));
  const model = { kind: "zscore", mean: map((r) => 2.6 - 0.3 * r), deviation: map((r) => 0.3 - 0.1 * r) };
  const pool = await createPool({ workers: 2 });
  const correction = correctionTable(model, lookup);
  const site = { height: SITE, width: SITE, correction: correction.kind };
  const plan = createTiles(pool, { width: BLOCK, height: BLOCK, type: "uint16", levels: 5, site });
  plan.set("correction", correction.head);
  plan.set("offset", correction.offset);
  plan.set("divisor", correction.divisor);
  plan.set("site", sites[0]);
  await plan.run({ place: { y: 0, x: 0 } });
  await plan.run({ quality });
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const file = openSync(join(folder, "ours.pack"), "w");
  for (const { y, x } of grid(SIDE, BLOCK)) {
    let placed = Promise.resolve();
    for (const place of grid(BLOCK, SITE)) {
      // while the one before is placed
      plan.set("site", sites[((y + place.y) / SITE) * (SIDE / SITE) + (x + place.x) / SITE]);
      await placed;
      placed = plan.run({ place });
    }
    await placed;
    const tiles = await plan.run({ quality });
    writeSync(file, Buffer.concat(tiles.map(({ bytes }) => bytes)));
  }
  closeSync(file);
  const result = elapsed(start, cpu);
  await pool.dispose();
  return result;
}

/** First pixels of all squares of a square, row by row. */
function grid(side, step) {
  const across = side / step;
  return Array.from({ length: across ** 2 }, (_, i) => ({
    y: Math.floor(i / across) * step,
    x: (i % across) * step,
  }));
}

function cutSites(pixels) {
  return grid(SIDE, SITE).map(({ y, x }) => {
    const site = new Uint16Array(SITE * SITE);
    for (let row = 0; row < SITE; row++) {
      const from = (y + row) * SIDE + x;
      site.set(pixels.subarray(from, from + SITE), row * SITE);
    }
    return site;
  });
}

/** 64 tiles of level 0, four times, one worker. */
async function measureTiles(pixels, lookup, quality) {
  const pool = await createPool({ workers: 1 });
  const plan = createTiles(pool, { width: 2048, height: 2048, type: "uint8", levels: 1 });
  for (let row = 0; row < 2048; row++) {
    const values = pixels.subarray(row * SIDE, row * SIDE + 2048);
    plan.set(
      "pixels",
      Uint8Array.from(values, (value) => lookup[value]),
      row,
    );
  }
  await plan.run({ quality });
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  let bytes = 0;
  for (let i = 0; i < 4; i++) {
    for (const tile of await plan.run({ quality })) bytes += tile.bytes.length / 256;
  }
  const result = { ...elapsed(start, cpu), bytes };
  await pool.dispose();
  return result;
}

function askPeer(args) {
  const { status, stdout } = spawnSync(process.env.VITRINE_PYTHON ?? "python3", [PEER, ...args], {
    encoding: "utf8",
  });
  return status === 0 ? JSON.parse(stdout) : undefined;
}

/** Cells with noise on a background of 100; one quarter is made, all four show it. */
function scene() {
  const half = SIDE / 2;
  const random = seededRandom(7);
  const image = new Float32Array(half * half).fill(150);
  for (let cell = 0; cell < half * half * 6e-4; cell++) {
    const [cy, cx, r, a] = [
      random.uniform() * half,
      random.uniform() * half,
      4 + 10 * random.uniform(),
      400 + 2000 * random.uniform(),
    ];
    for (let y = Math.max(0, Math.ceil(cy - 3 * r)); y < Math.min(half, cy + 3 * r); y++) {
      for (let x = Math.max(0, Math.ceil(cx - 3 * r)); x < Math.min(half, cx + 3 * r); x++) {
        image[y * half + x] += a * Math.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * r * r));
      }
    }
  }
  const pixels = new Uint16Array(SIDE * SIDE);
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const value = Math.min(65_535, Math.max(0, image[y * half + x] + 15 * random.normal()));
      for (const at of [0, half, half * SIDE, half * SIDE + half]) pixels[at + y * SIDE + x] = value;
    }
  }
  return pixels;
}
