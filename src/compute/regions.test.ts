import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createThreadPool, type ThreadPool } from "./pool.ts";
import { createRegions } from "./regions.ts";

let pool: ThreadPool;
beforeAll(async () => {
  pool = await createThreadPool({ workers: 1 });
});
afterAll(() => pool.dispose());

test("pieces give back what was set, also through views into larger arrays, and do not touch each other", () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, bytes, fc.nat(9), (image, mask, skip) => {
      const regions = createRegions(pool, { image: image.length, mask: mask.length });
      const padded = new Uint8Array(image.length + skip + 3);
      padded.set(image, skip);
      regions.set("image", padded.subarray(skip, skip + image.length));
      regions.set("mask", mask);
      const out = new Uint8Array(image.length + skip + 3);
      regions.read("image", out.subarray(skip, skip + image.length));
      expect([...out]).toEqual([...padded]);
      const again = new Uint8Array(mask.length);
      regions.read("mask", again);
      expect([...again]).toEqual([...mask]);
      expect([regions.address.image % 64, regions.address.mask % 64]).toEqual([0, 0]);
      regions.dispose();
    }),
  );
});

test("offsets are bytes from the piece's start", () => {
  const regions = createRegions(pool, { values: 16 });
  regions.set("values", Float32Array.of(1, 2, 3, 4));
  regions.set("values", Float32Array.of(9), 8);
  const tail = new Float32Array(3);
  regions.read("values", tail, 4);
  expect([...tail]).toEqual([2, 9, 4]);
  regions.dispose();
});

test("what does not fit is refused, also after the memory was given back", () => {
  const regions = createRegions(pool, { mip: 100 });
  expect(() => regions.set("mip", new Float32Array(26))).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: region "mip": expected bytes 0 to 100, found bytes 0 to 104.]`,
  );
  expect(() => regions.read("mip", new Uint8Array(8), 96)).toThrow("bytes 96 to 104");
  expect(() => regions.set("mip", new Uint8Array(1), -1)).toThrow("bytes -1 to 0");
  regions.dispose();
  regions.dispose();
  expect(() => regions.read("mip", new Uint8Array(8))).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: region "mip": expected bytes 0 to 100, found that its memory was given back.]`,
  );
  expect(() => createRegions(pool, { volume: 4 * 1024 ** 3 })).toThrow("4096 MiB");
});
