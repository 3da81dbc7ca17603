import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matrixFromZyz, multiplyMatrices, transposeMatrix, zyzFromMatrix } from "../core/index.ts";
import { uniformOrientations } from "./orientations.ts";
import { angleBetweenDeg, symmetryRotations } from "./symmetry.ts";

const GROUPS = [
  ["C1", 1],
  ["C7", 7],
  ["D2", 4],
  ["D5", 10],
  ["T", 12],
  ["O", 24],
  ["I", 60],
] as const;
const angle = fc.double({ min: -360, max: 360, noNaN: true });
const pose = fc.record({ phiDeg: angle, thetaDeg: angle, psiDeg: angle });

describe.each(GROUPS)("%s", (name, order) => {
  const rotations = symmetryRotations(name);

  test("has its order, and with two rotations their product and inverse", () => {
    expect(rotations).toHaveLength(order);
    const has = (wanted: readonly number[]) =>
      rotations.some((known) => known.every((value, i) => Math.abs(value - wanted[i]) < 1e-9));
    for (const a of rotations) {
      expect(has(transposeMatrix(a))).toBe(true);
      for (const b of rotations) expect(has(multiplyMatrices(a, b))).toBe(true);
    }
  });

  test("no view is far from the grid of that symmetry", () => {
    // Half the diagonal of a cell of 10° x 10° x 10° is 8.7°.
    const grid = uniformOrientations({ symmetry: name, psiStepDeg: 10, thetaStepDeg: 10 });
    const near = (view: { phiDeg: number; thetaDeg: number; psiDeg: number }) => {
      let least = 180;
      for (let i = 0; i < grid.length && least > 9; i += 3) {
        const point = { phiDeg: grid[i], thetaDeg: grid[i + 1], psiDeg: grid[i + 2] };
        least = Math.min(least, angleBetweenDeg(view, point, rotations));
      }
      return least;
    };
    fc.assert(
      fc.property(pose, (view) => near(view) <= 9),
      { numRuns: 20, seed: 5 },
    );
  });
});

test("views that a symmetry makes alike are 0° apart; else the angle is that of the turn", () => {
  const rotations = symmetryRotations("O");
  const symmetry = fc.constantFrom(...rotations);
  fc.assert(
    fc.property(pose, symmetry, fc.double({ min: 0, max: 20, noNaN: true }), (view, rotation, turn) => {
      const turned = multiplyMatrices(
        matrixFromZyz(view),
        matrixFromZyz({ phiDeg: turn, thetaDeg: 0, psiDeg: 0 }),
      );
      const alike = zyzFromMatrix(multiplyMatrices(rotation, turned));
      // two rotations of O are at least 90° apart; acos loses half of the digits near 0
      expect(angleBetweenDeg(view, alike, rotations)).toBeCloseTo(turn, 4);
      expect(angleBetweenDeg(alike, view, rotations)).toBeCloseTo(turn, 4);
    }),
  );
  const [a, b] = [0, 90].map((phiDeg) => ({ phiDeg, thetaDeg: 0, psiDeg: 0 }));
  expect([angleBetweenDeg(a, b), angleBetweenDeg(a, b, symmetryRotations("C4"))]).toEqual([
    expect.closeTo(90, 9),
    expect.closeTo(0, 4),
  ]);
});

test.each(["", "C", "C0", "o", "O4", "X"])("%j is no symmetry", (name) => {
  expect(() => symmetryRotations(name)).toThrow(/expected C or D with its order, T, O or I/);
});
