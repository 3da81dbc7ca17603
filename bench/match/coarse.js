// `npm run bench -- match coarse`: what a search with a coarse pass loses and saves. Micrographs with particles about the threshold
// are searched at every orientation, then coarsely; a particle of the full search is kept where the other has it too.
import { createPool } from "../../dist/compute/index.js";
import { coarseInputs } from "../../dist/match/coarse/coarseInputs.js";
import { findCandidates, rescoreSearch } from "../../dist/match/coarse/coarseSearch.js";
import {
  findPeaks,
  gaussianCutoff,
  resultMap,
  scatterParticles,
  searchSpace,
  simulateMicrograph,
  simulateMolecule,
  TemplateSearch,
  templateFromVolume,
  volumeFromMolecule,
} from "../../dist/match/index.js";
import { preprocessMicrograph } from "../../dist/match/search/searchFilters.js";
import { digits, median, printTable } from "../figures.js";
import { PIXEL_SIZE_A, searchSettings } from "./settings.js";
import { correlationsOf, createWorkload, secondsOf } from "./workload.js";

const SHAPE = [512, 512];
const BOX = 64;
const STEP_DEG = 15;
const PARTICLES = 12;
const MICROGRAPHS = 4;
/** z-score that a perfect filter would give; 0: no particles. The full search finds few of the first and all of the last. */
const SIGNALS = [9, 11, 13, 0];
/** Candidates expected in noise, and orientations of the sample where it is not the default. */
const CASES = [
  { factor: 2, asked: 100 },
  { factor: 2, asked: 1000 },
  { factor: 2, asked: 1000, samples: Number.POSITIVE_INFINITY },
  { factor: 3, asked: 1000 },
  { factor: 4, asked: 1000 },
];
/** Expected in a micrograph; enough of them to compare in pure noise. */
const falsePositivesOf = (signal) => (signal === 0 ? 50 : 1);
const RADIUS = { maskRadiusPx: 5 };
const SLICES = { exactSlices: true };

/** Sizes at which rates of full and coarse correlations are compared. */
const RATES = [
  { image: 1024, template: 128, blocks: 4 },
  { image: 2048, template: 256, blocks: 2 },
];

/** Prints what is kept, how z-scores differ, and the time it takes. */
export async function run() {
  const pool = await createPool();
  try {
    const rows = [];
    for (const signal of SIGNALS) {
      rows.push(...(await compare(pool, signal)));
      console.log(
        `signal ${signal}: ${rows
          .slice(-CASES.length)
          .map((row) => `${row[5]} of ${row[4]}`)
          .join(", ")} kept`,
      );
    }
    printTable(
      [
        "signal",
        "factor",
        "sample",
        "candidates: asked, had",
        "full search",
        "kept",
        "other",
        "z / full z",
        "coarse pass faster",
        "in all faster",
      ],
      rows,
    );
    console.log("");
    const rates = [];
    for (const size of RATES) for (const factor of [2, 4]) rates.push(await rateOf(pool, size, factor));
    printTable(["image / template", "factor", "coarse correlations/s over full"], rates);
  } finally {
    await pool.dispose();
  }
  return [];
}

const settings = searchSettings({ stepDeg: STEP_DEG });
const space = searchSpace(settings);

async function compare(pool, signal) {
  const sums = CASES.map(() => ({ had: 0, kept: 0, other: 0, ratios: [], pass: [], all: [] }));
  let found = 0;
  for (let seed = 1; seed <= MICROGRAPHS; seed++) {
    const inputs = await scene(pool, { signal, seed });
    const falsePositives = falsePositivesOf(signal);
    const full = await fullSearch(pool, inputs, falsePositives);
    found += full.peaks.length;
    for (const [i, each] of CASES.entries()) {
      const { candidates, peaks, seconds } = await coarseSearch(pool, inputs, { ...each, falsePositives });
      const pairs = full.peaks.map((peak) => [peak, peaks.find((other) => isSame(peak, other))]);
      const both = pairs.filter(([, other]) => other !== undefined);
      sums[i].had += candidates;
      sums[i].kept += both.length;
      sums[i].other += peaks.length - both.length;
      sums[i].ratios.push(...both.map(([peak, other]) => other.zScore / peak.zScore));
      sums[i].pass.push(full.seconds / seconds.pass);
      sums[i].all.push(full.seconds / seconds.all);
    }
  }
  return CASES.map(({ factor, asked, samples }, i) => {
    const { had, kept, other, ratios, pass, all } = sums[i];
    const kind = signal === 0 ? "noise" : signal;
    return [
      ...[kind, factor, samples === undefined ? "1000" : "all"].map(String),
      ...[`${asked}, ${Math.round(had / MICROGRAPHS)}`, found, kept, other].map(String),
      ratios.length > 1 ? `${mean(ratios).toFixed(3)} ± ${deviation(ratios).toFixed(3)}` : "-",
      digits(median(pass)),
      digits(median(all)),
    ];
  });
}

