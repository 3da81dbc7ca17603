import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Syncer } from "./syncer.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A disk whose syncs end when the test says so. */
function slowDisk() {
  const syncs: { end: () => void; fail: (error: unknown) => void }[] = [];
  const syncer = new Syncer(() => new Promise((end, fail) => syncs.push({ end: () => end(), fail })));
  return { syncer, syncs };
}

const MB = 1_000_000;
const soon = () => vi.advanceTimersByTimeAsync(0);

test("a sync begins after 8 MB, or 100 ms after the first byte", async () => {
  const { syncer, syncs } = slowDisk();
  syncer.wrote(7 * MB);
  await vi.advanceTimersByTimeAsync(99);
  expect(syncs).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(syncs).toHaveLength(1);
  // more that comes meanwhile waits for its own sync
  syncer.wrote(8 * MB);
  expect(syncs).toHaveLength(1);
  syncs[0].end();
  await soon();
  expect(syncs).toHaveLength(2);
  syncs[1].end();
  await soon();
  await vi.advanceTimersByTimeAsync(1000);
  expect(syncs).toHaveLength(2);
});

test("a disk that falls behind holds the writer back", async () => {
  const { syncer, syncs } = slowDisk();
  const order: string[] = [];
  for (let i = 0; i < 5; i++) {
    await syncer.room();
    syncer.wrote(8 * MB);
  }
  const room = syncer.room().then(() => order.push("room"));
  await soon();
  expect(order).toEqual([]);
  syncs[0].end();
  await room;
  expect(order).toEqual(["room"]);
  const flushed = syncer.flush().then(() => order.push("flushed"));
  await soon();
  syncs[1].end();
  await flushed;
  expect([order, syncs.length]).toEqual([["room", "flushed"], 2]);
});

test("a sync that fails is told to the next who writes or ends, once", async () => {
  const { syncer, syncs } = slowDisk();
  syncer.wrote(8 * MB);
  syncs[0].fail(new Error("no disk"));
  await soon();
  await expect(syncer.room()).rejects.toThrow("no disk");
  await syncer.room();
  syncer.wrote(1);
  const flushed = syncer.flush();
  await soon();
  syncs[1].fail(new Error("still none"));
  await expect(flushed).rejects.toThrow("still none");
});
