import { VitrineError } from "../../core/index.ts";
import { type IlluminationStatistics, percentileOf } from "./statistics.ts";

/** The intensities that become black and white. */
export interface IntensityRange {
  readonly lower: number;
  readonly upper: number;
}

/** How a layer's range is found. */
export interface ClipOptions {
  /** Bits of the camera: without clipping the range is all that they hold. */
  readonly bitDepth: number;
  /** Take the range from percentiles. `value` implies it. Default false. */
  readonly clip?: boolean;
  /** Percentile that becomes white. Default 99.9. */
  readonly percent?: number;
  /** Intensity that becomes white, whatever the percentiles say. Black is then 0 where there are no statistics. */
  readonly value?: number;
}

/** The percentile that becomes black. */
const BLACK_PERCENT = 0.001;
/** The least range where more than 8 bits become 8. */
const LEAST_RANGE = 255;
/** The most that 16 bits hold. */
const MOST = 65_535;

/**
 * The range of a channel layer, never narrower than 255 where more than 8 bits become 8: upwards, or downwards where a channel is saturated.
 *
 * @param statistics  of the channel; a range by `value` or without clipping needs none
 * @throws {VitrineError} undeterminable: percentiles of no statistics
 *
 * Source: TissueMAPS, tmlib.workflow.illuminati.api, which fails where a value is given.
 */
export function clipRange(options: ClipOptions, statistics?: IlluminationStatistics): IntensityRange {
  const { bitDepth, value, clip = value !== undefined, percent = 99.9 } = options;
  if (!clip) return { lower: 0, upper: 2 ** bitDepth - 1 };
  if (statistics === undefined) {
    if (value !== undefined) return { lower: 0, upper: value };
    const hint = "Make statistics first, or give a clip value";
    throw new VitrineError({
      code: "undeterminable",
      at: "clipRange",
      expected: "statistics of the channel",
      found: "none",
      hint,
    });
  }
  // A saturated channel is white, where TissueMAPS fails for a range beyond 16 bits.
  const lower = Math.min(percentileOf(statistics, BLACK_PERCENT), MOST - LEAST_RANGE);
  if (value !== undefined) return { lower: Math.min(lower, Math.max(0, value - LEAST_RANGE)), upper: value };
  const upper = percentileOf(statistics, percent);
  return { lower, upper: bitDepth === 8 ? Math.max(upper, 255) : Math.max(upper, lower + LEAST_RANGE) };
}

/**
 * What each 16-bit intensity becomes in 8 bits: 0 below `lower`, 255 from `upper` on, equal steps between, cut to whole numbers.
 *
 * @returns (65,536), what `createTiles` takes as `lookup`
 * @throws {VitrineError} range: not 0 <= lower < upper <= 65,535
 *
 * Source: TissueMAPS, tmlib.image_utils.map_to_uint8.
 */
export function scaleTable({ lower, upper }: IntensityRange): Uint8Array {
  const isWhole = Number.isInteger(lower) && Number.isInteger(upper);
  if (!isWhole || lower < 0 || upper > MOST || lower >= upper) {
    const expected = "whole numbers with 0 <= lower < upper <= 65535";
    throw new VitrineError({ code: "range", at: "scaleTable", expected, found: `${lower} and ${upper}` });
  }
  const steps = upper - lower;
  const table = new Uint8Array(65_536).fill(255, upper);
  if (steps === 1) return table;
  for (let i = 0; i < steps - 1; i++) table[lower + i] = Math.floor(i * (255 / (steps - 1)));
  table[upper - 1] = 255;
  return table;
}
