import { defineJob, type WorkerContext } from "../../compute/kernels/index.ts";
import { groupOf, maskedPlanes } from "./alignJob.ts";
import type { AlignTask } from "./alignTask.ts";
import { exactSpectrum } from "./exactSpectrum.ts";

/** Turns templates and masks and transforms templates. */
export interface PrepareTask {
  readonly align: AlignTask;
  readonly templates: number;
  /** Volumes with a margin of spline coefficients, or as they are where nothing is turned. */
  readonly isTurned: boolean;
  readonly volumes: number;
  readonly volumeStride: number;
  /** The mask's coefficients, and whether turned masks are kept from 0 to 1. */
  readonly mask: number;
  readonly isLimited: boolean;
  /** 9 float64 a rotation, what a place of the turned volume is multiplied with; bytes between two of them. */
  readonly matrices: number;
  /** What lies outside of each template. */
  readonly outside: readonly number[];
}

/** Bytes of a rotation. */
export const MATRIX_BYTES = 72;

/** Turns a mask a time, then four templates; reports them. */
export const prepareJob = defineJob<PrepareTask>("subtomogram/prepare", (context, task) => {
  const { align, templates, isTurned } = task;
  const { layout, rotations } = align;
  if (isTurned && layout.masks > 0) {
    for (let r = context.team.claim(0); r < layout.masks; r = context.team.claim(0))
      turnMask(context, task, r);
  }
  const candidates = templates * rotations;
  for (let first = 4 * context.team.claim(1); first < candidates; first = 4 * context.team.claim(1)) {
    transformFour(context, task, first);
    context.report(Math.min(4, candidates - first));
  }
});

function turnMask(context: WorkerContext, task: PrepareTask, rotation: number): void {
  const { layout, places } = task.align;
  const target = places.masks + rotation * layout.volumeBytes;
  const limit = Number(task.isLimited);
  turn(context, task, { volume: task.mask, target, rotation, clamp: 1, outside: 0, limit });
}

function turn(
  context: WorkerContext,
  task: PrepareTask,
  given: {
    readonly volume: number;
    readonly target: number;
    readonly rotation: number;
    readonly clamp: number;
    readonly outside: number;
    readonly limit: number;
  },
): void {
  const { volume, target, rotation, clamp, outside, limit } = given;
  const { shape } = task.align.layout;
  const matrix = task.matrices + rotation * MATRIX_BYTES;
  // A point costs 64 taps.
  groupOf(context, task.align).each(shape[0], 16 * shape[1] * shape[2], (begin, end) => {
    context.kernels.turnPlanes(volume, target, ...shape, matrix, clamp, outside, limit, begin, end);
  });
}

function transformFour(context: WorkerContext, task: PrepareTask, first: number): void {
  const { align, templates, isTurned, volumes, volumeStride } = task;
  const { layout, rotations, places } = align;
  const group = groupOf(context, align);
  const { table, half, buffers } = group.work;
  const lanes = new Uint32Array(context.memory.buffer, table, 16);
  for (let i = 0; i < 4; i++) {
    const candidate = Math.min(first + i, templates * rotations - 1);
    const template = Math.floor(candidate / rotations);
    const volume = volumes + template * volumeStride;
    const outside = task.outside[template];
    // a turned volume lies where its spectrum will: all four are read before the first is written
    const target = places.templates + candidate * layout.spectrumBytes;
    if (isTurned)
      turn(context, task, { volume, target, rotation: candidate % rotations, clamp: 0, outside, limit: 0 });
    lanes[i] = isTurned ? target : volume;
    lanes[4 + i] = 0;
    lanes[8 + i] = target;
  }
  if (align.method === "fsc") {
    for (let i = 0; i < 4; i++) transformExactly(context, align, { volume: lanes[i], target: lanes[8 + i] });
    return;
  }
  maskedPlanes(group);
  group.each(layout.columns, 4 * layout.column, (begin, end) => {
    const { columns } = layout;
    context.kernels.spectraColumns(
      half,
      columns,
      places.plans[0],
      table,
      2,
      places.low,
      0,
      buffers,
      begin,
      end,
    );
  });
}

function transformExactly(
  { memory: { buffer }, team }: WorkerContext,
  { layout, places }: AlignTask,
  { volume, target }: { readonly volume: number; readonly target: number },
): void {
  team.check();
  const orderOf = (plan: number, n: number) => new Int32Array(buffer, new Uint32Array(buffer, plan, 8)[6], n);
  const [z, y] = [orderOf(places.plans[0], layout.shape[0]), orderOf(places.plans[1], layout.shape[1])];
  const low = new Float32Array(buffer, places.low, layout.columns * layout.column);
  const spectrum = exactSpectrum(new Float32Array(buffer, volume, layout.voxels), layout, { z, y, low });
  new Float32Array(buffer, target, spectrum.length).set(spectrum);
}

/** Weights of molecules' wedges. */
export interface WedgeTask {
  readonly align: AlignTask;
  /** Pairs of normals a molecule, per index of the transform: 6 float64 each. */
  readonly normals: number;
  readonly series: number;
  /** Whether frequency 0 is left out. */
  readonly isCentred: boolean;
  /** Whether signs tell which of a frequency and its opposite was seen, where one was. */
  readonly hasSides: boolean;
}

/** Makes the weights of a molecule a time. */
export const wedgeJob = defineJob<WedgeTask>("subtomogram/wedge", (context, { align, ...task }) => {
  const { layout, places, count, weightStride } = align;
  const { buffer } = context.memory;
  const orderOf = (plan: number) => new Uint32Array(buffer, plan, 8)[6];
  for (let i = context.team.claim(0); i < count; i = context.team.claim(0)) {
    const target = places.weights + i * weightStride;
    const normals = task.normals + 48 * task.series * i;
    const orders = [orderOf(places.plans[0]), orderOf(places.plans[1])];
    groupOf(context, align).each(layout.columns, 8 * layout.column, (begin, end) => {
      const given = [...layout.shape, ...orders, Number(task.hasSides)];
      context.kernels.wedgeColumns(normals, task.series, target, ...given, begin, end);
    });
    if (task.isCentred) new Float32Array(buffer, target, 1)[0] = 0;
    if (align.method === "fsc") takeRoots(new Float32Array(buffer, target, layout.columns * layout.column));
  }
});

/** Powers of shells have each weight once, as products have: each of both images gets its root. */
function takeRoots(weights: Float32Array): void {
  for (let i = 0; i < weights.length; i++) weights[i] = Math.sqrt(weights[i]);
}
