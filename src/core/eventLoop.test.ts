import { expect, onTestFinished, test, vi } from "vitest";
import { createYield, yieldToEventLoop } from "./index.ts";

test("what was posted before has its turn, and a timer that is due", async () => {
  let isDone = false;
  setTimeout(() => {
    isDone = true;
  });
  for (let turns = 0; !isDone && turns < 100_000; turns++) await yieldToEventLoop();
  expect(isDone).toBe(true);
});

test("a pause comes only when it is due", async () => {
  const now = vi.spyOn(performance, "now").mockReturnValue(100);
  onTestFinished(() => now.mockRestore());
  const pause = createYield();
  expect(pause()).toBeUndefined();
  now.mockReturnValue(106); // longer than work may go on
  await expect(pause()).resolves.toBeUndefined();
  expect(pause()).toBeUndefined();
});
