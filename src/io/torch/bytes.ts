import { VitrineError } from "../../core/index.ts";

/** Reads one value after the other, little-endian but for floats, as pickles are. */
export interface ByteReader {
  place(): number;
  byte(): number;
  uint16(): number;
  int32(): number;
  /** Of four bytes. */
  length4(): number;
  /** Of eight. */
  length8(): number;
  float64(): number;
  /** A two's complement integer of so many bytes. */
  long(bytes: number): bigint;
  text(bytes: number): string;
  /** A copy. */
  bytes(count: number): Uint8Array;
  /** Up to the line feed, without it. */
  line(): string;
  /** A decimal integer on a line of its own; Python 2 ends long ones with L. */
  integerLine(): bigint;
  skip(bytes: number): void;
}

/** Longer ones are no numbers of a file of arrays, and slow to read. */
const INTEGER = /^-?\d{1,1000}L?$/;

/** @throws {VitrineError} format: when the bytes end before a value */
export function byteReader(source: Uint8Array, at: string): ByteReader {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let place = 0;
  const take = (count: number) => {
    const start = place;
    if (!(count >= 0 && start + count <= source.length)) throw truncated(at, place, source.length);
    place += count;
    return start;
  };
  const bytes = (count: number) => {
    const start = take(count);
    return source.slice(start, start + count);
  };
  const line = () => {
    const end = source.indexOf(0x0a, place);
    if (end < 0) throw truncated(at, place, source.length);
    const text = new TextDecoder().decode(bytes(end - place));
    place = end + 1;
    return text;
  };
  return {
    place: () => place,
    byte: () => source[take(1)],
    uint16: () => view.getUint16(take(2), true),
    int32: () => view.getInt32(take(4), true),
    length4: () => view.getUint32(take(4), true),
    length8: () => Number(view.getBigUint64(take(8), true)),
    float64: () => view.getFloat64(take(8), false),
    long: (count) => twosComplement(bytes(count)),
    text: (count) => new TextDecoder().decode(bytes(count)),
    bytes,
    line,
    integerLine: () => {
      const text = line();
      if (INTEGER.test(text)) return BigInt(text.replace("L", ""));
      const expected = "a whole number";
      throw new VitrineError({
        code: "format",
        at: `${at} byte ${place}`,
        expected,
        found: JSON.stringify(text),
      });
    },
    skip: (count) => {
      take(count);
    },
  };
}

function twosComplement(bytes: Uint8Array): bigint {
  const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const isNegative = bytes.length > 0 && bytes[bytes.length - 1] >= 0x80;
  return isNegative ? value - (1n << BigInt(8 * bytes.length)) : value;
}

function truncated(at: string, place: number, length: number): VitrineError {
  const expected = `a value at byte ${place}`;
  const hint = "The file is truncated or damaged";
  return new VitrineError({ code: "format", at, expected, found: `the end after ${length} bytes`, hint });
}
