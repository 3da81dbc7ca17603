/** Numbers of the table of illumination/correctionTable.ts before its two maps. */
const HEAD = 4;
const MOST_THRESHOLDS = 256;
const RESPONSES = HEAD + MOST_THRESHOLDS;
const MAPS = RESPONSES + 65_536;

/** Numbers of a table for a site of so many pixels. */
export function correctionLength(pixels: number): number {
  return MAPS + 2 * pixels;
}

/** First and last bin that hold a threshold: all lower levels share bin 1, all higher ones bin 65,534. */
const [FIRST_BIN, LAST_BIN] = [4, 65_530];
/** Set in the entry of a bin whose result is left to doubles: the one in its low byte, or the next. */
const OPEN = 0x100;
/** Set beside it where it may be any. */
const SEARCH = 0x200;
/** By how much floats may be wrong, in bins: a threshold so near to a bin leaves it open. */
const MARGIN = 0.25;
/** With a shift above that, floats are wrong by more: (4 x 65,536 + 4 x shift) / 2^24 bins. */
const MOST_SHIFT = MARGIN * 2 ** 22 - 65_536;

/** What lets floats find most results; see assembly/correction.ts. */
export interface CorrectionHead {
  /** (65,536) responses; undefined where each is the value itself. */
  readonly levels: Float32Array | undefined;
  /** (65,536) results; with OPEN, SEARCH where doubles decide. */
  readonly bins: Uint16Array;
  /** What the maps of a pixel are made with. */
  readonly line: CorrectionLine;
}

/**
 * Place of a response among the bins = response x scale + shift, a pair of floats a pixel: scale = factor / divisor x binsALevel, shift = summand -
 * offset x scale - 0.5 (the kernel rounds where a bin begins at a whole number); neither is a number where floats do not do.
 */
export interface CorrectionLine {
  readonly factor: number;
  readonly binsALevel: number;
  readonly summand: number;
  /** Shifts from that size on are not fine enough. */
  readonly mostShift: number;
}

/** Numbers of a table before its two maps, an offset and a divisor a pixel. */
export const CORRECTION_HEAD = MAPS;

/** @param table  of illumination/correctionTable.ts; its maps are not looked at */
export function correctionHead(table: Float64Array): CorrectionHead {
  const [factor, summand, base, count] = table;
  const thresholds = table.subarray(HEAD, HEAD + count);
  const [lowest, highest] = count === 0 ? [0, 0] : [thresholds[0], thresholds[count - 1]];
  const binsALevel = highest > lowest ? (LAST_BIN - FIRST_BIN) / (highest - lowest) : 1;
  const placeOf = (level: number) => (level - lowest) * binsALevel + FIRST_BIN;
  const levels = Float32Array.from(table.subarray(RESPONSES, MAPS));
  return {
    levels: levels.every((level, value) => level === value) ? undefined : levels,
    bins: binsOf(Float64Array.from(thresholds, placeOf), base),
    line: { factor, binsALevel, summand: placeOf(summand), mostShift: MOST_SHIFT },
  };
}

/** @param places  of the thresholds among the bins, ascending */
function binsOf(places: Float64Array, base: number): Uint16Array {
  const bins = new Uint16Array(65_536);
  let reached = 0;
  for (let bin = 0; bin < bins.length; bin++) {
    while (reached < places.length && places[reached] <= bin) reached++;
    bins[bin] = base + reached;
  }
  for (const [i, place] of places.entries()) {
    const [from, to] = [Math.floor(place - MARGIN), Math.floor(place + MARGIN)];
    for (let bin = from; bin <= to; bin++) bins[bin] = bins[bin] & OPEN ? OPEN | SEARCH : OPEN | (base + i);
  }
  // Where what is not a number ends up.
  bins[0] = OPEN | SEARCH;
  return bins;
}
