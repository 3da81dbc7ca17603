import { expect, test } from "vitest";
import { ImagePool } from "./imagePool.ts";

const layout = { width: 512, height: 512, channels: 1, dtype: "uint16" } as const;
const newPool = () => new ImagePool((bytes) => new ArrayBuffer(bytes));

test("a block is used again after its last holder, and not before", () => {
  const pool = newPool();
  const first = pool.take(layout);
  first.hold();
  first.release();
  expect(pool.take(layout).pixels.buffer).not.toBe(first.pixels.buffer);
  pool.release(first.block!.id);
  expect(pool.take(layout).pixels.buffer).toBe(first.pixels.buffer);
});

test("smaller images take a part of a block; larger ones begin anew and let the old blocks go", () => {
  const pool = newPool();
  const [first, held] = [pool.take(layout), pool.take(layout)];
  first.release();
  const half = pool.take({ ...layout, height: 256 });
  expect(half.pixels.buffer).toBe(first.pixels.buffer);
  expect(half.pixels.length).toBe(512 * 256);
  const larger = pool.take({ ...layout, height: 513 });
  expect(larger.pixels.length).toBe(512 * 513);
  for (const old of [half, held]) old.release();
  const next = pool.take(layout).pixels.buffer;
  expect([first.pixels.buffer, held.pixels.buffer, larger.pixels.buffer]).not.toContain(next);
});

test("small images have memory of their own, which nobody gives back", () => {
  const pool = newPool();
  const small = { ...layout, height: 4 };
  const first = pool.take(small);
  first.release();
  expect(first.block).toBeUndefined();
  expect(pool.take(small).pixels.buffer).not.toBe(first.pixels.buffer);
});
