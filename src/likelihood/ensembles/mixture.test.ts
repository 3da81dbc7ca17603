import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { likelihoodGolden } from "../../../test/support/likelihoodCase.ts";
import { simulatePolarImages } from "../../../test/support/polarImages.ts";
import { requirement, sharedReal } from "../../../test/support/require.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { readAtoms } from "../../io/index.ts";
import { computeOptimalPose } from "../correlation/comparators.ts";
import { fromIndividualValues } from "../descriptor/descriptor.ts";
import { readImageDescriptor } from "../descriptor/descriptorFile.ts";
import { configureDisplacement } from "../displacements/configureDisplacement.ts";
import { normalizePolarImages } from "../images/polar.ts";
import { readPolarStack } from "../runs/readStacks.ts";
import { atomicModel } from "../templates/atomicModel.ts";
import { templatesFromAtoms } from "../templates/fromAtoms.ts";
import { rankStructures } from "./ranking.ts";
import { ensembleWeights } from "./weights.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const IMAGES = 60;
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
    simulatePolarImages(
      { templates, grid, boxSizeA },
      { count: parts[k], noise: NOISE, seed: 7 + k, mostA: 0 },
    ),
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
  expect(lower[0]).toBeLessThan(0.3);
  expect(upper[0]).toBeGreaterThan(0.3);
  expect(Math.abs(weights[0] - 0.3)).toBeLessThan(0.1);
  // Images of one structure alone name it.
  const first = parts[0];
  const alone = Float64Array.from({ length: 2 * first }, (_, i) => data[i < first ? i : IMAGES + i - first]);
  const [best] = rankStructures({ shape: [2, first], data: alone });
  expect([best.structure, best.posterior > 0.99, best.support > 0.99]).toEqual([0, true, true]);
});

const { available } = requirement("shared-real");

test.skipIf(!available)(
  "apoferritin, whole or deformed: particles of each are ranked to it (needs shared-real)",
  async () => {
    const descriptor = fromIndividualValues(48, 4, { resolutionFactor: 0.8, viewingDistance: 1.2 });
    const { polarGrid: grid, boxSizeA, viewingAngles } = descriptor;
    const structures = await Promise.all(
      ["sym", "def"].map(async (name) => {
        const { models } = await readAtoms(join(sharedReal, `cryolike/apoferritin_ca_apo_${name}.pdb`));
        const { model } = atomicModel(models[0], descriptor, name);
        return normalizePolarImages(await templatesFromAtoms(model, descriptor), grid).stack;
      }),
    );
    const pixels = 4 * Math.PI * grid.radiusMax ** 2;
    const displacements = { x: [0], y: [0] };
    for (const [k, own] of structures.entries()) {
      const side = simulatePolarImages(
        { templates: own, grid, boxSizeA },
        { count: 12, noise: 3, seed: 3 + k, mostA: 0 },
      );
      const rows: number[] = [];
      for (const templates of structures) {
        const request = { templates, grid, boxSizeA, displacements, ...side };
        const integrated = { pixels, weights: viewingAngles.weights };
        const { integratedLogLikelihoodM = [] } = await computeOptimalPose(pool, request, { integrated });
        rows.push(...integratedLogLikelihoodM);
      }
      const [best, other] = rankStructures({ shape: [2, 12], data: rows });
      expect(best.structure).toBe(k);
      expect(best.posterior).toBeGreaterThan(0.999);
      expect(best.support).toBeGreaterThan(0.99);
      expect(other.lower).toBeGreaterThan(0);
    }
  },
);
