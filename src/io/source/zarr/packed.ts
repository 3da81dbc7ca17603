import { VitrineError } from "../../../core/index.ts";

/** A codec may make values of another type, up to this many times smaller. */
const MOST_PER_BYTE = 8;

/**
 * Looks how many bytes a packed chunk says it has, and unfolds to, before it is unfolded.
 *
 * @param chunkBytes  what a chunk takes
 * @throws {VitrineError} format: many times more, or fewer are there
 */
export function checkPacked(
  bytes: Uint8Array,
  codec: string,
  { chunkBytes, at }: { chunkBytes: number; at: string },
) {
  const name = codec.replace("numcodecs.", "");
  // the library reads on behind the end of what is there
  const whole = name === "blosc" ? number32(bytes, 12) : undefined;
  if (name === "blosc" && (whole === undefined || whole > bytes.length)) {
    const hint = "The chunk is damaged or cut short";
    const expected = `${whole ?? "a header of 16"} bytes packed by blosc`;
    throw new VitrineError({ code: "format", at, expected, found: String(bytes.length), hint });
  }
  const claimed = SIZES[name]?.(bytes);
  if (claimed === undefined || claimed <= MOST_PER_BYTE * chunkBytes) return;
  throw new VitrineError({
    code: "format",
    at,
    expected: `a chunk of ${chunkBytes} bytes`,
    found: `${claimed} bytes packed by ${codec}`,
    hint: "The chunk is damaged",
  });
}

/** What the first or last bytes say; undefined where they say nothing. */
const SIZES: Readonly<Record<string, (bytes: Uint8Array) => number | undefined>> = {
  blosc: (bytes) => number32(bytes, 4),
  lz4: (bytes) => number32(bytes, 0),
  gzip: (bytes) => number32(bytes, bytes.length - 4),
  zstd: zstdSize,
};

function number32(bytes: Uint8Array, at: number): number | undefined {
  if (at < 0 || at + 4 > bytes.length) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);
}

/** The content size of a Zstandard frame (RFC 8878, 3.1.1.1). */
function zstdSize(bytes: Uint8Array): number | undefined {
  if (number32(bytes, 0) !== 0xfd2fb528 || bytes.length < 5) return undefined;
  const flag = bytes[4] >> 6;
  const isSingle = (bytes[4] & 32) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][bytes[4] & 3];
  if (flag === 0) return isSingle ? bytes[at] : undefined;
  if (flag === 1) return at + 1 < bytes.length ? bytes[at] + 256 * bytes[at + 1] + 256 : undefined;
  const low = number32(bytes, at);
  const high = flag === 3 ? number32(bytes, at + 4) : 0;
  return low === undefined || high === undefined ? undefined : low + 2 ** 32 * high;
}
