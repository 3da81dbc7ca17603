import { HOST_IS_LITTLE_ENDIAN } from "../../byteOrder.ts";
import { largestLz4, packLz4 } from "./lz4.ts";

/** Bytes before the blocks. */
const HEADER_BYTES = 16;

/** Shorter streams are not cut by the place of a byte in its value. */
const SHORTEST_STREAM = 128;

/** Flags of the header: bytes are shuffled; they are stored as they are; the codec is LZ4. */
const SHUFFLED = 0x01;
const PLAIN = 0x02;
const LZ4 = 0x20;

let scratch = new Uint8Array(0);

/**
 * Packs values as Blosc 1 does with LZ4 and a shuffle: all first bytes of values together, then all second ones, one block, a stream
 * for each place, which stays as it is where LZ4 gains nothing.
 *
 * @param size  bytes a value, up to 16; a divisor of the length
 *
 * Source: Blosc chunk format 2 (github.com/Blosc/c-blosc, README_CHUNK_FORMAT.rst).
 */
export function packBlosc(bytes: Uint8Array, size: number): Uint8Array {
  const { length } = bytes;
  const stream = length / size;
  const out = new Uint8Array(HEADER_BYTES + 4 + size * (4 + largestLz4(stream)));
  const end = stream < SHORTEST_STREAM ? 0 : packStreams(bytes, size, out);
  const isPlain = end === 0 || end >= length + HEADER_BYTES;
  const packed = isPlain ? out.subarray(0, length + HEADER_BYTES) : out.subarray(0, end);
  if (isPlain) packed.set(bytes, HEADER_BYTES);
  const view = new DataView(packed.buffer);
  packed.set([2, 1, LZ4 | (isPlain ? PLAIN : 0) | (size > 1 ? SHUFFLED : 0), size]);
  for (const [i, value] of [length, length, packed.length].entries()) view.setUint32(4 + 4 * i, value, true);
  // of the larger memory only what is used is passed on
  return packed.slice();
}

/** Gives where the last stream ends. */
function packStreams(bytes: Uint8Array, size: number, out: Uint8Array): number {
  const stream = bytes.length / size;
  const streams = shuffled(bytes, size);
  const view = new DataView(out.buffer);
  view.setUint32(HEADER_BYTES, HEADER_BYTES + 4, true);
  let at = HEADER_BYTES + 4;
  for (let place = 0; place < size; place++) {
    const part = streams.subarray(place * stream, (place + 1) * stream);
    const packed = packLz4(part, out, { at: at + 4, most: stream - 1 });
    if (packed === 0) out.set(part, at + 4);
    const length = packed === 0 ? stream : packed;
    view.setUint32(at, length, true);
    at += 4 + length;
  }
  return at;
}

/** All first bytes of values, then all second ones, and so on; good until the next call. */
function shuffled(bytes: Uint8Array, size: number): Uint8Array {
  const { length } = bytes;
  if (size === 1) return bytes;
  if (scratch.length < length) scratch = new Uint8Array(length);
  if (size === 2 && length % 8 === 0 && bytes.byteOffset % 4 === 0 && HOST_IS_LITTLE_ENDIAN)
    shufflePairs(bytes);
  else
    for (let place = 0, out = 0; place < size; place++)
      for (let at = place; at < length; at += size) scratch[out++] = bytes[at];
  return scratch.subarray(0, length);
}

/** Four values of two bytes at once, into {@link scratch}. */
function shufflePairs(bytes: Uint8Array): void {
  const from = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const half = from.length >> 1;
  const into = new Uint32Array(scratch.buffer, 0, from.length);
  for (let i = 0; i < half; i++) {
    const a = from[2 * i];
    const b = from[2 * i + 1];
    into[i] = (a & 0xff) | ((a >>> 8) & 0xff00) | ((b & 0xff) << 16) | (((b >>> 16) & 0xff) << 24);
    into[i + half] =
      ((a >>> 8) & 0xff) | ((a >>> 16) & 0xff00) | (((b >>> 8) & 0xff) << 16) | ((b >>> 24) << 24);
  }
}
