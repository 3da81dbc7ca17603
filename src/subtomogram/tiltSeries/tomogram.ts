import { elementCount, VitrineError } from "../../core/index.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import { IDENTITY } from "../molecules/quaternion.ts";
import type { TiltImages } from "./images.ts";
import { type ReconstructOptions, reconstructBoxes } from "./reconstruct.ts";
import type { TiltSeries } from "./tiltSeries.ts";

/** How a tomogram is put together. */
export interface TomogramPatches {
  /** Voxels between the centres of two boxes; default 64. */
  readonly patchSize?: number;
  /** Voxels beyond each patch in which neighbours are blended; default a quarter of the patch. */
  readonly blendMargin?: number;
}

/** Planes of a tomogram that are done. */
export interface TomogramPlanes {
  /** Of the first. */
  readonly z: number;
  /** (planes, height, width). */
  readonly data: Float32Array;
}

/** How the boxes of a tomogram are made, and where it lies. */
export type TomogramOptions = Omit<ReconstructOptions, "unseen"> &
  TomogramPatches & {
    /** Voxel (z, y, x) at which the tilt series' centre lies; default side // 2, as acryo. */
    readonly centre?: Zyx | undefined;
    /** Counts patches. */
    readonly onPatch?: ((done: number, total: number) => void) | undefined;
  };

/**
 * A tomogram of the images, by direct Fourier inversion of boxes that are blended where they overlap; in memory are as many planes as a box has.
 * Where no image shows anything it is 0.
 *
 * @returns  planes from the first to the last; neither workers nor how they are divided show
 * @throws {VitrineError} range: a patch below 8 voxels, or a margin beyond half of it; and what reading images throws
 * Source: acryo 0.9.1's `reconstruct_tomogram`.
 */
export async function* reconstructPlanes(
  series: TiltSeries,
  images: TiltImages,
  { shape, centre, onPatch, ...options }: TomogramOptions,
): AsyncGenerator<TomogramPlanes> {
  const { patch, margin } = patchesOf(options);
  const side = patch + 2 * margin;
  const [rows, columns, layers] = [1, 2, 0].map((axis) => axisPatches(shape[axis], { patch, margin }));
  const middle = centre ?? shape.map((n) => Math.floor(n / 2));
  const ring = {
    data: new Float32Array(side * shape[1] * shape[2]),
    shape: [side, shape[1], shape[2]] as const,
  };
  const total = layers.length * rows.length * columns.length;
  let done = 0;
  for (const [k, layer] of layers.entries()) {
    const places = rows.flatMap((row) => columns.map((column) => ({ row, column })));
    const boxes = places.map(({ row, column }) => ({
      place: placeOf([layer.start, row.start, column.start], { side, middle, scale: options.scale }),
      rotation: IDENTITY,
      at: `patch at ${layer.start}, ${row.start}, ${column.start}`,
    }));
    let i = 0;
    const own = { ...options, shape: [side, side, side] as const, boxes, unseen: "zeros" as const };
    for await (const box of reconstructBoxes(series, images, own)) {
      const { row, column } = places[i++];
      addWeighted(ring, box, [layer, row, column]);
      onPatch?.(++done, total);
    }
    // Planes that the next layer of boxes does not reach.
    const ready = k === layers.length - 1 ? side : patch;
    const planes = planesOf(ring, { from: layer.start, ready, depth: shape[0] });
    if (planes !== undefined) yield planes;
    const area = shape[1] * shape[2];
    ring.data.copyWithin(0, ready * area);
    ring.data.fill(0, (side - ready) * area);
  }
}

function patchesOf({ patchSize = 64, blendMargin = Math.floor(patchSize / 4) }: TomogramPatches) {
  if (!Number.isInteger(patchSize) || patchSize < LEAST_PATCH)
    throw wrong("patchSize", `a whole number from ${LEAST_PATCH}`, patchSize);
  const most = Math.floor(patchSize / 2);
  if (!Number.isInteger(blendMargin) || blendMargin < 0 || blendMargin > most)
    throw wrong("blendMargin", `a whole number from 0 to ${most}`, blendMargin);
  return { patch: patchSize, margin: blendMargin };
}

const LEAST_PATCH = 8;

function wrong(at: string, expected: string, found: number): VitrineError {
  return new VitrineError({ code: "range", at: `reconstructTomogram ${at}`, expected, found: `${found}` });
}

/** One of the boxes along an axis: its first voxel, and the weights of its voxels. */
interface AxisPatch {
  readonly start: number;
  readonly weights: Float64Array;
}

/** Weights rise over the voxels that two boxes share and sum to 1; the first and last box have theirs to the end. */
function axisPatches(
  length: number,
  { patch, margin }: { readonly patch: number; readonly margin: number },
): readonly AxisPatch[] {
  const count = Math.max(1, Math.ceil(length / patch));
  const side = patch + 2 * margin;
  const ramp = (i: number) => (margin === 0 ? 1 : Math.min(1, (i + 0.5) / (2 * margin)));
  return Array.from({ length: count }, (_, k) => ({
    start: k * patch - margin,
    weights: Float64Array.from({ length: side }, (_one, i) => {
      const rising = k === 0 ? 1 : ramp(i);
      return k === count - 1 ? rising : rising * ramp(side - 1 - i);
    }),
  }));
}

/** nm from the tilt series' centre to the centre, (n - 1) / 2, of a box. */
function placeOf(
  starts: readonly number[],
  {
    side,
    middle,
    scale,
  }: { readonly side: number; readonly middle: readonly number[]; readonly scale: number },
): Zyx {
  const [z, y, x] = starts.map((start, axis) => (start + (side - 1) / 2 - middle[axis]) * scale);
  return [z, y, x];
}

interface Volume {
  readonly data: Float32Array;
  readonly shape: readonly [number, number, number];
}

function addWeighted(
  { data, shape: [, height, width] }: Volume,
  box: Float32Array,
  [layer, row, column]: readonly [AxisPatch, AxisPatch, AxisPatch],
): void {
  const side = layer.weights.length;
  const [y0, y1] = [Math.max(0, -row.start), Math.min(side, height - row.start)];
  const [x0, x1] = [Math.max(0, -column.start), Math.min(side, width - column.start)];
  for (let z = 0; z < side; z++)
    for (let y = y0; y < y1; y++) {
      const weight = layer.weights[z] * row.weights[y];
      const to = (z * height + row.start + y) * width + column.start;
      const from = (z * side + y) * side;
      for (let x = x0; x < x1; x++) data[to + x] += weight * column.weights[x] * box[from + x];
    }
}

/** The first planes of the ring that lie in the tomogram. */
function planesOf(
  { data, shape }: Volume,
  { from, ready, depth }: { readonly from: number; readonly ready: number; readonly depth: number },
): TomogramPlanes | undefined {
  const [first, last] = [Math.max(0, from), Math.min(depth, from + ready)];
  if (first >= last) return undefined;
  const area = elementCount([1, shape[1], shape[2]]);
  return { z: first, data: data.slice((first - from) * area, (last - from) * area) };
}
