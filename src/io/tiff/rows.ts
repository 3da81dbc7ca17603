import type { PixelArray } from "../../core/index.ts";

/**
 * Which row of a TIFF image is the first of an MRC one. `flip`: its last, as RELION, IMOD, SerialEM and MotionCor2 have it, whatever the
 * orientation tag says: rows go down in TIFF and up in MRC. `keep`: its first, as EMAN2 and programs in Python have it.
 *
 * Source: documentation of RELION, Reference, Conventions, Image formats.
 */
export type TiffRows = "flip" | "keep";

/** What is said where a TIFF and an MRC file meet and nobody has said which way its rows go. */
export function tiffRowsLine(path: string): string {
  return `${path}: its last row is taken for the first of MRC, as RELION, IMOD, SerialEM and MotionCor2 do (TIFF rows go down, MRC's up); --tiff-rows flip says so without this line, --tiff-rows keep leaves rows as they lie`;
}

/**
 * Turns images upside down, in place.
 *
 * @param data  any number of images of `rows` rows, one after the other
 * @param rowLength  values of a row
 * @returns     the same array
 */
export function flipRows<T extends PixelArray>(data: T, rowLength: number, rows: number): T {
  const kept = data.slice(0, rowLength);
  for (let first = 0; first < data.length; first += rowLength * rows) {
    for (let top = 0, bottom = rows - 1; top < bottom; top++, bottom--) {
      const [upper, lower] = [first + top * rowLength, first + bottom * rowLength];
      kept.set(data.subarray(upper, upper + rowLength));
      data.copyWithin(upper, lower, lower + rowLength);
      data.set(kept, lower);
    }
  }
  return data;
}
