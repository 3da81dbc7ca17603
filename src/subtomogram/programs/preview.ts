import { elementCount, type Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";

/** A small copy of a volume that comes plane by plane. */
export interface Preview {
  /** Each plane once. */
  add(z: number, plane: Float32Array): void;
  /** Voxels of the volume along a side of one of the copy. */
  readonly bin: number;
  /** Means over cubes of whole voxels. */
  volume(): PipeImage;
}

/** Voxels of its longest side, at most. */
const LONGEST = 440;

/** Of a volume of this shape. */
export function createPreview(shape: Shape3): Preview {
  const bin = Math.ceil(Math.max(...shape) / LONGEST);
  const [depth, height, width] = shape.map((side) => Math.max(1, Math.floor(side / bin)));
  const sides: Shape3 = [depth, height, width];
  const sums = new Float32Array(elementCount(sides));
  const counts = new Uint32Array(sums.length);
  return {
    bin,
    add(z, plane) {
      const k = Math.floor(z / bin);
      if (k >= depth) return;
      for (let y = 0; y < Math.min(shape[1], height * bin); y++)
        for (let x = 0; x < Math.min(shape[2], width * bin); x++) {
          const at = (k * height + Math.floor(y / bin)) * width + Math.floor(x / bin);
          sums[at] += plane[y * shape[2] + x];
          counts[at]++;
        }
    },
    volume: () => ({ data: sums.map((sum, i) => (counts[i] > 0 ? sum / counts[i] : 0)), shape: sides }),
  };
}
