import { expect, test } from "vitest";
import { matrixFromZyz, multiplyMatrices, transposeMatrix } from "../../core/index.ts";
import { angleBetweenDeg, uniformOrientations } from "../../optics/index.ts";
import { gaussianCutoff } from "../peaks/peaks.ts";
import { NearestOrientations, symmetryOf } from "./coarseNeighbours.ts";
import { sampledCutoff, sampleSize } from "./coarseSample.ts";

// scipy 1.17: scipy.stats.t.isf(p, drawn - 1)
test.each([
  [1e-12, 1001, 7.124228925314409],
  [1e-13, 301, 7.699168966100252],
  [1e-6, 101, 5.048830877228346],
  [1e-10, 2001, 6.3944607384073935],
])(
  "the cutoff of a chance of %f with %i of very many orientations is Student's",
  (chance, drawn, expected) => {
    const counts = { falsePositives: 1, pixels: 1 / chance, correlations: 1 };
    expect(sampledCutoff(counts, { drawn, orientations: 1e12 }) / expected).toBeCloseTo(1, 3);
  },
);

test("the cutoff falls with the sample, to that of the whole search where all are drawn", () => {
  const counts = { falsePositives: 1, pixels: 1e6, correlations: 1e5 };
  const cutoffs = [100, 1000, 5000, 9990, 10_000].map((drawn) =>
    sampledCutoff(counts, { drawn, orientations: 10_000 }),
  );
  expect(cutoffs).toEqual([...cutoffs].sort((a, b) => b - a));
  expect(cutoffs[4]).toBe(gaussianCutoff(counts));
  expect(cutoffs[3] - cutoffs[4]).toBeLessThan(1e-4);
});

test("the sample is a 100th of many orientations and all of few", () => {
  expect([10, 1000, 2000, 1_584_480].map((count) => sampleSize(count))).toEqual([10, 1000, 1000, 15_845]);
  expect([sampleSize(5000, 30), sampleSize(20, 30), sampleSize(20, 50)]).toEqual([30, 20, 20]);
  expect(() => sampleSize(5000, 29)).toThrow(/expected at least 30 orientations, found 29/);
});

const grids = [
  ["of all rotations", { symmetry: "C1", psiStepDeg: 30, thetaStepDeg: 25 }],
  ["of a symmetry", { symmetry: "O", psiStepDeg: 12, thetaStepDeg: 12 }],
] as const;

test.each(grids)(
  "the nearest orientations of a grid %s are those of a search through all angles",
  (_, grid) => {
    const angles = uniformOrientations(grid);
    const matrix = (i: number) =>
      matrixFromZyz({ phiDeg: angles[3 * i], thetaDeg: angles[3 * i + 1], psiDeg: angles[3 * i + 2] });
    const total = angles.length / 3;
    const near = new NearestOrientations(angles, 20);
    for (const index of [0, 17, total - 1]) {
      const distance = (i: number) => {
        const turn = multiplyMatrices(transposeMatrix(matrix(index)), matrix(i));
        return Math.acos(Math.min(1, Math.max(-1, (turn[0] + turn[4] + turn[8] - 1) / 2)));
      };
      const found = [...near.of(index)];
      expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
      expect(found).toContain(index);
      const farthest = Math.max(...found.map(distance));
      const nearer = Array.from({ length: total }, (_, i) => i).filter((i) => distance(i) < farthest - 1e-3);
      expect(nearer.filter((i) => !found.includes(i))).toEqual([]);
      expect(found.length).toBe(20);
    }
  },
);

test("in a grid of a symmetric map the neighbours of its border lie on its other side too", () => {
  const grid = { symmetry: "C4", psiStepDeg: 10, thetaStepDeg: 10 };
  const angles = uniformOrientations(grid);
  const pose = (i: number) => ({
    phiDeg: angles[3 * i],
    thetaDeg: angles[3 * i + 1],
    psiDeg: angles[3 * i + 2],
  });
  const index = Array.from({ length: angles.length / 3 }, (_, i) => i).find(
    (i) => pose(i).phiDeg === 0 && Math.abs(pose(i).thetaDeg - 90) < 1 && pose(i).psiDeg === 0,
  );
  if (index === undefined) throw new Error("no such orientation");
  const symmetry = symmetryOf([grid]);
  expect([symmetry.length, symmetryOf([grid, { ...grid, symmetry: "C2" }]).length]).toEqual([4, 1]);
  const found = [...new NearestOrientations(angles, 20, symmetry).of(index)];
  const farthest = Math.max(...found.map((i) => angleBetweenDeg(pose(index), pose(i), symmetry)));
  expect(farthest).toBeLessThan(20);
  expect(found.map((i) => pose(i).phiDeg)).toContain(80);
  expect([...new NearestOrientations(angles, 20).of(index)].map((i) => pose(i).phiDeg)).not.toContain(80);
});

test("a list shorter than the neighbourhood is all of it", () => {
  const angles = uniformOrientations({ symmetry: "O", psiStepDeg: 90, thetaStepDeg: 90 });
  expect(new NearestOrientations(angles, 64).of(0).length).toBe(angles.length / 3);
});
