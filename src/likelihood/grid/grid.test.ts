import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { difference, likelihoodNpy, likelihoodNpz } from "../../../test/support/likelihoodCase.ts";
import { createNonUniformPolarGrid, createPolarGrid, type PolarGridOptions } from "./polarGrid.ts";
import { integratePolar, pointWeights, polarMask, polarPoints, translationKernel } from "./polarValues.ts";
import { gaussJacobi, interpolatoryWeights } from "./quadrature.ts";
import { createSphereGrid, createSphereShell, integrateSphere } from "./sphereGrid.ts";
import { viewingAnglesFromDistance, viewingAnglesFromLists } from "./viewingAngles.ts";

// README of the golden files: grids 1e-14.
const EXACT = 1e-14;
// In 40 digits the weights here are right to 1e-15 of the largest; scipy's, in the golden files, to 3e-13 at 129 shells and 2e-12 at 1,000.
const SCIPY = 1e-12;

const GRIDS: readonly (readonly [file: string, options: PolarGridOptions])[] = [
  ["polar_grid", { radiusMax: 9.6, distRadii: 0.25, nInplanes: 96 }],
  ["polar_grid_jacobi1_R32_d0.25_n256", { radiusMax: 32, distRadii: 0.25, nInplanes: 256 }],
  ["polar_grid_jacobi2_R4_d0.5", { radiusMax: 4, distRadii: 0.5, quadrature: "gauss-jacobi-beta-2" }],
  ["polar_grid_legendre_R12_d0.25_auto", { radiusMax: 12, distRadii: 0.25, quadrature: "gauss-legendre" }],
];

