import { HOST_IS_LITTLE_ENDIAN } from "../byteOrder.ts";

/** Types of values that are written. */
export const ASCII = 2;
export const SHORT = 3;
export const LONG = 4;
export const RATIONAL = 5;
export const LONG8 = 16;

/** Of one number; a rational has two. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  [ASCII]: 1,
  [SHORT]: 2,
  [LONG]: 4,
  [RATIONAL]: 4,
  [LONG8]: 8,
};

/** A tag with its values. */
export type TiffEntry = readonly [tag: number, type: number, values: ArrayLike<number>];

/** Where a directory stands and what follows it. */
export interface DirectoryPlace {
  readonly isBig: boolean;
  /** Where it will stand. */
  readonly offset: number;
  /** Where the next one will, 0 for none. */
  readonly next: number;
}

/** Bytes to the next multiple of 8, where every directory begins. */
export function padding(bytes: number): number {
  return (8 - (bytes % 8)) % 8;
}

/** The head of a file in this machine's byte order. */
export function formatTiffHeader(isBig: boolean, firstOffset: number): Uint8Array {
  const bytes = new Uint8Array(isBig ? 16 : 8);
  const view = new DataView(bytes.buffer);
  bytes.fill(HOST_IS_LITTLE_ENDIAN ? 0x49 : 0x4d, 0, 2);
  view.setUint16(2, isBig ? 43 : 42, HOST_IS_LITTLE_ENDIAN);
  if (isBig) view.setUint16(4, 8, HOST_IS_LITTLE_ENDIAN);
  writeWord(view, isBig ? 8 : 4, { value: firstOffset, bytes: isBig ? 8 : 4 });
  return bytes;
}

/** A directory with the values that do not fit in it behind. @param entries  in ascending order, as TIFF demands */
export function formatDirectory(
  entries: readonly TiffEntry[],
  { isBig, offset, next }: DirectoryPlace,
): Uint8Array {
  const [countBytes, entryBytes, wordBytes] = isBig ? [8, 20, 8] : [2, 12, 4];
  const fixed = countBytes + entries.length * entryBytes + wordBytes;
  const behind = entries.map(([, type, values]) => {
    const bytes = values.length * TYPE_BYTES[type];
    return bytes > wordBytes ? bytes + padding(bytes) : 0;
  });
  const start = fixed + padding(fixed);
  const view = new DataView(new ArrayBuffer(start + behind.reduce((sum, bytes) => sum + bytes, 0)));
  writeWord(view, 0, { value: entries.length, bytes: countBytes });
  let free = start;
  for (const [i, [tag, type, values]] of entries.entries()) {
    const at = countBytes + i * entryBytes;
    view.setUint16(at, tag, HOST_IS_LITTLE_ENDIAN);
    view.setUint16(at + 2, type, HOST_IS_LITTLE_ENDIAN);
    const count = type === RATIONAL ? values.length / 2 : values.length;
    writeWord(view, at + 4, { value: count, bytes: wordBytes });
    const valueAt = at + 4 + wordBytes;
    if (behind[i] > 0) writeWord(view, valueAt, { value: offset + free, bytes: wordBytes });
    const width = TYPE_BYTES[type];
    const place = behind[i] > 0 ? free : valueAt;
    for (let k = 0; k < values.length; k++)
      writeWord(view, place + k * width, { value: values[k], bytes: width });
    free += behind[i];
  }
  writeWord(view, fixed - wordBytes, { value: next, bytes: wordBytes });
  return new Uint8Array(view.buffer);
}

function writeWord(view: DataView, at: number, { value, bytes }: { value: number; bytes: number }): void {
  if (bytes === 1) view.setUint8(at, value);
  else if (bytes === 2) view.setUint16(at, value, HOST_IS_LITTLE_ENDIAN);
  else if (bytes === 4) view.setUint32(at, value, HOST_IS_LITTLE_ENDIAN);
  else view.setBigUint64(at, BigInt(value), HOST_IS_LITTLE_ENDIAN);
}
