import { elementCount, VitrineError } from "../../core/index.ts";

/** Correlations of one batch of templates with a micrograph, C order. */
export interface CrossCorrelation {
  readonly data: Float32Array;
  /** (pixel sizes, defocus, orientations, H, W), (defocus, orientations, H, W) or (batch, H, W). */
  readonly shape: readonly number[];
}

/** ZYZ angles in degrees, (orientations, 3): phi, theta, psi. Flat, or with their shape. */
export type EulerAngles =
  | ArrayLike<number>
  | { readonly data: ArrayLike<number>; readonly shape: readonly number[] };

const CALL = "doIterationStatisticsUpdates()";
/** Pixels worked on at a time: the four rows of scratch stay in the first-level cache. */
const BLOCK = 1024;

/**
 * Updates the running maxima and sums of a search with one batch of correlations. The parameters and their order are
 * those of Leopard-EM's function of the same name.
 *
 * The eight tracked arrays hold H x W float32 values and are changed in place. Of equal values in the batch the
 * first in the order (pixel size, defocus, orientation) wins, and it replaces the old maximum only if strictly
 * greater. Where any value of the batch is NaN, that pixel's maximum and parameters stay, and its sums become NaN.
 * The sums of a batch are taken in float64, added to the tracked value and rounded once.
 *
 * @param crossCorrelation  (pixel sizes, defocus, orientations, H, W); or (defocus, orientations, H, W) with one
 *   pixel size; or (batch, H, W), the same unravelled
 * @param eulerAngles    (orientations, 3) phi, theta, psi in degrees, flat or `{ data, shape }`
 * @param defocusValues  Å, one per defocus
 * @param pixelValues    Å, one per pixel size
 * @throws {VitrineError} shape: counts, lengths or H and W that do not fit together; type: a tracked array that is
 *   not a Float32Array
 */
export function doIterationStatisticsUpdates(
  crossCorrelation: CrossCorrelation,
  eulerAngles: EulerAngles,
  defocusValues: ArrayLike<number>,
  pixelValues: ArrayLike<number>,
  mip: Float32Array,
  bestPhi: Float32Array,
  bestTheta: Float32Array,
  bestPsi: Float32Array,
  bestDefocus: Float32Array,
  bestPixelSize: Float32Array,
  correlationSum: Float32Array,
  correlationSquaredSum: Float32Array,
  imgH: number,
  imgW: number,
): void {
  const angles = flatAngles(eulerAngles);
  const orientations = angles.length / 3;
  const counts = [pixelValues.length, defocusValues.length, orientations] as const;
  const maps = { mip, bestPhi, bestTheta, bestPsi, bestDefocus, bestPixelSize };
  requireMaps({ ...maps, correlationSum, correlationSquaredSum }, imgH * imgW, CALL);
  requireImageSize(crossCorrelation, [imgH, imgW], CALL);
  requireCounts(crossCorrelation.shape, counts);

  const sums = { correlationSum, correlationSquaredSum };
  updateWith(crossCorrelation, mip, sums, (pixel, winner) => {
    const orientation = 3 * (winner % orientations);
    const plane = Math.floor(winner / orientations);
    bestPhi[pixel] = angles[orientation];
    bestTheta[pixel] = angles[orientation + 1];
    bestPsi[pixel] = angles[orientation + 2];
    bestDefocus[pixel] = defocusValues[plane % defocusValues.length];
    bestPixelSize[pixel] = pixelValues[Math.floor(plane / defocusValues.length)];
  });
}

/**
 * The same update for a search that tracks one index instead of five parameters, as Leopard-EM 1.2 does.
 *
 * @param crossCorrelation  (..., H, W), any leading dimensions
 * @param currentIndexes    the index in the whole search of each correlation of the batch, unravelled
 * @param maps              H x W each, changed in place
 * @throws {VitrineError} shape: lengths that do not fit together
 */
export function updateGlobalStatistics(
  crossCorrelation: CrossCorrelation,
  currentIndexes: ArrayLike<number>,
  maps: {
    readonly mip: Float32Array;
    readonly bestGlobalIndex: Int32Array;
    readonly correlationSum: Float32Array;
    readonly correlationSquaredSum: Float32Array;
  },
): void {
  const call = "updateGlobalStatistics()";
  const { mip, bestGlobalIndex } = maps;
  const { shape } = crossCorrelation;
  const [imgH, imgW] = shape.slice(-2);
  const batch = elementCount(shape.slice(0, -2));
  requireImageSize(crossCorrelation, [imgH, imgW], call);
  requireLength(currentIndexes.length, batch, `${call}.currentIndexes`);
  for (const [name, map] of Object.entries(maps)) requireLength(map.length, imgH * imgW, `${call}.${name}`);
  updateWith(crossCorrelation, mip, maps, (pixel, winner) => {
    bestGlobalIndex[pixel] = currentIndexes[winner];
  });
}

interface Sums {
  readonly correlationSum: Float32Array;
  readonly correlationSquaredSum: Float32Array;
}