describe("polar grids", () => {
  test.each(GRIDS)("%s as CryoLike makes it", async (file, options) => {
    const expected = await likelihoodNpz(`unit/${file}.npz`);
    const grid = createPolarGrid(options);
    const { x, y } = polarPoints(grid);
    const mask = polarMask(grid);
    expect([grid.nShells, grid.nInplanes]).toEqual([...expected("n_shells"), ...expected("n_inplanes")]);
    expect(difference(grid.radii, expected("radius_shells"))).toBeLessThan(EXACT);
    // least squares there, exact interpolation here
    const weights = options.quadrature === "gauss-jacobi-beta-2" ? 1e-10 : SCIPY;
    expect(difference(grid.shellWeights, expected("weight_shells"))).toBeLessThan(weights);
    expect(difference(grid.integrationWeights, expected("integration_weight_shell"))).toBeLessThan(weights);
    expect(difference(grid.thetas, expected("theta_shell"))).toBeLessThan(EXACT);
    expect(difference(x.slice(-grid.nInplanes), expected("x_last"))).toBeLessThan(EXACT);
    expect(difference(y.slice(-grid.nInplanes), expected("y_last"))).toBeLessThan(EXACT);
    expect(difference([mask.integral], expected("mask_integral"))).toBeLessThan(weights);
    // the last shell's values are small, their arguments large
    expect(difference(mask.values.slice(-grid.nInplanes), expected("mask_row_last"))).toBeLessThan(1e-11);
  });

  test("shells with as many points as they are long, as CryoLike makes them", async () => {
    const expected = await likelihoodNpz("unit/polar_grid_nonuniform_R6_d0.5.npz");
    const grid = createNonUniformPolarGrid({ radiusMax: 6, distRadii: 0.5 });
    expect([...grid.nInplanesOfShells]).toEqual(expected("n_inplane_shells"));
    expect([...grid.pointShells]).toEqual(expected("shell_indices"));
    expect(difference(grid.pointRadii, expected("radius_points"))).toBeLessThan(EXACT);
    expect(difference(grid.pointThetas, expected("theta_points"))).toBeLessThan(EXACT);
    expect(difference(grid.pointWeights, expected("weight_points"))).toBeLessThan(EXACT);
  });

  test("integrals of the disc, over all of it and half of it", () => {
    for (const quadrature of ["gauss-jacobi", "gauss-jacobi-beta-2", "gauss-legendre"] as const)
      for (const halfSpace of [false, true]) {
        const grid = createPolarGrid({ radiusMax: 3, distRadii: 0.5, quadrature, halfSpace });
        const { x, y } = polarPoints(grid);
        const functions = [x.map(() => 1), x.map((value, i) => value ** 2 + y[i] ** 2)];
        const values = new Float64Array(2 * x.length);
        for (const [i, f] of functions.entries()) values.set(f, i * x.length);
        const [area, moment] = integratePolar(grid, values);
        expect(area).toBeCloseTo(9 * Math.PI, 11);
        expect(moment).toBeCloseTo((Math.PI / 2) * 81, 10);
        expect(grid.thetas.at(-1)).toBeLessThan(halfSpace ? Math.PI : 2 * Math.PI);
      }
    expect(() => integratePolar(createPolarGrid(GRIDS[0][1]), new Float64Array(7))).toThrow(
      "integratePolar values: expected a multiple of 3840 values, the points of the grid, found 7.",
    );
  });

  test("radii of the user's own, and a mask", () => {
    const radii = gaussJacobi(6, 1).nodes.map((x) => x + 1);
    const own = createPolarGrid({ radiusMax: 2, distRadii: 0.4, nInplanes: 8, quadrature: { radii } });
    const gauss = createPolarGrid({ radiusMax: 2, distRadii: 0.4, nInplanes: 8 });
    expect(difference(own.shellWeights, gauss.shellWeights)).toBeLessThan(1e-13);
    const weights = pointWeights(own);
    const disc = polarMask(own, (x, y) => (Math.hypot(x, y) < 1 ? 2 : 0));
    expect(disc.integral).toBeCloseTo(
      disc.values.reduce((sum, value, i) => sum + value ** 2 * weights[i], 0),
      12,
    );
    for (const [quadrature, message] of [
      [
        { radii: [1, 1] },
        "polar grid quadrature.radii: expected different radii above 0 and up to 2, found [1,1].",
      ],
      [{ radii: [1, 3] }, "expected different radii above 0 and up to 2, found [1,3]."],
      [{ radii: [1, 1.001, 1.002] }, "expected radii whose weights are not below 0"],
      [{ radii: [1], weights: [1, 2] }, "polar grid quadrature.weights: expected 1 weights, found 2."],
    ] as const)
      expect(() => createPolarGrid({ radiusMax: 2, distRadii: 1, quadrature })).toThrow(message);
    expect(() => createPolarGrid({ radiusMax: 0, distRadii: 1 })).toThrow(
      "polar grid radiusMax: expected a number above 0, found 0.",
    );
    expect(() => createPolarGrid({ radiusMax: 1, distRadii: 1, nInplanes: 1.5 })).toThrow(
      "polar grid nInplanes: expected a whole number above 0, found 1.5.",
    );
  });

  test("the kernel of a displacement as CryoLike has it", async () => {
    const expected = await likelihoodNpy("unit/translation_kernel_2.5_-4.0A.npy");
    const grid = createPolarGrid(GRIDS[0][1]);
    const kernel = translationKernel(grid, { x: [0, 2.5], y: [0, -4] }, [96, 96]);
    expect(difference(kernel.subarray(kernel.length / 2), numbersOf(expected.data))).toBeLessThan(1e-13);
  });
});

const numbersOf = (data: Iterable<number | bigint>) => Array.from(data, Number);

test("Gauss-Jacobi quadratures are exact for polynomials below degree 2n", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.constantFrom(0, 1, 2), fc.nat(119), (n, beta, degree) => {
      const { nodes, weights } = gaussJacobi(n, beta as 0 | 1 | 2);
      const power = degree % (2 * n);
      // ∫ (1 + x)^(beta + power) over [-1, 1], as a share of itself
      const exact = 2 ** (beta + power + 1) / (beta + power + 1);
      const sum = nodes.reduce((total, x, i) => total + weights[i] * (1 + x) ** power, 0);
      expect(sum / exact).toBeCloseTo(1, 11);
      expect(nodes.every((x, i) => i === 0 || x > nodes[i - 1])).toBe(true);
    }),
  );
  const many = gaussJacobi(1025, 1);
  expect(many.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(2, 11);
});

test("weights of any places integrate polynomials", () => {
  const radii = Float64Array.of(0.9, 0.2, 0.5, 0.7);
  const weights = interpolatoryWeights(radii);
  for (const power of [0, 1, 2, 3])
    expect(radii.reduce((sum, r, i) => sum + weights[i] * r ** power, 0)).toBeCloseTo(1 / (power + 2), 13);
});

