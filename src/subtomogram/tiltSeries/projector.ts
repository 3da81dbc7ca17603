import type { Backend, RunOptions } from "../../compute/index.ts";
import type { Matrix3 } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { createSampler } from "../kernels/index.ts";

/** Projects a volume in many directions. */
export interface Projector extends Disposable {
  /**
   * Sums along the beam.
   *
   * @param turns  as many as it was made for: what a place (beam, y, x) of an image is multiplied with to be one of the volume
   * @returns      (turns, side, side), side the volume's longest; its centre, (n - 1) / 2, in their middles
   */
  project(turns: readonly Matrix3[], options?: RunOptions): Promise<Float32Array>;
}

/** Of a volume that ends in 0, by its cubic spline. */
export function createProjector(backend: Backend, { data, shape }: PipeImage, count: number): Projector {
  const side = Math.max(...shape);
  // A corner that is turned into the beam is still summed.
  const depth = Math.ceil(Math.hypot(...shape));
  const sampler = createSampler(backend, { region: shape, box: [depth, side, side], order: 3, batch: count });
  const [z, y, x] = shape.map((n) => (n - 1) / 2);
  const box = new Float32Array(depth * side * side);
  return {
    async project(turns, options) {
      turns.forEach((_, i) => {
        sampler.set("regions", data, i);
      });
      await sampler.run(
        turns.map((turn) => ({ turn, centre: [z, y, x], outside: 0 })),
        options,
      );
      const area = side * side;
      const images = new Float32Array(count * area);
      turns.forEach((_, t) => {
        sampler.read("volumes", box, t);
        const image = images.subarray(t * area, (t + 1) * area);
        for (let from = 0; from < box.length; from += area)
          for (let i = 0; i < area; i++) image[i] += box[from + i];
      });
      return images;
    },
    [Symbol.dispose]() {
      sampler.dispose();
    },
  };
}
