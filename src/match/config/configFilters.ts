import { VitrineError } from "../../core/index.ts";
import type {
  BandPass,
  FourierDropout,
  PhaseRandomization,
  RadialCurve,
  WhiteningOptions,
} from "../../optics/index.ts";
import type { FieldConventions } from "../leopard/fields.ts";
import type { MatchTemplateYaml } from "./configSchema.ts";

type Filters = MatchTemplateYaml["preprocessing_filters"];

/** Filters of micrograph and templates; null where not enabled. */
export interface MatchFilters {
  readonly whitening: WhiteningOptions | null;
  readonly bandPass: BandPass | null;
  readonly curve: RadialCurve | null;
  /** Of micrographs alone; absent where not enabled. */
  readonly phases?: PhaseRandomization;
  /** Of templates, and in refinements of images too, as in Leopard-EM 1.3; absent where not enabled. */
  readonly dropout?: FourierDropout;
}

/**
 * The filters that are enabled and count.
 *
 * @throws {VitrineError} missing or shape: a curve without or with unlike numbers of frequencies and amplitudes
 */
export function toFilters(filters: Filters, at: string, fields: FieldConventions): MatchFilters {
  const { phase_randomization_filter: phases, random_fourier_dropout: dropout } = filters;
  return {
    whitening: toWhitening(filters.whitening_filter),
    bandPass: toBandPass(filters.bandpass_filter),
    curve: toCurve(filters.arbitrary_curve_filter, `${at} preprocessing_filters.arbitrary_curve_filter`),
    ...(phases.enabled && fields.phaseRandomization && { phases: { cutOn: phases.cuton ?? 0 } }),
    ...(dropout?.enabled && { dropout: { fraction: dropout.dropout_fraction, seed: dropout.seed } }),
  };
}

/** Fields that every program's configuration has, are set and have no effect. */
export function ignoredFields(
  config: Pick<MatchTemplateYaml, "computational_config" | "preprocessing_filters">,
  fields: FieldConventions,
): string[] {
  const keys = Object.keys(config.computational_config).map((key) => `computational_config.${key}`);
  const randomizes = config.preprocessing_filters.phase_randomization_filter.enabled;
  return randomizes && !fields.phaseRandomization
    ? [...keys, "preprocessing_filters.phase_randomization_filter"]
    : keys;
}

function toWhitening(filter: Filters["whitening_filter"]): WhiteningOptions | null {
  if (!filter.enabled) return null;
  return {
    ...(filter.num_freq_bins !== null && { numFreqBins: filter.num_freq_bins }),
    // null is no limit: 1 cycle/pixel lies beyond the corner of every transform.
    maxFreq: filter.max_freq ?? 1,
    doPowerSpectrum: filter.do_power_spectrum ?? false,
  };
}

function toBandPass(filter: Filters["bandpass_filter"]): BandPass | null {
  if (!filter.enabled) return null;
  return {
    ...(filter.low_freq_cutoff !== null && { lowFreqCutoff: filter.low_freq_cutoff }),
    ...(filter.high_freq_cutoff !== null && { highFreqCutoff: filter.high_freq_cutoff }),
    ...(filter.falloff !== null && { falloff: filter.falloff }),
  };
}

function toCurve(filter: Filters["arbitrary_curve_filter"], at: string): RadialCurve | null {
  if (!filter.enabled) return null;
  const { frequencies, amplitudes } = filter;
  if (frequencies === null || amplitudes === null) {
    const where = `${at}.${frequencies === null ? "frequencies" : "amplitudes"}`;
    throw new VitrineError({ code: "missing", at: where, expected: "a list of numbers", found: "nothing" });
  }
  if (frequencies.length !== amplitudes.length) {
    const expected = `${frequencies.length} values, one per frequency`;
    const found = String(amplitudes.length);
    throw new VitrineError({ code: "shape", at: `${at}.amplitudes`, expected, found });
  }
  return { frequencies, gains: amplitudes };
}
