// Alignment of random boxes, the molecules' own wedges and a mask included, models made beforehand.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPool } from "vitrine/compute";
import { seededRandom } from "vitrine/core";
import { PccAlignment, ZnccAlignment } from "vitrine/subtomogram/models";
import { startChild } from "../child.js";
import { median, printTable, verdict } from "../figures.js";
import { rested, timed } from "./timed.js";

const PEER = fileURLToPath(new URL("peer.py", import.meta.url));
const OWN = fileURLToPath(new URL("own.js", import.meta.url));
const ROUNDS = 3;
const MAX_SHIFT = 4;
const CUTOFF = 0.3;
const BAR = 10;
/** Of the peer's memory. */
const MEMORY_BAR = 0.5;
/** Angles to both sides, so that there are 1, 27 or 343 rotations. */
const RANGES = { 1: undefined, 27: [5, 5], 343: [15, 5] };
/** Molecules of a round: about a second of the peer's, who takes PCC's peaks from far smaller transforms than ZNCC's. */
const COUNTS = { zncc: { 1: 32, 27: 4, 343: 2 }, pcc: { 1: 128, 27: 16, 343: 2 } };

const CASES = [32, 48].flatMap((box) =>
  [1, 27, 343].flatMap((rotations) => [
    { box, rotations, model: "zncc", mask: true, tilt: true },
    ...(rotations === 343 ? [] : [{ box, rotations, model: "zncc", mask: false, tilt: false }]),
    { box, rotations, model: "pcc", mask: true, tilt: true },
    ...(rotations === 343 ? [] : [{ box, rotations, model: "pcc", mask: false, tilt: false }]),
  ]),
);

