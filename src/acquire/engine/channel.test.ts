import fc from "fast-check";
import { expect, test } from "vitest";
import { Channel } from "./channel.ts";

test("a channel gives its items in order, whatever the capacity and however producer and consumer alternate", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer()),
      fc.integer({ min: 1, max: 5 }),
      fc.scheduler(),
      async (items, capacity, s) => {
        const channel = new Channel<number>(capacity);
        const produced = (async () => {
          for (const item of items) {
            await s.schedule(Promise.resolve());
            expect(await channel.push(item)).toBe(true);
            expect(channel.size).toBeLessThanOrEqual(capacity);
          }
          channel.close();
        })();
        const seen: number[] = [];
        const consumed = (async () => {
          for (let item = await channel.next(); item !== undefined; item = await channel.next()) {
            await s.schedule(Promise.resolve());
            seen.push(item);
          }
        })();
        await s.waitFor(Promise.all([produced, consumed]));
        expect(seen).toEqual(items);
      },
    ),
  );
});

test("a full channel holds its producer up until an item is taken", async () => {
  const channel = new Channel<number>(2);
  await channel.push(1);
  await channel.push(2);
  let pushed = false;
  const third = channel.push(3).then(() => {
    pushed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(pushed).toBe(false);
  expect(await channel.next()).toBe(1);
  await third;
  expect(channel.peak).toBe(2);
});

test("a closed channel refuses items, lets a producer that waits go, and gives what it has", async () => {
  const channel = new Channel<number>(1);
  await channel.push(1);
  const waiting = channel.push(2);
  channel.close();
  expect(await waiting).toBe(false);
  expect(await channel.push(3)).toBe(false);
  expect([await channel.next(), await channel.next()]).toEqual([1, undefined]);
});

test("a consumer that waits learns of the end", async () => {
  const channel = new Channel<number>(1);
  const next = channel.next();
  channel.close();
  expect(await next).toBeUndefined();
});
