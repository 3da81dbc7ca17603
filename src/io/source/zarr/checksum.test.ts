import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { imageRoot, storeMaker, zarr3Array } from "../../../../test/support/zarrStores.ts";
import { openZarrImages } from "./open.ts";

let folder = "";
let store: ReturnType<typeof storeMaker>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-checksum-"));
  store = storeMaker(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The check value of CRC-32C (RFC 3720, B.4): 0xe3069283 of "123456789". */
const CHUNK = [..."123456789"].map((digit) => digit.charCodeAt(0));
const CHECKSUM = [0x83, 0x92, 0x06, 0xe3];

const nine = (bytes: readonly number[]) =>
  store({
    "zarr.json": imageRoot(),
    "0/zarr.json": zarr3Array([3, 3], {
      chunk_grid: { name: "regular", configuration: { chunk_shape: [3, 3] } },
      codecs: [{ name: "bytes" }, { name: "crc32c" }],
    }),
    "0/c/0/0": Uint8Array.from(bytes),
  });

test("a chunk with the checksum of its bytes is read, one with another is an error with its place", async () => {
  await using right = await openZarrImages(nine([...CHUNK, ...CHECKSUM]));
  expect([...(await (await right.open()).read()).data]).toEqual(CHUNK);
  await using wrong = await openZarrImages(nine([48, ...CHUNK.slice(1), ...CHECKSUM]));
  await expect((await wrong.open()).read()).rejects.toMatchObject({
    code: "format",
    message: expect.stringMatching(
      /0 chunk 0\/0: expected a checksum \(crc32c\) that fits its bytes, found another checksum\./,
    ),
  });
});
