import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseNpy } from "../../io/index.ts";
import type { Quaternion } from "../molecules/quaternion.ts";
import { dualAxis, noWedge, singleAxis, type TiltModel, toTiltModel, wedgeMask } from "./tilt.ts";

const FOLDER = new URL("../../../test/golden/subtomogram/model/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER));
const ROTATIONS: Quaternion[] = JSON.parse(read("wedge_quats.json").toString());

const MODELS: readonly [string, TiltModel][] = [
  ["y60", singleAxis([-60, 60])],
  ["x-50_40", singleAxis([-50, 40], "x")],
  ["dual", dualAxis([-60, 60], [-45, 45])],
];

describe("wedge masks are acryo's, bit by bit", () => {
  for (const [name, model] of MODELS)
    for (const shape of [
      [12, 12, 12],
      [8, 9, 10],
    ] as const)
      test.each([0, 1])(`${name} ${shape.join("x")} rotation %i`, (i) => {
        const file = `wedge_${name}_${shape.join("x")}_q${i}.npy`;
        const { data } = parseNpy(read(file), file);
        expect(Array.from(wedgeMask(model, ROTATIONS[i], shape))).toEqual(Array.from(data, Number));
      });
});

test.each([
  // Of products that are rounded one by one the planes would be seen whole: 650 and 1649.
  { rangeDeg: [-45, 60], axis: "x", shape: [10, 10, 10], seen: 630 },
  { rangeDeg: [-45, 45], axis: "y", shape: [13, 17, 13], seen: 1581 },
] as const)("planes at 45° through frequencies have acryo's: $shape", ({ rangeDeg, axis, shape, seen }) => {
  const mask = wedgeMask(singleAxis(rangeDeg, axis), [0, 0, 0, 1], shape);
  expect(mask.reduce((sum, value) => sum + value, 0)).toBe(seen);
});

test("without a wedge everything is seen", () => {
  expect(wedgeMask(noWedge(), [0, 0, 0, 1], [2, 3, 4]).every((value) => value === 1)).toBe(true);
  expect(toTiltModel(undefined)).toEqual({ kind: "none" });
  expect(toTiltModel([-40, 50])).toEqual({ kind: "single", rangeDeg: [-40, 50], axis: "y" });
});

test("ranges that cannot be", () => {
  expect(() => singleAxis([60, -60])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: tilt range: expected two angles that rise, degrees from -90 to 90, found [60,-60].]`,
  );
  expect(() => dualAxis([-60, 60], [-91, 0])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: tilt range: expected two angles that rise, degrees from -90 to 90, found [-91,0].]`,
  );
  expect(() => toTiltModel([Number.NaN, 60])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: tilt range: expected two angles that rise, degrees from -90 to 90, found [NaN,60].]`,
  );
});

test("models that are plain data are checked as ranges are", () => {
  const wrong = (model: object) => () => toTiltModel(model as TiltModel);
  expect(wrong({ kind: "single", rangeDeg: [60, -60], axis: "y" })).toThrow("two angles that rise");
  expect(wrong({ kind: "single", rangeDeg: [-60, 60], axs: "x" })).toThrow("axs");
  expect(wrong({ kind: "dule", rangeYDeg: [-60, 60] })).toThrow(
    'tilt model kind: expected none, single or dual, found {"kind":"dule"',
  );
});
