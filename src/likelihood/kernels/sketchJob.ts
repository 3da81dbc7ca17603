import { defineJob } from "../../compute/kernels/index.ts";
import { ELEMENT } from "./precision.ts";

/** Adds displaced templates of a batch to the columns of a sketch. */
export interface SketchTask {
  readonly plane: number;
  readonly items: number;
  readonly displacements: number;
  readonly columns: number;
  /** For each column what is added: item, displacement, factor. */
  readonly sums: readonly (readonly Summand[])[];
}

/** One displaced template with its factor. */
export type Summand = readonly [item: number, displacement: number, factor: number];

export const sketchJob = defineJob("likelihood/sketch", ({ kernels, team }, task: SketchTask) => {
  const { plane, items, displacements, columns, sums } = task;
  const bytes = 8 * plane;
  team.parallel(sums.length, 1, (column) => {
    for (const [item, displacement, factor] of sums[column]) {
      const [from, table] = [items + bytes * item, displacements + bytes * displacement];
      kernels.addTurned32(columns + bytes * column, from, table, factor, plane);
    }
  });
});

/** Transforms the columns, then finds vectors of each frequency. */
export interface SketchSpectraTask {
  readonly shells: number;
  readonly inplanes: number;
  readonly columns: number;
  readonly count: number;
  readonly block: number;
  /** [group of 4 columns][frequency][shell] elements. */
  readonly spectra: number;
  /** Squares that may be left of a frequency. */
  readonly limit: number;
  readonly most: number;
  /** Of each frequency: vectors (most, width), and their number. */
  readonly vectors: number;
  readonly ranks: number;
  readonly work: number;
  readonly workBytes: number;
}

/** Doubles of a column (assembly/orthogonal.ts). */
export function columnWidth(shells: number): number {
  return 2 * Math.ceil(shells / 2);
}

export const sketchSpectraJob = defineJob("likelihood/sketchSpectra", (context, task: SketchSpectraTask) => {
  const { kernels, team, memory } = context;
  const { shells, inplanes, columns, count, block, spectra, limit, most } = task;
  const work = task.work + team.rank * task.workBytes;
  const half = inplanes / 2 + 1;
  const itemBytes = 8 * shells * inplanes;
  team.parallel(Math.ceil(count / 4), 1, (group) => {
    const valid = Math.min(4, count - 4 * group);
    const to = spectra + ELEMENT * group * half * shells;
    kernels.forward32(block, columns + 4 * group * itemBytes, valid, 0, to, work, 0, shells);
  });
  const width = columnWidth(shells);
  team.parallel(half, 1, (q) => {
    gatherColumns(memory, task, { q, work });
    const vectors = task.vectors + 8 * width * most * q;
    const energies = work + 16 * width * count;
    const rank = kernels.orthogonalize(work, 2 * count, width, limit, most, vectors, energies) ?? 0;
    new Int32Array(memory.buffer, task.ranks, half)[q] = rank;
  });
});

/** Real and imaginary parts of one frequency as columns of doubles; one of 0 and inplanes/2 counts half, since the others have a negative partner. */
function gatherColumns(
  memory: WebAssembly.Memory,
  { shells, inplanes, count, spectra }: SketchSpectraTask,
  { q, work }: { readonly q: number; readonly work: number },
): void {
  const width = columnWidth(shells);
  const half = inplanes / 2 + 1;
  const columns = new Float64Array(memory.buffer, work, 2 * width * count).fill(0);
  const factor = q === 0 || 2 * q === inplanes ? Math.SQRT1_2 : 1;
  for (let column = 0; column < count; column++) {
    const from = spectra + ELEMENT * ((Math.floor(column / 4) * half + q) * shells);
    const elements = new Float32Array(memory.buffer, from, 8 * shells);
    const lane = column % 4;
    const to = 2 * width * column;
    for (let k = 0; k < shells; k++) {
      columns[to + k] = factor * elements[8 * k + lane];
      columns[to + width + k] = factor * elements[8 * k + 4 + lane];
    }
  }
}
