import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { noise } from "../../../test/support/noise.ts";
import { createThreadPool, platform, type Thread } from "../../../test/support/pool.ts";
import {
  EXACT_MAPS,
  FEW_ORIENTATIONS,
  filesOf,
  mapPaths,
  readMap,
  scratchFolder,
  smallConfiguration,
  smoothVolume,
  writeConfig,
} from "../../../test/support/searchCase.ts";
import type { Pool } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { parseMatchSettings } from "../config/config.ts";
import type { MatchOptions } from "./matchOptions.ts";
import { runMatch } from "./program.ts";
import { TemplateSearch } from "./search.ts";
import { templateFromVolume } from "./searchInputs.ts";

const scratch = scratchFolder();
const SHAPE = [124, 93] as const;
const N = 22;

/** 9765 correlations. */
const configuration = smallConfiguration(scratch, {
  image: SHAPE,
  template: N,
  configuration: { orientation_search_config: { ...FEW_ORIENTATIONS, theta_step: 15, psi_step: 10 } },
});

/** Correlations for minutes: nobody waits for their end. */
const endless = {
  ...configuration,
  orientation_search_config: { ...FEW_ORIENTATIONS, theta_step: 3, psi_step: 2 },
};

function openSearch(pool: Pool): Promise<TemplateSearch> {
  const settings = parseMatchSettings(stringify(endless), "case");
  const micrograph = { data: noise(SHAPE[0] * SHAPE[1], 1), shape: SHAPE, pixelSizeA: 2 };
  const template = templateFromVolume({ data: smoothVolume(N, 1), shape: [N, N, N], voxelSizeA: 2 });
  return TemplateSearch.create(pool, { settings, micrograph, template });
}

const failure = (work: Promise<unknown>): Promise<VitrineError> =>
  work.then(
    () => expect.fail("it did not fail"),
    (error) => error,
  );

test.each([1, 2, 3])(
  "abort at any moment: none of %i workers ends more than one kernel call after it",
  async (workers) => {
    await using pool = await createThreadPool({ workers, countLateCalls: true });
    const search = await openSearch(pool);
    let late = 0;
    for (let i = 0; i < 12; i++) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 3 * i);
      const error = await failure(search.run({}, { signal: controller.signal }));
      expect(error.code).toBe("aborted");
      expect(Math.max(...pool.lateCalls())).toBeLessThanOrEqual(1);
      late += Math.max(...pool.lateCalls());
    }
    expect(late).toBeGreaterThan(0); // some were inside a kernel: the counter counts
  },
);

test("an aborted program rejects with the reason and leaves no result behind, but a checkpoint, which it names", async () => {
  const folder = join(scratch, "aborted");
  mkdirSync(folder);
  const config = writeConfig(folder, { ...configuration, match_template_result: mapPaths(folder) });
  const controller = new AbortController();
  const error = await failure(
    runMatch(config, {
      particlesPath: join(folder, "particles.csv"),
      picturePath: join(folder, "picture.png"),
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    }),
  );
  expect(error).toBeInstanceOf(VitrineError);
  expect([error.code, error.cause]).toEqual(["aborted", new Error("enough")]);
  expect(error.fault.hint).toBe(`--resume continues from ${join(folder, "mip.mrc.checkpoint")}`);
  expect(filesOf(folder)).toEqual(["config.yaml", "mip.mrc.checkpoint"]);
});

test("what an abort leaves is whole blocks, and resumed it gives the maps of a run in one piece", async () => {
  const whole = join(scratch, "whole");
  const folder = join(scratch, "stopped");
  const run = (into: string, options: MatchOptions) => {
    mkdirSync(into, { recursive: true });
    const config = writeConfig(into, { ...configuration, match_template_result: mapPaths(into) });
    return runMatch(config, { particlesPath: join(into, "p.csv"), workers: 3, ...options });
  };
  await run(whole, {});
  let stops = 0;
  for (let resume = false; stops < 50; resume = true, stops++) {
    const controller = new AbortController();
    let calls = 0;
    const onProgress = () => void (++calls === 3 && controller.abort(new Error("enough")));
    const end = await run(folder, { resume, signal: controller.signal, onProgress }).catch((error) => error);
    if (!(end instanceof VitrineError)) break;
    expect(filesOf(folder)).toContain("mip.mrc.checkpoint");
  }
  expect(stops).toBeGreaterThan(1);
  for (const map of EXACT_MAPS) expect(readMap(folder, map)).toEqual(readMap(whole, map));
  expect(filesOf(folder)).toEqual(filesOf(whole));
});

test("a signal that is raised before the start stops the program at once", async () => {
  const folder = join(scratch, "never");
  mkdirSync(folder);
  const config = writeConfig(folder, { ...configuration, match_template_result: mapPaths(folder) });
  const signal = AbortSignal.abort();
  const error = await failure(runMatch(config, { particlesPath: join(folder, "p.csv"), signal }));
  expect(error.code).toBe("aborted");
  expect(filesOf(folder)).toEqual(["config.yaml"]);
});

test("the death of a worker rejects a search instead of hanging it", async () => {
  const threads: Thread[] = [];
  const recording = {
    ...platform,
    startThread(events: Parameters<typeof platform.startThread>[0]) {
      const thread = platform.startThread(events);
      threads.push(thread);
      return thread;
    },
  };
  const pool = await createThreadPool({ workers: 3 }, recording);
  onTestFinished(() => pool.dispose());
  const search = await openSearch(pool);
  const onProgress = () => void threads[1].terminate();
  const running = search.run({}, { onProgress });
  setTimeout(onProgress, 20);
  const error = await failure(running);
  expect(error.code).toBe("worker");
  expect(error.message).toMatch(/^worker 2 of 3: expected a live thread/);
  expect((await failure(search.run({ firstBlock: 0, lastBlock: 1 }))).code).toBe("worker");
});
