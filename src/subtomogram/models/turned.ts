import type { Backend } from "../../compute/index.ts";
import { elementCount, type Matrix3, type Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { createSampler } from "../kernels/index.ts";
import type { Zyx } from "../molecules/quaternion.ts";

/** How a volume is read: its voxel x at turn (x - c) + c + shift, c the centre of the box. */
export interface Turn {
  readonly turn: Matrix3;
  readonly shiftPx?: Zyx;
}

/** What lies beyond a volume: a value, or its edge. */
export type Outside = number | "edge";

/** A volume by its cubic spline, once for each turn. */
export async function turnedVolumes(
  backend: Backend,
  { data, shape }: PipeImage,
  { turns, outside }: { readonly turns: readonly Turn[]; readonly outside: Outside },
): Promise<readonly Float32Array[]> {
  // Corners of a turned box are no farther outside than half its longest side.
  const margin = outside === "edge" ? Math.ceil(Math.max(...shape) / 2) : 0;
  const region: Shape3 = [shape[0] + 2 * margin, shape[1] + 2 * margin, shape[2] + 2 * margin];
  const source = outside === "edge" ? withEdges(data, shape, { region, margin }) : data;
  const sampler = createSampler(backend, { region, box: shape, order: 3, batch: 1 });
  try {
    const results: Float32Array[] = [];
    for (const { turn, shiftPx = [0, 0, 0] } of turns) {
      sampler.set("regions", source);
      const [z, y, x] = region.map((n, axis) => (n - 1) / 2 + shiftPx[axis]);
      await sampler.run([{ turn, centre: [z, y, x], outside: outside === "edge" ? 0 : outside }]);
      const result = new Float32Array(elementCount(shape));
      sampler.read("volumes", result);
      results.push(result);
    }
    return results;
  } finally {
    sampler.dispose();
  }
}

function withEdges(
  data: Float32Array,
  shape: Shape3,
  { region, margin }: { readonly region: Shape3; readonly margin: number },
): Float32Array {
  const out = new Float32Array(elementCount(region));
  const inside = (i: number, axis: number) => Math.min(Math.max(i - margin, 0), shape[axis] - 1);
  let at = 0;
  for (let z = 0; z < region[0]; z++)
    for (let y = 0; y < region[1]; y++) {
      const row = (inside(z, 0) * shape[1] + inside(y, 1)) * shape[2];
      for (let x = 0; x < region[2]; x++) out[at++] = data[row + inside(x, 2)];
    }
  return out;
}
