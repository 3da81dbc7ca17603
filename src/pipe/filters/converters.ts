import type { Backend } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import { callName } from "../curry.ts";
import { type PipeImage, requireFinite, requireNotNegative, toThree } from "../image.ts";
import { createConverter, type ImageConverter } from "../pipeline.ts";
import type { SplineOrder } from "../spline/bspline.ts";
import { moveImage, type OutsideMode, requireOutsideMode, requireSplineOrder } from "../spline/shift.ts";
import { type Butterworth, butterworth } from "./butterworth.ts";
import { gaussianBlur } from "./gaussian.ts";

/** What lies outside an image. */
export interface OutsideOptions {
  /** `nearest` the edge, `constant` the value `cval`, `reflect`, `mirror` or `wrap` the image itself. */
  readonly mode?: OutsideMode;
  /** With `constant`; default 0. */
  readonly cval?: number;
}

const OUTSIDE_KEYS: OptionKeys<OutsideOptions> = { mode: true, cval: true };

/**
 * A Gaussian filter.
 *
 * @param sigma    nm, of all axes or of z, y and x
 * @param options  `mode` default `reflect`
 */
export function gaussianFilter(
  sigma: number | readonly [number, number, number],
  options: OutsideOptions = {},
): ImageConverter {
  requireKnownOptions("gaussianFilter", options, OUTSIDE_KEYS);
  const { mode = "reflect", cval = 0 } = options;
  const [z, y, x] = toThree(sigma, "gaussianFilter sigma");
  for (const one of [z, y, x]) requireNotNegative(one, "gaussianFilter sigma");
  requireOutsideMode(mode, "gaussianFilter mode");
  return createConverter(
    (image, scale) => gaussianBlur(image, [z / scale, y / scale, x / scale], { mode, cval }),
    callName("gaussianFilter", [sigma, given(options)]),
  );
}

/** Options of the filters in Fourier space. */
export interface FourierFilterOptions {
  /** Makes the transforms; without it each call starts one worker thread. */
  readonly backend?: Backend;
}

/**
 * A Butterworth low pass: gain 1 / (1 + (f / cutoff)^(2 order)).
 *
 * @param cutoff  cycles/voxel, whatever the scale; not above 0, or beyond 0.866 (the corner of the frequencies), nothing is filtered
 * @param order   default 2
 */
export function lowpassFilter(cutoff: number, order = 2, options: FourierFilterOptions = {}): ImageConverter {
  return fourierFilter({ kind: "lowpass", cutoff, order }, options);
}

/** What {@link lowpassFilter} takes away; where that filters nothing, nothing is left. */
export function highpassFilter(
  cutoff: number,
  order = 2,
  options: FourierFilterOptions = {},
): ImageConverter {
  return fourierFilter({ kind: "highpass", cutoff, order }, options);
}

function fourierFilter(filter: Butterworth, options: FourierFilterOptions): ImageConverter {
  const name = `${filter.kind}Filter`;
  requireKnownOptions(name, options, { backend: true });
  requireFinite(filter.cutoff, `${name} cutoff`);
  if (!Number.isFinite(filter.order) || filter.order <= 0)
    throw new VitrineError({
      code: "range",
      at: `${name} order`,
      expected: "a number above 0",
      found: `${filter.order}`,
    });
  return createConverter(
    (image) => butterworth(image, filter, options.backend),
    callName(name, [filter.cutoff, filter.order]),
  );
}

/** Options of {@link shift}. */
export interface ShiftOptions extends OutsideOptions {
  /** Order of the spline, 0 to 3; default 3. */
  readonly order?: SplineOrder;
  /** Linear whatever the order, as acryo moves. */
  readonly compat?: boolean;
}

const SHIFT_KEYS: OptionKeys<ShiftOptions> = { ...OUTSIDE_KEYS, order: true, compat: true };

/**
 * Moves an image: out(x) = in(x - shift).
 *
 * @param shiftNm  nm, (z, y, x)
 * @param options  `mode` default `nearest`
 */
export function shift(
  shiftNm: readonly [number, number, number],
  options: ShiftOptions = {},
): ImageConverter {
  requireKnownOptions("shift", options, SHIFT_KEYS);
  const { mode = "nearest", cval = 0, compat = false } = options;
  const [z, y, x] = toThree(shiftNm, "shift");
  const order = requireSplineOrder(options.order ?? 3, "shift order");
  requireOutsideMode(mode, "shift mode");
  return createConverter(
    (image, scale) =>
      moveImage(image, { shiftPx: [z / scale, y / scale, x / scale], order: compat ? 1 : order, mode, cval }),
    callName("shift", [shiftNm, given(options)]),
  );
}

/** Options of {@link centerByMass}. */
export interface CenterByMassOptions {
  /** Order of the spline, 0 to 3; default 3. */
  readonly order?: SplineOrder;
  /** To n / 2 instead of the centre of the box, (n - 1) / 2: half a voxel farther, as acryo does. */
  readonly compat?: boolean;
}

/** Moves the centre of mass to the centre of the box, (n - 1) / 2; outside is the edge. */
export function centerByMass(options: CenterByMassOptions = {}): ImageConverter {
  requireKnownOptions("centerByMass", options, { order: true, compat: true });
  const order = requireSplineOrder(options.order ?? 3, "centerByMass order");
  return createConverter(
    (image) => {
      const mass = centerOfMass(image);
      const target = (n: number) => (options.compat === true ? n / 2 : (n - 1) / 2);
      const [z, y, x] = image.shape.map((n, axis) => target(n) - mass[axis]);
      return moveImage(image, { shiftPx: [z, y, x], order, mode: "nearest", cval: 0 });
    },
    callName("centerByMass", [given(options)]),
  );
}

/** @throws {VitrineError} undeterminable: a sum that is 0 or not finite */
function centerOfMass({ data, shape }: PipeImage): readonly [number, number, number] {
  let [sum, sumZ, sumY, sumX, at] = [0, 0, 0, 0, 0];
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++) {
        const value = data[at++];
        sum += value;
        sumZ += z * value;
        sumY += y * value;
        sumX += x * value;
      }
  if (sum !== 0 && Number.isFinite(sum)) return [sumZ / sum, sumY / sum, sumX / sum];
  const expected = "an image whose sum is finite and not 0";
  throw new VitrineError({ code: "undeterminable", at: "centerByMass", expected, found: `${sum}` });
}

/** Options in a name only where there are some. */
function given(options: object): object | undefined {
  return Object.keys(options).length === 0 ? undefined : options;
}
