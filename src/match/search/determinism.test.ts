import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dyingAt, vitrine } from "../../../test/support/command.ts";
import { noise } from "../../../test/support/noise.ts";
import { createThreadPool } from "../../../test/support/pool.ts";
import {
  type Configuration,
  EXACT_MAPS,
  FEW_ORIENTATIONS,
  MAPS,
  mapPaths,
  readMap,
  scratchFolder,
  smallConfiguration,
  smoothVolume,
  ulpDistance,
  writeConfig,
} from "../../../test/support/searchCase.ts";
import { createFft } from "../../compute/index.ts";
import { rotationMatrices, uniformOrientations } from "../../optics/index.ts";
import { WasmCorrelation } from "../kernels/correlationPlan.ts";
import { collectMatch } from "./collect.ts";
import type { MatchOptions } from "./matchOptions.ts";
import { runMatch } from "./program.ts";

const scratch = scratchFolder();

/** 161 orientations, 3 defocus values, 3 pixel sizes: 1449 correlations, an odd number, in 23 blocks. */
const WITH_PIXEL_SIZES = smallConfiguration(scratch, {
  image: [97, 83],
  template: 20,
  configuration: {
    pixel_size_search_config: {
      enabled: true,
      pixel_size_min: -0.04,
      pixel_size_max: 0.04,
      pixel_size_step: 0.04,
    },
  },
});

/** 3255 orientations and 3 defocus values: 153 blocks. */
const LONG = {
  ...WITH_PIXEL_SIZES,
  pixel_size_search_config: null,
  orientation_search_config: { ...FEW_ORIENTATIONS, theta_step: 15, psi_step: 10 },
};

/** A folder for one run, and a configuration whose results go there. */
function place(name: string, configuration: Configuration) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const config = writeConfig(folder, { ...configuration, match_template_result: mapPaths(folder) });
  return { folder, config, options: { particlesPath: join(folder, "particles.csv") } };
}

async function search(name: string, configuration: Configuration, options: MatchOptions): Promise<string> {
  const run = place(name, configuration);
  await runMatch(run.config, { ...run.options, ...options });
  return run.folder;
}

/** Maxima, angles and defocus to the last bit; what comes of the sums to one unit in the last place of float32. */
function expectSameMaps(folder: string, reference: string): void {
  for (const map of EXACT_MAPS) {
    const [found, expected] = [folder, reference].map((each) => readFileSync(join(each, `${map}.mrc`)));
    // The header holds a label with the time of writing; values begin after 1024 bytes.
    expect(found.subarray(1024).equals(expected.subarray(1024)), `${map} of ${folder}`).toBe(true);
  }
  for (const map of MAPS) {
    expect(ulpDistance(readMap(folder, map), readMap(reference, map)), map).toBeLessThanOrEqual(1);
  }
}

test("the maps do not depend on the number of workers or parts", async () => {
  const reference = await search("one-worker", WITH_PIXEL_SIZES, { workers: 1 });
  const angles = new Set(readMap(reference, "orientation_psi"));
  expect(angles.size).toBe(7);
  for (const workers of [2, 3]) {
    const folder = await search(`${workers}-workers`, WITH_PIXEL_SIZES, { workers });
    expectSameMaps(folder, reference);
  }
  for (const count of [1, 3]) {
    const run = place(`${count}-parts`, WITH_PIXEL_SIZES);
    for (let index = count; index >= 1; index--)
      await runMatch(run.config, { part: { index, count }, workers: index });
    await collectMatch(run.config, run.options);
    expectSameMaps(run.folder, reference);
  }
});

test("more parts than blocks leave some empty, and the result is the same", async () => {
  const few = {
    ...WITH_PIXEL_SIZES,
    pixel_size_search_config: null,
    defocus_search_config: { enabled: false },
  };
  const reference = await search("few", few, { workers: 1 });
  const run = place("few-parts", few);
  for (let index = 1; index <= 5; index++)
    await runMatch(run.config, { part: { index, count: 5 }, workers: 1 });
  await collectMatch(run.config, run.options);
  expectSameMaps(run.folder, reference);
});

test("a search cut into ranges of any length gives the same as one in a piece", async () => {
  const whole = await search("uncut", LONG, { workers: 2, checkpointSeconds: 1000 });
  const cut = await search("cut", LONG, { workers: 2, checkpointSeconds: 0 });
  expectSameMaps(cut, whole);
});

