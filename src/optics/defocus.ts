import { type OptionKeys, requireKnownOptions, VitrineError } from "../core/index.ts";
import { requireNumber } from "./frequencies.ts";

/** Equally spaced offsets to try; Å for defocus and for pixel size. */
export interface OffsetSearch {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** Leave 0 out where the steps do not meet it; false where absent. */
  readonly skipEnforceZero?: boolean;
}

/**
 * Defocus offsets of a search: min, min + step, ... below max + step (so a step that does not divide the range goes
 * beyond max, as in Leopard-EM), with 0 inserted in order where the steps miss it by more than 1e-6 Å.
 *
 * Their number is that of torch's `arange` in float64, which rounding can make one more: of -0.03 to 0.03 by 0.01 the last is 0.04.
 *
 * @param search Å, underfocus positive
 * @returns      ascending offsets in Å
 * @throws {VitrineError} range: a step not above 0, max below min, values that are not finite
 */
export function defocusOffsets(search: OffsetSearch): Float64Array<ArrayBuffer> {
  return offsets(search, "defocus search");
}

/**
 * Pixel size offsets of a search, made as `defocusOffsets` makes its own.
 *
 * @param search Å
 * @returns      ascending offsets in Å
 * @throws {VitrineError} range: a step not above 0, max below min, values that are not finite
 */
export function pixelSizeOffsets(search: OffsetSearch): Float64Array<ArrayBuffer> {
  return offsets(search, "pixel size search");
}

/** Å; offsets nearer to 0 are 0. */
const ZERO = 1e-6;
/** More than any search needs; guards against a step in the wrong unit. */
const MOST_OFFSETS = 1e6;

const KEYS: OptionKeys<OffsetSearch> = { min: true, max: true, step: true, skipEnforceZero: true };

function offsets(search: OffsetSearch, at: string): Float64Array<ArrayBuffer> {
  requireKnownOptions(at, search, KEYS);
  const { min, max, step, skipEnforceZero = false } = search;
  requireNumber(min, true, { at: `${at} min`, expected: "a finite number of Å" });
  requireNumber(max, max >= min, { at: `${at} max`, expected: `Å, not below ${min}` });
  requireNumber(step, step > 0, { at: `${at} step`, expected: "Å above 0" });
  const count = Math.ceil((max + step - min) / step);
  if (count > MOST_OFFSETS) throw tooMany(at, count);
  const values = Float64Array.from({ length: count }, (_, i) => {
    const value = min + i * step;
    return Math.abs(value) <= ZERO ? 0 : value;
  });
  if (skipEnforceZero || values.includes(0)) return values;
  return Float64Array.from([...values, 0]).sort();
}

function tooMany(at: string, count: number): VitrineError {
  const expected = `at most ${MOST_OFFSETS} values`;
  return new VitrineError({ code: "range", at: `${at} step`, expected, found: `a step that makes ${count}` });
}
