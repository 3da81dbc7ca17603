import { HOST_IS_LITTLE_ENDIAN, swapBytes } from "../byteOrder.ts";

/** Rows of a strip or tile: values of `width` bytes, `samples` of them a pixel. */
export interface TiffRows {
  /** Values a row. */
  readonly values: number;
  /** Values a pixel, by which differences are taken. */
  readonly samples: number;
  /** Bytes a value: 1, 2, 4 or 8. */
  readonly width: number;
  readonly bigEndian: boolean;
}

/**
 * Brings unpacked rows to the machine's byte order and undoes the predictor, in place. `bytes` begins at a multiple of 8.
 *
 * @param predictor  1: values as they are; 2: differences along a row; 3: differences of the bytes of floats, highest first
 */
export function restoreRows(bytes: Uint8Array, predictor: number, rows: TiffRows): void {
  if (predictor === 3) {
    restoreFloats(bytes, rows);
    return;
  }
  if (rows.bigEndian === HOST_IS_LITTLE_ENDIAN) swapBytes(bytes, rows.width);
  if (predictor === 2) addDifferences(valuesOf(bytes, rows.width), rows);
}

type Values = Uint8Array | Uint16Array | Uint32Array;

function valuesOf(bytes: Uint8Array, width: number): Values {
  if (width === 1) return bytes;
  const count = bytes.length / width;
  return width === 2
    ? new Uint16Array(bytes.buffer, bytes.byteOffset, count)
    : new Uint32Array(bytes.buffer, bytes.byteOffset, count);
}

function addDifferences(data: Values, { values, samples }: Pick<TiffRows, "values" | "samples">): void {
  for (let row = 0; row < data.length; row += values)
    for (let i = row + samples; i < row + values; i++) data[i] += data[i - samples];
}

/** Source: Adobe Photoshop TIFF Technical Note 3 (2005). */
function restoreFloats(bytes: Uint8Array, { values, samples, width }: TiffRows): void {
  const length = values * width;
  const row = new Uint8Array(length);
  for (let start = 0; start < bytes.length; start += length) {
    row.set(bytes.subarray(start, start + length));
    addDifferences(row, { values: length, samples });
    for (let i = 0; i < values; i++)
      for (let byte = 0; byte < width; byte++) {
        const place = HOST_IS_LITTLE_ENDIAN ? width - 1 - byte : byte;
        bytes[start + i * width + place] = row[byte * values + i];
      }
  }
}
