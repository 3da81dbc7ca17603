import type { Peak } from "./peaks.ts";

/** Peaks, best first, each unless a better one lies nearer than the radius; as `findPeaks`. */
export function distinctPeaks<Found extends Peak>(peaks: readonly Found[], radiusPx: number): Found[] {
  const kept: Found[] = [];
  for (const peak of [...peaks].sort((a, b) => b.zScore - a.zScore || a.y - b.y || a.x - b.x)) {
    const isFree = kept.every(({ y, x }) => Math.hypot(y - peak.y, x - peak.x) >= radiusPx);
    if (isFree) kept.push(peak);
  }
  return kept;
}
