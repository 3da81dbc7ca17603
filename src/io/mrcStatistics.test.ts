import { expect, test } from "vitest";
import { knownMrcStatistics } from "./mrc.ts";

test.each([
  ["all given", { min: -1, max: 2, mean: 0.5, rms: 1 }, { min: -1, max: 2, mean: 0.5, rms: 1 }],
  ["a maximum below the minimum (mrcfile, RELION)", { min: 0, max: -1, mean: -2, rms: -1 }, {}],
  ["a mean below both", { min: 0, max: 5, mean: -1, rms: 1 }, { min: 0, max: 5, rms: 1 }],
  ["an rms below 0", { min: 0, max: 5, mean: 1, rms: -1 }, { min: 0, max: 5, mean: 1 }],
  ["NaN", { min: Number.NaN, max: Number.NaN, mean: Number.NaN, rms: Number.NaN }, {}],
  ["a constant map", { min: 3, max: 3, mean: 3, rms: 0 }, { min: 3, max: 3, mean: 3, rms: 0 }],
])("statistics of a header, %s", (_, stored, known) => {
  expect(knownMrcStatistics(stored)).toEqual(known);
});
