import { requireKnownOptions, type Shape2, VitrineError } from "../core/index.ts";
import { columnWeight, requireLength, requireShape, rfftWidth } from "./frequencies.ts";

/** What an image is multiplied with before it is correlated. */
export interface PreprocessOptions {
  /** (H, floor(W/2) + 1) total filter: whitening x band-pass x curve. */
  readonly filter: Float32Array;
  /** (H, floor(W/2) + 1) band-pass alone; all ones where absent. It sets the variance. */
  readonly bandPass?: Float32Array;
  /** Pixels of the area that the result is cut to; H W where absent, as in a search. */
  readonly boxArea?: number;
  /** Of the layout of the image: what is scaled so; the image itself where absent. */
  readonly scaledBy?: Float32Array;
}

/**
 * Filters an image and scales it so that white noise gives correlations of variance 1.
 *
 * With the sums over the full plane (both halves), b the band-pass and D the transform without its first
 * coefficient: X = D filter, X *= sqrt(sum b / sum |X|²) sqrt(H W / boxArea).
 *
 * @param rfft  (H, floor(W/2) + 1) unnormalised half transform, complex interleaved, rows not shifted; not changed
 * @param shape [H, W] in real space; odd widths have no Nyquist column, and both halves of theirs are counted
 * @returns     X, of the same layout
 * @throws {VitrineError} shape: arrays of other lengths; range: nothing left after filtering, or not finite
 * Source: Lucas et al. 2021, eLife 10:e68946; scaling as Leopard-EM's `preprocess_image`.
 */
export function preprocessImage(
  rfft: Float32Array,
  shape: Shape2,
  options: PreprocessOptions,
): Float32Array<ArrayBuffer> {
  requireKnownOptions("preprocessImage", options, {
    filter: true,
    bandPass: true,
    boxArea: true,
    scaledBy: true,
  });
  const { filter, bandPass, boxArea, scaledBy = rfft } = options;
  requireShape(shape, "preprocessImage shape");
  const count = shape[0] * rfftWidth(shape[1]);
  requireLength(rfft, 2 * count, "preprocessImage rfft");
  requireLength(scaledBy, 2 * count, "preprocessImage scaledBy");
  requireLength(filter, count, "preprocessImage filter");
  if (bandPass !== undefined) requireLength(bandPass, count, "preprocessImage bandPass");
  const area = shape[0] * shape[1];
  const passed = bandPass === undefined ? area : fullPlaneSum(shape, (i) => bandPass[i]);
  const power = fullPlaneSum(shape, (i) =>
    i === 0 ? 0 : (scaledBy[2 * i] ** 2 + scaledBy[2 * i + 1] ** 2) * filter[i] ** 2,
  );
  if (!(power > 0 && Number.isFinite(power))) throw nothingLeft(power);
  const scale = Math.sqrt((passed / power) * (area / (boxArea ?? area)));
  const out = new Float32Array(2 * count);
  for (let i = 1; i < count; i++) {
    out[2 * i] = rfft[2 * i] * filter[i] * scale;
    out[2 * i + 1] = rfft[2 * i + 1] * filter[i] * scale;
  }
  return out;
}

/** Sum over the full plane of a quantity that is even in frequency, from its half. */
function fullPlaneSum([height, width]: Shape2, value: (index: number) => number): number {
  const columns = rfftWidth(width);
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < columns; x++) sum += columnWeight(x, width) * value(y * columns + x);
  }
  return sum;
}

function nothingLeft(power: number): VitrineError {
  const expected = "power after filtering";
  const hint = "Check the micrograph (constant, NaN) and the filters' cut-offs";
  return new VitrineError({
    code: "range",
    at: "preprocessImage rfft",
    expected,
    found: String(power),
    hint,
  });
}
