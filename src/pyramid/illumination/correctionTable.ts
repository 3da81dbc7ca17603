import { VitrineError } from "../../core/index.ts";
import { averageOf, type IlluminationModel, LITTLE } from "./models.ts";

/** Room for thresholds in a table. */
const MOST_THRESHOLDS = 256;

/** Numbers of a table before its two maps. */
const HEAD = 4 + MOST_THRESHOLDS + 65_536;
/** Numbers of a map that are converted at a time. */
const CHUNK = 2 ** 18;

/** A piece of a {@link correctionTable}, from number `at` on. */
export interface CorrectionPart {
  readonly data: Float64Array;
  readonly at: number;
}

/**
 * What `createTiles` takes as `correction`: an illumination model and a scaling table in one, so that 16 bits are corrected and become 8 in one visit,
 * with the very results of {@link correctIllumination} followed by the table.
 *
 * @param lookup  (65,536), never falling: as {@link scaleTable} makes it
 * @returns       float64: factor and summand of a level, the lowest result, how many thresholds there are, the level from which each next
 *   result holds (256), the response to each 16-bit value (65,536), then an offset and a divisor of the response a pixel (2, height, width)
 * @throws {VitrineError} shape, range: a table of another length, or one that falls
 */
export function correctionTable(model: IlluminationModel, lookup: Uint8Array): Float64Array {
  const table = new Float64Array(HEAD + 2 * modelPixels(model));
  for (const { data, at } of correctionParts(model, lookup)) table.set(data, at);
  return table;
}

/**
 * The pieces of a {@link correctionTable} one by one, for those who have no room for all of it; a piece is good until the next is asked for.
 *
 * @throws {VitrineError} as {@link correctionTable}
 */
export function* correctionParts(model: IlluminationModel, lookup: Uint8Array): Generator<CorrectionPart> {
  yield { data: headOf(model, lookup), at: 0 };
  const [offset, divisor] =
    model.kind === "zscore" ? [model.mean, model.deviation] : [model.dark, model.flat];
  const pixels = divisor.length;
  if (typeof offset === "number") yield* mapParts(new Float64Array(CHUNK).fill(offset), pixels, HEAD);
  else yield* mapParts(offset, pixels, HEAD);
  yield* mapParts(divisor, pixels, HEAD + pixels);
}

/** @param map  as many numbers as pixels, or, of the same number everywhere, fewer */
function* mapParts(map: Float64Array | Float32Array, pixels: number, at: number): Generator<CorrectionPart> {
  for (let i = 0; i < pixels; i += CHUNK) {
    const count = Math.min(CHUNK, pixels - i);
    const part = map.length < pixels ? map.subarray(0, count) : map.subarray(i, i + count);
    yield { data: part instanceof Float64Array ? part : new Float64Array(part), at: at + i };
  }
}

/** Pixels of the images that a model corrects. */
export function modelPixels(model: IlluminationModel): number {
  return (model.kind === "zscore" ? model.mean : model.flat).length;
}

function headOf(model: IlluminationModel, lookup: Uint8Array): Float64Array {
  requireRising(lookup);
  const isLog = model.kind === "zscore";
  const thresholds = thresholdsOf(lookup, isLog);
  const head = new Float64Array(HEAD);
  head.set([
    ...(isLog ? [averageOf(model.deviation), averageOf(model.mean)] : [1, 0]),
    ...[lookup[0], thresholds.length, ...thresholds],
  ]);
  const responses = 4 + MOST_THRESHOLDS;
  for (let value = 0; value < 65_536; value++)
    head[responses + value] = isLog ? Math.log10(value === 0 ? LITTLE : value) : value;
  return head;
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
