import { afterAll, beforeAll, expect, test } from "vitest";
import { likelihoodGolden } from "../../../test/support/likelihoodCase.ts";
import { simulatePolarImages } from "../../../test/support/polarImages.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { computeOptimalPose } from "../correlation/comparators.ts";
import { readImageDescriptor } from "../descriptor/descriptorFile.ts";
import { configureDisplacement } from "../displacements/configureDisplacement.ts";
import { readPolarStack } from "../runs/readStacks.ts";
import { rankStructures } from "./ranking.ts";
import { ensembleWeights } from "./weights.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const IMAGES = 80;
/** Structures tell an image apart by some nats. */
const NOISE = 3;

test("a planted mixture of two structures, 30 and 70 percent, is recovered within its interval", async () => {
  const descriptor = await readImageDescriptor(likelihoodGolden("run/parameters.npz"));
  const { polarGrid: grid, boxSizeA, viewingAngles } = descriptor;
  // Noise is on the disc of frequencies alone, where the box of side 2 has so many numbers.
  const PIXELS = 4 * Math.PI * grid.radiusMax ** 2;
  const structures = await Promise.all(
    ["vol", "model"].map((name) =>
      readPolarStack(likelihoodGolden(`run/templates/templates_fourier_${name}.pt`), descriptor),
    ),
  );
  const parts = [Math.round(0.3 * IMAGES), IMAGES - Math.round(0.3 * IMAGES)];
  const stacks = structures.map((templates, k) =>
    simulatePolarImages({ templates, grid, boxSizeA }, { count: parts[k], noise: NOISE, seed: 7 + k, mostA: 0 }),
  );
  const displacer = configureDisplacement({
    maxDisplacementPixels: 2,
    nDisplacementsX: 3,
    nDisplacementsY: 3,
  });
  const data = new Float64Array(2 * IMAGES);
  for (const [k, templates] of structures.entries()) {
    const displacements = displacer({ templates, descriptor });
    let at = k * IMAGES;
    for (const side of stacks) {
      const integrated = { pixels: PIXELS, weights: viewingAngles.weights };
      const { integratedLogLikelihoodM = [] } = await computeOptimalPose(
        pool,
        { templates, grid, boxSizeA, displacements, ...side },
        { integrated },
      );
      data.set(integratedLogLikelihoodM, at);
      at += side.images.shape[0];
    }
  }
  const matrix = { shape: [2, IMAGES] as const, data };
  const { weights, lower, upper } = ensembleWeights(matrix);
