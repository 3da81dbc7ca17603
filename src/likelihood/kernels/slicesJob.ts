import { defineJob } from "../../compute/kernels/index.ts";

/** Slices of a grid (assembly/slices.ts). */
export interface SlicesTask {
  readonly block: number;
  readonly angles: number;
  readonly count: number;
  /** Of each slice [3][angles] doubles, and its values [shells][angles] complex doubles. */
  readonly directions: number;
  readonly directionsBytes: number;
  readonly values: number;
  readonly valuesBytes: number;
  readonly work: number;
  readonly workBytes: number;
}

/** Rays of a call, which takes a millisecond or two. */
const RAYS = 16;

/** Slices in parts of some rays. */
export const slicesJob = defineJob("likelihood/slices", ({ kernels, team }, task: SlicesTask) => {
  const { block, angles, count } = task;
  const work = task.work + team.rank * task.workBytes;
  const parts = Math.ceil(angles / RAYS);
  team.parallel(count * parts, 1, (unit) => {
    const [slice, part] = [Math.floor(unit / parts), unit % parts];
    const directions = task.directions + slice * task.directionsBytes;
    const values = task.values + slice * task.valuesBytes;
    const last = Math.min(angles, RAYS * (part + 1));
    kernels.sliceRays(block, directions, RAYS * part, last, values, work);
  });
});
