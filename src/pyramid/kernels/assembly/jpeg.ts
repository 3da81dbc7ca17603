// A grey baseline JPEG file of one tile: cosine transform, quantisation, Huffman codes. The tables are a block of memory that
// jpegTables.ts makes and describes; these offsets are its only other description.
import { transformBlock } from "./dct";

const RECIPROCALS: usize = 0;
const MASKS: usize = 256;
const ORDER: usize = MASKS + 8 * 256 * 8;
const DC_CODES: usize = ORDER + 64;
const AC_CODES: usize = DC_CODES + 64;
const HEADER_BYTES: usize = AC_CODES + 1024;
const SIZE_OFFSET: usize = HEADER_BYTES + 4;
const HEADER: usize = HEADER_BYTES + 8;

/** What one block can take at most, with a zero behind each byte: 20 bits of the mean, 26 of each other coefficient. */
const BLOCK_BYTES: usize = 432;

/** Writes 8 bytes, the highest first, and a zero behind each that is 255. */
// @ts-ignore: decorator
@inline function put(to: usize, bits: u64): usize {
  if ((bits & 0x8080808080808080 & ~(bits + 0x0101010101010101)) == 0) {
    store<u64>(to, bswap<u64>(bits));
    return to + 8;
  }
  return putStuffed(to, bits, 8);
}

function putStuffed(to: usize, bits: u64, bytes: i32): usize {
  for (let i = bytes - 1; i >= 0; i--) {
    const byte = <u32>(bits >> (<u64>i << 3)) & 255;
    store<u8>(to++, <u8>byte);
    if (byte == 255) store<u8>(to++, 0);
  }
  return to;
}

/** Bit k is set where coefficient k, in the order of the file, is not 0. */
// @ts-ignore: decorator
@inline function nonZero(block: usize, masks: usize): u64 {
  let found: u64 = 0;
  const zero = i16x8.splat(0);
  for (let row: usize = 0; row < 8; row += 2) {
    const a = i16x8.eq(v128.load(block + (row << 4)), zero), b = i16x8.eq(v128.load(block + (row << 4), 16), zero);
    const set = ~i8x16.bitmask(i8x16.narrow_i16x8_s(a, b));
    const table = masks + (row << 11);
    found |= load<u64>(table + (<usize>(set & 255) << 3)) | load<u64>(table + (<usize>(set >> 8 & 255) << 3), 2048);
  }
  return found;
}

/** Copies 8 x 8 pixels, the last of a row or column again where there are fewer. */
function copyBlock(source: usize, stride: usize, columns: i32, rows: i32, to: usize): void {
  for (let y = 0; y < 8; y++) {
    const row = source + <usize>min(y, rows - 1) * stride;
    for (let x = 0; x < 8; x++) store<u8>(to + <usize>(8 * y + x), load<u8>(row + <usize>min(x, columns - 1)));
  }
}

/**
 * Makes the file of `width` x `height` pixels at `source`, rows `stride` bytes apart, at `to`.
 *
 * @param work  448 bytes
 * @returns     its bytes; 0 if it does not fit into `room`
 */
export function encodeTile(
  source: usize, stride: i32, width: i32, height: i32, tables: usize, work: usize, to: usize, room: i32,
): i32 {
  const header = load<u32>(tables + HEADER_BYTES);
  const end = to + <usize>room - BLOCK_BYTES;
  if (<usize>room < <usize>header + 2 * BLOCK_BYTES) return 0;
  memory.copy(to, tables + HEADER, header);
  const size = to + <usize>load<u32>(tables + SIZE_OFFSET);
  store<u16>(size, bswap<u16>(<u16>height));
  store<u16>(size, bswap<u16>(<u16>width), 2);
  let at = to + <usize>header, bits: u64 = 0, free = 64, mean = 0;
  const endOfBlock = load<u32>(tables + AC_CODES), sixteen = load<u32>(tables + AC_CODES, 240 << 2);
  for (let y = 0; y < height; y += 8) {
    for (let x = 0; x < width; x += 8) {
      if (at > end) return 0;
      const pixels = source + <usize>y * <usize>stride + <usize>x;
      if (x + 8 > width || y + 8 > height) {
        copyBlock(pixels, <usize>stride, min(8, width - x), min(8, height - y), work + 384);
        transformBlock(work + 384, 8, tables + RECIPROCALS, work);
      } else transformBlock(pixels, <usize>stride, tables + RECIPROCALS, work);
      let left = nonZero(work, tables + MASKS) & ~1;
      // The mean: its difference from the last one's.
      let value = <i32>load<i16>(work) - mean, codes = tables + DC_CODES, run = 0, last = 0;
      mean += value;
      for (;;) {
        const sign = value >> 31;
        const length = 32 - clz((value ^ sign) - sign);
        const entry = load<u32>(codes + (<usize>((run << 4) + length) << 2));
        const low = (value + sign) & ((1 << length) - 1);
        const code = <u64>((entry >> 8) << length | low), count = <i32>(entry & 255) + length;
        free -= count;
        if (free < 0) {
          at = put(at, bits << (count + free) | code >> -free);
          free += 64;
          bits = code;
        } else bits = bits << count | code;
        if (left == 0) break;
        const k = <i32>ctz(left);
        left &= left - 1;
        run = k - last - 1;
        last = k;
        for (; run > 15; run -= 16) {
          const count = <i32>(sixteen & 255), code = <u64>(sixteen >> 8);
          free -= count;
          if (free < 0) {
            at = put(at, bits << (count + free) | code >> -free);
            free += 64;
            bits = code;
          } else bits = bits << count | code;
        }
        value = <i32>load<i16>(work + (<usize>load<u8>(tables + ORDER + k) << 1));
        codes = tables + AC_CODES;
      }
      if (last < 63) {
        const count = <i32>(endOfBlock & 255), code = <u64>(endOfBlock >> 8);
        free -= count;
        if (free < 0) {
          at = put(at, bits << (count + free) | code >> -free);
          free += 64;
          bits = code;
        } else bits = bits << count | code;
      }
    }
  }
  // What is left, filled up to whole bytes with ones.
  const rest = 64 - free, bytes = (rest + 7) >> 3, fill = (bytes << 3) - rest;
  at = putStuffed(at, bits << fill | ((1 << fill) - 1), bytes);
  store<u16>(at, 0xd9ff);
  return <i32>(at + 2 - to);
}
