import { registry } from "zarrita";
import { crc32c } from "../../omezarr/multiscale/crc32c.ts";

/** Bytes that are not those that were written. */
export class ChecksumFault extends Error {}

/** Of a checksum. */
const BYTES = 4;

/** The checksum behind the bytes of a chunk, which the library cuts off without a look. */
const checked = {
  fromConfig: () => ({
    kind: "bytes_to_bytes" as const,
    // places of parts in the index of a shard follow from its size
    computeEncodedSize: (decodedSize: number) => decodedSize + BYTES,
    encode(): Uint8Array {
      throw new Error("chunks are not written by it");
    },
    decode(bytes: Uint8Array): Uint8Array {
      const end = bytes.length - BYTES;
      if (end < 0) throw new ChecksumFault("no checksum");
      const stored = new DataView(bytes.buffer, bytes.byteOffset + end, BYTES).getUint32(0, true);
      if (stored !== crc32c(bytes.subarray(0, end))) throw new ChecksumFault("another checksum");
      return bytes.subarray(0, end);
    },
  }),
};

/** Makes the library compare checksums (crc32c) of chunks with their bytes. */
export function compareChecksums(): void {
  registry.set("crc32c", async () => checked);
}
