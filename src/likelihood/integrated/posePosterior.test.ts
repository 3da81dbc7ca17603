import { afterAll, beforeAll, expect, test } from "vitest";
import { likelihoodGolden } from "../../../test/support/likelihoodCase.ts";
import { simulatePolarImages } from "../../../test/support/polarImages.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import {
  type ComparatorRequest,
  computeCrossCorrelationComplete,
  computeTemplateNorms,
} from "../correlation/comparators.ts";
import { readImageDescriptor } from "../descriptor/descriptorFile.ts";
import { configureDisplacement } from "../displacements/configureDisplacement.ts";
import { selectImages } from "../images/polar.ts";
import { readPolarStack } from "../runs/readStacks.ts";
import { integralModel } from "./integralModel.ts";
import { computePosePosterior } from "./posePosterior.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const PIXELS = 300;

async function requestOf(noise: number): Promise<{ request: ComparatorRequest; weights: Float64Array }> {
  const descriptor = await readImageDescriptor(likelihoodGolden("run/parameters.npz"));
  const { polarGrid: grid, boxSizeA, viewingAngles } = descriptor;
  const all = await readPolarStack(likelihoodGolden("run/templates/templates_fourier_vol.pt"), descriptor);
  const chosen = Array.from({ length: 13 }, (_, i) => 4 * i);
  const templates = selectImages(all, chosen);
  const displacer = configureDisplacement({
    maxDisplacementPixels: 1,
    nDisplacementsX: 3,
    nDisplacementsY: 3,
  });
  const displacements = displacer({ templates, descriptor });
  const side = simulatePolarImages({ templates, grid, boxSizeA }, { count: 5, noise, seed: 11, mostA: 2 });
  const weights = Float64Array.from(chosen, (s) => viewingAngles.weights[s]);
  return { request: { templates, grid, boxSizeA, displacements, ...side }, weights };
}

/** By the definition, of every pose: correlations and norms, in float64. */
async function byDefinition(request: ComparatorRequest, weights: Float64Array) {
  const { grid, images, templates, displacements, ctf } = request;
  const double = <Stack extends { readonly data: ArrayLike<number> }>(stack: Stack) => ({
    ...stack,
    data: Float64Array.from(stack.data),
  });
  if (ctf === undefined) throw new Error("no ctf");
  const exact = { ...request, images: double(images), templates: double(templates), ctf: double(ctf) };
  const { crossCorrelationMSdw: cc } = await computeCrossCorrelationComplete(pool, exact, {
    method: "exact",
  });
  const norms = await computeTemplateNorms(pool, exact);
  const { numbers, mask } = integralModel({ grid, pixels: PIXELS });
  const [n, inplanes, shifts] = [templates.shape[0], grid.nInplanes, displacements.x.length];
  const plane = grid.nShells * inplanes;
  const sum = (term: (i: number) => number) => {
    let total = 0;
    for (let i = 0; i < plane; i++) total += grid.integrationWeights[Math.floor(i / inplanes)] * term(i);
    return total;
  };
  return Array.from({ length: images.shape[0] }, (_, m) => {
    const own = exact.images.data.subarray(2 * plane * m, 2 * plane * (m + 1));
    const iyy = sum((i) => own[2 * i] ** 2 + own[2 * i + 1] ** 2);
    const isy = sum((i) => mask[i] * own[2 * i]);
    const offsets = Array.from({ length: n }, (_, s) =>
      sum((i) => mask[i] * exact.templates.data[2 * (s * plane + i)] * exact.ctf.data[m * plane + i]),
    );
    const logs = Float64Array.from({ length: n * shifts * inplanes }, (_, at) => {
      const [w, d, s] = [
        at % inplanes,
        Math.floor(at / inplanes) % shifts,
        Math.floor(at / inplanes / shifts),
      ];
      const ixx = norms[(m * n + s) * inplanes + w];
      const isx = offsets[s];
      const ixy = cc[((m * n + s) * shifts + d) * inplanes + w] * Math.sqrt(ixx * iyy);
      const a = ixx * numbers.iss - isx ** 2;
      const left = iyy * numbers.iss - isy ** 2 - (ixy * numbers.iss - isx * isy) ** 2 / a;
      return -numbers.power * Math.log(left) - numbers.half * Math.log(a) + Math.log(weights[s]);
    });
    const most = logs.reduce((a, b) => Math.max(a, b));
    const shares = logs.map((value) => Math.exp(value - most));
    const total = shares.reduce((a, b) => a + b);
    return shares.map((share) => share / total);
  });
}

test.each([
  ["of little noise", 1.5],
  ["of much noise, spread over hundreds of poses", 12],
])("posteriors over poses are those of the definition, images %s", async (_, noise) => {
  const { request, weights } = await requestOf(noise);
  const found = await computePosePosterior(pool, request, { integrated: { pixels: PIXELS, weights } });
  const expected = await byDefinition(request, weights);
  const [n, shifts, inplanes] = [
    request.templates.shape[0],
    request.displacements.x.length,
    request.grid.nInplanes,
  ];
  expected.forEach((all, m) => {
    const views = new Float64Array(n);
    const displacements = new Float64Array(shifts);
    const rotations = new Float64Array(inplanes);
    let entropy = 0;
    all.forEach((p, at) => {
      views[Math.floor(at / inplanes / shifts)] += p;
      displacements[Math.floor(at / inplanes) % shifts] += p;
      rotations[at % inplanes] += p;
      if (p > 0) entropy -= p * Math.log(p);
    });
    // Templates are compressed to 1e-5 of a correlation, which are 150 times as much of a log-likelihood.
    const near = (values: ArrayLike<number>, right: Float64Array) =>
      right.forEach((value, i) => {
        expect(Math.abs(values[i] - value)).toBeLessThan(2e-3);
      });
    near(found.viewsMS.subarray(m * n, (m + 1) * n), views);
    near(found.displacementsMd.subarray(m * shifts, (m + 1) * shifts), displacements);
    near(found.rotationsMw.subarray(m * inplanes, (m + 1) * inplanes), rotations);
    expect(found.effectivePosesM[m] / Math.exp(entropy)).toBeCloseTo(1, 2);
    const order = Array.from(all.keys()).sort((a, b) => all[b] - all[a]);
    const [best] = found.likeliest[m];
    expect((best.template * shifts + best.displacement) * inplanes + best.rotation).toBe(order[0]);
    for (const [rank, pose] of found.likeliest[m].entries())
      expect(pose.posterior).toBeCloseTo(all[order[rank]], 2);
    const held = found.likeliest[m].reduce((sum, pose) => sum + pose.posterior, 0);
    expect(found.likeliest[m].length === 10 || held >= 0.99).toBe(true);
  });
});

test("neither batches nor workers change a posterior", async () => {
  const { request, weights } = await requestOf(6);
  const integrated = { pixels: PIXELS, weights };
  const whole = await computePosePosterior(pool, request, { integrated });
  const parts = { nTemplatesPerBatch: 4, nImagesPerBatch: 4 };
  await using alone = await createPool({ workers: 1 });
  for (const other of [
    await computePosePosterior(pool, request, { integrated, ...parts }),
    await computePosePosterior(alone, request, { integrated }),
  ])
    expect(other).toEqual(whole);
});
