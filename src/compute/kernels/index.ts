/**
 * What folders of kernels stand on, and nobody else: jobs, the pool with its memory, addresses. `src/<domain>/kernels` and `src/worker`
 * import it; plans hide it from everyone else.
 */
export { WasmFft } from "../fft.ts";
export type { Domain, Domains, Job, Kernel, KernelFiles, Kernels, WorkerContext } from "../job.ts";
export { defineJob } from "../job.ts";
export { fastLength, lineBufferElements, linePlanBytes, writeLinePlan } from "../linePlan.ts";
export { ALIGNMENT } from "../memory.ts";
export type { Phase } from "../phases.ts";
export { runPhases } from "../phases.ts";
export type { PlanArrayShape } from "../planArrays.ts";
export { checkRows, noArray, requireAtMost } from "../planArrays.ts";
export type { Regions } from "../regions.ts";
export { createRegions, regionBytes } from "../regions.ts";
export type { Team } from "../team.ts";
export type { JobOptions, WorkerPool } from "../workerPool.ts";
