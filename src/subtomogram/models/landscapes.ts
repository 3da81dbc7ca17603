import { sampleGrid } from "../../pipe/index.ts";
import type { AlignPlan } from "../kernels/index.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import { withBackend } from "../withBackend.ts";
import type { AlignmentModel, Landscape, LandscapeRange, ModelCallOptions, Subtomogram } from "./model.ts";

/** The landscape of one subtomogram, by what a model prepares for many. */
export function oneLandscape(
  model: Pick<AlignmentModel, "prepareLandscapes">,
  subtomogram: Subtomogram,
  { backend, maxShiftsPx, upsample = 1, ...run }: LandscapeRange & ModelCallOptions,
): Promise<Landscape> {
  return withBackend(backend, async (made) => {
    const prepared = await model.prepareLandscapes(made, { maxShiftsPx, upsample, ...run });
    try {
      return await prepared.landscape(subtomogram, run);
    } finally {
      prepared.dispose();
    }
  });
}

/** What was kept of one molecule, without the border. */
export function readLandscape(plan: AlignPlan): Landscape {
  const { candidates, shifts, border, shiftCount } = plan.layout;
  const all = new Float32Array(candidates * shiftCount);
  plan.read("responses", all);
  const [depth, height, width] = shifts.map((n, axis) => n - 2 * border[axis]);
  const data = new Float32Array(candidates * depth * height * width);
  let at = 0;
  for (let i = 0; i < candidates; i++)
    for (let z = border[0]; z < border[0] + depth; z++)
      for (let y = border[1]; y < border[1] + height; y++) {
        const row = i * shiftCount + (z * shifts[1] + y) * shifts[2] + border[2];
        data.set(all.subarray(row, row + width), at);
        at += width;
      }
  return { data, shape: [candidates, depth, height, width] };
}

/** Steps of 1 / upsample by the cubic spline. */
export function upsampled({ data, shape }: Landscape, maxShiftsPx: Zyx, upsample: number): Landscape {
  const [candidates, ...space] = shape;
  const coordinates = space.map((n, axis) => {
    const steps = Math.trunc(maxShiftsPx[axis] * upsample);
    return Float64Array.from({ length: 2 * steps + 1 }, (_, i) => (n - 1) / 2 + (i - steps) / upsample);
  });
  const [z, y, x] = coordinates;
  const voxels = space[0] * space[1] * space[2];
  const parts = Array.from({ length: candidates }, (_, i) => {
    const part = { data: data.subarray(i * voxels, (i + 1) * voxels), shape: space };
    return sampleGrid(part, { coordinates: [z, y, x], order: 3, boundary: "reflect" }).data;
  });
  const all = new Float32Array(candidates * z.length * y.length * x.length);
  parts.forEach((part, i) => {
    all.set(part, i * part.length);
  });
  return { data: all, shape: [candidates, z.length, y.length, x.length] };
}
