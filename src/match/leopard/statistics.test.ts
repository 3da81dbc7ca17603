import fc from "fast-check";
import { expect, test } from "vitest";
import { goldenNpz, type NpyArray } from "../../../test/support/npy.ts";
import { elementCount } from "../../core/index.ts";
import { doIterationStatisticsUpdates, updateGlobalStatistics } from "../index.ts";

const MAPS = [
  "mip",
  "best_phi",
  "best_theta",
  "best_psi",
  "best_defocus",
  "best_pixel_size",
  "correlation_sum",
  "correlation_squared_sum",
] as const;
const EXACT: readonly string[] = MAPS.slice(0, 6);

function f32(array: NpyArray | undefined): Float32Array {
  if (!(array?.data instanceof Float32Array)) throw new Error("the golden file lacks a float32 array");
  return array.data;
}

/** Largest |a - b| / max(1, |b|). */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, value, i) => {
    return Math.max(most, Math.abs(value - b[i]) / Math.max(1, Math.abs(b[i])));
  }, 0);
}

function seedInputs() {
  const input = goldenNpz("unit/seed_stats_update_in.npz");
  const cc = input.get("cross_correlation");
  return {
    cc: { data: f32(cc), shape: cc?.shape ?? [] },
    angles: f32(input.get("euler_angles")),
    defocus: f32(input.get("defocus_values")),
    pixels: f32(input.get("pixel_values")),
    maps: MAPS.map((name) => f32(input.get(name)).slice()),
  };
}

type Tracked =
  Parameters<typeof doIterationStatisticsUpdates> extends [unknown, unknown, unknown, unknown, ...infer Rest]
    ? Rest
    : never;

/** The eight maps and the image's size, as the function takes them. */
function tracked(maps: readonly Float32Array[], height: number, width: number): Tracked {
  const [mip, phi, theta, psi, defocus, pixel, sum, squares] = maps;
  return [mip, phi, theta, psi, defocus, pixel, sum, squares, height, width];
}

test.each(["5D", "3D", "angles with their shape"])("the seed's update, given as %s", (form) => {
  const { cc, angles, defocus, pixels, maps } = seedInputs();
  const [height, width] = cc.shape.slice(-2);
  const correlation = form === "3D" ? { data: cc.data, shape: [30, height, width] } : cc;
  const eulerAngles = form.startsWith("angles") ? { data: angles, shape: [5, 3] } : angles;
  const before = cc.data.slice();
  const result = doIterationStatisticsUpdates(
    correlation,
    eulerAngles,
    defocus,
    pixels,
    ...tracked(maps, height, width),
  );
  expect(result).toBeUndefined();
  expect(cc.data).toEqual(before);

  const wanted = goldenNpz("unit/seed_stats_update_out.npz");
  MAPS.forEach((name, i) => {
    const golden = f32(wanted.get(name));
    if (EXACT.includes(name)) expect(maps[i], name).toEqual(golden);
    // The golden sums round after each of 30 additions in float32; their partial sums reach 16, where half a unit in the last place is 1e-6.
    else expect(largestDifference(maps[i], golden), name).toBeLessThan(3e-6);
  });
});

test("a 4D correlation is one with a single pixel size", () => {
  const { cc, angles, defocus, pixels, maps } = seedInputs();
  const [height, width] = cc.shape.slice(-2);
  const half = cc.data.subarray(0, cc.data.length / 2);
  const again = maps.map((map) => map.slice());
  const pixel = pixels.subarray(0, 1);
  const five = { data: half, shape: [1, ...cc.shape.slice(1)] };
  const four = { data: half, shape: cc.shape.slice(1) };
  doIterationStatisticsUpdates(five, angles, defocus, pixel, ...tracked(maps, height, width));
  doIterationStatisticsUpdates(four, angles, defocus, pixel, ...tracked(again, height, width));
  expect(again).toEqual(maps);
});

test("the update by global index", () => {
  const input = goldenNpz("unit/stats_update_in.npz");
  const wanted = goldenNpz("unit/stats_update_out.npz");
  const arrays = [...input.keys()];
  const cc = [...input.values()].find(({ shape }) => shape.length === 5);
  if (cc === undefined) throw new Error(`no 5D array among ${arrays}`);
  const indexes = [...input.values()].find(({ shape }) => shape.length === 1);
  const index = input.get("best_global_index")?.data;
  if (!(index instanceof Int32Array) || indexes === undefined) throw new Error(`arrays: ${arrays}`);
  const maps = {
    mip: f32(input.get("mip")).slice(),
    bestGlobalIndex: index.slice(),
    correlationSum: f32(input.get("correlation_sum")).slice(),
    correlationSquaredSum: f32(input.get("correlation_squared_sum")).slice(),
  };
  updateGlobalStatistics({ data: f32(cc), shape: cc.shape }, indexes.data, maps);
  expect(maps.mip).toEqual(wanted.get("mip")?.data);
  expect(maps.bestGlobalIndex).toEqual(wanted.get("best_global_index")?.data);
  // The golden sums round after each of 24 additions in float32.
  expect(largestDifference(maps.correlationSum, f32(wanted.get("correlation_sum")))).toBeLessThan(3e-6);
  const squares = f32(wanted.get("correlation_squared_sum"));
  expect(largestDifference(maps.correlationSquaredSum, squares)).toBeLessThan(3e-6);
});

