// `npm run bench -- match noise`: does the false discovery rate hold? Searches of 200 micrographs of pure noise, where every particle is false.
import { createPool } from "../../dist/compute/index.js";
import { seededRandom } from "../../dist/core/index.js";
import {
  findPeaks,
  findPeaksByFdr,
  gaussianCutoff,
  resultMap,
  simulateMolecule,
  TemplateSearch,
  templateFromVolume,
  volumeFromMolecule,
} from "../../dist/match/index.js";
import { PIXEL_SIZE_A, searchSettings } from "./settings.js";

const MICROGRAPHS = 200;
const SIDE = 128;
const BOX = 32;
const RATES = [0.01, 0.05, 0.2];
/** The default mask, about a template's correlation length, and a narrower one, for which nothing is promised. */
const RADII = [5, 3];

/** Coarse grids through 90°, where rounded slices give uneven deviations and high false peaks, and exact slices. */
const CASES = [
  { name: "30°, 3 defoci", grid: { stepDeg: 30, hasDefoci: true }, exactSlices: false },
  { name: "15°", grid: { stepDeg: 15 }, exactSlices: false },
  { name: "30°, 3 defoci, exact slices", grid: { stepDeg: 30, hasDefoci: true }, exactSlices: true },
  { name: "15°, exact slices", grid: { stepDeg: 15 }, exactSlices: true },
];

/** Prints how many of the noise micrographs have a find; a verdict for each rate. */
export async function run() {
  const figures = [];
  const pool = await createPool();
  try {
    for (const scene of CASES) figures.push(...(await measure(pool, scene)));
  } finally {
    await pool.dispose();
  }
  return figures;
}

async function measure(pool, { name, grid, exactSlices }) {
  const molecule = simulateMolecule({ seed: 3, atomCount: 300, radiusA: 24, sigmaA: 2.4 });
  const volume = volumeFromMolecule(molecule, { boxSize: BOX, voxelSizeA: PIXEL_SIZE_A });
  const template = templateFromVolume(volume);
  const settings = searchSettings(grid);
  const finds = RADII.map(() => RATES.map(() => 0));
  let gaussian = 0;
  for (let seed = 1; seed <= MICROGRAPHS; seed++) {
    const random = seededRandom(seed);
    const data = Float32Array.from({ length: SIDE * SIDE }, () => random.normal());
    const micrograph = { data, shape: [SIDE, SIDE], pixelSizeA: PIXEL_SIZE_A };
    const inputs = { micrograph, template, settings };
    const search = await TemplateSearch.create(pool, inputs, { exactSlices });
    try {
      await search.run();
      const { statistics, space } = search;
      const map = { data: resultMap({ statistics, space }, "scaledMip"), shape: statistics.shape };
      const { correlations } = search.size;
      const cutoff = gaussianCutoff({ falsePositives: 0.05, pixels: map.data.length, correlations });
      if (findPeaks(map, { cutoff, maskRadiusPx: 5 }).length > 0) gaussian++;
      RADII.forEach((maskRadiusPx, i) => {
        RATES.forEach((rate, k) => {
          if (findPeaksByFdr(map, { rate, maskRadiusPx }).peaks.length > 0) finds[i][k]++;
        });
      });
    } finally {
      search.dispose();
    }
  }
  console.log(
    `${name}: the Gaussian cutoff for 0.05 false positives has finds in ${gaussian} of ${MICROGRAPHS}`,
  );
  return RADII.flatMap((radius, i) =>
    RATES.map((rate, k) =>
      verdictOf(`${name}, mask ${radius}`, rate, { finds: finds[i][k], isPromised: radius === 5 }),
    ),
  );
}

function verdictOf(what, rate, { finds, isPromised }) {
  const most = binomialQuantile(MICROGRAPHS, rate, 0.995);
  return {
    what: `${what}: micrographs with a find at --fdr ${rate}`,
    figure: `${finds} of ${MICROGRAPHS}`,
    bar: `at most ${most} (99.5 % of a binomial)`,
    verdict: !isPromised ? "-" : finds <= most ? "holds" : "MISSED",
  };
}

/** The least number that a binomial variable does not exceed with this chance. */
function binomialQuantile(trials, rate, chance) {
  let term = (1 - rate) ** trials;
  let sum = term;
  let k = 0;
  while (sum < chance && k < trials) {
    term *= ((trials - k) / (k + 1)) * (rate / (1 - rate));
    sum += term;
    k++;
  }
  return k;
}
