// The refinement's job: many boxes, each with rotations and filters of its own. No peer runs beside it yet; the same boxes as whole
// searches one after the other show what the one job saves.
import { BoxCorrelationPlan, CorrelationPlan, createFft, createPool } from "vitrine/compute";
import { seededRandom } from "vitrine/core";
import { digits, median, printTable } from "../figures.js";
import { fillUniform, randomRotations } from "./workload.js";

/** Side of the template and of the box, boxes, orientations; 5 defocus values. About equal work. */
const CASES = [
  { template: 48, box: 60, boxes: 64, orientations: 196 },
  { template: 128, box: 150, boxes: 16, orientations: 196 },
  { template: 256, box: 288, boxes: 8, orientations: 98 },
  { template: 512, box: 540, boxes: 4, orientations: 49 },
];
const FILTERS = 5;
const ROUNDS = 5;

/** Prints correlations per second of both. */
export async function run() {
  const pool = await createPool();
  const rows = [];
  try {
    for (const size of CASES) rows.push(await measure(pool, size));
  } finally {
    await pool.dispose();
  }
  printTable(["box / template", "one job CC/s median (best)", "box by box", "ratio"], rows);
  return [];
}

async function measure(pool, { template: n, box, boxes, orientations }) {
  const random = seededRandom(n);
  const volume = createFft(pool, { kind: "real3d", shape: [n, n, n] });
  const section = new Float32Array(n * n);
  for (let z = 0; z < n; z++) volume.set("real", fillUniform(section, random), z * n);
  await volume.forward();
  const size = { image: [box, box], template: n, orientations, filters: FILTERS };
  const filters = fillUniform(new Float32Array(FILTERS * n * (n / 2 + 1)), random);
  const places = (box - n + 1) ** 2;
  const input = {
    image: fillUniform(new Float32Array(box * box), random),
    mean: new Float32Array(places),
    deviation: new Float32Array(places).fill(1),
    rotations: randomRotations(orientations, random),
    filterSet: 0,
  };
  const ours = await rates(() => oneJob(pool, { size, boxes, filters, input, volume }), size, boxes);
  const single = await rates(() => boxByBox(pool, { size, boxes, filters, input, volume }), size, boxes);
  volume.dispose();
  const best = digits(Math.max(...ours));
  return [
    `${box}/${n}`,
    `${digits(median(ours))} (${best})`,
    digits(median(single)),
    digits(median(ours) / median(single)),
  ];
}

async function rates(work, { orientations }, boxes) {
  await work();
  const found = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    await work();
    found.push((1000 * boxes * orientations * FILTERS) / (performance.now() - begin));
  }
  return found;
}

async function oneJob(pool, { size, boxes, filters, input, volume }) {
  const plan = new BoxCorrelationPlan(pool, { ...size, boxes, filterSets: 1 }, volume);
  plan.setFilters(0, filters);
  for (let box = 0; box < boxes; box++) plan.setBox(box, input);
  await plan.run();
  plan.dispose();
}

async function boxByBox(pool, { size, boxes, filters, input, volume }) {
  const plan = new CorrelationPlan(pool, size, volume);
  plan.setFilters(filters);
  for (let box = 0; box < boxes; box++) {
    await plan.setImage(input.image);
    plan.setRotations(input.rotations);
    await plan.run({ firstBlock: 0, lastBlock: plan.blockCount });
  }
  plan.dispose();
}
