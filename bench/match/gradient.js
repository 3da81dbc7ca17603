// `npm run bench -- match gradient`: how near refinements on grids and by gradient come to planted particles, and what they cost.
import { createPool } from "../../dist/compute/index.js";
import { matrixFromZyz, multiplyMatrices, seededRandom, zyzFromMatrix } from "../../dist/core/index.js";
import {
  GRADIENT_SLICES,
  refineByGradient,
  refineParticles,
  simulateMicrograph,
  simulateMolecule,
  templateFromVolume,
  volumeFromMolecule,
} from "../../dist/match/index.js";
import { angleBetweenDeg, uniformOrientations } from "../../dist/optics/index.js";
import { digits, median, printTable, verdict } from "../figures.js";
import { MICROSCOPE, PIXEL_SIZE_A } from "./settings.js";

const SIDE = 80;
const SHAPE = [960, 960];
const OPTICS = { ...MICROSCOPE, defocusUA: 6000, defocusVA: 5800, astigmatismAngleDeg: 30 };
/** Every particle begins so far from where it was planted, and grids reach a little farther. */
const AWAY_DEG = 2;
const REACH_DEG = 2.5;
const DEFOCI_A = [-200, -100, 0, 100, 200];
const RANGE = { angleDeg: REACH_DEG, shiftPx: 1, defocusA: 200 };
/** Signal in units of the noise; the first without whitening, since there is nothing to whiten. */
const SIGNALS = [1e6, 80, 40, 20];

/** Prints a table a signal; bars for the gradient, where there is no noise. */
export async function run() {
  const pool = await createPool({ workers: 1 });
  try {
    const figures = [];
    for (const signal of SIGNALS) figures.push(...(await measure(pool, signal)));
    return figures;
  } finally {
    await pool.dispose();
  }
}

async function measure(pool, signal) {
  const { task, planted } = scene(signal);
  const rows = [];
  const time = async (what, refine) => {
    const before = process.cpuUsage();
    const results = await refine();
    const { user, system } = process.cpuUsage(before);
    const found = errors(results, task, planted);
    const cost = (user + system) / 1000 / planted.length;
    const misses = [found.angle, found.shift, found.defocus].map(precise);
    rows.push([what, ...misses, median(results.map(zOf)), cost]);
    return { results, ...found };
  };
  const plain = { exactSlices: true };
  const climb = (starts, given, slices) => refineByGradient(pool, given, starts, { ...slices, range: RANGE });
  for (const step of signal === SIGNALS[0] ? [0.25, 0.5] : [0.5]) {
    const fine = { ...task, offsets: offsetsOf(step) };
    await time(gridName(step, fine), () => refineParticles(pool, fine, GRADIENT_SLICES));
  }
  const coarse = { ...task, offsets: offsetsOf(1) };
  const grid = await time(gridName(1, coarse), () => refineParticles(pool, coarse, GRADIENT_SLICES));
  const after = await time("and then the gradient", () => climb(grid.results, coarse, GRADIENT_SLICES));
  const alone = { ...task, offsets: [[1, 0, 0, 0, 1, 0, 0, 0, 1]], defocusOffsetsA: [0] };
  const starts = await time("as found", () => refineParticles(pool, alone, GRADIENT_SLICES));
  await time("and then the gradient", () => climb(starts.results, alone, GRADIENT_SLICES));
  await time("the same, slices not padded or corrected", async () =>
    climb(await refineParticles(pool, alone, plain), alone, plain),
  );
  console.log(`\nsignal ${signal}: medians of ${planted.length} particles`);
  printTable(
    ["refinement", "°", "pixels", "Å of defocus", "z-score", "ms of one processor a particle"],
    rows,
  );
  if (signal !== SIGNALS[0]) return [];
  return [
    bar("gradient without noise: degrees from the planted pose", after.angle, 0.02),
    bar("gradient without noise: pixels from the planted place", after.shift, 0.005),
  ];
}

function bar(what, value, most) {
  return {
    what,
    figure: precise(value),
    bar: `at most ${most}`,
    verdict: verdict(value, most, { atMost: true }),
  };
}

