import { defineJob, type WorkerContext } from "../../compute/kernels/index.ts";
import { BLOCK_TEMPLATES, type CorrelationTask, TeamRun } from "./correlationJob.ts";

/** Float64 numbers that a box leaves: best score, its correlation, template and place, and the largest correlation of its batch. */
export const BEST_NUMBERS = 5;

/**
 * Many small images, each correlated with templates of its own: every box has its rotations and its filters. For each box
 * the template and the place with the best score (correlation - mean) / deviation are kept, mean and deviation being given
 * for every place. Deviations are positive (or NaN: the place does not count), so the best score of a place belongs to its largest correlation.
 */
export interface BoxTask {
  /** What boxes share; `spectrum`, `rotations` and `filterBase` are put in for each team and box. */
  readonly correlate: CorrelationTask;
  readonly count: number;
  /** Boxes, `imageBytes` apart: (height, width) float32 of mean 0. */
  readonly images: number;
  readonly imageBytes: number;
  /** For each box the means of its places and then their deviations, float32. */
  readonly windows: number;
  readonly rotationBytes: number;
  /** Address of the filters of each box. */
  readonly filters: readonly number[];
  /** Address of each team's spectrum. */
  readonly spectra: readonly number[];
  /** {@link BEST_NUMBERS} float64 numbers a box. */
  readonly results: number;
  /** Templates of one batch, a multiple of 2: the largest correlation of the best template's batch is wanted; 0: it is not. */
  readonly batch: number;
}

/** Correlates boxes in one worker; reports templates. */
export const boxJob = defineJob("match/boxes", (context, job: BoxTask) => {
  for (;;) {
    const box = context.team.claim(0);
    if (box >= job.count) return;
    searchBox(context, job, box);
  }
});

function searchBox(context: WorkerContext, job: BoxTask, box: number): void {
  const { team } = context;
  const { correlate } = job;
  const spectrum = job.spectra[team.index];
  transformBox(context, job, { image: job.images + box * job.imageBytes, spectrum });
  clearStatistics(context, job);
  const rotations = correlate.rotations + box * job.rotationBytes;
  const run = new TeamRun(context, { ...correlate, spectrum, rotations, filterBase: job.filters[box] });
  for (let first = 0; first < correlate.templateCount; first += BLOCK_TEMPLATES) {
    const end = Math.min(correlate.templateCount, first + BLOCK_TEMPLATES);
    run.correlate(first, end);
    if (team.rank === 0) context.report(end - first);
  }
  const at = job.results + 8 * BEST_NUMBERS * box;
  const results = new Float64Array(context.memory.buffer, at, BEST_NUMBERS);
  if (team.rank === 0) keepBest(context, job, { box, results });
  if (job.batch === 0) return;
  team.barrier();
  const index = results[2];
  if (index < 0) return;
  const first = index - (index % job.batch);
  clearStatistics(context, job);
  run.correlate(first, Math.min(correlate.templateCount, first + job.batch));
  if (team.rank === 0) results[4] = largest(context, job);
}

/** The box's spectrum, for the correlation. */
function transformBox(
  { kernels, team }: WorkerContext,
  { correlate }: BoxTask,
  { image, spectrum }: { image: number; spectrum: number },
): void {
  const { shape, rowPlan, columnPlan, teams } = correlate;
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

function clearStatistics({ kernels, team }: WorkerContext, { correlate }: BoxTask): void {
  const { statistics, totals } = correlate.teams[team.index];
  const count = correlate.shape.rowBlocks * correlate.shape.columns;
  team.parallel(count, 1 << 16, (begin, end) => {
    kernels.clearStatistics(statistics, totals, begin, end);
  });
}

/** Maxima and their templates by place, row by row. NaN never became a maximum; such a place has template -1. */
function eachPlace(
  { memory, team }: WorkerContext,
  { correlate }: BoxTask,
  visit: (place: number, maximum: number, template: number) => void,
): void {
  const { n, height, columns, rowBlocks } = correlate.shape;
  const { statistics } = correlate.teams[team.index];
  const values = new Float32Array(memory.buffer, statistics, 16 * rowBlocks * columns);
  const indices = new Int32Array(memory.buffer, statistics, 16 * rowBlocks * columns);
  for (let y = 0, place = 0; y <= height - n; y++) {
    let at = 16 * (y >> 2) * columns + (y & 3);
    for (let x = 0; x < columns; x++, place++, at += 16) visit(place, values[at], indices[at + 4]);
  }
}

function keepBest(
  context: WorkerContext,
  job: BoxTask,
  { box, results }: { box: number; results: Float64Array },
): void {
  const { n, height, columns } = job.correlate.shape;
  const places = (height - n + 1) * columns;
  const windows = new Float32Array(context.memory.buffer, job.windows + 8 * places * box, 2 * places);
  results.set([Number.NEGATIVE_INFINITY, 0, -1, 0, 0]);
  eachPlace(context, job, (place, maximum, template) => {
    if (template < 0) return;
    const score = (maximum - windows[place]) / windows[places + place];
    if (!(score > results[0])) return;
    results.set([score, maximum, template, place]);
  });
}

function largest(context: WorkerContext, job: BoxTask): number {
  let found = Number.NEGATIVE_INFINITY;
  eachPlace(context, job, (_, maximum) => {
    found = Math.max(found, maximum);
  });
  return found;
}
