import { VitrineError } from "../../core/index.ts";
import { type PipeImage, sameShape } from "../image.ts";
import type { SplineBoundary, SplineOrder } from "./bspline.ts";
import { sampleGrid } from "./sample.ts";

/**
 * What is outside an image: `nearest` its edge, `constant` the value `cval`, the others the image itself, see {@link SplineBoundary}; `wrap` as
 * scipy's shift has it: the last voxel is the first of the next copy, so that copies are n - 1 voxels apart.
 */
export type OutsideMode = "nearest" | "constant" | SplineBoundary;

/** Modes of what is outside, for checks and messages. */
export const OUTSIDE_MODES: readonly OutsideMode[] = ["nearest", "constant", "reflect", "mirror", "wrap"];

/** How an image is moved. */
export interface MoveOptions {
  /** Voxels, (z, y, x). */
  readonly shiftPx: readonly [number, number, number];
  readonly order: SplineOrder;
  readonly mode: OutsideMode;
  readonly cval: number;
}

/** What scipy adds of the edge on each side: a cubic spline's memory, 0.268^12, is gone there in single precision. */
const EDGE = 12;

/** out(x) = in(x - shift), by the image's spline. */
export function moveImage(image: PipeImage, { shiftPx, order, mode, cval }: MoveOptions): PipeImage {
  const places = image.shape.map((n, axis) => Float64Array.from({ length: n }, (_, i) => i - shiftPx[axis]));
  if (mode === "constant") return constantOutside(image, places, { order, cval });
  if (mode === "nearest") return nearestOutside(image, places, order);
  const isWrapped = mode === "wrap";
  const [z, y, x] = isWrapped ? places.map((axis, i) => wrapped(axis, image.shape[i])) : places;
  return sampleGrid(image, { coordinates: [z, y, x], order, boundary: isWrapped ? "mirror" : mode });
}

/** Places inside copies that share their ends. */
function wrapped(places: Float64Array, length: number): Float64Array {
  const period = length - 1;
  if (period === 0) return places.map(() => 0);
  return places.map((at) => {
    if (at < 0) return at + period * (Math.trunc(-at / period) + 1);
    return at > period ? at - period * Math.trunc(at / period) : at;
  });
}

/** Places outside give the constant; the spline inside is that of the mirrored image. */
function constantOutside(
  image: PipeImage,
  places: readonly Float64Array[],
  { order, cval }: { readonly order: SplineOrder; readonly cval: number },
): PipeImage {
  const [z, y, x] = places.map((axis, i) => axis.map((at) => Math.min(Math.max(at, 0), image.shape[i] - 1)));
  const { data } = sampleGrid(image, { coordinates: [z, y, x], order, boundary: "mirror" });
  const outside = places.map((axis, i) => Array.from(axis, (at) => at < 0 || at > image.shape[i] - 1));
  let at = 0;
  for (const isOutsideZ of outside[0])
    for (const isOutsideY of outside[1])
      for (const isOutsideX of outside[2]) {
        if (isOutsideZ || isOutsideY || isOutsideX) data[at] = cval;
        at++;
      }
  return sameShape(image, data);
}

/** The edge goes on for some voxels, and is where places lie beyond them. */
function nearestOutside(image: PipeImage, places: readonly Float64Array[], order: SplineOrder): PipeImage {
  const padded = padEdges(image);
  const [z, y, x] = places.map((axis, i) =>
    axis.map((at) => Math.min(Math.max(at + EDGE, 0), padded.shape[i] - 1)),
  );
  return sampleGrid(padded, { coordinates: [z, y, x], order, boundary: "mirror" });
}

function padEdges({ data, shape }: PipeImage): PipeImage {
  const [depth, height, width] = [shape[0] + 2 * EDGE, shape[1] + 2 * EDGE, shape[2] + 2 * EDGE];
  const inside = (at: number, length: number) => Math.min(Math.max(at - EDGE, 0), length - 1);
  const padded = new Float32Array(depth * height * width);
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const row = (inside(z, shape[0]) * shape[1] + inside(y, shape[1])) * shape[2];
      for (let x = 0; x < width; x++) padded[at++] = data[row + inside(x, shape[2])];
    }
  return { data: padded, shape: [depth, height, width] };
}

/** @throws {VitrineError} range: no order of a spline that is here */
export function requireSplineOrder(order: number, at: string): SplineOrder {
  if (order === 0 || order === 1 || order === 2 || order === 3) return order;
  throw new VitrineError({ code: "range", at, expected: "an order of 0, 1, 2 or 3", found: `${order}` });
}

/** @throws {VitrineError} range: none of {@link OUTSIDE_MODES} */
export function requireOutsideMode(mode: OutsideMode, at: string): void {
  if (OUTSIDE_MODES.includes(mode)) return;
  throw new VitrineError({
    code: "range",
    at,
    expected: `one of ${OUTSIDE_MODES.join(", ")}`,
    found: `${mode}`,
  });
}