const isSame = (a, b) => Math.hypot(a.y - b.y, a.x - b.x) < 3;

async function scene(pool, { signal, seed }) {
  const molecule = simulateMolecule({ seed: 4, atomCount: 200, radiusA: 50, sigmaA: 2.2 });
  const template = templateFromVolume(
    volumeFromMolecule(molecule, { boxSize: BOX, voxelSizeA: PIXEL_SIZE_A }),
  );
  const { eulerAnglesDeg } = space;
  const where = { count: PARTICLES, shape: SHAPE, boxSize: BOX, seed, eulerAnglesDeg, jitterDeg: 1 };
  const planted = signal === 0 ? [] : scatterParticles(where);
  const how = { shape: SHAPE, pixelSizeA: PIXEL_SIZE_A, boxSize: BOX, optics: settings.optics, signal };
  const micrograph = simulateMicrograph(molecule, planted, { ...how, seed: 100 + seed });
  const prepared = await preprocessMicrograph(pool, micrograph, settings.filters);
  return { prepared, shape: SHAPE, template, settings, space };
}

async function searchAll(pool, inputs) {
  const search = await TemplateSearch.fromPrepared(pool, inputs, SLICES);
  await search.run();
  return search;
}

async function fullSearch(pool, inputs, falsePositives) {
  let search;
  const seconds = await secondsOf(async () => {
    search = await searchAll(pool, inputs);
  });
  const { statistics, size } = search;
  const map = { data: resultMap({ statistics, space }, "scaledMip"), shape: statistics.shape };
  const { correlations } = size;
  const cutoff = gaussianCutoff({ falsePositives, pixels: map.data.length, correlations });
  search.dispose();
  return { peaks: findPeaks(map, { cutoff, ...RADIUS }), seconds };
}

async function coarseSearch(pool, inputs, { factor, asked, samples, falsePositives }) {
  const start = performance.now();
  const coarse = await coarseInputs(pool, inputs, factor);
  const search = await searchAll(pool, coarse);
  const pass = (performance.now() - start) / 1000;
  const mapShape = SHAPE.map((length) => length - BOX + 1);
  const source = { statistics: search.statistics, space: coarse.space };
  const { candidates } = findCandidates(source, { factor, candidates: asked, mapShape, ...RADIUS });
  search.dispose();
  const options = { factor, falsePositives, samples, ...RADIUS, ...SLICES };
  const { peaks } = await rescoreSearch(pool, { inputs, candidates }, options);
  return { candidates: candidates.length, peaks, seconds: { pass, all: (performance.now() - start) / 1000 } };
}

/** Correlations per second at the coarse size over those at the full one, in turns. */
async function rateOf(pool, { image, template, blocks }, factor) {
  const full = await createWorkload(pool, { image, template }, blocks);
  const coarse = await createWorkload(
    pool,
    { image: image / factor, template: template / factor },
    blocks * factor,
  );
  const ratios = [];
  for (let round = 0; round < 4; round++) {
    const slow = (await secondsOf(() => full.run())) / correlationsOf(blocks);
    const fast = (await secondsOf(() => coarse.run())) / correlationsOf(blocks * factor);
    if (round > 0) ratios.push(slow / fast); // the first warms up
  }
  full.dispose();
  coarse.dispose();
  return [`${image} / ${template}`, String(factor), digits(median(ratios))];
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values) {
  const average = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - average) ** 2)));
}
