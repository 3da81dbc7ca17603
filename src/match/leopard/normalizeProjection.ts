import { elementCount, requireKnownOptions, type Shape2, VitrineError } from "../../core/index.ts";

/** Projections of a template in real space, C order. */
export interface Projections {
  readonly data: Float32Array;
  /** Any leading dimensions, then (h, w). */
  readonly shape: readonly number[];
}

/** How {@link normalizeTemplateProjection} works. */
export interface NormalizeOptions {
  /** Write into the given data and return it; default false, the input stays as it is. */
  readonly inPlace?: boolean;
  /** Use the true mean and variance of the padded projection; default false, Leopard-EM's. */
  readonly exact?: boolean;
}

const CALL = "normalizeTemplateProjection()";

/**
 * Subtracts the mean of a projection's border pixels, so that padding with zeros makes no edge, and divides by the
 * standard deviation that the projection has once it is padded to the image's size. The first three parameters are
 * those of Leopard-EM's function of the same name.
 *
 * With p the projection after the subtraction, r = hw / HW and sums over its h x w pixels:
 *
 *     default:  m = mean(p) r r,    variance = (sum (p - m)² + (H - h)(W - w) m²) / HW
 *     exact:    m = sum(p) / HW,    variance = (sum (p - m)² + (HW - hw) m²) / HW
 *     result:   p / sqrt(variance)
 *
 * The default is Leopard-EM's arithmetic, which applies r twice and counts only the corner of the padding: the
 * variance is off by about r m². `exact` is the mean and variance of all H x W pixels, HW - hw of them zeros. Neither
 * subtracts m. A constant projection gives zeros. Sums are taken in float64.
 *
 * @param projections  (..., h, w)
 * @param smallShape   (h, w)
 * @param largeShape   (H, W) of the image, at least (h, w)
 * @returns            (..., h, w), the same data where `inPlace`
 * @throws {VitrineError} shape: last two dimensions that are not `smallShape`, data of another length, or an image
 *   smaller than the projection
 */
export function normalizeTemplateProjection(
  projections: Projections,
  smallShape: Shape2,
  largeShape: Shape2,
  options: NormalizeOptions = {},
): Projections {
  requireKnownOptions("normalizeTemplateProjection", options, { inPlace: true, exact: true });
  const { inPlace = false, exact = false } = options;
  requireShapes(projections, smallShape, largeShape);
  const { shape } = projections;
  const data = inPlace ? projections.data : projections.data.slice();
  const area = smallShape[0] * smallShape[1];
  for (let start = 0; start < data.length; start += area) {
    const projection = data.subarray(start, start + area);
    subtract(projection, borderMean(projection, smallShape));
    const variance = paddedVariance(projection, { smallShape, largeShape, exact });
    const factor = variance > 0 ? 1 / Math.sqrt(variance) : Number.isNaN(variance) ? NaN : 0;
    for (let i = 0; i < area; i++) projection[i] *= factor;
  }
  return { data, shape };
}

/** Mean of the rows at top and bottom and of the columns at the sides without their corners. */
function borderMean(projection: Float32Array, [h, w]: Shape2): number {
  let sum = 0;
  for (let x = 0; x < w; x++) sum += projection[x] + projection[(h - 1) * w + x];
  for (let y = 1; y < h - 1; y++) sum += projection[y * w] + projection[y * w + w - 1];
  return sum / (2 * w + 2 * Math.max(h - 2, 0));
}

function subtract(projection: Float32Array, value: number): void {
  for (let i = 0; i < projection.length; i++) projection[i] -= value;
}

function paddedVariance(
  projection: Float32Array,
  {
    smallShape: [h, w],
    largeShape: [H, W],
    exact,
  }: { smallShape: Shape2; largeShape: Shape2; exact: boolean },
): number {
  const relativeSize = (h * w) / (H * W);
  let sum = 0;
  for (let i = 0; i < projection.length; i++) sum += projection[i];
  const mean = (sum / (h * w)) * relativeSize * (exact ? 1 : relativeSize);
  let squares = 0;
  for (let i = 0; i < projection.length; i++) squares += (projection[i] - mean) ** 2;
  const zeros = exact ? H * W - h * w : (H - h) * (W - w);
  return (squares + zeros * mean ** 2) / (H * W);
}

function requireShapes({ data, shape }: Projections, small: Shape2, large: Shape2): void {
  const [h, w] = shape.slice(-2);
  if (shape.length < 2 || h !== small[0] || w !== small[1] || h < 1 || w < 1) {
    throw shapeError("projections.shape", `(..., ${small.join(", ")})`, `(${shape.join(", ")})`);
  }
  if (data.length !== elementCount(shape)) {
    throw shapeError("projections.data", `${elementCount(shape)} values`, `${data.length}`);
  }
  if (!(large[0] >= small[0] && large[1] >= small[1])) {
    throw shapeError("largeShape", `at least (${small.join(", ")})`, `(${large.join(", ")})`);
  }
}

function shapeError(parameter: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "shape", at: `${CALL}.${parameter}`, expected, found });
}
