/** Where the corner of each well is on the stage, so that a missing row or column of sites moves no other. */
import { leastCorner, type StageSite } from "./place.ts";

/** A site of a well, by its number, which is the same in all wells of a plate. */
export interface NumberedSite extends StageSite {
  readonly site: number;
}

type Place = readonly [y: number, x: number];

/** What is less than this part of a site's side is the stage's error, not a row or column that is missing. */
const MISSING_SIDE = 0.25;
const AXES = [0, 1] as const;

/**
 * Corners of the wells of a plate, pixels of the stage. A well's corner is that of its uppermost and leftmost sites, unless other wells have
 * sites further up or left: told by positions from the wells' centres, else by the numbers of the sites where those that wells share
 * lie alike.
 *
 * @param wells       sites by the wells' names, none empty
 * @param isFromWell  positions are from the wells' centres
 */
export function wellOrigins(
  wells: ReadonlyMap<string, readonly NumberedSite[]>,
  { pixelSizeUm, isFromWell }: { readonly pixelSizeUm: number; readonly isFromWell: boolean },
): ReadonlyMap<string, Place> {
  const own = new Map([...wells].map(([well, sites]) => [well, leastCorner(sites, pixelSizeUm)]));
  const beyond = isFromWell
    ? beyondLeast(own)
    : beyondPattern([...wells].map(([well, sites]) => ({ well, sites, pixelSizeUm })));
  return new Map(
    [...wells].map(([well, [{ height, width }]]) => {
      const [corner, more] = [own.get(well) ?? [0, 0], beyond.get(well) ?? [0, 0]];
      const sides = [height, width];
      const at = AXES.map(
        (axis) => corner[axis] - (more[axis] > MISSING_SIDE * sides[axis] ? more[axis] : 0),
      );
      return [well, [at[0], at[1]] as const];
    }),
  );
}

/** How far the corner of each well lies from the least of all. */
function beyondLeast(own: ReadonlyMap<string, Place>): ReadonlyMap<string, Place> {
  const least = AXES.map((axis) => Math.min(...[...own.values()].map((corner) => corner[axis])));
  return new Map([...own].map(([well, [y, x]]) => [well, [y - least[0], x - least[1]]]));
}

interface PatternWell {
  readonly well: string;
  readonly sites: readonly NumberedSite[];
  readonly pixelSizeUm: number;
}

/** The same by where sites of each number lie, as the wells with most sites have it; wells that have another pattern are left out. */
function beyondPattern(wells: readonly PatternWell[]): ReadonlyMap<string, Place> {
  const places = new Map<number, Place>();
  const alike: PatternWell[] = [];
  for (const one of [...wells].sort((a, b) => b.sites.length - a.sites.length)) {
    const shift = places.size === 0 ? [0, 0] : shiftOf(one, places);
    if (shift === undefined) continue;
    alike.push(one);
    for (const site of one.sites) {
      const [y, x] = leastCorner([site], one.pixelSizeUm);
      if (!places.has(site.site)) places.set(site.site, [y - shift[0], x - shift[1]]);
    }
  }
  const leastOf = (all: readonly Place[]) => AXES.map((axis) => Math.min(...all.map((place) => place[axis])));
  const least = leastOf([...places.values()]);
  return new Map(
    alike.map(({ well, sites }) => {
      const [y, x] = leastOf(
        sites.flatMap(({ site }) => [places.get(site)].filter((place) => place !== undefined)),
      );
      return [well, [y - least[0], x - least[1]]];
    }),
  );
}

/** By how much a well's sites lie elsewhere than the pattern has those of their numbers; undefined where they do not do so alike. */
function shiftOf({ sites, pixelSizeUm }: PatternWell, places: ReadonlyMap<number, Place>): Place | undefined {
  const shifts = sites.flatMap((site) => {
    const place = places.get(site.site);
    const [y, x] = leastCorner([site], pixelSizeUm);
    return place === undefined ? [] : [[y - place[0], x - place[1]] as const];
  });
  if (shifts.length === 0) return undefined;
  const [{ height, width }] = sites;
  const isAlike = AXES.every((axis) => {
    const all = shifts.map((shift) => shift[axis]);
    return Math.max(...all) - Math.min(...all) <= MISSING_SIDE * [height, width][axis];
  });
  return isAlike ? shifts[0] : undefined;
}
