import type { Backend } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import type { PixelOffset } from "../geometry/levels.ts";
import type { NominalSite } from "./edges.ts";
import type { RegistrationImage } from "./image.ts";
import { type PairShift, REGISTRATION_KEYS, type RegistrationOptions, registerPair } from "./pair.ts";
import { median, solveSymmetric } from "./stage.ts";

/** The images of two cycles, site by site. */
export interface CycleSites {
  /** Where the sites are, pixels: a plate that was turned between cycles shifts them by their place. */
  readonly sites: readonly NominalSite[];
  /** Reads a site of the cycle that others are moved onto; nothing where it is missing. */
  readonly readReference: (site: number) => Promise<RegistrationImage | undefined>;
  /** The same of the cycle that is moved. */
  readonly readCycle: (site: number) => Promise<RegistrationImage | undefined>;
}

/** What became of a site: `trusted`; `missing` in one cycle; `chance`, it fits no better than by chance; `others`, all others say something else. */
export type CycleVerdict = "trusted" | "missing" | "chance" | "others";

/** The shift in pixels that moves a site of a cycle onto the reference. */
export interface CycleShift extends PixelOffset {
  /** Whether it was found there, or follows from the other sites. */
  readonly how: "registered" | "model";
  readonly verdict: CycleVerdict;
  /** Minus the logarithm of the correlation coefficient; Infinity where nothing was found. */
  readonly error: number;
}

/** How a cycle lies on another. */
export interface CycleRegistration {
  /** One a site. */
  readonly shifts: readonly CycleShift[];
  /** What is implausible, said once. */
  readonly warnings: readonly string[];
}

/** By how much a site's shift may differ from the others': so many scales, and what always passes, pixels. */
const SCALES = 6;
const LEAST_DIFFERENCE = 2;
/** Turn and stretch between cycles are within 1 %. */
const PRIOR_SLOPE = 0.01;
const ROUNDS = 10;
/** A pattern of the camera gives a shift of 0, pixels. */
const ZERO = 0.02;

/**
 * Finds by how much each site of a cycle is shifted against the reference cycle, to fractions of a pixel. Sites that show nothing in common, or whose
 * shift is not what the others' have (offset, turn and stretch of the plate, fitted to them), take what the others say.
 *
 * @param options  `maxShiftPx`: default a quarter of the shorter side
 * @throws {VitrineError} undeterminable: no site at all can be trusted; and as {@link registerPair}
 */
export async function registerCycle(
  backend: Backend,
  { sites, readReference, readCycle }: CycleSites,
  options: RegistrationOptions = {},
): Promise<CycleRegistration> {
  requireKnownOptions("registerCycle", options, REGISTRATION_KEYS);
  const { onProgress, ...rest } = options;
  const found: (PairShift | undefined)[] = [];
  for (let i = 0; i < sites.length; i++) {
    options.signal?.throwIfAborted();
    const [reference, moved] = await Promise.all([readReference(i), readCycle(i)]);
    const images = reference === undefined || moved === undefined ? undefined : { reference, moved };
    found.push(images === undefined ? undefined : await registerPair(backend, images, rest));
    onProgress?.(i + 1);
  }
  return settleCycle(sites, found);
}

function settleCycle(
  sites: readonly NominalSite[],
  found: readonly (PairShift | undefined)[],
): CycleRegistration {
  const trusted = found.flatMap((shift, i) => (shift?.isTrusted === true ? [{ site: i, ...shift }] : []));
  if (trusted.length === 0) {
    const [at, expected] = ["registerCycle", "a site that shows the same in both cycles"];
    const hint = "Raise maxShiftPx, or choose a channel that all cycles have";
    throw new VitrineError({ code: "undeterminable", at, expected, found: `none of ${sites.length}`, hint });
  }
  const model = fitShifts(sites, trusted);
  const distanceOf = ({ site, y, x }: PixelOffset & { readonly site: number }) => {
    const expected = model(sites[site]);
    return Math.hypot(y - expected.y, x - expected.x);
  };
  const limit = Math.max(LEAST_DIFFERENCE, SCALES * median(trusted.map(distanceOf)));
  const shifts = found.map((shift, i): CycleShift => {
    const expected = model(sites[i]);
    const other = { ...expected, how: "model", error: shift?.error ?? Number.POSITIVE_INFINITY } as const;
    if (shift === undefined) return { ...other, verdict: "missing" };
    if (!shift.isTrusted) return { ...other, verdict: "chance" };
    if (distanceOf({ site: i, ...shift }) > limit) return { ...other, verdict: "others" };
    return { y: shift.y, x: shift.x, error: shift.error, how: "registered", verdict: "trusted" };
  });
  return { shifts, warnings: zeroWarning(trusted) };
}

function zeroWarning(trusted: readonly PixelOffset[]): string[] {
  const zeros = trusted.filter(({ y, x }) => Math.max(Math.abs(y), Math.abs(x)) < ZERO).length;
  if (trusted.length < 3 || zeros < trusted.length / 2) return [];
  return [
    `registerCycle: ${zeros} of ${trusted.length} sites have a shift of exactly 0, as a pattern of the camera gives; if the cycles are not the same images, give its dark image`,
  ];
}

/** Offset + slope x place, fitted to all shifts; those that are far off count little. */
function fitShifts(
  sites: readonly NominalSite[],
  shifts: readonly (PixelOffset & { readonly site: number })[],
): (place: PixelOffset) => PixelOffset {
  const middle = {
    y: median(shifts.map(({ site }) => sites[site].y)),
    x: median(shifts.map(({ site }) => sites[site].x)),
  };
  const featuresOf = (place: PixelOffset) => [1, place.y - middle.y, place.x - middle.x];
  const features = shifts.map(({ site }) => featuresOf(sites[site]));
  // Begun from the middle shift: a mean would follow the ones that are far off.
  let fit = [
    [median(shifts.map(({ y }) => y)), 0, 0],
    [median(shifts.map(({ x }) => x)), 0, 0],
  ];
  const fittedAt = (coefficients: readonly number[], at: readonly number[]) =>
    coefficients.reduce((sum, value, k) => sum + value * at[k], 0);
  for (let round = 0; round < ROUNDS; round++) {
    const distances = shifts.map(({ y, x }, i) =>
      Math.hypot(y - fittedAt(fit[0], features[i]), x - fittedAt(fit[1], features[i])),
    );
    const scale = Math.max(0.25, 2 * median(distances));
    const weights = distances.map((distance) => 1 / Math.max(1, distance / scale) ** 2);
    const solve = (of: (shift: PixelOffset) => number) => weightedFit(features, weights, shifts.map(of));
    fit = [solve(({ y }) => y), solve(({ x }) => x)];
  }
  return (place) => ({ y: fittedAt(fit[0], featuresOf(place)), x: fittedAt(fit[1], featuresOf(place)) });
}

function weightedFit(
  features: readonly (readonly number[])[],
  weights: readonly number[],
  values: readonly number[],
): number[] {
  const priors = [1e-9, 1 / PRIOR_SLOPE ** 2, 1 / PRIOR_SLOPE ** 2];
  const sum = (of: (i: number) => number) => features.reduce((total, _, i) => total + weights[i] * of(i), 0);
  const matrix = priors.map((prior, j) =>
    priors.map((_, k) => (j === k ? prior : 0) + sum((i) => features[i][j] * features[i][k])),
  );
  return solveSymmetric(
    matrix,
    priors.map((_, j) => sum((i) => features[i][j] * values[i])),
  );
}
