import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import type { AlignMethod, AlignSize } from "./alignLayout.ts";
import { type AlignPlan, alignPlan, createAlignment } from "./alignPlan.ts";

const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1] as const;
const QUARTER = [1, 0, 0, 0, 0, -1, 0, 1, 0] as const;
const VOXELS = 9 * 8 * 10;
const random = seededRandom(5);
const noise = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const template = noise(VOXELS);
const images = noise(3 * VOXELS);
/** Two planes a molecule. */
const normals = Float64Array.from({ length: 18 }, () => random.normal() / 8);

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

function sizeOf(method: AlignMethod, hasWedge: boolean): AlignSize {
  return {
    ...{ shape: [9, 8, 10], method, isCentred: method === "zncc", templates: 1, rotations: 2 },
    ...{ masks: "none", hasWedge, maxShiftsPx: [2, 1, 2], batch: 8, keepsResponses: false },
  };
}

async function prepared(method: AlignMethod, hasWedge: boolean): Promise<AlignPlan> {
  const plan = createAlignment(pool, sizeOf(method, hasWedge));
  plan.set("templates", template);
  const matrices = [IDENTITY, QUARTER];
  await plan.run({ kind: "prepare", matrices, isTurned: true, outside: 0, cutoff: 0.4, compat: false });
  return plan;
}

describe.each(["zncc", "pcc", "fsc"] as const)("images of %s whose spectra take their place", (method) => {
  const work = { kind: "align", count: 3, compat: false, observations: 100 } as const;

  test("are compared again as often as wanted, some of them new", async () => {
    const plan = await prepared(method, true);
    plan.set("images", images);
    const first = await plan.run({ ...work, normals });
    expect(await plan.run({ ...work, normals })).toEqual(first);
    const chosen = [[1], [0], [0, 1]];
    const some = await plan.run({ ...work, normals, chosen });
    expect(some[0].all?.subarray(4)).toEqual(first[0].all?.subarray(4));
    expect(some[2]).toEqual(first[2]);
    plan.set("images", images.subarray(0, VOXELS), 1);
    plan.set("images", images.subarray(VOXELS, 2 * VOXELS), 0);
    const swapped = Float64Array.of(
      ...normals.subarray(6, 12),
      ...normals.subarray(0, 6),
      ...normals.subarray(12),
    );
    plan.set("images", images.subarray(2 * VOXELS), 2);
    const [b, a, c] = await plan.run({ ...work, normals: swapped });
    expect([a, b, c]).toEqual(first);
    plan.dispose();
  });

  test("are asked for again where their wedges are others, or an abort broke off", async () => {
    const plan = await prepared(method, true);
    plan.set("images", images);
    await plan.run({ ...work, normals });
    await expect(plan.run({ ...work, normals: normals.map((value) => -value) })).rejects.toThrow(
      "alignment image 0: expected the image, found its spectrum with other wedges. Set it again.",
    );
    plan.dispose();
    const other = await prepared(method, false);
    other.set("images", images);
    await expect(other.run(work, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
    await expect(other.run(work)).rejects.toThrow(
      "alignment image 0: expected the image, found that an abort broke off its transform. Set it again.",
    );
    other.set("images", images);
    expect(await other.run(work)).toHaveLength(3);
    other.dispose();
  });
});

test("padded spectra take the room of those that they are made of: 2.0 MB a worker at 32³", () => {
  const shape = [32, 32, 32] as const;
  const size = { ...sizeOf("zncc", false), shape, maxShiftsPx: [4, 4, 4] } as const;
  const bytes = (workers: number) => alignPlan.wasm.bytes(size, workers);
  expect((bytes(2) - bytes(1)) / 1e6).toBeCloseTo(2.05, 1);
});
