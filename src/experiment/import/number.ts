/** The microscope's numbers as ours, which count from 0; and planes that are there twice. */
import type { NumberedField } from "./found.ts";
import { groupBy } from "./group.ts";
import { firstLines } from "./notes.ts";
import type { Plane } from "./planes.ts";

/** Ours, with the row and column of the site in its well where names tell it, from 0. */
export interface NumberedPlane extends Plane {
  readonly grid?: readonly [number, number];
  /** The channel's name in the files. */
  readonly foundChannel: string;
}

/**
 * Numbers sites, cycles, time points and z planes from 0. A series that begins with 1 or more is taken to count from 1, so that a
 * missing first one, or one in between, moves no other; files that are known to count from 0 say so.
 */
export function numberPlanes(planes: readonly Plane[]): NumberedPlane[] {
  const placed = [...groupBy(planes, ({ plate }) => plate).values()].flatMap(withGrid);
  const isKnown = ({ found: { fromZero = [] } }: Plane, field: NumberedField) => fromZero.includes(field);
  const first = (field: NumberedField) =>
    firstOf(placed.filter((plane) => !isKnown(plane, field)).map((plane) => plane[field]));
  const firsts = { site: first("site"), tpoint: first("tpoint"), zplane: first("zplane") };
  const number = (plane: Plane, field: NumberedField) =>
    plane[field] - (isKnown(plane, field) ? 0 : firsts[field]);
  // the number of a cycle is a user's word, which a later import refers to
  const cycle = Math.min(0, firstOf(placed.map((plane) => plane.cycle)));
  return placed.map((plane) => ({
    ...plane,
    foundChannel: plane.channel,
    site: number(plane, "site"),
    cycle: plane.cycle - cycle,
    tpoint: number(plane, "tpoint"),
    zplane: number(plane, "zplane"),
  }));
}

/** What counts from 1 has no 0. */
function firstOf(numbers: readonly number[]): number {
  const least = numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  return least >= 1 ? 1 : least;
}

/** Sites that names tell by row and column alone get numbers row by row, the same in every well of the plate. */
function withGrid(planes: readonly Plane[]): (Plane & Pick<NumberedPlane, "grid">)[] {
  const grids = planes.flatMap(({ found }) => (found.grid === undefined ? [] : [found.grid]));
  if (grids.length === 0) return [...planes];
  const [top, left, right] = grids.reduce(
    ([top, left, right], [y, x]) => [Math.min(top, y), Math.min(left, x), Math.max(right, x)],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  return planes.map((plane) => {
    if (plane.found.grid === undefined) return plane;
    const grid = [plane.found.grid[0] - top, plane.found.grid[1] - left] as const;
    const site = Number.isNaN(plane.site) ? grid[0] * (right - left + 1) + grid[1] : plane.site;
    return { ...plane, grid, site };
  });
}

/** The first of planes that are the same, each other one named. */
export function oncePlanes(planes: readonly NumberedPlane[], warnings: string[]): NumberedPlane[] {
  const first = new Map<string, NumberedPlane>();
  const lines: string[] = [];
  for (const plane of planes) {
    const { plate, well, site, cycle, channel, tpoint, zplane } = plane;
    const key = [plate, well, site, cycle, channel, tpoint, zplane].join("\u0000");
    const before = first.get(key);
    if (before === undefined) first.set(key, plane);
    // a plane may be recorded twice, where it was taken again
    else if (plane.found.path !== before.found.path || !isSamePlane(plane, before))
      lines.push(
        `${plane.found.path}: the same plane as ${before.found.path} (plate ${plate} well ${well} site ${site} ${channel} t ${tpoint} z ${zplane}): left out`,
      );
  }
  const more =
    "the same planes as others: left out (as another plate or cycle, import their folder alone with --plate or --cycle)";
  warnings.push(...firstLines(lines, (rest) => `${rest} more files are ${more}`));
  return [...first.values()];
}

function isSamePlane(a: Plane, b: Plane): boolean {
  return a.found.image === b.found.image && JSON.stringify(a.plane) === JSON.stringify(b.plane);
}
