import { expect, test } from "vitest";
import {
  Acquisition,
  createSimulatedClock,
  type LiveImage,
  openDemoMicroscope,
  type StageReport,
} from "../src/acquire/index.ts";

const FRAMES = 2_000;

/** The stage's numbers after the end of an acquisition. */
const stageOf = (acquisition: Acquisition, name: StageReport["stage"]) =>
  acquisition.report().find(({ stage }) => stage === name)!;

test.each([1, 5])("a subscriber that is slow misses images and holds up nobody, queue %i", async (queue) => {
  const clock = createSimulatedClock();
  const camera = { OnCameraCCDXSize: 64, OnCameraCCDYSize: 64, Pattern: "Stamp" };
  await using microscope = await openDemoMicroscope({ clock, properties: { Camera: camera } });
  const acquisition = await Acquisition.open({ microscope, clock, save: "memory" });
  const live = acquisition.subscribe({ queue });
  const seen: LiveImage[] = [];
  // after its second image it takes nothing until all is over
  const watching = (async () => {
    for await (const image of live) {
      seen.push(image);
      if (seen.length === 2) await acquisition.finished;
    }
  })();
  acquisition.acquire(events());
  await acquisition.done();
  expect(seen.length).toBe(2);
  expect([live.dropped, stageOf(acquisition, "subscribers").dropped]).toEqual([
    FRAMES - 2 - queue,
    FRAMES - 2 - queue,
  ]);
  for (const stage of ["camera", "processor", "saving"] as const)
    expect(stageOf(acquisition, stage)).toMatchObject({ done: FRAMES, dropped: 0 });
  await watching;
  // the newest images waited for it; pixels are its own
  const newest = Array.from({ length: queue }, (_, i) => FRAMES - queue + i);
  expect(seen.slice(2).map(({ axes }) => axes.time)).toEqual(newest);
  for (const { axes, image } of seen) {
    expect(image.data[0] + 65_536 * image.data[1]).toBe(axes.time);
    expect(image).toEqual(await acquisition.dataset!.readImage(axes));
  }
});

test("a slow and a fast subscriber: each has its own queue, and one that leaves early is forgotten", async () => {
  const clock = createSimulatedClock();
  const camera = { OnCameraCCDXSize: 16, OnCameraCCDYSize: 16, Pattern: "Stamp" };
  await using microscope = await openDemoMicroscope({ clock, properties: { Camera: camera } });
  const acquisition = await Acquisition.open({ microscope, clock });
  const [all, never, first] = [FRAMES, 1, 1].map((queue) => acquisition.subscribe({ queue }));
  const taken: unknown[] = [];
  const leaving = (async () => {
    for await (const { axes } of first) {
      taken.push(axes.time);
      break;
    }
  })();
  acquisition.acquire(events());
  await acquisition.done();
  await leaving;
  expect(taken.length).toBe(1);
  expect([all.dropped, never.dropped]).toEqual([0, FRAMES - 1]);
  const times: unknown[] = [];
  for await (const { axes } of all) times.push(axes.time);
  expect(times).toEqual(Array.from({ length: FRAMES }, (_, time) => time));
  never.close();
  expect(stageOf(acquisition, "subscribers")).toMatchObject({ done: FRAMES, queued: 0 });
});

function* events() {
  for (let time = 0; time < FRAMES; time++) yield { axes: { time }, min_start_time: time / 10 };
}
