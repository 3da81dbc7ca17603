import { defineJob, type WorkerContext } from "../../compute/kernels/index.ts";
import { BLOCK_TEMPLATES, type CorrelationTask, TeamRun } from "./correlationJob.ts";

/** Float64 numbers that a box leaves: best score, its correlation, template and position, and the largest correlation of its batch. */
export const BEST_NUMBERS = 5;

/**
 * Many small images, each correlated with templates of its own: every box has its rotations and its filters. For each box
 * the template and the position with the best score (correlation - mean) / deviation are kept, mean and deviation being given
 * for every position. Deviations are positive (or NaN: the position does not count), so the best score of a position belongs to its
 * largest correlation.
 */
export interface BoxInputs {
  readonly count: number;
  /** Boxes, `imageBytes` apart: (height, width) float32 of mean 0. */
  readonly images: number;
  readonly imageBytes: number;
  /** For each box the means of its positions and then their deviations, float32. */
  readonly statistics: number;
  /** As a {@link CorrelationTask} has them, `rotationBytes` a box. */
  readonly rotations: number;
  readonly rotationBytes: number;
  /** Address of the filters of each box. */
  readonly filters: readonly number[];
  /** {@link BEST_NUMBERS} float64 numbers a box. */
  readonly results: number;
  /** Templates of one batch, a multiple of 2: the largest correlation of the best template's batch is wanted; 0: it is not. */
  readonly batch: number;
}

/** Largest correlation of every position, and its template; -1: none, since NaN never becomes a maximum. */
export interface Maxima {
  readonly values: ArrayLike<number>;
  readonly templates: ArrayLike<number>;
}

/** Writes what the maxima of a box come to. */
export function keepBest(
  { memory }: WorkerContext,
  { statistics, results }: BoxInputs,
  { box, maxima }: { readonly box: number; readonly maxima: Maxima },
): Float64Array {
  const { values, templates } = maxima;
  const count = values.length;
  const [means, deviations] = [0, 1].map(
    (i) => new Float32Array(memory.buffer, statistics + 4 * count * (2 * box + i), count),
  );
  const best = new Float64Array(memory.buffer, results + 8 * BEST_NUMBERS * box, BEST_NUMBERS);
  best.set([Number.NEGATIVE_INFINITY, 0, -1, 0, 0]);
  for (let at = 0; at < count; at++) {
    if (templates[at] < 0) continue;
    const score = (values[at] - means[at]) / deviations[at];
    if (score > best[0]) best.set([score, values[at], templates[at], at]);
  }
  return best;
}

/** Boxes by whole correlation maps. */
export interface BoxMapTask extends BoxInputs {
  /** What boxes share; `spectrum`, `rotations` and `filterBase` are put in for each team and box. */
  readonly correlation: CorrelationTask;
  /** Address of each team's spectrum. */
  readonly spectra: readonly number[];
}

/** Correlates boxes in one worker; reports templates. */
export const boxMapJob = defineJob("match/boxMaps", (context, task: BoxMapTask) => {
  for (;;) {
    const box = context.team.claim(0);
    if (box >= task.count) return;
    searchBox(context, task, box);
  }
});

function searchBox(context: WorkerContext, task: BoxMapTask, box: number): void {
  const { team } = context;
  const { correlation, batch } = task;
  const spectrum = task.spectra[team.index];
  transformBox(context, task, { image: task.images + box * task.imageBytes, spectrum });
  clearStatistics(context, task);
  const rotations = task.rotations + box * task.rotationBytes;
  const run = new TeamRun(context, { ...correlation, spectrum, rotations, filterBase: task.filters[box] });
  for (let first = 0; first < correlation.templateCount; first += BLOCK_TEMPLATES) {
    const end = Math.min(correlation.templateCount, first + BLOCK_TEMPLATES);
    run.correlate(first, end);
    if (team.rank === 0) context.report(end - first);
  }
  const results = new Float64Array(
    context.memory.buffer,
    task.results + 8 * BEST_NUMBERS * box,
    BEST_NUMBERS,
  );
  if (team.rank === 0) keepBest(context, task, { box, maxima: maximaOf(context, task) });
  if (batch === 0) return;
  team.barrier();
  const index = results[2];
  if (index < 0) return;
  const first = index - (index % batch);
  clearStatistics(context, task);
  run.correlate(first, Math.min(correlation.templateCount, first + batch));
  if (team.rank === 0) results[4] = largest(maximaOf(context, task).values);
}

/** The box's spectrum, for the correlation. */
function transformBox(
  { kernels, team }: WorkerContext,
  { correlation }: BoxMapTask,
  { image, spectrum }: { image: number; spectrum: number },
): void {
  const { shape, rowPlan, columnPlan, teams } = correlation;
  const { height, width, paddedHeight, paddedWidth, spectrumBytes } = shape;
  const buffer = teams[team.index].buffers + team.rank * shape.bufferBytes;
  team.parallel(paddedHeight / 4, 16, (begin, end) => {
    kernels.imageRows(image, height, width, rowPlan, spectrum, spectrumBytes, buffer, begin, end);
  });
  const scale = 1 / (paddedHeight * paddedWidth);
  team.parallel(paddedWidth / 4, 16, (begin, end) => {
    kernels.imageColumns(spectrum, spectrumBytes, columnPlan, scale, begin, end);
  });
}

function clearStatistics({ kernels, team }: WorkerContext, { correlation }: BoxMapTask): void {
  const { statistics, totals } = correlation.teams[team.index];
  const count = correlation.shape.rowBlocks * correlation.shape.columns;
  team.parallel(count, 1 << 16, (begin, end) => {
    kernels.clearStatistics(statistics, totals, begin, end);
  });
}

/** Maxima and their templates by position, row by row. */
function maximaOf({ memory, team }: WorkerContext, { correlation }: BoxMapTask): Maxima {
  const { n, height, columns, rowBlocks } = correlation.shape;
  const { statistics } = correlation.teams[team.index];
  const numbers = new Float32Array(memory.buffer, statistics, 16 * rowBlocks * columns);
  const indices = new Int32Array(memory.buffer, statistics, 16 * rowBlocks * columns);
  const count = (height - n + 1) * columns;
  const [values, templates] = [new Float32Array(count), new Int32Array(count)];
  for (let y = 0, i = 0; y <= height - n; y++) {
    let at = 16 * (y >> 2) * columns + (y & 3);
    for (let x = 0; x < columns; x++, i++, at += 16) {
      values[i] = numbers[at];
      templates[i] = indices[at + 4];
    }
  }
  return { values, templates };
}

/** -Infinity of none. */
export function largest(values: ArrayLike<number>): number {
  let found = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) found = Math.max(found, values[i]);
  return found;
}
