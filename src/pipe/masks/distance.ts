import type { PipeImage } from "../image.ts";

/** Farther than any two voxels of an image. */
const FAR = 1e15;

/**
 * Squared distance of each voxel to the nearest one of `value`, in voxels: whole numbers, exact. Where there is none, {@link FAR}.
 *
 * Source: Felzenszwalb & Huttenlocher 2012, Theory of Computing 8:415 (lower envelopes of parabolas, one axis after the other).
 */
export function squaredDistances({ data, shape }: PipeImage, value: 0 | 1): Float64Array {
  const distances = Float64Array.from(data, (voxel) => (voxel === value ? 0 : FAR));
  const [depth, height, width] = shape;
  transformAxis(distances, width, 1);
  transformAxis(distances, height, width);
  transformAxis(distances, depth, width * height);
  return distances;
}

function transformAxis(values: Float64Array, length: number, inner: number): void {
  const envelope = createEnvelope(length);
  const line = new Float64Array(length);
  const outer = values.length / (length * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const start = o * length * inner + i;
      for (let k = 0; k < length; k++) line[k] = values[start + k * inner];
      envelope(line);
      for (let k = 0; k < length; k++) values[start + k * inner] = line[k];
    }
}

/** Replaces a line f by min over q of (p - q)^2 + f(q). */
function createEnvelope(length: number): (line: Float64Array) => void {
  const vertices = new Int32Array(length);
  const borders = new Float64Array(length + 1);
  const heights = new Float64Array(length);
  return (line) => {
    let last = -1;
    for (let q = 0; q < length; q++) {
      if (line[q] >= FAR) continue;
      let border = Number.NEGATIVE_INFINITY;
      while (last >= 0) {
        border = crossing(line, vertices[last], q);
        if (border > borders[last]) break;
        last--;
      }
      last++;
      vertices[last] = q;
      borders[last] = last === 0 ? Number.NEGATIVE_INFINITY : border;
    }
    if (last < 0) return;
    borders[last + 1] = Number.POSITIVE_INFINITY;
    heights.set(line);
    for (let p = 0, k = 0; p < length; p++) {
      while (borders[k + 1] < p) k++;
      line[p] = (p - vertices[k]) ** 2 + heights[vertices[k]];
    }
  };
}

/** Where the parabolas of two vertices cross. */
function crossing(line: Float64Array, p: number, q: number): number {
  return (line[q] + q * q - (line[p] + p * p)) / (2 * (q - p));
}
