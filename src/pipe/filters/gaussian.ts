import { filterAxis, gaussianWeights } from "../../compute/index.ts";
import { type PipeImage, sameShape } from "../image.ts";
import { boundaryIndex } from "../spline/bspline.ts";
import type { OutsideMode } from "../spline/shift.ts";

/** A Gaussian filter, one axis after the other, its kernel cut at 4 sigma and normalised. */
export function gaussianBlur(
  image: PipeImage,
  sigmaPx: readonly [number, number, number],
  { mode, cval }: { readonly mode: OutsideMode; readonly cval: number },
): PipeImage {
  let { data } = image;
  const [, height, width] = image.shape;
  const inner = [height * width, width, 1];
  image.shape.forEach((length, axis) => {
    const weights = gaussianWeights(sigmaPx[axis]);
    const radius = weights.length >> 1;
    if (radius === 0) return;
    const taps = lineTaps({ length, radius, mode });
    data = filterAxis(data, { length, inner: inner[axis], weights, taps, outside: cval });
  });
  return sameShape(image, data);
}

/** Index in the line for each place of the line and its surroundings; -1 is the constant outside. */
function lineTaps({
  length,
  radius,
  mode,
}: {
  length: number;
  radius: number;
  mode: OutsideMode;
}): Int32Array {
  return Int32Array.from({ length: length + 2 * radius }, (_, i) => {
    const at = i - radius;
    if (at >= 0 && at < length) return at;
    if (mode === "constant") return -1;
    if (mode === "nearest") return at < 0 ? 0 : length - 1;
    return boundaryIndex(at, length, mode);
  });
}
