import { type Backend, createFft, type FftPlan } from "../../compute/index.ts";
import { type Image, type Shape2, VitrineError } from "../../core/index.ts";
import {
  bandPassFilter,
  combineFilters,
  computeCtf,
  evaluateRadialCurve,
  fourierDropoutMask,
  preprocessImage,
  type RadialCurve,
  randomizeSpectrumPhases,
  whiteningCurve,
} from "../../optics/index.ts";
import type { MatchFilters, MatchSettings, SearchSpace } from "../config/config.ts";
import { opticsOfCtf } from "../config/opticsOfCtf.ts";

/** A micrograph that is ready to be correlated. */
export interface PreparedMicrograph {
  /** (H, W), mean 0, scaled so that white noise gives correlations of variance 1. */
  readonly image: Float32Array;
  /** The whitening curve that was measured on it; null where whitening is off. */
  readonly whitening: RadialCurve | null;
}

/** Whitening x band-pass x curve x dropout on the half plane of one shape, and the band-pass alone. */
function totalFilter(filters: MatchFilters, whitening: RadialCurve | null, shape: Shape2) {
  const bandPass = filters.bandPass === null ? undefined : bandPassFilter(filters.bandPass, shape);
  const parts = [
    ...(whitening === null ? [] : [evaluateRadialCurve(whitening, shape)]),
    ...(bandPass === undefined ? [] : [bandPass]),
    ...(filters.curve === null ? [] : [evaluateRadialCurve(filters.curve, shape)]),
    ...(filters.dropout === undefined ? [] : [fourierDropoutMask(filters.dropout, shape)]),
  ];
  return { filter: parts.length === 1 ? parts[0] : combineFilters(parts, shape), bandPass };
}

/** Filters and scales a micrograph that is searched: no coefficients are left out of it, only of templates. */
export async function preprocessSearched(
  backend: Backend,
  image: Image,
  { dropout: _, ...filters }: MatchFilters,
): Promise<PreparedMicrograph> {
  return preprocessMicrograph(backend, image, filters);
}

/** Filters and scales a micrograph as Leopard-EM's `preprocess_image` does. */
export async function preprocessMicrograph(
  backend: Backend,
  { data, shape }: Image,
  filters: MatchFilters,
): Promise<PreparedMicrograph> {
  const [prepared] = await preprocessImages(backend, { images: [data], shape }, filters);
  return prepared;
}

/** Images of one shape. */
export interface ImageStack {
  readonly images: readonly Float32Array[];
  readonly shape: Shape2;
  /** For all of them, in place of the curve that is measured on each. */
  readonly whitening?: RadialCurve | null;
  /** Whether they are parts of one image, as the frames of a movie: whitened and scaled as their sum. */
  readonly isOne?: boolean;
}

/** Filters and scales images of one shape, each by its own spectrum. They are transformed together. */
export async function preprocessImages(
  backend: Backend,
  { images, shape, whitening: given, isOne = false }: ImageStack,
  filters: MatchFilters,
): Promise<PreparedMicrograph[]> {
  if (images.length === 0) return [];
  const fft = createFft(backend, { kind: "real2d", shape, batch: images.length });
  try {
    images.forEach((image, i) => {
      fft.set("real", image, i * shape[0]);
    });
    await fft.run("forward");
    const spectrum = new Float32Array(2 * shape[0] * (Math.floor(shape[1] / 2) + 1));
    const whole = isOne ? spectrumOfAll(fft, { count: images.length, shape }) : undefined;
    const curves = images.map((_, i) => {
      fft.read("spectrum", spectrum, i * shape[0]);
      const { filtered, whitening } = filterSpectrum(spectrum, { shape, given, whole }, filters);
      fft.set("spectrum", filtered, i * shape[0]);
      return whitening;
    });
    await fft.run("inverse");
    return curves.map((whitening, i) => {
      const image = new Float32Array(shape[0] * shape[1]);
      fft.read("real", image, i * shape[0]);
      return { image, whitening };
    });
  } finally {
    fft.dispose();
  }
}

/** The spectrum of the sum of images, without its mean. */
function spectrumOfAll(
  fft: FftPlan,
  { count, shape }: { readonly count: number; readonly shape: Shape2 },
): Float32Array {
  const [whole, one] = [0, 1].map(() => new Float32Array(2 * shape[0] * (Math.floor(shape[1] / 2) + 1)));
  for (let i = 0; i < count; i++) {
    fft.read("spectrum", one, i * shape[0]);
    for (let k = 2; k < whole.length; k++) whole[k] += one[k];
  }
  return whole;
}

interface SpectrumWork {
  readonly shape: Shape2;
  readonly given: RadialCurve | null | undefined;
  /** What it is a part of. */
  readonly whole: Float32Array | undefined;
}

function filterSpectrum(
  spectrum: Float32Array,
  { shape, given, whole = spectrum }: SpectrumWork,
  filters: MatchFilters,
) {
  // the mean carries no signal and would dominate the lowest bin
  spectrum.fill(0, 0, 2);
  const measure = () => (filters.whitening === null ? null : whiteningCurve(whole, shape, filters.whitening));
  const whitening = given === undefined ? measure() : given;
  const { filter, bandPass } = totalFilter(filters, whitening, shape);
  const phased = filters.phases ? randomizeSpectrumPhases(spectrum, shape, filters.phases) : spectrum;
  const scale = whole === spectrum ? {} : { scaledBy: whole };
  const filtered = preprocessImage(phased, shape, { filter, ...(bandPass && { bandPass }), ...scale });
  return { filtered, whitening };
}

/**
 * What every slice is multiplied with: -1 (density scatters more strongly: dark on bright), CTF and filter, without the
 * mean. (pixel sizes, defocus values, n, n/2+1), complex interleaved if the CTF is.
 */
export function templateFilters(what: {
  settings: Pick<MatchSettings, "filters" | "optics">;
  space: Omit<SearchSpace, "eulerAnglesDeg">;
  size: number;
  whitening: RadialCurve | null;
}): Float32Array {
  const { settings, space, size, whitening } = what;
  const shape = [size, size] as const;
  const { filter } = totalFilter(settings.filters, whitening, shape);
  requireMtfRead(settings.optics);
  const ctf = computeCtf(opticsOfCtf(settings.optics), {
    shape,
    pixelSizeA: settings.optics.pixelSizeA,
    defocusOffsetsA: space.defocusOffsetsA,
    pixelSizeOffsetsA: space.pixelSizeOffsetsA,
  });
  const parts = ctf.isComplex ? 2 : 1;
  const plane = parts * filter.length;
  const out = ctf.data;
  for (let at = 0; at < out.length; at++) out[at] *= -filter[Math.floor((at % plane) / parts)];
  for (let at = 0; at < out.length; at += plane) out.fill(0, at, at + parts);
  return out;
}

/** An MTF whose file nobody read would be left out without a word. */
function requireMtfRead({ mtfFile }: MatchSettings["optics"]): void {
  if (mtfFile === undefined) return;
  throw new VitrineError({
    code: "missing",
    at: "settings.optics.mtf",
    expected: `the values of ${mtfFile.path}`,
    found: "its path",
    hint: "Read them with readMtfFile",
  });
}
