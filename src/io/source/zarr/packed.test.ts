import { expect, test } from "vitest";
import { seededRandom, VitrineError } from "../../../core/index.ts";
import { checkPacked } from "./packed.ts";

test("whatever a packed chunk begins with, its claim is read or refused", () => {
  const random = seededRandom(12);
  let refused = 0;
  for (let n = 0; n < 20_000; n++) {
    const bytes = new Uint8Array(Math.floor(random.uniform() * 24)).map(() =>
      Math.floor(random.uniform() * 256),
    );
    if (n % 2 === 0) bytes.set([0x28, 0xb5, 0x2f, 0xfd].slice(0, bytes.length));
    for (const codec of ["blosc", "zstd", "gzip", "numcodecs.lz4", "bytes"]) {
      try {
        checkPacked(bytes, codec, { chunkBytes: 1000, at: "a" });
      } catch (error) {
        if (!(error instanceof VitrineError)) throw error;
        refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(1000);
});