const gridName = (step, { offsets, defocusOffsetsA }) =>
  `grid of ${step}° and 100 Å, ${offsets.length * defocusOffsetsA.length} correlations`;

const zOf = ({ zScore }) => zScore;

const precise = (value) => (value < 0.1 ? value.toPrecision(1) : digits(value));

/** Tilts about every axis up to the reach, with turns about the beam as far. */
function offsetsOf(stepDeg) {
  const angles = uniformOrientations({
    baseGrid: "uniform",
    psiStepDeg: stepDeg,
    thetaStepDeg: stepDeg,
    phiRangeDeg: [0, 360],
    thetaRangeDeg: [0, REACH_DEG],
    psiRangeDeg: [-REACH_DEG, REACH_DEG + 1e-6],
  });
  return Array.from({ length: angles.length / 3 }, (_, i) => {
    const [phiDeg, thetaDeg, turn] = angles.subarray(3 * i, 3 * i + 3);
    return matrixFromZyz({ phiDeg, thetaDeg, psiDeg: turn - phiDeg });
  });
}

/** Sixteen particles between pixels, and a task that begins away from them. */
function scene(signal) {
  const random = seededRandom(4);
  const molecule = simulateMolecule({ seed: 5, atomCount: 3700, radiusA: 58, sigmaA: 1.6 });
  const planted = Array.from({ length: 16 }, (_, i) => ({
    phiDeg: 360 * random.uniform(),
    thetaDeg: (180 / Math.PI) * Math.acos(2 * random.uniform() - 1),
    psiDeg: 360 * random.uniform(),
    posX: SIDE + 200 * (i % 4) + random.uniform(),
    posY: SIDE + 200 * Math.floor(i / 4) + random.uniform(),
    relativeDefocusA: 400 * random.uniform() - 200,
  }));
  const shared = { pixelSizeA: PIXEL_SIZE_A, optics: OPTICS };
  const options = { ...shared, shape: SHAPE, boxSize: SIDE, signal, seed: 4 };
  const image = simulateMicrograph(molecule, planted, options);
  const particles = planted.map((particle, i) => {
    const phiDeg = 360 * random.uniform();
    const away = matrixFromZyz({ phiDeg, thetaDeg: AWAY_DEG, psiDeg: -phiDeg });
    const files = {
      micrographPath: "image",
      correlationAveragePath: "mean",
      correlationVariancePath: "deviation",
    };
    return {
      ...zyzFromMatrix(multiplyMatrices(matrixFromZyz(particle), away)),
      ...shared,
      ...files,
      at: `row ${i}`,
      posX: Math.round(particle.posX),
      posY: Math.round(particle.posY),
      relativeDefocusA: 0,
    };
  });
  const shape = SHAPE.map((length) => length - SIDE + 1);
  const map = (value) => ({ data: new Float32Array(shape[0] * shape[1]).fill(value), shape });
  const task = {
    particles,
    template: templateFromVolume(volumeFromMolecule(molecule, { boxSize: SIDE, voxelSizeA: PIXEL_SIZE_A })),
    defocusOffsetsA: DEFOCI_A,
    pixelSizeOffsetsA: [0],
    boxSize: [SIDE + 8, SIDE + 8],
    filters: { whitening: signal === SIGNALS[0] ? null : {}, bandPass: null, curve: null },
    filtersMicrographs: true,
    readImage: async (path) => (path === "image" ? image : map(path === "mean" ? 0 : 1)),
  };
  return { task, planted };
}

function errors(results, { particles }, planted) {
  const each = results.map((result, i) => {
    const { posX, posY } = particles[i];
    const [x, y] = [posX + result.shiftX - planted[i].posX, posY + result.shiftY - planted[i].posY];
    return {
      angle: angleBetweenDeg(result, planted[i]),
      shift: Math.hypot(x, y),
      defocus: Math.abs(result.defocusOffsetA - planted[i].relativeDefocusA),
    };
  });
  const middle = (name) => median(each.map((error) => error[name]));
  return { angle: middle("angle"), shift: middle("shift"), defocus: middle("defocus") };
}
