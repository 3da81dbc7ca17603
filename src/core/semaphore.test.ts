import { expect, test } from "vitest";
import { Semaphore, yieldToEventLoop } from "./index.ts";

test("a semaphore lets so many through, in order, also after a failure", async () => {
  const semaphore = new Semaphore(2);
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const tasks = [0, 1, 2, 3].map((i) =>
    semaphore.run(() => {
      started.push(i);
      return new Promise<void>((end, fail) => ends.push(i === 1 ? () => fail(new Error("1")) : end));
    }),
  );
  await yieldToEventLoop();
  expect(started).toEqual([0, 1]);
  ends[1]();
  await expect(tasks[1]).rejects.toThrow("1");
  await yieldToEventLoop();
  expect(started).toEqual([0, 1, 2]);
  ends[0]();
  ends[2]();
  await yieldToEventLoop();
  expect(started).toEqual([0, 1, 2, 3]);
  ends[3]();
  await Promise.all([tasks[0], tasks[2], tasks[3]]);
});
