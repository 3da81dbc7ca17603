import { HOST_IS_LITTLE_ENDIAN, swapBytes } from "./byteOrder.ts";
import { allocate } from "./files.ts";
import { halfToNumber } from "./half.ts";
import {
  checkMrcSize,
  MRC_HEADER_BYTES,
  type MrcHeader,
  type MrcMode,
  mrcDataOffset,
  mrcRowBytes,
  parseMrcHeader,
} from "./mrc.ts";

/** Width in bytes of the numbers whose bytes are swapped; complex values are two numbers. */
const SWAP_WIDTH: Readonly<Record<MrcMode, number>> = { 0: 1, 1: 2, 2: 4, 4: 4, 6: 2, 12: 2, 101: 1 };

/** Rows are decoded through a buffer of about this many bytes. */
const STAGING_BYTES = 2 ** 22;

/** Numbers (not bytes) of one section once decoded: rows x columns, twice that for complex values. */
export function mrcSectionLength({ shape, mode }: Pick<MrcHeader, "shape" | "mode">): number {
  return shape[1] * shape[2] * (mode === 4 ? 2 : 1);
}

/** Whether the bytes of the file are float32 values in their order or swapped, so that no buffer between is needed. */
export function isFloatMode(mode: MrcMode): boolean {
  return mode === 2 || mode === 4;
}

/** Puts the numbers in `bytes` (whole values of the file) into the byte order of this machine, in place. */
export function toHostOrder(bytes: Uint8Array, { mode, bigEndian }: MrcHeader): void {
  if (bigEndian === HOST_IS_LITTLE_ENDIAN && SWAP_WIDTH[mode] > 1) swapBytes(bytes, SWAP_WIDTH[mode]);
}

/**
 * Decodes whole rows.
 *
 * @param bytes   the rows as stored; changed (put into host order); begins at a multiple of 4 bytes of its buffer
 * @param header  mode, byte order and shape
 * @param out     rows x columns numbers, twice that for complex values (real and imaginary part in turn)
 */
export function decodeMrcRows(bytes: Uint8Array, header: MrcHeader, out: Float32Array): void {
  toHostOrder(bytes, header);
  if (header.mode === 101) decodeFourBits(bytes, header.shape[2], out);
  else if (header.mode === 12)
    decodeHalves(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2), out);
  else out.set(storedValues(bytes, header));
}

function storedValues({ buffer, byteOffset, length }: Uint8Array, { mode, unsignedBytes }: MrcHeader) {
  switch (mode) {
    case 0:
      return unsignedBytes
        ? new Uint8Array(buffer, byteOffset, length)
        : new Int8Array(buffer, byteOffset, length);
    case 1:
      return new Int16Array(buffer, byteOffset, length / 2);
    case 6:
      return new Uint16Array(buffer, byteOffset, length / 2);
    default:
      return new Float32Array(buffer, byteOffset, length / 4);
  }
}

/** How the rows of a range of sections are cut so that the buffer between stays small. */
export function* rowBlocks(header: MrcHeader, first: number, count: number) {
  const rowBytes = mrcRowBytes(header);
  const rowLength = mrcSectionLength(header) / header.shape[1];
  const rows = count * header.shape[1];
  const step = Math.max(1, Math.floor(STAGING_BYTES / rowBytes));
  const start = mrcDataOffset(header) + first * header.shape[1] * rowBytes;
  for (let row = 0; row < rows; row += step) {
    const block = Math.min(step, rows - row);
    yield {
      offset: start + row * rowBytes,
      bytes: block * rowBytes,
      from: row * rowLength,
      to: (row + block) * rowLength,
    };
  }
}

/** Room for one block of {@link rowBlocks}. */
export function stagingBytes(header: MrcHeader, count: number): number {
  const rowBytes = mrcRowBytes(header);
  return Math.min(count * header.shape[1] * rowBytes, Math.max(rowBytes, STAGING_BYTES));
}

/**
 * Decodes an MRC file that is in memory; see `openMrc` for files.
 *
 * @param bytes  the whole file; any view; not changed
 * @returns      header and (sections, rows, columns) values; mode 4 has real and imaginary part in turn, so twice as many
 * @throws {VitrineError} format: no MRC header, or fewer bytes than it promises
 */
export function parseMrc(
  bytes: Uint8Array,
  at: string,
): { readonly header: MrcHeader; readonly data: Float32Array } {
  const header = parseMrcHeader(bytes.subarray(0, MRC_HEADER_BYTES), at);
  checkMrcSize(header, bytes.length, at);
  const length = header.shape[0] * mrcSectionLength(header);
  const data = allocate(() => new Float32Array(length), length * 4, at);
  const staging = new Uint8Array(stagingBytes(header, header.shape[0]));
  for (const block of rowBlocks(header, 0, header.shape[0])) {
    const part = staging.subarray(0, block.bytes);
    part.set(bytes.subarray(block.offset, block.offset + block.bytes));
    decodeMrcRows(part, header, data.subarray(block.from, block.to));
  }
  return { header, data };
}

function decodeHalves(halves: Uint16Array, out: Float32Array): void {
  for (let i = 0; i < halves.length; i++) out[i] = halfToNumber(halves[i]);
}

/** The low half of a byte comes first. */
function decodeFourBits(bytes: Uint8Array, columns: number, out: Float32Array): void {
  const rowBytes = Math.ceil(columns / 2);
  for (let row = 0, i = 0; row < bytes.length; row += rowBytes) {
    for (let column = 0; column < columns; column++, i++) {
      const pair = bytes[row + (column >> 1)];
      out[i] = column & 1 ? pair >> 4 : pair & 15;
    }
  }
}
