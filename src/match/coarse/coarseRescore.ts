import type { Backend } from "../../compute/index.ts";
import { requireNotAborted, type Shape2 } from "../../core/index.ts";
import { romaRotationMatrices, rotationMatrices } from "../../optics/index.ts";
import type { SearchSpace } from "../config/config.ts";
import { type BestInBox, type BoxPlan, type BoxSize, boxBytes, createBoxes } from "../kernels/index.ts";
import { extractBoxes } from "../particles/boxes.ts";
import type { Peak } from "../peaks/peaks.ts";
import {
  opticalSize,
  type PreparedInputs,
  type SearchOptions,
  withTemplateSpectrum,
} from "../search/search.ts";
import { templateFilters } from "../search/searchFilters.ts";
import { NearestOrientations, symmetryOf } from "./coarseNeighbours.ts";
import type { SampledStatistics } from "./coarseSample.ts";

/** Where a coarse search saw something: a position of the full maps and an orientation of the search, by its index. */
export interface Candidate {
  readonly y: number;
  readonly x: number;
  readonly orientation: number;
}

/** The best of the neighbourhood of a candidate. */
export interface RescoredPeak extends Peak {
  readonly correlation: number;
  /** Indices into the search's orientations, defocus offsets and pixel size offsets. */
  readonly orientation: number;
  readonly defocus: number;
  readonly pixelSize: number;
}

/** What is tried again at full resolution. */
export interface RescoreTask {
  readonly candidates: readonly Candidate[];
  readonly inputs: PreparedInputs & { readonly space: SearchSpace };
  readonly statistics: SampledStatistics;
  /** Positions up to so far from a candidate in y and in x. */
  readonly reachPx: number;
  /** Orientations of the search nearest to a candidate's. */
  readonly neighbours: number;
}

/** Boxes in memory at a time take at most so much. */
const BUDGET = 256 * 2 ** 20;

/** Correlations of a task. */
export function rescoreCount({
  candidates,
  inputs,
  neighbours,
}: Pick<RescoreTask, "candidates" | "inputs" | "neighbours">): number {
  const { eulerAnglesDeg, defocusOffsetsA, pixelSizeOffsetsA } = inputs.space;
  const orientations = Math.min(neighbours, eulerAnglesDeg.length / 3);
  return candidates.length * orientations * defocusOffsetsA.length * pixelSizeOffsetsA.length;
}

/**
 * Correlates the neighbourhood of each candidate at full resolution, at every defocus and pixel size of the search, and keeps what has
 * the best z-score. All that is tried is part of the full search, so that noise exceeds a z-score no more often than there.
 *
 * @returns one peak a candidate in their order, without those where no position has a deviation
 * @throws {VitrineError} as `transformTemplate`; aborted; worker
 */
export async function rescoreCandidates(
  backend: Backend,
  task: RescoreTask,
  options: SearchOptions & { readonly onProgress?: (done: number) => void } = {},
): Promise<RescoredPeak[]> {
  if (task.candidates.length === 0) return [];
  const { template, settings, space, prepared } = task.inputs;
  return withTemplateSpectrum(backend, { ...options, template }, async (spectrum) => {
    const plan = createBoxes(backend, boxSize(task, options), { spectrum });
    try {
      const { whitening } = prepared;
      plan.set("filters", templateFilters({ settings, space, size: template.size, whitening }));
      return await rescoreAll(plan, task, options);
    } finally {
      plan.dispose();
    }
  });
}

function boxSize({ candidates, inputs, reachPx, neighbours }: RescoreTask, options: SearchOptions): BoxSize {
  const { template, settings, space } = inputs;
  const side = template.size + 2 * reachPx + 1;
  const size = {
    image: [side, side] as const,
    normalizedFor: inputs.shape,
    template: template.size,
    orientations: Math.min(neighbours, space.eulerAnglesDeg.length / 3),
    filters: space.defocusOffsetsA.length * space.pixelSizeOffsetsA.length,
    exactSlices: options.exactSlices ?? false,
    ...opticalSize(settings.optics),
  };
  const most = Math.max(1, Math.floor(BUDGET / boxBytes(size).box));
  return { ...size, boxes: Math.min(candidates.length, most), filterSets: 1 };
}

