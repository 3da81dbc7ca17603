// A frame of Blosc 1 with LZ4 and a shuffle: all first bytes of values together, then all second ones, one block, a stream for each place, which
// stays as it is where LZ4 gains nothing. Source: Blosc chunk format 2 (github.com/Blosc/c-blosc, README_CHUNK_FORMAT.rst).
import { packLz4 } from "./lz4";

/** Bytes before the blocks. */
const HEADER_BYTES: usize = 16;
/** Shorter streams are not cut by the place of a byte in its value. */
const SHORTEST_STREAM: usize = 128;
/** Flags of the header: bytes are shuffled; they are stored as they are; the codec is LZ4. */
const SHUFFLED: u8 = 0x01, PLAIN: u8 = 0x02, LZ4: u8 = 0x20;

function shufflePairs(source: usize, values: usize, to: usize): void {
  const mask = i16x8.splat(255), second = to + values;
  let i: usize = 0;
  for (; i + 16 <= values; i += 16) {
    const a = v128.load(source + (i << 1)), b = v128.load(source + (i << 1), 16);
    v128.store(to + i, i8x16.narrow_i16x8_u(v128.and(a, mask), v128.and(b, mask)));
    v128.store(second + i, i8x16.narrow_i16x8_u(i16x8.shr_u(a, 8), i16x8.shr_u(b, 8)));
  }
  for (; i < values; i++) {
    store<u8>(to + i, load<u8>(source + (i << 1)));
    store<u8>(second + i, load<u8>(source + (i << 1), 1));
  }
}

function shuffle(source: usize, values: usize, size: usize, to: usize): void {
  if (size == 2) return shufflePairs(source, values, to);
  for (let place: usize = 0; place < size; place++)
    for (let i: usize = 0, at = source + place; i < values; i++, at += size) store<u8>(to++, load<u8>(at));
}

/** Gives where the last stream ends; 0 where all of them are no smaller than what they hold. */
function packStreams(streams: usize, stream: usize, size: usize, table: usize, to: usize): usize {
  store<u32>(to + HEADER_BYTES, <u32>(HEADER_BYTES + 4));
  let at = to + HEADER_BYTES + 4;
  for (let place: usize = 0; place < size; place++) {
    const part = streams + place * stream;
    let length = packLz4(part, stream, at + 4, stream - 1, table);
    if (length == 0) {
      memory.copy(at + 4, part, stream);
      length = stream;
    }
    store<u32>(at, <u32>length);
    at += 4 + length;
  }
  return at - to < HEADER_BYTES + stream * size ? at : 0;
}

/**
 * Packs `length` bytes of values of `size` bytes each at `source`; gives the length of the frame at `to`.
 *
 * @param streams  room for `length` bytes
 * @param table    16 KiB
 * @param to       room for `length` + 64 + 4 `size` bytes
 */
export function packBlosc(source: usize, length: i32, size: i32, streams: usize, table: usize, to: usize): i32 {
  const bytes = <usize>length, values = bytes / <usize>size;
  let end: usize = 0;
  if (values >= SHORTEST_STREAM) {
    if (size > 1) shuffle(source, values, <usize>size, streams);
    end = packStreams(size > 1 ? streams : source, values, <usize>size, table, to);
  }
  const isPlain = end == 0;
  if (isPlain) {
    memory.copy(to + HEADER_BYTES, source, bytes);
    end = to + HEADER_BYTES + bytes;
  }
  store<u8>(to, 2);
  store<u8>(to, 1, 1);
  store<u8>(to, LZ4 | (isPlain ? PLAIN : 0) | (size > 1 ? SHUFFLED : 0), 2);
  store<u8>(to, <u8>size, 3);
  store<u32>(to, <u32>length, 4);
  store<u32>(to, <u32>length, 8);
  store<u32>(to, <u32>(end - to), 12);
  return <i32>(end - to);
}
