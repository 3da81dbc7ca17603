import { type Backend, createFft, type FftPlan } from "../../compute/index.ts";
import { elementCount, type Shape3 } from "../../core/index.ts";
import type { Quaternion } from "../molecules/quaternion.ts";
import { type TiltModel, wedgeMask } from "../tilt/tilt.ts";
import { halfLowPass } from "./lowPass.ts";

/** Images of one shape with a low pass (Butterworth, order 2) and the frequencies that a molecule's tomogram has. */
export class WeightedImages {
  readonly #plan: FftPlan;
  readonly #shape: Shape3;
  readonly #gains: Float32Array;

  constructor(backend: Backend, shape: Shape3, cutoff: number | undefined) {
    this.#plan = createFft(backend, { kind: "real3d", shape });
    this.#shape = shape;
    this.#gains = halfLowPass(shape, cutoff);
  }

  /** Re IFFT(F(data) low pass, wedge). */
  async weigh(
    data: Float32Array,
    seen?: { readonly tilt: TiltModel; readonly rotation: Quaternion },
  ): Promise<Float32Array> {
    this.#plan.set("real", data);
    await this.#plan.run("forward");
    const spectrum = new Float32Array(2 * this.#gains.length);
    this.#plan.read("spectrum", spectrum);
    const weights =
      seen === undefined || seen.tilt.kind === "none" ? undefined : halfWedge(this.#shape, seen);
    for (let i = 0; i < spectrum.length; i++) spectrum[i] *= this.#gains[i >> 1] * (weights?.[i >> 1] ?? 1);
    this.#plan.set("spectrum", spectrum);
    await this.#plan.run("inverse");
    const result = new Float32Array(elementCount(this.#shape));
    this.#plan.read("real", result);
    return result;
  }

  dispose(): void {
    this.#plan.dispose();
  }
}

/** Weights of a half transform that leave the real part of the whole one: means of the mask at a frequency and its opposite. */
export function halfWedge(
  shape: Shape3,
  { tilt, rotation }: { readonly tilt: TiltModel; readonly rotation: Quaternion },
): Float32Array {
  const mask = wedgeMask(tilt, rotation, shape);
  const [depth, height, width] = shape;
  const columns = (width >> 1) + 1;
  const weights = new Float32Array(depth * height * columns);
  const opposite = (i: number, n: number) => (i === 0 ? 0 : n - i);
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const row = (z * height + y) * width;
      const other = (opposite(z, depth) * height + opposite(y, height)) * width;
      for (let x = 0; x < columns; x++)
        weights[at++] = (mask[row + x] + mask[other + opposite(x, width)]) / 2;
    }
  return weights;
}
