import { parseWellName, type WellPlace } from "../../io/index.ts";
/** Micro-Manager's words for places: names of positions, and which way the stage goes. */

/** What the name of a position tells. */
export interface NamedPosition {
  readonly well?: WellPlace;
  readonly site?: number;
  readonly grid?: readonly [number, number];
}

/** `A01-Site_3` of the HCS plugin; `A1_0003` of useq's well plates; `1-Pos_002_001` and `Pos-2-1` of tiles, which have the column first; `Pos7`. */
export function namedPosition(label: string): NamedPosition {
  const [, well, site] = /^([A-Z]{1,2}[0-9]*[1-9][0-9]*|[A-Z]{1,2}[1-9]0)-Site_(\d+)$/.exec(label) ?? [];
  if (well !== undefined) return { well: parseWellName(well), site: Number(site) };
  const [, plateWell, index] = /^([A-Z]{1,2}0*[1-9]\d?)_(\d{4})$/.exec(label) ?? [];
  if (plateWell !== undefined) return { well: parseWellName(plateWell), site: Number(index) };
  const [, column, row] = /Pos[-_]?(\d+)_(\d+)$/.exec(label) ?? [];
  if (column !== undefined) return { grid: [Number(row), Number(column)] };
  const [, number] = /Pos-?(\d+)$/.exec(label) ?? [];
  return number === undefined ? {} : { site: Number(number) };
}

/**
 * A stage position as that of an image, y down: the camera may be turned or mirrored against the stage, as PixelSizeAffine has it
 * (pixels to µm, six numbers row by row). Without one the stage's y is taken as down.
 *
 * @param affine  as the metadata write it, `a;b;c;d;e;f`
 * @returns       (y, x) µm
 */
export function imagePosition(
  { xUm, yUm }: { readonly xUm: number; readonly yUm: number },
  { affine, pixelSizeUm }: { readonly affine: string | undefined; readonly pixelSizeUm: number },
): readonly [number, number] {
  const [a, b, , d, e] = affineOf(affine) ?? [1, 0, 0, 0, 1, 0];
  const determinant = a * e - b * d;
  const scale = affineOf(affine) === undefined ? 1 : pixelSizeUm / determinant;
  return [(a * yUm - d * xUm) * scale, (e * xUm - b * yUm) * scale];
}

/** The numbers of an affine transformation; undefined for one that is none, as the zeros of who never measured it. */
export function affineOf(text: string | undefined): readonly number[] | undefined {
  const numbers = (text ?? "").split(/[;_]/).map(Number);
  const [a, b, , d, e] = numbers;
  return numbers.length === 6 && Math.abs(a * e - b * d) > 1e-12 ? numbers : undefined;
}

/** What is said where no transformation tells which way the stage goes. */
export const UNKNOWN_SIGN =
  "nothing says which way the stage goes (PixelSizeAffine): y is taken as down, x as right";
