import { elementCount } from "../../core/index.ts";
import type { SearchSpace } from "../config/config.ts";
import { indexConvention } from "../leopard/searchIndex.ts";
import { finishStatistics, type StatisticsMaps } from "./maps.ts";
import type { SearchCounts, SearchIndex } from "./searchIndex.ts";
import type { SearchStatistics } from "./searchState.ts";

/** The maps of a search; those with a path in the configuration are written. */
export type MapName =
  | "mip"
  | "scaledMip"
  | "correlationAverage"
  | "correlationVariance"
  | "orientationPsi"
  | "orientationTheta"
  | "orientationPhi"
  | "relativeDefocus"
  | "pixelSizeOffset";

/** Mean and standard deviation of the correlations where no particle is. */
export interface Background {
  readonly mean: number;
  readonly deviation: number;
}

/** What maps are made of. */
export interface MapSource {
  readonly statistics: SearchStatistics;
  readonly space: SearchSpace;
  /**
   * Orientations that Leopard-EM would correlate at once: angles, defocus and pixel size are then decoded as wrongly as
   * it does in a short last batch; see `leopardGlobalIndex`. Absent: rightly.
   */
  readonly compatBatch?: number;
  /** Stands in the place of every pixel's own mean and deviation: in both maps, and in z-scores. */
  readonly background?: Background;
}

const FINISHED: Partial<Record<MapName, keyof StatisticsMaps>> = {
  scaledMip: "scaled",
  correlationAverage: "mean",
  correlationVariance: "std",
};
const ROWS_AT_ONCE = 64;

/**
 * One map, (H', W') float32; made when it is asked for, since all at once are as large as the search itself.
 *
 * @param into  overwritten and returned; a new array if absent
 */
export function resultMap(source: MapSource, name: MapName, into?: Float32Array): Float32Array {
  const { statistics } = source;
  const map = into ?? new Float32Array(elementCount(statistics.shape));
  const finished = FINISHED[name];
  if (name === "mip") statistics.read("maximum", map);
  else if (finished !== undefined && source.background !== undefined)
    fillMap(source.statistics, { ...source.background, name: finished }, map);
  else if (finished !== undefined) finishMap(source, finished, map);
  else decodeMap(source, name, map);
  return map;
}

/** Correlations per pixel. */
export function correlationCount(space: SearchSpace): number {
  return (space.eulerAnglesDeg.length / 3) * space.defocusOffsetsA.length * space.pixelSizeOffsetsA.length;
}

function fillMap(
  statistics: SearchStatistics,
  { mean, deviation, name }: Background & { readonly name: keyof StatisticsMaps },
  map: Float32Array,
): void {
  if (name === "mean") map.fill(mean);
  else if (name === "std") map.fill(deviation);
  else {
    statistics.read("maximum", map);
    for (let i = 0; i < map.length; i++) map[i] = deviation === 0 ? 0 : (map[i] - mean) / deviation;
  }
}

function finishMap({ statistics, space }: MapSource, name: keyof StatisticsMaps, map: Float32Array): void {
  const [height, width] = statistics.shape;
  const total = correlationCount(space);
  const most = ROWS_AT_ONCE * width;
  const [sum, squaredSum, mip] = [new Float64Array(most), new Float64Array(most), new Float32Array(most)];
  const into = { mean: new Float32Array(most), std: new Float32Array(most), scaled: new Float32Array(most) };
  for (let row = 0; row < height; row += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, height - row) * width;
    const sums = {
      sum: sum.subarray(0, count),
      squaredSum: squaredSum.subarray(0, count),
      mip: mip.subarray(0, count),
      total,
    };
    statistics.read("sum", sums.sum, row);
    statistics.read("squaredSum", sums.squaredSum, row);
    statistics.read("maximum", sums.mip, row);
    const { mean, std, scaled } = into;
    const piece = {
      mean: mean.subarray(0, count),
      std: std.subarray(0, count),
      scaled: scaled.subarray(0, count),
    };
    map.set(finishStatistics(sums, piece)[name], row * width);
  }
}

function decodeMap({ statistics, space, compatBatch }: MapSource, name: MapName, map: Float32Array): void {
  const counts = {
    orientations: space.eulerAnglesDeg.length / 3,
    defocusValues: space.defocusOffsetsA.length,
    pixelSizes: space.pixelSizeOffsetsA.length,
  };
  const reported = indexConvention(compatBatch);
  const value = valueReader(space, name);
  const [, width] = statistics.shape;
  const indices = new Int32Array(ROWS_AT_ONCE * width);
  for (let at = 0; at < map.length; at += indices.length) {
    const piece = indices.subarray(0, Math.min(indices.length, map.length - at));
    statistics.read("index", piece, at / width);
    for (let i = 0; i < piece.length; i++) map[at + i] = value(reported(decode(piece[i], counts), counts));
  }
}

/** Nothing where no correlation reached the pixel. */
function decode(template: number, counts: SearchCounts): SearchIndex | null {
  return template < 0 ? null : decodeTemplate(template, counts);
}

/** The correlation of a template of the plan: these are counted with the orientation slowest, so that a slice is made once. */
export function decodeTemplate(template: number, counts: SearchCounts): SearchIndex {
  const filters = counts.defocusValues * counts.pixelSizes;
  const filter = template % filters;
  return {
    orientation: Math.floor(template / filters),
    pixelSize: Math.floor(filter / counts.defocusValues),
    defocus: filter % counts.defocusValues,
  };
}

function valueReader(space: SearchSpace, name: MapName): (index: SearchIndex) => number {
  const { eulerAnglesDeg, defocusOffsetsA, pixelSizeOffsetsA } = space;
  if (name === "relativeDefocus") return ({ defocus }) => defocusOffsetsA[defocus];
  if (name === "pixelSizeOffset") return ({ pixelSize }) => pixelSizeOffsetsA[pixelSize];
  const column = name === "orientationPhi" ? 0 : name === "orientationTheta" ? 1 : 2;
  return ({ orientation }) => eulerAnglesDeg[3 * orientation + column];
}
