import { elementCount } from "../../core/index.ts";
import { type Background, type MapSource, resultMap } from "./resultMaps.ts";

/** From a median of absolute differences to a standard deviation of Gaussian values. */
const MAD_TO_DEVIATION = 1.4826;

/**
 * The correlations of places without a particle, over all places and poses of a micrograph: the mean is the median of all places' means,
 * the variance the sum of two, that of poses at a place (from the median of all deviations) and that of places (from the median absolute
 * difference of their means). Right where particles cover less than half of the micrograph.
 */
export function backgroundOf({ background: _, ...source }: MapSource): Background {
  const map = new Float32Array(elementCount(source.statistics.shape));
  const within = median(resultMap(source, "correlationVariance", map).sort());
  const means = resultMap(source, "correlationAverage", map).sort();
  const mean = median(means);
  const among = MAD_TO_DEVIATION * median(means.map((value) => Math.abs(value - mean)).sort());
  return { mean, deviation: Math.hypot(within, among) };
}

/** The source of maps whose z-scores stand over the background where that is asked for. */
export function overBackground(source: MapSource, isAsked: boolean | undefined): MapSource {
  return isAsked === true ? { ...source, background: backgroundOf(source) } : source;
}

/** Of ascending values, the lower one of two in the middle. */
function median(ascending: Float32Array): number {
  return ascending[(ascending.length - 1) >> 1];
}
