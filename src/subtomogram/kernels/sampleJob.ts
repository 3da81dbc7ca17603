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
  readonly volumes: number;
  /** 13 float64 a box, see `sampleRows`. */
  readonly places: number;
}

/** Bytes of where a box lies. */
export const PLACE_BYTES = 13 * 8;

/** Voxels of a call: some milliseconds of the cubic spline. */
const VOXELS_A_CALL = 65_536;

/** Reads boxes out of regions: each is one worker's, whose cache then holds its coefficients. */
export const sampleJob = defineJob<SampleTask>("subtomogram/sample", (context, task) => {
  context.team.parallel(task.count, 1, (begin, end) => {
    for (let i = begin; i < end; i++) sampleOne(context, task, i);
  });
});

function sampleOne({ kernels, team, report }: WorkerContext, task: SampleTask, index: number): void {
  const { region, box, order } = task;
  const source = task.regions + index * task.regionBytes;
  if (order === 3) toCoefficients({ kernels, team }, source, region);
  kernels.fillMargin(source, ...region);
  const boxBytes = 4 * box[0] * box[1] * box[2];
  const [target, place] = [task.volumes + index * boxBytes, task.places + index * PLACE_BYTES];
  eachRange(team, { count: box[0] * box[1], voxels: box[2] }, (begin, end) => {
    kernels.sampleRows(source, ...region, target, ...box, place, order, begin, end);
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
