import type { Group, LinePlans } from "./alignTask.ts";
import { isOneSided } from "./nyquist.ts";

/** Working memory that a kernel of columns or planes is given. */
const elementsOf = (columns: number, lines: number) => 4 * columns * lines;

/**
 * Coefficients of four tasks at every shift: linear cross-correlation of the weighted images, over the energies of a's windows. Where means
 * do not count, both have none: their weights at frequency 0 are 0.
 */
export function correlationResponses(group: Group): void {
  const { kernels, task, work, each } = group;
  const { layout, places, hasSpectra, isCentred } = task;
  const { shape, long, columns, longColumns, reach, shifts, shiftCount, bufferBytes, voxels } = layout;
  const [planZ, planY, planX] = places.plans;
  const [longZ, longY, longX] = places.longPlans;
  each(columns, elementsOf(shape[0], 3), (begin, end) => {
    const given = [work.table, work.half, work.other, columns, planZ, places.low, Number(hasSpectra)];
    kernels.weightedColumns(...given, work.buffers, begin, end);
  });
  each(shape[0], elementsOf(columns, 4), (begin, end) => {
    const lines = [work.half, work.other, planY, planX, work.paddedA, work.paddedB, longY, longX];
    const sums = [reach[1], reach[2], work.planeSums, work.squares, work.rowSums];
    kernels.paddedPlanes(...lines, ...sums, work.buffers, bufferBytes, begin, end);
  });
  const windowBytes = 32 * shifts[1] * shifts[2];
  kernels.windowEntries(work.planeSums, shape[0], reach[0], windowBytes, work.sums);
  const total = work.squares + 16 * shape[0];
  kernels.windowEntries(work.squares, shape[0], 0, 16, total);
  each(longColumns, elementsOf(long[0], 3), (begin, end) => {
    const lines = [work.paddedA, work.paddedB, work.correlation, longColumns, longZ, shape[0], reach[0]];
    kernels.correlateColumns(...lines, work.buffers, bufferBytes, begin, end);
  });
  shiftPlanes(group, places.longPlans, work.responses);
  const scale = 1 / (long[0] * long[1] * long[2]);
  const perVoxel = isCentred ? 1 / voxels : 0;
  kernels.normalizeResponses(work.responses, work.sums, total, scale, perVoxel, 0, shiftCount);
}

/** Powers of the circular cross-correlation of the weighted images, not normalised; their product stays for finer shifts. */
export function phaseResponses(group: Group): void {
  const { kernels, task, work, each } = group;
  const { layout, places, hasSpectra } = task;
  const { shape, columns, reach, bufferBytes } = layout;
  each(columns, elementsOf(shape[0], 2), (begin, end) => {
    const given = [
      work.table,
      work.half,
      work.correlation,
      columns,
      places.plans[0],
      places.low,
      Number(hasSpectra),
    ];
    kernels.productColumns(...given, reach[0], work.buffers, bufferBytes, begin, end);
  });
  shiftPlanes(group, places.plans, work.responses);
  const imaginary = isOneSided(task) ? work.responses + 16 * layout.shiftCount : 0;
  if (imaginary !== 0) {
    const given = [work.table, work.half, work.correlation, columns, ...places.plans, reach[0], work.buffers];
    each(columns, elementsOf(shape[0], 1), (begin, end) => {
      kernels.oneSidedColumns(...given, begin, end);
    });
    shiftPlanes(group, places.plans, imaginary);
  }
  kernels.powers(work.responses, imaginary, 0, layout.shiftCount);
}

/** Mean over shells of the shells' correlations: one transform of products that each shell's powers have divided. */
export function shellResponses(group: Group): void {
  const { kernels, task, work, each } = group;
  const { layout, places, hasSpectra } = task;
  const { shape, columns, reach, bufferBytes, shells } = layout;
  const source = [columns, places.plans[0], places.low, Number(hasSpectra)];
  const inner = (shape[2] >> 1) + 1;
  kernels.clearVectors(work.powers, 0, 2 * shells);
  each(columns, elementsOf(shape[0], 2), (begin, end) => {
    const sums = [places.shells, work.powers, inner, shape[2]];
    kernels.shellPowers(work.table, work.half, ...source, ...sums, work.buffers, bufferBytes, begin, end);
  });
  kernels.shellFactors(work.powers, work.factors, 0, shells);
  each(columns, elementsOf(shape[0], 2), (begin, end) => {
    const given = [work.table, work.half, work.correlation, ...source, reach[0], places.shells, work.factors];
    kernels.shellColumns(...given, work.buffers, bufferBytes, begin, end);
  });
  shiftPlanes(group, places.plans, work.responses);
}

function shiftPlanes(
  { kernels, task, work, each }: Group,
  [, planY, planX]: LinePlans,
  responses: number,
): void {
  const { reach, shifts, longColumns } = task.layout;
  each(shifts[0], 4 * longColumns, (begin, end) => {
    const given = [work.correlation, responses, planY, planX, reach[1], reach[2], work.rows];
    kernels.shiftPlanes(...given, work.buffers, begin, end);
  });
}
