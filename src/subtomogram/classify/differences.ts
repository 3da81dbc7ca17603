import { type Backend, createFft, type FftPlan } from "../../compute/index.ts";
import { elementCount, type Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { halfLowPass } from "../models/lowPass.ts";
import type { Quaternion } from "../molecules/quaternion.ts";
import { type TiltModel, wedgeMask } from "../tilt/tilt.ts";

/** What boxes are compared with. */
export interface DifferenceInput {
  readonly template: PipeImage;
  readonly mask: PipeImage | undefined;
  /** Low pass of order 2, cycles/voxel; left out: none. */
  readonly cutoff: number | undefined;
}

/** Gives for a box what it has more than the template where both were seen. */
export interface Differences {
  difference(
    box: Float32Array,
    seen: { readonly tilt: TiltModel; readonly rotation: Quaternion },
  ): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Boxes less a template, of the frequencies that the molecule's tomogram has: IFFT((F(box * mask) - F(template * mask)) W) * mask, F
 * filtered by the low pass. What is missing differs from molecule to molecule, and would be told apart otherwise.
 */
export async function createDifferences(
  backend: Backend,
  { template, mask, cutoff }: DifferenceInput,
): Promise<Differences> {
  const { shape } = template;
  const plan = createFft(backend, { kind: "real3d", shape });
  const gains = cutoff === undefined ? undefined : halfLowPass(shape, cutoff);
  const transform = (data: Float32Array) => filtered(plan, { data: masked(data, mask), shape, gains });
  const reference = await transform(template.data);
  return {
    async difference(box, { tilt, rotation }) {
      const spectrum = await transform(box);
      const seen = wedgeMask(tilt, rotation, shape);
      const columns = Math.floor(shape[2] / 2) + 1;
      for (let i = 0; i < spectrum.length; i++) {
        const coefficient = i >> 1;
        const place = Math.floor(coefficient / columns) * shape[2] + (coefficient % columns);
        spectrum[i] = seen[place] === 1 ? spectrum[i] - reference[i] : 0;
      }
      plan.set("spectrum", spectrum);
      await plan.run("inverse");
      const result = new Float32Array(elementCount(shape));
      plan.read("real", result);
      return masked(result, mask);
    },
    dispose: () => plan.dispose(),
  };
}

async function filtered(
  plan: FftPlan,
  {
    data,
    shape,
    gains,
  }: { readonly data: Float32Array; readonly shape: Shape3; readonly gains: Float32Array | undefined },
): Promise<Float32Array> {
  plan.set("real", data);
  await plan.run("forward");
  const spectrum = new Float32Array(2 * shape[0] * shape[1] * (Math.floor(shape[2] / 2) + 1));
  plan.read("spectrum", spectrum);
  if (gains !== undefined) for (let i = 0; i < spectrum.length; i++) spectrum[i] *= gains[i >> 1];
  return spectrum;
}

function masked(data: Float32Array, mask: PipeImage | undefined): Float32Array {
  return mask === undefined ? data : data.map((value, i) => value * mask.data[i]);
}
