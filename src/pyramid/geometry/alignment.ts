import type { PixelOffset, PixelSize } from "./levels.ts";

/** What the cycles of a site do not share at each side, pixels. */
export interface Residues {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** The residues of a site over the shifts of all its cycles: what is cut off so that all show the same. */
export function residuesOf(shifts: readonly PixelOffset[]): Residues {
  const most = (values: readonly number[]) => Math.max(0, ...values);
  const y = shifts.map((shift) => shift.y);
  const x = shifts.map((shift) => shift.x);
  return { top: most(y), bottom: most(y.map((v) => -v)), left: most(x), right: most(x.map((v) => -v)) };
}

/** The part of an image that all cycles share: its first pixel, given the image's own shift, and its size. */
export function alignedWindow(
  image: PixelSize,
  shift: PixelOffset,
  { top, bottom, left, right }: Residues,
): PixelOffset & PixelSize {
  const size = {
    height: Math.max(0, image.height - top - bottom),
    width: Math.max(0, image.width - left - right),
  };
  return { y: top - shift.y, x: left - shift.x, ...size };
}
