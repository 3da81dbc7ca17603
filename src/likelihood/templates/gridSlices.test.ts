import { expect, test } from "vitest";
import { noise } from "../../../test/support/noise.ts";
import { createPool } from "../../compute/index.ts";
import { seededRandom } from "../../core/index.ts";
import { fromIndividualValues } from "../descriptor/descriptor.ts";
import { templatesFromAtoms } from "./fromAtoms.ts";
import { templatesFromVolume } from "./fromVolume.ts";

const difference = (one: ArrayLike<number>, other: ArrayLike<number>) => {
  let [worst, most] = [0, 0];
  for (let i = 0; i < one.length; i++) {
    worst = Math.max(worst, Math.abs(one[i] - other[i]));
    most = Math.max(most, Math.abs(other[i]));
  }
  return worst / most;
};

test.each(["single", "double"] as const)(
  "slices of workers are those of the calling thread, %s precision",
  async (precision) => {
    // 26 voxels: a spreading function of an even number that four does not divide is among the two precisions'
    const descriptor = fromIndividualValues(26, 2, { precision, viewingDistance: 2.5, nInplanes: 38 });
    const volume = { data: noise(26 ** 3, 3), shape: [26, 26, 26] as const, voxelSizeA: 2 };
    const { uniform } = seededRandom(4);
    const model = {
      count: 40,
      positions: Float64Array.from({ length: 120 }, () => 10 * (uniform() - 0.5)),
      radiiA: Float64Array.from({ length: 40 }, (_, a) => 5 + (a % 2)),
    };
    await using one = await createPool({ workers: 1 });
    await using three = await createPool({ workers: 3 });
    const shapes = [descriptor, { ...descriptor, atomShape: "hard-sphere" as const }];
    const makers = [
      (options: Parameters<typeof templatesFromVolume>[2]) =>
        templatesFromVolume({ ...volume, data: Float32Array.from(volume.data) }, descriptor, options),
      ...shapes.map(
        (shape) => (options: Parameters<typeof templatesFromVolume>[2]) =>
          templatesFromAtoms(model, shape, { ...options, method: "grid" }),
      ),
    ];
    for (const make of makers) {
      const [here, alone, together] = [
        await make({}),
        await make({ backend: one }),
        await make({ backend: three }),
      ];
      expect(together).toEqual(alone);
      expect(alone.shape).toEqual(here.shape);
      expect(difference(alone.data, here.data)).toBeLessThan(precision === "single" ? 1e-7 : 1e-13);
    }
    const ended = makers[0]({ backend: three, signal: AbortSignal.abort() });
    await expect(ended).rejects.toMatchObject({ code: "aborted" });
  },
);
