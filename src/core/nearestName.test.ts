import { expect, test } from "vitest";
import { nearestName } from "./index.ts";

test.each([
  ["slot", ["slots", "stages"], "slots"],
  ["snap_image", ["getImage", "snapImage"], "snapImage"],
  ["GFP", ["DAPI", "FITC", "BF"], undefined],
  ["anything", [], undefined],
  ["Chanel", ["Camera", "Channel"], "Channel"],
])("nearest to %s among %j is %s", (name, known, nearest) => {
  expect(nearestName(name, known)).toBe(nearest);
});