/** The block with which a checkpoint continues; 0 without one. */
function nextBlock(folder: string): number {
  try {
    const text = readFileSync(join(folder, "mip.mrc.checkpoint"), "latin1");
    return (JSON.parse(text.split("\n")[1]) as { nextBlock: number }).nextBlock;
  } catch {
    return 0;
  }
}

/** A search by the command line, with a checkpoint after every block, that is killed without warning once it has written some; what it had said. */
async function killedAfter(
  { config, options }: ReturnType<typeof place>,
  args: readonly string[],
  { checkpoint, times }: { readonly checkpoint: string; readonly times: number },
): Promise<string> {
  const whole = ["match", config, "--particles", options.particlesPath, "--checkpoint", "0", ...args];
  const { signal, stderr } = await vitrine(whole, { nodeArgs: dyingAt(checkpoint, times) });
  expect(signal).toBe("SIGKILL");
  return stderr;
}

test("killed without warning twice and resumed, a search gives what one without a break gives", async () => {
  const run = place("killed", LONG);
  const twenty = { checkpoint: "/mip.mrc.checkpoint", times: 20 };
  await killedAfter(run, ["--workers", "2"], twenty);
  const first = nextBlock(run.folder);
  const said = await killedAfter(run, ["--workers", "1", "--resume"], twenty);
  expect(said).toContain(`continuing at block ${first} of 153`);
  const log: string[] = [];
  const done: number[] = [];
  await runMatch(run.config, {
    ...run.options,
    resume: true,
    workers: 3,
    onLog: (line) => log.push(line),
    onProgress: (progress) => done.push(progress.done),
  });
  expect(log.join("\n")).toMatch(/continuing at block \d+ of 153 from .*mip\.mrc\.checkpoint/);
  expect([done[0] >= 40 * 64, done.at(-1)]).toEqual([true, 9765]);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(nextBlock(run.folder)).toBe(0);
  expectSameMaps(run.folder, join(scratch, "uncut"));
});

test("a part that is killed is resumed too", async () => {
  const run = place("killed-part", LONG);
  const checkpoint = "/mip.mrc.parts/part-1-of-2.state.checkpoint";
  await killedAfter(run, ["--part", "1/2"], { checkpoint, times: 1 });
  await runMatch(run.config, { part: { index: 1, count: 2 }, resume: true });
  await runMatch(run.config, { part: { index: 2, count: 2 }, resume: true });
  await collectMatch(run.config, run.options);
  expectSameMaps(run.folder, join(scratch, "uncut"));
});

test("teams of any size give the same maxima and indices, and sums to one unit in the last place", async () => {
  await using pool = await createThreadPool({ workers: 3 });
  const n = 22;
  const volume = createFft(pool, { kind: "real3d", shape: [n, n, n] });
  volume.set("real", smoothVolume(n, 3));
  await volume.run("forward");
  const euler = uniformOrientations({
    psiStepDeg: 30,
    thetaStepDeg: 40,
    phiRangeDeg: [3, 333],
    thetaRangeDeg: [20, 140],
    psiRangeDeg: [5, 215],
  });
  const size = { image: [93, 61] as const, template: n, orientations: euler.length / 3, filters: 3 };
  const correlate = async (teams: number) => {
    const plan = new WasmCorrelation(pool, size, volume, teams);
    plan.set("image", noise(93 * 61, 4));
    plan.set(
      "filters",
      new Float32Array(3 * n * 12).map((_, i) => 1 + (i % 7)),
    );
    plan.set("rotations", rotationMatrices(euler));
    await plan.run();
    const count = plan.shape[0] * plan.shape[1];
    const [maximum, index] = [new Float32Array(count), new Int32Array(count)];
    const sums = new Float64Array(2 * count);
    plan.read("maximum", maximum);
    plan.read("index", index);
    plan.read("sum", sums.subarray(0, count));
    plan.read("squaredSum", sums.subarray(count));
    plan.dispose();
    return { maximum, index, sums: Float32Array.from(sums) };
  };
  const [one, two, three] = [await correlate(1), await correlate(2), await correlate(3)];
  expect(Math.max(...one.index)).toBeGreaterThan(440);
  for (const other of [two, three]) {
    expect(other.maximum).toEqual(one.maximum);
    expect(other.index).toEqual(one.index);
    expect(ulpDistance(other.sums, one.sums)).toBeLessThanOrEqual(1);
  }
});