describe("spheres", () => {
  test("areas, volumes and moments of every kind of grid", () => {
    for (const azimuthalSampling of ["uniform", "adaptive"] as const) {
      const shell = createSphereShell({ radius: 2, distEq: 0.5, azimuthalSampling });
      const square = shell.z.map((z) => z * z);
      expect(
        integrateSphere(
          shell,
          square.map(() => 1),
        )[0],
      ).toBeCloseTo(16 * Math.PI, 10);
      expect(integrateSphere(shell, square)[0]).toBeCloseTo((64 / 3) * Math.PI, 10);
      for (const options of [{}, { equalShell: true }, { distType: "adaptive" }] as const) {
        const grid = createSphereGrid({ radiusMax: 2, distEq: 0.6, azimuthalSampling, ...options });
        const values = new Float64Array(2 * grid.count).fill(1);
        values.set(
          grid.x.map((x, i) => x * grid.x[i]),
          grid.count,
        );
        const [volume, moment] = integrateSphere(grid, values);
        expect(volume).toBeCloseTo((32 / 3) * Math.PI, 10);
        expect(moment).toBeCloseTo((128 / 15) * Math.PI, 10);
        // r over r
        expect(integrateSphere(grid, grid.radii, "riesz")[0]).toBeCloseTo((32 / 3) * Math.PI, 10);
        expect(grid.starts.at(-1)).toBe(grid.count);
        const isSame = new Set(grid.shells.map(({ count }) => count)).size === 1;
        expect(isSame).toBe("equalShell" in options || "distType" in options);
      }
    }
    expect(() => createSphereShell({ radius: 0 })).toThrow(
      "sphere radius: expected a number above 0, found 0.",
    );
    expect(() => integrateSphere(createSphereShell(), [1, 2])).toThrow("expected a multiple of");
  });
});

describe("viewing angles", () => {
  test("of a distance, as CryoLike has them", async () => {
    const expected = await likelihoodNpz("unit/viewing_angles.npz");
    const angles = viewingAnglesFromDistance(0.9);
    expect(angles.count).toBe(62);
    // single precision, of which the last bit may differ
    expect(difference(angles.azimuths, expected("azimus"))).toBeLessThan(1e-7);
    expect(difference(angles.polars, expected("polars"))).toBeLessThan(1e-7);
    expect([...angles.gammas]).toEqual(expected("gammas"));
    expect(difference(angles.weights, expected("weights_viewing"))).toBeLessThan(EXACT);
    expect(angles.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(4 * Math.PI, 12);
  });

  test("of a short distance, as CryoLike has them", async () => {
    const expected = await likelihoodNpz("unit/viewing_angles_d0.0398.npz");
    const angles = viewingAnglesFromDistance(0.5 / (4 * Math.PI));
    const some = (list: Float32Array | Float64Array) => list.filter((_, i) => i % 37 === 0);
    expect(angles.count).toBe(8744);
    expect(difference(some(angles.azimuths), expected("azimus"))).toBeLessThan(1e-7);
    expect(difference(some(angles.polars), expected("polars"))).toBeLessThan(1e-7);
    expect(difference(some(angles.weights), expected("weights"))).toBeLessThan(2 * SCIPY);
  });

  test("of lists", () => {
    const angles = viewingAnglesFromLists({ azimuths: [0, 1], polars: [2, 3] });
    expect([...angles.gammas, ...angles.weights]).toEqual([0, 0, 0.5, 0.5]);
    for (const [lists, message] of [
      [{ azimuths: [], polars: [] }, "viewing angles azimuths: expected at least 1 angles, found 0."],
      [{ azimuths: [1], polars: [1, 2] }, "viewing angles polars: expected 1 angles, found 2."],
      [{ azimuths: [1], polars: [Number.NaN] }, "viewing angles polars: expected numbers, found NaN."],
    ] as const)
      expect(() => viewingAnglesFromLists(lists)).toThrow(message);
    expect(() => viewingAnglesFromDistance(0)).toThrow(
      "viewingDistance: expected a number above 0, found 0.",
    );
  });
});
