import type { Plan, PlanTypes, RunOptions } from "../../compute/index.ts";
import type { BoxInputs } from "./boxJob.ts";
import type { CorrelationSize } from "./correlationLayout.ts";

/** What a {@link BoxPlan} is made for; `image` is the shape of a box. */
export interface BoxSize extends CorrelationSize {
  /** Boxes that lie in memory together. */
  readonly boxes: number;
  /** Different sets of `filters` filters; boxes with the same optics share one. */
  readonly filterSets: number;
}

/** What a run of a {@link BoxPlan} correlates. */
export interface BoxWork {
  /** For each box in use, from the first on, which set of filters it is seen through. */
  readonly filterSets: readonly number[];
  /** Orientations of a batch whose largest correlation is wanted as well, see {@link BestInBox}; default 0: it is not. */
  readonly batch?: number;
}

/** The best of one box. */
export interface BestInBox {
  /** (correlation - mean) / deviation; -Infinity where no position had a finite correlation. */
  readonly score: number;
  readonly correlation: number;
  /** orientation * filters + filter; -1 where there is none. */
  readonly template: number;
  /** Position of the template's top-left corner in the box. */
  readonly y: number;
  readonly x: number;
  /** Largest correlation of all positions in the batch of the best template, if batches were asked for. */
  readonly batchMaximum: number;
}

/**
 * - `filters` (filterSets, filters, n, n/2+1), as a correlation has them.
 * - `images` (boxes, height, width), filtered. The mean of each is taken out.
 * - `means`, `deviations` (boxes, height - n + 1, width - n + 1): of the correlation at each position; a deviation of NaN where a position
 *   does not count.
 * - `rotations` (boxes, orientations, 9) row-major, from the template to the particle's view.
 */
export type BoxInput = "filters" | "images" | "means" | "deviations" | "rotations";

/** The words of a {@link BoxPlan}. Progress counts templates. */
export interface BoxTypes extends PlanTypes {
  readonly input: BoxInput;
  readonly output: never;
  readonly work: BoxWork;
  readonly outcome: BestInBox[];
}

/**
 * Correlates many boxes with templates of their own. A team of workers takes a box at a time; with more boxes than workers each worker is
 * a team, so that nobody waits. The result does not depend on the number of workers.
 */
export interface BoxPlan extends Plan<BoxTypes> {
  readonly size: BoxSize;
}

/** A way to the best of each box, with memory of its own. */
export interface BoxMethod {
  /** Of that memory. */
  readonly bytes: number;
  run(inputs: BoxInputs, options: RunOptions): Promise<void>;
  dispose(): void;
}
