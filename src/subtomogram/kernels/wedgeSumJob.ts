import { defineJob } from "../../compute/kernels/index.ts";
import type { Shape3 } from "../../core/index.ts";
import { planeSide } from "../tilt/planeSide.ts";

/** Spectra that are added where they were seen. Addresses in bytes. */
export interface WedgeSumTask {
  /** Of a box, voxels. */
  readonly shape: Shape3;
  /** For each spectrum the sums that it belongs to, and its wedges' normals per index of the transform, two a tilt series; none: all was seen. */
  readonly members: readonly {
    readonly parts: readonly number[];
    readonly normals: readonly (readonly number[])[];
  }[];
  /** (members, depth, height, width / 2 + 1, 2) float32. */
  readonly spectra: number;
  /** (parts, depth, height, width / 2 + 1, 2) and (parts, depth, height, width / 2 + 1) float64. */
  readonly sums: number;
  readonly weights: number;
}

/** Coefficients of a call: some milliseconds. */
const COEFFICIENTS_A_CALL = 1 << 16;

/** Adds spectra: a coefficient is one worker's, who takes the members in their order, so that workers do not show in the sums. */
export const wedgeSumJob = defineJob<WedgeSumTask>("subtomogram/wedgeSum", ({ team, memory }, task) => {
  const [depth, height, width] = task.shape;
  const columns = Math.floor(width / 2) + 1;
  const count = depth * height * columns;
  const step = Math.max(1, Math.floor(COEFFICIENTS_A_CALL / (columns * Math.max(1, task.members.length))));
  team.parallel(depth * height, step, (begin, end) => {
    task.members.forEach(({ parts, normals }, i) => {
      const spectrum = new Float32Array(memory.buffer, task.spectra + 8 * count * i, 2 * count);
      const rows = { begin, end, shape: task.shape, normals };
      for (const part of parts) {
        const sum = new Float64Array(memory.buffer, task.sums + 16 * count * part, 2 * count);
        const weights = new Float64Array(memory.buffer, task.weights + 8 * count * part, count);
        addSeen({ sum, weights, spectrum }, rows);
      }
    });
  });
});

interface Rows {
  readonly begin: number;
  readonly end: number;
  readonly shape: Shape3;
  readonly normals: readonly (readonly number[])[];
}

function addSeen(
  {
    sum,
    weights,
    spectrum,
  }: { readonly sum: Float64Array; readonly weights: Float64Array; readonly spectrum: Float32Array },
  { begin, end, shape, normals }: Rows,
): void {
  const [depth, height, width] = shape;
  const columns = Math.floor(width / 2) + 1;
  for (let row = begin; row < end; row++) {
    const [z, y] = [Math.floor(row / height), row % height];
    const [kz, ky] = [signed(z, depth), signed(y, height)];
    for (let x = 0, at = row * columns; x < columns; x++, at++) {
      if (!isSeen(normals, kz, ky, signed(x, width))) continue;
      sum[2 * at] += spectrum[2 * at];
      sum[2 * at + 1] += spectrum[2 * at + 1];
      weights[at]++;
    }
  }
}

/** Of an even length, n/2 is -n/2. */
function signed(i: number, n: number): number {
  return 2 * i < n ? i : i - n;
}

/** Whether a frequency lies between the planes of any of the tilt series. */
function isSeen(normals: readonly (readonly number[])[], kz: number, ky: number, kx: number): boolean {
  if (normals.length === 0) return true;
  for (let i = 0; i < normals.length; i += 2) {
    const [a, b] = [normals[i], normals[i + 1]];
    if (planeSide([kz, ky, kx], a) * planeSide([kz, ky, kx], b) <= 0) return true;
  }
  return false;
}
