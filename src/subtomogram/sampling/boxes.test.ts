import { expect, test } from "vitest";
import { Molecules } from "../molecules/molecules.ts";
import { centreOf } from "./boxes.ts";

test("places in voxels are numpy's in single precision, where they fall between two voxels too", () => {
  // numpy 2: float32(place) / scale; whole voxels whose region begins one voxel before
  const cases = [
    [4.452, 0.318, 14.000000953674316],
    [56.086, 0.967, 57.999996185302734],
    [46.592, 0.896, 51.999996185302734],
    [41.492, 1.012, 41.000003814697266],
    [20, 0.5, 40],
  ] as const;
  for (const [place, scale, wanted] of cases)
    expect(centreOf(new Molecules([[place, 0, 0]]), 0, scale)[0]).toBe(wanted);
});
