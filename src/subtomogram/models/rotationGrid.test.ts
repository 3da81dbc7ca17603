import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseNpy } from "../../io/index.ts";
import type { Quaternion } from "../molecules/quaternion.ts";
import { type RotationsInput, rotationGrid } from "./rotationGrid.ts";

const FOLDER = new URL("../../../test/golden/subtomogram/model/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER));
const GRIDS: Record<string, number[][]> = JSON.parse(read("rotation_grids.json").toString());

function expectGrid(found: readonly Quaternion[], wanted: readonly (readonly number[])[]) {
  expect(found.length).toBe(wanted.length);
  // acryo's are in single precision.
  found.forEach((q, i) => {
    for (let k = 0; k < 4; k++) expect(q[k]).toBeCloseTo(wanted[i][k], 6);
  });
}

describe("grids of rotations are acryo's", () => {
  const cases: readonly [string, RotationsInput | undefined][] = [
    ["10_5_x3", [10, 5]],
    [
      "10_5_x3",
      [
        [10, 5],
        [10, 5],
        [10, 5],
      ],
    ], // prettier-ignore
    [
      "20_10__0_0__15_6",
      [
        [20, 10],
        [0, 0],
        [15, 6],
      ],
    ],
    ["6_3", [6, 3]],
    ["scipy_none", undefined],
  ];
  test.each(cases)("%s", (name, input) => {
    expectGrid(rotationGrid(input), GRIDS[name]);
  });

  test("nine", () => {
    const { data } = parseNpy(read("rot9_quats.npy"), "rot9_quats.npy");
    const rows = Array.from({ length: 9 }, (_, i) => Array.from(data.subarray(4 * i, 4 * i + 4), Number));
    expectGrid(
      rotationGrid([
        [5, 5],
        [5, 5],
        [0, 0],
      ]),
      rows,
    );
  });
});

test("rotations can be quaternions, of any length", () => {
  expect(rotationGrid([[0, 0, 0, 2]])).toEqual([[0, 0, 0, 1]]);
});

describe("rotations that cannot be", () => {
  const wrong = (input: unknown) => () => rotationGrid(input as RotationsInput);
  test("none", () => {
    expect(wrong([])).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: rotations: expected at least one, found none.]`,
    );
  });
  test("a step below 0", () => {
    expect(wrong([10, -5])).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: rotations z: expected max and step not below 0, at most 180 steps to a side, found [10, -5].]`,
    );
  });
  test("a step that makes too many", () => {
    expect(wrong([360, 1e-3])).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: rotations z: expected max and step not below 0, at most 180 steps to a side, found [360, 0.001].]`,
    );
  });
  test("two ranges", () => {
    expect(
      wrong([
        [10, 5],
        [10, 5],
      ]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: rotations: expected [max, step] in degrees, three of them (z, y, x), or quaternions of four numbers, found [[10,5],[10,5]].]`,
    );
  });
});
