import fc from "fast-check";
import { expect, test } from "vitest";
import { ALIGNMENT, Arena, type Region } from "./memory.ts";

const PAGE = 65_536;

/** A memory that only has a size, so that its whole range can be tried without the bytes. */
function sizeOnly(initialPages: number, maximumPages = 65_536) {
  const buffer = { byteLength: initialPages * PAGE };
  const grow = (pages: number) => {
    const before = buffer.byteLength / PAGE;
    if (before + pages > maximumPages) throw new RangeError("no more");
    buffer.byteLength += pages * PAGE;
    return before;
  };
  return { buffer, grow };
}

function disjoint(regions: readonly Region[]): boolean {
  const sorted = [...regions].sort((a, b) => a.address - b.address);
  return sorted.every(
    (region, i) => i === 0 || sorted[i - 1]!.address + sorted[i - 1]!.bytes <= region.address,
  );
}

/** Takes a region of so many bytes, or gives back the n-th of those taken. */
const step = fc.oneof(
  fc.record({ take: fc.oneof(fc.nat(5000), fc.nat(400_000)) }),
  fc.record({ give: fc.nat(1000) }),
);

test("regions never overlap, are aligned and in the memory, and all given back are one free span", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(200_000), (steps, start) => {
      const memory = sizeOnly(4);
      const arena = new Arena(memory, { start });
      const taken: Region[] = [];
      for (const action of steps) {
        if ("take" in action) taken.push(arena.allocate(action.take));
        else if (taken.length > 0) arena.free(taken.splice(action.give % taken.length, 1)[0]!);
        expect(disjoint([...taken, ...arena.freeSpans])).toBe(true);
        for (const { address, bytes } of taken) {
          expect([address % ALIGNMENT, bytes % ALIGNMENT]).toEqual([0, 0]);
          expect(address).toBeGreaterThanOrEqual(start);
          expect(address + bytes).toBeLessThanOrEqual(memory.buffer.byteLength);
        }
      }
      for (const region of taken) arena.free(region);
      const first = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
      expect(arena.freeSpans).toEqual([{ address: first, bytes: memory.buffer.byteLength - first }]);
    }),
  );
});

test("what is given back is used again before the memory grows", () => {
  const memory = sizeOnly(1);
  const arena = new Arena(memory, { start: 0 });
  const regions = [1000, 2_000_000, 64].map((bytes) => arena.allocate(bytes));
  const grown = memory.buffer.byteLength;
  arena.free(regions[1]!);
  expect(arena.allocate(1_999_000).address).toBe(regions[1]!.address);
  expect(memory.buffer.byteLength).toBe(grown);
});

test("growth uses the free end first: a memory has no page too many", () => {
  const memory = sizeOnly(1);
  const arena = new Arena(memory, { start: 0 });
  arena.allocate(PAGE - 64);
  expect(arena.allocate(PAGE + 64).address).toBe(PAGE - 64);
  expect(memory.buffer.byteLength).toBe(2 * PAGE);
});

test("addresses above 2 GiB stay positive, and 3.5 GiB is the end", () => {
  const arena = new Arena(sizeOnly(1), { start: 0 });
  arena.allocate(3 * 2 ** 30);
  const high = arena.allocate(2 ** 28);
  expect(high.address).toBe(3 * 2 ** 30);
  expect(() => arena.allocate(2 ** 29)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: allocate(bytes): expected at most the 256 MiB that a pool can still grow to, found 512 MiB. Split the work into parts, or run them in processes of their own.]`,
  );
  arena.free(high);
  expect(arena.allocate(2 ** 29).address).toBe(3 * 2 ** 30);
});

test("a system without memory, a size that is none and a region given back twice are errors", () => {
  const arena = new Arena(sizeOnly(1, 2), { start: 0 });
  expect(() => arena.allocate(10 * 2 ** 20)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: allocate(bytes): expected memory from the system, found none for 10 MiB. Free memory or split the work.]`,
  );
  expect(() => arena.allocate(-1)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: allocate(bytes): expected a whole number from 0, found -1.]`,
  );
  expect(() => arena.allocate(1.5)).toThrow("whole number");
  expect(() => arena.allocate(Number.NaN)).toThrow("whole number");
  const region = arena.allocate(100);
  arena.free(region);
  expect(() => arena.free(region)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: free(region): expected a region that is taken, found address 0.]`,
  );
});
