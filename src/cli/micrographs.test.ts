import { expect, test } from "vitest";
import { micrographLines } from "./micrographs.ts";

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
