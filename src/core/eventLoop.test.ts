import { expect, test } from "vitest";
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
  const pause = createYield();
  expect(pause()).toBeUndefined();
  const start = performance.now();
  while (performance.now() - start < 6); // longer than work may go on
  await expect(pause()).resolves.toBeUndefined();
  expect(pause()).toBeUndefined();
});
