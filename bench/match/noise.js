// `npm run bench -- match noise`: does the false discovery rate hold? Searches of 200 micrographs of pure noise, where every particle is false.
import { createPool } from "../../dist/compute/index.js";
import { seededRandom } from "../../dist/core/index.js";
import {
  findPeaks,
  findPeaksByFdr,
  gaussianCutoff,
  parseMatchSettings,
  resultMap,
  simulateMolecule,
  TemplateSearch,
  templateFromVolume,
  volumeFromMolecule,
} from "../../dist/match/index.js";

const MICROGRAPHS = 200;
const SIDE = 128;
const BOX = 32;
const RATES = [0.01, 0.05, 0.2];
/** The default mask, about a template's correlation length, and a narrower one, for which nothing is promised. */
const RADII = [5, 3];

/** Coarse grids through 90°, where rounded slices give uneven deviations and high false peaks, and exact slices. */
const CASES = [
  { name: "30°, 3 defoci", step: 30, defoci: 3, exactSlices: false },
  { name: "15°", step: 15, defoci: 1, exactSlices: false },
  { name: "30°, 3 defoci, exact slices", step: 30, defoci: 3, exactSlices: true },
  { name: "15°, exact slices", step: 15, defoci: 1, exactSlices: true },
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

async function measure(pool, { name, step, defoci, exactSlices }) {
  const molecule = simulateMolecule({ seed: 3, atomCount: 300, radiusA: 24, sigmaA: 2.4 });
  const template = templateFromVolume(volumeFromMolecule(molecule, { boxSize: BOX, voxelSizeA: 2 }));
  const settings = parseMatchSettings(configuration(step, defoci), "bench");
  const finds = RADII.map(() => RATES.map(() => 0));
  let gaussian = 0;
  for (let seed = 1; seed <= MICROGRAPHS; seed++) {
    const random = seededRandom(seed);
    const data = Float32Array.from({ length: SIDE * SIDE }, () => random.normal());
    const inputs = { micrograph: { data, shape: [SIDE, SIDE], pixelSizeA: 2 }, template, settings };
    const search = await TemplateSearch.create(pool, inputs, { exactSlices });
    try {
      await search.run({ firstBlock: 0, lastBlock: search.blockCount });
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

function configuration(step, defoci) {
  const maps = ["mip", "scaled_mip", "correlation_average", "correlation_variance"];
  const angles = ["orientation_psi", "orientation_theta", "orientation_phi", "relative_defocus"];
  return JSON.stringify({
    micrograph_path: "none",
    template_volume_path: "none",
    optics_group: {
      label: "bench",
      pixel_size: 2,
      voltage: 300,
      defocus_u: 9000,
      defocus_v: 8600,
      astigmatism_angle: 25,
    },
    defocus_search_config: { enabled: defoci > 1, defocus_min: -500, defocus_max: 500, defocus_step: 500 },
    orientation_search_config: { psi_step: step, theta_step: step },
    preprocessing_filters: {},
    match_template_result: Object.fromEntries([...maps, ...angles].map((name) => [`${name}_path`, name])),
  });
}
