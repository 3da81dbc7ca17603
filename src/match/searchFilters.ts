import { createFft, type Pool } from "../compute/index.ts";
import type { Image, Shape2 } from "../core/index.ts";
import {
  bandPassFilter,
  combineFilters,
  computeCtf,
  evaluateRadialCurve,
  preprocessImage,
  type RadialCurve,
  whiteningCurve,
} from "../optics/index.ts";
import type { MatchFilters, MatchSettings, SearchSpace } from "./config.ts";

/** A micrograph that is ready to be correlated. */
export interface PreparedMicrograph {
  /** (H, W), mean 0, scaled so that white noise gives correlations of variance 1. */
  readonly image: Float32Array;
  /** The whitening curve that was measured on it; null where whitening is off. */
  readonly whitening: RadialCurve | null;
}

/** Whitening x band-pass x curve on the half plane of one shape, and the band-pass alone. */
function totalFilter(filters: MatchFilters, whitening: RadialCurve | null, shape: Shape2) {
  const bandPass = filters.bandPass === null ? undefined : bandPassFilter(filters.bandPass, shape);
  const parts = [
    ...(whitening === null ? [] : [evaluateRadialCurve(whitening, shape)]),
    ...(bandPass === undefined ? [] : [bandPass]),
    ...(filters.curve === null ? [] : [evaluateRadialCurve(filters.curve, shape)]),
  ];
  return { filter: parts.length === 1 ? parts[0] : combineFilters(parts, shape), bandPass };
}

/** Filters and scales a micrograph as Leopard-EM's `preprocess_image` does. */
export async function preprocessMicrograph(
  pool: Pool,
  { data, shape }: Image,
  filters: MatchFilters,
): Promise<PreparedMicrograph> {
  const fft = createFft(pool, { kind: "real2d", shape });
  try {
    fft.set("real", data);
    await fft.forward();
    const spectrum = new Float32Array(2 * shape[0] * (Math.floor(shape[1] / 2) + 1));
    fft.read("spectrum", spectrum);
    // the mean carries no signal and would dominate the lowest bin
    spectrum.fill(0, 0, 2);
    const whitening = filters.whitening === null ? null : whiteningCurve(spectrum, shape, filters.whitening);
    const { filter, bandPass } = totalFilter(filters, whitening, shape);
    fft.set("spectrum", preprocessImage(spectrum, shape, { filter, ...(bandPass && { bandPass }) }));
    await fft.inverse();
    const image = new Float32Array(data.length);
    fft.read("real", image);
    return { image, whitening };
  } finally {
    fft.dispose();
  }
}

/**
 * What every slice is multiplied with: -1 (density scatters more strongly: dark on bright), CTF and filter, without the
 * mean. (pixel sizes, defocus values, n, n/2+1), complex interleaved if the CTF is.
 */
export function templateFilters(what: {
  settings: MatchSettings;
  space: SearchSpace;
  size: number;
  whitening: RadialCurve | null;
}): Float32Array {
  const { settings, space, size, whitening } = what;
  const shape = [size, size] as const;
  const { filter } = totalFilter(settings.filters, whitening, shape);
  const ctf = computeCtf(settings.optics, {
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
