/** How many values of each kind a search visits. */
export interface SearchCounts {
  readonly pixelSizes: number;
  readonly defocusValues: number;
  readonly orientations: number;
}

/** One correlation of a search. */
export interface SearchIndex {
  readonly pixelSize: number;
  readonly defocus: number;
  readonly orientation: number;
}

/** One number for a correlation, as Leopard-EM counts: pixel size slowest, then defocus, then orientation. */
export function globalIndex(index: SearchIndex, counts: SearchCounts): number {
  const plane = index.pixelSize * counts.defocusValues + index.defocus;
  return plane * counts.orientations + index.orientation;
}

/** The correlation that {@link globalIndex} counted. */
export function decodeGlobalIndex(index: number, counts: SearchCounts): SearchIndex {
  const plane = Math.floor(index / counts.orientations);
  return {
    pixelSize: Math.floor(plane / counts.defocusValues),
    defocus: plane % counts.defocusValues,
    orientation: index % counts.orientations,
  };
}
