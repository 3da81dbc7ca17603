import type { Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import type { Quaternion, Zyx } from "../molecules/quaternion.ts";
import { type Placement, turnedReach } from "./blocks.ts";

/** A molecule where it is drawn. */
export interface Drawn {
  /** Of its centre, voxels. */
  readonly place: Zyx;
  readonly rotation: Quaternion;
}

/** The blocks of the molecules of one template. */
export interface BlockLayout {
  readonly box: Shape3;
  readonly placements: readonly Placement[];
}

/** Blocks that have room for all of a turned template. */
export function wholeBlocks(template: PipeImage, drawn: readonly Drawn[], order: 0 | 1 | 3): BlockLayout {
  return roomyBlocks(template, drawn, { order, first: (place, reach) => Math.floor(place) - reach });
}

/** The same of an image. Along the direction of view it shows the planes of a template that is not turned, wherever that is. */
export function wholeImageBlocks(
  template: PipeImage,
  drawn: readonly Drawn[],
  order: 0 | 1 | 3,
): BlockLayout {
  const half = (template.shape[0] - 1) / 2;
  const first = (place: number, reach: number, axis: number) =>
    axis === 0 ? place - half - Math.ceil(reach - half) : Math.floor(place) - reach;
  return roomyBlocks(template, drawn, { order, first });
}

function roomyBlocks(
  template: PipeImage,
  drawn: readonly Drawn[],
  {
    order,
    first,
  }: {
    readonly order: 0 | 1 | 3;
    readonly first: (place: number, reach: number, axis: number) => number;
  },
): BlockLayout {
  const rotations = drawn.map(({ rotation }) => rotation);
  const reach = turnedReach(template, rotations, order);
  const placements = drawn.map(({ place, rotation }): Placement => {
    const start = triple((axis) => first(place[axis], reach[axis], axis));
    return { rotation, start, centre: triple((axis) => place[axis] - start[axis]) };
  });
  return { box: triple((axis) => 2 * reach[axis] + 2), placements };
}

/** acryo 0.9.1's blocks of a volume: of the template's shape, those of even sides half a voxel off. Places are its own, in single precision. */
export function acryoBlocks({ shape }: PipeImage, drawn: readonly Drawn[]): BlockLayout {
  const placements = drawn.map(({ place, rotation }): Placement => {
    const start = triple((axis) => Math.trunc(place[axis]) - Math.trunc((shape[axis] - 1) / 2));
    const centre = triple((axis) => (shape[axis] - 1) / 2 + place[axis] - Math.trunc(place[axis]));
    return { rotation, start, centre };
  });
  return { box: shape, placements };
}

/** acryo 0.9.1's blocks of an image: of the template's shape, whole along the direction of view. */
export function acryoImageBlocks({ shape }: PipeImage, drawn: readonly Drawn[]): BlockLayout {
  const placements = drawn.map(({ place, rotation }): Placement => {
    const first = triple((axis) => place[axis] - (shape[axis] - 1) / 2);
    const start: Zyx = [first[0], Math.trunc(first[1]), Math.trunc(first[2])];
    return { rotation, start, centre: triple((axis) => place[axis] - start[axis]) };
  });
  return { box: shape, placements };
}

function triple(of: (axis: number) => number): readonly [number, number, number] {
  return [of(0), of(1), of(2)];
}
