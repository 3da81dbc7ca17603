import type { Backend } from "../../compute/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { masked } from "../models/fourierModel.ts";
import { WeightedImages } from "../models/weighted.ts";
import type { Quaternion } from "../molecules/quaternion.ts";
import type { TiltModel } from "../tilt/tilt.ts";

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
 * Boxes less a template, of the frequencies that the molecule's tomogram has: Re IFFT(F((box - template) * mask) W) * mask, F filtered by the
 * low pass. What is missing differs from molecule to molecule, and would be told apart otherwise.
 *
 * Source: Heumann, Hoenger & Mastronarde 2011, J. Struct. Biol. 175:288.
 */
export function createDifferences(
  backend: Backend,
  { template, mask, cutoff }: DifferenceInput,
): Differences {
  const images = new WeightedImages(backend, template.shape, cutoff);
  return {
    async difference(box, seen) {
      const difference = box.map((value, i) => value - template.data[i]);
      return masked(await images.weigh(masked(difference, mask), seen), mask);
    },
    dispose: () => images.dispose(),
  };
}
