import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32 as inPage } from "./crc32.browser.ts";
import { crc32 as inNode } from "./crc32.node.ts";

test("checksums are those of IEEE 802.3, the same in Node and in a page", () => {
  expect(inNode(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(9), (bytes, from) => {
      const view = bytes.subarray(from);
      expect(inPage(view)).toBe(inNode(view));
    }),
    { seed: 12 },
  );
});
