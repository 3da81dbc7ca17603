import fc from "fast-check";
import { expect, test } from "vitest";
import { goldenJson, goldenNpy, goldenNpz } from "../../test/support/npy.ts";
import { VitrineError } from "../core/index.ts";
import {
  countUniformOrientations,
  joinOrientations,
  type OrientationGrid,
  uniformOrientations,
} from "./orientations.ts";
import { rotationMatrices } from "./rotations.ts";

const grids = goldenNpz("unit/orientation_grids.npz");

function symmetric(symmetry: string, thetaStepDeg: number, psiStepDeg: number): OrientationGrid {
  return { symmetry, thetaStepDeg, psiStepDeg };
}

function manual(phi: [number, number], theta: [number, number], psi: [number, number]) {
  return { phiRangeDeg: phi, thetaRangeDeg: theta, psiRangeDeg: psi };
}

const RANGE = { ...manual([10, 100], [20, 70], [-30, 30]), thetaStepDeg: 7, psiStepDeg: 9 };

test.each<[string, OrientationGrid]>([
  ["C1_t15_p15", symmetric("C1", 15, 15)],
  ["C1_t30_p45", symmetric("C1", 30, 45)],
  ["C4_t17_p31", symmetric("C4", 17, 31)],
  ["D2_t24_p20", symmetric("D2", 24, 20)],
  ["T_t10_p30", symmetric("T", 10, 30)],
  ["O_t10_p30", symmetric("O", 10, 30)],
  ["I_t5_p30", symmetric("I", 5, 30)],
  ["range", RANGE],
  ["healpix_C1_t20_p40", { ...symmetric("C1", 20, 40), baseGrid: "healpix" }],
])("the grid %s is torch-so3's, value for value", (name, grid) => {
  const golden = grids.get(name);
  expect(golden?.shape).toEqual(
    goldenJson<Record<string, number[]>>("unit/orientation_grids_shapes.json")[name],
  );
  expect(uniformOrientations(grid)).toEqual(golden?.data);
});

test("the angles of a search are torch-so3's in float32", () => {
  expect(Float32Array.from(uniformOrientations(symmetric("C1", 15, 15)))).toEqual(
    goldenNpy("search1_euler_angles.npy").data,
  );
});

test("a range around phi 0 has one orientation at the pole, as in a local search", () => {
  const around = manual([-9, 9], [-9, 9], [-9, 9 + 1e-6]);
  const found = uniformOrientations({ ...around, thetaStepDeg: 3, psiStepDeg: 3 });
  const golden = goldenNpy("refine1_euler_offsets.npy").data;
  expect(found.length).toBe(golden.length);
  // psi comes from another library's arange there: equal to the last bit or two.
  expect(Math.max(...found.map((v, i) => Math.abs(v - golden[i])))).toBeLessThan(1e-9);
});

test("counts are torch-so3's", () => {
  const counts = Object.entries(goldenJson<Record<string, number>>("unit/orientation_counts.json"));
  expect(counts.length).toBeGreaterThan(3);
  for (const [steps, count] of counts) {
    const [theta, psi] = steps.replace(/[()]/g, "").split(",").map(Number);
    expect(countUniformOrientations(symmetric("C1", theta, psi))).toBe(count);
  }
});

test("the count is the number of orientations, and every angle lies in its range", () => {
  const step = fc.double({ min: 5, max: 60, noNaN: true });
  const range = fc.tuple(fc.integer({ min: -180, max: 180 }), fc.integer({ min: 0, max: 180 }));
  fc.assert(
    fc.property(range, range, range, step, step, (phi, theta, psi, thetaStepDeg, psiStepDeg) => {
      const ranges = [phi, theta, psi].map(([from, extent]): [number, number] => [from, from + extent]);
      const grid = { ...manual(ranges[0], ranges[1], ranges[2]), thetaStepDeg, psiStepDeg };
      const angles = uniformOrientations(grid);
      expect(countUniformOrientations(grid)).toBe(angles.length / 3);
      expect(angles.length).toBeGreaterThan(0);
      // Degrees to radians and back: 1e-12.
      const inside = (i: number, [from, to]: [number, number], beyond: number) =>
        angles[i] >= from - 1e-9 && angles[i] <= to + beyond + 1e-9;
      const outside = angles.findIndex((_, at) => {
        const [i, axis] = [at - (at % 3), at % 3];
        return !inside(i + axis, ranges[axis], axis === 1 ? thetaStepDeg : 0);
      });
      expect(outside).toBe(-1);
    }),
    { numRuns: 40 },
  );
});

test("joined grids follow one another", () => {
  const [a, b] = [uniformOrientations(RANGE), uniformOrientations(symmetric("C4", 60, 90))];
  const joined = joinOrientations([a, b]);
  expect(joined.subarray(0, a.length)).toEqual(a);
  expect(joined.subarray(a.length)).toEqual(b);
  expect(joinOrientations([]).length).toBe(0);
});

test.each<[string, OrientationGrid, string]>([
  ["healpix without pixels", { ...RANGE, phiRangeDeg: [-20, -10], baseGrid: "healpix" }, "range"],
  ["cartesian phi step", { ...RANGE, baseGrid: "cartesian", phiStepDeg: 0 }, "range"],
  ["symmetry", symmetric("C0", 5, 5), "unsupported"],
  ["symmetry name", symmetric("octahedral", 5, 5), "unsupported"],
  ["theta step", symmetric("C1", 0, 5), "range"],
  ["psi step", symmetric("C1", 5, Number.NaN), "range"],
  ["theta step of nothing", symmetric("C1", 1e-9, 5), "range"],
  ["psi step of nothing", symmetric("C1", 5, 1e-9), "range"],
  ["healpix of nothing", { ...symmetric("C1", 0.01, 5), baseGrid: "healpix" }, "range"],
  ["cartesian step of nothing", { ...RANGE, baseGrid: "cartesian", phiStepDeg: 1e-9 }, "range"],
  ["backwards range", { ...RANGE, phiRangeDeg: [100, 10] }, "range"],
])("a fault is refused: %s", (_, grid, code) => {
  const act = () => countUniformOrientations(grid);
  expect(act).toThrow(VitrineError);
  expect(act).toThrow(expect.objectContaining({ code }));
});

test("an unknown symmetry is answered with the known ones", () => {
  expect(() => uniformOrientations(symmetric("X", 5, 5))).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: orientations symmetry: expected C or D with its order, T, O or I, found "X".]`,
  );
});

test("rotation matrices are Leopard-EM's", () => {
  const euler = Float64Array.from(goldenNpy("unit/rot_euler.npy").data);
  const golden = goldenNpy("unit/rot_matrix.npy").data;
  const found = rotationMatrices(euler);
  expect(found.length).toBe(golden.length);
  // Leopard-EM multiplies three float32 matrices.
  expect(Math.max(...found.map((v, i) => Math.abs(v - golden[i])))).toBeLessThan(1e-6);
});

test("axis-aligned rotations have entries of exactly 0 and 1", () => {
  for (const angles of [
    [90, 0, 0],
    [0, 90, 0],
    [270, 90, 180],
    [0, 180, 90],
  ]) {
    expect(rotationMatrices(Float64Array.from(angles)).every((v) => v === 0 || Math.abs(v) === 1)).toBe(true);
  }
  expect(() => rotationMatrices(new Float64Array(4))).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: rotationMatrices euler: expected (n, 3) angles, found 4 values.]`,
  );
});
