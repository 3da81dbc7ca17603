import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkReadable, type LoadJob, type LoadReport, runLoad, stageOf } from "./support/acquireLoad.ts";
import { bundleForNode } from "./support/bundle.ts";
import { isLong } from "./support/long.ts";
import { demoConfig } from "./support/mmcore.ts";
import { python, requirement } from "./support/require.ts";
import { mountSmallDisk } from "./support/smallDisk.ts";

/** At ten a second: an hour, which `.ci/run` tries, or ten minutes. Leaks that are slow show nowhere else. */
const FRAMES = isLong ? 36_000 : 6_000;
const LIMIT_MS = isLong ? 1_200_000 : 180_000;

/** Frames of 256² that fit: about 1,900. */
const SMALL_DISK_MIB = 128;
/** What memory may grow by after frame 1,000, MB. */
const MOST_GROWTH_MB = 100;

const smallDisk = mountSmallDisk(SMALL_DISK_MIB);
let folder = "";
let bundle = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-load-"));
  const support = (name: string) => fileURLToPath(new URL(`support/${name}`, import.meta.url));
  // where the bundle looks for it
  cpSync(support("../../src/acquire/mmcore/python"), join(folder, "python"), { recursive: true });
  bundle = await bundleForNode(support("acquireChild.ts"), folder, { "#files": support("slowFiles.ts") });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const growthMb = ({ early, late }: LoadReport) => late.peakMb - early.peakMb;
const upTo = (end: number, without: readonly number[] = []) =>
  Array.from({ length: end }, (_, time) => time).filter((time) => !without.includes(time));

/** What is looked at after each run: the memory, and every image of which the acquisition said that it is saved. */
async function checkRun(report: LoadReport): Promise<void> {
  expect(growthMb(report)).toBeLessThan(MOST_GROWTH_MB);
  expect(await checkReadable(report)).toBeGreaterThanOrEqual(report.acknowledged.length);
  rmSync(report.folder!, { recursive: true });
}

const job = (changes: Partial<LoadJob> = {}): LoadJob => ({
  frames: 1_500,
  sidePx: 256,
  directory: folder,
  ...changes,
});

test(
  `${FRAMES / 600} minutes at ten frames a second: lost frames, a slow processor and a slow disk cost the lost frames alone`,
  async () => {
    const lost = [5, 999, FRAMES / 2, FRAMES - 1];
    const report = await runLoad(
      bundle,
      job({
        frames: FRAMES,
        faults: lost.map((frame) => ({ kind: "dropFrame", frame })),
        slowProcessor: { every: 300, ms: 20 },
      }),
      // left alone, V8 lets garbage grow to what it likes, 60 to 110 MB, before it looks after it
      { slowDisk: { every: 250, writeMs: 20, syncMs: 20 }, nodeArgs: ["--max-old-space-size=96"] },
    );
    expect(report.error).toBeUndefined();
    expect(report.acknowledged).toEqual(upTo(FRAMES, lost));
    expect(stageOf(report, "camera")).toMatchObject({ done: FRAMES - 4, dropped: 4 });
    for (const stage of ["processor", "saving", "imageSaved"] as const)
      expect(stageOf(report, stage)).toMatchObject({ done: FRAMES - 4, dropped: 0, queued: 0 });
    await checkRun(report);
  },
  LIMIT_MS,
);

describe("a failure at a fixed frame ends the acquisition with what it says, and with everything before it saved", () => {
  test.each([
    [
      "a stage that times out",
      { moves: true, faults: [{ kind: "stageTimeout", move: 1_200 }] },
      "timeout",
      "VitrineError: XY: expected to come to rest within 5000 ms, found that it is still busy.",
    ],
    [
      "a camera that fails",
      { faults: [{ kind: "cameraError", frame: 1_200 }] },
      "device",
      "VitrineError: Camera frame 1200: expected a frame, found that the camera failed.",
    ],
    [
      "a camera that says nothing",
      { faults: [{ kind: "cameraStall", frame: 1_200 }], cameraLimitMs: 3_000 },
      "timeout",
      "VitrineError: frame of time 1200: expected an end within 3.01 s, found none. Allow more with `watchdogMs`, or see what holds it up.",
    ],
    ["a processor that throws", { throwAt: 1_200 }, undefined, "TypeError: frame 1200 is odd"],
  ] as [string, Partial<LoadJob>, string | undefined, string][])("%s", async (_, changes, code, text) => {
    const report = await runLoad(bundle, job(changes));
    expect(report.error).toEqual({ ...(code !== undefined && { code }), text });
    expect(report.acknowledged).toEqual(upTo(1_200));
    await checkRun(report);
  });

  test.skipIf(smallDisk === undefined).each(["ndtiff", "ome-zarr"] as const)(
    "a disk that is full, %s",
    async (format) => {
      const report = await runLoad(bundle, job({ frames: 2_500, directory: smallDisk!, format }));
      expect(report.error).toMatchObject({
        code: "storage",
        text: expect.stringMatching(/found a full disk \(ENOSPC\)/),
      });
      const saved = report.acknowledged.length;
      expect(saved).toBeGreaterThan(1_700);
      expect(saved).toBeLessThan((SMALL_DISK_MIB * 2 ** 20) / 256 ** 2);
      expect(report.acknowledged).toEqual(upTo(saved));
      await checkRun(report);
    },
  );
});

test.skipIf(!requirement("readers").available)(
  "kill -9 of the Python that holds MMCore ends the acquisition with a device error; saved images stay",
  async () => {
    const mmcore = { python, config: demoConfig() };
    const report = await runLoad(bundle, job({ frames: 300, mmcore, killAt: 100 }));
    expect(report.error).toMatchObject({ code: "device", text: expect.stringMatching(/SIGKILL/) });
    const saved = report.acknowledged.length;
    expect(report.acknowledged).toEqual(upTo(saved));
    expect(saved).toBeGreaterThanOrEqual(100);
    expect(saved).toBeLessThan(300);
    expect(await checkReadable(report, () => {})).toBeGreaterThanOrEqual(saved);
  },
);

test(
  "twenty thousand events from a generator take no memory",
  async () => {
    const { directory: _, ...rest } = job({ frames: isLong ? 100_000 : 20_000, sidePx: 16, drops: true });
    const report = await runLoad(bundle, rest, { nodeArgs: ["--expose-gc"] });
    expect(report.error).toBeUndefined();
    expect(stageOf(report, "processor").done).toBe(rest.frames);
    // the milestones of the last hundred thousand events are remembered, 70 bytes each, and of no more
    expect(report.late.usedMb - report.early.usedMb).toBeLessThan(isLong ? 9 : 5);
  },
  LIMIT_MS,
);
