import { type Backend, rfft3 } from "../../compute/index.ts";
import type { Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { masked } from "../models/fourierModel.ts";
import { halfLowPass } from "../models/lowPass.ts";
import type { Quaternion } from "../molecules/quaternion.ts";
import { planeSide } from "../tilt/planeSide.ts";
import { signedIndex, type TiltModel, wedgeNormals } from "../tilt/tilt.ts";

/** Whether a tilt series sees anything of a template: of its power without the mean. */
export type Sees = (tilt: TiltModel, rotation: Quaternion) => boolean;

/** Below this share of the template's power single precision compares its own rounding. */
const LEAST_SEEN = 1e-9;

/** Of a template as it is compared: masked and low-passed. */
export async function seenOf(
  backend: Backend,
  {
    template,
    mask,
    cutoff,
  }: {
    readonly template: PipeImage;
    readonly mask: PipeImage | undefined;
    readonly cutoff: number | undefined;
  },
): Promise<Sees> {
  const [depth, height, width] = template.shape;
  const shape: Shape3 = [depth, height, width];
  const spectrum = await rfft3(backend, masked(template.data, mask), shape);
  const columns = Math.floor(width / 2) + 1;
  const low = halfLowPass(shape, cutoff);
  const powers = Float64Array.from(low, (gain, at) => {
    const kx = at % columns;
    const both = kx === 0 || 2 * kx === width ? 1 : 2;
    return at === 0 ? 0 : both * (gain * Math.hypot(spectrum[2 * at], spectrum[2 * at + 1])) ** 2;
  });
  const total = powers.reduce((sum, power) => sum + power, 0);
  return (tilt, rotation) => {
    if (tilt.kind === "none" || total === 0) return true;
    const pairs = wedgeNormals(tilt, rotation).map((pair) =>
      pair.map((normal) => normal.map((value, axis) => value / shape[axis])),
    );
    let seen = 0;
    // Most see enough within a row or two.
    for (let z = 0, at = 0; z < depth; z++)
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < columns; x++, at++)
          if (powers[at] > 0 && isSeen(pairs, [signedIndex(z, depth), signedIndex(y, height), x]))
            seen += powers[at];
        if (seen >= LEAST_SEEN * total) return true;
      }
    return false;
  };
}

function isSeen(
  pairs: readonly (readonly (readonly number[])[])[],
  k: readonly [kz: number, ky: number, kx: number],
): boolean {
  return pairs.some(([a, b]) => planeSide(k, a) * planeSide(k, b) <= 0);
}
