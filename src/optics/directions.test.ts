import fc from "fast-check";
import { expect, test } from "vitest";
import { goldenNpz } from "../../test/support/npy.ts";
import { VitrineError } from "../core/index.ts";
import { healpixDirections } from "./healpix.ts";
import { type OrientationGrid, uniformOrientations } from "./orientations.ts";
import { type RollGrid, rollOrientations } from "./rollOrientations.ts";
import { rotationMatrices } from "./rotations.ts";

const grids = goldenNpz("../match-extra/orientations/grids.npz");

function goldenGrid(name: string): Float64Array {
  const grid = grids.get(name)?.data;
  if (!(grid instanceof Float64Array)) throw new Error(`no grid ${name}`);
  return grid;
}

/** The C library's arc cosine under torch-so3 is not rounded to nearest for one value in fifty: one unit of the last bit. */
function expectSameToTheBit(found: Float64Array, name: string): void {
  const golden = goldenGrid(name);
  expect(found.length).toBe(golden.length);
  const apart = found.findIndex((v, i) => Math.abs(v - golden[i]) > 2 ** -52 * Math.abs(golden[i]));
  expect(apart).toBe(-1);
  expect(found.filter((v, i) => v !== golden[i]).length / found.length).toBeLessThan(0.04);
  expect(Float32Array.from(found)).toEqual(Float32Array.from(golden));
}

const HEALPIX = { baseGrid: "healpix" } as const;
const CARTESIAN = { baseGrid: "cartesian" } as const;

test.each<[string, OrientationGrid]>([
  ["healpix_C1_t30_p90", { ...HEALPIX, symmetry: "C1", thetaStepDeg: 30, psiStepDeg: 90 }],
  ["healpix_D3_t9_p120", { ...HEALPIX, symmetry: "D3", thetaStepDeg: 9, psiStepDeg: 120 }],
  ["healpix_O_t5_p180", { ...HEALPIX, symmetry: "O", thetaStepDeg: 5, psiStepDeg: 180 }],
  [
    "healpix_range",
    {
      ...HEALPIX,
      thetaStepDeg: 7,
      psiStepDeg: 25,
      phiRangeDeg: [-20, 100],
      thetaRangeDeg: [20, 130],
      psiRangeDeg: [-30, 30],
    },
  ],
])("the grid %s is torch-so3's", (name, grid) => {
  expectSameToTheBit(uniformOrientations(grid), name);
});

test.each<[string, OrientationGrid]>([
  ["cartesian_C4_t30_p90", { ...CARTESIAN, symmetry: "C4", thetaStepDeg: 30, psiStepDeg: 90 }],
  [
    "cartesian_range",
    {
      ...CARTESIAN,
      thetaStepDeg: 8.5,
      phiStepDeg: 13.25,
      psiStepDeg: 17,
      phiRangeDeg: [-20.5, 100],
      thetaRangeDeg: [20, 130],
      psiRangeDeg: [-30, 30],
    },
  ],
])("the grid %s is torch-so3's, value for value", (name, grid) => {
  expect(uniformOrientations(grid)).toEqual(goldenGrid(name));
});

test.each<[string, RollGrid]>([
  [
    "roll_search",
    { psiStepDeg: 2.5, psiRangeDeg: [-5, 5], thetaStepDeg: 3, thetaRangeDeg: [-6, 6], rollStepDeg: 36 },
  ],
  ["roll_fixed", { psiRangeDeg: [-1, 1], thetaStepDeg: 0.75, thetaRangeDeg: [-3, 3], rollAxis: [1, -2] }],
])("the grid %s is torch-so3's, value for value", (name, grid) => {
  expect(rollOrientations(grid)).toEqual(goldenGrid(name));
});

test("the roll grid of the golden set", () => {
  const golden = goldenNpz("unit/orientation_grids.npz").get("roll_psi2_theta2_roll30");
  const found = rollOrientations({
    psiStepDeg: 2,
    psiRangeDeg: [-4, 4],
    thetaStepDeg: 2,
    thetaRangeDeg: [-4, 4],
    rollStepDeg: 30,
  });
  expect(golden?.data).toEqual(Float32Array.from(found));
});

test("the local grid of the golden set", () => {
  const golden = goldenNpz("unit/orientation_grids.npz").get("local_default_c2.5_f0.5_psi1.5_0.3");
  const found = uniformOrientations({
    thetaStepDeg: 0.5,
    psiStepDeg: 0.3,
    phiRangeDeg: [-1.5, 1.5],
    thetaRangeDeg: [-2.5, 2.5],
    psiRangeDeg: [-1.5, 1.5 + 1e-6],
  });
  expect(found.length).toBe(golden?.data.length);
  // psi there is rounded once a step, by a processor's fused multiplication: equal to the last bit or two of its range
  expect(Math.max(...found.map((v, i) => Math.abs(v - (golden?.data[i] ?? 0))))).toBeLessThan(1e-12);
});

