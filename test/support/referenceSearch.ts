import type { Shape2 } from "../../src/core/index.ts";
import type { MatchSettings } from "../../src/match/index.ts";
import { searchSpace } from "../../src/match/index.ts";
import {
  bandPassFilter,
  computeCtf,
  evaluateRadialCurve,
  romaRotationMatrices,
  rotationMatrices,
  whiteningCurve,
} from "../../src/optics/index.ts";
import { irfft2, rfft2 } from "./dft.ts";
import { filtered, projection } from "./projection.ts";
import { magnifySlice, prepareVolume, referenceSlice, type SliceVolume } from "./slice.ts";

/** What a search is given. */
export interface ReferenceInputs {
  /** (H, W) and its values. */
  readonly shape: Shape2;
  readonly micrograph: Float32Array;
  /** (n, n, n) zyx. */
  readonly template: Float32Array;
  readonly n: number;
  readonly settings: MatchSettings;
  readonly exactSlices: boolean;
}

/** Statistics of every place where the template fits; `second` is the best but one, which says how sure `index` is. */
export interface ReferenceStatistics {
  readonly maximum: Float64Array;
  readonly second: Float64Array;
  readonly index: Int32Array;
  readonly sum: Float64Array;
  readonly squaredSum: Float64Array;
  readonly count: number;
}

/**
 * A whole template search by its definition, in float64: every transform a sum over its terms, every correlation a sum over
 * the template's pixels. The filters and the CTF are those of `vitrine/optics`, which have golden vectors of their own.
 * Template t = (orientation * pixel sizes + pixel size) * defocus values + defocus.
 */
export function referenceSearch(inputs: ReferenceInputs): ReferenceStatistics {
  const { shape, n, settings } = inputs;
  const { image, filters } = prepare(inputs);
  const places = (shape[0] - n + 1) * (shape[1] - n + 1);
  const statistics = {
    maximum: new Float64Array(places).fill(Number.NEGATIVE_INFINITY),
    second: new Float64Array(places).fill(Number.NEGATIVE_INFINITY),
    index: new Int32Array(places).fill(-1),
    sum: new Float64Array(places),
    squaredSum: new Float64Array(places),
  };
  const prepared = prepareVolume(inputs.template, n);
  const { eulerAnglesDeg } = searchSpace(settings);
  const matrices = (inputs.exactSlices ? rotationMatrices : romaRotationMatrices)(eulerAnglesDeg);
  let t = 0;
  for (let at = 0; at < matrices.length; at += 9) {
    const slice = viewOf(prepared, inputs, matrices.subarray(at, at + 9));
    for (const filter of filters) {
      const template = projection(irfft2(filtered(slice, filter), [n, n]), n, shape);
      update(statistics, correlate({ image, shape, template, n }), t++);
    }
  }
  return { ...statistics, count: t };
}

function viewOf(prepared: SliceVolume, { n, settings, exactSlices }: ReferenceInputs, matrix: Float32Array) {
  const slice = referenceSlice(prepared, n, matrix);
  const magnification = settings.optics.magnificationMatrix;
  if (magnification === undefined) return slice;
  return magnifySlice(slice, n, { matrix: magnification, redundantHalf: exactSlices ? "conjugate" : "zero" });
}

/** The filtered micrograph and, for each pixel size and defocus, what slices are multiplied with (complex). */
function prepare({ shape, micrograph, n, settings }: ReferenceInputs) {
  const spectrum = rfft2(micrograph, shape);
  spectrum.fill(0, 0, 2);
  const { whitening, bandPass, curve } = settings.filters;
  const measured = whitening && whiteningCurve(Float32Array.from(spectrum), shape, whitening);
  const filterOf = (size: Shape2) => {
    const parts = [
      measured && evaluateRadialCurve(measured, size),
      bandPass && bandPassFilter(bandPass, size),
      curve && evaluateRadialCurve(curve, size),
    ];
    return Float64Array.from({ length: size[0] * (Math.floor(size[1] / 2) + 1) }, (_, i) =>
      parts.reduce((product, part) => product * (part?.[i] ?? 1), 1),
    );
  };
  const onImage = filterOf(shape);
  const weighted = spectrum.map((value, i) => value * onImage[i >> 1]);
  const passed = bandPass ? Float64Array.from(bandPassFilter(bandPass, shape)) : onImage.map(() => 1);
  const power = passed.map((_, i) => weighted[2 * i] ** 2 + weighted[2 * i + 1] ** 2);
  const scale = Math.sqrt(fullPlane(passed, shape) / fullPlane(power, shape));
  const image = irfft2(weighted, shape).map((value) => value * scale);
  const { defocusOffsetsA, pixelSizeOffsetsA } = searchSpace(settings);
  const { label: _label, mtfFile: _file, pixelSizeA, ...optics } = settings.optics;
  const ctf = computeCtf(optics, {
    shape: [n, n],
    pixelSizeA,
    defocusOffsetsA,
    pixelSizeOffsetsA,
  });
  const onTemplate = filterOf([n, n]);
  const area = onTemplate.length;
  const filters = Array.from({ length: ctf.shape[0] * ctf.shape[1] }, (_, f) =>
    Float64Array.from({ length: 2 * area }, (_, i) => {
      const [at, part] = [f * area + (i >> 1), i % 2];
      if (!ctf.isComplex) return part === 0 ? -ctf.data[at] * onTemplate[i >> 1] : 0;
      return -ctf.data[2 * at + part] * onTemplate[i >> 1];
    }),
  );
  for (const filter of filters) filter.fill(0, 0, 2);
  return { image, filters };
}

function fullPlane(half: Float64Array, [, width]: Shape2): number {
  const columns = Math.floor(width / 2) + 1;
  const weight = (x: number) => (x === 0 || 2 * x === width ? 1 : 2);
  return half.reduce((sum, value, i) => sum + weight(i % columns) * value, 0);
}

function correlate(what: { image: Float64Array; shape: Shape2; template: Float64Array; n: number }) {
  const { image, template, n } = what;
  const [height, width] = what.shape;
  const columns = width - n + 1;
  return Float64Array.from({ length: (height - n + 1) * columns }, (_, at) => {
    const corner = Math.floor(at / columns) * width + (at % columns);
    let sum = 0;
    for (let y = 0; y < n; y++) {
      for (let x = 0; x < n; x++) sum += image[corner + y * width + x] * template[y * n + x];
    }
    return sum;
  });
}

function update(into: Omit<ReferenceStatistics, "count">, correlation: Float64Array, t: number): void {
  const { maximum, second, index, sum, squaredSum } = into;
  correlation.forEach((value, i) => {
    sum[i] += value;
    squaredSum[i] += value * value;
    if (value > maximum[i]) {
      second[i] = maximum[i];
      maximum[i] = value;
      index[i] = t;
    } else second[i] = Math.max(second[i], value);
  });
}
