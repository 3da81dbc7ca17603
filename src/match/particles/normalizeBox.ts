import { type Shape2, VitrineError } from "../../core/index.ts";

/** What part of a box is background. */
export interface BoxBackground {
  /** [H, W]. */
  readonly shape: Shape2;
  /** Pixels around the centre, pixel floor(side / 2), that hold the particle; what lies beyond is background. */
  readonly radius: number;
}

/** RELION's radius: three quarters of the smaller side are the particle's diameter. */
export function defaultBackgroundRadius([height, width]: Shape2): number {
  return Math.round(0.375 * Math.min(height, width));
}

/**
 * What normalises boxes as RELION extracts particles: it takes away the plane that fits a box's background best, then divides by
 * the background's standard deviation. The background then has mean 0 and deviation 1.
 *
 * @returns a function of a box, (H, W), which it does not change, and of how messages call it; it throws a VitrineError (range) for
 *   a background without contrast
 * @throws {VitrineError} range: a radius that leaves the box, or fewer than three pixels of background
 * Source: RELION's `relion_preprocess --norm` (Scheres 2012, J. Struct. Biol. 180:519).
 */
export function boxNormalizer(
  background: BoxBackground,
): (box: Float32Array, at: string) => Float32Array<ArrayBuffer> {
  const pixels = pixelsBeyond(background);
  const [, width] = background.shape;
  return (box, at) => {
    const plane = fitPlane(box, pixels, width);
    const flat = box.map((value, i) => value - planeAt(plane, Math.floor(i / width), i % width));
    let power = 0;
    for (const i of pixels) power += flat[i] ** 2;
    const deviation = Math.sqrt(power / pixels.length);
    // what float32 values of this size round to
    if (!(deviation > 1e-6 * Math.abs(plane.mean))) throw noContrast(at, deviation);
    return flat.map((value) => value / deviation);
  };
}

/** The pixels of the background. */
function pixelsBeyond({ shape, radius }: BoxBackground): Int32Array {
  const at = "background radius";
  const largest = Math.floor(Math.min(...shape) / 2);
  if (!(Number.isFinite(radius) && radius >= 0 && radius <= largest)) {
    const expected = `a radius of 0 to ${largest} pixels, half a box`;
    throw new VitrineError({ code: "range", at, expected, found: String(radius) });
  }
  const [height, width] = shape;
  const [middleY, middleX] = [Math.floor(height / 2), Math.floor(width / 2)];
  const all = Int32Array.from({ length: height * width }, (_, i) => i);
  const pixels = all.filter(
    (i) => (Math.floor(i / width) - middleY) ** 2 + ((i % width) - middleX) ** 2 > radius ** 2,
  );
  if (pixels.length >= 3) return pixels;
  const found = `${pixels.length} beyond ${radius}`;
  throw new VitrineError({ code: "range", at, expected: "at least 3 pixels of background", found });
}

/** value = mean + slopeY (y - meanY) + slopeX (x - meanX) */
interface Plane {
  readonly mean: number;
  readonly meanY: number;
  readonly meanX: number;
  readonly slopeY: number;
  readonly slopeX: number;
}

/** Least squares. */
function fitPlane(box: Float32Array, pixels: Int32Array, width: number): Plane {
  let [mean, meanY, meanX] = [0, 0, 0];
  for (const i of pixels) {
    mean += box[i] / pixels.length;
    meanY += Math.floor(i / width) / pixels.length;
    meanX += (i % width) / pixels.length;
  }
  let [yy, xx, yx, yv, xv] = [0, 0, 0, 0, 0];
  for (const i of pixels) {
    const [y, x, value] = [Math.floor(i / width) - meanY, (i % width) - meanX, box[i] - mean];
    yy += y * y;
    xx += x * x;
    yx += y * x;
    yv += y * value;
    xv += x * value;
  }
  // three pixels may lie in a line
  const determinant = yy * xx - yx * yx || Number.POSITIVE_INFINITY;
  const slopeY = (xx * yv - yx * xv) / determinant;
  const slopeX = (yy * xv - yx * yv) / determinant;
  return { mean, meanY, meanX, slopeY, slopeX };
}

function planeAt({ mean, meanY, meanX, slopeY, slopeX }: Plane, y: number, x: number): number {
  return mean + slopeY * (y - meanY) + slopeX * (x - meanX);
}

function noContrast(at: string, deviation: number): VitrineError {
  const expected = "a background with a standard deviation above 0";
  const hint = "Leave the particle out: it may lie outside the micrograph";
  return new VitrineError({ code: "range", at, expected, found: String(deviation), hint });
}