/** One pixel, `values` as orientations; phi is the position in the batch. */
function updateOnePixel(values: readonly number[], mip: number) {
  const maps = [mip, -1, -1, -1, -1, -1, 10, 20].map((value) => Float32Array.of(value));
  const angles = values.flatMap((_, i) => [i, 0, 0]);
  const cc = { data: Float32Array.from(values), shape: [values.length, 1, 1] };
  doIterationStatisticsUpdates(cc, angles, [7], [0], ...tracked(maps, 1, 1));
  return { mip: maps[0][0], phi: maps[1][0], defocus: maps[4][0], sum: maps[6][0], squares: maps[7][0] };
}

test("a NaN leaves the pixel's maxima alone and makes its sums NaN", () => {
  for (const values of [
    [9, NaN, 1],
    [NaN, 9],
    [1, 9, NaN],
  ]) {
    expect(updateOnePixel(values, 3)).toEqual({ mip: 3, phi: -1, defocus: -1, sum: NaN, squares: NaN });
  }
});

test("the first of equal maxima wins, and only if above the old one", () => {
  expect(updateOnePixel([1, 5, 5], -Infinity)).toEqual({ mip: 5, phi: 1, defocus: 7, sum: 21, squares: 71 });
  expect(updateOnePixel([1, 5, 5], 5)).toEqual({ mip: 5, phi: -1, defocus: -1, sum: 21, squares: 71 });
  expect(updateOnePixel([-Infinity], -Infinity)).toMatchObject({ phi: -1, sum: -Infinity });
});

test("a batch in two calls gives the maxima of one call, images above the block size too", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 900 }), (batch, width) => {
      const height = 3;
      const area = height * width;
      const data = Float32Array.from({ length: batch * area }, (_, i) =>
        Math.fround(Math.sin(i * 12.9898) * 3),
      );
      const angles = Float32Array.from({ length: 3 * batch }, (_, i) => i);
      const start = () => MAPS.map((_, i) => new Float32Array(area).fill(i === 0 ? -Infinity : 0));
      const [whole, split] = [start(), start()];
      const all = { data, shape: [batch, height, width] };
      doIterationStatisticsUpdates(all, angles, [1], [0], ...tracked(whole, height, width));
      for (let k = 0; k < batch; k++) {
        const one = { data: data.subarray(k * area, (k + 1) * area), shape: [1, height, width] };
        const own = angles.subarray(3 * k, 3 * k + 3);
        doIterationStatisticsUpdates(one, own, [1], [0], ...tracked(split, height, width));
      }
      expect(split.slice(0, 6)).toEqual(whole.slice(0, 6));
      // At most five additions, each rounded to float32, of values up to 9.
      expect(largestDifference(split[6], whole[6])).toBeLessThan(3e-6);
      expect(largestDifference(split[7], whole[7])).toBeLessThan(3e-6);
    }),
    { numRuns: 30 },
  );
});

test("shapes that do not fit together are refused", () => {
  const maps = MAPS.map(() => new Float32Array(6));
  const data = new Float32Array(24);
  const angles = new Float32Array(6);
  const call = (shape: readonly number[], changes: { angles?: Float32Array; maps?: Float32Array[] } = {}) =>
    doIterationStatisticsUpdates(
      { data: data.subarray(0, elementCount(shape)), shape },
      changes.angles ?? angles,
      [0, 1],
      [0],
      ...tracked(changes.maps ?? maps, 2, 3),
    );
  expect(() => call([1, 2, 2, 2, 3])).not.toThrow();
  expect(() => call([3, 2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: doIterationStatisticsUpdates().crossCorrelation.shape: expected (4, 2, 3) for 1 pixel sizes, 2 defocus values and 2 orientations, found (3, 2, 3). Give (pixel sizes, defocus, orientations, H, W), (defocus, orientations, H, W) with one pixel size, or (batch, H, W).]`,
  );
  expect(() => call([2, 1, 2, 2, 3])).toThrow("crossCorrelation.shape");
  expect(() => call([4, 1, 2, 3])).toThrow("crossCorrelation.shape");
  expect(() => call([4, 3, 2])).toThrow("expected (..., 2, 3), found (4, 3, 2)");
  expect(() => call([4, 2, 3], { angles: new Float32Array(5) })).toThrow("three angles per orientation");
  expect(() =>
    call([4, 2, 3], { maps: [new Float32Array(5), ...maps.slice(1)] }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: doIterationStatisticsUpdates().mip: expected 6 values, found 5.]`,
  );
});
