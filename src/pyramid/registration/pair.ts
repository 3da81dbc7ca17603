import { type Backend, RUN_KEYS, type RunOptions } from "../../compute/index.ts";
import { type OptionKeys, pickOptions, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { PixelOffset, PixelSize } from "../geometry/levels.ts";
import { createWindows } from "../kernels/index.ts";
import { chanceThreshold, errorOf, showsTheSame } from "./chance.ts";
import { cutWindow, type DarkImage, type RegistrationImage } from "./image.ts";

/** How images are compared. */
export interface RegistrationOptions extends RunOptions {
  /** Largest shift that is looked for in y and in x, pixels. */
  readonly maxShiftPx?: number;
  /** Of the Laplacian of a Gaussian that images are filtered with, pixels, above 0 to 8. Default 1.5. */
  readonly sigmaPx?: number;
  /** What the camera shows without light, subtracted first: a pattern that all images share looks like a shift of 0. */
  readonly dark?: DarkImage;
}

/** For all that registers. */
export const REGISTRATION_KEYS: OptionKeys<RegistrationOptions> = {
  maxShiftPx: true,
  sigmaPx: true,
  dark: true,
  signal: true,
  onProgress: true,
};

/** Default of {@link RegistrationOptions.sigmaPx}: Laplacians of single pixels are mostly noise. */
export const SIGMA_PX = 1.5;

/** How one image lies on another. */
export interface PairShift extends PixelOffset {
  /** Minus the logarithm of the correlation coefficient of the filtered images; Infinity where they have nothing in common. */
  readonly error: number;
  /** The shift fits better than others by chance do, and both images show the same up to their noise; without it, it means nothing. */
  readonly isTrusted: boolean;
}

/**
 * The shift, in pixels with fractions, that moves an image onto a reference of the same size: what the reference shows at (y, x) the image shows
 * at (y - shift.y, x - shift.x).
 *
 * @param options  `maxShiftPx`: default a quarter of the shorter side
 * @throws {VitrineError} shape: images of two sizes; range: a limit above two fifths of an image
 *
 * Source: as {@link registerMosaic}.
 */
export async function registerPair(
  backend: Backend,
  images: { readonly reference: RegistrationImage; readonly moved: RegistrationImage },
  options: RegistrationOptions = {},
): Promise<PairShift> {
  requireKnownOptions("registerPair", options, REGISTRATION_KEYS);
  const { reference, moved } = images;
  const { height, width } = reference;
  if (moved.height !== height || moved.width !== width) {
    const [expected, found] = [`${height} x ${width} pixels`, `${moved.height} x ${moved.width}`];
    throw new VitrineError({ code: "shape", at: "registerPair moved", expected, found });
  }
  const limit = shiftLimit(options.maxShiftPx ?? Math.floor(Math.min(height, width) / 4), { height, width });
  const { sigmaPx = SIGMA_PX, dark } = options;
  const plan = createWindows(backend, { height, width, pairs: 1, sigmaPx });
  try {
    const whole = { y: 0, x: 0, height, width };
    plan.set("windows", cutWindow(reference, whole, dark), 0);
    plan.set("windows", cutWindow(moved, whole, dark), 1);
    const within = { fromY: -limit, toY: limit, fromX: -limit, toX: limit };
    const [match] = await plan.run([within], pickOptions<RunOptions>(options, RUN_KEYS));
    const isTrusted = match.correlation > chanceThreshold([match])(match) && showsTheSame(match);
    return { y: match.y, x: match.x, error: errorOf(match.shared), isTrusted };
  } finally {
    plan.dispose();
  }
}

/** Part of a side that shifts may have at most: what is left tells what chance gives. */
const MOST_SHIFT = 0.4;

/** @throws {VitrineError} range: not from 1 to two fifths of the shorter side */
function shiftLimit(maxShiftPx: number, { height, width }: PixelSize): number {
  const most = Math.floor(MOST_SHIFT * Math.min(height, width));
  if (maxShiftPx >= 1 && maxShiftPx <= most) return Math.floor(maxShiftPx);
  const expected = `from 1 to two fifths of the shorter side, ${most}`;
  throw new VitrineError({ code: "range", at: "registration maxShiftPx", expected, found: `${maxShiftPx}` });
}

/**
 * The alignment of a cycle as TissueMAPS stores it: the shift in whole pixels that moves a cycle's image onto the reference cycle's. It is
 * what {@link residuesOf} and {@link alignedWindow} take.
 *
 * @throws {VitrineError} as {@link registerPair}; undeterminable: the images have nothing in common
 */
export async function alignCycles(
  backend: Backend,
  images: { readonly reference: RegistrationImage; readonly moved: RegistrationImage },
  options: RegistrationOptions = {},
): Promise<PixelOffset> {
  requireKnownOptions("alignCycles", options, REGISTRATION_KEYS);
  const { y, x, isTrusted } = await registerPair(backend, images, options);
  if (isTrusted) return { y: Math.round(y) + 0, x: Math.round(x) + 0 };
  const found = "images that fit nowhere better than by chance";
  const hint = "Raise maxShiftPx, or take the shift of the cycle's other sites (registerCycle)";
  throw new VitrineError({
    code: "undeterminable",
    at: "alignCycles",
    expected: "the same cells in both images",
    found,
    hint,
  });
}
