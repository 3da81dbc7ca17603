/** What is not there: wells, sites, time points, planes, by what else is there and by what the microscope was told to take. */

import { parseWellName, wellName } from "../../io/index.ts";
import type { PlannedImages } from "./found.ts";
import { groupBy } from "./group.ts";
import type { NumberedPlane } from "./number.ts";

/** Planes of a site that a line names. */
const NAMED = 6;

/** A line each; all numbers count from 0. */
export function missingLines(planes: readonly NumberedPlane[], planned: PlannedImages): string[] {
  return [...groupBy(planes, ({ plate }) => plate)].flatMap(([plate, group]) => [
    ...missingWells(plate, group, planned.wells?.[plate]),
    ...missingSites(plate, group, planned.sites ?? 0),
    ...missingTimePoints(plate, group, planned.timePoints ?? 0),
    ...missingPlanes(plate, group),
  ]);
}

/** Of a plan, else of the rectangle that the wells span. */
function missingWells(
  plate: string,
  planes: readonly NumberedPlane[],
  planned: readonly string[] | undefined,
): string[] {
  const there = new Set(planes.map(({ well }) => well));
  const all = planned ?? rectangle([...there]);
  const wells = all.filter((well) => !there.has(well));
  const why =
    planned === undefined ? "between those that have some" : "that the microscope was told to image";
  return wells.length === 0
    ? []
    : [
        `plate ${plate}: no images of the ${wells.length === 1 ? "well" : "wells"} ${named(wells, all)}, ${why}`,
      ];
}

/** From so many on, neighbours are named by the first and the last. */
const LONG_RUN = 6;

/** Names of wells; those that follow one another among all, by the first and the last: a plate has up to 1,536. */
function named(wells: readonly string[], all: readonly string[], separator = " "): string {
  const places = new Map(all.map((well, i) => [well, i]));
  const runs: string[][] = [];
  for (const well of wells) {
    const run = runs.at(-1);
    const before = places.get(run?.at(-1) ?? "");
    if (run !== undefined && before !== undefined && places.get(well) === before + 1) run.push(well);
    else runs.push([well]);
  }
  return runs
    .map((run) => (run.length < LONG_RUN ? run.join(separator) : `${run[0]} to ${run.at(-1)}`))
    .join(separator);
}

function rectangle(names: readonly string[]): string[] {
  const places = names.map(parseWellName);
  const [rows, columns] = [places.map((of) => of.rowIndex), places.map((of) => of.columnIndex)];
  const wells = range(Math.min(...rows), Math.max(...rows)).flatMap((rowIndex) =>
    range(Math.min(...columns), Math.max(...columns)).map((columnIndex) =>
      wellName({ rowIndex, columnIndex }),
    ),
  );
  return wells;
}

function missingSites(plate: string, planes: readonly NumberedPlane[], planned: number): string[] {
  const wells = groupBy(planes, ({ well }) => well);
  const sitesOf = new Map([...wells].map(([well, of]) => [well, new Set(of.map(({ site }) => site))]));
  const all = new Set([...sitesOf.values()].flatMap((sites) => [...sites]));
  const last = Math.max(planned - 1, ...all);
  // numbers of a grid with corners cut off have holes in every well; those are not missing
  const isGrid = planes.every(({ grid }) => grid !== undefined);
  const expected = range(0, last).filter((site) => all.has(site) || !isGrid);
  const lacking = expected.flatMap((site) => {
    const without = [...sitesOf].filter(([, sites]) => !sites.has(site)).map(([well]) => well);
    if (without.length === 0) return [];
    return [
      { site, where: without.length === sitesOf.size ? "any well" : named(without, [...sitesOf.keys()]) },
    ];
  });
  // sites that the same wells lack are told together
  return [...groupBy(lacking, ({ where }) => where)].map(
    ([where, of]) =>
      `plate ${plate}: no ${of.length === 1 ? "site" : "sites"} ${runs(of.map(({ site }) => site))} in ${where}`,
  );
}

/** Numbers that follow one another, from so many on, by the first and the last. */
function runs(numbers: readonly number[]): string {
  const names = numbers.map(String);
  return named(names, range(numbers[0], numbers.at(-1) ?? 0).map(String), ", ");
}

function missingTimePoints(plate: string, planes: readonly NumberedPlane[], planned: number): string[] {
  const there = new Set(planes.map(({ tpoint }) => tpoint));
  const none = range(0, Math.max(planned - 1, ...there)).filter((t) => !there.has(t));
  return none.length === 0
    ? []
    : [`plate ${plate}: no images of the time ${none.length === 1 ? "point" : "points"} ${runs(none)}`];
}

/** A channel may have other z planes and time points than another, but the same in all sites. */
function missingPlanes(plate: string, planes: readonly NumberedPlane[]): string[] {
  const name = ({ cycle, channel, tpoint, zplane }: NumberedPlane) =>
    `${cycle === 0 ? "" : `cycle ${cycle} `}${channel} t ${tpoint} z ${zplane}`;
  const all = new Set(planes.map(name));
  const lacking = [...groupBy(planes, ({ well, site }) => `${well}\u0000${site}`).values()].flatMap((of) => {
    const there = new Set(of.map(name));
    const none = [...all].filter((one) => !there.has(one));
    const more = none.length > NAMED ? ` and ${none.length - NAMED} more` : "";
    const [{ well, site }] = of;
    return none.length === 0 ? [] : [{ well, site, what: `${none.slice(0, NAMED).join(", ")}${more}` }];
  });
  const wells = [...new Set(planes.map(({ well }) => well))];
  return [...groupBy(lacking, ({ site, what }) => `${site}\u0000${what}`).values()].map((of) => {
    const [{ well, site, what }] = of;
    return of.length === 1
      ? `plate ${plate} well ${well} site ${site}: no ${what}`
      : `plate ${plate} site ${site} of ${of.length} wells, ${named(
          of.map((one) => one.well),
          wells,
        )}: no ${what}`;
  });
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}
