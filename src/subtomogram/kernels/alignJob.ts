import { defineJob, type WorkerContext } from "../../compute/kernels/index.ts";
import type { AlignMethod } from "./alignLayout.ts";
import { type AlignTask, type Group, RESULT_NUMBERS } from "./alignTask.ts";
import { leastScore } from "./likelihood.ts";
import { type Peak, refinePeak } from "./peak.ts";
import { PhasePeaks } from "./phasePeaks.ts";
import { correlationResponses, phaseResponses, shellResponses } from "./responses.ts";

/** One molecule and one candidate. */
interface Pair {
  readonly molecule: number;
  readonly candidate: number;
}

/** Elements that a kernel visits in one call: some milliseconds. */
const ELEMENTS_A_CALL = 1 << 16;

/** Aligns in workers that are a team each; reports molecules times candidates. */
export const alignJob = defineJob<AlignTask>("subtomogram/align", (context, task) => {
  const group = groupOf(context, task);
  const peaks = new PhasePeaks(context, group);
  const best = new Map<number, number>();
  const pairs = pairCount(task);
  for (;;) {
    const index = context.team.claim(0);
    if (4 * index >= pairs) return;
    const lanes = [0, 1, 2, 3].map((i) => pairAt(task, Math.min(4 * index + i, pairs - 1)));
    writeTable(context, group, lanes);
    respond(group);
    const used = Math.min(4, pairs - 4 * index);
    if (task.method === "pcc") peaks.prepare();
    lanes.slice(0, used).forEach((pair, lane) => {
      const isPhase = task.method === "pcc";
      const values = isPhase && !task.keepsResponses ? undefined : responsesOf(context, group, lane);
      if (task.keepsResponses && values !== undefined) keep(context, task, { pair, values });
      const known = best.get(pair.molecule);
      const peak = values === undefined || isPhase ? peaks.refine(lane) : refine(task, values, known);
      if (peak !== undefined && (known === undefined || peak.score > known))
        best.set(pair.molecule, peak.score);
      writeResult(context, task, { pair, peak });
    });
    context.report(used);
  }
});

/** Subtomograms that become spectra. */
export interface SpectraTask {
  readonly align: AlignTask;
  readonly images: readonly number[];
}

/** Spectra of subtomograms, weighted, in their place, where all candidates of a molecule have the same. */
export const spectraJob = defineJob<SpectraTask>("subtomogram/spectra", (context, { align, images }) => {
  const group = groupOf(context, align);
  const { places } = align;
  const { columns, column } = align.layout;
  for (;;) {
    const first = 4 * context.team.claim(0);
    if (first >= images.length) return;
    const lanes = [0, 1, 2, 3].map((i) => ({
      molecule: images[Math.min(first + i, images.length - 1)],
      candidate: 0,
    }));
    writeTable(context, group, lanes);
    // All four are read before the first is written.
    maskedPlanes(group);
    group.each(columns, column, (begin, end) => {
      const { half, table: at, buffers } = group.work;
      context.kernels.spectraColumns(
        half,
        columns,
        places.plans[0],
        at,
        0,
        places.low,
        1,
        buffers,
        begin,
        end,
      );
    });
  }
});

/** Subtomograms times masks, transformed along x and y. */
export function maskedPlanes({ kernels, task, work, each }: Group): void {
  const { layout, places } = task;
  const [, y, x] = places.plans;
  each(layout.shape[0], layout.columns, (begin, end) => {
    kernels.maskedPlanes(work.table, work.half, y, x, work.buffers, begin, end);
  });
}

/** Scores of every shift. */
const RESPONSES: Readonly<Record<AlignMethod, (group: Group) => void>> = {
  zncc: correlationResponses,
  pcc: phaseResponses,
  fsc: shellResponses,
};

function respond(group: Group): void {
  if (!group.task.hasSpectra) maskedPlanes(group);
  RESPONSES[group.task.method](group);
}

/** @internal A worker's own part of a task. */
export function groupOf({ kernels, team }: WorkerContext, task: AlignTask): Group {
  return {
    kernels,
    task,
    work: task.work[team.index],
    each: (count, elements, run) => {
      const step = Math.max(1, Math.floor(ELEMENTS_A_CALL / elements));
      for (let begin = 0; begin < count; begin += step) {
        team.check();
        run(begin, Math.min(count, begin + step));
      }
    },
  };
}

function pairCount({ count, layout, chosen }: AlignTask): number {
  if (chosen === undefined) return count * layout.candidates;
  return chosen.reduce((sum, candidates) => sum + candidates.length, 0);
}

function pairAt({ layout, chosen }: AlignTask, index: number): Pair {
  if (chosen === undefined) {
    const molecule = Math.floor(index / layout.candidates);
    return { molecule, candidate: index - molecule * layout.candidates };
  }
  let rest = index;
  let molecule = 0;
  while (rest >= chosen[molecule].length) rest -= chosen[molecule++].length;
  return { molecule, candidate: chosen[molecule][rest] };
}

function tableOf({ memory }: WorkerContext, { work }: Group): Uint32Array {
  return new Uint32Array(memory.buffer, work.table, 16);
}

/** The lane table of four tasks. */
function writeTable(context: WorkerContext, group: Group, lanes: readonly Pair[]): void {
  const { layout, places, rotations, weightStride } = group.task;
  const { spectrumBytes, volumeBytes, imageBytes } = layout;
  const table = tableOf(context, group);
  lanes.forEach(({ molecule, candidate }, i) => {
    table[i] = places.images + molecule * imageBytes;
    const mask = layout.masks === 1 ? 0 : candidate % rotations;
    table[4 + i] = layout.masks === 0 ? 0 : places.masks + mask * volumeBytes;
    table[8 + i] = places.templates + candidate * spectrumBytes;
    table[12 + i] = places.weights + molecule * weightStride;
  });
}

function responsesOf({ memory }: WorkerContext, { task, work }: Group, lane: number): Float32Array {
  const { shiftCount } = task.layout;
  const all = new Float32Array(memory.buffer, work.responses, 4 * shiftCount);
  const values = new Float32Array(shiftCount);
  for (let i = 0, at = lane; i < shiftCount; i++, at += 4) values[i] = all[at];
  return values;
}

function refine(
  { layout, maxShiftsPx, observations, compat }: AlignTask,
  values: Float32Array,
  known?: number,
): Peak | undefined {
  const below = known === undefined || observations === undefined ? known : leastScore(known, observations);
  return refinePeak({ values, shape: layout.shifts, border: layout.border, maxShiftsPx, compat }, below);
}

function keep(
  { memory }: WorkerContext,
  { layout, places }: AlignTask,
  { pair, values }: { readonly pair: Pair; readonly values: Float32Array },
): void {
  const { shiftCount, candidates } = layout;
  const at = places.responses + 4 * shiftCount * (pair.molecule * candidates + pair.candidate);
  new Float32Array(memory.buffer, at, shiftCount).set(values);
}

function writeResult(
  { memory }: WorkerContext,
  { layout, places }: AlignTask,
  { pair, peak }: { readonly pair: Pair; readonly peak: Peak | undefined },
): void {
  const index = pair.molecule * layout.candidates + pair.candidate;
  const out = new Float64Array(memory.buffer, places.results + 8 * RESULT_NUMBERS * index, RESULT_NUMBERS);
  out.set(peak === undefined ? [Number.NEGATIVE_INFINITY, 0, 0, 0] : [peak.score, ...peak.shiftPx]);
}
