import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import type { Progress } from "../../core/index.ts";
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

describe("all of a turned template is drawn", () => {
  const volume = (shape: readonly [number, number, number]): PipeImage => {
    return { data: new Float32Array(shape[0] * shape[1] * shape[2]).fill(1), shape };
  };
  const sum = (image: { readonly data: Float32Array }) =>
    image.data.reduce((total, value) => total + value, 0);
  /** A quarter of a turn. */
  const about = (axis: 0 | 1) => {
    const q: [number, number, number, number] = [0, 0, 0, Math.SQRT1_2];
    q[axis] = Math.SQRT1_2;
    return q;
  };

  test.each([
    ["z", 0, [15, 31, 15]],
    ["y", 1, [31, 15, 15]],
  ] as const)("a rod along x, turned about %s", async (_, axis, shape) => {
    const rod = volume([5, 5, 21]);
    const one = new Molecules([shape.map((side) => (side - 1) / 2)], [about(axis)], {});
    const simulator = new TomogramSimulator({ scale: 1, order: 1, backend: pool }).addMolecules(one, rod);
    // Outermost voxels lie at the template's ends to rounding, where what is beyond is 0.
    expect(sum(await simulator.simulate(shape))).toBeGreaterThan(3 * 3 * 19);
    expect(sum(await simulator.simulate2d([shape[1], shape[2]]))).toBeGreaterThan(3 * 3 * 19);
    expect(sum(await simulator.simulate(shape, compat))).toBeLessThanOrEqual(5 * 5 * 5 + 1e-3);
  });

  test("at the edge as in the middle", async () => {
    const rod = volume([4, 5, 12]);
    const turn = [0.14615492, -0.09743661, 0.34102815, 0.92349588] as const;
    const at = async (place: readonly number[], shape: [number, number, number]) => {
      const one = new Molecules([place], [turn], {});
      return new TomogramSimulator({ scale: 1, order: 0, backend: pool })
        .addMolecules(one, rod)
        .simulate(shape);
    };
    const whole = await at([12.3, 12.6, 12.2], [24, 24, 24]);
    const cut = await at([2.3, 2.6, 2.2], [14, 14, 14]);
    const inside = (i: number) =>
      [Math.floor(i / 576), Math.floor(i / 24) % 24, i % 24].every((k) => k >= 10);
    expect(cut.data).toEqual(whole.data.filter((_, i) => inside(i)));
  });

  // acryo 0.9.1: template arange(1, 126) as 5 x 5 x 5, rotation vector (0.3, -0.2, 0.7), order 1, scale 0.7, at float32(0.7 * 8) along each axis.
  test("compat has the voxel of a place in single precision", async () => {
    const data = Float32Array.from({ length: 125 }, (_, i) => i + 1);
    const one = new Molecules([[5.6, 5.6, 5.6]], [[0.14615492, -0.09743661, 0.34102815, 0.92349588]], {});
    const image = await new TomogramSimulator({ scale: 0.7, order: 1, backend: pool })
      .addMolecules(one, { data, shape: [5, 5, 5] })
      .simulate([20, 20, 20], compat);
    expect(sum(image)).toBeCloseTo(3969, 2);
    expect(image.data.filter((value) => value > 0)).toHaveLength(63);
  });
});

describe("a drawing tells", () => {
  const places = [
    [5, 5, 5],
    [5, 40, 5],
  ];
  const two = () =>
    new TomogramSimulator({ scale: 0.5, backend: pool }).addMolecules(new Molecules(places), ODD, "odd");

  test("how many molecules it has drawn, of a tilt series those of all images", async () => {
    const seen: string[] = [];
    const onProgress = ({ done, total, unit }: Progress) => seen.push(`${done}/${total} ${unit}`);
    await two().simulate([20, 20, 20], { onProgress });
    expect(seen).toEqual(["1/2 molecules", "2/2 molecules"]);
    seen.length = 0;
    await two().simulateTiltSeries([-10, 0, 10], [20, 20, 20], { onProgress });
    expect(seen.at(-1)).toBe("6/6 molecules");
    expect(seen).toHaveLength(6);
  });

  test("what is not in it", async () => {
    const said: string[] = [];
    const onLog = (message: string, level?: string) => said.push(`${level}: ${message}`);
    await two().simulate([20, 20, 20], { onLog });
    await two().simulateTiltSeries([0], [20, 20, 20], { onLog });
    await two().simulate([20, 100, 20], { onLog });
    await new TomogramSimulator({ scale: 0.5, backend: pool }).simulate([4, 4, 4], { onLog });
    const outside = (call: string, sides: string) =>
      `warning: ${call}: 1 of 2 molecules lie outside of the ${sides} voxels and show in part or not at all, the first of them molecule 1 of component odd: see shape (--shape), scale (--scale) and their places`;
    expect(said).toEqual([
      outside("simulate", "20 x 20 x 20"),
      outside("simulateTiltSeries", "20 x 20"),
      "warning: simulate: there are no molecules, so that all values are 0",
    ]);
  });

  test("that the axes of a view are not orthogonal", async () => {
    const said: string[] = [];
    const onLog = (message: string) => said.push(message);
    const view = { center: [5, 5, 5], xaxis: [0, 1, 1], yaxis: [0, 1, 0] } as const;
    const image = await two().simulateProjection([20, 100], view, { onLog });
    expect(said[0]).toBe(
      "simulateProjection view: xaxis and yaxis are 45.00° apart; xaxis is turned to be 90° from yaxis",
    );
    const turned = await two().simulateProjection([20, 100], { ...view, xaxis: [0, 0, 1] });
    expect(image.data).toEqual(turned.data);
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
