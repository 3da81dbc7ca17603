import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { type ImageLayout, imageBytes, pixelBytes } from "../../io/index.ts";
import { openFileRing } from "./fileRing.node.ts";
import type { FileRingDescription } from "./ring.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-ring-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SLOTS = 5;
const SLOT_BYTES = 4096;
const random = seededRandom(20);
const bytes = Uint8Array.from({ length: SLOTS * SLOT_BYTES }, () => Math.floor(random.uniform() * 256));
const path = join(folder, "ring");
writeFileSync(path, bytes);
const ring: FileRingDescription = { kind: "file", slots: SLOTS, slotBytes: SLOT_BYTES, path };

const side = fc.integer({ min: 1, max: 13 });
const layouts: fc.Arbitrary<ImageLayout> = fc.record({
  width: side,
  height: side,
  channels: fc.constantFrom(1, 3),
  dtype: fc.constantFrom("uint8", "int16", "uint16", "uint32", "float64"),
});
const slots = fc.integer({ min: 0, max: SLOTS - 1 });

test("copied, borrowed and read into given memory, a slot has the file's bytes", () => {
  const reader = openFileRing(ring);
  fc.assert(
    fc.property(layouts, slots, slots, (layout, slot, other) => {
      const expected = bytes.subarray(slot * SLOT_BYTES, slot * SLOT_BYTES + imageBytes(layout));
      const copied = reader.copy(slot, layout);
      const borrowed = reader.borrow(slot, layout);
      if (other !== slot) reader.borrow(other, layout); // has memory of its own
      const into = reader.copy(other, layout);
      expect(reader.copy(slot, layout, into)).toBe(into);
      for (const pixels of [copied, borrowed, into]) expect(pixelBytes(pixels)).toEqual(expected);
      for (const each of [slot, other, other]) reader.giveBack(each);
    }),
  );
  reader.close();
  reader.close();
});

test("borrowed memory is used again once it is given back", () => {
  const reader = openFileRing(ring);
  const layout = { width: 8, height: 8, channels: 1, dtype: "uint16" } as const;
  const first = reader.borrow(0, layout);
  expect(reader.borrow(1, layout).buffer).not.toBe(first.buffer);
  reader.giveBack(0);
  expect(reader.borrow(2, layout).buffer).toBe(first.buffer);
  reader.close();
});

test("what is no slot, no ring or not there is an error", () => {
  const reader = openFileRing(ring);
  const layout = { width: 65, height: 64, channels: 1, dtype: "uint8" } as const;
  expect(() => reader.copy(0, layout)).toThrow(/one of 5 slots of 4096 bytes, found 4160 bytes in slot 0/);
  const fits = { ...layout, width: 64 };
  for (const slot of [-1, SLOTS]) expect(() => reader.borrow(slot, fits)).toThrow(/one of 5 slots/);
  expect(() => reader.copy(0, fits, new Uint8Array(9))).toThrow(/memory of 4096 bytes/);
  expect(() => openFileRing({ ...ring, slots: SLOTS + 1 })).toThrow(/too small/);
  expect(() => openFileRing({ ...ring, path: join(folder, "absent") })).toThrow(/no such file/);
  truncateSync(path, 100);
  expect(() => reader.copy(4, fits)).toThrow(/a whole frame, found an end/);
  reader.close();
  expect(() => reader.copy(0, fits)).toThrow(/closed/);
});
