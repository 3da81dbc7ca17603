import { defineJob, type Kernels, type Team, type WorkerContext } from "../../compute/kernels/index.ts";

/** Boxes that are read out of as many regions. Addresses in bytes. */
export interface SampleTask {
  readonly count: number;
  readonly order: number;
  /** Of a region, without its margin. */
  readonly region: readonly [depth: number, height: number, width: number];
  readonly box: readonly [depth: number, height: number, width: number];
  /** Regions with their margins, one behind the other. */
  readonly regions: number;
  readonly regionBytes: number;
  /** (height, width) of the volume that regions are cut out of, and where it lies. */
  readonly whole: readonly [height: number, width: number];
  readonly volume: number;
  readonly volumes: number;
  /**
   * {@link PLACE_NUMBERS} float64 a box: the 13 of `sampleRows`, the index of its region, whether the region's mean lies outside, and which voxel of the
   * volume is the region's first, -1 where the region is there already.
   */
  readonly places: number;
  /** {@link WORK_BYTES} of each member. */
  readonly work: number;
}

/** Numbers that say where a box lies. */
export const PLACE_NUMBERS = 16;
/** Which of them is the value outside. */
export const OUTSIDE = 12;
/** What `sampleRows` needs of its own, and no line of a cache with another's. */
export const WORK_BYTES = 256;

/** Voxels of a call: some milliseconds of the cubic spline. */
const VOXELS_A_CALL = 65_536;

/** Reads boxes out of regions: each is one worker's, whose cache then holds its coefficients. */
export const sampleJob = defineJob<SampleTask>("subtomogram/sample", (context, task) => {
  context.team.parallel(task.count, 1, (begin, end) => {
    for (let i = begin; i < end; i++) sampleOne(context, task, i);
  });
});

function sampleOne({ kernels, team, memory, report }: WorkerContext, task: SampleTask, index: number): void {
  const { region, box, order } = task;
  const place = task.places + 8 * PLACE_NUMBERS * index;
  const [regionIndex, hasMean, first] = new Float64Array(memory.buffer, place + 8 * (OUTSIDE + 1), 3);
  const source = task.regions + regionIndex * task.regionBytes;
  if (first >= 0) kernels.cutRegion(task.volume + 4 * first, ...task.whole, source, ...region);
  if (hasMean === 1) kernels.regionMean(source, ...region, place + 8 * OUTSIDE);
  if (order === 3) toCoefficients({ kernels, team }, source, region);
  kernels.fillMargin(source, ...region);
  const boxBytes = 4 * box[0] * box[1] * box[2];
  const target = task.volumes + index * boxBytes;
  const work = task.work + WORK_BYTES * team.rank;
  eachRange(team, { count: box[0] * box[1], voxels: box[2] }, (begin, end) => {
    kernels.sampleRows(source, ...region, target, ...box, place, order, begin, end, work);
  });
  report(1);
}

function toCoefficients(
  { kernels, team }: { readonly kernels: Kernels; readonly team: Team },
  source: number,
  region: SampleTask["region"],
): void {
  const [depth, height, width] = region;
  eachRange(team, { count: height, voxels: depth * width }, (begin, end) => {
    kernels.splineAlongZ(source, ...region, begin, end);
  });
  eachRange(team, { count: depth, voxels: height * width }, (begin, end) => {
    kernels.splineInPlanes(source, ...region, begin, end);
  });
}

/** Ranges of one member's own work, short enough that an end is seen soon. */
function eachRange(
  team: Team,
  { count, voxels }: { readonly count: number; readonly voxels: number },
  run: (begin: number, end: number) => void,
): void {
  const step = Math.max(1, Math.floor(VOXELS_A_CALL / voxels));
  for (let begin = 0; begin < count; begin += step) {
    team.check();
    run(begin, Math.min(count, begin + step));
  }
}
