import { expect, test } from "vitest";
import type { Progress } from "../../core/index.ts";
import { type CoarseSizes, coarseProgress, coarseShare, coarseWork } from "./coarseWork.ts";

/** 14,148 orientations of one defocus. */
const sizes: CoarseSizes = {
  shape: [512, 512],
  template: 64,
  space: {
    eulerAnglesDeg: new Float64Array(3 * 14_148),
    defocusOffsetsA: new Float64Array(1),
    pixelSizeOffsetsA: new Float64Array(1),
  },
  factor: 2,
};

// times of a correlation measured by processor time with one worker, µs: pass, candidates; and those of one at full size
test.each([
  [{ shape: [256, 256], template: 32, factor: 2 }, 64, 231, 30],
  [{ shape: [512, 512], template: 64, factor: 2 }, 333, 1400, 110],
  [{ shape: [512, 512], template: 64, factor: 4 }, 66, 1400, 141],
  [{ shape: [1024, 1024], template: 128, factor: 2 }, 1333, 5300, 630],
  [{ shape: [1024, 1024], template: 64, factor: 2 }, 1195, 5000, 121],
] as const)("costs of %j are those measured, within a factor 1.5", (other, pass, sample, candidate) => {
  const { sampleCost, candidateCost } = coarseWork({ ...sizes, ...other });
  for (const [cost, measured] of [
    [sampleCost, sample / pass],
    [candidateCost, candidate / pass],
  ]) {
    expect(cost / measured).toBeLessThan(1.5);
    expect(cost / measured).toBeGreaterThan(1 / 1.5);
  }
});

test("a larger factor, fewer samples and fewer candidates take less of the full search's time", () => {
  const all = coarseShare(sizes);
  expect(all).toBeGreaterThan(0.25);
  for (const less of [{ factor: 4 }, { samples: 100 }, { candidates: 100 }])
    expect(coarseShare({ ...sizes, ...less })).toBeLessThan(all);
});

test("progress of all phases is one; a checkpoint counts as done, not for the rate; candidates are known after the pass", () => {
  const work = coarseWork({ ...sizes, samples: 100, candidates: 10 });
  const told: Progress[] = [];
  const { ofPass, ofRest } = coarseProgress((progress) => told.push(progress), work);
  const pass = (done: number) => ofPass({ done, total: work.pass, unit: "correlations", rate: 1 });
  pass(7000);
  pass(work.pass);
  const { sample, sampleCost, candidateCost } = work;
  ofRest(0, sample + 640); // as many candidates as were expected
  ofRest(sample, sample + 640);
  ofRest(sample + 1280, sample + 1280); // twice as many
  expect(told.map(({ done }) => done)).toEqual([
    7000,
    work.pass,
    work.pass,
    work.pass + sample * sampleCost,
    work.pass + sample * sampleCost + 1280 * candidateCost,
  ]);
  expect(told.map(({ total }) => total)).toEqual([
    ...Array(4).fill(work.pass + sample * sampleCost + 640 * candidateCost),
    work.pass + sample * sampleCost + 1280 * candidateCost,
  ]);
  expect(told[0].rate).toBe(0);
});
