import fc from "fast-check";
import Blosc from "numcodecs/blosc";
import { expect, test } from "vitest";
import { chunkMemory, isZeroChunk, packBloscChunk } from "./kernels.ts";

/** Runs, noise and repetitions of any length, for values of any size. */
const anyBytes = fc
  .tuple(
    fc.constantFrom(1, 2, 4, 8),
    fc.array(
      fc.record({
        length: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 70_000 })),
        kind: fc.constantFrom("run", "noise", "period"),
        seed: fc.integer({ min: 1, max: 1000 }),
      }),
      { maxLength: 6 },
    ),
  )
  .map(([size, parts]) => {
    const bytes = parts.flatMap(({ length, kind, seed }) => {
      let state = seed;
      return Array.from({ length }, (_, i) => {
        state = (state * 48271) % 2147483647;
        return kind === "run" ? seed & 255 : kind === "noise" ? (state >> 8) & 255 : (i % seed) & 255;
      });
    });
    return { size, bytes: Uint8Array.from(bytes.slice(0, bytes.length - (bytes.length % size))) };
  });

function packBlosc(bytes: Uint8Array, size: number): Uint8Array {
  const chunk = chunkMemory(bytes.length);
  chunk.set(bytes);
  expect(isZeroChunk(chunk)).toBe(bytes.every((value) => value === 0));
  return packBloscChunk(chunk, size);
}

test("Blosc's own decoder gives the bytes back; nothing takes more than its header beside", async () => {
  const codec = Blosc.fromConfig({ id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 });
  await fc.assert(
    fc.asyncProperty(anyBytes, async ({ size, bytes }) => {
      const packed = packBlosc(bytes, size);
      expect(packed.length).toBeLessThanOrEqual(bytes.length + 16);
      expect(Buffer.compare(await codec.decode(packed), bytes)).toBe(0);
    }),
    { numRuns: 60, seed: 8 },
  );
});

test("what repeats gets small, with matches farther than a length holds in one byte", async () => {
  const bytes = new Uint8Array(100_000).fill(7);
  expect(packBlosc(bytes, 2).length).toBeLessThan(600);
});