/** Calls `assign(pixel, position in the batch)` wherever the batch's first maximum is above `mip`. */
function updateWith(
  { data, shape }: CrossCorrelation,
  mip: Float32Array,
  { correlationSum, correlationSquaredSum }: Sums,
  assign: (pixel: number, winner: number) => void,
): void {
  const area = mip.length;
  const batch = elementCount(shape.slice(0, -2));
  const scratch = {
    maxima: new Float32Array(BLOCK),
    winners: new Int32Array(BLOCK),
    sums: new Float64Array(BLOCK),
    squaredSums: new Float64Array(BLOCK),
  };
  for (let first = 0; first < area; first += BLOCK) {
    const length = Math.min(BLOCK, area - first);
    reduceBlock(data, { first, length, area, batch }, scratch);
    for (let i = 0; i < length; i++) {
      const pixel = first + i;
      if (scratch.maxima[i] > mip[pixel]) {
        mip[pixel] = scratch.maxima[i];
        assign(pixel, scratch.winners[i]);
      }
      correlationSum[pixel] += scratch.sums[i];
      correlationSquaredSum[pixel] += scratch.squaredSums[i];
    }
  }
}

interface Block {
  readonly first: number;
  readonly length: number;
  readonly area: number;
  readonly batch: number;
}

interface Scratch {
  readonly maxima: Float32Array;
  readonly winners: Int32Array;
  readonly sums: Float64Array;
  readonly squaredSums: Float64Array;
}

/** First maximum and sums over the batch; a NaN takes the maximum and keeps it. */
function reduceBlock(data: Float32Array, { first, length, area, batch }: Block, scratch: Scratch): void {
  const { maxima, winners, sums, squaredSums } = scratch;
  maxima.fill(-Infinity);
  winners.fill(0);
  sums.fill(0);
  squaredSums.fill(0);
  for (let k = 0; k < batch; k++) {
    const start = k * area + first;
    for (let i = 0; i < length; i++) {
      const value = data[start + i];
      sums[i] += value;
      squaredSums[i] += value * value;
      if (value > maxima[i]) {
        maxima[i] = value;
        winners[i] = k;
      } else if (Number.isNaN(value)) maxima[i] = value;
    }
  }
}

function flatAngles(eulerAngles: EulerAngles): ArrayLike<number> {
  const at = `${CALL}.eulerAngles`;
  if (!("data" in eulerAngles)) {
    if (eulerAngles.length % 3 !== 0)
      throw shapeError(at, "three angles per orientation", eulerAngles.length);
    return eulerAngles;
  }
  const { data, shape } = eulerAngles;
  if (shape.length !== 2 || shape[1] !== 3 || data.length !== elementCount(shape)) {
    throw shapeError(at, "(orientations, 3)", `${data.length} values of shape (${shape.join(", ")})`);
  }
  return data;
}

function requireImageSize({ data, shape }: CrossCorrelation, image: readonly number[], call: string): void {
  const at = `${call}.crossCorrelation`;
  const isImage = shape.length >= 3 && shape.at(-2) === image[0] && shape.at(-1) === image[1];
  if (!isImage) throw shapeError(`${at}.shape`, `(..., ${image.join(", ")})`, `(${shape.join(", ")})`);
  requireLength(data.length, elementCount(shape), `${at}.data`);
  if (data.length === 0) throw shapeError(`${at}.shape`, "no empty dimension", `(${shape.join(", ")})`);
}

function requireCounts(shape: readonly number[], counts: readonly [number, number, number]): void {
  const leading = shape.slice(0, -2);
  const [pixelSizes, defoci, orientations] = counts;
  const wanted =
    leading.length === 1
      ? [pixelSizes * defoci * orientations]
      : leading.length === 2
        ? [defoci, orientations]
        : counts;
  const isSame = leading.length === wanted.length && leading.every((count, i) => count === wanted[i]);
  if (!isSame || (leading.length === 2 && pixelSizes !== 1)) {
    throw new VitrineError({
      code: "shape",
      at: `${CALL}.crossCorrelation.shape`,
      expected: `(${[...wanted, ...shape.slice(-2)].join(", ")}) for ${pixelSizes} pixel sizes, ${defoci} defocus values and ${orientations} orientations`,
      found: `(${shape.join(", ")})`,
      hint: "Give (pixel sizes, defocus, orientations, H, W), (defocus, orientations, H, W) with one pixel size, or (batch, H, W)",
    });
  }
}

function requireMaps(maps: Readonly<Record<string, Float32Array>>, area: number, call: string): void {
  for (const [name, map] of Object.entries(maps)) {
    const at = `${call}.${name}`;
    if (!(map instanceof Float32Array)) {
      throw new VitrineError({ code: "type", at, expected: "a Float32Array", found: String(typeof map) });
    }
    requireLength(map.length, area, at);
  }
}

function requireLength(found: number, wanted: number, at: string): void {
  if (found !== wanted) throw shapeError(at, `${wanted} values`, found);
}

function shapeError(at: string, expected: string, found: string | number): VitrineError {
  return new VitrineError({ code: "shape", at, expected, found: String(found) });
}
