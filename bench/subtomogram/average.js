// Averages of boxes at random places and in random directions of a tomogram in memory.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPool } from "vitrine/compute";
import { seededRandom } from "vitrine/core";
import { Molecules, SubtomogramLoader } from "vitrine/subtomogram";
import { startChild } from "../child.js";
import { median, printTable, verdict } from "../figures.js";
import { rested, timed } from "./timed.js";

const PEER = fileURLToPath(new URL("peer.py", import.meta.url));
const ROUNDS = 5;
const BAR = 5;
const SHAPE = [128, 256, 256];
const COUNT = 400;
const CASES = [32, 48].flatMap((box) => [3, 1].map((order) => ({ box, order })));

/** Boxes and rotations are not chosen here. */
export async function run() {
  const python = process.env.VITRINE_PEERS_PYTHON;
  if (python === undefined) console.log("acryo: not here (VITRINE_PEERS_PYTHON); only our own figures.");
  const folder = mkdtempSync(join(tmpdir(), "bench-subtomogram-"));
  try {
    const data = writeData(folder);
    const rows = [];
    for (const one of CASES) rows.push(await compare({ folder, python, data, ...one }));
    printTable(["case", "ms a molecule", "CPU ms", "acryo ms", "CPU ms", "times", "CPU", "bar"], rows);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compare(one) {
  const pool = await createPool({ workers: 2 });
  try {
    return await row(pool, one);
  } finally {
    await pool.dispose();
  }
}

async function row(pool, { folder, python, data, box, order }) {
  const molecules = new Molecules(data.places, data.quaternions);
  const image = { data: data.tomogram, shape: SHAPE };
  const loader = new SubtomogramLoader(image, molecules, {
    scale: 1,
    order,
    outputShape: box,
    backend: pool,
  });
  const peer = python === undefined ? undefined : startChild(python, [PEER]);
  await peer?.ask({ tomogram: folder, shape: SHAPE, order });
  await loader.average();
  await peer?.ask({ average: box });
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    await rested();
    const ours = await timed(() => loader.average());
    await rested();
    rounds.push({ ours, theirs: await peer?.ask({ average: box }) });
  }
  await peer?.end();
  const { ours, theirs } = rounds.at(-1);
  const sum = ours.results.data.reduce((total, value) => total + Math.abs(value), 0);
  if (theirs !== undefined && Math.abs(sum / theirs.sum - 1) > 1e-3)
    throw new Error(`the average of ${box}³: acryo's values sum to ${theirs.sum}, ours to ${sum}`);
  const least = (list) => (1000 * Math.min(...list)) / COUNT;
  const of = (side) => [
    least(rounds.map((round) => round[side].seconds)),
    least(rounds.map((round) => round[side].cpu)),
  ];
  const mine = [`average ${box}³, order ${order}`, ...of("ours")];
  if (theirs === undefined) return [...mine, "-", "-", "-", "-", "-"];
  const ratio = (key) => median(rounds.map((round) => round.theirs[key] / round.ours[key]));
  const times = ratio("seconds");
  return [...mine, ...of("theirs"), times, ratio("cpu"), order === 3 ? verdict(times, BAR) : ""];
}

/** Noise, and molecules whose boxes lie inside: files for the peer, arrays for us. */
function writeData(folder) {
  const random = seededRandom(1);
  const tomogram = Float32Array.from({ length: SHAPE[0] * SHAPE[1] * SHAPE[2] }, () => random.normal());
  const margin = 48;
  const places = Float64Array.from(
    { length: 3 * COUNT },
    (_, i) => margin + random.uniform() * (SHAPE[i % 3] - 2 * margin),
  );
  const quaternions = Float64Array.from({ length: 4 * COUNT }, () => random.normal());
  for (let i = 0; i < COUNT; i++) {
    const q = quaternions.subarray(4 * i, 4 * i + 4);
    const length = Math.hypot(...q);
    for (let k = 0; k < 4; k++) q[k] /= length;
  }
  for (const [name, values] of Object.entries({ tomogram, places, quaternions }))
    writeFileSync(join(folder, name), new Uint8Array(values.buffer));
  const rows = (values, width) =>
    Array.from({ length: COUNT }, (_, i) => [...values.subarray(width * i, width * (i + 1))]);
  return { tomogram, places: rows(places, 3), quaternions: rows(quaternions, 4) };
}
