/** What corrects a pixel: z-scores, f64 maps; a flat field with one dark number for all; one with an image of the dark, f32 maps. */
export type CorrectionKind = "zscore" | "flat" | "flatAndDark";

/** Numbers of the head of illumination/correctionTable.ts before its thresholds. */
const FIRST = 6;
const MOST_THRESHOLDS = 256;
const RESPONSES = FIRST + MOST_THRESHOLDS;

/** Numbers of the head: its maps lie behind it. */
export const CORRECTION_HEAD = RESPONSES + 65_536;

/** The type of the maps of a correction, and how many there are: an offset, where each pixel has its own, and a divisor. */
export const CORRECTION_MAPS = {
  zscore: { type: "f64", bytes: 8, maps: 2 },
  flat: { type: "f32", bytes: 4, maps: 1 },
  flatAndDark: { type: "f32", bytes: 4, maps: 2 },
} as const satisfies Record<CorrectionKind, { type: "f32" | "f64"; bytes: number; maps: number }>;

/** Bytes of a head and its maps for a site of so many pixels. */
export function correctionBytes(kind: CorrectionKind, pixels: number): number {
  const { bytes, maps } = CORRECTION_MAPS[kind];
  return 8 * CORRECTION_HEAD + bytes * maps * pixels;
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
/** The same where the place is found by a division, which rounds twice more: (6 x 65,536 + 6 x constant) / 2^24 bins. */
const MOST_CONSTANT = (MARGIN * 2 ** 24) / 6 - 65_536;

/** What lets floats find most results; see assembly/correction.ts. */
export interface CorrectionHead {
  /** (65,536) responses. */
  readonly levels: Float32Array;
  /** (65,536) results; with OPEN, SEARCH where doubles decide. */
  readonly bins: Uint16Array;
  /** What the maps of a pixel are made with, for z-scores. */
  readonly line: CorrectionLine;
  /** What stands in for such maps, for flat fields. */
  readonly flat: CorrectionFlat;
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

/** Place of a value among the bins = (value - dark) / flat x slope + constant, in floats; the constant is not a number where floats do not do. */
export interface CorrectionFlat {
  /** Where all pixels have one: a float, and what it lacks. */
  readonly dark: number;
  readonly darkRest: number;
  readonly slope: number;
  readonly constant: number;
}

/** @param head  of illumination/correctionTable.ts */
export function correctionHead(head: Float64Array): CorrectionHead {
  const [factor, summand, base, count, offset] = head;
  const thresholds = head.subarray(FIRST, FIRST + count);
  const [lowest, highest] = count === 0 ? [0, 0] : [thresholds[0], thresholds[count - 1]];
  const binsALevel = highest > lowest ? (LAST_BIN - FIRST_BIN) / (highest - lowest) : 1;
  const placeOf = (level: number) => (level - lowest) * binsALevel + FIRST_BIN;
  const constant = placeOf(0) - 0.5;
  const dark = Math.fround(offset);
  return {
    levels: Float32Array.from(head.subarray(RESPONSES)),
    bins: binsOf(Float64Array.from(thresholds, placeOf), base),
    line: { factor, binsALevel, summand: placeOf(summand), mostShift: MOST_SHIFT },
    flat: {
      ...{ dark, darkRest: offset - dark, slope: binsALevel },
      constant: Math.abs(constant) < MOST_CONSTANT ? constant : Number.NaN,
    },
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
