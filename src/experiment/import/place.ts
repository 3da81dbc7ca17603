/** Sites of a well in pixels, from the stage's µm. */

/** A site as the stage and the camera tell it. */
export interface StageSite {
  /** (y, x) of its centre, µm, y down. */
  readonly positionUm: readonly [number, number];
  readonly height: number;
  readonly width: number;
}

/** Where the sites of a well are. */
export interface PlacedSites {
  /** (y, x) of the upper left corners from the well's, whole pixels. */
  readonly positionsPx: readonly (readonly [number, number])[];
  /** Rows and columns, where all lie on a grid of whole sites; some rows and columns may be empty. */
  readonly grid?: readonly (readonly [number, number])[];
  /** Pairs that share pixels, in places that are no grid. */
  readonly overlaps: number;
}

/** (y, x) of the uppermost and leftmost corner of sites, pixels from where positions count. */
export function leastCorner(
  sites: readonly StageSite[],
  pixelSizeUm: number,
): readonly [y: number, x: number] {
  return sites
    .map((site) => cornerOf(site, pixelSizeUm))
    .reduce(([y, x], corner) => [Math.min(y, corner[0]), Math.min(x, corner[1])]);
}

function cornerOf({ positionUm: [y, x], height, width }: StageSite, pixelSizeUm: number): Place {
  return [y / pixelSizeUm - height / 2, x / pixelSizeUm - width / 2];
}

/** Stages write their place rounded: up to this many pixels beside a grid is on it. */
const SNAP_PX = 1;

/**
 * Corners of sites, from the well's corner. Where every site is within a pixel of a multiple of the site's size, it is
 * moved onto it: 5 sites of 2,560 pixels are 12,800 wide even if one step of 416.0 µm was written as 415.9.
 *
 * @param pixelSizeUm  µm per pixel
 * @param origin       (y, x) pixels that are the well's corner; default: the uppermost and leftmost of these sites
 */
export function placeSites(
  sites: readonly StageSite[],
  pixelSizeUm: number,
  origin: readonly [y: number, x: number] = leastCorner(sites, pixelSizeUm),
): PlacedSites {
  const places = sites.map((site) => {
    const [y, x] = cornerOf(site, pixelSizeUm);
    return [y - origin[0], x - origin[1]] as const;
  });
  const [{ height, width }] = sites;
  const grid = sites.every((site) => site.height === height && site.width === width)
    ? gridOf(places, [height, width])
    : undefined;
  if (grid !== undefined)
    return { positionsPx: grid.map(([row, column]) => [row * height, column * width]), grid, overlaps: 0 };
  const positionsPx = places.map(([y, x]) => [Math.round(y), Math.round(x)] as const);
  return { positionsPx, overlaps: overlapsOf(sites, positionsPx) };
}

type Place = readonly [number, number];

function gridOf(places: readonly Place[], sides: Place): readonly Place[] | undefined {
  const grid = places.map(([y, x]) => [Math.round(y / sides[0]), Math.round(x / sides[1])] as const);
  const isOn = grid.every(([row, column], i) =>
    [row * sides[0] - places[i][0], column * sides[1] - places[i][1]].every(
      (residual) => Math.abs(residual) <= SNAP_PX,
    ),
  );
  return isOn && new Set(grid.map(String)).size === grid.length ? grid : undefined;
}

function overlapsOf(sites: readonly StageSite[], places: readonly Place[]): number {
  let count = 0;
  for (const [i, [y, x]] of places.entries())
    for (const [before, [otherY, otherX]] of places.slice(0, i).entries()) {
      const isAcross = y < otherY + sites[before].height && otherY < y + sites[i].height;
      if (isAcross && x < otherX + sites[before].width && otherX < x + sites[i].width) count++;
    }
  return count;
}
