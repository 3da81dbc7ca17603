import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/plateCase.ts";
import { seededRandom } from "../../core/index.ts";
import {
  addMapobjects,
  clusterMapobjects,
  createExperiment,
  type Experiment,
  editMapobjects,
  predictClasses,
} from "../index.ts";
import { leaveOneOutAccuracy, voteOf } from "./neighbours.ts";

const scratch = scratchFolder("groups");
afterAll(() => scratch.remove());

/** Three clouds far from one another, of 40, 30 and 20 objects; the second feature is 1,000 times the first in size. */
async function withClouds(name: string): Promise<Experiment> {
  const experiment = await createExperiment(join(scratch.path, name));
  const random = seededRandom(3);
  const clouds = [0, 10, 20].flatMap((center, cloud) =>
    Array.from({ length: 40 - 10 * cloud }, () => [
      center + random.normal(),
      1000 * (center + random.normal()),
    ]),
  );
  const objects = clouds.map(([area, mean], i) => ({
    segmentations: [{ geometry: { type: "Point" as const, coordinates: [i, i] as const } }],
    features: [{ values: { area, mean, ...(i % 2 === 0 && { rare: i }) } }],
  }));
  await addMapobjects(experiment, { type: "Cells", objects });
  return experiment;
}

test("clusters are the clouds that were planted, whatever the features' units; the seed gives the same", async () => {
  await using experiment = await withClouds("clusters");
  const options = { type: "Cells", features: ["area", "mean"], clusters: 3, seed: 5 };
  const found = await clusterMapobjects(experiment, options);
  const expected = [...Array(40).fill(0), ...Array(30).fill(1), ...Array(20).fill(2)];
  expect([...found.groupOf]).toEqual(expected);
  expect(found.clusters.map(({ objects }) => objects)).toEqual([40, 30, 20]);
  for (const [i, { means }] of found.clusters.entries()) {
    expect(Math.abs(means.area - 10 * i)).toBeLessThan(0.6);
    expect(Math.abs(means.mean - 10_000 * i)).toBeLessThan(600);
  }
  expect(await clusterMapobjects(experiment, options)).toEqual(found);
  const fewer = await clusterMapobjects(experiment, { ...options, features: ["rare"], clusters: 2 });
  expect([fewer.ids.length, fewer.leftOut]).toEqual([45, 45]);
  expect((await clusterMapobjects(experiment, { ...options, features: ["area", "rare"] })).leftOut).toBe(45);
});

test("what cannot be clustered is said", async () => {
  await using experiment = await withClouds("wrong");
  const of = { type: "Cells", features: ["area"], clusters: 3 };
  const wrong: [object, RegExp][] = [
    [{ clusters: 1 }, /expected 2 to 50 clusters, found 1/],
    [{ features: [] }, /names of features, each once, found none/],
    [{ features: ["area", "area"] }, /each once/],
    [{ features: ["aera"] }, /expected one of the features area, mean, rare/],
    [{ cluster: 3 }, /did you mean "clusters"|clusters/],
  ];
  for (const [more, message] of wrong)
    await expect.soft(clusterMapobjects(experiment, { ...of, ...more })).rejects.toThrow(message);
  const predicted = predictClasses(experiment, { type: "Cells", features: ["area"] });
  await expect(predicted).rejects.toThrow(
    /examples of two classes at least, found 0. Give some objects a class first/,
  );
});

test("few examples of each class tell the classes of all others", async () => {
  await using experiment = await withClouds("predicted");
  const { ids } = await clusterMapobjects(experiment, { type: "Cells", features: ["area"], clusters: 2 });
  const named = [0, 40, 70].map((from, i) => ({
    className: `cloud ${i}`,
    classColor: "00FF00",
    ids: [...ids.subarray(from, from + 4)],
  }));
  await editMapobjects(experiment, { type: "Cells", classify: named });
  const found = await predictClasses(experiment, {
    type: "Cells",
    features: ["area", "mean"],
    neighbours: 3,
  });
  expect(found).toMatchObject({ examples: 12, accuracy: 1, leftOut: 0 });
  expect(found.classes.map(({ name }) => name)).toEqual(["cloud 0", "cloud 1", "cloud 2"]);
  expect([...found.groupOf]).toEqual([...Array(40).fill(0), ...Array(30).fill(1), ...Array(20).fill(2)]);
  expect(Math.min(...found.share)).toBe(1);
});

test("votes are those of the nearest, a tie is the nearest one's, and an example that is left out has none", () => {
  const of = { examples: Float64Array.of(0, 1, 2, 10), dimensions: 1, classOf: [0, 1, 1, 0], classes: 2 };
  expect(voteOf(Float64Array.of(0.1), 0, { ...of, neighbours: 1 })).toEqual({ winner: 0, share: 1 });
  expect(voteOf(Float64Array.of(0.1), 0, { ...of, neighbours: 3 })).toEqual({ winner: 1, share: 2 / 3 });
  expect(voteOf(Float64Array.of(0.1), 0, { ...of, neighbours: 2 })).toEqual({ winner: 0, share: 0.5 });
  // 0 is told by 1, 1 by 0 (the first of two), 2 by 1, 10 by 2
  expect(leaveOneOutAccuracy({ ...of, neighbours: 1 })).toBe(0.25);
});
