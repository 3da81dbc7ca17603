/** From which zoom on objects are shown: first their centroids, then their outlines. */

/** Thresholds of a layer as its table has them: of outlines, of centroids. */
export type Thresholds = readonly [polygonThresh: number, centroidThresh: number];

/** Written where the map's depth decides, which may change: 4 zooms above the last for outlines, 6 for centroids. */
export const BY_DEPTH: Thresholds = [-1, -1];
/** The same of points, which have no outline: never, and 1 zoom above the last. */
export const POINTS_BY_DEPTH: Thresholds = [-2, -2];

/**
 * The thresholds of a layer on a map of this depth.
 *
 * @param maxZoom  zoom of full resolution
 *
 * Source: TissueMAPS, tmlib (MapobjectType, jterator's collect).
 */
export function thresholdsAt(maxZoom: number, [polygonThresh, centroidThresh]: Thresholds): Thresholds {
  if (polygonThresh >= 0) return [polygonThresh, Math.max(0, centroidThresh)];
  const shown = polygonThresh === POINTS_BY_DEPTH[0] ? maxZoom + 1 : Math.max(0, maxZoom - 4);
  return [shown, Math.max(0, shown - 2)];
}
