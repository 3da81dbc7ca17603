import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { parseNpy } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { parseMoleculesCsv } from "../molecules/csv.ts";
import { Molecules } from "../molecules/molecules.ts";
import { TomogramSimulator } from "./simulator.ts";

/** Vectors of acryo 0.9.1; see test/golden/subtomogram/README.md. */
const FOLDER = new URL("../../../test/golden/subtomogram/", import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, FOLDER));

function golden(name: string) {
  const { data, shape } = parseNpy(readFileSync(path(name)), name);
  return { data: Float32Array.from(data, Number), shape };
}

const A: PipeImage = { data: golden("template_A.npy").data, shape: [24, 24, 24] };
/** template_A[1:, 1:, 1:] */
const ODD: PipeImage = {
  data: A.data.filter((_, i) => i >= 576 && Math.floor(i / 24) % 24 >= 1 && i % 24 >= 1),
  shape: [23, 23, 23],
};
const molecules = parseMoleculesCsv(readFileSync(path("sim_molecules.csv"), "utf8"), "sim_molecules.csv");
const compat = { compat: true };

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool[Symbol.asyncDispose]());

const simulatorOf = (template: PipeImage, order: 0 | 1 | 3 = 3) =>
  new TomogramSimulator({ scale: 0.5, order, backend: pool }).addMolecules(molecules, template);

function expectNear(found: ArrayLike<number>, wanted: Float32Array) {
  expect(found.length).toBe(wanted.length);
  const range = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) worst = Math.max(worst, Math.abs(found[i] - wanted[i]));
  expect(worst / range).toBeLessThan(1e-5);
}

describe("simulations are acryo's", () => {
  test("tomograms, half a voxel off where the template's sides are even", async () => {
    const even = await simulatorOf(A).simulate([26, 28, 30], compat);
    expectNear(even.data, golden("sim/tomo_even_26x28x30.npy").data);
  });

  test("tomograms of odd templates, whatever the mode", async () => {
    const wanted = golden("sim/tomo_odd23_26x28x30.npy").data;
    expectNear((await simulatorOf(ODD).simulate([26, 28, 30], compat)).data, wanted);
    const linear = await simulatorOf(ODD, 1).simulate([26, 28, 30], compat);
    expectNear(linear.data, golden("sim/tomo_order1_odd23_26x28x30.npy").data);
  });

  test("in colours", async () => {
    const color = await simulatorOf(A).simulateColor(
      [26, 28, 30],
      ({ r, g }) => [Number(r), Number(g), 0.2],
      compat,
    );
    expectNear(color.data, golden("sim/color_26x28x30.npy").data);
  });

  test("in colours from the least to the largest value where the spline is linear", async () => {
    const { data, shape } = ODD;
    const [least, largest] = [Math.min(...data), Math.max(...data)];
    const middle: [number, number, number] = [5.5, 5.5, 5.5];
    const one = new Molecules([middle], undefined, {});
    const linear = new TomogramSimulator({ scale: 0.5, order: 1, backend: pool }).addMolecules(one, ODD);
    const color = await linear.simulateColor([23, 23, 23], () => [1, 0, 0.5], compat);
    const red = data.map((value) => (value - least) / (largest - least));
    expect(shape).toEqual([23, 23, 23]);
    expectNear(color.data.subarray(0, data.length), red);
  });

  test("sums along z, without the first molecule", async () => {
    expectNear((await simulatorOf(A).simulate2d([28, 30], compat)).data, golden("sim/sim2d_28x30.npy").data);
  });

  // Seen beside acryo 0.9.1 in random tomograms: it sums a tomogram that begins at z = 0.
  test("sums along z, without what lies below z = 0", async () => {
    const low = molecules.translate([-6, 0, 0]);
    const simulator = new TomogramSimulator({ scale: 0.5, backend: pool }).addMolecules(low, ODD);
    const summed = await simulator.simulate2d([28, 30], compat);
    const without = new TomogramSimulator({ scale: 0.5, backend: pool }).addMolecules(low.slice(1), ODD);
    const { data } = await without.simulate([60, 28, 30], compat);
    const wanted = new Float32Array(28 * 30);
    data.forEach((value, i) => {
      wanted[i % wanted.length] += value;
    });
    expectNear(summed.data, wanted);
    const all = await simulator.simulate2d([28, 30]);
    expect(all.data.reduce((sum, value) => sum + value, 0)).toBeGreaterThan(
      1.2 * wanted.reduce((sum, value) => sum + value, 0),
    );
  });

  test("a direction of view", async () => {
    const view = { center: [6, 7, 7], xaxis: [0.2, 0, 1], yaxis: [0, 1, 0] } as const;
    const image = await simulatorOf(A).simulateProjection([28, 30], view, compat);
    expectNear(image.data, golden("sim/projection_28x30.npy").data);
  });

  test("a tilt series", async () => {
    const series = await simulatorOf(A).simulateTiltSeries([-40, -20, 0, 20, 40], [26, 28, 30], compat);
    expect(series.shape).toEqual([5, 28, 30]);
    expectNear(series.data, golden("sim/tilt_series_5.npy").data);
  });
});

/** Where the mass of an image is, in voxels. */
function centreOfMass({ data, shape }: { data: Float32Array; shape: readonly number[] }): number[] {
  const sums = [0, 0, 0];
  let total = 0;
  data.forEach((value, i) => {
    const place = [Math.floor(i / (shape[1] * shape[2])), Math.floor(i / shape[2]) % shape[1], i % shape[2]];
    total += value;
    place.forEach((at, axis) => {
      sums[axis] += at * value;
    });
  });
  return sums.map((sum) => sum / total);
}

describe("right by default", () => {
  test.each([12, 13])("templates of side %i lie where their molecules are", async (side) => {
    const at = (i: number) => (i - (side - 1) / 2) ** 2;
    const data = Float32Array.from({ length: side ** 3 }, (_, i) =>
      Math.exp(-(at(Math.floor(i / side ** 2)) + at(Math.floor(i / side) % side) + at(i % side)) / 2),
    );
    const one = new Molecules([[5.1, 6.2, 4.9]], undefined, {});
    const simulator = new TomogramSimulator({ scale: 0.5, backend: pool }).addMolecules(one, {
      data,
      shape: [side, side, side],
    });
    const wanted = [10.2, 12.4, 9.8];
    const found = centreOfMass(await simulator.simulate([24, 24, 24]));
    wanted.forEach((place, axis) => {
      expect(Math.abs(found[axis] - place)).toBeLessThan(0.02);
    });
    const old = centreOfMass(await simulator.simulate([24, 24, 24], compat));
    expect(old[0] - found[0]).toBeCloseTo(side % 2 === 0 ? 0.5 : 0, 1);
  });

  test("every molecule is in the sum along z", async () => {
    const one = new TomogramSimulator({ scale: 0.5, backend: pool }).addMolecules(molecules.head(1), A);
    const image = await one.simulate2d([28, 30]);
    expect(image.data.some((value) => value > 1)).toBe(true);
    expect((await one.simulate2d([28, 30], compat)).data.every((value) => value === 0)).toBe(true);
  });
});

test("components have names", () => {
  const both = simulatorOf(A).addMolecules(molecules.head(1), ODD, "odd");
  expect(both.collectMolecules().features.component).toEqual(["0", "0", "0", "odd"]);
  expect(both.subset("odd").collectMolecules().count).toBe(1);
  expect(() => both.subset("none")).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: subset: expected one of 0, odd, found none.]`,
  );
});
