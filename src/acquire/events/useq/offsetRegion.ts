import {
  boundsOf,
  lineIntersection,
  type Region,
  type Segment,
  signedArea,
  windingNumber,
} from "./region.ts";
import type { Point } from "./traversal.ts";

/** Corners reach at most this many offsets from where they were; then they are cut. */
const MITRE_LIMIT = 5;

/**
 * A region grown (offset above 0) or shrunk on all sides, its corners kept sharp; of what falls apart, the largest part. Empty
 * if nothing is left.
 *
 * @param region  one outline
 * @param offset  µm
 * Source: `shapely.buffer(join_style="mitre")`, whose corners these are.
 */
export function offsetRegion(region: Region, offset: number): Region {
  const raw = offsetCurve(region, offset);
  const { left, right, bottom, top } = boundsOf(raw);
  const scale = Math.max(right - left, top - bottom);
  const border = nodeSegments(raw, scale * 1e-9).filter((piece) => isBorder(piece, raw, scale * 1e-7));
  return largestPart(border, scale * 1e-6);
}

/** The edges at their offset and the joins between them: closed, but it may cross itself. */
function offsetCurve(region: Region, offset: number): Region {
  const edges = region.map((edge) => offsetSegment(edge, offset));
  const corners = region.flatMap((edge, i): Point[] => {
    const before = edges[(i + edges.length - 1) % edges.length];
    return mitreJoin([before, edges[i]], edge[0], offset);
  });
  return corners.map((corner, i) => [corner, corners[(i + 1) % corners.length]]);
}

function offsetSegment([[ax, ay], [bx, by]]: Segment, offset: number): Segment {
  const [dx, dy] = [bx - ax, by - ay];
  const length = Math.sqrt(dx * dx + dy * dy);
  const [ux, uy] = [(-offset * dx) / length, (-offset * dy) / length];
  return [
    [ax - uy, ay + ux],
    [bx - uy, by + ux],
  ];
}

/** The points that join two offset edges which met in a corner. */
function mitreJoin([before, after]: readonly [Segment, Segment], corner: Point, offset: number): Point[] {
  const turn = Math.sign(
    (before[1][0] - before[0][0]) * (after[1][1] - after[0][1]) -
      (before[1][1] - before[0][1]) * (after[1][0] - after[0][0]),
  );
  if (turn === 0) return [before[1], after[0]];
  // Inside a bend the edges cross; through the corner, what lies beyond winds the wrong way and falls away.
  if (turn * offset < 0) return [before[1], corner, after[0]];
  const tip = lineIntersection(before, after);
  const limit = MITRE_LIMIT * Math.abs(offset);
  if (tip === undefined) return [before[1], after[0]];
  if (Math.hypot(tip[0] - corner[0], tip[1] - corner[1]) <= limit) return [tip];
  return limitedMitreJoin([before, after], corner, { tip, limit });
}

/** Across the way from the corner to the tip, at the limit. */
function limitedMitreJoin(
  [before, after]: readonly [Segment, Segment],
  corner: Point,
  { tip, limit }: { tip: Point; limit: number },
): Point[] {
  const way = Math.hypot(tip[0] - corner[0], tip[1] - corner[1]);
  const [ux, uy] = [(tip[0] - corner[0]) / way, (tip[1] - corner[1]) / way];
  const middle: Point = [corner[0] + limit * ux, corner[1] + limit * uy];
  const cut: Segment = [middle, [middle[0] - uy * limit, middle[1] + ux * limit]];
  return [lineIntersection(before, cut) ?? before[1], lineIntersection(after, cut) ?? after[0]];
}

/** The border, cut where it crosses or touches itself. */
function nodeSegments(border: Region, tolerance: number): Region {
  return border.flatMap((segment): Segment[] => {
    const cuts = border.flatMap((other) => (other === segment ? [] : nodesOn(segment, other, tolerance)));
    const [[ax, ay]] = segment;
    const away = ([x, y]: Point) => Math.hypot(x - ax, y - ay);
    const points = [segment[0], ...cuts, segment[1]].sort((p, q) => away(p) - away(q));
    const pieces = points.slice(1).map((to, i): Segment => [points[i], to]);
    return pieces.filter(([p, q]) => Math.hypot(q[0] - p[0], q[1] - p[1]) > tolerance);
  });
}

function nodesOn(segment: Segment, other: Segment, tolerance: number): readonly Point[] {
  const point = lineIntersection(segment, other);
  if (point === undefined) return other.filter((end) => liesOn(end, segment, tolerance));
  return liesOn(point, segment, tolerance) && liesOn(point, other, tolerance) ? [point] : [];
}

function liesOn([x, y]: Point, [[ax, ay], [bx, by]]: Segment, tolerance: number): boolean {
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  if (square === 0) return false;
  const along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy) <= tolerance;
}

/** Whether there is region to the left of a piece and none to its right. */
function isBorder([[ax, ay], [bx, by]]: Segment, border: Region, tolerance: number): boolean {
  const length = Math.hypot(bx - ax, by - ay);
  const [nx, ny] = [(-(by - ay) / length) * tolerance, ((bx - ax) / length) * tolerance];
  const [x, y] = [(ax + bx) / 2, (ay + by) / 2];
  return windingNumber(border, [x + nx, y + ny]) > 0 && windingNumber(border, [x - nx, y - ny]) <= 0;
}

/** All of a region of one part, else the part with the largest area. */
function largestPart(border: Region, tolerance: number): Region {
  const parts = connected(border, tolerance).map((part) => ({ part, area: signedArea(part) }));
  const outlines = parts.filter(({ area }) => area > 0).sort((a, b) => b.area - a.area);
  return outlines.length > 1 ? outlines[0].part : border;
}

/** Pieces by what they hang together with. */
function connected(border: Region, tolerance: number): readonly Region[] {
  const left = new Set(border);
  const parts: Segment[][] = [];
  for (const first of border) {
    if (!left.delete(first)) continue;
    const part = [first];
    for (const piece of part) {
      for (const other of left) {
        if (!isClose(piece[1], other[0], tolerance)) continue;
        left.delete(other);
        part.push(other);
      }
    }
    parts.push(part);
  }
  return parts;
}

function isClose(a: Point, b: Point, tolerance: number): boolean {
  return Math.hypot(a[0] - b[0], a[1] - b[1]) <= tolerance;
}