/** Cases as `32/27`; none: all. */
export async function run(names) {
  const python = process.env.VITRINE_PEERS_PYTHON;
  if (python === undefined) console.log("acryo: not here (VITRINE_PEERS_PYTHON); only our own figures.");
  const folder = mkdtempSync(join(tmpdir(), "bench-subtomogram-"));
  const rows = [];
  try {
    for (const one of CASES) {
      if (names.length > 0 && !names.includes(`${one.box}/${one.rotations}`)) continue;
      rows.push(await compare({ folder, python, one }));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const head = [
    "case",
    "ms a molecule",
    "CPU ms",
    "set-up s",
    "acryo ms",
    "CPU ms",
    "set-up s",
    "times",
    "CPU",
    "bar",
    "memory MB",
    "acryo MB",
    "of it",
    "bar",
  ];
  printTable(head, rows);
}

async function compare({ folder, python, one }) {
  const { box, rotations, model, mask, tilt } = one;
  const count = COUNTS[model][rotations];
  const data = writeData(folder, box, count);
  const kind = model === "zncc" ? ZnccAlignment : PccAlignment;
  const shape = [box, box, box];
  const pool = await createPool({ workers: 2, callingThread: true });
  const aligned = kind.create(
    {
      templates: [{ data: data.template, shape }],
      mask: mask ? { data: data.mask, shape } : undefined,
    },
    { rotations: RANGES[rotations], cutoff: CUTOFF, tilt: tilt ? [-60, 60] : undefined, compat: true },
  );
  const start = performance.now();
  const prepared = await aligned.prepare(pool, { maxShiftsPx: [MAX_SHIFT, MAX_SHIFT, MAX_SHIFT] });
  const setup = (performance.now() - start) / 1000;
  const peer = python === undefined ? undefined : startChild(python, [PEER]);
  const range = RANGES[rotations] ?? null;
  const question = { folder, box, model, rotations: range, mask, tilt, maxShift: MAX_SHIFT, cutoff: CUTOFF };
  const made = await peer?.ask(question);
  const rounds = [];
  await prepared.align(data.boxes);
  for (let round = 0; round < ROUNDS; round++) {
    await rested();
    const ours = await timed(() => prepared.align(data.boxes));
    await rested();
    const theirs = await peer?.ask({ count });
    rounds.push({ ours, theirs });
  }
  const peak = await peer?.ask({ peak: true });
  await peer?.end();
  prepared.dispose();
  await pool.dispose();
  const memory = await peakBytes(question, count);
  checkSame(rounds.at(-1), one);
  const of = (list) => Math.min(...list);
  const [wall, cpu] = [of(rounds.map(({ ours }) => ours.seconds)), of(rounds.map(({ ours }) => ours.cpu))];
  const name = `${model} ${box}³, ${rotations} rotations${mask ? ", mask and wedge" : ""}`;
  const mine = [name, (1000 * wall) / count, (1000 * cpu) / count, setup];
  if (made === undefined) return [...mine, "-", "-", "-", "-", "-", "-", memory / 2 ** 20, "-", "-", "-"];
  const ratio = (key) => median(rounds.map(({ ours, theirs }) => theirs[key] / ours[key]));
  const peers = [of(rounds.map((r) => r.theirs.seconds)), of(rounds.map((r) => r.theirs.cpu))];
  const times = ratio("seconds");
  return [
    ...mine,
    (1000 * peers[0]) / count,
    (1000 * peers[1]) / count,
    made.setup,
    times,
    ratio("cpu"),
    verdict(times, BAR),
    memory / 2 ** 20,
    peak.bytes / 2 ** 20,
    memory / peak.bytes,
    verdict(memory / peak.bytes, MEMORY_BAR, { atMost: true }),
  ];
}

/** The most that a process holds which aligns the same, Node included, as the peer's has Python. */
async function peakBytes(question, count) {
  const own = startChild(process.execPath, [OWN]);
  await own.ask(question);
  await own.ask({ count });
  const { bytes } = await own.ask({ peak: true });
  await own.end();
  return bytes;
}

/** A blob with lobes, seen in noise: files for the peer, arrays for us. */
function writeData(folder, box, count) {
  const random = seededRandom(box);
  const middle = (box - 1) / 2;
  const voxels = box ** 3;
  const at = (i) => [Math.floor(i / (box * box)), Math.floor(i / box) % box, i % box].map((v) => v - middle);
  const template = Float32Array.from({ length: voxels }, (_, i) => {
    const [z, y, x] = at(i);
    return Math.exp(-(z * z + 2 * y * y + 3 * (x - 2) ** 2) / (0.08 * box * box)) * (1 + 0.2 * z);
  });
  const mask = Float32Array.from({ length: voxels }, (_, i) => {
    const radius = Math.hypot(...at(i));
    return Math.min(1, Math.max(0, 0.4 * box - radius));
  });
  const all = new Float32Array(count * voxels);
  for (let i = 0; i < all.length; i++) all[i] = template[i % voxels] + random.normal();
  const quaternions = Float64Array.from({ length: 4 * count }, () => random.normal());
  for (let i = 0; i < count; i++) {
    const q = quaternions.subarray(4 * i, 4 * i + 4);
    const length = Math.hypot(...q);
    q.forEach((value, k) => {
      q[k] = value / length;
    });
  }
  for (const [name, values] of Object.entries({ template, mask, boxes: all, quaternions }))
    writeFileSync(join(folder, name), new Uint8Array(values.buffer));
  const boxes = Array.from({ length: count }, (_, i) => ({
    image: { data: all.slice(i * voxels, (i + 1) * voxels), shape: [box, box, box] },
    rotation: [...quaternions.subarray(4 * i, 4 * i + 4)],
  }));
  return { template, mask, boxes };
}

/** Relative; scores are sums in single precision. */
const SAME_SCORE = 1e-3;

/**
 * Both found the same, or the figures mean nothing. PCC's fine grid of shifts lies around the best whole one, and of two that tie to the last digits
 * (noise makes such) either may be it: one molecule of a hundred may differ by a step of that grid, which is told.
 */
function checkSame({ ours, theirs }, { model }) {
  const scores = theirs?.scores ?? [];
  const others = scores.flatMap((score, i) => {
    const found = ours.results[i].score;
    const off = Math.abs(found - score) / Math.max(1, Math.abs(score));
    return off > SAME_SCORE
      ? [{ line: `${model}: acryo's score of molecule ${i} is ${score}, ours ${found}`, off }]
      : [];
  });
  const areTies =
    model === "pcc" &&
    others.length <= scores.length / 100 &&
    others.every(({ off }) => off < 2 * SAME_SCORE);
  if (others.length > 0 && !areTies) throw new Error(others[0].line);
  for (const { line } of others) console.log(`${line}: two shifts tie`);
}
