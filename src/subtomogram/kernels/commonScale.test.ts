import { expect, test } from "vitest";
import { commonScale } from "./commonScale.ts";

test.each([
  { values: [1, -1, 1, -1], scale: 1 },
  { values: [3000, -3000, 3000, -3000], scale: 2 ** -12 },
  { values: [1e-5, -1e-5], scale: 2 ** 17 },
  // deviation 1 about 1000
  { values: [1001, 999, 1001, 999], scale: 1 },
  { values: [1001, 999, 1001, 999], isCentred: false, scale: 2 ** -10 },
  { values: [5, 5, 5, 5], scale: 0.25 },
  { values: [0, 0], scale: 1 },
  { values: [90, 9e9, -90, 9e9], mask: [1, 0, 1, 0], scale: 2 ** -6 },
])("$values to about 1", ({ values, mask, isCentred = true, scale }) => {
  expect(commonScale(values, { mask, isCentred })).toBe(scale);
});
