/** Zooms whose tiles' numbers are exact in a double. */
export const LARGEST_ZOOM = 26;

/**
 * Place of a square on Hilbert's curve over 2^bits x 2^bits squares. The four that make one of half as many are neighbours on it, in the
 * order of the larger ones, so that a block of tiles is one piece of the curve.
 *
 * Source: Hilbert 1891, Math. Ann. 38:459, in the orientation of PMTiles 3.
 */
export function hilbertIndex(bits: number, column: number, row: number): number {
  let [x, y, index] = [column, row, 0];
  for (let side = 2 ** (bits - 1); side >= 1; side /= 2) {
    const right = x >= side ? 1 : 0;
    const low = y >= side ? 1 : 0;
    index += side * side * ((3 * right) ^ low);
    [x, y] = [x - right * side, y - low * side];
    if (low === 1) continue;
    [x, y] = right === 1 ? [side - 1 - y, side - 1 - x] : [y, x];
  }
  return index;
}

/** Number of a tile in a PMTiles archive: zoom by zoom, each along Hilbert's curve. */
export function tileNumber(zoom: number, column: number, row: number): number {
  return (4 ** zoom - 1) / 3 + hilbertIndex(zoom, column, row);
}
