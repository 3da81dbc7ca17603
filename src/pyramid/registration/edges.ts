import type { PixelOffset, PixelSize } from "../geometry/levels.ts";
import type { ShiftBox } from "../kernels/index.ts";

/** A site where the stage says it is, pixels; fractions are allowed. */
export type NominalSite = PixelOffset & PixelSize;

/** Two sites that overlap, and the windows of each that are compared. */
export interface Edge extends PixelSize {
  /** Numbers of the sites; `first` is the lower one. */
  readonly first: number;
  readonly second: number;
  /** First pixel of the window in each site. */
  readonly inFirst: PixelOffset;
  readonly inSecond: PixelOffset;
  /** Shifts of the second window that are looked at. */
  readonly within: ShiftBox;
}

/** Overlaps thinner than this are not compared, pixels. */
const LEAST_OVERLAP = 8;
/** Sites count as neighbours where they share so much of a side: corners alone do not. */
const LEAST_SIDE = 0.5;
/** Above this part of a side the whole side is compared. */
const WHOLE_SIDE = 0.75;
/** Windows are as thick as that part of the side, and each next thickness by GROWTH larger, so that few sizes are enough for all. */
const LEAST_THICKNESS = 0.1;
const GROWTH = 1.25;
/** Part of the overlap that may stay outside of a window. */
const LEFT_OUT = 1.1;

/**
 * All pairs of sites that overlap along a side, in the order of their sites.
 *
 * @param maxShiftPx  by how much each may lie elsewhere than the stage says, relative to the other
 */
export function overlappingPairs(sites: readonly NominalSite[], maxShiftPx: number): Edge[] {
  const order = sites.map((_, i) => i).sort((a, b) => sites[a].y - sites[b].y || sites[a].x - sites[b].x);
  const edges: Edge[] = [];
  order.forEach((a, i) => {
    for (let k = i + 1; k < order.length; k++) {
      const b = order[k];
      if (sites[b].y >= sites[a].y + sites[a].height) break;
      const edge = edgeOf(sites, [Math.min(a, b), Math.max(a, b)], maxShiftPx);
      if (edge !== undefined) edges.push(edge);
    }
  });
  return edges.sort((a, b) => a.first - b.first || a.second - b.second);
}

function edgeOf(
  sites: readonly NominalSite[],
  [first, second]: readonly [number, number],
  maxShiftPx: number,
): Edge | undefined {
  const [a, b] = [sites[first], sites[second]];
  const y = axisOf(b.y - a.y, [a.height, b.height]);
  const x = axisOf(b.x - a.x, [a.width, b.width]);
  if (Math.min(y.overlap, x.overlap) < LEAST_OVERLAP) return undefined;
  if (Math.max(y.overlap / y.side, x.overlap / x.side) < LEAST_SIDE) return undefined;
  const [fromY, toY] = range(y, maxShiftPx);
  const [fromX, toX] = range(x, maxShiftPx);
  return {
    first,
    second,
    height: y.length,
    width: x.length,
    inFirst: { y: y.inFirst, x: x.inFirst },
    inSecond: { y: y.inSecond, x: x.inSecond },
    within: { fromY, toY, fromX, toX },
  };
}

/** One axis of an overlap. */
interface Axis {
  readonly overlap: number;
  /** The shorter of both sides. */
  readonly side: number;
  /** Length of the windows and where they begin. */
  readonly length: number;
  readonly inFirst: number;
  readonly inSecond: number;
  /** Shift of the windows if the stage is right. */
  readonly expected: number;
}

function axisOf(distance: number, [a, b]: readonly [number, number]): Axis {
  const side = Math.min(a, b);
  const overlap = Math.min(a, distance + b) - Math.max(0, distance);
  const length = overlap >= WHOLE_SIDE * side ? side : thickness(overlap, side);
  // The second site begins behind the first, or before it; windows of a whole side begin where both do.
  const inFirst = length === side ? 0 : distance > 0 ? a - length : 0;
  const inSecond = length === side ? 0 : distance > 0 ? 0 : b - length;
  return { overlap, side, length, inFirst, inSecond, expected: distance - inFirst + inSecond };
}

function thickness(overlap: number, side: number): number {
  for (let length = LEAST_THICKNESS * side; ; length *= GROWTH) {
    // Multiples of 4 have fast transforms nearly always.
    const whole = 4 * Math.ceil(length / 4);
    if (whole >= side) return side;
    if (whole >= 16 && LEFT_OUT * whole >= overlap) return whole;
  }
}

/** Whole shifts within the limit; a window has no more of them than pixels, and at its very ends two share nothing. */
function range({ expected, length }: Axis, maxShiftPx: number): readonly [number, number] {
  const middle = Math.round(expected);
  const limit = Math.min(maxShiftPx, Math.floor((length - 1) / 2) - 1);
  return [middle - limit, middle + limit];
}
