import { deflate } from "#deflate";
import type { PixelArray } from "../../core/index.ts";
import { bytesOf, HOST_IS_LITTLE_ENDIAN } from "../byteOrder.ts";

/** How tiles are packed, all lossless. */
export type TiffCompression = "none" | "lzw" | "deflate";

/** Numbers of the compression tag. */
export const COMPRESSIONS: Readonly<Record<TiffCompression, number>> = { none: 1, lzw: 5, deflate: 8 };

/** The predictor that suits values: differences of whole numbers, of the bytes of floats; none without compression. */
export function predictorOf(data: string, compression: TiffCompression): 1 | 2 | 3 {
  if (compression === "none") return 1;
  return data.startsWith("float") ? 3 : 2;
}

/**
 * Packs a tile.
 *
 * @param pixels  (rows, width, samples) values, which the predictor changes
 */
export async function packTile(
  pixels: PixelArray,
  {
    width,
    samples,
    compression,
  }: { readonly width: number; readonly samples: number; readonly compression: TiffCompression },
): Promise<Uint8Array> {
  if (compression === "none") return bytesOf(pixels);
  const isFloat = pixels instanceof Float32Array || pixels instanceof Float64Array;
  const bytes = isFloat ? byteDifferences(pixels, width, samples) : differences(pixels, width, samples);
  return compression === "lzw" ? packLzw(bytes) : deflate(bytes);
}

/** Each value less the one before it in its row, from behind. */
function differences(pixels: PixelArray, width: number, samples: number): Uint8Array {
  const row = width * samples;
  for (let start = 0; start < pixels.length; start += row)
    for (let i = start + row - 1; i >= start + samples; i--) pixels[i] -= pixels[i - samples];
  return bytesOf(pixels);
}

/** Highest bytes of a row first, then their differences. Source: Adobe Photoshop TIFF Technical Note 3 (2005). */
function byteDifferences(pixels: PixelArray, width: number, samples: number): Uint8Array {
  const bytes = bytesOf(pixels);
  const each = pixels.BYTES_PER_ELEMENT;
  const values = width * samples;
  const out = new Uint8Array(bytes.length);
  for (let start = 0; start < bytes.length; start += values * each) {
    for (let byte = 0; byte < each; byte++) {
      const from = HOST_IS_LITTLE_ENDIAN ? each - 1 - byte : byte;
      for (let i = 0; i < values; i++) out[start + byte * values + i] = bytes[start + i * each + from];
    }
    for (let i = start + values * each - 1; i >= start + samples; i--) out[i] -= out[i - samples];
  }
  return out;
}

const CLEAR = 256;
const END = 257;
const CODES_BEFORE_CLEAR = 4094;

/** LZW as TIFF 6.0 has it: highest bit first, codes grow one early, the table begins anew before it is full. */
export function packLzw(bytes: Uint8Array): Uint8Array {
  // at most 12 bits for each byte and for what begins and ends it
  const out = new Uint8Array(Math.ceil((bytes.length + Math.ceil(bytes.length / 3000) + 8) * 1.5));
  const table = new Map<number, number>();
  let [next, width, bits, held, written] = [END + 1, 9, 0, 0, 0];
  const put = (code: number) => {
    bits = (bits << width) | code;
    held += width;
    while (held >= 8) {
      held -= 8;
      out[written++] = (bits >>> held) & 255;
    }
    bits &= (1 << held) - 1;
  };
  put(CLEAR);
  let prefix = -1;
  for (const byte of bytes) {
    if (prefix < 0) {
      prefix = byte;
      continue;
    }
    const known = table.get((prefix << 8) | byte);
    if (known !== undefined) {
      prefix = known;
      continue;
    }
    put(prefix);
    table.set((prefix << 8) | byte, next++);
    if (next === 1 << width) width++;
    if (next === CODES_BEFORE_CLEAR) {
      put(CLEAR);
      table.clear();
      [next, width] = [END + 1, 9];
    }
    prefix = byte;
  }
  if (prefix >= 0) put(prefix);
  // the code of the end is as wide as if one more string had been added
  if (prefix >= 0 && ++next === 1 << width && width < 12) width++;
  put(END);
  if (held > 0) out[written++] = (bits << (8 - held)) & 255;
  return out.subarray(0, written);
}
