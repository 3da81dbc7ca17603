import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { findPeaks, gaussianCutoff, type Peak, type ScoreMap } from "./peaks.ts";
import { findPeaksByFdr } from "./peaksFdr.ts";
import { gevCutoff } from "./peaksGev.ts";
import { findPeaksByPValue } from "./peaksPvalue.ts";

/**
 * How particles are told from noise.
 *
 * - `z`: z-scores above what Gaussian noise exceeds a given number of times in all pixels and correlations (`gaussianCutoff`);
 * - `p`: z-score and correlation together (`pValueMap`), -ln p above `cutoff`, default 8; `quadrant` default 1;
 * - `gev`: z-scores above what an extreme value distribution fitted to the map exceeds a given number of times (`gevCutoff`);
 * - `fdr`: at most a share of `rate` of the particles, default 0.05, is expected to be noise (`findPeaksByFdr`).
 */
export type PeakChoice =
  | { readonly kind: "z" }
  | { readonly kind: "p"; readonly cutoff?: number; readonly quadrant?: 1 | 3 }
  | { readonly kind: "gev" }
  | { readonly kind: "fdr"; readonly rate?: number };

/** What peaks are chosen by. */
export interface PeakOptions {
  /** Default `z`. */
  readonly peaks?: PeakChoice;
  readonly maskRadiusPx: number;
  /** Of `z` and `gev`: expected in the whole map. */
  readonly falsePositives: number;
  /** z-score above which a pixel is a particle; only with `z`, and instead of `falsePositives`. */
  readonly zCutoff?: number;
}

/** Where nothing is said. */
export const DEFAULT_PEAKS = { maskRadiusPx: 5, falsePositives: 1 } as const;

const DEFAULT_RATE = 0.05;
const DEFAULT_P_CUTOFF = 8;

const PEAK_KEYS: { readonly [Kind in PeakChoice["kind"]]: OptionKeys<Extract<PeakChoice, { kind: Kind }>> } =
  {
    z: { kind: true },
    gev: { kind: true },
    fdr: { kind: true, rate: true },
    p: { kind: true, cutoff: true, quadrant: true },
  };

/** Refuses what a search would be in vain for. @throws {VitrineError} range: a rate outside (0, 1), a z-score cutoff without `z` */
export function checkPeakOptions({ peaks = { kind: "z" }, zCutoff }: PeakOptions): void {
  const known = Object.hasOwn(PEAK_KEYS, peaks.kind) ? PEAK_KEYS[peaks.kind] : undefined;
  if (known === undefined) {
    const fault = { expected: Object.keys(PEAK_KEYS).join(", "), found: JSON.stringify(peaks.kind) };
    throw new VitrineError({ code: "format", at: "peaks.kind", ...fault });
  }
  requireKnownOptions<object>("peaks", peaks, known);
  if (zCutoff !== undefined && peaks.kind !== "z") {
    const fault = {
      expected: `none with peaks by ${peaks.kind}`,
      found: `${zCutoff}`,
      hint: "Leave out --z-cutoff",
    };
    throw new VitrineError({ code: "range", at: "zCutoff", ...fault });
  }
  if (peaks.kind !== "fdr" || peaks.rate === undefined || (peaks.rate > 0 && peaks.rate < 1)) return;
  const found = String(peaks.rate);
  throw new VitrineError({ code: "range", at: "peaks.rate", expected: "a rate between 0 and 1", found });
}

/** The choice that each of `count` searches of a micrograph makes, so that all together keep what was asked of one. */
export function shareAmong<Options extends PeakOptions>(options: Options, count: number): Options {
  const { peaks, falsePositives } = options;
  const shared = { ...options, falsePositives: falsePositives / count };
  if (peaks?.kind === "p") {
    const cutoff = (peaks.cutoff ?? DEFAULT_P_CUTOFF) + Math.log(count);
    return { ...shared, peaks: { ...peaks, cutoff } };
  }
  if (peaks?.kind !== "fdr") return shared;
  return { ...shared, peaks: { ...peaks, rate: (peaks.rate ?? DEFAULT_RATE) / count } };
}

/**
 * The particles of a search, best first, and the z-score above which they lie: with `p`, where z-scores alone do not decide, that
 * of the lowest of them (of the whole map's highest pixel, if there are none).
 *
 * @param maps  the map of z-scores, and a function that makes that of the correlations, which only `p` needs; correlations a pixel
 */
export function choosePeaks(
  maps: { readonly scaledMip: ScoreMap; readonly mip: () => ScoreMap; readonly correlations: number },
  options: PeakOptions,
): { peaks: Peak[]; zCutoff: number } {
  const { scaledMip, correlations } = maps;
  const { peaks: choice = { kind: "z" }, maskRadiusPx, falsePositives } = options;
  switch (choice.kind) {
    case "fdr": {
      const { peaks, cutoff } = findPeaksByFdr(scaledMip, {
        rate: choice.rate ?? DEFAULT_RATE,
        maskRadiusPx,
      });
      return { peaks, zCutoff: cutoff };
    }
    case "p": {
      const { cutoff = DEFAULT_P_CUTOFF, quadrant = 1 } = choice;
      const peaks = findPeaksByPValue({ scaledMip, mip: maps.mip() }, { cutoff, quadrant, maskRadiusPx });
      const lowest = peaks.reduce((least, { zScore }) => Math.min(least, zScore), Number.POSITIVE_INFINITY);
      return { peaks, zCutoff: peaks.length > 0 ? lowest : largestOf(scaledMip.data) };
    }
    case "gev":
    case "z": {
      const pixels = scaledMip.data.length;
      const noise = () =>
        choice.kind === "gev"
          ? gevCutoff(scaledMip, { falsePositives })
          : gaussianCutoff({ falsePositives, pixels, correlations });
      const zCutoff = options.zCutoff ?? noise();
      return { peaks: findPeaks(scaledMip, { cutoff: zCutoff, maskRadiusPx }), zCutoff };
    }
  }
}

function largestOf(data: Float32Array): number {
  return data.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}
