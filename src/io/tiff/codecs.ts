import { unzlibSync } from "fflate";
import { VitrineError } from "../../core/index.ts";

/**
 * Unpacks one strip or tile into exactly `length` bytes; bytes behind them are left out. `out` takes them where it is given, as long as they
 * are; what was not packed at all comes back as it is.
 */
export type TiffCodec = (packed: Uint8Array, length: number, at: string, out?: Uint8Array) => Uint8Array;

const CLEAR = 256;
const END = 257;
const CODES = 4096;

/** Our own codecs by the number of the compression tag, each with the most bytes that one byte can become. */
export const CODECS: Readonly<Record<number, { readonly decode: TiffCodec; readonly expansion: number }>> = {
  1: { decode: (packed, length, at) => requireLength(packed, length, at), expansion: 1 },
  // A code has nine bits at least, and stands for 3839 bytes at most.
  5: { decode: decodeLzw, expansion: CODES },
  // 258 bytes in two bits
  8: { decode: decodeDeflate, expansion: 1032 },
  32946: { decode: decodeDeflate, expansion: 1032 },
  32773: { decode: decodePackBits, expansion: 64 },
};

function decodeDeflate(
  packed: Uint8Array,
  length: number,
  at: string,
  out: Uint8Array = new Uint8Array(length),
): Uint8Array {
  try {
    return requireLength(unzlibSync(packed, { out }), length, at);
  } catch (cause) {
    if (cause instanceof VitrineError) throw cause;
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new VitrineError({ code: "format", at, expected: "deflated bytes", found }, { cause });
  }
}

/**
 * LZW as TIFF 6.0 has it: highest bit first, codes grow one early. A string of the table is a place in what was unpacked, so
 * that no string is ever copied but to its end.
 */
function decodeLzw(
  packed: Uint8Array,
  length: number,
  at: string,
  out: Uint8Array = new Uint8Array(length),
): Uint8Array {
  const starts = new Uint32Array(CODES);
  const lengths = new Uint16Array(CODES);
  let [next, width, previous] = [END + 1, 9, -1];
  let [bits, available, read, done, previousStart] = [0, 0, 0, 0, 0];
  while (done < length) {
    while (available < width && read < packed.length) {
      bits = ((bits << 8) | packed[read++]) & 0xfffff;
      available += 8;
    }
    if (available < width) break;
    available -= width;
    const code = (bits >>> available) & ((1 << width) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      [next, width, previous] = [END + 1, 9, -1];
      continue;
    }
    if (code > next || (code === next && previous < 0)) throw wrongCode(code, next, at);
    if (previous >= 0 && next < CODES) {
      // The new string is the previous one and the first byte behind it, which now is written.
      starts[next] = previousStart;
      lengths[next] = done - previousStart + 1;
      next++;
      if (next === (1 << width) - 1 && width < 12) width++;
    }
    previousStart = done;
    previous = code;
    if (code < CLEAR) {
      out[done++] = code;
      continue;
    }
    const end = Math.min(length, done + lengths[code]);
    for (let from = starts[code]; done < end; from++) out[done++] = out[from];
  }
  return requireLength(out.subarray(0, done), length, at);
}

function decodePackBits(
  packed: Uint8Array,
  length: number,
  at: string,
  out: Uint8Array = new Uint8Array(length),
): Uint8Array {
  let [read, done] = [0, 0];
  while (done < length && read < packed.length) {
    const head = packed[read++];
    if (head < 128) {
      const bytes = packed.subarray(read, read + Math.min(head + 1, length - done));
      out.set(bytes, done);
      done += bytes.length;
      read += head + 1;
    } else if (head > 128 && read < packed.length) {
      const end = Math.min(length, done + 257 - head);
      out.fill(packed[read++], done, end);
      done = end;
    }
  }
  return requireLength(out.subarray(0, done), length, at);
}

function requireLength(bytes: Uint8Array, length: number, at: string): Uint8Array {
  if (bytes.length >= length) return bytes.length === length ? bytes : bytes.subarray(0, length);
  const hint = "The file is truncated or damaged";
  throw new VitrineError({
    code: "format",
    at,
    expected: `${length} bytes of pixels`,
    found: `${bytes.length}`,
    hint,
  });
}

function wrongCode(code: number, next: number, at: string): VitrineError {
  return new VitrineError({ code: "format", at, expected: `LZW codes up to ${next}`, found: `${code}` });
}
