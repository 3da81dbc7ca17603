import { elementCount, type Shape3, VitrineError } from "../../core/index.ts";
import type { RegionView } from "../kernels/index.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import type { Tomogram } from "./tomogram.ts";

/** How boxes are read. */
export interface BoxOptions {
  /** Voxels of the box (z, y, x). */
  readonly shape: Shape3;
  /** Of the spline. */
  readonly order: 0 | 1 | 3;
  /** Read so much around that no turned corner lies outside of what is read. */
  readonly cornerSafe: boolean;
}

/** Voxels of the region that is read for a box, all of one size: the box (or its diagonal) and the spline's reach. */
export function regionShape({ shape, order, cornerSafe }: BoxOptions): Shape3 {
  const diagonal = Math.hypot(...shape);
  const side = (n: number) => (cornerSafe ? Math.trunc(diagonal + 2 * order + 1) : n + 2 * order + 1);
  return [side(shape[0]), side(shape[1]), side(shape[2])];
}

/** Where the values of a region go: all at once, or where they are to be. */
export interface RegionTarget {
  set(values: Float32Array): void;
  view(): RegionView;
}

/**
 * Reads the region of a box. What lies outside of the tomogram is filled line by line with the mean of the line, along z, then y,
 * then x.
 *
 * @param centre  of the box, in voxels of the tomogram
 * @param at      how errors call the molecule
 * @returns       the box's centre, in voxels of the region
 * @throws {VitrineError} range: a region wholly outside of the tomogram
 */
export async function readRegion(
  tomogram: Tomogram,
  centre: Zyx,
  options: BoxOptions & { readonly into: RegionTarget; readonly at: string; readonly signal?: AbortSignal },
): Promise<Zyx> {
  const { into, signal } = options;
  const sides = regionShape(options);
  const start = regionStart(centre, options);
  const from = start.map((first) => Math.max(0, first));
  const to = start.map((first, axis) => Math.min(tomogram.shape[axis], first + sides[axis]));
  if (from.some((first, axis) => first >= to[axis])) throw outsideError(tomogram, centre, options.at);
  const [low, high]: readonly Zyx[] = [
    [from[0], from[1], from[2]],
    [to[0], to[1], to[2]],
  ];
  const shape: Shape3 = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  if (tomogram.copy !== undefined && shape.every((side, axis) => side === sides[axis]))
    tomogram.copy(low, high, into.view());
  else {
    const inside = await tomogram.read(low, high, signal);
    const before = start.map((first, axis) => from[axis] - first);
    into.set(padWithMeans({ data: inside, shape }, before, sides));
  }
  return [centre[0] - start[0], centre[1] - start[1], centre[2] - start[2]];
}

/** Whether anything of the box's region lies in the tomogram. */
export function isInside(tomogramShape: Shape3, centre: Zyx, options: BoxOptions): boolean {
  const sides = regionShape(options);
  return regionStart(centre, options).every(
    (first, axis) => first < tomogramShape[axis] && first + sides[axis] > 0,
  );
}

/** @throws {VitrineError} range: nothing of the box's region lies in the tomogram, as {@link readRegion} says it */
export function requireInside(
  tomogram: Tomogram,
  centre: Zyx,
  options: BoxOptions & { readonly at: string },
): void {
  if (!isInside(tomogram.shape, centre, options)) throw outsideError(tomogram, centre, options.at);
}

/** First voxel of the box's region where all of it lies in the tomogram. */
export function wholeRegionStart(tomogramShape: Shape3, centre: Zyx, options: BoxOptions): Zyx | undefined {
  const sides = regionShape(options);
  const [z, y, x] = regionStart(centre, options);
  const isWhole = [z, y, x].every((first, i) => first >= 0 && first + sides[i] <= tomogramShape[i]);
  return isWhole ? [z, y, x] : undefined;
}

/** Rounded towards zero, as acryo's. */
function regionStart(centre: Zyx, { shape, order, cornerSafe }: BoxOptions): number[] {
  const diagonal = Math.hypot(...shape);
  return centre.map((place, axis) => Math.trunc(place - (cornerSafe ? diagonal : shape[axis]) / 2 - order));
}

/** @throws {VitrineError} range: the mean of a region with a value that is no number */
export function requireFiniteMean(mean: number, at: string): void {
  if (Number.isFinite(mean)) return;
  const hint = "Replace such voxels before, or leave the molecule out";
  throw new VitrineError({
    code: "range",
    at,
    expected: "numbers in the tomogram",
    found: "NaN or infinity",
    hint,
  });
}

interface Block {
  readonly data: Float32Array;
  readonly shape: Shape3;
}

/** As numpy's `pad` with mode `mean`: each axis in turn by the means of its lines, those of the axes before included. */
function padWithMeans(block: Block, before: readonly number[], shape: Shape3): Float32Array {
  let padded = block;
  for (let axis = 0; axis < 3; axis++)
    if (padded.shape[axis] < shape[axis])
      padded = padAxis(padded, axis, { before: before[axis], length: shape[axis] });
  return padded.data;
}

function padAxis(
  { data, shape }: Block,
  axis: number,
  { before, length }: { readonly before: number; readonly length: number },
): Block {
  const [outer, inner] = [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis + 1))];
  const own = shape[axis];
  const result = new Float32Array(outer * length * inner);
  const means = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    const source = data.subarray(o * own * inner, (o + 1) * own * inner);
    means.fill(0);
    for (let i = 0; i < source.length; i++) means[i % inner] += source[i] / own;
    const target = result.subarray(o * length * inner, (o + 1) * length * inner);
    for (let k = 0; k < length; k++) if (k < before || k >= before + own) target.set(means, k * inner);
    target.set(source, before * inner);
  }
  const at = (i: number) => (i === axis ? length : shape[i]);
  return { data: result, shape: [at(0), at(1), at(2)] };
}

function outsideError({ name, shape }: Tomogram, centre: Zyx, at: string): VitrineError {
  return new VitrineError({
    code: "range",
    at: `${name}, ${at}`,
    expected: `a place whose box touches the ${shape.join(" x ")} voxels of the tomogram (z, y, x)`,
    found: `the voxel ${centre.map((place) => place.toFixed(1)).join(", ")}`,
    hint: "Check the scale, or leave such molecules out (--drop-outside)",
  });
}
