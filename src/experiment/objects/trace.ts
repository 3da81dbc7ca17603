/** Label images to outlines along the edges of pixels. */
import type { Polygon, Ring } from "./shape.ts";

/** A block of a label image: an integer of at least 0 a pixel, row by row; 0 is background. */
export interface LabelBlock {
  readonly data: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  /** Where its upper left corner lies; default (0, 0). */
  readonly y?: number;
  readonly x?: number;
}

/** An object of a label image. */
export interface TracedLabel {
  readonly label: number;
  /** Parts in the order of their first pixels; those that touch at corners alone are parts of their own. */
  readonly polygons: readonly Polygon[];
}

/** Steps of a path by its direction: east, south, west, north. */
const STEP_X = [1, 0, -1, 0];
const STEP_Y = [0, 1, 0, -1];
const EAST = 0;

/**
 * Outlines of all labels of a block, in whole pixels: filling them gives the block back, pixel for pixel. Rings are simple, so that
 * every polygon is valid: the object lies to the right of its path (outer rings run clockwise on a screen), and a path that comes to a
 * corner twice is parted there.
 *
 * @param labels  those to trace; default all
 * @returns       in ascending order of labels
 */
export function traceLabels(block: LabelBlock, labels?: ReadonlySet<number>): TracedLabel[] {
  const { data, height, width } = block;
  const parts = connectedParts(block);
  const isTraced = new Uint8Array(height * width);
  const polygons = new Map<number, Ring[]>();
  for (let pixel = 0; pixel < data.length; pixel++) {
    const label = data[pixel];
    if (label === 0 || isTraced[pixel] === 1 || (pixel >= width && data[pixel - width] === label)) continue;
    if (labels !== undefined && !labels.has(label)) continue;
    for (const loop of tracePath(block, pixel, isTraced)) addLoop(polygons, parts[pixel], loop);
  }
  return byLabel(block, polygons);
}

/** A ring, and whether it runs round the outside. */
interface Loop {
  readonly ring: Ring;
  readonly isOuter: boolean;
}

function addLoop(polygons: Map<number, Ring[]>, part: number, { ring, isOuter }: Loop): void {
  const rings = polygons.get(part);
  if (rings === undefined) polygons.set(part, [ring]);
  else if (isOuter) rings.unshift(ring);
  else rings.push(ring);
}

/** A part's number is that of its first pixel, by which it is sorted. */
function byLabel({ data }: LabelBlock, polygons: ReadonlyMap<number, Ring[]>): TracedLabel[] {
  const found = new Map<number, Polygon[]>();
  for (const [part, rings] of [...polygons].sort(([a], [b]) => a - b)) {
    const label = data[part];
    const before = found.get(label);
    if (before === undefined) found.set(label, [rings]);
    else before.push(rings);
  }
  return [...found].sort(([a], [b]) => a - b).map(([label, polygons]) => ({ label, polygons }));
}

/**
 * The paths of one boundary, which starts at the upper edge of a pixel. Object pixels that meet at a corner alone are kept apart: at such
 * a corner the path turns round its own pixel.
 */
function tracePath(
  { data, height, width, y = 0, x = 0 }: LabelBlock,
  start: number,
  isTraced: Uint8Array,
): Loop[] {
  const label = data[start];
  const isObject = (row: number, column: number) =>
    row >= 0 && row < height && column >= 0 && column < width && data[row * width + column] === label;
  const startX = start % width;
  const startY = (start - startX) / width;
  const loops: Loop[] = [];
  // Corners of the path since the last parting, and where the path came to them.
  const path: number[] = [];
  const seen = new Map<number, number>();
  let [cornerX, cornerY, direction] = [startX, startY, EAST];
  do {
    const key = cornerY * (width + 1) + cornerX;
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, path.length);
      path.push(cornerX, cornerY);
    } else {
      loops.push(closeLoop(path.slice(before), { y, x }));
      for (let i = before + 2; i < path.length; i += 2) seen.delete(path[i + 1] * (width + 1) + path[i]);
      path.length = before + 2;
    }
    // straight on, until the path turns
    for (let turn = 0; turn === 0; ) {
      if (direction === EAST) isTraced[cornerY * width + cornerX] = 1;
      cornerX += STEP_X[direction];
      cornerY += STEP_Y[direction];
      turn = turnAt(cornerX, cornerY, { direction, isObject });
      direction = (direction + turn) & 3;
    }
  } while (cornerX !== startX || cornerY !== startY || direction !== EAST);
  loops.push(closeLoop(path, { y, x }));
  return loops;
}

/** The pixel ahead of a corner, on the right of a path, by its direction; that on the left is the one of the direction before. */
const AHEAD_Y = [0, 0, -1, -1];
const AHEAD_X = [0, -1, -1, 0];

/** By how many quarters a path turns at a corner, clockwise: 1 round its own pixel, 3 where both pixels ahead are the object's. */
function turnAt(x: number, y: number, { direction, isObject }: PathHead): number {
  if (!isObject(y + AHEAD_Y[direction], x + AHEAD_X[direction])) return 1;
  const left = (direction + 3) & 3;
  return isObject(y + AHEAD_Y[left], x + AHEAD_X[left]) ? 3 : 0;
}

interface PathHead {
  readonly direction: number;
  readonly isObject: (row: number, column: number) => boolean;
}

function closeLoop(path: readonly number[], { y, x }: { readonly y: number; readonly x: number }): Loop {
  const ring = new Float64Array(path.length + 2);
  for (let i = 0; i < path.length; i += 2) {
    ring[i] = path[i] + x;
    ring[i + 1] = path[i + 1] + y;
  }
  ring[path.length] = ring[0];
  ring[path.length + 1] = ring[1];
  return { ring, isOuter: isClockwise(ring) };
}

/** Whether a ring of whole numbers runs clockwise on a screen. */
function isClockwise(ring: Ring): boolean {
  let area = 0;
  for (let i = 0; i + 3 < ring.length; i += 2) area += (ring[i] - ring[0]) * (ring[i + 3] - ring[i + 1]);
  return area > 0;
}

/** For each pixel the first one, in the order of rows, that it is connected to through edges of its label. */
function connectedParts({ data, height, width }: LabelBlock): Int32Array {
  const parent = new Int32Array(height * width);
  const rootOf = (pixel: number) => {
    let root = pixel;
    while (parent[root] !== root) root = parent[root];
    while (parent[pixel] !== root) [parent[pixel], pixel] = [root, parent[pixel]];
    return root;
  };
  for (let row = 0, pixel = 0; row < height; row++)
    for (let column = 0; column < width; column++, pixel++) {
      const label = data[pixel];
      const left = column > 0 && data[pixel - 1] === label ? rootOf(pixel - 1) : pixel;
      const up = row > 0 && data[pixel - width] === label ? rootOf(pixel - width) : pixel;
      const root = Math.min(left, up);
      parent[pixel] = root;
      parent[left] = root;
      parent[up] = root;
    }
  for (let pixel = 0; pixel < parent.length; pixel++) parent[pixel] = rootOf(pixel);
  return parent;
}
