import type { Backend } from "../../compute/index.ts";
import { elementCount, type Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { createSampler } from "../kernels/index.ts";
import { invertQuaternion, type Quaternion, quaternionMatrix, type Zyx } from "../molecules/quaternion.ts";

/** Where a template comes to lie, in voxels. */
export interface Placement {
  readonly rotation: Quaternion;
  /** First voxel of the block, whole numbers. */
  readonly start: Zyx;
  /** Where in the block the template's centre lies. */
  readonly centre: Zyx;
}

/** Blocks at a time, as long as they have no more voxels than that. */
const AT_A_TIME = 32;
const VOXELS_AT_A_TIME = 2 ** 24;

/**
 * A template turned and moved into blocks: 0 where it ends.
 *
 * @param box    shape of the blocks; default the template's, which cuts off what a turned template has beyond it
 * @param visit  gets each block, which is overwritten afterwards, in the order of the placements
 */
export async function placeTemplate(
  template: PipeImage,
  placements: readonly Placement[],
  {
    backend,
    order,
    box = template.shape,
    signal,
    visit,
  }: {
    readonly backend: Backend;
    readonly order: 0 | 1 | 3;
    readonly box?: Shape3;
    readonly signal?: AbortSignal | undefined;
    readonly visit: (block: Float32Array, index: number) => void;
  },
): Promise<void> {
  const { shape, data } = template;
  if (placements.length === 0) return;
  const voxels = elementCount(box);
  const batch = Math.min(AT_A_TIME, placements.length, Math.max(1, Math.floor(VOXELS_AT_A_TIME / voxels)));
  const plan = createSampler(backend, { region: shape, box, order, batch });
  try {
    const block = new Float32Array(voxels);
    for (let begin = 0; begin < placements.length; begin += batch) {
      const part = placements.slice(begin, begin + batch);
      part.forEach((_, i) => {
        plan.set("regions", data, i);
      });
      await plan.run(
        part.map((placement) => boxPlace(placement, shape, box)),
        { ...(signal && { signal }) },
      );
      for (let i = 0; i < part.length; i++) {
        plan.read("volumes", block, i);
        visit(block, begin + i);
      }
    }
  } finally {
    plan.dispose();
  }
}

/** Which place of the template a voxel of the block shows: turned back about the template's centre. */
function boxPlace({ rotation, centre }: Placement, shape: Shape3, box: Shape3) {
  const turn = quaternionMatrix(invertQuaternion(rotation));
  const middle = shape.map((side) => (side - 1) / 2);
  const off = box.map((side, axis) => (side - 1) / 2 - centre[axis]);
  const at = (row: number) =>
    middle[row] + turn[3 * row] * off[0] + turn[3 * row + 1] * off[1] + turn[3 * row + 2] * off[2];
  return { turn, centre: [at(0), at(1), at(2)] as const, outside: 0 };
}

/**
 * Half of the sides of blocks in which turned templates have room: what a template has beyond its last voxels is 0.
 *
 * @param rotations  of the templates
 * @param order      of the spline: a cubic one rings for some voxels beyond the last that is not 0
 */
export function turnedReach(template: PipeImage, rotations: readonly Quaternion[], order: 0 | 1 | 3): Zyx {
  const halves = template.shape.map((side) => (side - 1) / 2);
  const ball = radiusOf(template) + (order === 3 ? RINGING : 1);
  const reach: [number, number, number] = [0, 0, 0];
  for (const rotation of rotations) {
    const turn = quaternionMatrix(rotation);
    for (let axis = 0; axis < 3; axis++) {
      const corner = halves.reduce((sum, half, k) => sum + Math.abs(turn[3 * axis + k]) * half, 0);
      reach[axis] = Math.max(reach[axis], Math.ceil(Math.min(corner, ball)));
    }
  }
  return reach;
}

/** What of a voxel a cubic spline still has in single precision so many voxels on: 0.268^12. */
const RINGING = 12;

/** From the middle of a volume to its farthest voxel that is not 0. */
function radiusOf({ data, shape: [depth, height, width] }: PipeImage): number {
  let square = 0;
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const across = (z - (depth - 1) / 2) ** 2 + (y - (height - 1) / 2) ** 2;
      for (let x = 0; x < width; x++, at++)
        if (data[at] !== 0) square = Math.max(square, across + (x - (width - 1) / 2) ** 2);
    }
  return Math.sqrt(square);
}

/** Adds a block times a weight to a volume; what lies outside is left out. */
export function addBlock(
  volume: PipeImage,
  block: PipeImage,
  {
    start,
    weight = 1,
    offset = 0,
  }: { readonly start: Zyx; readonly weight?: number; readonly offset?: number },
): void {
  const [depth, height, width] = volume.shape;
  const [boxDepth, boxHeight, boxWidth] = block.shape;
  const [x0, x1] = [Math.max(0, start[2]), Math.min(width, start[2] + boxWidth)];
  for (let z = Math.max(0, start[0]); z < Math.min(depth, start[0] + boxDepth); z++)
    for (let y = Math.max(0, start[1]); y < Math.min(height, start[1] + boxHeight); y++) {
      const to = (z * height + y) * width;
      const from = ((z - start[0]) * boxHeight + y - start[1]) * boxWidth - start[2];
      for (let x = x0; x < x1; x++) volume.data[to + x] += weight * (block.data[from + x] - offset);
    }
}

/** The sum of a block along z, from a plane on. */
export function sumAlongZ({ data, shape }: PipeImage, first = 0): PipeImage {
  const area = shape[1] * shape[2];
  const sum = new Float32Array(area);
  for (let i = first * area; i < data.length; i++) sum[i % area] += data[i];
  return { data: sum, shape: [1, shape[1], shape[2]] };
}
