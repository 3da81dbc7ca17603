import { expect, test } from "vitest";
import { manyText, micrographLines } from "./micrographs.ts";

test("a table of several micrographs has a line for each, one of a single micrograph none", () => {
  const [one, other] = [
    { micrographPath: "a.mrc", particles: 12 },
    { micrographPath: "long.mrc", particles: 3 },
  ];
  expect(micrographLines([one])).toEqual([]);
  expect(micrographLines([one, other])).toEqual([
    "  a.mrc        12 particles",
    "  long.mrc      3 particles",
  ]);
});

test("of micrographs without a particle the best z-score is told, and what to try where there is none in all of them", () => {
  const one = { configPath: "c.yaml", correlations: 9, files: [], zCutoff: 5 };
  const [a, b] = [
    { ...one, micrographPath: "a.mrc", particles: 2 },
    { ...one, micrographPath: "b.mrc", particles: 0, bestZScore: 4.567 },
  ];
  expect(manyText({ micrographs: [a, b], particles: 2, files: ["p.csv"] })).toBe(
    "2 particles in 2 micrographs\n  a.mrc      2 above z 5.00\n  b.mrc      0 above z 5.00, the best is 4.57\nwrote p.csv\n",
  );
  expect(manyText({ micrographs: [b], particles: 0, files: [] })).toMatch(
    /the best is 4\.57\n {2}the best z-score is 4\.57; a lower --z-cutoff/,
  );
});
