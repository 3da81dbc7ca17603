// `npm run bench -- likelihood [templates…]`: the best pose of 64 images of 128 pixels among 200 and 1000 templates x 9 displacements.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool } from "../../dist/compute/index.js";
import { computeOptimalPose, prepareTemplates, translationKernel } from "../../dist/likelihood/index.js";
import { startChild } from "../child.js";
import { digits, median, printTable, verdict } from "../figures.js";
import { boxSizeA, displacements, grid, makeImages, makeTemplates } from "./workload.js";

const WORKERS = 2;
const IMAGES = 64;
/** Images whose correlations are compared one by one at a time. */
const BLOCK = 4;
const ROUNDS = 3;
/** Seconds of CryoLike 0.0.1 at its best batch, 2 cores of an EPYC with AVX-512 (reference page); it is on no registry. */
const RECORDED = { 200: 2.0, 1000: 10.4 };

/** Sizes that `args` names, else both of the page. */
export async function run(args) {
  const sizes = args.length > 0 ? args.map(Number) : [200, 1000];
  const python = process.env.VITRINE_PEERS_PYTHON ?? "python3";
  const rows = [];
  for (const size of sizes) rows.push(...(await measure(size, python)));
  printTable(["templates", "what", "s (min)", "median", "x torch", "x recorded", "bar", ""], rows);
}

const seconds = async (work) => {
  const began = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - began) / 1000 };
};

async function measure(size, python) {
  const templates = makeTemplates(size);
  const side = makeImages(IMAGES, templates);
  const request = { templates, grid, displacements: displacements(), boxSizeA, ...side };
  const folder = mkdtempSync(join(tmpdir(), "bench-likelihood-"));
  const child = writeCase(folder, request, python);
  const pool = await createPool({ workers: WORKERS });
  try {
    const first = await seconds(() => computeOptimalPose(pool, request));
    const prepared = prepareTemplates(pool, request);
    const exact = prepareTemplates(pool, request, { method: "exact", memoryBytes: 3.2 * 2 ** 30 });
    const times = { cold: [first.seconds], warm: [], exact: [], torch: [] };
    let [fast, whole, peer] = [undefined, undefined, undefined];
    for (let round = 0; round <= ROUNDS; round++) {
      const warm = await seconds(() => prepared.compare(side, { kept: "pose" }));
      fast = warm.result;
      if (round > 0) times.warm.push(warm.seconds);
      if (round < 2) {
        if (round === 1) times.cold.push((await seconds(() => computeOptimalPose(pool, request))).seconds);
        const one = await seconds(() => exact.compare(side, { kept: "pose" }));
        whole = one.result;
        times.exact.push(one.seconds);
      }
      if (child !== undefined && (round === 1 || size <= 200)) {
        peer = await child.ask(caseOf(folder, request));
        times.torch.push(peer.seconds);
      }
    }
    const furthest = await furthestOf(side, prepared, exact);
    prepared.dispose();
    exact.dispose();
    report(size, { fast, whole, peer, furthest });
    return tableRows(size, times);
  } finally {
    await pool.dispose();
    await child?.end();
    rmSync(folder, { recursive: true });
  }
}

/** Largest difference of any correlation of all images, templates, displacements and rotations. */
async function furthestOf({ images, ctf }, prepared, exact) {
  const row = (images.data.length / IMAGES) * BLOCK;
  const block = ({ shape: [, shells, inplanes], data }, length, i) => ({
    shape: [BLOCK, shells, inplanes],
    data: data.subarray(length * i, length * (i + 1)),
  });
  let most = 0;
  for (let i = 0; i < IMAGES / BLOCK; i++) {
    const side = { images: block(images, row, i), ctf: block(ctf, row / 2, i) };
    const all = { kept: "everything" };
    const [{ values: one }, { values: other }] = [
      await prepared.compare(side, all),
      await exact.compare(side, all),
    ];
    for (let k = 0; k < one.length; k++) most = Math.max(most, Math.abs(one[k] - other[k]));
  }
  return most;
}

function writeCase(folder, request, python) {
  writeFileSync(join(folder, "templates.bin"), request.templates.data);
  writeFileSync(join(folder, "images.bin"), request.images.data);
  writeFileSync(join(folder, "ctf.bin"), request.ctf.data);
  writeFileSync(
    join(folder, "kernels.bin"),
    Float32Array.from(translationKernel(grid, request.displacements, boxSizeA)),
  );
  writeFileSync(join(folder, "weights.bin"), Float32Array.from(grid.integrationWeights));
  if (python.includes("/") && !existsSync(python)) {
    console.log(`no ${python}: without torch. Set VITRINE_PEERS_PYTHON to a Python that has it.`);
    return undefined;
  }
  return startChild(python, [new URL("peer.py", import.meta.url).pathname, `${WORKERS}`]);
}

function caseOf(folder, { templates, images, displacements: moved }) {
  const [count, shells, inplanes] = templates.shape;
  return {
    folder,
    templates: count,
    images: images.shape[0],
    displacements: moved.x.length,
    shells,
    inplanes,
    perBatch: 8,
  };
}

function report(size, { fast, whole, peer, furthest }) {
  const same = (a, b) =>
    a.template === b.template && a.displacement === b.displacement && a.rotation === b.rotation;
  const most = Math.max(...fast.best.map(({ value }, i) => Math.abs(value - whole.best[i].value)));
  const equal = fast.best.filter((pose, i) => same(pose, whole.best[i])).length;
  console.log(
    `${size} templates: ${fast.depth} of ${whole.depth} products; bound ${fast.errorBound.toExponential(1)}, best correlations within ${most.toExponential(1)}, all within ${furthest.toExponential(1)} (bar 2e-5: ${furthest <= 2e-5 ? "met" : "MISSED"}), ${equal}/${IMAGES} same poses`,
  );
  if (peer === undefined) return;
  const torch = peer.pose.filter(([template, displacement, rotation], i) =>
    same({ template, displacement, rotation }, whole.best[i]),
  ).length;
  const far = Math.max(...peer.best.map((value, i) => Math.abs(value - whole.best[i].value)));
  console.log(
    `  torch: best correlations within ${far.toExponential(1)} of ours, ${torch}/${IMAGES} same poses`,
  );
}

function tableRows(size, times) {
  const bars = { warm: 20, cold: 2, exact: 1.5 };
  const torch = Math.min(...times.torch);
  return Object.entries(times)
    .filter(([, list]) => list.length > 0)
    .map(([what, list]) => {
      const least = Math.min(...list);
      const ratio = torch / least;
      const recorded = RECORDED[size] === undefined ? "-" : digits(RECORDED[size] / least);
      const bar = bars[what];
      if (bar === undefined) return [`${size}`, what, least, median(list), "1", recorded, "-", ""];
      return [
        `${size}`,
        what,
        least,
        median(list),
        ratio,
        recorded,
        `${bar}`,
        Number.isFinite(ratio) ? verdict(ratio, bar) : "-",
      ];
    });
}