async function rescoreAll(
  plan: BoxPlan,
  task: RescoreTask,
  { exactSlices = false, signal, onProgress }: Parameters<typeof rescoreCandidates>[2] & {},
): Promise<RescoredPeak[]> {
  const { candidates, inputs, neighbours } = task;
  const { eulerAnglesDeg } = inputs.space;
  const matrices = exactSlices ? rotationMatrices : romaRotationMatrices;
  const near = new NearestOrientations(eulerAnglesDeg, neighbours, symmetryOf(inputs.settings.orientations));
  const found: RescoredPeak[] = [];
  for (let at = 0; at < candidates.length; at += plan.size.boxes) {
    requireNotAborted(signal, "template search");
    const some = candidates.slice(at, at + plan.size.boxes);
    for (const [box, candidate] of some.entries()) {
      const indices = near.of(candidate.orientation);
      const rotations = matrices(anglesOf(indices, eulerAnglesDeg));
      const { image, mean, deviation } = cutAround(candidate, task);
      plan.set("images", image, box);
      plan.set("means", mean, box);
      plan.set("deviations", deviation, box);
      plan.set("rotations", rotations, box);
    }
    const before = at * plan.size.orientations * plan.size.filters;
    const best = await plan.run(
      { filterSets: some.map(() => 0) },
      { ...(signal && { signal }), onProgress: (done) => onProgress?.(before + done) },
    );
    for (const [box, result] of best.entries()) {
      if (result.template >= 0) found.push(toPeak(result, { task, candidate: some[box], near }));
    }
  }
  return found;
}

function anglesOf(indices: Uint32Array, eulerAnglesDeg: Float64Array): Float64Array {
  const angles = new Float64Array(3 * indices.length);
  indices.forEach((from, i) => {
    angles.set(eulerAnglesDeg.subarray(3 * from, 3 * from + 3), 3 * i);
  });
  return angles;
}

function toPeak(
  best: BestInBox,
  { task, candidate, near }: { task: RescoreTask; candidate: Candidate; near: NearestOrientations },
): RescoredPeak {
  const { space } = task.inputs;
  const defoci = space.defocusOffsetsA.length;
  const filters = defoci * space.pixelSizeOffsetsA.length;
  const filter = best.template % filters;
  return {
    y: candidate.y - task.reachPx + best.y,
    x: candidate.x - task.reachPx + best.x,
    zScore: Math.fround(best.score),
    correlation: Math.fround(best.correlation),
    orientation: near.of(candidate.orientation)[Math.floor(best.template / filters)],
    defocus: filter % defoci,
    pixelSize: Math.floor(filter / defoci),
  };
}

/** The box and the maps around a candidate; positions outside the maps, and those without deviation, do not count (NaN). */
function cutAround({ y, x }: Candidate, { inputs, statistics, reachPx }: RescoreTask) {
  const { shape, prepared, template } = inputs;
  const corner = [{ y: y - reachPx, x: x - reachPx }];
  const side = template.size + 2 * reachPx;
  const [image] = extractBoxes({ data: prepared.image, shape }, corner, { boxSize: [side, side] });
  const maps: Shape2 = [shape[0] - template.size + 1, shape[1] - template.size + 1];
  const window = { boxSize: [2 * reachPx + 1, 2 * reachPx + 1] as const };
  const [mean] = extractBoxes({ data: statistics.mean, shape: maps }, corner, window);
  const outside = { ...window, value: Number.NaN };
  const [deviation] = extractBoxes({ data: statistics.deviation, shape: maps }, corner, outside);
  const counted = deviation.map((value) => (value > 0 ? value : Number.NaN));
  return {
    image: extended(image, side, -sum(image) / (2 * side + 1)),
    mean: extended(mean, 2 * reachPx + 1, 0),
    deviation: extended(counted, 2 * reachPx + 1, Number.NaN),
  };
}

/**
 * A square with one more row and column, filled with `value`. In a box it takes the mean out, which would change the correlation
 * inside; no position that counts reaches it.
 */
function extended(square: Float32Array, side: number, value: number): Float32Array {
  const out = new Float32Array((side + 1) ** 2).fill(value);
  for (let y = 0; y < side; y++) out.set(square.subarray(y * side, (y + 1) * side), y * (side + 1));
  return out;
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
