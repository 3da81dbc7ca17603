import type { Matrix3 } from "../../core/index.ts";
import { angleBetweenDeg } from "../../optics/index.ts";
import type { CorrelationTable } from "../search/correlationTable.ts";
import { type Detection, detectionAt, zScoreAt } from "./detections.ts";

/** A correlation near a peak, beside the peak's best one. */
export interface Neighbour extends Detection {
  /** Of the rotation from the best pose, in degrees, modulo the symmetry. */
  readonly angleDeg: number;
}

/** A place of a table with everything that is known around it. */
export interface InspectedPeak extends Detection {
  /** All correlations of the table nearer than the mask radius that belong to no better peak; the best is the first. */
  readonly near: readonly Neighbour[];
  /** The best of them that is turned by more than the angle at which poses count as others; null: there is none. */
  readonly rival: Neighbour | null;
}

/** How peaks are told from each other. */
export interface InspectChoice {
  /** Correlations nearer than this to a better one belong to its peak; pixels, exclusive. */
  readonly maskRadiusPx: number;
  /** So many peaks, the best. */
  readonly limit: number;
  /** Poses farther apart than this are others; degrees. */
  readonly rivalDeg: number;
  /** Rotations of the template's point group. */
  readonly symmetry: readonly Matrix3[];
}

/** The peaks of a table by z-score, best first; of equal z-scores the row that comes first. */
export function inspectedPeaks(table: CorrelationTable, choice: InspectChoice): InspectedPeak[] {
  const scores = Float64Array.from(table.x, (_, row) => zScoreAt(table, row));
  const order = Uint32Array.from(table.x, (_, row) => row).sort((a, b) => scores[b] - scores[a] || a - b);
  const groups: number[][] = [];
  for (const row of order) {
    const group = groups.find(([best]) => isNear(table, [best, row], choice.maskRadiusPx));
    if (group !== undefined) group.push(row);
    else if (groups.length < choice.limit) groups.push([row]);
  }
  return groups.map((rows) => toPeak(table, rows, choice));
}

function isNear({ x, y }: CorrelationTable, [a, b]: readonly [number, number], radius: number): boolean {
  return a === b || Math.hypot(x[a] - x[b], y[a] - y[b]) < radius;
}

function toPeak(table: CorrelationTable, rows: readonly number[], choice: InspectChoice): InspectedPeak {
  const best = detectionAt(table, rows[0]);
  const near = rows.map((row): Neighbour => {
    const found = detectionAt(table, row);
    return { ...found, angleDeg: angleBetweenDeg(best, found, choice.symmetry) };
  });
  return { ...best, near, rival: near.find(({ angleDeg }) => angleDeg > choice.rivalDeg) ?? null };
}
