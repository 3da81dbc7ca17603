import { type PipeImage, sameShape } from "../image.ts";
import { boundaryIndex } from "../spline/bspline.ts";
import type { OutsideMode } from "../spline/shift.ts";

/** How many standard deviations the kernel reaches, as scipy's. */
const TRUNCATE = 4;

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
    const radius = Math.floor(TRUNCATE * sigmaPx[axis] + 0.5);
    if (radius === 0) return;
    const taps = lineTaps({ length, radius, mode });
    data = blurAxis(data, {
      length,
      inner: inner[axis],
      taps,
      kernel: gaussianKernel(sigmaPx[axis], radius),
      cval,
    });
  });
  return sameShape(image, data);
}

function gaussianKernel(sigma: number, radius: number): Float64Array {
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  );
  const sum = kernel.reduce((total, value) => total + value, 0);
  return kernel.map((value) => value / sum);
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

interface AxisBlur {
  readonly length: number;
  readonly inner: number;
  readonly taps: Int32Array;
  readonly kernel: Float64Array;
  readonly cval: number;
}

function blurAxis(data: Float32Array, { length, inner, taps, kernel, cval }: AxisBlur): Float32Array {
  const result = new Float32Array(data.length);
  const sums = new Float64Array(inner);
  const outer = data.length / (length * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < length; i++) {
      sums.fill(0);
      for (let tap = 0; tap < kernel.length; tap++) {
        const from = taps[i + tap];
        const weight = kernel[tap];
        const start = (o * length + from) * inner;
        if (from < 0) for (let k = 0; k < inner; k++) sums[k] += weight * cval;
        else for (let k = 0; k < inner; k++) sums[k] += weight * data[start + k];
      }
      result.set(sums, (o * length + i) * inner);
    }
  return result;
}
