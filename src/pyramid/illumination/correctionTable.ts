import { VitrineError } from "../../core/index.ts";
import type { CorrectionKind } from "../kernels/index.ts";
import { averageOf, type IlluminationModel, LITTLE } from "./models.ts";

/** Room for thresholds in a table. */
const MOST_THRESHOLDS = 256;

/** Numbers before the thresholds. */
const FIRST = 6;
/** Which maps follow the head, as the kernel counts them. */
const KINDS: Readonly<Record<CorrectionKind, number>> = { zscore: 0, flat: 1, flatAndDark: 2 };

/** An illumination model and a scaling table in one. */
export interface CorrectionTable {
  /** What `createTiles` is told of it as `site.correction`. */
  readonly kind: CorrectionKind;
  /**
   * Factor and summand of a level, the lowest result, how many thresholds there are, the offset of a response where all pixels have one, the kind as a
   * number, the level from which each next result holds (256), the response to each 16-bit value (65,536).
   */
  readonly head: Float64Array;
  /** (height, width) offset of a pixel's response: the model's own map; none where the head has it. */
  readonly offset?: Float64Array | Float32Array;
  /** (height, width) divisor of a pixel's response: the model's own map. */
  readonly divisor: Float64Array | Float32Array;
}

/**
 * What `createTiles` takes as `correction` (the head), `offset` and `divisor`, so that 16 bits are corrected and become 8 in one visit, with the very
 * results of {@link correctIllumination} followed by the table.
 *
 * @param lookup  (65,536), never falling: as {@link scaleTable} makes it
 * @throws {VitrineError} shape, range: a table of another length, or one that falls
 */
export function correctionTable(model: IlluminationModel, lookup: Uint8Array): CorrectionTable {
  requireRising(lookup);
  const isLog = model.kind === "zscore";
  const thresholds = thresholdsOf(lookup, isLog);
  const maps = mapsOf(model);
  const head = new Float64Array(FIRST + MOST_THRESHOLDS + 65_536);
  head.set([
    ...(isLog ? [averageOf(model.deviation), averageOf(model.mean)] : [1, 0]),
    ...[lookup[0], thresholds.length],
    ...[model.kind === "flatfield" && typeof model.dark === "number" ? model.dark : 0, KINDS[maps.kind]],
    ...thresholds,
  ]);
  const responses = FIRST + MOST_THRESHOLDS;
  for (let value = 0; value < 65_536; value++)
    head[responses + value] = isLog ? Math.log10(value === 0 ? LITTLE : value) : value;
  return { ...maps, head };
}

function mapsOf(model: IlluminationModel): Omit<CorrectionTable, "head"> {
  if (model.kind === "zscore") return { kind: "zscore", offset: model.mean, divisor: model.deviation };
  const { flat, dark } = model;
  return typeof dark === "number"
    ? { kind: "flat", divisor: flat }
    : { kind: "flatAndDark", offset: dark, divisor: flat };
}

/** Pixels of the images that a model corrects. */
export function modelPixels(model: IlluminationModel): number {
  return (model.kind === "zscore" ? model.mean : model.flat).length;
}

function requireRising(lookup: Uint8Array): void {
  const at = "correctionTable lookup";
  if (lookup.length !== 65_536)
    throw new VitrineError({ code: "shape", at, expected: "65536 values", found: `${lookup.length}` });
  const falls = lookup.findIndex((value, i) => i > 0 && value < lookup[i - 1]);
  if (falls === -1) return;
  const found = `${lookup[falls - 1]}, then ${lookup[falls]} for ${falls}`;
  throw new VitrineError({ code: "range", at, expected: "values that never fall", found });
}

/** The level from which each result above the lowest holds, ascending; equal ones where a table leaves results out. */
function thresholdsOf(lookup: Uint8Array, isLog: boolean): number[] {
  const found: number[] = [];
  for (let value = 1; value < 65_536; value++)
    for (let result = lookup[value - 1]; result < lookup[value]; result++)
      found.push(isLog ? leastLevel(value) : value);
  return found;
}

/** The lowest double whose power of ten is not below a whole number, by this engine's own powers. */
function leastLevel(value: number): number {
  const near = Math.log10(value);
  let [below, from] = [near - 1e-12, near + 1e-12];
  for (;;) {
    const middle = (below + from) / 2;
    if (middle <= below || middle >= from) return from;
    if (10 ** middle >= value) from = middle;
    else below = middle;
  }
}
