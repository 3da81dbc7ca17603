import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { elementCount, type Matrix3, type Shape3, seededRandom } from "../../core/index.ts";
import { quaternionMatrix, type Zyx } from "../molecules/quaternion.ts";
import { type BoxPlace, createSampler } from "./samplePlan.ts";
import { countWithMargin, SPLINE_MARGIN, splineWithMargin } from "./splineMargin.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool[Symbol.asyncDispose]());

const side = fc.integer({ min: 1, max: 11 });
const shape3 = fc.tuple(side, side, side);
const unit = fc.double({ min: -1, max: 1, noNaN: true });
/** Any rotation, those about axes by quarters among them, whose rows do not advance along all axes. */
const turn: fc.Arbitrary<Matrix3> = fc
  .oneof(
    fc.tuple(unit, unit, unit, unit),
    fc.constantFrom([0, 0, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0, 0, -1, 1]),
  )
  .filter((q) => Math.hypot(...q) > 0.1)
  .map((q) =>
    quaternionMatrix(q.map((value) => value / Math.hypot(...q)) as [number, number, number, number]),
  );
const order = fc.constantFrom(0 as const, 1 as const, 3 as const);

interface Volume {
  readonly data: Float32Array;
  readonly shape: Shape3;
}

function noise(shape: Shape3, seed: number): Volume {
  const random = seededRandom(seed);
  return { data: Float32Array.from({ length: elementCount(shape) }, () => random.normal()), shape };
}

/** Weights of the taps about a place: the first tap's index, and theirs. */
function taps(place: number, order: 0 | 1 | 3): readonly [first: number, weights: readonly number[]] {
  if (order === 0) return [Math.floor(place + 0.5), [1]];
  const first = Math.floor(place);
  const t = place - first;
  if (order === 1) return [first, [1 - t, t]];
  const inner = (u: number) => 2 / 3 - u * u + (u * u * u) / 2;
  return [first - 1, [(1 - t) ** 3 / 6, inner(t), inner(1 - t), t ** 3 / 6]];
}

/** The definition: for each voxel of the box the sum over its taps, in double precision. */
function sampled(
  volume: Volume,
  box: Shape3,
  { turn, centre, outside }: BoxPlace,
  order: 0 | 1 | 3,
): number[] {
  const padded = order === 3 ? new Float32Array(countWithMargin(volume.shape)) : undefined;
  if (padded) splineWithMargin(volume.data, { shape: volume.shape, ends: "mirror" }, padded);
  const [, height, width] = volume.shape;
  const value = (at: readonly number[]) => {
    if (padded) {
      const [z, y, x] = at.map((i) => i + 2);
      return padded[(z * (height + SPLINE_MARGIN) + y) * (width + SPLINE_MARGIN) + x];
    }
    // Behind the last voxel with weight 0.
    if (at.some((i, axis) => i >= volume.shape[axis])) return 0;
    return volume.data[(at[0] * height + at[1]) * width + at[2]];
  };
  const values: number[] = [];
  for (let gz = 0; gz < box[0]; gz++)
    for (let gy = 0; gy < box[1]; gy++)
      for (let gx = 0; gx < box[2]; gx++) {
        const g = [gz, gy, gx].map((i, axis) => i - (box[axis] - 1) / 2);
        const place = [0, 1, 2].map(
          (row) => turn[3 * row] * g[0] + turn[3 * row + 1] * g[1] + turn[3 * row + 2] * g[2] + centre[row],
        );
        if (place.some((p, axis) => p < 0 || p > volume.shape[axis] - 1)) {
          values.push(Number(outside));
          continue;
        }
        const [z, y, x] = place.map((p) => taps(p, order));
        let sum = 0;
        for (const [i, wz] of z[1].entries())
          for (const [j, wy] of y[1].entries())
            for (const [k, wx] of x[1].entries()) sum += wz * wy * wx * value([z[0] + i, y[0] + j, x[0] + k]);
        values.push(sum);
      }
  return values;
}

test("boxes are sums over the taps of their voxels, in any direction, inside and at ends", async () => {
  await fc.assert(
    fc.asyncProperty(
      shape3,
      shape3,
      turn,
      fc.tuple(unit, unit, unit),
      order,
      async (region, box, turn, shift, order) => {
        // Off the whole and half places, where rounding decides what is outside or which voxel is nearest.
        const centre = region.map(
          (n, axis) => (n - 1) / 2 + shift[axis] * 0.7 * n + 1e-4 * Math.SQRT2,
        ) as unknown as Zyx;
        const volume = noise(region, 3);
        const plan = createSampler(pool, { region, box, order, batch: 1 });
        try {
          plan.set("regions", volume.data);
          const place = { turn, centre, outside: 7 };
          await plan.run([place]);
          const found = new Float32Array(elementCount(box));
          plan.read("volumes", found);
          const wanted = sampled(volume, box, place, order);
          // Single precision of coefficients that are at most ten times the values.
          for (const [i, value] of wanted.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(2e-5);
        } finally {
          plan.dispose();
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("regions that workers cut out of a volume give the bytes of those that are set", async () => {
  await fc.assert(
    fc.asyncProperty(shape3, shape3, turn, order, fc.nat(1000), async (region, box, turn, order, seed) => {
      const whole: Shape3 = [region[0] + 3, region[1] + 5, region[2] + 2];
      const volume = noise(whole, seed);
      const plan = createSampler(pool, { region, box, order, batch: 2, volume: whole });
      try {
        const from: Zyx = [seed % 4, seed % 6, seed % 3];
        const centre = region.map((n) => n / 2) as unknown as Zyx;
        const cut = noise(region, 0).data;
        let at = 0;
        for (let z = 0; z < region[0]; z++)
          for (let y = 0; y < region[1]; y++)
            for (let x = 0; x < region[2]; x++)
              cut[at++] = volume.data[((from[0] + z) * whole[1] + from[1] + y) * whole[2] + from[2] + x];
        plan.set("volume", volume.data.subarray(0, whole[1] * whole[2]));
        plan.set("volume", volume.data.subarray(whole[1] * whole[2]), 1);
        plan.set("regions", cut, 1);
        const place = { turn, centre, outside: "mean" } as const;
        await plan.run([{ ...place, from }, place]);
        const [first, second] = [new Float32Array(elementCount(box)), new Float32Array(elementCount(box))];
        plan.read("volumes", first, 0);
        plan.read("volumes", second, 1);
        expect(first).toEqual(second);
      } finally {
        plan.dispose();
      }
    }),
    { numRuns: 60 },
  );
});

test("a region that leaves the volume is an error", async () => {
  const plan = createSampler(pool, {
    region: [4, 4, 4],
    box: [2, 2, 2],
    order: 1,
    batch: 1,
    volume: [6, 6, 6],
  });
  try {
    const place = {
      turn: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      centre: [2, 2, 2],
      outside: 0,
      from: [0, 3, 0],
    } as const;
    await expect(plan.run([place])).rejects.toThrow(
      "subtomogram boxes: expected a region of 4 x 4 x 4 in the 6 x 6 x 6 voxels of the volume, found one from 0, 3, 0.",
    );
  } finally {
    plan.dispose();
  }
});
