import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import { callName } from "../curry.ts";
import { type NumberArray, type PipeImage, requirePositive, toPipeImage } from "../image.ts";
import { createProvider, type ImageProvider } from "../pipeline.ts";
import { type RescaleGrid, zoomImage } from "../spline/zoom.ts";

/** How images are brought to another scale. */
export interface RescaleOptions {
  /** Default `corners`, as acryo; `scale` keeps the size in nm where boxes are small. See {@link RescaleGrid}. */
  readonly grid?: RescaleGrid;
}

/** @internal */
export const RESCALE_KEYS: OptionKeys<RescaleOptions> = { grid: true };

/** @internal Scales that differ by less than this share are taken for the same; acryo's. */
export const TOLERANCE = 0.01;

/**
 * An image in memory, rescaled by a cubic spline to the scale that is asked for.
 *
 * @param array          (z, y, x) values of any numeric type
 * @param originalScale  nm/pixel of the array; default 1
 * @param tolerance      where the scales differ by less than this share, the image stays as it is; default 0.01
 * @throws {VitrineError} shape: not three axes; range: a scale that is not above 0
 */
export function fromArray(
  array: NumberArray,
  originalScale = 1,
  tolerance = TOLERANCE,
  options: RescaleOptions = {},
): ImageProvider {
  requireKnownOptions("fromArray", options, RESCALE_KEYS);
  requirePositive(originalScale, "fromArray originalScale");
  const image = toPipeImage(array, "fromArray");
  const rescale = rescaler({ originalScale, tolerance, ...options });
  return createProvider((scale) => rescale(image, scale), callName("fromArray", [array, originalScale]));
}

/** Several arrays of one scale, as {@link fromArray} each: templates that are tried in turn. */
export function fromArrays(
  arrays: readonly NumberArray[],
  originalScale = 1,
  tolerance = TOLERANCE,
  options: RescaleOptions = {},
): ImageProvider<readonly PipeImage[]> {
  requireKnownOptions("fromArrays", options, { grid: true });
  const providers = arrays.map((array) => fromArray(array, originalScale, tolerance, options));
  const name = callName("fromArrays", [`${arrays.length} arrays`, originalScale]);
  return createProvider((scale) => Promise.all(providers.map((provider) => provider(scale))), name);
}

/** @internal What {@link fromArray} and `fromFile` do. */
export function rescaler({
  originalScale,
  tolerance,
  grid = "corners",
}: RescaleOptions & {
  readonly originalScale: number;
  readonly tolerance: number;
}): (image: PipeImage, scale: number) => PipeImage {
  return (image, scale) => {
    const ratio = originalScale / scale;
    return Math.abs(ratio - 1) < tolerance ? image : zoomImage(image, ratio, grid);
  };
}
