// The searches that are timed: random micrograph, template, filters and orientations from a fixed seed.
import { createFft } from "vitrine/compute";
import { matrixFromZyz, seededRandom } from "vitrine/core";
import { BLOCK_TEMPLATES, createCorrelation } from "../../dist/match/kernels/index.js";

/** Defocus values of every search. */
export const DEFOCUS_VALUES = 3;

/**
 * Side of the micrograph, side of the template, blocks of correlations in a timed round (about a second's work or more),
 * pairs of rounds, and what the ratio to the peer should be.
 */
export const SIZES = [
  { image: 512, template: 64, blocks: 48, pairs: 5, bar: 2, goal: 2.5 },
  { image: 1024, template: 128, blocks: 16, pairs: 5, bar: 3, goal: 3.5 },
  { image: 2048, template: 256, blocks: 2, pairs: 5, bar: 3, goal: 4 },
  { image: 4096, template: 512, blocks: 1, pairs: 3, bar: 6, goal: 8 },
];

/** A size as people say it: micrograph / template. */
export const sizeName = ({ image, template }) => `${image}/${template}`;

/** Correlations of `blocks` blocks. */
export const correlationsOf = (blocks) => blocks * BLOCK_TEMPLATES;

/** A search of `blocks` blocks, ready to run; dispose of the result. */
export async function createWorkload(pool, { image, template: n }, blocks) {
  const random = seededRandom(image);
  const orientations = Math.ceil(correlationsOf(blocks) / DEFOCUS_VALUES);
  const volume = createFft(pool, { kind: "real3d", shape: [n, n, n] });
  const section = new Float32Array(n * n);
  for (let z = 0; z < n; z++) volume.set("real", fillUniform(section, random), z * n);
  await volume.run("forward");
  const size = { image: [image, image], template: n, orientations, filters: DEFOCUS_VALUES };
  const plan = createCorrelation(pool, size, { spectrum: volume });
  plan.set("image", fillUniform(new Float32Array(image * image), random));
  plan.set("filters", fillUniform(new Float32Array(DEFOCUS_VALUES * n * (n / 2 + 1)), random));
  plan.set("rotations", randomRotations(orientations, random));
  await plan.run({ lastBlock: 0 }); // the micrograph is transformed
  return {
    plan,
    run: (options) => plan.run({ lastBlock: blocks }, options),
    dispose() {
      plan.dispose();
      volume.dispose();
    },
  };
}

/** Uniform in [-1, 1): mean 0. */
export function fillUniform(values, random) {
  for (let i = 0; i < values.length; i++) values[i] = 2 * random.uniform() - 1;
  return values;
}

/** Uniform over all orientations, 9 values each. */
export function randomRotations(count, random) {
  const rotations = new Float32Array(9 * count);
  for (let i = 0; i < count; i++) {
    const thetaDeg = (180 / Math.PI) * Math.acos(1 - 2 * random.uniform());
    const matrix = matrixFromZyz({
      phiDeg: 360 * random.uniform(),
      thetaDeg,
      psiDeg: 360 * random.uniform(),
    });
    rotations.set(matrix, 9 * i);
  }
  return rotations;
}

/** Seconds that `work` takes. */
export async function secondsOf(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