test("a roll without tilt is a turn about z, and theta tilts the z axis by itself", () => {
  const angles = rollOrientations({
    psiRangeDeg: [-2, 2],
    thetaRangeDeg: [0, 20],
    thetaStepDeg: 5,
    rollStepDeg: 45,
  });
  const rotations = rotationMatrices(angles);
  for (let i = 0; i < angles.length / 3; i++) {
    const [phi, theta, psi] = angles.subarray(3 * i, 3 * i + 3);
    // float32 rotations: 6e-8
    expect(rotations[9 * i + 8]).toBeCloseTo(Math.cos((theta * Math.PI) / 180), 6);
    if (theta === 0) expect(rotations[9 * i + 1]).toBeCloseTo(-Math.sin(((phi + psi) * Math.PI) / 180), 6);
  }
});

test.each<[number, "ring" | "nested"]>([
  [1, "ring"],
  [3, "ring"],
  [8, "ring"],
  [1, "nested"],
  [4, "nested"],
])("pixel centres of nSide %i, %s, are healpy's", (nSide, ordering) => {
  expectSameToTheBit(healpixDirections(nSide, { ordering }), `pixels_${nSide}_${ordering}`);
});

function unitVectors(directions: Float64Array): number[][] {
  return Array.from({ length: directions.length / 2 }, (_, i) => {
    const [phi, theta] = [directions[2 * i], directions[2 * i + 1]].map((angle) => (angle * Math.PI) / 180);
    return [Math.sin(theta) * Math.cos(phi), Math.sin(theta) * Math.sin(phi), Math.cos(theta)];
  });
}

test("pixels are spread evenly: their centres sum to 0 and their tensor of inertia is a third of unity", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 24 }), (nSide) => {
      const vectors = unitVectors(healpixDirections(nSide));
      const mean = (value: (v: number[]) => number) =>
        vectors.reduce((sum, v) => sum + value(v), 0) / vectors.length;
      for (const axis of [0, 1, 2]) {
        expect(Math.abs(mean((v) => v[axis]))).toBeLessThan(1e-12);
        // the pixel sizes are equal, their shapes are not: second order in their width
        expect(Math.abs(mean((v) => v[axis] ** 2) - 1 / 3)).toBeLessThan(0.15 / nSide ** 2);
      }
    }),
    { numRuns: 20 },
  );
});

test("both orders hold the same pixels, and four neighbours of the nested order lie around their parent", () => {
  const [ring, nested] = [healpixDirections(16), healpixDirections(16, { ordering: "nested" })];
  const sorted = (directions: Float64Array) =>
    unitVectors(directions)
      .map((v) => v.map((x) => Math.round(x * 1e9) + 0).join())
      .sort();
  expect(sorted(nested)).toEqual(sorted(ring));
  const [parents, children] = [
    unitVectors(healpixDirections(8, { ordering: "nested" })),
    unitVectors(nested),
  ];
  const widest = children.map((child, i) => Math.hypot(...child.map((x, axis) => x - parents[i >> 2][axis])));
  // a pixel of nSide 8 is 0.128 wide
  expect(Math.max(...widest)).toBeLessThan(0.128);
});

test.each<[number, "ring" | "nested"]>([
  [0, "ring"],
  [2.5, "ring"],
  [3, "nested"],
])("nSide %f in %s order is refused", (nSide, ordering) => {
  expect(() => healpixDirections(nSide, { ordering })).toThrow(VitrineError);
});

test("faults of a roll grid name their field", () => {
  const faults = [
    { rollAxis: [0, 0] },
    { psiStepDeg: 0 },
    { thetaRangeDeg: [1, -1] },
    { rollStepDeg: Number.NaN },
  ] as const;
  const messages = faults.map((grid) => {
    try {
      rollOrientations(grid);
    } catch (error) {
      return String(error);
    }
    return "accepted";
  });
  expect(messages.join("\n")).toMatchInlineSnapshot(`
    "VitrineError: rollOrientations rollAxis: expected a length above 0, found 0.
    VitrineError: rollOrientations psiStepDeg: expected degrees above 0, found 0.
    VitrineError: rollOrientations thetaRangeDeg: expected an end not below 1, found -1.
    VitrineError: rollOrientations rollStepDeg: expected degrees above 0, found NaN."
  `);
});
