// How far from the truth planted molecules are found, at the noise of the golden tomogram: no time, the same tomograms for the peer.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPool } from "vitrine/compute";
import { seededRandom } from "vitrine/core";
import { parseNpy } from "vitrine/io";
import { softOtsu } from "vitrine/pipe";
import { Molecules, readMoleculesCsv, SubtomogramLoader, TomogramSimulator } from "vitrine/subtomogram";
import { startChild } from "../child.js";
import { printTable, verdict } from "../figures.js";

const PEER = fileURLToPath(new URL("peer.py", import.meta.url));
const GOLDEN = fileURLToPath(new URL("../../test/golden/subtomogram/", import.meta.url));
const SHAPE = [60, 120, 120];
const SCALE = 0.5;
const NOISE = 0.25;
/** Tomograms, each with its own noise, places and orientations. */
const SEEDS = 8;
const BARS = { px: 0.15, degrees: 3 };

/** Boxes and rotations are not chosen here: 24³, 125 rotations 5 degrees apart, mask and low pass as the golden alignment has them. */
export async function run() {
  const python = process.env.VITRINE_PEERS_PYTHON;
  const template = parseNpy(readFileSync(join(GOLDEN, "template_A.npy")), "template_A.npy");
  const volume = { data: Float32Array.from(template.data, Number), shape: template.shape };
  const layout = await readMoleculesCsv(join(GOLDEN, "molecules_truth.csv"));
  const pool = await createPool({ workers: 2 });
  const folder = mkdtempSync(join(tmpdir(), "bench-planted-"));
  const peer = python === undefined ? undefined : startChild(python, [PEER]);
  const rows = [];
  try {
    for (let seed = 0; seed < SEEDS; seed++) {
      const planted = await plant({ pool, volume, layout, seed });
      const { tomogram, start, truth } = planted;
      const loader = new SubtomogramLoader(tomogram, start, { scale: SCALE, backend: pool });
      const options = {
        mask: softOtsu({ sigma: 1, radius: 1 }),
        maxShifts: 1.5,
        rotations: [10, 5],
        cutoff: 0.3,
      };
      const own = (await loader.align(volume, options)).molecules;
      const best = (await loader.align(volume, { ...options, estimate: "best" })).molecules;
      rows.push([errors(truth, own), errors(truth, best), await ofPeer(peer, { folder, volume, planted })]);
    }
  } finally {
    await peer?.end();
    await pool.dispose();
    rmSync(folder, { recursive: true });
  }
  const mean = (k, name) => rows.reduce((sum, row) => sum + (row[k]?.[name] ?? Number.NaN), 0) / rows.length;
  const names = ["this package", "this package, best of the grid", "acryo"];
  const table = names.map((name, k) => [
    name,
    mean(k, "px"),
    mean(k, "degrees"),
    k > 0 ? "" : verdict(BARS.px / mean(k, "px"), 1),
    k > 0 ? "" : verdict(BARS.degrees / mean(k, "degrees"), 1),
    rows.map((row) => (row[k] === undefined ? "-" : row[k].px.toFixed(3))).join(" "),
    rows.map((row) => (row[k] === undefined ? "-" : row[k].degrees.toFixed(2))).join(" "),
  ]);
  const head = [
    "planted",
    "voxels",
    "degrees",
    `bar ${BARS.px}`,
    `bar ${BARS.degrees}`,
    "of each seed",
    "degrees",
  ];
  printTable(head, table);
}

/** Molecules about the golden ones' places in any direction, and where they are looked for: 1.5 voxels and 2 to 10 degrees off. */
async function plant({ pool, volume, layout, seed }) {
  const random = seededRandom(1000 + seed);
  const spread = (nm) => nm * (2 * random.uniform() - 1);
  const count = layout.count;
  const places = Array.from({ length: count }, (_, i) => layout.place(i).map((at) => at + spread(SCALE / 2)));
  const turns = Array.from({ length: count }, () => unit([0, 0, 0, 0].map(() => random.normal())));
  const truth = new Molecules(places, turns);
  const image = await new TomogramSimulator({ scale: SCALE, backend: pool })
    .addMolecules(truth, volume)
    .simulate(SHAPE);
  const tomogram = { data: image.data.map((value) => value + NOISE * random.normal()), shape: SHAPE };
  const moved = places.map((place) => place.map((at) => at + spread(1.5 * SCALE)));
  const off = Array.from({ length: count }, () => {
    const degrees = 2 + 8 * random.uniform();
    return unit([0, 0, 0].map(() => random.normal())).map((value) => (value * degrees * Math.PI) / 180);
  });
  const start = new Molecules(
    moved,
    turns.map((turn, i) => turnedBy(turn, off[i])),
  );
  return { tomogram, start, truth };
}

function unit(values) {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/** A rotation (x, y, z, w) after one by a rotation vector in its own axes. */
function turnedBy([x1, y1, z1, w1], vector) {
  const angle = Math.hypot(...vector);
  const s = Math.sin(angle / 2) / angle;
  const [x2, y2, z2, w2] = [...vector.map((value) => value * s), Math.cos(angle / 2)];
  return [
    w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
    w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
    w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
    w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
  ];
}

async function ofPeer(peer, { folder, volume, planted }) {
  if (peer === undefined) return undefined;
  const { tomogram, start, truth } = planted;
  const files = {
    tomogram: tomogram.data,
    template: volume.data,
    places: Float64Array.from(start.pos),
    quaternions: Float64Array.from(start.rotator.flat()),
  };
  for (const [name, values] of Object.entries(files))
    writeFileSync(join(folder, name), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const found = await peer.ask({ planted: folder, shape: SHAPE, box: volume.shape[0] });
  return errors(truth, new Molecules(found.places, found.quaternions));
}

/** Medians over the molecules. */
function errors(truth, found) {
  const px = truth.rotator.map((_, i) =>
    Math.hypot(...found.place(i).map((nm, k) => (nm - truth.place(i)[k]) / SCALE)),
  );
  const degrees = truth.rotator.map((turn, i) => {
    const dot = turn.reduce((sum, value, k) => sum + value * found.rotator[i][k], 0);
    return (360 / Math.PI) * Math.acos(Math.min(1, Math.abs(dot)));
  });
  return { px: middle(px), degrees: middle(degrees) };
}

function middle(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[sorted.length >> 1] + sorted[(sorted.length - 1) >> 1]) / 2;
}
