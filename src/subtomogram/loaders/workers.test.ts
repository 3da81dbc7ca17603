import { expect, test } from "vitest";
import { subtomogramMolecules, subtomogramVolume } from "../../../test/support/subtomogramCase.ts";
import { acryoSeries, tiltSeriesMolecules } from "../../../test/support/tiltSeriesCase.ts";
import { createPool } from "../../compute/index.ts";
import { BackProjectionLoader } from "./backProjectionLoader.ts";
import { SubtomogramLoader } from "./subtomogramLoader.ts";

const WORKERS = [1, 2, 3];

/** What each number of workers gives. */
async function ofWorkers<Result>(work: (pool: Awaited<ReturnType<typeof createPool>>) => Promise<Result>) {
  const results: Result[] = [];
  for (const workers of WORKERS) {
    await using pool = await createPool({ workers });
    results.push(await work(pool));
  }
  return results;
}

test("boxes of a tilt series are the same bytes for any number of workers", async () => {
  const [one, ...others] = await ofWorkers(async (backend) => {
    const options = { outputShape: 12, padding: 2, ctf: "none", backend } as const;
    const loader = await BackProjectionLoader.open(acryoSeries(), tiltSeriesMolecules, options);
    return (await loader.asArray()).data;
  });
  expect(one.some((value) => value !== 0)).toBe(true);
  for (const other of others) expect(other).toEqual(one);
});

test("averages weighted by wedges are the same bytes for any number of workers, in any number of parts", async () => {
  const [one, ...others] = await ofWorkers(async (backend) => {
    const loader = new SubtomogramLoader(
      subtomogramVolume("tomo_wedge.npy"),
      subtomogramMolecules("molecules_start.csv").head(11),
      { scale: 0.5, backend, outputShape: [11, 12, 10], tiltModel: [-60, 60] },
    );
    const options = { wedgeWeighting: true, sets: 2, parts: 3, seed: 1 };
    return (await loader.averageSplit(options)).data;
  });
  expect(one.length).toBe(6 * 11 * 12 * 10);
  for (const other of others) expect(other).toEqual(one);
});
